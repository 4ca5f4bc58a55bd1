"""Statements of leads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Date, Text, Uuid, and_, any_, bindparam, cast, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.coordination.leads.models import Lead
from services.coordination.models import Location
from services.coordination.queries import named
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
MISSING = NotFound("LEAD_NOT_FOUND", "no such lead")
CONTACT = (
    "first_name", "last_name", "phone", "email", "phone_key", "email_key",
    "patient_first_name", "patient_birth_date", "language", "note",
)  # fmt: skip
PLAN = ("owner_id", "next_step", "next_step_due")
NEW = ("location_id", *CONTACT, "source", "source_detail", "partner_id", *PLAN)
T = Lead.__table__
_HERE = bindparam("location_id", type_=ID)


def _duplicate_ids(phone_key: Any, email_key: Any, *, of: Any = None) -> Any:
    """Other leads with the same phone or e-mail, the latest first, as a column of the statement that reads the lead."""
    other, empty = T.alias("other"), literal_column("''")
    same = or_(
        and_(other.c.phone_key != empty, other.c.phone_key == phone_key),
        and_(other.c.email_key != empty, other.c.email_key == email_key),
    )
    if of is not None:
        same = and_(other.c.id != of, same)
    found = select(other.c.id).where(same).order_by(other.c.id.desc()).limit(10).correlate(T).scalar_subquery()
    return func.array(found, type_=ARRAY(ID)).label("duplicate_ids")


LEAD = statement(select(T, _duplicate_ids(T.c.phone_key, T.c.email_key, of=T.c.id)).where(T.c.id == bindparam("id")))
LEAD_FOR_UPDATE = statement(select(T).where(T.c.id == bindparam("id")).with_for_update())
# The day at the location is found by the insert itself; without its time zone nothing is added.
_ZONE = func.coalesce(
    bindparam("time_zone", type_=Text), select(Location.time_zone).where(Location.id == _HERE).scalar_subquery()
)
_PLACE = select(_ZONE.label("time_zone")).subquery("place")
_TODAY = cast(func.timezone(_PLACE.c.time_zone, bindparam("now", type_=T.c.created_at.type)), Date)
_ADDED = named(*NEW) | {"created_at": bindparam("now"), "updated_at": bindparam("now")}
_VALUES: dict[str, Any] = {name: bindparam(bound.key, type_=T.c[name].type) for name, bound in _ADDED.items()}
_VALUES["next_step_due"] = func.coalesce(_VALUES["next_step_due"], _TODAY)
ADD_LEAD = statement(
    insert(T)
    .from_select(list(_VALUES), select(*_VALUES.values()).select_from(_PLACE).where(_PLACE.c.time_zone.is_not(None)))
    .returning(T, _duplicate_ids(bindparam("phone_key"), bindparam("email_key")))
)
_CHANGED = {"version": T.c.version + 1, "updated_at": bindparam("now")}
UPDATE_LEAD = statement(
    update(T)
    .where(T.c.id == bindparam("lead_id"))
    .values(named(*CONTACT, *PLAN, "blocker", "state", "contacted_at") | _CHANGED)
    .returning(T)
)
CLOSE_LEAD = statement(
    update(T)
    .where(T.c.id == bindparam("lead_id"))
    .values(state="lost", lost_reason=bindparam("reason"), **_CHANGED)
    .returning(T)
)
REGISTER_LEAD = statement(
    update(T)
    .where(T.c.id == bindparam("lead_id"))
    .values(state="registered", patient_id=bindparam("to_patient_id"), case_id=bindparam("to_case_id"), **_CHANGED)
    .returning(T)
)
LEADS = paged(
    select(T).where(
        T.c.state == any_(bindparam("states", type_=ARRAY(Text))),
        or_(bindparam("location_id", type_=ID).is_(None), T.c.location_id == bindparam("location_id", type_=ID)),
        or_(bindparam("owner_id", type_=ID).is_(None), T.c.owner_id == bindparam("owner_id", type_=ID)),
    ),
    T.c.next_step_due,
    T.c.id,
)


async def lead(db: Db, id: str) -> Row:
    """Returns the lead and its `duplicate_ids`, or raises NotFound."""
    return await db.one(LEAD, id=id, missing=MISSING)


async def lead_for_update(db: Db, id: str) -> Row:
    """Returns the lead, locked until commit, or raises NotFound."""
    return await db.one(LEAD_FOR_UPDATE, id=id, missing=MISSING)
