"""Migrations and the row-level security they derive from the models."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.orm import Mapped
from sqlalchemy.schema import CreateSchema, CreateTable

from shared import migrations, postgres
from shared.config import service_dsn
from shared.db import DIALECT, Located, LocatedMany, TenantTable, cents, new_base

ONE, OTHER = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
NORTH, SOUTH = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"

Base = new_base("toy")


class Chair(Located, TenantTable, Base):
    __tablename__ = "chair"
    name: Mapped[str]


class Person(LocatedMany, TenantTable, Base):
    __tablename__ = "person"
    name: Mapped[str]


class Posting(TenantTable, Base):
    __tablename__ = "posting"
    append_only = True
    amount_cents: Mapped[int] = cents()


class Sql(list[str]):
    """Stands for Alembic's `op`: keeps what it is told to execute."""

    execute = list.append


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder)) as server:
        yield server


@pytest.fixture(scope="module")
def toy(server: postgres.Server) -> Any:
    """Runs SQL as the toy service, in a scope; the tables are made as a migration makes them."""
    sql = Sql()
    for made in (CreateSchema("toy"), *map(CreateTable, Base.metadata.sorted_tables)):
        sql.execute(str(made.compile(dialect=DIALECT)))
    for _ in range(2):  # safe to repeat
        migrations.secure(sql, Base)
    sql.execute("GRANT USAGE ON SCHEMA toy TO archwire_toy")

    async def run(user: str, *statements: str) -> list[Any]:
        connection = await asyncpg.connect(server.dsn(user, database="toy"))
        try:
            async with connection.transaction():
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return [row[0] for row in await connection.fetch(statements[-1])]
        finally:
            await connection.close()

    async def create() -> None:
        connection = await migrations._connect(server.dsn(database="toy"))
        await connection.execute("CREATE ROLE archwire_toy LOGIN")
        await connection.close()
        await run("postgres", *sql)

    asyncio.run(create())

    def as_service(statement: str, tenant: str = ONE, locations: str = "*") -> list[Any]:
        scope = f"SET LOCAL app.tenant = '{tenant}'; SET LOCAL app.locations = '{locations}'"
        return asyncio.run(run("archwire_toy", scope, statement))

    for tenant in (ONE, OTHER):
        for location in (NORTH, SOUTH):
            as_service(f"INSERT INTO toy.chair (location_id, name) VALUES ('{location}', '1')", tenant)
        as_service(f"INSERT INTO toy.person (location_ids, name) VALUES ('{{{NORTH},{SOUTH}}}', 'x')", tenant)
        as_service("INSERT INTO toy.posting (amount_cents) VALUES (1)", tenant)
    return as_service


@pytest.mark.parametrize(
    ("tenant", "locations", "chairs", "people", "postings"),
    [
        (ONE, "*", 2, 1, 1),
        (ONE, NORTH, 1, 1, 1),
        (ONE, f"{NORTH},{SOUTH}", 2, 1, 1),
        (ONE, OTHER, 0, 0, 1),
        (ONE, "", 0, 0, 1),
        ("", "*", 0, 0, 0),
        ("", "", 0, 0, 0),
    ],
)
def test_a_scope_shows_its_rows_and_no_others(toy, tenant, locations, chairs, people, postings):
    counts = [len(toy(f"SELECT id FROM toy.{table}", tenant, locations)) for table in ("chair", "person", "posting")]
    assert counts == [chairs, people, postings]


def test_no_scope_at_all_shows_nothing(server, toy):
    async def count() -> int:
        connection = await asyncpg.connect(server.dsn("archwire_toy", database="toy"))
        try:
            return int(await connection.fetchval("SELECT count(*) FROM toy.chair"))
        finally:
            await connection.close()

    assert asyncio.run(count()) == 0


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO toy.chair (location_id, name) VALUES ('{SOUTH}', '2')",
        f"INSERT INTO toy.chair (tenant_id, location_id, name) VALUES ('{OTHER}', '{NORTH}', '2')",
        f"UPDATE toy.chair SET location_id = '{SOUTH}'",
        f"INSERT INTO toy.person (location_ids, name) VALUES ('{{{SOUTH}}}', 'y')",
    ],
)
def test_writing_outside_the_scope_is_refused(toy, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        toy(statement, ONE, NORTH)


@pytest.mark.parametrize("statement", ["UPDATE toy.posting SET amount_cents = 2", "DELETE FROM toy.posting"])
def test_append_only_tables_refuse_change_even_to_the_owner(server, toy, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        toy(statement)

    async def as_owner() -> None:
        connection = await asyncpg.connect(server.dsn(database="toy"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        asyncio.run(as_owner())


def test_an_empty_database_gets_everything_and_agrees_with_the_models(server):
    dsn = server.dsn(database="cold")
    assert len(migrations.migrate(dsn)) == 9
    assert migrations.migrate(dsn) == []
    assert migrations.check(dsn) == []
    assert migrations.is_empty(dsn)


def test_a_hosted_postgres_with_passwords_and_no_superuser():
    """One DATABASE_URL is enough: the services' passwords are derived from it, and their roles own nothing."""
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder)) as server:
        hba = "local all postgres trust\nlocal all all scram-sha-256\n"
        (server.cluster / "pg_hba.conf").write_text(hba)

        async def prepare() -> None:
            connection = await asyncpg.connect(server.dsn(database="postgres"))
            await connection.execute("SELECT pg_reload_conf(); CREATE ROLE boss LOGIN CREATEDB CREATEROLE")
            await connection.execute("ALTER ROLE boss PASSWORD 's/cret'")
            await connection.close()

        async def whoami(dsn: str) -> Any:
            connection = await asyncpg.connect(dsn)
            try:
                return await connection.fetchval("SELECT current_user || current_schema")
            finally:
                await connection.close()

        asyncio.run(prepare())
        owner = server.dsn(database="hosted").replace("postgres@", "boss:s%2Fcret@")
        assert migrations.migrate(owner)
        assert migrations.migrate(owner) == []
        derived = service_dsn(owner, "directory")
        assert "cret" not in derived
        assert asyncio.run(whoami(derived)) == "archwire_directorydirectory"
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(whoami(derived.replace("@", "x@", 1)))
        own = derived.replace("archwire_directory:", "archwire_directory:another")
        migrations.migrate(owner, service_urls={"directory": own})
        assert asyncio.run(whoami(own)) == "archwire_directorydirectory"


def test_statements_outside_a_transaction_go_alone():
    statements = ["BEGIN;", "A;", "COMMIT;", "CREATE INDEX CONCURRENTLY x;", "BEGIN;", "B;", "COMMIT;"]
    assert migrations._blocks(statements) == [
        "BEGIN;\nA;\nCOMMIT;",
        "CREATE INDEX CONCURRENTLY x;",
        "BEGIN;\nB;\nCOMMIT;",
    ]
