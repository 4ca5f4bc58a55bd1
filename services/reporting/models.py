"""Tables of reporting: what happened, as facts that the metrics count."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Located, TenantTable, cents, new_base

Base = new_base("reporting")
ID = Uuid(as_uuid=False)


class Location(TenantTable, Base):
    """Time zone and region of locations, as the directory told them."""

    __tablename__ = "location"

    time_zone: Mapped[str]
    region_id: Mapped[str | None] = mapped_column(ID)


class Fact(Located, TenantTable, Base):
    """One thing that happened on a local date. A subject has at most one fact of a kind, so that a replay adds nothing."""

    __tablename__ = "fact"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "subject_id"),
        CheckConstraint(
            "kind IN ('lead_added','exam_booked','exam_kept','exam_missed','visit_kept','visit_missed','start')",
            name="kind",
        ),
        Index("ix_fact_date", "tenant_id", "kind", "date", "location_id"),
        Index("ix_fact_cohort", "tenant_id", "kind", "cohort_date"),
        Index("ix_fact_case", "tenant_id", "case_id"),
    )

    kind: Mapped[str]
    subject_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    patient_id: Mapped[str | None] = mapped_column(ID)
    date: Mapped[dt.date]
    cohort_date: Mapped[dt.date | None]  # the day the case's lead was added
    variant: Mapped[str] = mapped_column(server_default="")
    amount_cents: Mapped[int | None] = cents()
    recorded_at: Mapped[dt.datetime]
