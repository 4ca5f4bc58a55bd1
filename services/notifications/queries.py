"""Every SQL statement of notifications."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Boolean, Text, Uuid, and_, bindparam, case, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.notifications import domain
from services.notifications.models import ConsentEvent, Location, Message, Template, Thread
from shared.db import Db, Row, check_version, statement
from shared.errors import NotFound
from shared.paging import paged

NO_MESSAGE = NotFound("MESSAGE_NOT_FOUND", "there is no such message")


def _optional(column: Any, name: str, kind: Any = None) -> Any:
    """`column = :name`, or everything when the parameter is null."""
    value = bindparam(name, type_=kind or Uuid(as_uuid=False))
    return or_(value.is_(None), column == value)


# --- locations ---

SAVE_LOCATION = statement(
    insert(Location)
    .values(id=bindparam("id"), time_zone=bindparam("time_zone"))
    .on_conflict_do_update(index_elements=["tenant_id", "id"], set_={"time_zone": bindparam("zone_again", type_=Text)})
)


async def save_location(db: Db, location_id: str, time_zone: str) -> None:
    await db.run(SAVE_LOCATION, id=location_id, time_zone=time_zone, zone_again=time_zone)


# --- threads ---

OPEN_THREAD = statement(
    insert(Thread)
    .values(
        patient_id=bindparam("patient_id"),
        party_id=bindparam("party_id"),
        location_id=bindparam("location_id"),
        last_message_at=bindparam("at"),
        unanswered_count=bindparam("unanswered"),
    )
    .on_conflict_do_update(
        index_elements=["tenant_id", "patient_id", "party_id"],
        set_={
            "last_message_at": bindparam("at_again", type_=Thread.last_message_at.type),
            "unanswered_count": case(
                (bindparam("inbound", type_=Boolean), Thread.unanswered_count + 1),
                (bindparam("answers", type_=Boolean), 0),
                else_=Thread.unanswered_count,
            ),
        },
    )
    .returning(Thread.__table__)
)
THREAD = statement(select(Thread.__table__).where(Thread.id == bindparam("id")))
THREADS = paged(
    select(Thread.__table__).where(
        _optional(Thread.location_id, "location_id"),
        _optional(Thread.patient_id, "patient_id"),
        or_(~cast(bindparam("unanswered_only", type_=Boolean), Boolean), Thread.unanswered_count > 0),
    ),
    Thread.last_message_at,
    Thread.id,
    descending=True,
)


async def open_thread(
    db: Db,
    patient_id: str,
    party_id: str | None,
    location_id: str,
    at: dt.datetime,
    *,
    inbound: bool = False,
    answers: bool = False,
) -> Row:
    """The conversation, made when there is none yet, with its newest moment."""
    return await db.one(
        OPEN_THREAD,
        patient_id=patient_id,
        party_id=party_id,
        location_id=location_id,
        at=at,
        at_again=at,
        unanswered=1 if inbound else 0,
        inbound=inbound,
        answers=answers,
    )


async def thread(db: Db, thread_id: str) -> Row:
    return await db.one(THREAD, missing=NotFound("THREAD_NOT_FOUND", "there is no such conversation"), id=thread_id)


# --- messages ---

_COLUMNS = (
    "thread_id", "patient_id", "party_id", "location_id", "inbound", "channel", "purpose", "template_kind", "state", "subject",
    "body", "params", "appointment_id", "due_at", "sent_at", "created_at",
)  # fmt: skip
ADD_MESSAGE = statement(
    insert(Message).values({name: bindparam(name) for name in _COLUMNS}).returning(Message.__table__)
)
MESSAGE = statement(select(Message.__table__).where(Message.id == bindparam("id")))
MESSAGE_FOR_UPDATE = statement(select(Message.__table__).where(Message.id == bindparam("id")).with_for_update())
MESSAGES = paged(
    select(Message.__table__).where(
        _optional(Message.patient_id, "patient_id"),
        _optional(Message.location_id, "location_id"),
        _optional(Message.thread_id, "thread_id"),
        _optional(Message.state, "state", Text),
    ),
    Message.created_at,
    Message.id,
    descending=True,
)
MARK_SENT = statement(
    update(Message)
    .where(Message.id == bindparam("message_id"))
    .values(state="sent", subject=bindparam("subject"), body=bindparam("body"), sent_at=bindparam("at"))
)
MARK_FAILED = statement(
    update(Message)
    .where(Message.id == bindparam("message_id"))
    .values(state="failed", failure_reason=bindparam("failure_reason"))
)
POSTPONE = statement(update(Message).where(Message.id == bindparam("message_id")).values(due_at=bindparam("due_at")))
TOLD_CANCELED = statement(
    select(Message.id)
    .where(
        Message.appointment_id == bindparam("about"),
        Message.template_kind == "appointment_canceled",
        Message.state != "queued",
    )
    .limit(1)
)
CANCEL_QUEUED = statement(
    update(Message)
    .where(Message.appointment_id == bindparam("about"), Message.state == "queued")
    .values(state="canceled")
)


WITHDRAW_CALL = statement(
    update(Message)
    .where(
        Message.patient_id == bindparam("of_patient"),
        Message.state == "logged",
        Message.params["phone_call_id"].astext == bindparam("phone_call_id", type_=Text),
    )
    .values(state="canceled")
)


async def add_message(db: Db, thread_row: Row, now: dt.datetime, **values: Any) -> Row:
    """Adds a message to a conversation."""
    defaults: dict[str, Any] = {
        "inbound": False, "template_kind": "", "subject": "", "body": "", "params": {}, "appointment_id": None, "due_at": now,
        "sent_at": None, "created_at": now, "thread_id": thread_row.id, "patient_id": thread_row.patient_id,
        "party_id": thread_row.party_id, "location_id": thread_row.location_id,
    }  # fmt: skip
    return await db.one(ADD_MESSAGE, **{**defaults, **values})


async def message(db: Db, message_id: str) -> Row:
    return await db.one(MESSAGE, missing=NO_MESSAGE, id=message_id)


# --- templates ---

TEMPLATE = statement(
    select(Template.__table__).where(
        Template.kind == bindparam("kind"),
        Template.channel == bindparam("channel"),
        Template.language == bindparam("language"),
    )
)
TEMPLATE_FOR_UPDATE = statement(
    select(Template.__table__)
    .where(
        Template.kind == bindparam("kind"),
        Template.channel == bindparam("channel"),
        Template.language == bindparam("language"),
    )
    .with_for_update()
)
TEMPLATES = paged(select(Template.__table__), Template.kind, Template.id)
ADD_TEMPLATE = statement(
    insert(Template)
    .values({name: bindparam(name) for name in ("kind", "channel", "language", "subject", "body")})
    .on_conflict_do_nothing()
    .returning(Template.__table__)
)
CHANGE_TEMPLATE = statement(
    update(Template)
    .where(Template.id == bindparam("template_id"))
    .values(
        subject=bindparam("subject"), body=bindparam("body"), version=Template.version + 1, updated_at=bindparam("now")
    )
    .returning(Template.__table__)
)


async def wording(db: Db, kind: str, channel: str, language: str) -> tuple[str, str]:
    """Subject and text of a kind of message: the group's own, else the built-in ones."""
    own = await db.first(TEMPLATE, kind=kind, channel=channel, language=language)
    return (own.subject, own.body) if own else domain.BUILT_IN[(kind, language)]


