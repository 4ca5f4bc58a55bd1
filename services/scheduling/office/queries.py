"""Statements about what a day is made of: chairs, doctors, shifts, types, templates, closures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Date, Integer, Text, all_, any_, bindparam, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.scheduling.domain import DEFAULT_TYPES, parse_pattern
from services.scheduling.models import (
    ID,
    Appointment,
    AppointmentType,
    Chair,
    Closure,
    DayTemplate,
    Location,
    Provider,
    Shift,
    TemplateDay,
    TemplateSlot,
)
from services.scheduling.visits.domain import GONE
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

NAME_TAKEN = {
    "uq_chair_name": Conflict("NAME_TAKEN", "another chair of this location has this name", field="name"),
    "uq_day_template_name": Conflict("NAME_TAKEN", "another template of this location has this name", field="name"),
    "uq_appointment_type_code": Conflict("CODE_TAKEN", "another type has this code", field="code"),
}
DOCTOR_ELSEWHERE = {"one_place_at_a_time": Conflict("DOCTOR_TAKEN", "the doctor works elsewhere at that time")}
STANDS = Appointment.state != all_(literal(sorted(GONE), ARRAY(Text)))

# --- closures ---------------------------------------------------------------------------------------------------------

ADD_CLOSURE = statement(
    insert(Closure)
    .values(location_id=bindparam("location_id"), day=bindparam("day"), reason=bindparam("reason"))
    .on_conflict_do_nothing()
    .returning(Closure.__table__)
)
DELETE_CLOSURE = statement(delete(Closure).where(Closure.id == bindparam("id")).returning(Closure.id))
LIST_CLOSURES = statement(
    select(Closure.__table__)
    .where(
        Closure.location_id == bindparam("location_id"),
        Closure.day >= bindparam("first_day"),
        Closure.day <= bindparam("last_day"),
    )
    .order_by(Closure.day)
)
VISITS_OF_DAY = statement(
    select(Appointment.id)
    .where(
        Appointment.location_id == bindparam("location_id"),
        Appointment.day == bindparam("day"),
        STANDS,
    )
    .order_by(Appointment.start_slot)
    .limit(200)
)


async def add_closure(db: Db, location_id: str, day: dt.date, reason: str) -> Row:
    """Closes a day; raises Conflict when it is closed already."""
    closed = Conflict("ALREADY_CLOSED", "the location is closed on this day already", field="day")
    return await db.one(ADD_CLOSURE, location_id=location_id, day=day, reason=reason, missing=closed)


async def delete_closure(db: Db, id: str) -> None:
    """Opens a closed day; raises NotFound."""
    await db.one(DELETE_CLOSURE, id=id, missing=NotFound("CLOSURE_NOT_FOUND", "no such closure"))


async def list_closures(db: Db, location_id: str, first_day: dt.date, last_day: dt.date) -> list[Row]:
    """Returns the closures of a location, by day."""
    return await db.all(LIST_CLOSURES, location_id=location_id, first_day=first_day, last_day=last_day)


async def visits_of_day(db: Db, location_id: str, day: dt.date) -> list[str]:
    """Returns the ids of the appointments that still stand on a day, at most 200."""
    return [row.id for row in await db.all(VISITS_OF_DAY, location_id=location_id, day=day)]


# --- chairs -----------------------------------------------------------------------------------------------------------

ADD_CHAIR = statement(
    insert(Chair)
    .values(
        location_id=bindparam("location_id"),
        name=bindparam("name"),
        kind=bindparam("kind"),
        position=bindparam("position"),
    )
    .returning(Chair.__table__)
)
CHAIR_FOR_UPDATE = statement(select(Chair.__table__).where(Chair.id == bindparam("id")).with_for_update())
UPDATE_CHAIR = statement(
    update(Chair)
    .where(Chair.id == bindparam("chair_id"))
    .values(
        name=bindparam("name"),
        kind=bindparam("kind"),
        position=bindparam("position"),
        active=bindparam("active"),
        version=Chair.version + 1,
        updated_at=bindparam("now"),
    )
    .returning(Chair.__table__)
)
LIST_CHAIRS = statement(
    select(Chair.__table__).where(Chair.location_id == bindparam("location_id")).order_by(Chair.position, Chair.name)
)


async def add_chair(db: Db, **values: Any) -> Row:
    """Adds a chair; raises Conflict when its name is taken."""
    return await db.one(ADD_CHAIR, conflict=NAME_TAKEN, **values)


async def chair_for_update(db: Db, id: str) -> Row:
    """Returns a chair, locked until commit, or raises NotFound."""
    return await db.one(CHAIR_FOR_UPDATE, id=id, missing=NotFound("CHAIR_NOT_FOUND", "no such chair"))


async def update_chair(db: Db, **values: Any) -> Row:
    """Changes a chair; raises Conflict when its name is taken."""
    return await db.one(UPDATE_CHAIR, conflict=NAME_TAKEN, **values)


async def list_chairs(db: Db, location_id: str) -> list[Row]:
    """Returns the chairs of a location, in order."""
    return await db.all(LIST_CHAIRS, location_id=location_id)


# --- doctors and shifts -----------------------------------------------------------------------------------------------

_provider = insert(Provider).values(
    id=bindparam("id"),
    location_ids=bindparam("location_ids"),
    capacity=bindparam("capacity"),
    active=bindparam("active"),
)
SAVE_PROVIDER = statement(
    _provider.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={
            "location_ids": _provider.excluded.location_ids,
            "capacity": _provider.excluded.capacity,
            "active": _provider.excluded.active,
            "version": Provider.version + 1,
            "updated_at": bindparam("now"),
        },
    ).returning(Provider.__table__)
)
PROVIDER = statement(select(Provider.__table__).where(Provider.id == bindparam("id")))
PROVIDER_FOR_UPDATE = statement(select(Provider.__table__).where(Provider.id == bindparam("id")).with_for_update())
LIST_PROVIDERS = statement(
    select(Provider.__table__)
    .where(bindparam("location_id", type_=ID) == any_(Provider.location_ids))
    .order_by(Provider.id)
)
DELETE_SHIFTS = statement(
    delete(Shift).where(
        Shift.provider_id == bindparam("provider_id"),
        Shift.location_id == bindparam("location_id"),
        Shift.day == any_(bindparam("days", type_=ARRAY(Date))),
    )
)
_shifts = (
    func.unnest(
        bindparam("days", type_=ARRAY(Date)),
        bindparam("firsts", type_=ARRAY(Integer)),
        bindparam("lasts", type_=ARRAY(Integer)),
    )
    .table_valued("day", "first", "last")
    .render_derived()
)
ADD_SHIFTS = statement(
    insert(Shift)
    .from_select(
        ["provider_id", "location_id", "day", "slots"],
        select(
            bindparam("provider_id", type_=ID),
            bindparam("location_id", type_=ID),
            _shifts.c.day,
            func.int4range(_shifts.c.first, _shifts.c.last),
        ),
    )
    .returning(
        Shift.id,
        Shift.provider_id,
        Shift.location_id,
        Shift.day,
        func.lower(Shift.slots).label("first"),
        func.upper(Shift.slots).label("last"),
    )
)
_first = func.lower(Shift.slots, type_=Integer)
LIST_SHIFTS = paged(
    select(
        Shift.id,
        Shift.provider_id,
        Shift.location_id,
        Shift.day,
        _first.label("first"),
        func.upper(Shift.slots, type_=Integer).label("last"),
    ).where(
        or_(bindparam("location_id", type_=ID).is_(None), Shift.location_id == bindparam("location_id", type_=ID)),
        or_(bindparam("provider_id", type_=ID).is_(None), Shift.provider_id == bindparam("provider_id", type_=ID)),
        Shift.day >= bindparam("first_day"),
        Shift.day <= bindparam("last_day"),
    ),
    _first,
    Shift.id,
)
DAY_SHIFTS = statement(
    select(
        Shift.id,
        Shift.provider_id,
        Shift.location_id,
        Shift.day,
        _first.label("first"),
        func.upper(Shift.slots, type_=Integer).label("last"),
    )
    .where(Shift.location_id == bindparam("location_id"), Shift.day == bindparam("day"))
    .order_by(_first, Shift.id)
)
UNCOVERED = statement(
    select(Appointment.id)
    .where(
        Appointment.provider_id == bindparam("provider_id"),
        Appointment.location_id == bindparam("location_id"),
        Appointment.day >= bindparam("first_day"),
        Appointment.day <= bindparam("last_day"),
        STANDS,
        ~select(literal(1))
        .where(
            Shift.provider_id == Appointment.provider_id,
            Shift.location_id == Appointment.location_id,
            Shift.slots.op("@>")(func.int4range(Appointment.start_slot, Appointment.start_slot + Appointment.units)),
        )
        .exists(),
    )
    .order_by(Appointment.start_slot)
    .limit(200)
)


async def save_provider(db: Db, **values: Any) -> Row:
    """Creates or changes a doctor."""
    return await db.one(SAVE_PROVIDER, **values)


async def provider(db: Db, id: str) -> Row:
    """Returns a doctor, or raises NotFound."""
    return await db.one(PROVIDER, id=id, missing=NotFound("PROVIDER_NOT_FOUND", "no such doctor"))


async def provider_for_update(db: Db, id: str) -> Row:
    """Returns a doctor, locked until commit, or raises NotFound."""
    return await db.one(PROVIDER_FOR_UPDATE, id=id, missing=NotFound("PROVIDER_NOT_FOUND", "no such doctor"))


async def list_providers(db: Db, location_id: str) -> list[Row]:
    """Returns the doctors who may work at a location."""
    return await db.all(LIST_PROVIDERS, location_id=location_id)


async def replace_shifts(
    db: Db, provider_id: str, location_id: str, days: Sequence[dt.date], shifts: Mapping[dt.date, tuple[int, int]]
) -> list[Row]:
    """Removes the doctor's shifts at the location on `days` and adds others; raises Conflict when the doctor is elsewhere."""
    await db.run(DELETE_SHIFTS, provider_id=provider_id, location_id=location_id, days=list(days))
    rows = await db.all(
        ADD_SHIFTS,
        provider_id=provider_id,
        location_id=location_id,
        days=list(shifts),
        firsts=[first for first, _ in shifts.values()],
        lasts=[last for _, last in shifts.values()],
        conflict=DOCTOR_ELSEWHERE,
    )
    return sorted(rows, key=lambda row: row.first)


