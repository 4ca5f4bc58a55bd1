"""Statements of tasks and follow-ups."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Text,
    Uuid,
    bindparam,
    cast,
    extract,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from services.coordination.cases.models import Case
from services.coordination.leads.models import Lead
from services.coordination.queries import named
from services.coordination.tasks import domain
from services.coordination.tasks.models import FollowUp, Task
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
MISSING = NotFound("TASK_NOT_FOUND", "no such task")
T = Task.__table__
F = FollowUp.__table__
C, L = Case.__table__, Lead.__table__
CHANGED = {"version": T.c.version + 1, "updated_at": bindparam("now")}


def shown(case_id: Any = T.c.case_id, lead_id: Any = T.c.lead_id) -> list[Any]:
    """A task as the API shows it: with what its case, else its lead, waits for and what comes next there.

    An INSERT names both by their binds: its new row is not there to be correlated with.
    """

    def of_subject(column: str) -> Any:
        of_case = select(C.c[column]).where(C.c.id == case_id).correlate(T).scalar_subquery()
        of_lead = select(L.c[column]).where(L.c.id == lead_id).correlate(T).scalar_subquery()
        return func.coalesce(of_case, of_lead)

    return [
        T,
        func.coalesce(of_subject("blocker"), "").label("blocker"),
        func.coalesce(func.nullif(of_subject("next_step"), ""), T.c.title).label("next_step"),
        func.coalesce(of_subject("next_step_due"), T.c.due_on).label("next_step_due"),
    ]


TASK_FOR_UPDATE = statement(select(T).where(T.c.id == bindparam("id")).with_for_update())
_TASK = upsert(T).values(
    named(
        "location_id",
        "kind",
        "title",
        "owner_id",
        "due_on",
        "value_cents",
        "patient_id",
        "case_id",
        "lead_id",
        "origin",
    )
    | {"created_at": bindparam("now"), "updated_at": bindparam("now")}
)
ADD_TASK = statement(
    _TASK.on_conflict_do_nothing(constraint="uq_task_origin").returning(
        *shown(bindparam("case_id"), bindparam("lead_id"))
    )
)
SET_TASK = statement(
    update(T)
    .where(T.c.id == bindparam("task_id"))
    .values(
        state=bindparam("state"),
        snoozed_until=bindparam("snoozed_until"),
        closed_at=bindparam("closed_at"),
        **CHANGED,
    )
    .returning(*shown())
)
CHANGE_TASK = statement(
    update(T)
    .where(T.c.id == bindparam("task_id"))
    .values(named("title", "owner_id", "due_on") | CHANGED)
    .returning(*shown())
)
WAKE_TASK = statement(
    update(T)
    .where(T.c.id == bindparam("task_id"), T.c.state == "snoozed", T.c.snoozed_until <= bindparam("now"))
    .values(state="open", snoozed_until=None, **CHANGED)
    .returning(T)
)
CLOSE_TASKS = statement(
    update(T)
    .where(T.c.case_id == bindparam("of_case"), T.c.kind == bindparam("of_kind"), T.c.closed_at.is_(None))
    .values(state="done", snoozed_until=None, closed_at=bindparam("now"), **CHANGED)
    .returning(T)
)

# domain.priority, in SQL.
_AGE_DAYS = cast(
    func.floor(extract("epoch", bindparam("now", type_=DateTime(timezone=True)) - T.c.created_at) / 86400), BigInteger
)
PRIORITY = func.greatest(T.c.value_cents, domain.LEAST_VALUE_CENTS) * (func.greatest(_AGE_DAYS, 0) + 1)
TASKS = paged(
    select(*shown(), PRIORITY.label("priority")).where(
        T.c.state == bindparam("state"),
        or_(bindparam("owner_id", type_=ID).is_(None), T.c.owner_id == bindparam("owner_id", type_=ID)),
        or_(bindparam("location_id", type_=ID).is_(None), T.c.location_id == bindparam("location_id", type_=ID)),
        or_(bindparam("case_id", type_=ID).is_(None), T.c.case_id == bindparam("case_id", type_=ID)),
        or_(bindparam("due_by", type_=Date).is_(None), T.c.due_on <= bindparam("due_by", type_=Date)),
    ),
    PRIORITY,
    T.c.id,
    descending=True,
)

ADD_FOLLOW_UP = statement(
    insert(F)
    .values(
        named(
            "location_id",
            "case_id",
            "patient_id",
            "presentation_id",
            "state",
            "channel",
            "title",
            "due_on",
            "staff_id",
            "outcome",
            "note",
            "done_at",
        )
    )
    .returning(F)
)
NEXT_FOLLOW_UP = statement(
    select(F).where(F.c.case_id == bindparam("case_id"), F.c.state == "planned").order_by(F.c.due_on, F.c.id).limit(1)
)
FULFIL_FOLLOW_UP = statement(
    update(F)
    .where(F.c.id == bindparam("follow_up_id"))
    .values(
        state="done",
        channel=bindparam("channel"),
        outcome=bindparam("outcome"),
        note=bindparam("note"),
        staff_id=bindparam("staff_id"),
        done_at=bindparam("done_at"),
    )
    .returning(F)
)
CANCEL_FOLLOW_UPS = statement(
    update(F).where(F.c.case_id == bindparam("of_case"), F.c.state == "planned").values(state="canceled")
)
FOLLOW_UPS = paged(
    select(F).where(
        or_(bindparam("case_id", type_=ID).is_(None), F.c.case_id == bindparam("case_id", type_=ID)),
        or_(bindparam("location_id", type_=ID).is_(None), F.c.location_id == bindparam("location_id", type_=ID)),
        or_(bindparam("staff_id", type_=ID).is_(None), F.c.staff_id == bindparam("staff_id", type_=ID)),
        or_(bindparam("state", type_=Text) == "", F.c.state == bindparam("state", type_=Text)),
        or_(bindparam("due_by", type_=Date).is_(None), F.c.due_on <= bindparam("due_by", type_=Date)),
    ),
    F.c.due_on,
    F.c.id,
)


async def task_for_update(db: Db, id: str) -> Row:
    """Returns the task, locked until commit, or raises NotFound."""
    return await db.one(TASK_FOR_UPDATE, id=id, missing=MISSING)


async def cancel_follow_ups(db: Db, case_id: str) -> int:
    """Cancels what is still planned for a case; returns how many steps that was."""
    return await db.run(CANCEL_FOLLOW_UPS, of_case=case_id)
