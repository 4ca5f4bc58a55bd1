"""Statements about visits, and the sheets that the search reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Date,
    DateTime,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.scheduling.domain import OVERFLOW_LANE
from services.scheduling.models import (
    ID,
    Appointment,
    AppointmentChange,
    Chair,
    Location,
    Provider,
    Resource,
    ResourceClaim,
    Shift,
    TemplateDay,
    TemplateSlot,
)
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

APPOINTMENT_NOT_FOUND = NotFound("APPOINTMENT_NOT_FOUND", "no such appointment")

# --- one visit --------------------------------------------------------------------------------------------------------

_with_zone = select(Appointment.__table__, Location.time_zone).join(Location, Location.id == Appointment.location_id)
APPOINTMENT = statement(_with_zone.where(Appointment.id == bindparam("id")))
APPOINTMENT_FOR_UPDATE = statement(
    _with_zone.where(Appointment.id == bindparam("id")).with_for_update(of=Appointment.__table__)
)
_PLACE = ("location_id", "day", "start_minute", "start_slot", "chair_id", "provider_id", "doctor_overlap", "state")
_NEW = (
    *_PLACE,
    "patient_id",
    "case_id",
    "appointment_type_id",
    "type_code",
    "type_version",
    "visit_class",
    "pattern",
    "note",
    "hold_expire_time",
)
ADD_APPOINTMENT = statement(
    insert(Appointment).values(**{name: bindparam(name) for name in _NEW}).returning(Appointment.__table__)
)
_changed = {"version": Appointment.version + 1, "updated_at": bindparam("now")}
MOVE_APPOINTMENT = statement(
    update(Appointment)
    .where(Appointment.id == bindparam("appointment_id"))
    .values(**{name: bindparam(name) for name in _PLACE}, confirm_time=None, **_changed)
    .returning(Appointment.__table__)
)
STAMPS = {
    "confirmed": "confirm_time",
    "arrived": "arrive_time",
    "seated": "seat_time",
    "doctor_ready": "call_time",
    "doctor_in": "doctor_in_time",
    "done": "dismiss_time",
    "checked_out": "check_out_time",
    "no_show": "cancel_time",
}
ADVANCE = {
    state: statement(
        update(Appointment)
        .where(Appointment.id == bindparam("appointment_id"))
        .values(state=state, **({stamp: bindparam("now")} if (stamp := STAMPS.get(state)) else {}), **_changed)
        .returning(Appointment.__table__)
    )
    for state in ("booked", *STAMPS)
}
CANCEL = statement(
    update(Appointment)
    .where(Appointment.id == bindparam("appointment_id"))
    .values(
        state="canceled",
        cancel_time=bindparam("now"),
        cancel_reason=bindparam("reason"),
        canceled_by=bindparam("canceled_by"),
        **_changed,
    )
    .returning(Appointment.__table__)
)

# --- what is kept of the past, and taken back ---

_TOUCHED = tuple(
    Appointment.__table__.c[name] for name in (*_PLACE, *dict.fromkeys(STAMPS.values()), "cancel_reason", "canceled_by")
)
_before = func.jsonb_build_object(*(piece for column in _TOUCHED for piece in (literal(column.name), column)))
KEEP = statement(
    insert(AppointmentChange).from_select(
        ["location_id", "appointment_id", "version", "before", "kind", "staff_id", "changed_at"],
        select(
            Appointment.location_id,
            Appointment.id,
            Appointment.version + 1,
            _before,
            bindparam("kind", type_=Text),
            bindparam("staff_id", type_=ID),
            bindparam("now", type_=DateTime(timezone=True)),
        ).where(Appointment.id == bindparam("appointment_id")),
    )
)
LAST_CHANGE = statement(
    select(AppointmentChange.__table__)
    .where(
        AppointmentChange.appointment_id == bindparam("appointment_id"),
        ~AppointmentChange.taken_back,
        AppointmentChange.kind != "taken_back",
    )
    .order_by(AppointmentChange.version.desc())
    .limit(1)
)
TAKEN_BACK = statement(
    update(AppointmentChange).where(AppointmentChange.id == bindparam("change")).values(taken_back=True)
)
RESTORE = statement(
    update(Appointment)
    .where(Appointment.id == AppointmentChange.appointment_id, AppointmentChange.id == bindparam("change"))
    .values(
        **{
            column.name: cast(func.jsonb_extract_path_text(AppointmentChange.before, column.name), column.type)
            for column in _TOUCHED
        },
        **_changed,
    )
    .returning(Appointment.__table__)
)
LIST_CHANGES = paged(
    select(AppointmentChange.__table__).where(AppointmentChange.appointment_id == bindparam("appointment_id")),
    AppointmentChange.version,
    AppointmentChange.id,
    descending=True,
)
EXPIRED_HOLDS = statement(
    select(Appointment.id)
    .where(
        Appointment.location_id == bindparam("location_id"),
        Appointment.day == bindparam("day"),
        Appointment.state == "held",
        Appointment.hold_expire_time <= bindparam("now"),
    )
    .with_for_update(skip_locked=True)
)
_unnested = func.unnest(bindparam("locations", type_=ARRAY(Text)), bindparam("days", type_=ARRAY(Integer)))
_keys = _unnested.table_valued("location", "day").render_derived()
LOCK_DAYS = statement(select(func.pg_advisory_xact_lock(func.hashtext(_keys.c.location), _keys.c.day)))


async def appointment(db: Db, id: str) -> Row:
    """Returns an appointment with its location's time zone, or raises NotFound."""
    return await db.one(APPOINTMENT, id=id, missing=APPOINTMENT_NOT_FOUND)


