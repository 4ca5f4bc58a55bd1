"""Rules of quotes: who pays what, and when. Amounts are integer cents; parts always add up to the whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.contracts.quotes.disclosure import Disclosure, disclose
from shared.errors import Invalid

WHOLE = 10_000  # basis points
DEFAULT_DRAFT_DAY = 5
DEFAULT_CLAIM_INITIAL = 2_500
GRACE_DAYS = dt.timedelta(days=14)  # between the start and the first instalment

PHASES = {
    "ortho.phase_1": "phase_1",
    "ortho.phase_2": "phase_2",
    "ortho.comprehensive.adult": "comprehensive_adult",
    "ortho.limited": "limited",
    "ortho.aligner": "aligner",
}


def phase_of(procedure_concept: str) -> str:
    """The kind of treatment a procedure concept stands for; comprehensive, of a child, when it says nothing else."""
    return next(
        (
            phase
            for prefix, phase in PHASES.items()
            if procedure_concept == prefix or procedure_concept.startswith(prefix + ".")
        ),
        "comprehensive_child",
    )


def split(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Splits cents by weights, largest remainder first: the parts add up to the total, each within a cent of its share.

    `total_cents` is not negative; at least one weight is more than zero. Of equal remainders the first gets the cent.
    """
    whole = sum(weights)
    parts = [total_cents * weight // whole for weight in weights]
    remainders = [total_cents * weight % whole for weight in weights]
    for i in sorted(range(len(weights)), key=lambda i: -remainders[i])[: total_cents - sum(parts)]:
        parts[i] += 1
    return parts


def instalments(total_cents: int, months: int) -> list[int]:
    """Splits an amount into equal monthly payments.

    `total_cents` is not negative; `months` is 1 to 60. Cents that do not divide go to the last payment:
    380000 over 12 is 11 x 31666 and 1 x 31674. Never more payments than cents.
    Source: tops worked example (orthodontics.md, section 1).
    """
    months = min(months, total_cents)
    if not months:
        return []
    base, extra = divmod(total_cents, months)
    return [base] * (months - 1) + [base + extra]


def instalments_of(total_cents: int, monthly_cents: int) -> list[int]:
    """Splits an amount into payments of a chosen size; the rest is the last one.

    A last payment below 10 % of a normal one is merged into the one before it: 362000 at 30000 is 11 x 30000 and
    1 x 32000. Source: OrthoBanc's rule (orthodontics.md, section 1, rule 1).
    """
    count, rest = divmod(total_cents, monthly_cents)
    payments = [monthly_cents] * count
    if rest and payments and rest * 10 < monthly_cents:
        payments[-1] += rest
    elif rest:
        payments.append(rest)
    return payments


def next_draft_day(after: dt.date, draft_day: int) -> dt.date:
    """The first day `draft_day` (1 to 28) of a month that is `after` or later."""
    day = after.replace(day=draft_day)
    return day if day >= after else _months_later(day, 1)


def due_dates(count: int, draft_day: int, start: dt.date, first_due_on: dt.date | None = None) -> list[dt.date]:
    """Due dates of `count` monthly payments.

    Without `first_due_on` the first one is the first draft day at least 14 days after the start.
    """
    first = first_due_on or next_draft_day(start + GRACE_DAYS, draft_day)
    month = first.replace(day=draft_day)
    return [first if i == 0 else _months_later(month, i) for i in range(count)]


def _months_later(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


@dataclass(frozen=True)
class ClaimSide:
    """What insurers see of a fee."""

    charge_cents: int
    initial_cents: int
    monthly_cents: int
    last_cents: int
    months: int


def claim_side(fee_cents: int, initial_basis_points: int, months: int) -> ClaimSide:
    """The fee as insurers see it: an initial charge, then the rest over the months of treatment.

    Never derived from what the family pays; both sides add up to the fee. 6,000.00 at 25 % over 24 months is
    1,500.00, then 24 x 187.50. Source: tops (orthodontics.md, section 1).
    """
    initial, _ = split(fee_cents, [initial_basis_points, WHOLE - initial_basis_points])
    charges = instalments(fee_cents - initial, months) or [0]
    return ClaimSide(fee_cents, initial, charges[0], charges[-1], len(charges))


@dataclass(frozen=True)
class Share:
    """Who pays which part of the patient portion."""

    party_id: str
    basis_points: int
    draft_day: int


@dataclass(frozen=True)
class PartyPlan:
    """One party's part: portion = down payment + instalments."""

    party_id: str
    basis_points: int
    draft_day: int
    portion_cents: int
    down_payment_cents: int
    instalments: list[int] = field(default_factory=list)

    @property
    def financed_cents(self) -> int:
        return self.portion_cents - self.down_payment_cents


@dataclass(frozen=True)
class Plan:
    """A way to pay: treatment fee = discounts + insurance + Σ parties; each party = down payment + instalments."""

    treatment_fee_cents: int
    discount_cents: int
    insurance_portion_cents: int
    down_payment_cents: int
    parties: list[PartyPlan]
    disclosure: Disclosure

    @property
    def total_fee_cents(self) -> int:
        return self.treatment_fee_cents - self.discount_cents

    @property
    def patient_portion_cents(self) -> int:
        return self.total_fee_cents - self.insurance_portion_cents

    @property
    def instalment_cents(self) -> int:
        """What the parties pay together in a normal month."""
        return sum(party.instalments[0] for party in self.parties if party.instalments)

    @property
    def instalment_count(self) -> int:
        return max((len(party.instalments) for party in self.parties), default=0)


def plan(
    *,
    treatment_fee_cents: int,
    discount_cents: int = 0,
    insurance_cents: int = 0,
    down_payment_cents: int = 0,
    instalment_count: int = 0,
    monthly_cents: int = 0,
    pay_in_full_discount_cents: int = 0,
    shares: Sequence[Share] = (),
) -> Plan:
    """Computes a plan, or raises Invalid when the figures do not fit together.

    `discount_cents` is without the pay-in-full discount: that one is taken when there are no instalments (neither
    a count nor a monthly amount) and is otherwise a finance charge. Paid in full means that all is due at signing.
    """
    in_full = not instalment_count and not monthly_cents
    discounts = discount_cents + (pay_in_full_discount_cents if in_full else 0)
    total = treatment_fee_cents - discounts
    if total < 0 or treatment_fee_cents < discount_cents + pay_in_full_discount_cents:
        raise Invalid("DISCOUNT_TOO_LARGE", "the discounts exceed the fee", field="discounts")
    portion = total - insurance_cents
    if portion < 0:
        raise Invalid("INSURANCE_TOO_LARGE", "insurance cannot pay more than the fee", field="expected_insurance")
    down = portion if in_full else down_payment_cents
    if down > portion:
        raise Invalid("DOWN_PAYMENT_TOO_LARGE", "the down payment exceeds the family's part", field="down_payment")
    shares = shares or [Share("", WHOLE, DEFAULT_DRAFT_DAY)]
    if sum(share.basis_points for share in shares) != WHOLE or len({share.party_id for share in shares}) != len(shares):
        raise Invalid("SHARES_INCOMPLETE", "each party once, and the shares must add up to 10000", field="parties")
    parties = _parties(portion, down, instalment_count, monthly_cents, shares)
    return Plan(
        treatment_fee_cents,
        discounts,
        insurance_cents,
        down,
        parties,
        disclose([party.instalments for party in parties], 0 if in_full else pay_in_full_discount_cents),
    )


def _parties(portion: int, down: int, count: int, monthly_cents: int, shares: Sequence[Share]) -> list[PartyPlan]:
    portions = split(portion, [share.basis_points for share in shares])
    # Weighted by the portions, not by the shares: no party's down payment can then exceed its portion by a cent.
    downs = split(down, portions) if portion else [0] * len(shares)
    plans = []
    for share, whole, first in zip(shares, portions, downs, strict=True):
        rest = whole - first
        if monthly_cents:
            payments = instalments_of(
                rest, max(1, split(monthly_cents, [share.basis_points, WHOLE - share.basis_points])[0])
            )
        else:
            payments = instalments(rest, count)
        if len(payments) > 60:
            raise Invalid(
                "TOO_MANY_INSTALMENTS", "at most 60 instalments: choose a larger amount", field="monthly_amount"
            )
        plans.append(PartyPlan(share.party_id, share.basis_points, share.draft_day, whole, first, payments))
    return plans
