"""Postings of a double-entry ledger. Debits are more than zero; the postings of a journal add up to zero.

Nothing is edited: a correction is a journal that takes an earlier one back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PATIENT = "patient_receivable"
INSURANCE = "insurance_receivable"
DEFERRED = "deferred_revenue"
REVENUE = "revenue"
CASH = "cash_clearing"
REFUNDS = "refunds_payable"
WRITE_OFF = "write_off"
DISCOUNTS = "discounts"
SUSPENSE = "suspense"
ACCOUNTS = (PATIENT, INSURANCE, DEFERRED, REVENUE, CASH, REFUNDS, WRITE_OFF, DISCOUNTS, SUSPENSE)


@dataclass(frozen=True)
class Posting:
    """One entry to be."""

    account: str
    amount_cents: int
    party_id: str | None = None


def journal(postings: Iterable[Posting]) -> list[Posting]:
    """Drops empty postings and checks that the others balance. Raises ValueError: our mistake, not a caller's."""
    kept = [posting for posting in postings if posting.amount_cents]
    if sum(posting.amount_cents for posting in kept):
        raise ValueError("the postings of a journal must add up to zero")
    return kept


def activation(
    treatment_fee_cents: int, discount_cents: int, insurance_cents: int, portions: Sequence[tuple[str, int]]
) -> list[Posting]:
    """A contract starts: everybody owes his part, nothing is earned yet."""
    return journal(
        [
            *(Posting(PATIENT, cents, party) for party, cents in portions),
            Posting(INSURANCE, insurance_cents),
            Posting(DISCOUNTS, discount_cents),
            Posting(DEFERRED, -treatment_fee_cents),
        ]
    )


def payment(party_id: str, amount_cents: int) -> list[Posting]:
    """A party pays. Before the contract starts it is a credit of the party."""
    return journal([Posting(CASH, amount_cents), Posting(PATIENT, -amount_cents, party_id)])


def insurance_payment(amount_cents: int) -> list[Posting]:
    """An insurer pays."""
    return journal([Posting(CASH, amount_cents), Posting(INSURANCE, -amount_cents)])


def refund(party_id: str, amount_cents: int) -> list[Posting]:
    """A refund is decided: the practice owes it until it is paid out."""
    return journal([Posting(PATIENT, amount_cents, party_id), Posting(REFUNDS, -amount_cents)])


def refund_paid(amount_cents: int) -> list[Posting]:
    """A refund is paid out."""
    return journal([Posting(REFUNDS, amount_cents), Posting(CASH, -amount_cents)])


def reversal(entries: Iterable[Posting]) -> list[Posting]:
    """Takes a journal back, entry by entry."""
    return journal(Posting(entry.account, -entry.amount_cents, entry.party_id) for entry in entries)


def write_off(party_id: str, amount_cents: int) -> list[Posting]:
    """Part of what a party owes is given up."""
    return journal([Posting(WRITE_OFF, amount_cents), Posting(PATIENT, -amount_cents, party_id)])


def transfer(from_party_id: str | None, to_party_id: str, amount_cents: int) -> list[Posting]:
    """A balance moves to a party; from insurance when no party gives it."""
    source = Posting(PATIENT, -amount_cents, from_party_id) if from_party_id else Posting(INSURANCE, -amount_cents)
    return journal([Posting(PATIENT, amount_cents, to_party_id), source])


def obligations_changed(insurance_cents: int, parties: Sequence[tuple[str, int]]) -> list[Posting]:
    """Receivables change by so much, by an amendment or a settlement; what is still to be earned changes with them."""
    changes = [*(Posting(PATIENT, cents, party) for party, cents in parties), Posting(INSURANCE, insurance_cents)]
    return journal([*changes, Posting(DEFERRED, -sum(change.amount_cents for change in changes))])


def recognition(amount_cents: int) -> list[Posting]:
    """Revenue is earned; less than zero takes some back."""
    return journal([Posting(DEFERRED, amount_cents), Posting(REVENUE, -amount_cents)])
