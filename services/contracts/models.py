"""Tables of contracts: the fee schedule, quotes, contracts with their versions, payments and the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Located, TenantTable, Versioned, cents, new_base, ref
from shared.tables import TIMESTAMPTZ

Base = new_base("contracts")


def uuid(**options: Any) -> Any:
    return mapped_column(Uuid(as_uuid=False), **options)


def now() -> Any:
    return mapped_column(TIMESTAMPTZ, server_default=text("now()"))


def among(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


# Local copies of what other services announced.


class Location(TenantTable, Base):
    """Time zone of a location, from the directory; `id` is the location's."""

    __tablename__ = "location"

    time_zone: Mapped[str]
    seen_version: Mapped[int]


class Estimate(Located, TenantTable, Base):
    """What insurance is expected to pay, from insurance; `id` is the estimate's."""

    __tablename__ = "estimate"

    coverage_id: Mapped[str] = uuid()
    patient_id: Mapped[str] = uuid()
    total_fee_cents: Mapped[int] = cents()
    expected_cents: Mapped[int] = cents()


class Fee(TenantTable, Base):
    """A fee of the schedule from a day on, of one location or (null) of the group."""

    __tablename__ = "fee"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "procedure_concept", "only_location_id", "effective_on", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("fee_cents > 0", name="positive"),
    )

    procedure_concept: Mapped[str]
    only_location_id: Mapped[str | None] = uuid()
    fee_cents: Mapped[int] = cents()
    effective_on: Mapped[dt.date]


class Quote(Located, TenantTable, Base):
    """One computed way to pay. Never changed."""

    __tablename__ = "quote"
    __table_args__ = (
        Index("ix_quote_case", "tenant_id", "case_id", "id"),
        Index("ix_quote_patient", "tenant_id", "patient_id", "id"),
        CheckConstraint("total_fee_cents = insurance_portion_cents + patient_portion_cents", name="sum"),
        CheckConstraint("patient_portion_cents = down_payment_cents + financed_cents", name="portion_sum"),
    )
    append_only = True

    case_id: Mapped[str | None] = uuid()
    patient_id: Mapped[str] = uuid()
    title: Mapped[str]
    procedure_concept: Mapped[str]
    phase: Mapped[str]
    treatment_months: Mapped[int]
    treatment_fee_cents: Mapped[int] = cents()
    discounts: Mapped[list[Any]]  # {"kind", "amount_cents"}
    discount_cents: Mapped[int] = cents()
    total_fee_cents: Mapped[int] = cents()
    insurance_portion_cents: Mapped[int] = cents()
    patient_portion_cents: Mapped[int] = cents()
    down_payment_cents: Mapped[int] = cents()
    financed_cents: Mapped[int] = cents()
    instalment_count: Mapped[int]
    instalment_cents: Mapped[int] = cents()
    draft_day: Mapped[int]
    first_due_on: Mapped[dt.date | None]
    coverage_id: Mapped[str | None] = uuid()
    estimate_id: Mapped[str | None] = uuid()
    benefits_paid_to_family: Mapped[bool]
    pay_in_full_discount_cents: Mapped[int] = cents()
    claim_initial_basis_points: Mapped[int]
    parties: Mapped[list[Any]]  # the fields of domain.PartyPlan
    finance_charge_cents: Mapped[int] = cents()
    created_at: Mapped[dt.datetime] = now()


class Contract(Located, Versioned, TenantTable, Base):
    """An agreement. Its columns hold the terms in force; `contract_version` keeps every version.

    Total fee = (insurance portion - relieved) + Σ parties' (portion + added - relieved) + given up.
    Expected of insurance still = portion - relieved - paid.
    """

    __tablename__ = "contract"
    __table_args__ = (
        ref("quote_id", "contracts.quote"),
        Index("ix_contract_case", "tenant_id", "case_id", "id"),
        Index("ix_contract_patient", "tenant_id", "patient_id", "id"),
        Index("ix_contract_state", "tenant_id", "state", "id"),
        Index("ix_contract_location", "tenant_id", "location_id", "id"),
        Index(
            "uq_contract_presentation",
            "tenant_id",
            "presentation_id",
            unique=True,
            postgresql_where=text("state <> 'canceled'"),
        ),
        among(
            "state", "proposed", "accepted", "pending", "active", "completed", "ended_early", "defaulted", "canceled"
        ),
        among("activation", "down_payment", "placement"),
    )

    quote_id: Mapped[str] = uuid()
    case_id: Mapped[str | None] = uuid()
    patient_id: Mapped[str] = uuid()
    presentation_id: Mapped[str | None] = uuid()
    coverage_id: Mapped[str | None] = uuid()
    state: Mapped[str]
    activation: Mapped[str]
    procedure_concept: Mapped[str]
    phase: Mapped[str]
    treatment_months: Mapped[int]
    treatment_fee_cents: Mapped[int] = cents()
    discount_cents: Mapped[int] = cents()
    total_fee_cents: Mapped[int] = cents()
    insurance_portion_cents: Mapped[int] = cents()
    patient_portion_cents: Mapped[int] = cents()
    down_payment_cents: Mapped[int] = cents()
    instalment_count: Mapped[int]
    instalment_cents: Mapped[int] = cents()
    first_due_on: Mapped[dt.date | None]
    claim_initial_basis_points: Mapped[int]
    finance_charge_cents: Mapped[int] = cents()
    insurance_paid_cents: Mapped[int] = cents(server_default=text("0"))
    insurance_relieved_cents: Mapped[int] = cents(server_default=text("0"))  # moved to families
    given_up_cents: Mapped[int] = cents(server_default=text("0"))  # written off
    production_cents: Mapped[int] = cents(server_default=text("0"))  # posted to deferred revenue so far
    earned_cents: Mapped[int] = cents(server_default=text("0"))  # of it, recognised
    placed_on: Mapped[dt.date | None]
    treated_on: Mapped[dt.date | None]  # the end of treatment; payments may go on
    activated_on: Mapped[dt.date | None]
    ended_on: Mapped[dt.date | None]
    version_number: Mapped[int] = mapped_column(server_default=text("1"))


