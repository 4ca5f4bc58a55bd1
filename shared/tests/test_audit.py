"""Sealed audit rows verify, and a changed one is found."""

from __future__ import annotations

import asyncio

import asyncpg

from shared.audit import Sealer, verify
from shared.db import Pool

CHANGE = "UPDATE directory.audit SET resource_id = $1 WHERE id = $2"
READ = "SELECT id, resource_id FROM directory.audit WHERE tenant_id = $1 AND patient_ids <> '{}' LIMIT 1"


def test_a_changed_audit_row_is_found(platform, group, http):
    patient = group.patient(group.location_a)
    assert http.get(f"/v1/patients/{patient.patient_id}").status_code == 200

    async def verify_before_and_after():
        pool = await Pool.open(platform.dsn("directory"))
        assert await Sealer("directory", pool, platform.data).seal(settled_s=0)
        await pool.close()
        owner = platform.dsn("")
        before = await verify(owner, platform.data)
        connection = await asyncpg.connect(owner)
        row = await connection.fetchrow(READ, group.id)
        await connection.execute("SET session_replication_role = replica")  # past the trigger that forbids it
        await connection.execute(CHANGE, "another", row["id"])
        after = await verify(owner, platform.data)
        await connection.execute(CHANGE, row["resource_id"], row["id"])
        await connection.close()
        return before, after

    before, after = asyncio.run(verify_before_and_after())
    assert before.ok, before.lines
    assert [line for line in after.lines if line.startswith("BAD")] == [
        f"BAD directory {group.id}: block 1 (rows after 0) is not what was sealed"
    ]