async def day_shifts(db: Db, location_id: str, day: dt.date) -> list[Row]:
    """Returns the shifts of a location on a day, by time."""
    return await db.all(DAY_SHIFTS, location_id=location_id, day=day)


async def uncovered(db: Db, provider_id: str, location_id: str, first_day: dt.date, last_day: dt.date) -> list[str]:
    """Returns the ids of the doctor's appointments that lie outside of every shift, at most 200."""
    rows = await db.all(
        UNCOVERED, provider_id=provider_id, location_id=location_id, first_day=first_day, last_day=last_day
    )
    return [row.id for row in rows]


# --- types ------------------------------------------------------------------------------------------------------------

_type_values = {
    name: bindparam(name) for name in ("name", "visit_class", "pattern", "windows", "chair_kinds", "online", "active")
}
ADD_TYPE = statement(
    insert(AppointmentType).values(code=bindparam("code"), **_type_values).returning(AppointmentType.__table__)
)
ADD_DEFAULT_TYPE = statement(
    insert(AppointmentType)
    .values(
        code=bindparam("code"),
        name=bindparam("name"),
        visit_class=bindparam("visit_class"),
        pattern=bindparam("pattern"),
        windows=[],
        chair_kinds=[],
        online=bindparam("online"),
    )
    .on_conflict_do_nothing()
)
TYPE_FOR_UPDATE = statement(
    select(AppointmentType.__table__).where(AppointmentType.code == bindparam("code")).with_for_update()
)
UPDATE_TYPE = statement(
    update(AppointmentType)
    .where(AppointmentType.id == bindparam("type_id"))
    .values(**_type_values, version=AppointmentType.version + 1, updated_at=bindparam("now"))
    .returning(AppointmentType.__table__)
)
LIST_TYPES = statement(
    select(AppointmentType.__table__)
    .where(or_(AppointmentType.active, bindparam("include_inactive", value=False)))
    .order_by(AppointmentType.code)
)