async def save_template(db: Db, request: Any, channel: str, now: dt.datetime) -> Row | None:
    """The saved template, or None when it exists although version 0 was said. Raises STALE_VERSION."""
    key = {"kind": request.kind, "channel": channel, "language": request.language}
    if not request.version:
        return await db.first(ADD_TEMPLATE, **key, subject=request.subject, body=request.body)
    row = await db.one(TEMPLATE_FOR_UPDATE, missing=NotFound("TEMPLATE_NOT_FOUND", "there is no such template"), **key)
    check_version(row, request.version)
    return await db.one(CHANGE_TEMPLATE, template_id=row.id, subject=request.subject, body=request.body, now=now)


# --- consent ---

_LATEST = (
    select(ConsentEvent.__table__)
    .where(ConsentEvent.party_id == bindparam("party_id"))
    .ext(distinct_on(ConsentEvent.channel, ConsentEvent.purpose))
    .order_by(ConsentEvent.channel, ConsentEvent.purpose, ConsentEvent.said_at.desc(), ConsentEvent.id.desc())
)
PREFERENCES = statement(_LATEST)
SAID = statement(
    select(ConsentEvent.allowed)
    .where(
        and_(
            ConsentEvent.party_id == bindparam("party_id"),
            ConsentEvent.channel == bindparam("channel"),
            ConsentEvent.purpose == bindparam("purpose"),
        )
    )
    .order_by(ConsentEvent.said_at.desc(), ConsentEvent.id.desc())
    .limit(1)
)
_CONSENT = ("patient_id", "party_id", "channel", "purpose", "allowed", "evidence", "said_by", "said_at")
ADD_CONSENT = statement(
    insert(ConsentEvent).values({name: bindparam(name) for name in _CONSENT}).returning(ConsentEvent.__table__)
)


async def said(db: Db, party_id: str | None, channel: str, purpose: str) -> bool | None:
    """The person's last word on a channel and purpose; None when there is none."""
    if party_id is None:
        return None
    row = await db.first(SAID, party_id=party_id, channel=channel, purpose=purpose)
    return None if row is None else bool(row.allowed)


LOCK_PARTY = statement(select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("party", type_=Text), 0))))
