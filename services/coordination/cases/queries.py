"""Statements of cases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.dialects.postgresql import insert as upsert

from services.coordination.cases import domain
from services.coordination.cases.models import Case, Consult, Transition, Visit
from services.coordination.queries import named
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
MISSING = NotFound("CASE_NOT_FOUND", "no such case")
ONE_OPEN = {"uq_treatment_case_open": Conflict("CASE_ALREADY_OPEN", "the patient has an open case")}
T = Case.__table__
IS_OPEN = T.c.state == any_(array(domain.OPEN))
IS_ACTIVE = T.c.state == any_(array(domain.ACTIVE))
NEXT_VISIT = select(func.min(Visit.start_time)).where(Visit.case_id == T.c.id).scalar_subquery().label("next_visit_at")
SAVED = (
    "state", "state_time", "phase", "held_from", "owner_id", "blocker", "next_step", "next_step_due",
    "reason_not_started", "recommended_at", "presented_at", "exam_kept_at", "stage", "stage_time", "last_blocker",
)  # fmt: skip
CHANGED = {"version": T.c.version + 1, "updated_at": bindparam("now")}


def _when(name: str, condition: Any) -> Any:
    """The condition, wherever the flag `name` is set."""
    return or_(not_(bindparam(name, type_=Boolean)), condition)


CASE = statement(select(T, NEXT_VISIT).where(T.c.id == bindparam("id")))
CASE_FOR_UPDATE = statement(select(T).where(T.c.id == bindparam("id")).with_for_update())
# The case that an event is about when it names none: the patient's open one, else the latest.
CASE_OF_PATIENT = statement(
    select(T)
    .where(T.c.patient_id == bindparam("patient_id"))
    .order_by(IS_OPEN.desc(), T.c.created_at.desc())
    .limit(1)
    .with_for_update()
)
ADD_CASE = statement(
    insert(T)
    .values(
        patient_id=bindparam("patient_id"),
        location_id=bindparam("location_id"),
        lead_id=bindparam("lead_id"),
        source=bindparam("source"),
        state=bindparam("state"),
        stage=bindparam("stage"),
        stage_time=bindparam("now"),
        state_time=bindparam("now"),
        owner_id=bindparam("owner_id"),
        next_step=bindparam("next_step"),
        next_step_due=bindparam("next_step_due"),
        created_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
    .returning(T)
)
SAVE_CASE = statement(update(T).where(T.c.id == bindparam("case_id")).values(named(*SAVED) | CHANGED).returning(T))
STARTED = statement(
    update(T)
    .where(T.c.id == bindparam("case_id"))
    .values(started_on=bindparam("started_on"), first_estimated_end=bindparam("estimated_end"))
)
VALUE = statement(update(T).where(T.c.id == bindparam("case_id")).values(value_cents=bindparam("cents"), **CHANGED))
SEEN = statement(
    update(T)
    .where(T.c.id == bindparam("case_id"))
    .values(
        last_seen_at=func.greatest(func.coalesce(T.c.last_seen_at, bindparam("seen_at")), bindparam("seen_at")),
        misses_in_row=0,
    )
)
FORGIVEN = statement(
    update(T).where(T.c.id == bindparam("case_id")).values(misses_in_row=func.greatest(T.c.misses_in_row - 1, 0))
)
MISSED = statement(update(T).where(T.c.id == bindparam("case_id")).values(misses_in_row=T.c.misses_in_row + 1))

ADD_TRANSITION = statement(
    insert(Transition).values(
        named("location_id", "case_id", "from_state", "to_state", "trigger", "staff_id", "reason", "event_time")
    )
)
TRANSITIONS = statement(
    select(Transition.__table__).where(Transition.case_id == bindparam("case_id")).order_by(Transition.id)
)
ADD_CONSULT = statement(
    insert(Consult.__table__)
    .values(
        named(
            "location_id",
            "case_id",
            "patient_id",
            "appointment_id",
            "provider_id",
            "outcome",
            "phase",
            "treatment_months",
            "recall_on",
            "created_at",
        )
    )
    .returning(Consult.__table__)
)
CONSULTS = statement(
    select(Consult.__table__).where(Consult.case_id == bindparam("case_id")).order_by(Consult.id.desc())
)

_VISIT = upsert(Visit).values(
    id=bindparam("appointment_id"),
    case_id=bindparam("case_id"),
    location_id=bindparam("location_id"),
    start_time=bindparam("start_time"),
)
SAVE_VISIT = statement(
    _VISIT.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={"start_time": _VISIT.excluded.start_time, "location_id": _VISIT.excluded.location_id},
    )
)
COMING_VISIT = statement(
    select(Visit.start_time)
    .where(Visit.case_id == bindparam("case_id"), Visit.start_time >= bindparam("now"))
    .order_by(Visit.start_time)
    .limit(1)
)
END_VISIT = statement(Visit.__table__.delete().where(Visit.id == bindparam("appointment_id")))

CASES = paged(
    select(T, NEXT_VISIT).where(
        T.c.state == any_(bindparam("states", type_=ARRAY(Text))),
        or_(bindparam("owner_id", type_=ID).is_(None), T.c.owner_id == bindparam("owner_id", type_=ID)),
        or_(bindparam("location_id", type_=ID).is_(None), T.c.location_id == bindparam("location_id", type_=ID)),
        or_(bindparam("patient_id", type_=ID).is_(None), T.c.patient_id == bindparam("patient_id", type_=ID)),
        or_(bindparam("blocker", type_=Text) == "", T.c.blocker == bindparam("blocker", type_=Text)),
        _when("overdue_step", and_(IS_OPEN, T.c.next_step_due < bindparam("today", type_=Date))),
        _when("no_next_visit", and_(IS_ACTIVE, ~select(Visit.id).where(Visit.case_id == T.c.id).exists())),
        _when(
            "not_seen",
            and_(
                IS_ACTIVE,
                func.coalesce(T.c.last_seen_at, T.c.state_time)
                < bindparam("seen_before", type_=DateTime(timezone=True)),
            ),
        ),
        _when("missed_visits", and_(IS_OPEN, T.c.misses_in_row > domain.MISSES_ALLOWED)),
        _when("over_estimate", and_(IS_ACTIVE, T.c.first_estimated_end < bindparam("today", type_=Date))),
    ),
    T.c.next_step_due,
    T.c.id,
)
ATTENTION = ("overdue_step", "no_next_visit", "not_seen", "missed_visits", "over_estimate")


async def read_case(db: Db, id: str) -> Row:
    """Returns the case with its next visit, or raises NotFound."""
    return await db.one(CASE, id=id, missing=MISSING)


async def case_for_update(db: Db, id: str) -> Row:
    """Returns the case, locked until commit, or raises NotFound."""
    return await db.one(CASE_FOR_UPDATE, id=id, missing=MISSING)


async def case_of_event(db: Db, event: Any) -> Row | None:
    """The case that an event of another service is about, locked until commit; None when there is none."""
    if getattr(event, "case_id", "") and (row := await db.first(CASE_FOR_UPDATE, id=event.case_id)):
        return row
    return await db.first(CASE_OF_PATIENT, patient_id=event.patient_id)