async def add_type(db: Db, **values: Any) -> Row:
    """Adds a type; raises Conflict when its code is taken."""
    return await db.one(ADD_TYPE, conflict=NAME_TAKEN, **values)


async def type_for_update(db: Db, code: str) -> Row:
    """Returns a type by code, locked until commit, or raises NotFound."""
    return await db.one(TYPE_FOR_UPDATE, code=code, missing=NotFound("APPOINTMENT_TYPE_NOT_FOUND", "no such type"))


async def update_type(db: Db, **values: Any) -> Row:
    """Changes a type; returns it."""
    return await db.one(UPDATE_TYPE, **values)


async def list_types(db: Db, include_inactive: bool) -> list[Row]:
    """Returns the types of the group, by code."""
    return await db.all(LIST_TYPES, include_inactive=include_inactive)


# --- templates --------------------------------------------------------------------------------------------------------

ADD_TEMPLATE = statement(
    insert(DayTemplate)
    .values(location_id=bindparam("location_id"), name=bindparam("name"))
    .returning(DayTemplate.__table__)
)
TEMPLATE_FOR_UPDATE = statement(
    select(DayTemplate.__table__)
    .where(DayTemplate.id == bindparam("id"), DayTemplate.location_id == bindparam("location_id"))
    .with_for_update()
)
UPDATE_TEMPLATE = statement(
    update(DayTemplate)
    .where(DayTemplate.id == bindparam("template_id"))
    .values(name=bindparam("name"), version=DayTemplate.version + 1, updated_at=bindparam("now"))
    .returning(DayTemplate.__table__)
)
LIST_TEMPLATES = statement(
    select(DayTemplate.__table__).where(DayTemplate.location_id == bindparam("location_id")).order_by(DayTemplate.name)
)
DELETE_TEMPLATE_SLOTS = statement(delete(TemplateSlot).where(TemplateSlot.template_id == bindparam("template_id")))
ADD_TEMPLATE_SLOT = statement(
    insert(TemplateSlot).values(
        **{
            name: bindparam(name)
            for name in (
                "location_id",
                "template_id",
                "chair_id",
                "start_minute",
                "duration_minutes",
                "visit_class",
                "release_days",
            )
        }
    )
)
TEMPLATE_SLOTS = statement(
    select(TemplateSlot.__table__)
    .where(TemplateSlot.template_id == any_(bindparam("template_ids", type_=ARRAY(ID))))
    .order_by(TemplateSlot.template_id, TemplateSlot.chair_id, TemplateSlot.start_minute)
)
DELETE_TEMPLATE_DAYS = statement(
    delete(TemplateDay).where(
        TemplateDay.location_id == bindparam("location_id"),
        TemplateDay.day == any_(bindparam("days", type_=ARRAY(Date))),
    )
)
_days = func.unnest(bindparam("days", type_=ARRAY(Date))).table_valued("day").render_derived()
ADD_TEMPLATE_DAYS = statement(
    insert(TemplateDay).from_select(
        ["location_id", "template_id", "day"],
        select(bindparam("location_id", type_=ID), bindparam("template_id", type_=ID), _days.c.day),
    )
)
TEMPLATE_DAYS = statement(
    select(TemplateDay.location_id, TemplateDay.day, TemplateDay.template_id)
    .where(
        TemplateDay.location_id == any_(bindparam("location_ids", type_=ARRAY(ID))),
        TemplateDay.day >= bindparam("first_day"),
        TemplateDay.day <= bindparam("last_day"),
    )
    .order_by(TemplateDay.day)
)
TEMPLATE_NOT_FOUND = NotFound("TEMPLATE_NOT_FOUND", "no such template at this location")


