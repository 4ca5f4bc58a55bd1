"""Tables of notifications: threads, messages, templates, and the ledger of what people agreed to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Located, TenantTable, Versioned, new_base, ref

Base = new_base("notifications")
ID = Uuid(as_uuid=False)


class Location(TenantTable, Base):
    """Time zones of locations, as the directory told them."""

    __tablename__ = "location"

    time_zone: Mapped[str]


class Thread(Located, TenantTable, Base):
    """A conversation with one person about one patient."""

    __tablename__ = "thread"
    __table_args__ = (
        UniqueConstraint("tenant_id", "patient_id", "party_id", postgresql_nulls_not_distinct=True),
        Index("ix_thread_last", "tenant_id", "location_id", "last_message_at", "id"),
    )

    patient_id: Mapped[str] = mapped_column(ID)
    party_id: Mapped[str | None] = mapped_column(ID)
    unanswered_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_message_at: Mapped[dt.datetime]


class Message(Located, TenantTable, Base):
    """One message, call or talk."""

    __tablename__ = "message"
    __table_args__ = (
        ref("thread_id", "notifications.thread"),
        CheckConstraint("state IN ('queued','sent','failed','canceled','received','logged')", name="state"),
        CheckConstraint("channel IN ('sms','email','portal','phone','desk')", name="channel"),
        Index("ix_message_patient", "tenant_id", "patient_id", "created_at", "id"),
        Index("ix_message_location", "tenant_id", "location_id", "created_at", "id"),
        Index("ix_message_thread", "tenant_id", "thread_id", "created_at", "id"),
        Index(
            "ix_message_appointment", "tenant_id", "appointment_id", postgresql_where=text("appointment_id IS NOT NULL")
        ),
    )

    thread_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    party_id: Mapped[str | None] = mapped_column(ID)
    inbound: Mapped[bool] = mapped_column(server_default=text("false"))
    channel: Mapped[str]
    purpose: Mapped[str]
    template_kind: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str] = mapped_column(server_default="")
    params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    failure_reason: Mapped[str] = mapped_column(server_default="")
    appointment_id: Mapped[str | None] = mapped_column(ID)
    due_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class Template(Versioned, TenantTable, Base):
    """The group's own text of a kind, channel and language; without one the built-in text is used."""

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("tenant_id", "kind", "channel", "language"),)

    kind: Mapped[str]
    channel: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str]


class ConsentEvent(TenantTable, Base):
    """One opt-in or opt-out with its evidence; the newest of a channel and purpose counts. Never changed, never deleted."""

    __tablename__ = "consent_event"
    __table_args__ = (Index("ix_consent_event_party", "tenant_id", "party_id", "channel", "purpose", "said_at"),)
    append_only = True

    patient_id: Mapped[str] = mapped_column(ID)
    party_id: Mapped[str] = mapped_column(ID)
    channel: Mapped[str]
    purpose: Mapped[str]
    allowed: Mapped[bool]
    evidence: Mapped[str]
    said_by: Mapped[str]
    said_at: Mapped[dt.datetime]
