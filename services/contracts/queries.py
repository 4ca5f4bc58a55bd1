"""Statements that every feature needs: inserts and saves of a table, and the local copies of other services' facts."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts.models import Estimate, Location
from shared.db import Db, Row, Statement, statement
from shared.errors import NotFound


def insert_of(model: Any, *columns: str) -> Statement:
    """INSERT of one row with these columns, returning it."""
    return statement(insert(model).values({c: bindparam(c) for c in columns}).returning(model.__table__))


class Save:
    """UPDATE of one row's mutable columns, for rows that the caller has locked and changes as a whole."""

    def __init__(self, model: Any, *columns: str) -> None:
        values: dict[str, Any] = {c: bindparam(c) for c in columns}
        self.versioned = hasattr(model, "version")
        if self.versioned:
            values |= {"version": model.version + 1, "updated_at": bindparam("updated_at")}
        self.columns = columns
        self.update = statement(
            update(model).values(values).where(model.id == bindparam("row_id")).returning(model.__table__)
        )

    async def __call__(self, db: Db, row: Row, now: dt.datetime, **changes: Any) -> Row:
        """Writes `changes` over the row's other values and returns the row as it is now."""
        if unknown := changes.keys() - set(self.columns):
            raise TypeError(f"these columns are not saved: {unknown}")
        values = {c: changes.get(c, row[c]) for c in self.columns}
        if self.versioned:
            values["updated_at"] = now
        return await db.one(self.update, row_id=row.id, **values)


LOCATION = statement(select(Location.time_zone).where(Location.id == bindparam("id")))
_new_location = insert(Location).values({c: bindparam(c) for c in ("id", "time_zone", "seen_version")})
SAVE_LOCATION = statement(
    _new_location.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={
            "time_zone": _new_location.excluded.time_zone,
            "seen_version": _new_location.excluded.seen_version,
        },
        where=Location.seen_version < _new_location.excluded.seen_version,
    )
)

ESTIMATE = statement(
    select(Estimate.__table__).where(Estimate.id == bindparam("id"), Estimate.patient_id == bindparam("patient_id"))
)
ADD_ESTIMATE = statement(
    insert(Estimate)
    .values(
        {
            c: bindparam(c)
            for c in ("id", "location_id", "coverage_id", "patient_id", "total_fee_cents", "expected_cents")
        }
    )
    .on_conflict_do_nothing()
)


async def local_date(db: Db, location_id: str, now: dt.datetime) -> dt.date:
    """The day it is at a location; in UTC while its time zone has not been announced yet."""
    row = await db.first(LOCATION, id=location_id)
    return now.astimezone(ZoneInfo(row.time_zone) if row else dt.UTC).date()


async def save_location(db: Db, location_id: str, time_zone: str, version: int) -> None:
    """Keeps a location's time zone; an older announcement changes nothing."""
    await db.run(SAVE_LOCATION, id=location_id, time_zone=time_zone, seen_version=version)


async def estimate(db: Db, estimate_id: str, patient_id: str) -> Row:
    """Returns an insurance estimate of the patient, or raises NotFound."""
    missing = NotFound("ESTIMATE_NOT_FOUND", "there is no such estimate for this patient", field="estimate_id")
    return await db.one(ESTIMATE, id=estimate_id, patient_id=patient_id, missing=missing)


async def add_estimate(db: Db, **columns: Any) -> None:
    """Keeps an estimate that insurance announced."""
    await db.run(ADD_ESTIMATE, **columns)


def total(column: Any) -> Any:
    """The sum of a cents column as bigint, zero for no rows."""
    return func.coalesce(func.sum(column), 0).cast(BigInteger)