async def template_for_update(db: Db, id: str, location_id: str) -> Row:
    """Returns a template of a location, locked until commit, or raises NotFound."""
    return await db.one(TEMPLATE_FOR_UPDATE, id=id, location_id=location_id, missing=TEMPLATE_NOT_FOUND)


async def add_template(db: Db, location_id: str, name: str) -> Row:
    """Adds a template; raises Conflict when its name is taken."""
    return await db.one(ADD_TEMPLATE, location_id=location_id, name=name, conflict=NAME_TAKEN)


async def update_template(db: Db, template_id: str, name: str, now: dt.datetime) -> Row:
    """Renames a template; raises Conflict when its name is taken."""
    return await db.one(UPDATE_TEMPLATE, template_id=template_id, name=name, now=now, conflict=NAME_TAKEN)


async def replace_template_slots(db: Db, template: Row, slots: Sequence[Mapping[str, Any]]) -> None:
    """Gives a template its pieces."""
    await db.run(DELETE_TEMPLATE_SLOTS, template_id=template.id)
    own = {"template_id": template.id, "location_id": template.location_id}
    await db.run_many(ADD_TEMPLATE_SLOT, [{**slot, **own} for slot in slots])


async def list_templates(db: Db, location_id: str) -> list[Row]:
    """Returns the templates of a location, by name."""
    return await db.all(LIST_TEMPLATES, location_id=location_id)


