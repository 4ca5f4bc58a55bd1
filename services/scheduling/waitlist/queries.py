"""Statements about the waitlist."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import any_, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.scheduling.models import ID, WaitlistEntry
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

_NEW = (
    "patient_id",
    "case_id",
    "appointment_type_id",
    "location_ids",
    "weekdays",
    "from_minute",
    "to_minute",
    "earliest_day",
    "due_day",
    "notice_minutes",
    "priority",
    "note",
)
ADD_ENTRY = statement(
    insert(WaitlistEntry).values(**{name: bindparam(name) for name in _NEW}).returning(WaitlistEntry.__table__)
)
ENTRY_FOR_UPDATE = statement(
    select(WaitlistEntry.__table__).where(WaitlistEntry.id == bindparam("id")).with_for_update()
)
END_ENTRY = statement(
    update(WaitlistEntry)
    .where(WaitlistEntry.id == bindparam("entry_id"))
    .values(state=bindparam("state"), version=WaitlistEntry.version + 1, updated_at=bindparam("now"))
    .returning(WaitlistEntry.__table__)
)
LIST_ENTRIES = paged(
    select(WaitlistEntry.__table__).where(
        WaitlistEntry.state == "waiting",
        or_(
            bindparam("location_id", type_=ID).is_(None),
            bindparam("location_id", type_=ID) == any_(WaitlistEntry.location_ids),
        ),
        or_(bindparam("patient_id", type_=ID).is_(None), WaitlistEntry.patient_id == bindparam("patient_id", type_=ID)),
        or_(
            bindparam("type_id", type_=ID).is_(None),
            WaitlistEntry.appointment_type_id == bindparam("type_id", type_=ID),
        ),
    ),
    WaitlistEntry.priority,
    WaitlistEntry.id,
)


async def add_entry(db: Db, **values: Any) -> Row:
    """Adds an entry to the waitlist."""
    return await db.one(ADD_ENTRY, **values)


async def entry_for_update(db: Db, id: str) -> Row:
    """Returns an entry, locked until commit, or raises NotFound."""
    return await db.one(ENTRY_FOR_UPDATE, id=id, missing=NotFound("WAITLIST_ENTRY_NOT_FOUND", "no such entry"))


async def end_entry(db: Db, id: str, state: str, now: dt.datetime) -> Row:
    """Ends the waiting: `placed` or `left`."""
    return await db.one(END_ENTRY, entry_id=id, state=state, now=now)
