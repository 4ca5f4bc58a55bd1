"""Tables of coverages and their verifications. A verification is evidence: it is added, never changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.insurance.models import ID, Base, one_of
from shared.db import Located, TenantTable, Versioned, ref
from shared.tables import TIMESTAMPTZ


class Coverage(Located, Versioned, TenantTable, Base):
    """A patient's insurance by one plan; at most one that runs per priority."""

    __tablename__ = "coverage"
    __table_args__ = (
        ref("plan_id", "insurance.plan"),
        one_of("relationship", "self", "child", "spouse", "other"),
        one_of("priority", "primary", "secondary", "tertiary"),
        Index("ix_coverage_patient_id", "tenant_id", "patient_id", "id"),
        Index(
            "uq_coverage_priority",
            "tenant_id",
            "patient_id",
            "priority",
            unique=True,
            postgresql_where=text("ends_on IS NULL"),
        ),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    plan_id: Mapped[str] = mapped_column(ID)
    relationship: Mapped[str]
    subscriber_party_id: Mapped[str | None] = mapped_column(ID)
    member_id: Mapped[str]
    group_number: Mapped[str]
    priority: Mapped[str]
    effective_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]


class Verification(Located, TenantTable, Base):
    """Benefits as learned once: who, when, how, and the raw file where there was one."""

    append_only = True
    __tablename__ = "verification"
    __table_args__ = (
        ref("coverage_id", "insurance.coverage"),
        one_of("method", "x12", "phone", "portal"),
        one_of("outcome", "answered", "rejected"),
        Index("ix_verification_coverage_id", "tenant_id", "coverage_id", "id"),
    )
    coverage_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    method: Mapped[str]
    outcome: Mapped[str]
    verified_by: Mapped[str]
    answered_by: Mapped[str]
    reference: Mapped[str]
    answered_on: Mapped[dt.date]  # the day that the payer's file bears, which may be long before it came here
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    benefits: Mapped[dict[str, Any]]  # what eligibility/summary.py writes and reads
    findings: Mapped[list[Any]]  # [{code, severity, position, segment, element, message}]
    created_at: Mapped[dt.datetime] = mapped_column(TIMESTAMPTZ)


class BenefitRow(Located, TenantTable, Base):
    """One EB loop of a verification, with the codes as sent."""

    append_only = True
    __tablename__ = "benefit_row"
    __table_args__ = (
        ref("verification_id", "insurance.verification"),
        UniqueConstraint("tenant_id", "verification_id", "position", name="uq_benefit_row_position"),
    )
    verification_id: Mapped[str] = mapped_column(ID)
    position: Mapped[int]
    last_position: Mapped[int]
    information: Mapped[str]
    level: Mapped[str]
    service_types: Mapped[list[str]]
    insurance_type: Mapped[str]
    plan_name: Mapped[str]
    period: Mapped[str]
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    percent_basis_points: Mapped[int | None]
    quantity_qualifier: Mapped[str]
    quantity: Mapped[str]
    network: Mapped[str]
    procedure: Mapped[str]
    messages: Mapped[list[str]]
