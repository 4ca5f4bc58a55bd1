"""Table of leads."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.cases.domain import BLOCKERS
from services.coordination.leads import domain
from services.coordination.models import ID, Base, one_of
from shared.db import Located, TenantTable, Versioned


class Lead(Located, Versioned, TenantTable, Base):
    """An enquiry. `phone_key` and `email_key` find other enquiries of the same family."""

    __tablename__ = "lead"
    __table_args__ = (
        CheckConstraint(one_of("state", domain.STATES), name="state"),
        CheckConstraint(one_of("blocker", BLOCKERS, empty=True), name="blocker"),
        CheckConstraint("next_step <> ''", name="next_step"),
        CheckConstraint("(state = 'registered') = (patient_id IS NOT NULL)", name="registered"),
        CheckConstraint("(state = 'lost') = (lost_reason <> '')", name="lost"),
        Index("ix_lead_next_step_due", "tenant_id", "next_step_due", "id"),
        Index("ix_lead_open", "tenant_id", "next_step_due", "id", postgresql_where=text(one_of("state", domain.OPEN))),
        Index("ix_lead_phone_key", "tenant_id", "phone_key", postgresql_where=text("phone_key <> ''")),
        Index("ix_lead_email_key", "tenant_id", "email_key", postgresql_where=text("email_key <> ''")),
    )
    state: Mapped[str] = mapped_column(server_default=text("'new'"))
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str]
    phone_key: Mapped[str]
    email_key: Mapped[str]
    patient_first_name: Mapped[str]
    patient_birth_date: Mapped[dt.date | None]
    language: Mapped[str]
    note: Mapped[str]
    source: Mapped[str]
    source_detail: Mapped[str]
    partner_id: Mapped[str | None] = mapped_column(ID)
    owner_id: Mapped[str] = mapped_column(ID)
    blocker: Mapped[str] = mapped_column(server_default=text("''"))
    next_step: Mapped[str]
    next_step_due: Mapped[dt.date]
    lost_reason: Mapped[str] = mapped_column(server_default=text("''"))
    patient_id: Mapped[str | None] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    contacted_at: Mapped[dt.datetime | None]
