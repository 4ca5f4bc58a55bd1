"""One Alembic environment for all services: a folder, a branch and a version table per service.

`migrate` makes whatever is missing (database, roles, extensions, schemas, tables) and brings every service's history
to its head. Histories are rendered to SQL and sent over asyncpg, a service at a time; without news Alembic is not even
imported. `secure` derives row-level security and grants from the models. Only the owner runs any of this.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import importlib
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
from sqlalchemy import MetaData

from shared.config import service_dsn
from shared.service import NAMES
from shared.tables import PLATFORM_QUEUES, Located, LocatedMany

OWNER = "archwire_owner"
SERVICES = Path(__file__).resolve().parents[2] / "services"
# Trigram operators compare and cannot fail on a value. Where we may say so, searches under row-level security use their
# index (33,000 names: 36 ms, not 254); a hosted PostgreSQL without a superuser answers the same, later.
LEAKPROOF = ("similarity_op", "word_similarity_op", "word_similarity_commutator_op")
GROUPS = "directory.practice_group"
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")

TENANT = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
EVERYWHERE = "(SELECT current_setting('app.locations', true) = '*')"
LOCATIONS = "(SELECT string_to_array(nullif(current_setting('app.locations', true), '*'), ',')::uuid[])"
LOCATED = f"({EVERYWHERE} OR location_id = ANY ({LOCATIONS}::uuid[]))"
LOCATED_MANY = f"({EVERYWHERE} OR location_ids && {LOCATIONS})"


def role(service: str) -> str:
    """The database role of a service: owns nothing, bypasses nothing."""
    return f"archwire_{service}"


# --- in migrations ----------------------------------------------------------------------------------------------------


def secure(op: Any, base: Any) -> None:
    """Ends a migration: row-level security, grants and queue settings for every table of `base` that exists.

    Safe to repeat: call it in each migration that adds a table. A policy matches nothing while its scope is empty.
    """
    blocks = [_secure_table(base, table) for table in base.metadata.sorted_tables]
    refuse = f"""
        CREATE OR REPLACE FUNCTION {base.metadata.schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $refuse$
        BEGIN RAISE insufficient_privilege USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $refuse$"""
    op.execute(refuse)
    op.execute("DO $secure$ BEGIN\n" + "\n".join(blocks) + "\nEND $secure$")


def backfill(op: Any, table: str, sql: str) -> None:
    """Runs an UPDATE or INSERT over every group's rows of `table`, which FORCE hides from the owner too."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(sql)
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _secure_table(base: Any, table: Any) -> str:
    model = next((m.class_ for m in base.registry.mappers if m.local_table is table), object)
    append_only = getattr(model, "append_only", False) or table.info.get("append_only", False)
    grants = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    user = role(table.schema)
    lines = [
        f"REVOKE ALL ON {table} FROM PUBLIC, {user};",
        f"GRANT {grants} ON {table} TO {user};",
    ]
    if "tenant_id" in table.columns and table.name not in PLATFORM_QUEUES:
        scope = TENANT
        if issubclass(model, Located):
            scope += f" AND {LOCATED}"
        elif issubclass(model, LocatedMany):
            scope += f" AND {LOCATED_MANY}"
        lines += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
            f"DROP POLICY IF EXISTS scope ON {table};",
            f"CREATE POLICY scope ON {table} USING ({scope});",
        ]
    if append_only:
        lines += [
            f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table.schema}.refuse_change();",
        ]
    if table.name == "work":  # it turns over, as the outbox does: clean by count, at full speed
        lines += [
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,"
            f" autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0,"
            f" autovacuum_analyze_threshold = 20000);",
        ]
    body = "\n    ".join(lines)
    return f"  IF to_regclass('{table}') IS NOT NULL THEN\n    {body}\n  END IF;"


# --- running them -----------------------------------------------------------------------------------------------------


def migrate(
    owner_dsn: str, services: Sequence[str] = NAMES, *, service_urls: Mapping[str, str] | None = None
) -> list[str]:
    """Brings the database of `owner_dsn` to the newest version and returns the revisions it applied.

    The user of `owner_dsn` may create databases and roles. Passwords of the services' roles are those of their own
    URLs (`Config.service_urls`), else derived by `service_dsn`; over the embedded socket there are none. Two migrations
    at a time wait for each other. Raises what asyncpg raises; a service's history is applied whole or not at all.
    """
    return asyncio.run(_migrate(owner_dsn, services, service_urls or {}))


