"""`archwire doctor`: is this machine fit to run Archwire, and what to do where it is not."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Callable
from pathlib import Path

from shared import postgres
from shared.config import Config

Finding = tuple[bool, str, str]  # fine?, what was looked at, what to do when it is not fine

ROOM_GB = 2


def check(config: Config) -> list[Finding]:
    """Looks at everything, also after something was found. Changes nothing."""
    checks: list[Callable[[Config], Finding]] = [
        _python,
        _protos,
        _folder,
        _room,
        _database,
        _port,
        kafka,
        _zones,
        _clock,
    ]
    return [one(config) for one in checks]


def _python(_: Config) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 11), f"Python {version}", "install Python 3.11 or newer, then `make clean up`"


def _protos(_: Config) -> Finding:
    made = importlib.util.find_spec("archwire") is not None
    return made, "Python modules of the protos", "run `make proto`"


def _folder(config: Config) -> Finding:
    parent = next(folder for folder in (config.data, *config.data.parents) if folder.exists())
    writable = parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)
    return writable, f"data folder {config.data}", f"make {parent} writable, or set ARCHWIRE_DATA to another folder"


def _room(config: Config) -> Finding:
    parent = next(folder for folder in (config.data, *config.data.parents) if folder.exists())
    free = shutil.disk_usage(parent).free / 1e9
    return (
        free >= ROOM_GB,
        f"{free:.0f} GB free for {config.data}",
        f"free {ROOM_GB} GB, or set ARCHWIRE_DATA elsewhere",
    )


def _database(config: Config) -> Finding:
    if config.database_url:
        problem = asyncio.run(postgres.unfit(config.database_url))
        return not problem, f"PostgreSQL of DATABASE_URL ({postgres.MAJOR} or newer)", problem
    if postgres.find(config.data):
        return True, "embedded PostgreSQL, running", ""
    what = "embedded PostgreSQL starts"
    try:
        with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder) / "data"):
            return True, what, ""
    except (postgres.PostgresError, OSError, subprocess.SubprocessError) as error:
        return False, what, f"set DATABASE_URL or ARCHWIRE_POSTGRES_BIN, or: {error}"


def _port(config: Config) -> Finding:
    what = f"port {config.port}"
    if postgres.find(config.data):
        return True, f"{what}, Archwire is running", ""
    try:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", config.port))
    except OSError:
        return False, what, "stop the program that uses it, or set ARCHWIRE_PORT"
    return True, f"{what} is free", ""


def kafka(config: Config) -> Finding:
    """Whether the first broker takes connections; fine when the events are in PostgreSQL."""
    if not config.kafka:
        return True, "events in PostgreSQL", ""
    host, _, port = config.kafka.split(",")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), 3).close()
    except (OSError, ValueError):
        return False, f"Kafka at {config.kafka}", "start it, or correct KAFKA_BOOTSTRAP_SERVERS"
    return True, f"Kafka at {config.kafka}", ""


def _zones(_: Config) -> Finding:
    try:
        zoneinfo.ZoneInfo("America/New_York")
    except zoneinfo.ZoneInfoNotFoundError:
        return False, "time zones", "install the package `tzdata`"
    return True, "time zones", ""


def _clock(_: Config) -> Finding:
    """Certificates, tokens and reminders need a clock that is about right: not before this version was made."""
    made = dt.datetime.fromtimestamp(Path(__file__).stat().st_mtime, dt.UTC)
    now = dt.datetime.now(dt.UTC)
    return now > made - dt.timedelta(days=1), f"clock {now:%Y-%m-%d %H:%M} UTC", "set the clock; run a time service"
