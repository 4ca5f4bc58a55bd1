"""Tables of presentations: the presentation, its options, and to whom it was sent."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.models import ID, Base, one_of
from services.coordination.presentations import domain
from shared.db import Located, TenantTable, Versioned, cents, ref


class Presentation(Located, Versioned, TenantTable, Base):
    """Treatment options side by side; prices live in contracts' quotes."""

    __tablename__ = "presentation"
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        CheckConstraint(one_of("state", domain.STATES), name="state"),
        CheckConstraint("(state = 'chosen') = (chosen_option_id IS NOT NULL)", name="chosen"),
        Index("ix_presentation_case_id", "tenant_id", "case_id"),
        Index("ix_presentation_created_at", "tenant_id", "created_at", "id"),
    )
    case_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    title: Mapped[str]
    message: Mapped[str]
    staff_id: Mapped[str] = mapped_column(ID)
    chosen_option_id: Mapped[str | None] = mapped_column(ID)
    chosen_party_id: Mapped[str | None] = mapped_column(ID)
    chosen_at: Mapped[dt.datetime | None]


class OfferedQuote(Located, TenantTable, Base):
    """What a quote of contracts comes to, known from its event (its id is the quote's): the worth of an option."""

    __tablename__ = "offered_quote"
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        Index("ix_offered_quote_case_id", "tenant_id", "case_id", "quoted_at"),
    )
    case_id: Mapped[str] = mapped_column(ID)
    total_fee_cents: Mapped[int] = cents()
    quoted_at: Mapped[dt.datetime]


class Option(Located, TenantTable, Base):
    """One option; `position` is its place on the screen, from 0."""

    __tablename__ = "presentation_option"
    __table_args__ = (
        ref("presentation_id", "coordination.presentation"),
        UniqueConstraint("tenant_id", "presentation_id", "position", name="uq_presentation_option_position"),
    )
    presentation_id: Mapped[str] = mapped_column(ID)
    position: Mapped[int]
    quote_id: Mapped[str] = mapped_column(ID)
    title: Mapped[str]
    appliance: Mapped[str]
    description: Mapped[str]
    recommended: Mapped[bool]
    consent_kind: Mapped[str]


class Share(Located, TenantTable, Base):
    """One responsible party to whom a presentation was sent, and whether it was looked at."""

    __tablename__ = "presentation_share"
    __table_args__ = (
        ref("presentation_id", "coordination.presentation"),
        UniqueConstraint("tenant_id", "presentation_id", "party_id", name="uq_presentation_share_party_id"),
    )
    presentation_id: Mapped[str] = mapped_column(ID)
    party_id: Mapped[str] = mapped_column(ID)
    shared_at: Mapped[dt.datetime]
    opened_at: Mapped[dt.datetime | None]
    last_opened_at: Mapped[dt.datetime | None]
    open_count: Mapped[int] = mapped_column(server_default=text("0"))