class ContractParty(Located, TenantTable, Base):
    """A party's obligations and what it paid: the sub-ledger of the patient receivable.

    Balance = portion + added - relieved - paid. `before_cents` is what had to be paid before the first instalment
    of the schedule in force.
    """

    __tablename__ = "contract_party"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        UniqueConstraint("tenant_id", "contract_id", "party_id"),
        CheckConstraint("pending_cents >= 0 AND relieved_cents >= 0 AND added_cents >= 0", name="signs"),
    )

    contract_id: Mapped[str] = uuid()
    party_id: Mapped[str] = uuid()
    position: Mapped[int]
    basis_points: Mapped[int]
    draft_day: Mapped[int]
    portion_cents: Mapped[int] = cents()
    down_payment_cents: Mapped[int] = cents()
    before_cents: Mapped[int] = cents()
    added_cents: Mapped[int] = cents(server_default=text("0"))
    relieved_cents: Mapped[int] = cents(server_default=text("0"))
    paid_cents: Mapped[int] = cents(server_default=text("0"))
    pending_cents: Mapped[int] = cents(server_default=text("0"))
    signed_at: Mapped[dt.datetime | None]
    document_id: Mapped[str | None] = uuid()
    signed_version: Mapped[int] = mapped_column(server_default=text("0"))  # number of the version signed last


class ContractVersion(Located, TenantTable, Base):
    """The terms of one version."""

    __tablename__ = "contract_version"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        UniqueConstraint("tenant_id", "contract_id", "number"),
        among("state", "proposed", "applied"),
    )

    contract_id: Mapped[str] = uuid()
    number: Mapped[int]
    state: Mapped[str]
    total_fee_cents: Mapped[int] = cents()
    insurance_portion_cents: Mapped[int] = cents()
    patient_portion_cents: Mapped[int] = cents()
    instalment_count: Mapped[int]
    signers: Mapped[list[Any]]  # party ids whose obligation rises
    reason: Mapped[str]
    created_at: Mapped[dt.datetime] = now()


class Instalment(Located, TenantTable, Base):
    """What a party has to pay, and when. How far it is paid follows from the party's payments."""

    __tablename__ = "instalment"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        UniqueConstraint("tenant_id", "contract_id", "version_number", "party_id", "number"),
        CheckConstraint("amount_cents > 0", name="positive"),
    )
    append_only = True

    contract_id: Mapped[str] = uuid()
    version_number: Mapped[int]
    party_id: Mapped[str] = uuid()
    number: Mapped[int]
    due_on: Mapped[dt.date]
    amount_cents: Mapped[int] = cents()


class Settlement(Located, Versioned, TenantTable, Base):
    """The account when a contract ends early: proposed by one person, decided by another."""

    __tablename__ = "settlement"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        Index(
            "uq_settlement_open", "tenant_id", "contract_id", unique=True, postgresql_where=text("state <> 'rejected'")
        ),
        among("state", "proposed", "applied", "rejected"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by OR state = 'rejected'", name="two_persons"),
    )

    contract_id: Mapped[str] = uuid()
    patient_id: Mapped[str] = uuid()
    state: Mapped[str]
    policy: Mapped[str]
    end_on: Mapped[dt.date]
    months_done: Mapped[int]
    removed: Mapped[bool]
    defaulted: Mapped[bool]
    earned_cents: Mapped[int] = cents()
    dues: Mapped[list[Any]]  # cents per party, less than zero is a refund
    lines: Mapped[list[Any]]  # [code, cents]
    reason: Mapped[str]
    proposed_by: Mapped[str]
    decided_by: Mapped[str | None]