async def _migrate(owner_dsn: str, services: Sequence[str], urls: Mapping[str, str]) -> list[str]:
    connection = await _connect(owner_dsn)
    try:
        await connection.execute(
            "SET client_min_messages = warning; SELECT pg_advisory_lock(hashtext('archwire migrate'))"
        )
        await connection.execute(_platform(owner_dsn, services, urls, await _superuser(connection)))
        await connection.execute(f"SET ROLE {OWNER}")
        applied: list[str] = []
        versions = await _versions(connection, services)
        for service in services:
            revisions, head = _history(service)
            if head is None or versions.get(service) == head:
                continue
            if (known := versions.get(service)) and known not in revisions:
                raise RuntimeError(f"{service} is at {known}, which this version does not know: it is too old")
            for block in _blocks(render(service, versions.get(service))):
                await connection.execute(block)
            applied.append(head)
        if bus := _bus_ddl():
            await connection.execute(bus)
        return applied
    finally:
        await connection.close()


def is_empty(owner_dsn: str) -> bool:
    """Whether no group has ever been written: the pages of its table, which row-level security does not hide."""

    async def ask() -> bool:
        connection = await asyncpg.connect(owner_dsn)
        try:
            return bool(await connection.fetchval("SELECT pg_relation_size(to_regclass($1)) = 0", GROUPS))
        finally:
            await connection.close()

    return asyncio.run(ask())


def render(service: str, version: str | None = None) -> list[str]:
    """The SQL that brings `service` from `version` (None: nothing) to its head, one statement per item."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy.dialects import postgresql

    script = ScriptDirectory.from_config(alembic_config([service]))
    sql = _Statements()
    options = {
        "fn": lambda revision, _: script._upgrade_revs("heads", revision),
        "as_sql": True,
        "starting_rev": version,
        "output_buffer": sql,
        "version_table_schema": service,
        "script": script,
    }
    context = MigrationContext.configure(dialect=postgresql.dialect(paramstyle="named"), opts=options)
    with Operations.context(context), context.begin_transaction():
        context.run_migrations()
    return sql.statements


def alembic_config(services: Sequence[str] = NAMES) -> Any:
    """Alembic's configuration, made here so that there is no ini file to keep in step."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    folders = (str(SERVICES / service / "migrations") for service in services)
    config.set_main_option("version_locations", os.pathsep.join(folders).replace("%", "%%"))
    return config


