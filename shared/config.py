"""The settings, read from the environment once, at start."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.service import NAMES

FROM_FILES = ("DATABASE_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "STRIPE_SECRET_KEY", "SMTP_URL")


class ConfigError(Exception):
    """Settings that cannot work, one line each, every line beginning with the name of the setting."""


@dataclass(frozen=True)
class Config:
    """What differs between installations. Everything else is code. Secrets stay out of `repr`."""

    env: str  # development | production | test
    port: int  # of the gateway
    data: Path  # folder of the embedded PostgreSQL, of uploaded files and of generated keys
    shared_secrets: Path | None  # ARCHWIRE_SECRETS: folder of keys that others have too, only read; None: below `data`
    database_url: str = field(repr=False)  # the owner's, for migrations; "" means the embedded PostgreSQL
    service_urls: Mapping[str, str] = field(repr=False)  # ARCHWIRE_<SERVICE>_DATABASE_URL, by service
    listen: str  # ARCHWIRE_LISTEN: where a service of a distributed installation listens
    addresses: Mapping[str, str]  # ARCHWIRE_<SERVICE>_ADDRESS: a headless Service each, all pods behind it
    kafka: str  # KAFKA_BOOTSTRAP_SERVERS; "" means the PostgreSQL bus
    postgres_bin: Path | None  # folder of initdb and postgres, instead of the wheel's
    otlp_endpoint: str  # OTEL_EXPORTER_OTLP_ENDPOINT; "" means no export
    trace_ratio: float  # OTEL_TRACES_SAMPLER_ARG, 0 to 1
    s3_endpoint: str  # "" with a bucket means AWS
    s3_bucket: str  # "" means files below `data`
    s3_region: str
    s3_access_key_id: str = field(repr=False)
    s3_secret_access_key: str = field(repr=False)
    stripe_secret_key: str = field(repr=False)  # "" means the sandbox's card processor
    stripe_url: str
    smtp_url: str = field(repr=False)  # smtp[s]://user:password@host:port; "" means the sandbox's mailbox

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def secrets(self) -> Path:
        """The folder of the installation's keys."""
        return self.shared_secrets or self.data / "secrets"

    def listen_address(self, service: str) -> str:
        """Where this process listens when it runs `service` alone."""
        return self.listen


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """Reads and checks every setting. Raises ConfigError that names each one that is wrong.

    `<NAME>_FILE` is the path of a file with the value: how secrets are mounted where they are kept out of environments.
    """
    problems: list[str] = []
    environ = _with_files(environ, problems)

    def text(name: str, default: str = "", *, among: tuple[str, ...] = (), schemes: tuple[str, ...] = ()) -> str:
        value = environ.get(name, "").strip() or default
        if among and value not in among:
            problems.append(f"{name} must be one of {', '.join(among)}, not {value!r}")
        if value and schemes and urlsplit(value).scheme not in schemes:
            problems.append(f"{name} must be a URL that begins with {' or '.join(s + '://' for s in schemes)}")
        return value

    def number(name: str, default: float, low: float, high: float) -> float:
        raw = environ.get(name, "").strip() or str(default)
        try:
            value = float(raw)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            problems.append(f"{name} must be a number from {low:g} to {high:g}, not {raw!r}")
            return default
        return value

    postgres = ("postgresql", "postgres")
    overrides = {
        name.removeprefix("ARCHWIRE_").removesuffix("_DATABASE_URL").lower(): text(name, schemes=postgres)
        for name in sorted(environ)
        if name.startswith("ARCHWIRE_") and name.endswith("_DATABASE_URL")
    }
    problems += [
        f"ARCHWIRE_{name.upper()}_DATABASE_URL: there is no service {name!r}" for name in overrides if name not in NAMES
    ]
    addresses = {
        service: text(f"ARCHWIRE_{service.upper()}_ADDRESS", f"dns:///archwire-{service}:9000") for service in NAMES
    }
    postgres_bin = text("ARCHWIRE_POSTGRES_BIN")
    if postgres_bin and not (Path(postgres_bin) / "postgres").is_file():
        problems.append(f"ARCHWIRE_POSTGRES_BIN: there is no program `postgres` in {postgres_bin}")
    config = Config(
        env=text("ARCHWIRE_ENV", "development", among=("development", "production", "test")),
        port=int(number("ARCHWIRE_PORT", 8420, 0, 65535)),
        data=Path(text("ARCHWIRE_DATA", ".archwire")).absolute(),
        shared_secrets=Path(secrets).absolute() if (secrets := text("ARCHWIRE_SECRETS")) else None,
        database_url=text("DATABASE_URL", schemes=postgres),
        service_urls=overrides,
        listen=text("ARCHWIRE_LISTEN", "0.0.0.0:9000"),
        addresses=addresses,
        kafka=text("KAFKA_BOOTSTRAP_SERVERS"),
        postgres_bin=Path(postgres_bin) if postgres_bin else None,
        otlp_endpoint=text("OTEL_EXPORTER_OTLP_ENDPOINT", schemes=("http", "https")),
        trace_ratio=number("OTEL_TRACES_SAMPLER_ARG", 0.05, 0, 1),
        s3_endpoint=text("S3_ENDPOINT_URL", schemes=("http", "https")),
        s3_bucket=text("S3_BUCKET"),
        s3_region=text("S3_REGION", "us-east-1"),
        s3_access_key_id=text("S3_ACCESS_KEY_ID"),
        s3_secret_access_key=text("S3_SECRET_ACCESS_KEY"),
        stripe_secret_key=text("STRIPE_SECRET_KEY"),
        stripe_url=text("STRIPE_URL", "https://api.stripe.com", schemes=("http", "https")),
        smtp_url=text("SMTP_URL", schemes=("smtp", "smtps")),
    )
    for server in filter(None, config.kafka.split(",")):
        if not re.fullmatch(r"\S+:\d{1,5}", server):
            problems.append(f"KAFKA_BOOTSTRAP_SERVERS must be host:port[,host:port…], not {config.kafka!r}")
            break
    if config.s3_bucket and not (config.s3_access_key_id and config.s3_secret_access_key):
        problems.append("S3_BUCKET needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY")
    if problems:
        raise ConfigError("\n".join(problems))
    return config


def _with_files(environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """The environment with the values that its `…_FILE` variables point to."""
    values = dict(environ)
    for name in environ:
        setting = name.removesuffix("_FILE")
        if setting == name or not (setting in FROM_FILES or setting.endswith("_DATABASE_URL")):
            continue
        try:
            values[setting] = Path(environ[name]).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{name}: {environ[name]} cannot be read ({getattr(error, 'strerror', error)})")
    return values


def service_dsn(owner_dsn: str, service: str) -> str:
    """The URL of a service's own role, in the same database as `owner_dsn`.

    Its password is derived from the owner's, so that one DATABASE_URL is enough to begin with. In production give each
    service its own: ARCHWIRE_<SERVICE>_DATABASE_URL.
    """
    parts = urlsplit(owner_dsn)
    credentials = f"archwire_{service}"
    if parts.password:
        credentials += ":" + hmac.digest(unquote(parts.password).encode(), credentials.encode(), "sha256").hex()
    return parts._replace(netloc=f"{credentials}@{parts.netloc.rpartition('@')[2]}").geturl()
