"""Who looked, who changed, who was refused; and that nobody can edit the record unseen (T36, T37)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared import audit
from shared.db import Pool
from tests.support import Group

pytestmark = pytest.mark.R(19)


def rows(group: Group, service: str) -> list[Any]:
    """The audit rows of a group in a service, oldest first."""

    async def read() -> list[Any]:
        connection = await asyncpg.connect(group.platform.dsn(""))
        try:
            return await connection.fetch(
                f"SELECT * FROM {service}.audit WHERE tenant_id = $1::uuid ORDER BY id", group.id
            )
        finally:
            await connection.close()

    return asyncio.run(read())


def of(group: Group, service: str, method: str) -> list[Any]:
    return [row for row in rows(group, service) if row["method"] == f"{service}.{method}"]


def patients(row: Any) -> set[str]:
    return {str(id) for id in row["patient_ids"] or ()}


@pytest.mark.T("T37")
def test_reads_writes_and_refusals_leave_one_row_each(group: Group) -> None:
    desk, families = group.http("front_desk"), [group.patient() for _ in range(3)]
    ids = {family.patient_id for family in families}
    assert desk.get(f"/v1/patients/{families[0].patient_id}").status_code == 200
    (read,) = of(group, "directory", "GetPatient")
    assert patients(read) == {families[0].patient_id}
    assert (read["actor_id"], read["actor_kind"], read["permission"], read["outcome"]) == (
        group.staff("front_desk"), "user", "patients.read", "ok",
    )  # fmt: skip
    assert read["trace_id"]

    listed = {patient["id"] for patient in desk.get("/v1/patients").json()["patients"]}
    (row,) = of(group, "directory", "ListPatients")
    assert ids <= patients(row) == listed

    key = str(uuid4())
    case = {"patient_id": families[1].patient_id, "location_id": group.location_a}
    for _ in range(2):  # the second answer is the first, kept
        assert desk.post("/v1/cases", json=case, headers={"Idempotency-Key": key}).status_code == 201
    (opened,) = of(group, "coordination", "OpenCase")
    assert (patients(opened), opened["request_id"]) == ({families[1].patient_id}, key)

    denied = desk.get(f"/v1/patients/{families[0].patient_id}/ledger")
    assert denied.status_code == 403
    (refusal,) = of(group, "contracts", "GetLedger")
    assert (refusal["outcome"], refusal["permission"], str(refusal["actor_id"])) == (
        "denied", "ledger.read", group.staff("front_desk"),
    )  # fmt: skip


@pytest.mark.T("T37")
def test_a_change_that_fails_leaves_no_row_of_success(group: Group) -> None:
    desk = group.http("front_desk")
    before = len(of(group, "coordination", "OpenCase"))
    case = {"patient_id": str(uuid4()), "location_id": str(uuid4())}
    assert desk.post("/v1/cases", json=case).status_code >= 400
    assert len([r for r in of(group, "coordination", "OpenCase")[before:] if r["outcome"] == "ok"]) == 0


@pytest.fixture(scope="module")
def sealed(group: Group) -> Sealed:
    return Sealed(group)


class Sealed:
    """The directory's audit chain of one group, sealed in three blocks."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.data: Path = group.platform.data
        desk = group.http("front_desk")
        for _ in range(3):
            family = group.patient()
            for _ in range(3):
                assert desk.get(f"/v1/patients/{family.patient_id}").status_code == 200
            asyncio.run(self._seal())

    async def _seal(self) -> None:
        pool = await Pool.open(self.group.platform.dsn("directory"))
        try:
            await audit.Sealer("directory", pool, self.data).seal(settled_s=0)
        finally:
            await pool.close()

    def holds(self) -> bool:
        """What verify-audit says of this chain."""
        report = asyncio.run(audit.verify(self.group.platform.dsn(""), self.data))
        (line,) = [line for line in report.lines if f"directory {self.group.id}" in line]
        return line.startswith("ok")

    def attack(self, work: Callable[[Any, list[int]], Awaitable[Any]]) -> bool:
        """Whether the chain still holds after somebody who owns the database has edited it; then undoes that."""

        async def run() -> bool:
            connection = await asyncpg.connect(self.group.platform.dsn(""))
            tables = "audit", "audit_seal"
            try:
                for table in tables:
                    await connection.execute(
                        f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM directory.{table} WHERE tenant_id = '{self.group.id}'"
                    )
                await connection.execute("SET session_replication_role = replica")  # no trigger stands in the way
                ids = [r["id"] for r in await connection.fetch("SELECT id FROM kept_audit ORDER BY id")]
                await work(connection, ids)
                report = await audit.verify(self.group.platform.dsn(""), self.data)
                for table in tables:
                    await connection.execute(f"DELETE FROM directory.{table} WHERE tenant_id = '{self.group.id}'")
                    await connection.execute(
                        f"INSERT INTO directory.{table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}"
                    )
            finally:
                await connection.close()
            return all(line.startswith("ok") for line in report.lines if f"directory {self.group.id}" in line)

        return asyncio.run(run())


