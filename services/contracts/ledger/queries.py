"""Statements of the ledger: journals go in whole, and nothing ever changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, func, or_, select

from services.contracts.ledger.domain import INSURANCE, PATIENT, Posting
from services.contracts.models import Contract, Journal, LedgerEntry, Payment
from services.contracts.queries import insert_of, local_date, total
from shared.call import Call
from shared.db import Db, Row, statement
from shared.paging import page, paged

ADD_JOURNAL = insert_of(
    Journal,
    "location_id", "kind", "contract_id", "payment_id", "refund_id", "reversal_of", "posted_on", "posted_by", "reason",
    "created_at",
)  # fmt: skip
ADD_ENTRY = insert_of(
    LedgerEntry, "location_id", "journal_id", "patient_id", "contract_id", "party_id", "account", "amount_cents"
)
JOURNAL_OF_PAYMENT = statement(
    select(Journal.id).where(Journal.payment_id == bindparam("payment_id"), Journal.kind == "payment")
)
JOURNAL_OF_REFUND = statement(
    select(Journal.id).where(
        Journal.payment_id == bindparam("payment_id"),
        Journal.refund_id == bindparam("refund_id"),
        Journal.kind == "refund",
    )
)
ENTRIES_OF_JOURNAL = statement(
    select(LedgerEntry.account, LedgerEntry.amount_cents, LedgerEntry.party_id)
    .where(LedgerEntry.journal_id == bindparam("journal_id"))
    .order_by(LedgerEntry.id)
)
RECEIVABLE = or_(LedgerEntry.account == PATIENT, LedgerEntry.account == INSURANCE)
_running = (
    select(
        LedgerEntry.__table__,
        func.sum(LedgerEntry.amount_cents)
        .over(partition_by=LedgerEntry.account, order_by=LedgerEntry.id)
        .cast(BigInteger)
        .label("running_balance_cents"),
        Journal.kind,
        Journal.posted_on,
        Journal.reversal_of,
        Journal.created_at,
        Journal.payment_id,
        Journal.reason,
        Payment.method.label("payment_method"),
    )
    .join(Journal, (Journal.tenant_id == LedgerEntry.tenant_id) & (Journal.id == LedgerEntry.journal_id))
    .outerjoin(Payment, (Payment.tenant_id == Journal.tenant_id) & (Payment.id == Journal.payment_id))
    .where(
        LedgerEntry.patient_id == bindparam("patient_id"),
        or_(bindparam("account", type_=Text) == "", LedgerEntry.account == bindparam("account")),
    )
    .subquery("running")
)
LEDGER = paged(select(_running), _running.c.id)
ACCOUNTS = statement(
    select(LedgerEntry.account, LedgerEntry.party_id, total(LedgerEntry.amount_cents).label("balance_cents"))
    .where(LedgerEntry.contract_id == bindparam("contract_id"))
    .group_by(LedgerEntry.account, LedgerEntry.party_id)
)
RECEIVABLES = statement(
    select(LedgerEntry.account, total(LedgerEntry.amount_cents).label("balance_cents"))
    .where(LedgerEntry.patient_id == bindparam("patient_id"), RECEIVABLE)
    .group_by(LedgerEntry.account)
)
CONTRACTS_OF_PATIENT = statement(
    select(Contract.__table__)
    .where(Contract.patient_id == bindparam("patient_id"), Contract.activated_on.is_not(None))
    .order_by(Contract.id)
)


async def post(
    call: Call,
    contract: Row,
    kind: str,
    postings: Sequence[Posting],
    *,
    payment_id: str | None = None,
    refund_id: str | None = None,
    reversal_of: str | None = None,
    reason: str = "",
) -> None:
    """Posts a journal of a contract, dated by the day it is at the location. Nothing to post is no journal."""
    if not postings:
        return
    journal = await call.db.one(
        ADD_JOURNAL,
        location_id=contract.location_id,
        kind=kind,
        contract_id=contract.id,
        payment_id=payment_id,
        refund_id=refund_id,
        reversal_of=reversal_of,
        posted_on=await local_date(call.db, contract.location_id, call.now),
        posted_by=call.actor.user_id,
        reason=reason,
        created_at=call.now,
    )
    scope = {
        "location_id": contract.location_id,
        "journal_id": journal.id,
        "patient_id": contract.patient_id,
        "contract_id": contract.id,
    }
    await call.db.run_many(
        ADD_ENTRY,
        [scope | {"party_id": p.party_id, "account": p.account, "amount_cents": p.amount_cents} for p in postings],
    )


async def payment_journal(db: Db, payment_id: str) -> tuple[str, list[Posting]]:
    """The journal that posted a payment."""
    return await _journal(db, (await db.one(JOURNAL_OF_PAYMENT, payment_id=payment_id)).id)


async def refund_journal(db: Db, payment_id: str, refund_id: str) -> tuple[str, list[Posting]]:
    """The journal that posted a refund to refunds payable."""
    return await _journal(db, (await db.one(JOURNAL_OF_REFUND, payment_id=payment_id, refund_id=refund_id)).id)


async def _journal(db: Db, journal_id: str) -> tuple[str, list[Posting]]:
    entries = await db.all(ENTRIES_OF_JOURNAL, journal_id=journal_id)
    return journal_id, [Posting(e.account, e.amount_cents, e.party_id) for e in entries]


async def ledger(db: Db, request: Any, account: str) -> tuple[list[Row], str]:
    """One page of a patient's entries, of one account or ("") of all, oldest first, with running balances per account."""
    return await page(db, LEDGER, request, key=("id",), patient_id=request.patient_id, account=account)


async def accounts(db: Db, contract_id: str) -> dict[tuple[str, str | None], int]:
    """The balances of a contract's accounts, by account and party."""
    rows = await db.all(ACCOUNTS, contract_id=contract_id)
    return {(row.account, row.party_id): row.balance_cents for row in rows}


async def receivables(db: Db, patient_id: str) -> dict[str, int]:
    """The balances of a patient's two receivable accounts."""
    return {row.account: row.balance_cents for row in await db.all(RECEIVABLES, patient_id=patient_id)}


async def contracts_of_patient(db: Db, patient_id: str) -> list[Row]:
    """The contracts of a patient that have been active."""
    return await db.all(CONTRACTS_OF_PATIENT, patient_id=patient_id)