async def appointment_for_update(db: Db, id: str) -> Row:
    """Returns an appointment with its location's time zone, locked until commit, or raises NotFound."""
    return await db.one(APPOINTMENT_FOR_UPDATE, id=id, missing=APPOINTMENT_NOT_FOUND)


async def add_appointment(db: Db, **values: Any) -> Row:
    """Adds an appointment; its claims come next."""
    return await db.one(ADD_APPOINTMENT, **values)


async def move_appointment(db: Db, **values: Any) -> Row:
    """Gives an appointment another place; a confirmation was for the old one."""
    return await db.one(MOVE_APPOINTMENT, **values)


async def advance(db: Db, id: str, state: str, now: dt.datetime) -> Row:
    """Sets the state and the time at which it was reached."""
    return await db.one(ADVANCE[state], appointment_id=id, now=now)


async def cancel(db: Db, id: str, reason: str, canceled_by: str | None, now: dt.datetime) -> Row:
    """Cancels, with the reason."""
    return await db.one(CANCEL, appointment_id=id, reason=reason, canceled_by=canceled_by, now=now)


async def keep(db: Db, id: str, kind: str, staff_id: str | None, now: dt.datetime) -> None:
    """Keeps how an appointment stands, before a change of this kind."""
    await db.run(KEEP, appointment_id=id, kind=kind, staff_id=staff_id, now=now)


async def last_change(db: Db, appointment_id: str) -> Row | None:
    """Returns the latest change that was not taken back yet."""
    return await db.first(LAST_CHANGE, appointment_id=appointment_id)


async def restore(db: Db, change_id: str, now: dt.datetime) -> Row:
    """Takes a change back; returns the appointment as it was before it."""
    await db.run(TAKEN_BACK, change=change_id)
    return await db.one(RESTORE, change=change_id, now=now)


async def lock_days(db: Db, places: Iterable[tuple[str, dt.date]]) -> None:
    """Lets one booking at a time change a location's day; several days are locked in one order, so none deadlock."""
    ordered = sorted(set(places))
    await db.all(LOCK_DAYS, locations=[id for id, _ in ordered], days=[day.toordinal() for _, day in ordered])


async def release_expired_holds(db: Db, location_id: str, day: dt.date, now: dt.datetime) -> bool:
    """Ends the holds of a day that have run out; returns whether there were any. Call it under the day's lock."""
    rows = await db.all(EXPIRED_HOLDS, location_id=location_id, day=day, now=now)
    for row in rows:
        await cancel(db, row.id, "expired", None, now)
        await release(db, row.id)
    return bool(rows)


# --- claims -----------------------------------------------------------------------------------------------------------

_wanted = func.unnest(
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("firsts", type_=ARRAY(Integer)),
    bindparam("lasts", type_=ARRAY(Integer)),
)
_claims = _wanted.table_valued("number", "first", "last").render_derived()
CLAIM = statement(
    insert(ResourceClaim)
    .from_select(
        ["appointment_id", "location_id", "resource_number", "slots"],
        select(
            bindparam("appointment_id", type_=ID),
            bindparam("location_id", type_=ID),
            _claims.c.number,
            func.int4range(_claims.c.first, _claims.c.last),
        ),
    )
    .on_conflict_do_nothing()
    .returning(ResourceClaim.resource_number, ResourceClaim.first_slot.label("first"))
)
RELEASE = statement(delete(ResourceClaim).where(ResourceClaim.appointment_id == bindparam("appointment_id")))