async def _alter(db: Any, ids: list[int]) -> None:
    await db.execute("UPDATE directory.audit SET actor_id = 'somebody else' WHERE id = $1", ids[2])


async def _delete(db: Any, ids: list[int]) -> None:
    await db.execute("DELETE FROM directory.audit WHERE id = $1", ids[len(ids) // 2])


async def _insert(db: Any, ids: list[int]) -> None:
    """A copy of a row, moved in between two others."""
    await db.execute("CREATE TEMP TABLE forged AS SELECT * FROM directory.audit WHERE id = $1", ids[0])
    await db.execute("UPDATE directory.audit SET id = id - 1 WHERE id = $1", ids[0])
    await db.execute("INSERT INTO directory.audit OVERRIDING SYSTEM VALUE SELECT * FROM forged")


async def _swap(db: Any, ids: list[int]) -> None:
    await db.execute("UPDATE directory.audit SET id = -1 WHERE id = $1", ids[1])
    await db.execute("UPDATE directory.audit SET id = $1 WHERE id = $2", ids[1], ids[4])
    await db.execute("UPDATE directory.audit SET id = $1 WHERE id = -1", ids[4])


async def _truncate(db: Any, ids: list[int]) -> None:
    last = await db.fetchrow("SELECT * FROM kept_audit_seal ORDER BY seq DESC LIMIT 1")
    before = await db.fetchval("SELECT last_audit_id FROM kept_audit_seal WHERE seq = $1", last["seq"] - 1)
    await db.execute("DELETE FROM directory.audit WHERE tenant_id = $1 AND id > $2", last["tenant_id"], before)
    await db.execute(
        "DELETE FROM directory.audit_seal WHERE tenant_id = $1 AND seq = $2", last["tenant_id"], last["seq"]
    )


async def _remove_everything(db: Any, ids: list[int]) -> None:
    await db.execute("DELETE FROM directory.audit WHERE id = ANY($1)", ids)
    await db.execute("DELETE FROM directory.audit_seal a USING kept_audit_seal k WHERE a.tenant_id = k.tenant_id")


async def _rebuild_without_the_key(db: Any, ids: list[int]) -> None:
    await _alter(db, ids)
    seals = await db.fetch("SELECT * FROM kept_audit_seal ORDER BY seq")
    previous, after = b"", 0
    for seal in seals:
        block = await db.fetch(
            f"SELECT {audit.COLUMNS} FROM directory.audit WHERE tenant_id = $1 AND id > $2 AND id <= $3 ORDER BY id",
            seal["tenant_id"], after, seal["last_audit_id"],
        )  # fmt: skip
        previous = audit.block_hash(b"not the key, which is outside the database", previous, seal["seq"], block)
        after = seal["last_audit_id"]
        await db.execute(
            "UPDATE directory.audit_seal SET hash = $1 WHERE tenant_id = $2 AND seq = $3",
            previous, seal["tenant_id"], seal["seq"],
        )  # fmt: skip


@pytest.mark.T("T36")
@pytest.mark.parametrize(
    "attack",
    [_alter, _delete, _insert, _swap, _truncate, _remove_everything, _rebuild_without_the_key],
    ids=lambda attack: attack.__name__.strip("_"),
)
def test_an_edited_record_does_not_verify(sealed: Sealed, attack: Callable[[Any, list[int]], Awaitable[None]]) -> None:
    assert sealed.holds()
    assert not sealed.attack(attack)
    assert sealed.holds()
