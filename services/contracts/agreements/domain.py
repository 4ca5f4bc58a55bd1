"""Rules of contracts: states, what starts one, how far a schedule is paid, what an amendment changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.contracts.quotes.domain import split
from shared.errors import Conflict, Invalid

# What is drawn up but not running yet, and which later states each state may reach.
OPEN = ("proposed", "accepted", "pending")
TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "proposed": ("accepted", "pending", "active", "canceled"),
    "accepted": ("pending", "active", "canceled"),
    "pending": ("accepted", "active", "canceled"),
    "active": ("completed", "ended_early", "defaulted"),
}


def next_state(state: str, *, signed: bool, paid: bool, placed: bool, activation: str) -> str:
    """The state of a contract that is not running yet, by what has happened so far; other states stay.

    Signed by every party → accepted; the down payment of every party → pending; and placement, when the
    policy asks for it → active.
    """
    if state not in OPEN:
        return state
    if not signed:
        return "proposed"
    if not paid:
        return "accepted"
    return "pending" if activation == "placement" and not placed else "active"


def check_open(state: str) -> None:
    """Raises unless the contract can take money: it is drawn up or active, or has ended with something due."""
    if state == "canceled":
        raise Conflict("CONTRACT_NOT_OPEN", "the contract was withdrawn", state=state)


def check_active(state: str) -> None:
    """Raises unless the contract runs."""
    if state != "active":
        raise Conflict("CONTRACT_NOT_ACTIVE", "the contract is not active", state=state)


def check_cancelable(state: str, paid_cents: int) -> None:
    """Raises unless the contract can be withdrawn: not running, and no money kept or on its way."""
    if state not in OPEN:
        raise Conflict("CONTRACT_NOT_OPEN", "only a contract that is not active yet can be withdrawn", state=state)
    if paid_cents:
        raise Conflict("PAYMENTS_TO_RETURN", "refund what was paid first", paid_cents=paid_cents)


def months_between(start: dt.date, day: dt.date) -> int:
    """Whole months from one day to a later one; 0 for an earlier one."""
    return max(0, (day.year - start.year) * 12 + day.month - start.month - (day.day < start.day))


def month_after(start: dt.date, months: int) -> dt.datetime:
    """Noon UTC of the day on which so many whole months have passed, everywhere in the United States."""
    years, month = divmod(start.month - 1 + months, 12)
    first = dt.datetime(start.year + years, month + 1, 1, 12, tzinfo=dt.UTC)
    return first + dt.timedelta(days=start.day - 1)


def earned(production_cents: int, initial_basis_points: int, months: int, treatment_months: int) -> int:
    """What is earned of a fee after whole months: the initial part at the start, the rest evenly over treatment."""
    initial, rest = split(production_cents, [initial_basis_points, 10_000 - initial_basis_points])
    return initial + rest * min(months, treatment_months) // treatment_months


@dataclass(frozen=True)
class Standing:
    """How far a party's schedule is paid."""

    paid: list[int]  # of each instalment
    past_due_cents: int
    next_index: int | None  # of the first instalment that is not due yet and not paid


def standing(
    due: Sequence[tuple[dt.date, int]], *, before_cents: int, paid_cents: int, relieved_cents: int, today: dt.date
) -> Standing:
    """Spreads what a party paid over its instalments, oldest first, and what it was relieved of, newest first.

    `before_cents` is what had to be paid before the first instalment (the down payment). A payment made early thus
    re-aims the next draft by itself. An instalment is past due on the day after its date.
    """
    rest = max(0, paid_cents - before_cents)
    paid = []
    for _, amount in due:
        part = min(rest, amount)
        paid.append(part)
        rest -= part
    relief = relieved_cents
    for i in reversed(range(len(due))):
        part = min(relief, due[i][1] - paid[i])
        paid[i] += part
        relief -= part
    open_before = max(0, before_cents - paid_cents - relief)
    late = sum(amount - done for (on, amount), done in zip(due, paid, strict=True) if on < today)
    following = (i for i, (on, amount) in enumerate(due) if on >= today and paid[i] < amount)
    return Standing(paid, open_before + late, next(following, None))


@dataclass(frozen=True)
class Amendment:
    """New obligations; the posted past stays."""

    total_fee_cents: int
    insurance_portion_cents: int
    patient_portion_cents: int
    portions: list[int]  # of each party, including what it paid
    rising: list[int]  # indexes of the parties whose obligation rises


def amend(
    *,
    total_fee_cents: int,
    insurance_portion_cents: int,
    given_up_cents: int,
    insurance_paid_cents: int,
    basis_points: Sequence[int],
    obligations: Sequence[int],
    paid: Sequence[int],
    agreed: bool = False,
) -> Amendment:
    """Computes the parties' new obligations.

    `obligations` are what they owe today including what they paid; `given_up_cents` was written off and stays so.
    Raises Invalid when insurance exceeds the fee, or when the new fee asks less of a party than it has paid: that is
    a refund first. Once the parties have `agreed` by signature it always applies, and what was overpaid is a credit.
    """
    portion = total_fee_cents - insurance_portion_cents - given_up_cents
    if not agreed and (portion < 0 or insurance_portion_cents < insurance_paid_cents):
        raise Invalid(
            "INSURANCE_TOO_LARGE",
            "insurance cannot pay more than the fee, nor less than it has paid",
            field="insurance_portion",
        )
    portions = split(max(0, portion), basis_points)
    for new, done in zip(portions, paid, strict=True):
        if new < done and not agreed:
            raise Invalid(
                "BELOW_PAID",
                "a party has paid more than that already: refund first",
                field="total_fee",
                paid_cents=done,
            )
    rising = [i for i, (new, old) in enumerate(zip(portions, obligations, strict=True)) if new > old]
    return Amendment(total_fee_cents, insurance_portion_cents, sum(portions), portions, rising)