async def claim(
    db: Db, appointment_id: str, location_id: str, wanted: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """Claims (resource number, first slot, last slot), half-open; returns those that somebody else has."""
    ordered = sorted(wanted)
    rows = await db.all(
        CLAIM,
        appointment_id=appointment_id,
        location_id=location_id,
        numbers=[number for number, _, _ in ordered],
        firsts=[first for _, first, _ in ordered],
        lasts=[last for _, _, last in ordered],
    )
    got = {(row.resource_number, row.first) for row in rows}
    return [piece for piece in ordered if piece[:2] not in got]


async def release(db: Db, appointment_id: str) -> None:
    """Frees what a visit had claimed."""
    await db.run(RELEASE, appointment_id=appointment_id)


# --- lists ------------------------------------------------------------------------------------------------------------

LIST_APPOINTMENTS = paged(
    _with_zone.where(
        Appointment.location_id == bindparam("location_id"),
        Appointment.day >= bindparam("first_day"),
        Appointment.day <= bindparam("last_day"),
        or_(
            func.cardinality(bindparam("states", type_=ARRAY(Text))) == 0,
            Appointment.state == any_(bindparam("states", type_=ARRAY(Text))),
        ),
        or_(
            bindparam("provider_id", type_=ID).is_(None), Appointment.provider_id == bindparam("provider_id", type_=ID)
        ),
    ),
    Appointment.start_slot,
    Appointment.id,
)
LIST_PATIENT_APPOINTMENTS = paged(
    _with_zone.where(
        Appointment.patient_id == bindparam("patient_id"),
        or_(bindparam("first_day", type_=Date).is_(None), Appointment.day >= bindparam("first_day", type_=Date)),
    ),
    Appointment.start_slot,
    Appointment.id,
)
DAY_APPOINTMENTS = statement(
    _with_zone.where(
        Appointment.location_id == bindparam("location_id"),
        Appointment.day == bindparam("day"),
        Appointment.state != "canceled",
    ).order_by(Appointment.start_slot, Appointment.id)
)


async def day_appointments(db: Db, location_id: str, day: dt.date) -> list[Row]:
    """Returns the appointments of a local day, without canceled ones."""
    return await db.all(DAY_APPOINTMENTS, location_id=location_id, day=day)


# --- what the search reads --------------------------------------------------------------------------------------------

_places = bindparam("location_ids", type_=ARRAY(ID))
SHEET_CHAIRS = statement(
    select(Chair.id, Chair.location_id, Chair.kind, Resource.number)
    .join(Resource, and_(Resource.owner_id == Chair.id, Resource.kind == "chair"))
    .where(Chair.location_id == any_(_places), Chair.active)
    .order_by(Chair.location_id, Chair.position, Chair.name)
)
SHEET_SHIFTS = statement(
    select(
        Shift.location_id,
        Shift.provider_id,
        func.lower(Shift.slots).label("first"),
        func.upper(Shift.slots).label("last"),
    )
    .join(Provider, and_(Provider.id == Shift.provider_id, Provider.active))
    .where(Shift.location_id == any_(_places), Shift.day >= bindparam("first_day"), Shift.day <= bindparam("last_day"))
    .order_by(Shift.slots, Shift.provider_id)
)
SHEET_LANES = statement(
    select(Resource.owner_id, Resource.number, (Resource.lane >= OVERFLOW_LANE).label("overflow"))
    .join(Provider, and_(Provider.id == Resource.owner_id, Resource.kind == "doctor"))
    .where(
        Provider.id == any_(bindparam("provider_ids", type_=ARRAY(ID))),
        or_(
            Resource.lane < Provider.capacity,
            Resource.lane.between(OVERFLOW_LANE, Provider.capacity + (OVERFLOW_LANE - 1)),
        ),
    )
    .order_by(Resource.owner_id, Resource.lane)
)
SHEET_CLAIMS = statement(
    select(
        ResourceClaim.location_id,
        ResourceClaim.resource_number.label("number"),
        ResourceClaim.first_slot.label("first"),
        func.upper(ResourceClaim.slots).label("last"),
    ).where(
        ResourceClaim.location_id == any_(_places),
        ResourceClaim.first_slot >= bindparam("first_slot"),
        ResourceClaim.first_slot < bindparam("last_slot"),
        ResourceClaim.resource_number == any_(bindparam("numbers", type_=ARRAY(Integer))),
        or_(
            bindparam("leave_out", type_=ID).is_(None),
            ResourceClaim.appointment_id != bindparam("leave_out", type_=ID),
        ),
    )
)
PATIENT_CLAIMS = statement(
    select(Appointment.start_slot.label("first"), (Appointment.start_slot + Appointment.units).label("last")).where(
        Appointment.patient_id == bindparam("patient_id"),
        Appointment.start_slot >= bindparam("first_slot"),
        Appointment.start_slot < bindparam("last_slot"),
        Appointment.state == any_(bindparam("states", type_=ARRAY(Text))),
        or_(bindparam("leave_out", type_=ID).is_(None), Appointment.id != bindparam("leave_out", type_=ID)),
    )
)
SHEET_PATTERNS = statement(
    select(Appointment.location_id, Appointment.start_slot, Appointment.pattern).where(
        Appointment.location_id == any_(_places),
        Appointment.day >= bindparam("first_day"),
        Appointment.day <= bindparam("last_day"),
        Appointment.state == any_(bindparam("states", type_=ARRAY(Text))),
        or_(bindparam("leave_out", type_=ID).is_(None), Appointment.id != bindparam("leave_out", type_=ID)),
    )
)
SHEET_TEMPLATES = statement(
    select(
        TemplateDay.location_id,
        TemplateDay.day,
        TemplateSlot.chair_id,
        TemplateSlot.start_minute,
        TemplateSlot.duration_minutes,
        TemplateSlot.visit_class,
        TemplateSlot.release_days,
    )
    .join(TemplateSlot, TemplateSlot.template_id == TemplateDay.template_id)
    .where(
        TemplateDay.location_id == any_(_places),
        TemplateDay.day >= bindparam("first_day"),
        TemplateDay.day <= bindparam("last_day"),
    )
)
