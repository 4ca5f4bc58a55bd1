"""T38: the ledger against a model, step by step, on a real PostgreSQL.

Contracts start, are paid, refunded, reversed, written off, transferred, amended and settled in any order. After every
step each journal adds up to zero, the ledger's accounts are the model's, and the parties' balances are the ledger's.
ARCHWIRE_LEDGER_EXAMPLES=500 ARCHWIRE_LEDGER_STEPS=50 is the long form.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from archwire.common.v1.money_pb2 import Money
from archwire.contracts.v1 import contracts_pb2 as pb
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.contracts.agreements.settlement import POLICIES, earned
from services.contracts.payments import jobs
from services.contracts.quotes.domain import split
from shared.errors import ServiceError

EXAMPLES = int(os.environ.get("ARCHWIRE_LEDGER_EXAMPLES", "12"))
STEPS = int(os.environ.get("ARCHWIRE_LEDGER_STEPS", "40"))
PERCENT = st.integers(1, 115)
WHO = st.integers(0, 1)

ACCOUNTS = """
SELECT account, party_id, sum(amount_cents)::bigint AS cents, count(*) FILTER (WHERE j.total <> 0) AS unbalanced
FROM contracts.ledger_entry e
JOIN (SELECT journal_id, sum(amount_cents) AS total FROM contracts.ledger_entry WHERE contract_id = $1 GROUP BY 1) j USING (journal_id)
WHERE contract_id = $1 GROUP BY account, party_id"""
PARTIES = """
SELECT party_id, portion_cents + added_cents - relieved_cents - paid_cents AS balance, paid_cents, pending_cents
FROM contracts.contract_party WHERE contract_id = $1 ORDER BY position"""


class LedgerMachine(RuleBasedStateMachine):
    """Two parties and an insurer on one contract. The model knows sums only, and nothing of journals."""

    books: Any

    # --- the model ------------------------------------------------------------------------------------------------

    @initialize(
        fee=st.integers(1_000_00, 9_000_00),
        insured=st.integers(0, 40),
        down=st.integers(0, 30),
        first=st.integers(1_000, 9_000),
    )
    def draw_up(self, fee: int, insured: int, down: int, first: int) -> None:
        self.fee, self.insurance = fee, fee * insured // 100
        portion = fee - self.insurance
        drawn = self.books.draw_up(
            fee=fee, insurance=self.insurance, down=portion * down // 100, shares=(first, 10_000 - first)
        )
        self.id, self.shares = drawn.id, [first, 10_000 - first]
        self.names = [party.party_id for party in drawn.parties]
        self.owes = split(portion, self.shares)  # obligations, including what was paid
        self.down = [party.down_payment.amount_cents for party in drawn.parties]
        self.paid, self.pending = [0, 0], [0, 0]
        self.signed: set[int] = set()
        self.state, self.given_up, self.insurer_paid, self.insurer_relieved = "open", 0, 0, 0
        self.cash = self.refunds_payable = 0
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.amendment: tuple[int, int, set[int]] | None = None

    def balance(self, i: int) -> int:
        return self.owes[i] - self.paid[i]

    def insurer_owes(self) -> int:
        return self.insurance - self.insurer_paid - self.insurer_relieved

    def start_when_due(self) -> None:
        if (
            self.state == "open"
            and self.signed == {0, 1}
            and all(p >= d for p, d in zip(self.paid, self.down, strict=True))
        ):
            self.state = "active"

    def ask(self, who: str, rpc: str, allowed: bool, refusal: str, /, **fields: Any) -> Any:
        """Calls an RPC that must succeed exactly when the model allows it."""
        reason = ""
        try:
            answer = self.books.do(getattr(self.books, who), rpc, **fields)
        except ServiceError as refused:
            answer, reason = None, refused.reason
        assert reason == ("" if allowed else refusal), rpc
        return answer

    def version(self) -> int:
        return int(self.books.contract(self.id).version)

    # --- what people do -------------------------------------------------------------------------------------------

    @rule(i=WHO)
    def sign(self, i: int) -> None:
        self.books.sign(self.id, self.names[i])
        if self.state == "open":
            self.signed.add(i)
            self.start_when_due()
        elif self.amendment and i in self.amendment[2]:
            total, insurance, waiting = self.amendment
            waiting.discard(i)
            if not waiting:
                self.apply(total, insurance)

    @rule(i=WHO, percent=PERCENT, method=st.sampled_from(["CASH", "CHECK", "tok_visa", "tok_declined"]))
    def pay(self, i: int, percent: int, method: str) -> None:
        amount = max(1, self.balance(i) * percent // 100)
        card = method.startswith("tok_")
        answer = self.ask(
            "desk",
            "RecordPayment",
            amount <= self.balance(i) - self.pending[i],
            "OVERPAID",
            contract_id=self.id,
            party_id=self.names[i],
            amount=Money(amount_cents=amount),
            method="PAYMENT_METHOD_CARD" if card else f"PAYMENT_METHOD_{method}",
            token=method if card else "",
        )
        if answer is None:
            return
        self.payments[answer.payment.id] = {
            "i": i,
            "amount": amount,
            "method": method,
            "left": amount,
            "state": "pending",
        }
        if card:
            self.pending[i] += amount
        else:
            self.receive(answer.payment.id)

    def receive(self, payment_id: str) -> None:
        payment = self.payments[payment_id]
        payment["state"] = "succeeded"
        self.paid[payment["i"]] += payment["amount"]
        self.cash += payment["amount"]
        self.start_when_due()

    @precondition(lambda self: any(p["state"] == "pending" for p in self.payments.values()))
    @rule(pick=st.integers(0, 9))
    def processor_answers(self, pick: int) -> None:
        waiting = [key for key, p in self.payments.items() if p["state"] == "pending"]
        key = waiting[pick % len(waiting)]
        self.books.job(jobs.charge_payment, key)
        payment = self.payments[key]
        self.pending[payment["i"]] -= payment["amount"]
        if payment["method"] == "tok_visa":
            self.receive(key)
        else:
            payment["state"] = "failed"

    @precondition(lambda self: self.payments)
    @rule(pick=st.integers(0, 19), percent=PERCENT)
    def refund(self, pick: int, percent: int) -> None:
        key = list(self.payments)[pick % len(self.payments)]
        payment = self.payments[key]
        amount = max(1, payment["left"] * percent // 100)
        received = payment["state"] == "succeeded"
        answer = self.ask(
            "manager",
            "RefundPayment",
            received and amount <= payment["left"],
            "REFUND_TOO_LARGE" if received else "PAYMENT_NOT_SETTLED",
            payment_id=key,
            version=self.payment_version(key),
            amount=Money(amount_cents=amount),
            reason="test",
        )
        if answer is None:
            return
        payment["left"] -= amount
        payment["state"] = "succeeded" if payment["left"] else "refunded"
        self.paid[payment["i"]] -= amount
        if payment["method"] == "tok_visa":
            self.refunds_payable += amount
            self.refunds[answer.payment.refunds[-1].id] = {"amount": amount}
        else:
            self.cash -= amount
        self.start_when_due()

    @precondition(lambda self: self.refunds)
    @rule()
    def processor_refunds(self) -> None:
        key, refund = self.refunds.popitem()
        self.books.job(jobs.send_refund, key)
        self.refunds_payable -= refund["amount"]
        self.cash -= refund["amount"]

    @precondition(lambda self: self.payments)
    @rule(pick=st.integers(0, 19))
    def reverse(self, pick: int) -> None:
        key = list(self.payments)[pick % len(self.payments)]
        payment = self.payments[key]
        whole = payment["left"] == payment["amount"]
        received = payment["state"] == "succeeded"
        why = {"CASH": "ENTERED_IN_ERROR", "CHECK": "RETURNED_CHECK"}.get(payment["method"], "CHARGEBACK")
        answer = self.ask(
            "manager",
            "ReversePayment",
            received and whole,
            "PAYMENT_REFUNDED" if received else "PAYMENT_NOT_SETTLED",
            payment_id=key,
            version=self.payment_version(key),
            reason=f"REVERSAL_REASON_{why}",
        )
        if answer is not None:
            payment["state"] = "reversed"
            self.paid[payment["i"]] -= payment["amount"]
            self.cash -= payment["amount"]

    def payment_version(self, key: str) -> int:
        return int(self.books.do(self.books.finance, "GetPayment", payment_id=key).payment.version)

    @rule(percent=PERCENT)
    def insurer_pays(self, percent: int) -> None:
        amount = max(1, self.insurer_owes() * percent // 100)
        if self.adjust("RecordInsurancePayment", amount, self.insurer_owes(), "OVERPAID"):
            self.insurer_paid += amount
            self.cash += amount

    @rule(i=WHO, percent=PERCENT)
    def write_off(self, i: int, percent: int) -> None:
        amount = max(1, self.balance(i) * percent // 100)
        limit = self.balance(i) - self.pending[i]
        if self.adjust("WriteOffBalance", amount, limit, "ADJUSTMENT_TOO_LARGE", party_id=self.names[i], reason="test"):
            self.owes[i] -= amount
            self.given_up += amount

    @rule(i=WHO, percent=PERCENT)
    def transfer_from_insurance(self, i: int, percent: int) -> None:
        amount = max(1, self.insurer_owes() * percent // 100)
        fields = {"to_party_id": self.names[i], "reason": "lapsed"}
        if self.adjust("TransferBalance", amount, self.insurer_owes(), "ADJUSTMENT_TOO_LARGE", **fields):
            self.owes[i] += amount
            self.insurer_relieved += amount

    @rule(i=WHO, percent=PERCENT)
    def transfer_to_the_other(self, i: int, percent: int) -> None:
        amount = max(1, self.balance(i) * percent // 100)
        limit = self.balance(i) - self.pending[i]
        fields = {"from_party_id": self.names[i], "to_party_id": self.names[1 - i], "reason": "custody"}
        if self.adjust("TransferBalance", amount, limit, "ADJUSTMENT_TOO_LARGE", **fields):
            self.owes[i] -= amount
            self.owes[1 - i] += amount

    def adjust(self, rpc: str, amount: int, limit: int, refusal: str, /, **fields: Any) -> Any:
        posted = self.state != "open"
        return self.ask(
            "finance",
            rpc,
            posted and amount <= limit,
            refusal if posted else "CONTRACT_NOT_ACTIVE",
            contract_id=self.id,
            version=self.version(),
            amount=Money(amount_cents=amount),
            **fields,
        )

    @rule(fee=st.integers(60, 130), insured=st.integers(0, 40), count=st.integers(1, 24))
    def amend(self, fee: int, insured: int, count: int) -> None:
        total = max(1, self.fee * fee // 100)
        insurance = total * insured // 100
        portion = total - insurance - self.given_up
        portions = split(max(0, portion), self.shares)
        if self.state != "active":
            allowed, reason = False, "CONTRACT_NOT_ACTIVE"
        elif self.amendment:
            allowed, reason = False, "AMENDMENT_OPEN"
        elif portion < 0 or insurance < self.insurer_paid:
            allowed, reason = False, "INSURANCE_TOO_LARGE"
        else:
            allowed = all(portions[i] >= self.paid[i] + self.pending[i] for i in (0, 1))
            reason = "BELOW_PAID"
        answer = self.ask(
            "finance",
            "AmendContract",
            allowed,
            reason,
            contract_id=self.id,
            version=self.version(),
            total_fee=Money(amount_cents=total),
            insurance_portion=Money(amount_cents=insurance),
            instalment_count=count,
            reason="test",
        )
        if answer is None:
            return
        rising = {i for i in (0, 1) if portions[i] > self.owes[i]}
        if rising:
            self.amendment = (total, insurance, rising)
        else:
            self.apply(total, insurance)

    def apply(self, total: int, insurance: int) -> None:
        self.fee, self.insurance, self.insurer_relieved = total, insurance, 0
        self.owes = split(max(0, total - insurance - self.given_up), self.shares)
        self.amendment = None

    @precondition(lambda self: self.state == "active" and not any(self.pending))
    @rule(policy=st.sampled_from(sorted(POLICIES)), months=st.integers(0, 24), sure=st.integers(0, 3))
    def end(self, policy: str, months: int, sure: int) -> None:
        if sure:  # mostly not: a contract that has ended does little more
            return
        fields = {"contract_id": self.id, "version": self.version(), "end_on": "2026-11-30", "months_done": months}
        number = pb.SettlementPolicy.Value(f"SETTLEMENT_POLICY_{policy.upper()}")
        proposed = self.books.do(self.books.finance, "EndContract", policy=number, reason="test", **fields).settlement
        self.books.do(self.books.manager, "ApproveSettlement", settlement_id=proposed.id, version=proposed.version)
        part = earned(POLICIES[policy], self.fee, months_done=months, treatment_months=24, removed=False).cents
        family = max(0, part - self.given_up - self.insurer_paid)
        self.owes = split(family, self.shares)
        self.insurance, self.insurer_relieved = min(self.insurer_paid, max(0, part - self.given_up)), 0
        self.state, self.amendment = "ended", None

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def the_books_are_the_model(self) -> None:
        if not hasattr(self, "id"):
            return
        rows = self.books.sql(ACCOUNTS, self.id)
        assert all(row["unbalanced"] == 0 for row in rows)
        assert sum(row["cents"] for row in rows) == 0
        ledger = {(row["account"], row["party_id"]): row["cents"] for row in rows}
        posted = self.state != "open"
        parties = self.books.sql(PARTIES, self.id)
        for i, (name, party) in enumerate(zip(self.names, parties, strict=True)):
            receivable = ledger.get(("patient_receivable", name), 0)
            assert receivable == (self.owes[i] if posted else 0) - self.paid[i]
            assert (party["balance"], party["paid_cents"], party["pending_cents"]) == (
                self.balance(i),
                self.paid[i],
                self.pending[i],
            )
        assert ledger.get(("insurance_receivable", None), 0) == (self.insurer_owes() if posted else 0)
        assert ledger.get(("cash_clearing", None), 0) == self.cash
        assert ledger.get(("refunds_payable", None), 0) == -self.refunds_payable
        assert ledger.get(("write_off", None), 0) == self.given_up
        if self.state == "ended":
            assert ledger.get(("deferred_revenue", None), 0) == 0

    @invariant()
    def the_contract_shows_its_balance(self) -> None:
        if hasattr(self, "id"):
            shown = self.books.contract(self.id)
            assert shown.balance.amount_cents == sum(self.owes) - sum(self.paid)
            assert (shown.state == pb.CONTRACT_STATE_ACTIVE) == (self.state == "active")


@pytest.mark.T("T38")
@pytest.mark.R(5)
def test_the_ledger_is_its_model_whatever_people_do(books):
    LedgerMachine.books = books
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
