"""Every statement of supply."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Text, Uuid, any_, bindparam, cast, extract, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from services.supply import domain
from services.supply.models import Discrepancy, Lab, LabOrder, Location, Shipment, Transition
from shared.call import Call
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
T = LabOrder.__table__
L = Lab.__table__
S = Shipment.__table__
D = Discrepancy.__table__
ORDER_MISSING = NotFound("LAB_ORDER_NOT_FOUND", "no such order")
LAB_MISSING = NotFound("LAB_NOT_FOUND", "no such lab")
LAB_EXISTS = {"pk_lab": Conflict("LAB_EXISTS", "the partner takes orders already")}


def named(*columns: str) -> dict[str, Any]:
    """Values of an INSERT or UPDATE, each bound under its column's name."""
    return {column: bindparam(column) for column in columns}


def given(column: Any, name: str, kind: Any) -> Any:
    """A filter that applies when the parameter is not null."""
    return or_(bindparam(name, type_=kind).is_(None), column == bindparam(name, type_=kind))


TIMES = {"created_at": bindparam("now"), "updated_at": bindparam("now")}
CHANGED = {"version": T.c.version + 1, "updated_at": bindparam("now")}

TIME_ZONE = statement(select(Location.time_zone).where(Location.id == bindparam("location_id")))
_SAVED = upsert(Location).values(id=bindparam("location_id"), time_zone=bindparam("time_zone"))
SAVE_LOCATION = statement(
    _SAVED.on_conflict_do_update(index_elements=["tenant_id", "id"], set_={"time_zone": _SAVED.excluded.time_zone})
)

_ARRIVED = (T.c.lab_id == L.c.id, T.c.received_at.is_not(None))
RECEIVED = select(func.count()).where(*_ARRIVED).correlate(L).scalar_subquery().label("received_orders")
_TENTHS = func.coalesce(func.round(func.avg(extract("epoch", T.c.received_at - T.c.sent_at)) / 8640), 0)
TURNAROUND = (
    select(cast(_TENTHS, BigInteger)).where(*_ARRIVED).correlate(L).scalar_subquery().label("actual_turnaround_tenths")
)
LAB = statement(select(L).where(L.c.id == bindparam("id")))
LAB_FOR_UPDATE = statement(select(L).where(L.c.id == bindparam("id")).with_for_update())
LABS = paged(select(L, RECEIVED, TURNAROUND), L.c.name, L.c.id)
ADD_LAB = statement(insert(L).values(named("id", "name", "turnaround_days") | TIMES).returning(L))
UPDATE_LAB = statement(
    update(L)
    .where(L.c.id == bindparam("lab_id"))
    .values(named("turnaround_days", "active") | {"version": L.c.version + 1, "updated_at": bindparam("now")})
    .returning(L)
)

ORDER = statement(select(T).where(T.c.id == bindparam("id")))
ORDER_FOR_UPDATE = statement(select(T).where(T.c.id == bindparam("id")).with_for_update())
JOB = statement(select(T).where(T.c.id == bindparam("id"), T.c.lab_id == bindparam("lab_id"), T.c.sent_at.is_not(None)))
JOB_FOR_UPDATE = statement(
    select(T)
    .where(T.c.id == bindparam("id"), T.c.lab_id == bindparam("lab_id"), T.c.sent_at.is_not(None))
    .with_for_update()
)
ADD_ORDER = statement(
    insert(T)
    .values(
        named(
            "lab_id",
            "patient_id",
            "patient_initials",
            "location_id",
            "case_id",
            "appointment_id",
            "provider_id",
            "kind",
            "items",
            "instructions",
            "file_ids",
            "refinement",
            "fee_cents",
            "due_date",
            "expected_on",
        )
        | TIMES
    )
    .returning(T)
)
MOVE_ORDER = statement(
    update(T)
    .where(T.c.id == bindparam("order_id"))
    .values(named("state", "due_date", "expected_on", "sent_at", "received_at") | CHANGED)
    .returning(T)
)
MOVE_DUE_DATE = statement(
    update(T)
    .where(T.c.appointment_id == bindparam("of_appointment"), T.c.state == any_(bindparam("states", type_=ARRAY(Text))))
    .values(named("due_date") | CHANGED)
)
_OF_STATE = T.c.state == any_(bindparam("states", type_=ARRAY(Text)))
ORDERS = paged(
    select(T, Location.time_zone)
    .outerjoin(Location, Location.id == T.c.location_id)
    .where(
        _OF_STATE,
        given(T.c.location_id, "location_id", ID),
        given(T.c.lab_id, "lab_id", ID),
        given(T.c.patient_id, "patient_id", ID),
        given(T.c.appointment_id, "appointment_id", ID),
        or_(bindparam("due_by", type_=Date).is_(None), T.c.due_date <= bindparam("due_by", type_=Date)),
    ),
    T.c.due_date,
    T.c.id,
)
JOBS = paged(
    select(T).where(_OF_STATE, T.c.lab_id == bindparam("lab_id"), T.c.sent_at.is_not(None)), T.c.due_date, T.c.id
)

ADD_TRANSITION = statement(
    insert(Transition).values(named("location_id", "lab_order_id", "from_state", "to_state", "actor_id", "event_time"))
)
TRANSITIONS = statement(
    select(Transition.__table__).where(Transition.lab_order_id == bindparam("order_id")).order_by(Transition.id)
)
ADD_SHIPMENT = statement(
    insert(S).values(named("location_id", "lab_order_id", "carrier", "tracking_number", "shipped_at"))
)
RECEIVE_SHIPMENTS = statement(
    update(S)
    .where(S.c.lab_order_id == bindparam("order_id"), S.c.received_at.is_(None))
    .values(received_at=bindparam("now"))
)
SHIPMENTS = statement(
    select(S).where(S.c.lab_order_id == any_(bindparam("order_ids", type_=ARRAY(ID)))).order_by(S.c.id)
)
ADD_DISCREPANCY = statement(
    insert(D).values(named("location_id", "lab_order_id", "kind", "note", "staff_id", "reported_at"))
)
SETTLE_DISCREPANCY = statement(
    update(D)
    .where(D.c.lab_order_id == bindparam("order_id"), D.c.remake_payer == "")
    .values(remake_payer=bindparam("payer"), credit_cents=bindparam("cents"))
)
DISCREPANCIES = statement(select(D).where(D.c.lab_order_id == bindparam("order_id")).order_by(D.c.id))


async def local_day(call: Call, location_id: str, moment: datetime | None = None) -> date:
    """Today, or the day of `moment`, at a location; in UTC while the directory has not told its time zone."""
    row = await call.db.first(TIME_ZONE, location_id=location_id)
    return domain.local_day(moment or call.now, row.time_zone if row else "UTC")


async def order_for_update(db: Db, id: str) -> Row:
    """Returns the order, locked until commit, or raises NotFound."""
    return await db.one(ORDER_FOR_UPDATE, id=id, missing=ORDER_MISSING)


async def lab(db: Db, id: str) -> Row:
    """Returns the lab, or raises NotFound."""
    return await db.one(LAB, id=id, missing=LAB_MISSING)
