"""Fees, quotes, contracts, payments and the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.contracts.models import Base
from shared.migrations import secure
from shared.migrations.platform import create_platform_tables

revision = "contracts_0001"
down_revision = None
branch_labels = ("contracts",)


def upgrade() -> None:
    # Rather fail and be run again than make every booking wait behind a lock. New code must work with the old
    # tables and the old code with the new: expand here, contract one release later.
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "estimate",
        sa.Column("coverage_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("patient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("total_fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("expected_cents", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_estimate")),
        schema="contracts",
    )
    op.create_table(
        "fee",
        sa.Column("procedure_concept", sa.Text(), nullable=False),
        sa.Column("only_location_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("fee_cents > 0", name=op.f("ck_fee_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_fee")),
        sa.UniqueConstraint(
            "tenant_id",
            "procedure_concept",
            "only_location_id",
            "effective_on",
            name=op.f("uq_fee_tenant_id_procedure_concept_only_location_id_effective_on"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="contracts",
    )
    op.create_table(
        "location",
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_location")),
        schema="contracts",
    )
    op.create_table(
        "quote",
        sa.Column("case_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("patient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("procedure_concept", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("treatment_months", sa.Integer(), nullable=False),
        sa.Column("treatment_fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("discounts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("discount_cents", sa.BigInteger(), nullable=False),
        sa.Column("total_fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("insurance_portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("down_payment_cents", sa.BigInteger(), nullable=False),
        sa.Column("financed_cents", sa.BigInteger(), nullable=False),
        sa.Column("instalment_count", sa.Integer(), nullable=False),
        sa.Column("instalment_cents", sa.BigInteger(), nullable=False),
        sa.Column("draft_day", sa.Integer(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=True),
        sa.Column("coverage_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("estimate_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("benefits_paid_to_family", sa.Boolean(), nullable=False),
        sa.Column("pay_in_full_discount_cents", sa.BigInteger(), nullable=False),
        sa.Column("claim_initial_basis_points", sa.Integer(), nullable=False),
        sa.Column("parties", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("finance_charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "patient_portion_cents = down_payment_cents + financed_cents", name=op.f("ck_quote_portion_sum")
        ),
        sa.CheckConstraint(
            "total_fee_cents = insurance_portion_cents + patient_portion_cents", name=op.f("ck_quote_sum")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_quote")),
        schema="contracts",
    )
    op.create_index("ix_quote_case", "quote", ["tenant_id", "case_id", "id"], unique=False, schema="contracts")
    op.create_index("ix_quote_patient", "quote", ["tenant_id", "patient_id", "id"], unique=False, schema="contracts")
    op.create_table(
        "contract",
        sa.Column("quote_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("case_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("patient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("presentation_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("coverage_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("procedure_concept", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("treatment_months", sa.Integer(), nullable=False),
        sa.Column("treatment_fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("discount_cents", sa.BigInteger(), nullable=False),
        sa.Column("total_fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("insurance_portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("down_payment_cents", sa.BigInteger(), nullable=False),
        sa.Column("instalment_count", sa.Integer(), nullable=False),
        sa.Column("instalment_cents", sa.BigInteger(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=True),
        sa.Column("claim_initial_basis_points", sa.Integer(), nullable=False),
        sa.Column("finance_charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("insurance_paid_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("insurance_relieved_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("given_up_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("production_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("earned_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("placed_on", sa.Date(), nullable=True),
        sa.Column("treated_on", sa.Date(), nullable=True),
        sa.Column("activated_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version_number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("activation IN ('down_payment', 'placement')", name=op.f("ck_contract_activation")),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'pending', 'active', 'completed', 'ended_early', 'defaulted', 'canceled')",
            name=op.f("ck_contract_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "quote_id"], ["contracts.quote.tenant_id", "contracts.quote.id"], name="fk_quote_id_quote"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contract")),
        schema="contracts",
    )
    op.create_index("ix_contract_case", "contract", ["tenant_id", "case_id", "id"], unique=False, schema="contracts")
    op.create_index(
        "ix_contract_location", "contract", ["tenant_id", "location_id", "id"], unique=False, schema="contracts"
    )
    op.create_index(
        "ix_contract_patient", "contract", ["tenant_id", "patient_id", "id"], unique=False, schema="contracts"
    )
    op.create_index("ix_contract_state", "contract", ["tenant_id", "state", "id"], unique=False, schema="contracts")
    op.create_index(
        "uq_contract_presentation",
        "contract",
        ["tenant_id", "presentation_id"],
        unique=True,
        schema="contracts",
        postgresql_where=sa.text("state <> 'canceled'"),
    )
    op.create_table(
        "autopay",
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("party_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_draft_on", sa.Date(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column("consented_by", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("state IN ('active', 'paused', 'stopped')", name=op.f("ck_autopay_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopay")),
        schema="contracts",
    )
    op.create_index(
        "uq_autopay_party",
        "autopay",
        ["tenant_id", "contract_id", "party_id"],
        unique=True,
        schema="contracts",
        postgresql_where=sa.text("state <> 'stopped'"),
    )
    op.create_table(
        "contract_party",
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("party_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("draft_day", sa.Integer(), nullable=False),
        sa.Column("portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("down_payment_cents", sa.BigInteger(), nullable=False),
        sa.Column("before_cents", sa.BigInteger(), nullable=False),
        sa.Column("added_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("relieved_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pending_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("signed_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "pending_cents >= 0 AND relieved_cents >= 0 AND added_cents >= 0", name=op.f("ck_contract_party_signs")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contract_party")),
        sa.UniqueConstraint(
            "tenant_id", "contract_id", "party_id", name=op.f("uq_contract_party_tenant_id_contract_id_party_id")
        ),
        schema="contracts",
    )
    op.create_table(
        "contract_version",
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total_fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("insurance_portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_portion_cents", sa.BigInteger(), nullable=False),
        sa.Column("instalment_count", sa.Integer(), nullable=False),
        sa.Column("signers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'applied')", name=op.f("ck_contract_version_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contract_version")),
        sa.UniqueConstraint(
            "tenant_id", "contract_id", "number", name=op.f("uq_contract_version_tenant_id_contract_id_number")
        ),
        schema="contracts",
    )
    op.create_table(
        "instalment",
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_instalment_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_instalment")),
        sa.UniqueConstraint(
            "tenant_id",
            "contract_id",
            "version_number",
            "party_id",
            "number",
            name=op.f("uq_instalment_tenant_id_contract_id_version_number_party_id_number"),
        ),
        schema="contracts",
    )
    op.create_table(
        "settlement",
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("patient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("months_done", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("defaulted", sa.Boolean(), nullable=False),
        sa.Column("earned_cents", sa.BigInteger(), nullable=False),
        sa.Column("dues", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by OR state = 'rejected'",
            name=op.f("ck_settlement_two_persons"),
        ),
        sa.CheckConstraint("state IN ('proposed', 'applied', 'rejected')", name=op.f("ck_settlement_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_settlement")),
        schema="contracts",
    )
    op.create_index(
        "uq_settlement_open",
        "settlement",
        ["tenant_id", "contract_id"],
        unique=True,
        schema="contracts",
        postgresql_where=sa.text("state <> 'rejected'"),
    )
    op.create_table(
        "payment",
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("patient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("party_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("refunded_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("processor_ref", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("autopay_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('down_payment', 'instalment', 'paid_in_full', 'other')", name=op.f("ck_payment_kind")
        ),
        sa.CheckConstraint("method IN ('cash', 'check', 'card')", name=op.f("ck_payment_method")),
        sa.CheckConstraint(
            "state IN ('pending', 'succeeded', 'failed', 'refunded', 'reversed')", name=op.f("ck_payment_state")
        ),
        sa.CheckConstraint(
            "amount_cents > 0 AND refunded_cents BETWEEN 0 AND amount_cents", name=op.f("ck_payment_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "autopay_id"],
            ["contracts.autopay.tenant_id", "contracts.autopay.id"],
            name="fk_autopay_id_autopay",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment")),
        schema="contracts",
    )
    op.create_index(
        "ix_payment_contract", "payment", ["tenant_id", "contract_id", "id"], unique=False, schema="contracts"
    )
    op.create_index(
        "ix_payment_patient", "payment", ["tenant_id", "patient_id", "id"], unique=False, schema="contracts"
    )
    op.create_table(
        "payment_attempt",
        sa.Column("payment_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("outcome IN ('started', 'succeeded', 'declined')", name=op.f("ck_payment_attempt_outcome")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["contracts.payment.tenant_id", "contracts.payment.id"],
            name="fk_payment_id_payment",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint(
            "tenant_id", "payment_id", "number", name=op.f("uq_payment_attempt_tenant_id_payment_id_number")
        ),
        schema="contracts",
    )
    op.create_table(
        "refund",
        sa.Column("payment_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refunded_by", sa.Text(), nullable=False),
        sa.Column("processor_ref", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refund_state")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["contracts.payment.tenant_id", "contracts.payment.id"],
            name="fk_payment_id_payment",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_refund")),
        schema="contracts",
    )
    op.create_index("ix_refund_payment", "refund", ["tenant_id", "payment_id", "id"], unique=False, schema="contracts")
    op.create_table(
        "journal",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("payment_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("refund_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("reversal_of", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("posted_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.contract.tenant_id", "contracts.contract.id"],
            name="fk_contract_id_contract",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["contracts.payment.tenant_id", "contracts.payment.id"],
            name="fk_payment_id_payment",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "refund_id"],
            ["contracts.refund.tenant_id", "contracts.refund.id"],
            name="fk_refund_id_refund",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reversal_of"],
            ["contracts.journal.tenant_id", "contracts.journal.id"],
            name="fk_reversal_of_journal",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_journal")),
        sa.UniqueConstraint("tenant_id", "reversal_of", name=op.f("uq_journal_tenant_id_reversal_of")),
        schema="contracts",
    )
    op.create_index(
        "ix_journal_contract", "journal", ["tenant_id", "contract_id", "id"], unique=False, schema="contracts"
    )
    op.create_index(
        "ix_journal_payment", "journal", ["tenant_id", "payment_id", "id"], unique=False, schema="contracts"
    )
    op.create_table(
        "ledger_entry",
        sa.Column("journal_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("patient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("contract_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("party_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency_code", sa.Text(), server_default=sa.text("'USD'"), nullable=False),
        sa.Column("location_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Uuid(as_uuid=False),
            server_default=sa.text("nullif(current_setting('app.tenant', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "account IN ('patient_receivable', 'insurance_receivable', 'deferred_revenue', 'revenue', 'cash_clearing', 'refunds_payable', 'write_off', 'discounts', 'suspense')",
            name=op.f("ck_ledger_entry_account"),
        ),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_ledger_entry_not_zero")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "journal_id"],
            ["contracts.journal.tenant_id", "contracts.journal.id"],
            name="fk_journal_id_journal",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ledger_entry")),
        schema="contracts",
    )
    op.create_index(
        "ix_ledger_entry_contract",
        "ledger_entry",
        ["tenant_id", "contract_id", "account"],
        unique=False,
        schema="contracts",
    )
    op.create_index(
        "ix_ledger_entry_journal", "ledger_entry", ["tenant_id", "journal_id"], unique=False, schema="contracts"
    )
    op.create_index(
        "ix_ledger_entry_patient", "ledger_entry", ["tenant_id", "patient_id", "id"], unique=False, schema="contracts"
    )
    # The books balance, whatever the code does: checked at commit, for each journal and currency.
    op.execute(
        """
        CREATE FUNCTION contracts.check_journal() RETURNS trigger LANGUAGE plpgsql AS $check$
        BEGIN
          IF EXISTS (
            SELECT FROM contracts.ledger_entry
            WHERE tenant_id = NEW.tenant_id AND journal_id = NEW.journal_id
            GROUP BY currency_code HAVING sum(amount_cents) <> 0
          ) THEN
            RAISE check_violation USING MESSAGE = 'a journal must add up to zero', CONSTRAINT = 'journal_sum';
          END IF;
          RETURN NULL;
        END $check$
        """
    )
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER journal_sum AFTER INSERT ON contracts.ledger_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION contracts.check_journal()
        """
    )
    create_platform_tables(op, "contracts")
    secure(op, Base)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
