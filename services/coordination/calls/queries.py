"""Statements of calls to families."""

from __future__ import annotations

from sqlalchemy import Date, Uuid, bindparam, insert, or_, select, update

from services.coordination.calls.models import PhoneCall
from services.coordination.queries import named
from services.coordination.tasks.models import FollowUp
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
MISSING = NotFound("PHONE_CALL_NOT_FOUND", "no such call")
P, F = PhoneCall.__table__, FollowUp.__table__

ADD_CALL = statement(
    insert(P)
    .values(
        named(
            "location_id",
            "patient_id",
            "reason",
            "subject_id",
            "case_id",
            "outcome",
            "call_again_on",
            "note",
            "staff_id",
            "called_on",
            "created_at",
            "before",
        )
    )
    .returning(P)
)
CALL_FOR_UPDATE = statement(select(P).where(P.c.id == bindparam("id"), P.c.taken_back_at.is_(None)).with_for_update())
LATER_CALL = statement(
    select(P.c.id)
    .where(P.c.subject_id == bindparam("subject_id"), P.c.id > bindparam("after"), P.c.taken_back_at.is_(None))
    .limit(1)
)
TAKE_BACK = statement(update(P).where(P.c.id == bindparam("call_id")).values(named("taken_back_at")).returning(P))
CALLS = paged(
    select(P).where(
        P.c.taken_back_at.is_(None),
        or_(bindparam("location_id", type_=ID).is_(None), P.c.location_id == bindparam("location_id", type_=ID)),
        P.c.called_on >= bindparam("first_day", type_=Date),
    ),
    P.c.called_on,
    P.c.id,
    descending=True,
)

# The touch of a case's plan that a call was, moved, or is again to be.
POSTPONE_FOLLOW_UP = statement(update(F).where(F.c.id == bindparam("follow_up_id")).values(named("due_on")))
PLAN_FOLLOW_UP_AGAIN = statement(
    update(F)
    .where(F.c.id == bindparam("follow_up_id"))
    .values(state="planned", outcome="", note="", done_at=None, **named("channel", "due_on", "staff_id"))
)


async def call_for_update(db: Db, id: str) -> Row:
    """Returns a call that counts, locked until commit, or raises NotFound."""
    return await db.one(CALL_FOR_UPDATE, id=id, missing=MISSING)
