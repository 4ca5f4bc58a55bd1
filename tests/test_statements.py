"""Every declared statement has an index to stand on: none reads a large table from end to end.

Planned with the demo group in full size, as the role of its service and within a scope, by the plan that PostgreSQL
keeps for a prepared statement whose values it does not look at.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared import config as settings
from shared import migrations, postgres
from shared.config import service_dsn
from shared.db import STATEMENTS, Statement, set_scope
from shared.demo import seed
from shared.service import NAMES, load

LARGE = 2_000  # rows
# Tables that grow large, whatever the demo group has: here an index must at least be possible.
GROWING = {"patient", "appointment", "message", "journal", "ledger_entry", "fact", "audit"}
# Statements that mean to read a whole table, and why.
WHOLE: dict[str, str] = {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A database with the demo group of 1,500 patients."""
    data: Path = tmp_path_factory.mktemp("plans") / "data"
    config = settings.load({"ARCHWIRE_DATA": str(data)})
    running = postgres.start(config.data)
    try:
        migrations.migrate(running.dsn())
        asyncio.run(seed.seed(config, running.dsn(), patients=1500))
        yield running
    finally:
        running.stop()


def test_no_statement_reads_a_large_table_from_end_to_end(server: postgres.Server) -> None:
    planned, slow = asyncio.run(_plan_all(server.dsn()))
    assert planned > 300
    assert not slow, f"{len(slow)}:\n" + "\n".join(slow)


def test_the_check_finds_a_scan(server: postgres.Server) -> None:
    bad = Statement(
        "SELECT * FROM scheduling.appointment WHERE version = $1::bigint", ("v",), {}, "bad", "services.scheduling.x"
    )

    async def run() -> list[str]:
        connection = await asyncpg.connect(server.dsn())
        large, _ = await _large(connection)
        await connection.close()
        return await _plan(service_dsn(server.dsn(), "scheduling"), [bad], large, await _tenant(server.dsn()))

    assert asyncio.run(run())


async def _plan_all(dsn: str) -> tuple[int, list[str]]:
    for name in NAMES:
        load(name)
    connection = await asyncpg.connect(dsn)
    await connection.execute("ANALYZE")
    large, growing = await _large(connection)
    await connection.close()
    assert len(large) > 10, large
    tenant, slow, planned = await _tenant(dsn), [], 0
    for service in NAMES:
        own = [s for s in STATEMENTS if s.module.startswith(f"services.{service}.") and s.sql.split()[0] in VERBS]
        planned += len(own)
        slow += await _plan(service_dsn(dsn, service), own, large, tenant)
        slow += await _plan(service_dsn(dsn, service), own, growing, tenant, "enable_seqscan = off")
    return planned, slow


PARAMETER = re.compile(r"\$\d+")
VERBS = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")


async def _tenant(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("SELECT tenant_id::text FROM directory.practice_group LIMIT 1"))
    finally:
        await connection.close()


async def _large(connection: Any) -> tuple[set[str], set[str]]:
    rows = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name, c.reltuples AS rows, c.relname FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = ANY($1)",
        list(NAMES),
    )
    return (
        {r["name"] for r in rows if r["rows"] > LARGE},
        {r["name"] for r in rows if r["rows"] <= LARGE and r["relname"] in GROWING},
    )


async def _plan(
    dsn: str, statements: list[Statement], large: set[str], tenant: str, setting: str = "jit = off"
) -> list[str]:
    """The statements whose generic plan scans a large table."""
    slow = []
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(
                f"SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL {setting}; {set_scope(tenant, '*')}"
            )
            for stmt in statements:
                await connection.execute(f"PREPARE planned AS {stmt.sql}")
                count = len(set(PARAMETER.findall(stmt.sql)))
                values = f"({', '.join(['NULL'] * count)})" if count else ""
                line = await connection.fetchval(f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE planned{values}")
                await connection.execute("DEALLOCATE planned")
                for node in _nodes(json.loads(line)[0]["Plan"]):
                    table = f"{node.get('Schema')}.{node.get('Relation Name')}"
                    if node["Node Type"] == "Seq Scan" and table in large and stmt.name not in WHOLE:
                        slow.append(f"{stmt.module}: {stmt.name} scans {table}: {' '.join(stmt.sql.split())[-420:]}")
    finally:
        await connection.close()
    return slow


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
