"""Table of calls to families."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.calls import domain
from services.coordination.models import ID, Base, one_of
from shared.db import Located, TenantTable, ref


class PhoneCall(Located, TenantTable, Base):
    """A call that was made. `before` is the case's plan as it was, for a follow-up that is taken back."""

    __tablename__ = "phone_call"
    __table_args__ = (
        ref("case_id", "coordination.treatment_case"),
        CheckConstraint(one_of("reason", domain.REASONS), name="reason"),
        CheckConstraint(one_of("outcome", domain.OUTCOMES), name="outcome"),
        CheckConstraint("(outcome = 'call_back') = (call_again_on IS NOT NULL)", name="call_again_on"),
        CheckConstraint("(reason = 'follow_up') = (case_id IS NOT NULL)", name="case_id"),
        Index("ix_phone_call_called_on", "tenant_id", "called_on", "id"),
        Index("ix_phone_call_subject_id", "tenant_id", "subject_id", "id"),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    reason: Mapped[str]
    subject_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    outcome: Mapped[str]
    call_again_on: Mapped[dt.date | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    staff_id: Mapped[str] = mapped_column(ID)
    called_on: Mapped[dt.date]
    created_at: Mapped[dt.datetime]
    taken_back_at: Mapped[dt.datetime | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
