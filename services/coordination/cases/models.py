"""Tables of cases: the case, its moves, its consultations, its booked visits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.cases import domain
from services.coordination.models import ID, Base, one_of
from services.coordination.pipeline import domain as pipeline
from shared.db import Located, TenantTable, Versioned, ref

OPEN = one_of("state", domain.OPEN)


class Case(Located, Versioned, TenantTable, Base):
    """A patient's way through the practice. The checks keep an open case from being left without a next step.

    `stage` is its column on the pipeline; `last_blocker` what stood in the way last before the start, for the report.
    """

    __tablename__ = "treatment_case"  # CASE is a word of SQL
    __table_args__ = (
        CheckConstraint(one_of("state", tuple(domain.STATES)), name="state"),
        CheckConstraint(one_of("phase", domain.PHASES, empty=True), name="phase"),
        CheckConstraint(one_of("blocker", domain.BLOCKERS, empty=True), name="blocker"),
        CheckConstraint(f"({one_of('state', domain.PAUSED)}) = (held_from <> '')", name="held_from"),
        CheckConstraint(f"NOT ({OPEN}) OR next_step <> ''", name="next_step"),
        CheckConstraint(one_of("stage", pipeline.STAGES, empty=True), name="stage"),
        CheckConstraint(one_of("last_blocker", domain.BLOCKERS, empty=True), name="last_blocker"),
        Index("uq_treatment_case_open", "tenant_id", "patient_id", unique=True, postgresql_where=text(OPEN)),
        Index("ix_treatment_case_patient_id", "tenant_id", "patient_id", "created_at"),
        Index("ix_treatment_case_next_step_due", "tenant_id", "next_step_due", "id"),
        Index(
            "ix_treatment_case_stage",
            "tenant_id",
            "stage",
            "next_step_due",
            "id",
            postgresql_where=text("stage <> ''"),
        ),
        Index(
            "ix_treatment_case_recommended_at",
            "tenant_id",
            "recommended_at",
            postgresql_where=text("recommended_at IS NOT NULL"),
        ),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    lead_id: Mapped[str | None] = mapped_column(ID)
    state: Mapped[str]
    state_time: Mapped[dt.datetime]
    phase: Mapped[str] = mapped_column(server_default=text("''"))
    held_from: Mapped[str] = mapped_column(server_default=text("''"))
    owner_id: Mapped[str] = mapped_column(ID)
    blocker: Mapped[str] = mapped_column(server_default=text("''"))
    next_step: Mapped[str]
    next_step_due: Mapped[dt.date]
    value_cents: Mapped[int | None] = mapped_column(BigInteger)
    reason_not_started: Mapped[str] = mapped_column(server_default=text("''"))
    recommended_at: Mapped[dt.datetime | None]
    presented_at: Mapped[dt.datetime | None]
    started_on: Mapped[dt.date | None]
    first_estimated_end: Mapped[dt.date | None]
    last_seen_at: Mapped[dt.datetime | None]
    source: Mapped[str] = mapped_column(server_default=text("''"))
    stage: Mapped[str] = mapped_column(server_default=text("''"))
    stage_time: Mapped[dt.datetime]
    exam_kept_at: Mapped[dt.datetime | None]
    last_blocker: Mapped[str] = mapped_column(server_default=text("''"))
    misses_in_row: Mapped[int] = mapped_column(server_default=text("0"))


class Transition(Located, TenantTable, Base):
    """One move of a case; never changed."""

    __tablename__ = "case_transition"
    append_only = True
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        Index("ix_case_transition_case_id", "tenant_id", "case_id", "id"),
    )
    case_id: Mapped[str] = mapped_column(ID)
    from_state: Mapped[str]
    to_state: Mapped[str]
    trigger: Mapped[str]
    staff_id: Mapped[str | None] = mapped_column(ID)
    reason: Mapped[str]
    event_time: Mapped[dt.datetime]


class Consult(Located, TenantTable, Base):
    """The outcome of one consultation; never changed."""

    __tablename__ = "consult"
    append_only = True
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        Index("ix_consult_case_id", "tenant_id", "case_id", "id"),
    )
    case_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    appointment_id: Mapped[str | None] = mapped_column(ID)
    provider_id: Mapped[str] = mapped_column(ID)
    outcome: Mapped[str]
    phase: Mapped[str]
    treatment_months: Mapped[int]
    recall_on: Mapped[dt.date | None]
    created_at: Mapped[dt.datetime]


class Visit(Located, TenantTable, Base):
    """A booked visit of a case, known from scheduling's events (its id is the appointment's); gone once over."""

    __tablename__ = "booked_visit"
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        Index("ix_booked_visit_case_id", "tenant_id", "case_id", "start_time"),
    )
    case_id: Mapped[str] = mapped_column(ID)
    start_time: Mapped[dt.datetime]
