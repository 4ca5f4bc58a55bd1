"""T30: whatever dies between two steps of a charge or a refund, money moves once. The processor's own books say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from archwire.common.v1.money_pb2 import Money

from services.contracts.payments import jobs
from shared import processor
from shared.errors import Conflict, Unavailable

POINTS = 8  # begin, before commit, committed; before and after the call; begin, before commit, committed


class Killed(BaseException):
    """kill -9, as far as the code can tell: no handler runs, the open transaction is gone."""


class Fuse:
    """Kills at its n-th point; wraps the job's work and the processor."""

    def __init__(self, books: Any, kill_at: int) -> None:
        self.books, self.left, self.real = books, kill_at, books.work()

    def point(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        self.point()
        async with self.real.begin() as call:
            yield call
            self.point()
        self.point()

    async def charge(self, amount_cents: int, token: str, idempotency_key: str) -> str:
        self.point()
        reference = await self.books.sandbox.charge(amount_cents, token, idempotency_key)
        self.point()
        return reference

    async def refund(self, reference: str, amount_cents: int, idempotency_key: str) -> str:
        self.point()
        reference = await self.books.sandbox.refund(reference, amount_cents, idempotency_key)
        self.point()
        return reference


def run_until_done(books: Any, job: Any, key: str, kills: tuple[int, ...]) -> None:
    """Runs a job as the worker does: again after each death, and when the processor is not available."""
    for kill_at in (*kills, 0, 0, 0):
        fuse = Fuse(books, kill_at)
        processor.use(fuse)
        try:
            books.run(job(key, fuse))
        except (Killed, Unavailable):
            continue


def pay(books: Any, contract: Any, token: str) -> Any:
    fields = {
        "contract_id": contract.id,
        "amount": Money(amount_cents=100_00),
        "method": "PAYMENT_METHOD_CARD",
        "token": token,
    }
    return books.do(books.desk, "RecordPayment", **fields).payment


def movements(books: Any, key: str) -> list[str]:
    return [str(row["outcome"]) for row in books.sandbox.history() if row["key"] == key]


def cash(books: Any, contract: Any) -> int:
    rows = books.sql(
        "SELECT coalesce(sum(amount_cents), 0)::bigint AS cents FROM contracts.ledger_entry "
        "WHERE contract_id = $1 AND account = 'cash_clearing'",
        contract.id,
    )
    return int(rows[0]["cents"])


@pytest.mark.T("T30")
@pytest.mark.parametrize("token", ["tok_visa", "tok_processing_error", "tok_declined"])
def test_a_card_is_charged_once_wherever_the_worker_dies(books, token):
    contract = books.draw_up()
    expected = 0
    for kills in [(a,) for a in range(1, POINTS + 2)] + list(product(range(1, POINTS + 1, 2), range(1, POINTS + 1))):
        payment = pay(books, contract, token)
        run_until_done(books, jobs.charge_payment, payment.id, kills)
        after = books.do(books.desk, "GetPayment", payment_id=payment.id).payment
        if token == "tok_declined":
            assert movements(books, payment.id) == ["card_declined"]
            assert after.failure_reason == "card_declined"
        else:
            assert movements(books, payment.id) == ["ok"]
            assert after.state == 2
            expected += 100_00
        assert cash(books, contract) == expected, kills
    assert books.contract(contract.id).parties[0].pending.amount_cents == 0


@pytest.mark.T("T30")
def test_a_refund_is_sent_once_wherever_the_worker_dies(books):
    contract = books.draw_up()
    for kill_at in range(1, POINTS + 2):
        before = cash(books, contract)
        payment = pay(books, contract, "tok_visa")
        books.job(jobs.charge_payment, payment.id)
        version = books.do(books.desk, "GetPayment", payment_id=payment.id).payment.version
        fields = {"payment_id": payment.id, "version": version, "amount": Money(amount_cents=40_00), "reason": "test"}
        (refund,) = books.do(books.manager, "RefundPayment", **fields).payment.refunds
        run_until_done(books, jobs.send_refund, refund.id, (kill_at,))
        assert movements(books, refund.id) == ["ok"]
        assert cash(books, contract) == before + 60_00


def test_a_refund_that_the_processor_refuses_is_owed_no_longer(books):
    class Refusing:
        async def refund(self, reference: str, amount_cents: int, idempotency_key: str) -> str:
            raise processor.Declined("account_closed")

    contract = books.draw_up()
    payment = pay(books, contract, "tok_visa")
    books.job(jobs.charge_payment, payment.id)
    version = books.do(books.desk, "GetPayment", payment_id=payment.id).payment.version
    fields = {"payment_id": payment.id, "version": version, "amount": Money(amount_cents=100_00), "reason": "test"}
    (refund,) = books.do(books.manager, "RefundPayment", **fields).payment.refunds
    processor.use(Refusing())
    books.run(jobs.send_refund(refund.id, books.work()))
    after = books.do(books.desk, "GetPayment", payment_id=payment.id).payment
    assert (after.state, after.refunded.amount_cents, after.refunds[0].state) == (2, 0, 3)
    assert (cash(books, contract), books.contract(contract.id).paid.amount_cents) == (100_00, 100_00)


@pytest.mark.T("T30")
def test_two_workers_with_the_same_job_charge_once(books):
    contract = books.draw_up()
    payment = pay(books, contract, "tok_visa")
    processor.use(books.sandbox)

    async def both() -> None:
        await asyncio.gather(*(jobs.charge_payment(payment.id, books.work()) for _ in range(4)))

    books.run(both())
    assert movements(books, payment.id) == ["ok"]
    assert cash(books, contract) == 100_00


@pytest.mark.T("T30")
def test_fifty_clicks_are_one_payment(books):
    contract = books.draw_up()
    fields = {
        "request_id": str(uuid4()),
        "contract_id": contract.id,
        "amount": Money(amount_cents=100_00),
        "method": "PAYMENT_METHOD_CASH",
    }

    async def click() -> list[Any]:
        clicks = (books.ask(books.desk, "RecordPayment", **fields) for _ in range(50))
        return await asyncio.gather(*clicks, return_exceptions=True)

    answers = books.run(click())
    assert len({answer.payment.id for answer in answers if not isinstance(answer, Exception)}) == 1
    assert {type(answer) for answer in answers if isinstance(answer, Exception)} <= {Conflict, Unavailable}
    assert cash(books, contract) == 100_00


def test_the_processor_refuses_one_key_for_two_charges(books):
    key = str(uuid4())
    books.run(books.sandbox.charge(100, "tok_visa", key))
    with pytest.raises(processor.Declined, match="idempotency_error"):
        books.run(books.sandbox.charge(200, "tok_visa", key))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contracts.ledger_entry SET amount_cents = amount_cents + 1",
        "DELETE FROM contracts.ledger_entry",
        "DELETE FROM contracts.journal",
        "UPDATE contracts.instalment SET amount_cents = 1",
        "UPDATE contracts.quote SET total_fee_cents = 1",
    ],
)
def test_what_is_posted_cannot_be_changed(books, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        books.sql(statement)


def test_a_journal_that_does_not_add_up_never_commits(books):
    contract = books.draw_up()
    books.do(
        books.desk,
        "RecordPayment",
        contract_id=contract.id,
        amount=Money(amount_cents=1_00),
        method="PAYMENT_METHOD_CASH",
    )
    with pytest.raises(Exception, match="OUT_OF_RANGE"):
        books.sql(
            "INSERT INTO contracts.ledger_entry (location_id, journal_id, patient_id, contract_id, account, amount_cents) "
            "SELECT location_id, id, $2, contract_id, 'revenue', 5 FROM contracts.journal WHERE contract_id = $1 RETURNING id",
            contract.id,
            contract.patient_id,
        )
