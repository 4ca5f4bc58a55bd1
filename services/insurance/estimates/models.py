"""Table of estimates: what was said to a family, with every input, never changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.insurance.models import ID, Base
from shared.db import Located, TenantTable, cents, ref
from shared.tables import TIMESTAMPTZ


class Estimate(Located, TenantTable, Base):
    """What a plan is expected to pay for a treatment. Lists hold the keys of the API's messages, money as `…_cents`."""

    append_only = True
    __tablename__ = "estimate"
    __table_args__ = (
        ref("coverage_id", "insurance.coverage"),
        ref("verification_id", "insurance.verification"),
        CheckConstraint("expected_cents BETWEEN 0 AND total_fee_cents", name="expected"),
        Index("ix_estimate_coverage_id", "tenant_id", "coverage_id", "id"),
        Index("ix_estimate_patient_id", "tenant_id", "patient_id", "id"),
    )
    coverage_id: Mapped[str] = mapped_column(ID)
    verification_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    total_fee_cents: Mapped[int] = cents()
    not_covered_cents: Mapped[int] = cents()
    used_elsewhere_cents: Mapped[int] = cents()
    expected_cents: Mapped[int] = cents()
    treatment_months: Mapped[int]
    months_elapsed: Mapped[int]
    start_on: Mapped[dt.date]
    instalments: Mapped[list[Any]]
    lines: Mapped[list[Any]]
    warnings: Mapped[list[Any]]
    created_at: Mapped[dt.datetime] = mapped_column(TIMESTAMPTZ)