async def template_slots(db: Db, template_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Returns the pieces of each template, by chair and time."""
    found: dict[str, list[Row]] = {id: [] for id in template_ids}
    for row in await db.all(TEMPLATE_SLOTS, template_ids=list(template_ids)):
        found[row.template_id].append(row)
    return found


async def apply_template(db: Db, location_id: str, template_id: str, days: Sequence[dt.date]) -> None:
    """Lets days follow a template, or none when the id is empty."""
    await db.run(DELETE_TEMPLATE_DAYS, location_id=location_id, days=list(days))
    if template_id:
        await db.run(ADD_TEMPLATE_DAYS, location_id=location_id, template_id=template_id, days=list(days))


async def template_days(db: Db, location_ids: Sequence[str], first_day: dt.date, last_day: dt.date) -> list[Row]:
    """Returns which days follow which template, by day."""
    return await db.all(TEMPLATE_DAYS, location_ids=list(location_ids), first_day=first_day, last_day=last_day)


# --- what the directory tells -----------------------------------------------------------------------------------------

USUAL_CAPACITY = 2
_location = insert(Location).values(
    id=bindparam("location_id"),
    location_id=bindparam("location_id"),
    time_zone=bindparam("time_zone"),
    active=bindparam("active"),
    directory_version=bindparam("directory_version"),
    hours=bindparam("hours"),
)
KEEP_LOCATION = statement(
    _location.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={name: _location.excluded[name] for name in ("time_zone", "active", "directory_version")},
        where=Location.directory_version < _location.excluded.directory_version,
    )
)
ADD_PROVIDER = statement(
    insert(Provider)
    .values(id=bindparam("id"), location_ids=bindparam("location_ids"), capacity=USUAL_CAPACITY)
    .on_conflict_do_nothing()
    .returning(Provider.id)
)
END_PROVIDER = statement(
    update(Provider)
    .where(Provider.id == bindparam("provider_id"), Provider.active)
    .values(active=False, version=Provider.version + 1, updated_at=bindparam("now"))
)


async def add_default_types(db: Db) -> None:
    """Adds the usual types that the group does not have yet."""
    await db.run_many(
        ADD_DEFAULT_TYPE,
        [
            {"code": code, "name": name, "visit_class": kind, "pattern": parse_pattern(pattern), "online": online}
            for code, name, kind, pattern, online in DEFAULT_TYPES
        ],
    )


async def keep_location(db: Db, **values: Any) -> None:
    """Adds a location, or takes over its newer time zone; its hours stay."""
    await db.run(KEEP_LOCATION, **values)


async def add_provider(db: Db, id: str, location_ids: Sequence[str]) -> bool:
    """Adds a doctor who is not known yet; returns whether that was so."""
    return await db.first(ADD_PROVIDER, id=id, location_ids=list(location_ids)) is not None


async def end_provider(db: Db, id: str, now: dt.datetime) -> None:
    """Makes a doctor who left unbookable."""
    await db.run(END_PROVIDER, provider_id=id, now=now)
