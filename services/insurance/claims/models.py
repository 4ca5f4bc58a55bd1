"""Tables of claims and of the payments that a payer is expected to make."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.insurance.models import ID, Base, one_of
from shared.db import Located, TenantTable, Versioned, cents, ref


class ClaimCase(Located, Versioned, TenantTable, Base):
    """The parent of every claim of one contract at one payer; placement date and months are the same on all."""

    __tablename__ = "claim_case"
    __table_args__ = (
        ref("coverage_id", "insurance.coverage"),
        ref("payer_id", "insurance.payer"),
        one_of("state", "draft", "submitted", "in_payment", "exhausted", "completed", "ended"),
        UniqueConstraint("tenant_id", "contract_id", "payer_id", name="uq_claim_case_contract_id"),
        Index(
            "uq_claim_case_case_id",
            "tenant_id",
            "case_id",
            "payer_id",
            unique=True,
            postgresql_where=text("contract_id IS NULL"),
        ),
        Index("ix_claim_case_coverage_id", "tenant_id", "coverage_id"),
    )
    contract_id: Mapped[str | None] = mapped_column(ID)  # none while only a predetermination was asked
    case_id: Mapped[str | None] = mapped_column(ID)
    coverage_id: Mapped[str] = mapped_column(ID)
    payer_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    placement_on: Mapped[dt.date | None]
    treatment_months: Mapped[int]
    expected_cents: Mapped[int] = cents()


class Claim(Located, Versioned, TenantTable, Base):
    """One claim. `control_number` numbers its file: it is never used twice."""

    __tablename__ = "claim"
    __table_args__ = (
        ref("claim_case_id", "insurance.claim_case"),
        one_of("kind", "predetermination", "initial", "continuation", "replacement", "void", "secondary"),
        one_of("state", "draft", "validated", "submitted", "accepted", "rejected", "paid", "denied", "closed"),
        CheckConstraint("charge_cents > 0", name="charge"),
        UniqueConstraint("tenant_id", "number", name="uq_claim_number"),
        Index("ix_claim_patient_id", "tenant_id", "patient_id", "id"),
        Index("ix_claim_contract_id", "tenant_id", "contract_id", "id"),
        Index("ix_claim_claim_case_id", "tenant_id", "claim_case_id"),
        Index("ix_claim_state", "tenant_id", "state", "id"),
    )
    claim_case_id: Mapped[str] = mapped_column(ID)
    contract_id: Mapped[str | None] = mapped_column(ID)
    coverage_id: Mapped[str] = mapped_column(ID)
    payer_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    control_number: Mapped[int] = mapped_column(BigInteger, Identity())
    number: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    charge_cents: Mapped[int] = cents()
    procedure_concept: Mapped[str]
    service_on: Mapped[dt.date | None]
    placement_on: Mapped[dt.date | None]
    treatment_months: Mapped[int]
    remaining_months: Mapped[int] = mapped_column(server_default=text("0"))
    provider_id: Mapped[str | None] = mapped_column(ID)
    note: Mapped[str] = mapped_column(server_default=text("''"))
    payer_claim_number: Mapped[str] = mapped_column(server_default=text("''"))
    file_by: Mapped[dt.date | None]


class ExpectedInstalment(Located, Versioned, TenantTable, Base):
    """A payment that the practice waits for: one that does not come is found only because it is here."""

    __tablename__ = "expected_instalment"
    __table_args__ = (
        ref("claim_case_id", "insurance.claim_case"),
        one_of("state", "expected", "received", "short", "missing", "cancelled"),
        CheckConstraint("amount_cents > 0", name="amount"),
        UniqueConstraint("tenant_id", "claim_case_id", "sequence", name="uq_expected_instalment_sequence"),
        Index("ix_expected_instalment_due_on", "tenant_id", "state", "due_on", "id"),
    )
    claim_case_id: Mapped[str] = mapped_column(ID)
    sequence: Mapped[int]
    due_on: Mapped[dt.date]
    amount_cents: Mapped[int] = cents()
    received_cents: Mapped[int | None] = cents()
    state: Mapped[str] = mapped_column(server_default=text("'expected'"))
