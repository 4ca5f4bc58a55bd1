"""What every part of scheduling asks: locations, types, and the numbers of resources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Text, and_, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.scheduling import domain
from services.scheduling.models import ID, AppointmentType, Closure, Location, Resource
from shared.db import Db, Row, statement
from shared.errors import Invalid, NotFound

LOCATION = statement(select(Location.__table__).where(Location.id == bindparam("id")))
LOCATIONS = statement(
    select(Location.__table__)
    .where(
        Location.active,
        or_(
            func.cardinality(bindparam("ids", type_=ARRAY(ID))) == 0,
            Location.id == any_(bindparam("ids", type_=ARRAY(ID))),
        ),
    )
    .order_by(Location.id)
)
CLOSURES = statement(
    select(Closure.location_id, Closure.day, Closure.reason).where(
        Closure.location_id == any_(bindparam("location_ids", type_=ARRAY(ID))),
        Closure.day >= bindparam("first_day"),
        Closure.day <= bindparam("last_day"),
    )
)
TYPE = statement(
    select(AppointmentType.__table__).where(
        or_(
            AppointmentType.id == bindparam("id", type_=ID),
            and_(bindparam("id", type_=ID).is_(None), AppointmentType.code == bindparam("code")),
        ),
    )
)
RESOURCES = statement(
    select(Resource.number, Resource.owner_id, Resource.lane)
    .where(Resource.owner_id == any_(bindparam("owner_ids", type_=ARRAY(ID))))
    .order_by(Resource.owner_id, Resource.lane)
)
_wanted = func.unnest(bindparam("lanes", type_=ARRAY(Integer))).table_valued("lane").render_derived()
ADD_RESOURCES = statement(
    insert(Resource)
    .from_select(
        ["kind", "owner_id", "lane"],
        select(bindparam("kind", type_=Text), bindparam("owner_id", type_=ID), _wanted.c.lane),
    )
    .on_conflict_do_nothing()
)
LOCK_LOCATION = statement(select(Location.__table__).where(Location.id == bindparam("id")).with_for_update())
SAVE_HOURS = statement(
    update(Location)
    .where(Location.id == bindparam("location"))
    .values(
        hours=bindparam("hours"),
        assistants=bindparam("assistants"),
        version=Location.version + 1,
        updated_at=bindparam("now"),
    )
    .returning(Location.__table__)
)


async def location(db: Db, id: str) -> Row:
    """Returns what is known of a location, or raises NotFound."""
    return await db.one(LOCATION, id=id, missing=NotFound("LOCATION_NOT_FOUND", "no such location"))


async def location_for_update(db: Db, id: str) -> Row:
    """Returns the location, locked until commit, or raises NotFound."""
    return await db.one(LOCK_LOCATION, id=id, missing=NotFound("LOCATION_NOT_FOUND", "no such location"))


async def locations(db: Db, ids: Sequence[str] = ()) -> list[Row]:
    """Returns the open locations of the caller's scope, all or some of them, by id."""
    return await db.all(LOCATIONS, ids=list(ids))


async def save_hours(db: Db, location_id: str, hours: list[Any], assistants: int, now: dt.datetime) -> Row:
    """Replaces the opening hours of a location; returns it."""
    return await db.one(SAVE_HOURS, location=location_id, hours=hours, assistants=assistants, now=now)


async def closures(
    db: Db, location_ids: Sequence[str], first_day: dt.date, last_day: dt.date
) -> dict[tuple[str, dt.date], str]:
    """Returns the reason of each closed (location, day)."""
    rows = await db.all(CLOSURES, location_ids=list(location_ids), first_day=first_day, last_day=last_day)
    return {(row.location_id, row.day): row.reason for row in rows}


async def appointment_type(db: Db, id: str, code: str) -> Row:
    """Returns a type by id or by code. Raises Invalid when neither is given, NotFound when there is none."""
    if not id and not code:
        raise Invalid("TYPE_REQUIRED", "give appointment_type_id or type_code", field="type_code")
    return await db.one(TYPE, id=id or None, code=code, missing=NotFound("APPOINTMENT_TYPE_NOT_FOUND", "no such type"))


async def numbers(db: Db, kind: str, owner_id: str, lanes: int = 1) -> list[int]:
    """Returns the resource number of each lane of a chair, doctor or patient, making those that are missing."""
    rows = await db.all(RESOURCES, owner_ids=[owner_id])
    if len(rows) < lanes:
        await db.run(ADD_RESOURCES, kind=kind, owner_id=owner_id, lanes=list(range(lanes)))
        rows = await db.all(RESOURCES, owner_ids=[owner_id])
    return [row.number for row in rows[:lanes]]


async def number_doctor(db: Db, provider_id: str, capacity: int) -> None:
    """Gives a doctor lanes for what fits, and as many again for what somebody accepts although the doctor is taken."""
    lanes = [*range(capacity), *range(domain.OVERFLOW_LANE, domain.OVERFLOW_LANE + capacity)]
    await db.run(ADD_RESOURCES, kind="doctor", owner_id=provider_id, lanes=lanes)
