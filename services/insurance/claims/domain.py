"""Rules of claims: numbers, charges and who may be paid when. Source: orthodontics.md section 3, standards.md 1.3."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

# What the patient is to the subscriber, in the words of X12 (PAT01).
RELATIONSHIP = {"child": "19", "spouse": "01", "other": "G8"}
RESPONSIBILITY = {"primary": "P", "secondary": "S", "tertiary": "T"}
SEX = {"female": "F", "male": "M"}


# draft becomes validated by a review; a rejection is corrected, a denial is appealed or closed.
NEXT_STATES = {
    "draft": ("closed",),
    "validated": ("submitted", "draft", "closed"),
    "submitted": ("accepted", "rejected"),
    "accepted": ("paid", "denied"),
    "rejected": ("draft", "closed"),
    "paid": ("closed",),
    "denied": ("submitted", "closed"),
    "closed": (),
}
# What a claim's state says about its case; the initial claim opens the payments.
CASE_STATES = {"submitted": "submitted", "accepted": "submitted", "paid": "in_payment"}


def may_follow(state: str, wanted: str) -> bool:
    """True when a claim may go from one state to the other."""
    return wanted in NEXT_STATES[state]


def file_by(service_on: date | None, timely_filing_days: int) -> date | None:
    """Last day on which a claim may reach the payer; None when its limit is not known or nothing was done yet."""
    return service_on + timedelta(days=timely_filing_days) if service_on and timely_filing_days else None


def claim_number(claim_case_id: str, suffix: str) -> str:
    """The number that the payer repeats: at most 20 characters, the same stem on every claim of a case.

    `suffix` tells the claims of a case apart: PD for the predetermination, 01 for the initial claim. The stem is the random part of the case's UUID; a table's unique constraint stands behind it.
    """
    return f"AW{claim_case_id.replace('-', '')[-12:].upper()}-{suffix}"


def initial_charge_cents(payment_model: str, fee_cents: int, initial_share_basis_points: int) -> int:
    """What the banding claim asks for: the whole fee, or only the banding part where every period is billed."""
    if payment_model == "bill_as_you_go" and 0 < initial_share_basis_points < 10_000:
        return (fee_cents * initial_share_basis_points + 5_000) // 10_000
    return fee_cents


def instalment_state(expected_cents: int, received_cents: int) -> str:
    """What came of an expected payment: more than expected counts as received, nothing as missing."""
    if received_cents >= expected_cents:
        return "received"
    return "short" if received_cents else "missing"


def written_kind(kind: str) -> dict[str, Any]:
    """How a kind of claim is marked in the file."""
    marks: dict[str, dict[str, Any]] = {
        "predetermination": {"predetermination": True},
        "replacement": {"frequency": "7"},
        "void": {"frequency": "8"},
    }
    return marks.get(kind, {})