class Payment(Located, Versioned, TenantTable, Base):
    """Money from a party. Written before the processor is called; `id` is the processor's idempotency key."""

    __tablename__ = "payment"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        ref("autopay_id", "contracts.autopay"),
        Index("ix_payment_contract", "tenant_id", "contract_id", "id"),
        Index("ix_payment_patient", "tenant_id", "patient_id", "id"),
        CheckConstraint("amount_cents > 0 AND refunded_cents BETWEEN 0 AND amount_cents", name="amounts"),
        among("state", "pending", "succeeded", "failed", "refunded", "reversed"),
        among("method", "cash", "check", "card"),
        among("kind", "down_payment", "instalment", "paid_in_full", "other"),
    )

    contract_id: Mapped[str] = uuid()
    patient_id: Mapped[str] = uuid()
    party_id: Mapped[str] = uuid()
    amount_cents: Mapped[int] = cents()
    refunded_cents: Mapped[int] = cents(server_default=text("0"))
    method: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    token: Mapped[str | None]  # until the outcome is known
    reference: Mapped[str]
    processor_ref: Mapped[str | None]
    failure_reason: Mapped[str] = mapped_column(server_default=text("''"))
    received_on: Mapped[dt.date]
    recorded_by: Mapped[str | None]
    autopay_id: Mapped[str | None] = uuid()


class Autopay(Located, Versioned, TenantTable, Base):
    """A party's consent to draw its instalments from a card. `next_draft_on` makes each draft happen once."""

    __tablename__ = "autopay"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        Index(
            "uq_autopay_party",
            "tenant_id",
            "contract_id",
            "party_id",
            unique=True,
            postgresql_where=text("state <> 'stopped'"),
        ),
        among("state", "active", "paused", "stopped"),
    )

    contract_id: Mapped[str] = uuid()
    party_id: Mapped[str] = uuid()
    token: Mapped[str]
    state: Mapped[str]
    next_draft_on: Mapped[dt.date | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    consent_text: Mapped[str]
    consented_by: Mapped[str]


class PaymentAttempt(Located, TenantTable, Base):
    """One call of the processor, written before it is made."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        ref("payment_id", "contracts.payment"),
        UniqueConstraint("tenant_id", "payment_id", "number"),
        among("outcome", "started", "succeeded", "declined"),
    )

    payment_id: Mapped[str] = uuid()
    number: Mapped[int]
    outcome: Mapped[str]
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class Refund(Located, TenantTable, Base):
    """Money on its way back. `id` is the processor's idempotency key."""

    __tablename__ = "refund"
    __table_args__ = (
        ref("payment_id", "contracts.payment"),
        Index("ix_refund_payment", "tenant_id", "payment_id", "id"),
        CheckConstraint("amount_cents > 0", name="positive"),
        among("state", "pending", "succeeded", "failed"),
    )

    payment_id: Mapped[str] = uuid()
    amount_cents: Mapped[int] = cents()
    state: Mapped[str]
    reason: Mapped[str]
    refunded_by: Mapped[str]
    processor_ref: Mapped[str | None]
    created_at: Mapped[dt.datetime] = now()


class Journal(Located, TenantTable, Base):
    """One posting: its entries add up to zero per currency, which a deferred trigger checks at commit."""

    __tablename__ = "journal"
    __table_args__ = (
        ref("contract_id", "contracts.contract"),
        ref("payment_id", "contracts.payment"),
        ref("refund_id", "contracts.refund"),
        ref("reversal_of", "contracts.journal"),
        UniqueConstraint("tenant_id", "reversal_of"),
        Index("ix_journal_payment", "tenant_id", "payment_id", "id"),
        Index("ix_journal_contract", "tenant_id", "contract_id", "id"),
    )
    append_only = True

    kind: Mapped[str]
    contract_id: Mapped[str] = uuid()
    payment_id: Mapped[str | None] = uuid()
    refund_id: Mapped[str | None] = uuid()
    reversal_of: Mapped[str | None] = uuid()
    posted_on: Mapped[dt.date]
    posted_by: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[dt.datetime] = now()


class LedgerEntry(Located, TenantTable, Base):
    """A debit (more than zero) or credit of one account. Accounts are kept per location."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        ref("journal_id", "contracts.journal"),
        Index("ix_ledger_entry_journal", "tenant_id", "journal_id"),
        Index("ix_ledger_entry_patient", "tenant_id", "patient_id", "id"),
        Index("ix_ledger_entry_contract", "tenant_id", "contract_id", "account"),
        CheckConstraint("amount_cents <> 0", name="not_zero"),
        among(
            "account",
            "patient_receivable",
            "insurance_receivable",
            "deferred_revenue",
            "revenue",
            "cash_clearing",
            "refunds_payable",
            "write_off",
            "discounts",
            "suspense",
        ),
    )
    append_only = True

    journal_id: Mapped[str] = uuid()
    patient_id: Mapped[str] = uuid()
    contract_id: Mapped[str] = uuid()
    party_id: Mapped[str | None] = uuid()
    account: Mapped[str]
    amount_cents: Mapped[int] = cents()
    currency_code: Mapped[str] = mapped_column(server_default=text("'USD'"))
