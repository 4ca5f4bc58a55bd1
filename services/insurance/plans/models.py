"""Tables of payers, their plans and the group's own procedure codes. They belong to the group, not to a location."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.insurance.models import ID, Base, one_of
from shared.db import TenantTable, Versioned, ref


class Payer(Versioned, TenantTable, Base):
    """An insurance company; `payer_code` is its number at the clearinghouse."""

    __tablename__ = "payer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "payer_code", name="uq_payer_payer_code"),
        Index("ix_payer_name", "tenant_id", "name", "id"),
    )
    name: Mapped[str]
    payer_code: Mapped[str]
    phone: Mapped[str]
    timely_filing_days: Mapped[int]


class Plan(Versioned, TenantTable, Base):
    """A plan and how it pays for orthodontics: data, because a wrong rule makes every expectation false."""

    __tablename__ = "plan"
    __table_args__ = (
        ref("payer_id", "insurance.payer"),
        one_of("payment_model", "auto_pay", "bill_as_you_go", "lump_sum", "takeover", "case_rate"),
        one_of("base", "charge", "liability"),
        one_of("cadence", "monthly", "quarterly", "lump"),
        one_of("work_in_progress", "prorated", "excluded", "full"),
        CheckConstraint("initial_share_basis_points BETWEEN 0 AND 10000", name="initial_share"),
        CheckConstraint("maximum_months BETWEEN 0 AND 120", name="maximum_months"),
        Index("ix_plan_payer_id", "tenant_id", "payer_id", "name", "id"),
        Index("ix_plan_name", "tenant_id", "name", "id"),
    )
    payer_id: Mapped[str] = mapped_column(ID)
    name: Mapped[str]
    group_number: Mapped[str]
    payment_model: Mapped[str]
    base: Mapped[str]
    cadence: Mapped[str]
    initial_share_basis_points: Mapped[int]
    maximum_months: Mapped[int]
    work_in_progress: Mapped[str]
    benefits_assigned: Mapped[bool]


class ProcedureCode(TenantTable, Base):
    """The group's licensed code for an internal concept. Archwire ships none."""

    __tablename__ = "procedure_code"
    __table_args__ = (UniqueConstraint("tenant_id", "concept", name="uq_procedure_code_concept"),)
    concept: Mapped[str]
    code: Mapped[str]
