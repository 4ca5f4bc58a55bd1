"""Fills an empty installation with the demo group, by COPY: every service's `seed.py` turns the world into its rows."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import asyncpg
from rich.progress import track
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from shared import vault
from shared.config import Config
from shared.demo import world as demo
from shared.service import NAMES

Files = Iterator[tuple[str, bytes]]  # a storage key and what it holds
Rows = Iterator[tuple[Any, Sequence[Mapping[str, Any]]]]  # a model (or table) and its rows, without tenant_id

LOGINS = """
Sign in at http://127.0.0.1:{port} as one of the demo group's people; every password is {password}
  tc@beacon.example          treatment coordinator, Boston
  desk@beacon.example        front desk, Boston
  dr.rivera@beacon.example   orthodontist, Boston and Worcester
  insurance@beacon.example   insurance coordinator, all locations
  finance@beacon.example     financial coordinator, all locations
  regional@beacon.example    regional manager, the whole group
  owner@beacon.example       owner

What to try
  .venv/bin/archwire demo --port {port}    the main job, from enquiry to funded start, as six people
  http://127.0.0.1:{port}                  the portal: drag a visit on the schedule, press Ctrl K
  http://127.0.0.1:{port}/docs             the API, to read and to try
"""


async def seed(config: Config, owner_dsn: str, *, patients: int = demo.PATIENTS) -> int:
    """Writes the demo group unless a group exists; returns the number of rows. Deterministic, relative to today."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM directory.practice_group)"):
            return 0
        vault.use(vault.Vault.from_file(config.secrets / "vault.key"))
        started = time.perf_counter()
        types = import_module("services.scheduling.seed").TYPES
        world = demo.build(types, dt.datetime.now(dt.UTC).replace(microsecond=0), patients=patients)
        count = 0
        async with connection.transaction():
            for name in track(NAMES, "Filling the demo group", disable=not sys.stdout.isatty(), transient=True):
                for model, rows in import_module(f"services.{name}.seed").rows(world):
                    await _copy(connection, world.group_id, model, rows)
                    count += len(rows)
        await connection.execute("ANALYZE")
        for name in NAMES:
            stored = getattr(import_module(f"services.{name}.seed"), "stored", None)
            for key, content in stored(world) if stored else ():
                path = config.data / "files" / key
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.write_bytes(content)
                path.chmod(0o600)
    finally:
        await connection.close()
    note = LOGINS.replace("{password}", demo.PASSWORD)
    (config.data / "demo-logins.txt").write_text(note)
    seconds = time.perf_counter() - started
    print(f"Seeded {world.group_name}: {count:,} rows in {seconds:.1f} s ({count / seconds:,.0f} rows/s)", flush=True)
    return count


async def _copy(connection: Any, tenant_id: str, model: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY of rows that share their columns."""
    if not rows:
        return
    table: Table = getattr(model, "__table__", model)
    columns = list(rows[0])
    as_json = [isinstance(table.columns[name].type, JSONB) for name in columns]
    leading: tuple[str, ...] = (tenant_id,) if "tenant_id" in table.columns else ()
    try:
        records = [
            (
                *leading,
                *(
                    json.dumps(row[name]) if encode and row[name] is not None else row[name]
                    for name, encode in zip(columns, as_json, strict=True)
                ),
            )
            for row in rows
        ]
        names = [*(["tenant_id"] if leading else []), *columns]
        await connection.copy_records_to_table(table.name, schema_name=table.schema, columns=names, records=records)
    except (KeyError, asyncpg.PostgresError, asyncpg.DataError) as error:
        raise RuntimeError(f"seeding {table.fullname} failed: {type(error).__name__}: {error}") from error
