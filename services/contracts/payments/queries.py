"""Statements of payments, the calls of the processor, and refunds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Text, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts.models import Autopay, Payment, PaymentAttempt, Refund
from services.contracts.queries import Save, insert_of
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import page, paged

AUTOPAY_NOT_FOUND = NotFound("AUTOPAY_NOT_FOUND", "there is no such autopay")
PAYMENT_NOT_FOUND = NotFound("PAYMENT_NOT_FOUND", "there is no such payment")

ADD_PAYMENT = insert_of(
    Payment,
    "location_id", "contract_id", "patient_id", "party_id", "amount_cents", "method", "kind", "state", "token",
    "reference", "received_on", "recorded_by", "autopay_id", "created_at", "updated_at",
)  # fmt: skip
ADD_REFUND = insert_of(
    Refund, "location_id", "payment_id", "amount_cents", "state", "reason", "refunded_by", "created_at"
)
save_payment = Save(Payment, "state", "refunded_cents", "token", "processor_ref", "failure_reason")
ADD_AUTOPAY = insert_of(
    Autopay,
    "location_id", "contract_id", "party_id", "token", "state", "consent_text", "consented_by", "created_at", "updated_at",
)  # fmt: skip
save_autopay = Save(Autopay, "state", "next_draft_on", "failures")
save_refund = Save(Refund, "state", "processor_ref")

PAYMENT = statement(select(Payment.__table__).where(Payment.id == bindparam("id")))
PAYMENT_FOR_UPDATE = statement(select(Payment.__table__).where(Payment.id == bindparam("id")).with_for_update())
REFUND = statement(select(Refund.__table__).where(Refund.id == bindparam("id")))
REFUND_FOR_UPDATE = statement(select(Refund.__table__).where(Refund.id == bindparam("id")).with_for_update())
REFUNDS = statement(select(Refund.__table__).where(Refund.payment_id == bindparam("payment_id")).order_by(Refund.id))
ATTEMPTS = statement(
    select(PaymentAttempt.__table__)
    .where(PaymentAttempt.payment_id == bindparam("payment_id"))
    .order_by(PaymentAttempt.number)
)
AUTOPAY = statement(select(Autopay.__table__).where(Autopay.id == bindparam("id")))
AUTOPAY_FOR_UPDATE = statement(select(Autopay.__table__).where(Autopay.id == bindparam("id")).with_for_update())
AUTOPAY_OF_CONTRACT = statement(
    select(Autopay.__table__)
    .where(Autopay.contract_id == bindparam("contract_id"), text("state <> 'stopped'"))
    .order_by(Autopay.id)
)
_next_number = (
    select(func.coalesce(func.max(PaymentAttempt.number), 0) + 1)
    .where(PaymentAttempt.payment_id == bindparam("of_payment", type_=PaymentAttempt.payment_id.type))
    .scalar_subquery()
)
START_ATTEMPT = statement(
    insert(PaymentAttempt)
    .values(
        location_id=bindparam("location_id"),
        payment_id=bindparam("payment_id"),
        number=_next_number,
        outcome="started",
        started_at=bindparam("started_at"),
    )
    .returning(PaymentAttempt.__table__)
)
END_ATTEMPT = statement(
    update(PaymentAttempt)
    .values(outcome=bindparam("outcome"), finished_at=bindparam("finished_at"))
    .where(PaymentAttempt.id == bindparam("attempt_id"))
)
_listed = select(Payment.__table__).where(
    or_(bindparam("state", type_=Text) == "", Payment.state == bindparam("state"))
)
PAYMENTS = paged(_listed, Payment.id, descending=True)
PAYMENTS_OF_CONTRACT = paged(
    _listed.where(Payment.contract_id == bindparam("contract_id")), Payment.id, descending=True
)
PAYMENTS_OF_PATIENT = paged(_listed.where(Payment.patient_id == bindparam("patient_id")), Payment.id, descending=True)


async def add_payment(db: Db, **columns: Any) -> Row:
    return await db.one(ADD_PAYMENT, **columns)


async def payment(db: Db, payment_id: str) -> Row:
    """Returns a payment, or raises NotFound."""
    return await db.one(PAYMENT, id=payment_id, missing=PAYMENT_NOT_FOUND)


async def payment_for_update(db: Db, payment_id: str) -> Row:
    """Returns a payment, locked until commit. Lock its contract first."""
    return await db.one(PAYMENT_FOR_UPDATE, id=payment_id, missing=PAYMENT_NOT_FOUND)


async def payments(db: Db, request: Any, state: str) -> tuple[list[Row], str]:
    """One page of a contract's, a patient's or all payments, newest first."""
    if request.contract_id:
        return await page(db, PAYMENTS_OF_CONTRACT, request, key=("id",), contract_id=request.contract_id, state=state)
    if request.patient_id:
        return await page(db, PAYMENTS_OF_PATIENT, request, key=("id",), patient_id=request.patient_id, state=state)
    return await page(db, PAYMENTS, request, key=("id",), state=state)


async def start_attempt(db: Db, payment: Row, now: dt.datetime) -> Row:
    """Writes down that the processor will be called. The payment is locked."""
    return await db.one(
        START_ATTEMPT, location_id=payment.location_id, payment_id=payment.id, of_payment=payment.id, started_at=now
    )


async def end_attempt(db: Db, attempt_id: str, outcome: str, now: dt.datetime) -> None:
    await db.run(END_ATTEMPT, attempt_id=attempt_id, outcome=outcome, finished_at=now)


async def attempts(db: Db, payment_id: str) -> list[Row]:
    return await db.all(ATTEMPTS, payment_id=payment_id)


async def add_refund(db: Db, **columns: Any) -> Row:
    return await db.one(ADD_REFUND, **columns)


async def refund(db: Db, refund_id: str) -> Row:
    return await db.one(REFUND, id=refund_id)


async def refund_for_update(db: Db, refund_id: str) -> Row:
    """Returns a refund, locked until commit. Lock its contract first."""
    return await db.one(REFUND_FOR_UPDATE, id=refund_id)


async def refunds(db: Db, payment_id: str) -> list[Row]:
    return await db.all(REFUNDS, payment_id=payment_id)


async def add_autopay(db: Db, **columns: Any) -> Row:
    return await db.one(ADD_AUTOPAY, **columns)


async def autopay(db: Db, autopay_id: str) -> Row:
    """Returns an autopay, or raises NotFound."""
    return await db.one(AUTOPAY, id=autopay_id, missing=AUTOPAY_NOT_FOUND)


async def autopay_for_update(db: Db, autopay_id: str) -> Row:
    """Returns an autopay, locked until commit. Lock its contract first."""
    return await db.one(AUTOPAY_FOR_UPDATE, id=autopay_id, missing=AUTOPAY_NOT_FOUND)


async def autopay_of(db: Db, contract_id: str) -> list[Row]:
    """The autopay of a contract's parties, without what was stopped."""
    return await db.all(AUTOPAY_OF_CONTRACT, contract_id=contract_id)