class _Statements:
    """Collects Alembic's output, which comes one statement at a time."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def write(self, text: str) -> None:
        self.statements.append(text.strip())

    def flush(self) -> None:
        pass


def _blocks(statements: Sequence[str]) -> list[str]:
    """One block per transaction, and one per statement outside of them (CREATE INDEX CONCURRENTLY)."""
    blocks: list[str] = []
    inside = False
    for statement in statements:
        if inside:
            blocks[-1] += "\n" + statement
        elif not statement.startswith("--"):
            blocks.append(statement)
        inside = (inside or statement == "BEGIN;") and statement != "COMMIT;"
    return blocks


async def _connect(dsn: str) -> Any:
    """Connects to the database of `dsn`, creating it when there is none."""
    try:
        return await asyncpg.connect(dsn)
    except asyncpg.InvalidCatalogNameError:
        name = unquote(urlsplit(dsn).path.lstrip("/"))
        other = await asyncpg.connect(dsn, database="postgres")
        try:
            with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await other.execute('CREATE DATABASE "{}"'.format(name.replace('"', '""')))
        finally:
            await other.close()
        return await asyncpg.connect(dsn)


async def _superuser(connection: Any) -> bool:
    return bool(await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))


def _platform(dsn: str, services: Collection[str], urls: Mapping[str, str], superuser: bool) -> str:
    """SQL for roles, extensions and schemas; each part only when it is missing."""
    lines = [f"IF to_regrole('{OWNER}') IS NULL THEN CREATE ROLE {OWNER} NOLOGIN; END IF;"]
    if not superuser:
        lines += [f"GRANT {OWNER} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;"]
    else:
        lines += [f"ALTER FUNCTION public.{name}(text, text) LEAKPROOF;" for name in LEAKPROOF]
    lines += [f"EXECUTE format('GRANT CREATE ON DATABASE %I TO {OWNER}', current_database());"]
    for service in services:
        user = role(service)
        lines += [
            f"IF to_regrole('{user}') IS NULL THEN",
            f"  CREATE ROLE {user} LOGIN NOINHERIT;",
            f"  ALTER ROLE {user} SET search_path = {service}, public;",
            f"  ALTER ROLE {user} SET idle_in_transaction_session_timeout = '60s';",
            "END IF;",
            f"IF to_regnamespace('{service}') IS NULL THEN",
            f"  CREATE SCHEMA {service} AUTHORIZATION {OWNER};",
            f"  GRANT USAGE ON SCHEMA {service} TO {user};",
            "END IF;",
        ]
        password = urlsplit(urls.get(service) or service_dsn(dsn, service)).password
        if password:
            lines += [f"ALTER ROLE {user} PASSWORD '{_scram(unquote(password), user)}';"]
    extensions = "".join(f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public; " for name in EXTENSIONS)
    return extensions + "DO $platform$ BEGIN\n" + "\n".join(lines) + "\nEND $platform$"


def _scram(password: str, salt: str) -> str:
    """PostgreSQL's SCRAM-SHA-256 verifier, so that no password reaches the server's log."""
    raw_salt, rounds = hashlib.sha256(salt.encode()).digest()[:16], 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), raw_salt, rounds)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [b64encode(part).decode() for part in (raw_salt, client, server)]
    return f"SCRAM-SHA-256${rounds}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def _versions(connection: Any, services: Sequence[str]) -> dict[str, str]:
    """The version of each service that has one."""
    tables = [f"{service}.alembic_version" for service in services]
    found = await connection.fetch(
        "SELECT name FROM unnest($1::text[]) name WHERE to_regclass(name) IS NOT NULL", tables
    )
    versions = {}
    for (table,) in found:
        versions[table.split(".")[0]] = await connection.fetchval(f"SELECT version_num FROM {table}")
    return versions


def _history(service: str) -> tuple[set[str], str | None]:
    """The revisions of a service and its head, read from the files without importing them."""
    revisions, parents = set(), set()
    for file in sorted((SERVICES / service / "migrations").glob("[0-9]*.py")):
        text = file.read_text()
        revisions |= set(re.findall(r'^revision\b.*?=\s*"(\w+)"', text, re.MULTILINE))
        parents |= set(re.findall(r'^down_revision\b.*?=\s*"(\w+)"', text, re.MULTILINE))
    heads = revisions - parents
    if len(heads) > 1:
        raise RuntimeError(f"{service} has several newest migrations: {', '.join(sorted(heads))}")
    return revisions, heads.pop() if heads else None


def _bus_ddl() -> str:
    events: Any = importlib.import_module("shared.events") if importlib.util.find_spec("shared.events") else None
    return getattr(events, "BUS_DDL", "")


# --- for developers ---------------------------------------------------------------------------------------------------


def metadata(service: str) -> MetaData:
    """The tables that the models of `service` declare."""
    found: MetaData = importlib.import_module(f"services.{service}.models").Base.metadata
    return found


def autogenerate(owner_dsn: str, service: str, message: str) -> Path:
    """Writes the next migration of `service`: what its models have and the (migrated) database has not."""
    from alembic import command

    migrate(owner_dsn, [service])
    number = len(list((SERVICES / service / "migrations").glob("[0-9]*.py"))) + 1
    config = alembic_config([service])
    config.set_main_option("file_template", f"{number:04d}_%%(slug)s")

    def write(connection: Any) -> Any:
        config.attributes.update(connection=connection, service=service)
        return command.revision(
            config,
            message,
            autogenerate=True,
            head="base" if number == 1 else f"{service}@head",
            branch_label=service if number == 1 else None,
            rev_id=f"{service}_{number:04d}",
        )

    file = Path(asyncio.run(_synchronously(owner_dsn, write)).path)
    for arguments in (("check", "--quiet", "--fix", "--select=I,F401"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(file)], check=False)
    return file


def check(owner_dsn: str, services: Sequence[str] = NAMES) -> list[str]:
    """What the models have and the (migrated) database has not, or the other way round, one line each."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def compare(connection: Any) -> list[str]:
        found = []
        for service in services:
            context = MigrationContext.configure(connection, opts=compare_options(service))
            found += [f"{service}: {_said(change)}" for change in compare_metadata(context, metadata(service))]
        return found

    result: list[str] = asyncio.run(_synchronously(owner_dsn, compare))
    return result


def _said(change: Any) -> str:
    """A change of Alembic's comparison in a line: what is to be done, and to what."""
    if isinstance(change, list):
        return "; ".join(map(_said, change))
    action, *objects = change
    return " ".join([action, *(getattr(part, "name", None) or str(part) for part in objects if part is not None)])


def compare_options(service: str) -> dict[str, Any]:
    """How Alembic compares: the schema of `service` and nothing else."""
    return {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == service,
        "version_table_schema": service,
        "compare_type": True,
    }


async def _synchronously(dsn: str, function: Any) -> Any:
    """Calls `function` with an SQLAlchemy connection, then rolls back. Needs greenlet, a development dependency."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.begin()
        try:
            return await connection.run_sync(function)
        finally:
            await connection.rollback()
