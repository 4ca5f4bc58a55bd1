"""Tables of tasks and follow-ups."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.models import ID, Base, one_of
from services.coordination.tasks import domain
from shared.db import Located, TenantTable, Versioned, cents, ref


class Task(Located, Versioned, TenantTable, Base):
    """Something to do. `origin` names what made it, so that one event makes one task."""

    __tablename__ = "task"
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        ref("lead_id", "coordination.lead"),
        CheckConstraint(one_of("state", domain.STATES), name="state"),
        CheckConstraint(one_of("kind", domain.KINDS), name="kind"),
        CheckConstraint("(state = 'snoozed') = (snoozed_until IS NOT NULL)", name="snoozed"),
        UniqueConstraint("tenant_id", "origin", name="uq_task_origin"),
        Index("ix_task_state", "tenant_id", "state", "owner_id"),
        Index("ix_task_case_id", "tenant_id", "case_id"),
    )
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    kind: Mapped[str]
    title: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ID)
    due_on: Mapped[dt.date]
    value_cents: Mapped[int] = cents(server_default=text("0"))
    snoozed_until: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    patient_id: Mapped[str | None] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    lead_id: Mapped[str | None] = mapped_column(ID)
    origin: Mapped[str | None]


class FollowUp(Located, TenantTable, Base):
    """A planned or past touch with the family of a case."""

    __tablename__ = "follow_up"
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        ref("presentation_id", "coordination.presentation"),
        CheckConstraint(one_of("state", domain.FOLLOW_UP_STATES), name="state"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done"),
        Index("ix_follow_up_due_on", "tenant_id", "due_on", "id"),
        Index("ix_follow_up_case_id", "tenant_id", "case_id", "state", "due_on"),
    )
    case_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    presentation_id: Mapped[str | None] = mapped_column(ID)
    state: Mapped[str]
    channel: Mapped[str]
    title: Mapped[str]
    due_on: Mapped[dt.date]
    staff_id: Mapped[str] = mapped_column(ID)
    outcome: Mapped[str] = mapped_column(server_default=text("''"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    done_at: Mapped[dt.datetime | None]
