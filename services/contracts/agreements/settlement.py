"""What is earned when treatment ends early, and who owes whom. Policies are data; every figure is shown as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.contracts.quotes.domain import WHOLE, split


@dataclass(frozen=True)
class Policy:
    """How a fee is earned, in basis points of it.

    `stages` are (share, part of the treatment time at which the stage ends); each stage is earned evenly.
    `rate` is (share, months): that share per so many months, pro rata, up to what the other parts leave.
    """

    placement: int
    removal: int = 0
    stages: tuple[tuple[int, Fraction], ...] = ()
    rate: tuple[int, int] | None = None

    def treatment_share(self, months_done: int, treatment_months: int) -> Fraction:
        """The share earned by months of treatment, in basis points."""
        done = min(Fraction(months_done, treatment_months), Fraction(1))
        if self.rate:
            share, months = self.rate
            return min(Fraction(share * months_done, months), Fraction(WHOLE - self.placement - self.removal))
        earned, start = Fraction(0), Fraction(0)
        for share, end in self.stages:
            earned += share * max(Fraction(0), min(done, end) - start) / (end - start)
            start = end
        return earned


# Source: orthodontics.md, section 1, transfer-out (K1, K2).
POLICIES = {
    "front_loaded": Policy(2_500, stages=((5_000, Fraction(1, 2)), (2_500, Fraction(1)))),
    "even": Policy(3_300, removal=1_200, stages=((5_500, Fraction(1)),)),
    "half_yearly": Policy(4_000, removal=2_000, rate=(1_000, 6)),
}


@dataclass(frozen=True)
class Earned:
    """The earned part of a fee."""

    placement_cents: int
    treatment_cents: int
    removal_cents: int

    @property
    def cents(self) -> int:
        return self.placement_cents + self.treatment_cents + self.removal_cents


def earned(policy: Policy, fee_cents: int, *, months_done: int, treatment_months: int, removed: bool) -> Earned:
    """What is earned of a fee after some months, rounded half up per line; never more than the fee.

    `treatment_months` is more than zero. Of 6,000.00 over 24 months after 9: 3,750.00 front loaded, 3,217.50 even,
    3,300.00 half yearly.
    """
    placement = _part(fee_cents, Fraction(policy.placement))
    treatment = _part(fee_cents, policy.treatment_share(months_done, treatment_months))
    removal = _part(fee_cents, Fraction(policy.removal)) if removed else 0
    treatment = min(treatment, fee_cents - placement)
    return Earned(placement, treatment, min(removal, fee_cents - placement - treatment))


def _part(cents: int, basis_points: Fraction) -> int:
    return int(cents * basis_points / WHOLE + Fraction(1, 2))


@dataclass(frozen=True)
class Settled:
    """The account at the end: `dues` are per party, less than zero is a refund."""

    earned: Earned
    dues: list[int]
    lines: list[tuple[str, int]]

    @property
    def due_cents(self) -> int:
        return sum(self.dues)


def settle(
    policy: Policy,
    *,
    total_fee_cents: int,
    months_done: int,
    treatment_months: int,
    removed: bool,
    given_up_cents: int,
    insurance_paid_cents: int,
    basis_points: Sequence[int],
    paid: Sequence[int],
) -> Settled:
    """What each party owes (or gets back) when a contract ends: its share of the earned fee less what it paid.

    What insurance paid and what was written off lower the families' part first. When insurance alone paid more than
    is earned, the excess belongs to the payer and not to the family: the family's part is then zero.
    """
    part = earned(policy, total_fee_cents, months_done=months_done, treatment_months=treatment_months, removed=removed)
    family = max(0, part.cents - given_up_cents - insurance_paid_cents)
    dues = [share - done for share, done in zip(split(family, basis_points), paid, strict=True)]
    lines = [
        ("fee", total_fee_cents),
        ("earned_placement", part.placement_cents),
        ("earned_treatment", part.treatment_cents),
        ("earned_removal", part.removal_cents),
        ("earned", part.cents),
        ("written_off", -given_up_cents),
        ("paid_insurance", -insurance_paid_cents),
        ("paid_family", -sum(paid)),
        ("due", sum(dues)),
    ]
    return Settled(part, dues, lines)
