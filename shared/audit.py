"""The audit chain: rows are sealed in blocks, `h(n) = HMAC(key, h(n-1) || seq || rows)`, and the head is anchored.

Sealing is apart from writing because a chain written inline costs two thirds of the throughput (security.md D7).
The key and the anchors live outside the database, so that whoever can edit rows can neither recompute the chain nor
cut off its end unseen.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from shared.db import Pool
from shared.service import NAMES

log = logging.getLogger("archwire.audit")

BLOCK = 10_000
EVERY_S = 20.0
# A row gets its id before its transaction commits: rows younger than this may still have older neighbours under way.
SETTLED_S = 30
# Ids of patients as text: what is hashed must not depend on how a connection decodes them.
COLUMNS = "id, at, actor_id, actor_kind, method, permission, outcome, patient_ids::text[], resource, resource_id, purpose, request_id, trace_id"


def key(path: Path) -> bytes:
    """The installation's audit key, made at first use (mode 0600). Raises ValueError for anything else."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    secret = path.read_bytes()
    if len(secret) != 32:
        raise ValueError("the audit key has 32 bytes")
    return secret


def block_hash(secret: bytes, previous: bytes, seq: int, rows: list[Any]) -> bytes:
    """The seal of one block."""
    digest = hmac.new(secret, previous, hashlib.sha256)
    digest.update(seq.to_bytes(8, "big"))
    for row in rows:
        digest.update(
            json.dumps([str(v) if v is not None else None for v in row.values()], separators=(",", ":")).encode()
        )
        digest.update(b"\n")
    return digest.digest()


class Sealer:
    """Seals the audit rows of one service, group by group."""

    def __init__(self, service: str, pool: Pool, data: Path, secrets: Path | None = None) -> None:
        self.service = service
        self.pool = pool
        self.data = data
        self.key = (secrets or data / "secrets") / "audit.key"

    async def run(self) -> None:
        """Seals every 20 s until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.seal()
            except Exception:
                log.exception("sealing waits", extra={"service": self.service})

    async def seal(self, *, settled_s: float = SETTLED_S) -> int:
        """Seals every settled row; returns how many."""
        secret, sealed = key(self.key), 0
        async with self.pool.begin() as db:
            tenants = [
                r["tenant_id"]
                for r in await db.connection.fetch(f'SELECT tenant_id FROM "{self.service}".audit_tenant')
            ]
        for tenant in tenants:
            while count := await self._seal_block(secret, tenant, settled_s):
                sealed += count
                if count < BLOCK:
                    break
        return sealed

    async def _seal_block(self, secret: bytes, tenant: str, settled_s: float) -> int:
        schema = f'"{self.service}"'
        async with self.pool.begin(tenant, "*") as db:
            if not await db.connection.fetchval(
                "SELECT pg_try_advisory_xact_lock(hashtext($1))", f"audit {self.service} {tenant}"
            ):
                return 0
            head = await db.connection.fetchrow(
                f"SELECT seq, last_audit_id, hash FROM {schema}.audit_seal ORDER BY seq DESC LIMIT 1"
            )
            seq, last, previous = (head["seq"] + 1, head["last_audit_id"], head["hash"]) if head else (1, 0, b"")
            rows = await db.connection.fetch(
                f"SELECT {COLUMNS} FROM {schema}.audit WHERE id > $1 AND at < now() - make_interval(secs => $2) ORDER BY id LIMIT $3",
                last,
                settled_s,
                BLOCK,
            )
            if not rows:
                return 0
            seal = block_hash(secret, previous, seq, rows)
            await db.connection.execute(
                f"INSERT INTO {schema}.audit_seal (seq, last_audit_id, row_count, hash, sealed_at) VALUES ($1, $2, $3, $4, now())",
                seq,
                rows[-1]["id"],
                len(rows),
                seal,
            )
        anchor = self.data / "audit" / f"{self.service}-{tenant}.jsonl"
        anchor.parent.mkdir(parents=True, exist_ok=True)
        with anchor.open("a") as file:
            file.write(json.dumps({"seq": seq, "last": rows[-1]["id"], "hash": seal.hex()}) + "\n")
        return len(rows)


@dataclass
class Report:
    """What a verification found."""

    ok: bool = True
    lines: list[str] = field(default_factory=list)

    def say(self, ok: bool, line: str) -> None:
        self.ok = self.ok and ok
        self.lines.append(f"{'ok ' if ok else 'BAD'} {line}")


async def verify(owner_dsn: str, data: Path, secrets: Path | None = None) -> Report:
    """Recomputes every chain and compares its head with the anchors outside the database."""
    secret, report = key((secrets or data / "secrets") / "audit.key"), Report()
    connection = await asyncpg.connect(owner_dsn)
    try:
        for service in NAMES:
            schema = f'"{service}"'
            for record in await connection.fetch(f"SELECT DISTINCT tenant_id::text FROM {schema}.audit_seal"):
                await _verify_chain(connection, secret, service, record["tenant_id"], data, report)
            for anchor in (data / "audit").glob(f"{service}-*.jsonl"):
                tenant = anchor.stem.removeprefix(f"{service}-")
                sealed = await connection.fetchval(
                    f"SELECT count(*) FROM {schema}.audit_seal WHERE tenant_id = $1::uuid", tenant
                )
                if not sealed:
                    report.say(False, f"{service} {tenant}: every seal is gone")
    finally:
        await connection.close()
    if not report.lines:
        report.lines.append("nothing has been sealed yet")
    return report


async def _verify_chain(connection: Any, secret: bytes, service: str, tenant: str, data: Path, report: Report) -> None:
    # From the lowest id there can be: rows are numbered from 1, so what stands before was never sealed.
    schema, previous, last, count = f'"{service}"', b"", -(2**63), 0
    seals = await connection.fetch(f"SELECT * FROM {schema}.audit_seal WHERE tenant_id = $1::uuid ORDER BY seq", tenant)
    for expected, seal in enumerate(seals, 1):
        rows = await connection.fetch(
            f"SELECT {COLUMNS} FROM {schema}.audit WHERE tenant_id = $1::uuid AND id > $2 AND id <= $3 ORDER BY id",
            tenant,
            last,
            seal["last_audit_id"],
        )
        if seal["seq"] != expected or block_hash(secret, previous, expected, rows) != seal["hash"]:
            report.say(
                False, f"{service} {tenant}: block {expected} (rows after {max(last, 0)}) is not what was sealed"
            )
            return
        previous, last, count = seal["hash"], seal["last_audit_id"], count + len(rows)
    anchor = data / "audit" / f"{service}-{tenant}.jsonl"
    lines = anchor.read_text().splitlines() if anchor.exists() else []
    anchored: dict[str, Any] = json.loads(lines[-1]) if lines else {"seq": 0, "hash": ""}
    if anchored["seq"] > len(seals) or (
        anchored["seq"] and seals[anchored["seq"] - 1]["hash"].hex() != anchored["hash"]
    ):
        report.say(False, f"{service} {tenant}: the chain ends before its anchor {anchored['seq']}")
        return
    report.say(True, f"{service} {tenant}: {count} rows in {len(seals)} blocks")
