"""What a dental plan pays for orthodontic treatment, and when. Plain arithmetic in integer cents.

Source: orthodontics.md section 2 (payer patterns, worked examples A to D) and Appendix A (instalment calendar).
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from shared.words import dollars

WHOLE = 10_000  # basis points
MONTHS = {"monthly": 1, "quarterly": 3}
VERIFICATION_DAYS = 90


@dataclass(frozen=True, slots=True)
class PlanRules:
    """How a plan pays. `initial_share_basis_points` falls due at banding, the rest over the months (0: no limit)."""

    base: Literal["charge", "liability"] = "charge"
    cadence: Literal["monthly", "quarterly", "lump"] = "monthly"
    initial_share_basis_points: int = 0
    maximum_months: int = 0
    work_in_progress: Literal["prorated", "excluded", "full"] = "prorated"


@dataclass(frozen=True, slots=True)
class BenefitFacts:
    """What was verified. None is unknown; `sources` says where a fact was read, by its name here."""

    plan_percent_basis_points: int
    lifetime_maximum_cents: int | None = None
    lifetime_remaining_cents: int | None = None
    deductible_cents: int = 0
    minimum_age: int | None = None
    maximum_age: int | None = None
    age_text: str = ""
    waiting_until: date | None = None
    waiting_text: str = ""
    other_payers: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is estimated. `months_elapsed` is treatment before this coverage began (work in progress).

    `covered_from` and `covered_until` are the coverage's own days, `answer_age_days` the age of the payer's answer.
    """

    fee_cents: int
    months: int
    start_on: date
    not_covered_cents: int = 0
    used_elsewhere_cents: int = 0
    months_elapsed: int = 0
    birth_date: date | None = None
    covered_from: date | None = None
    covered_until: date | None = None
    answer_age_days: int = 0


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment that the plan is expected to make; `kind` is initial or periodic."""

    sequence: int
    due_on: date
    amount_cents: int
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the explanation; `source` says where its number comes from."""

    text: str
    amount_cents: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Warning:
    """Why insurance may pay less, and how much of the estimate depends on it (None: cannot be said)."""

    code: str
    text: str
    at_risk_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the plan is expected to pay in all, when, why, and what may make it less."""

    expected_cents: int
    instalments: tuple[Instalment, ...]
    lines: tuple[Line, ...]
    warnings: tuple[Warning, ...]


def estimate(rules: PlanRules, facts: BenefitFacts, treatment: Treatment) -> Estimate:
    """Computes the plan's payments; their sum is the expected total, never more than what remains of the maximum.

    The rest after the banding payment is spread evenly, in cents by cumulative rounding, and stops when the maximum is
    reached, so the last payment may be partial. Raises ValueError for a negative amount or no months.
    """
    _check(treatment)
    lines: list[Line] = []
    months = min(treatment.months, rules.maximum_months or treatment.months)
    gross = _gross(facts, treatment, lines)
    cap = _remaining(facts, treatment, lines)
    initial_share = WHOLE if rules.cadence == "lump" else rules.initial_share_basis_points
    # The base decides the pace: a share of every charge until the maximum, or the plan's whole liability in even parts.
    pace = gross if rules.base == "charge" else min(gross, cap)
    initial = _share(pace, initial_share)
    rest, first = pace - initial, 0
    if treatment.months_elapsed and rules.work_in_progress != "full":  # the banding payment lies before this coverage
        first = min(treatment.months_elapsed, months)
        initial = _round(pace * (months - first), months) if rules.cadence == "lump" else 0
        if rules.work_in_progress == "excluded":
            initial = rest = 0
    instalments = tuple(_instalments(rules, treatment, initial, rest, first, months, cap))
    expected = sum(i.amount_cents for i in instalments)
    _explain_payments(rules, facts, treatment, instalments, expected, lines, first, months)
    return Estimate(expected, instalments, tuple(lines), tuple(_warnings(rules, facts, treatment, instalments)))


def _check(treatment: Treatment) -> None:
    amounts = (treatment.fee_cents, treatment.not_covered_cents, treatment.used_elsewhere_cents)
    if min(amounts) < 0 or treatment.months < 1 or treatment.months_elapsed < 0:
        raise ValueError("amounts are not negative and treatment lasts a month or more")
    if treatment.not_covered_cents > treatment.fee_cents:
        raise ValueError("the part that is not covered is at most the fee")


def _gross(facts: BenefitFacts, treatment: Treatment, lines: list[Line]) -> int:
    """The plan's share of what it counts, before any maximum."""
    source = facts.sources.get
    lines.append(Line("Fee for the treatment", treatment.fee_cents))
    base = treatment.fee_cents
    if treatment.not_covered_cents:
        base -= treatment.not_covered_cents
        lines.append(
            Line("Parts that the plan does not count, such as records and retainers", -treatment.not_covered_cents)
        )
    if deducted := min(facts.deductible_cents, base):
        base -= deducted
        lines.append(Line("Deductible that is still to be met", -deducted, source("deductible", "")))
    if base != treatment.fee_cents:
        lines.append(Line("The plan counts", base))
    share = facts.plan_percent_basis_points
    gross = _share(base, share)
    lines.append(Line(f"Its share is {percent(share)}", gross, source("plan_percent_basis_points", "")))
    return gross


def _remaining(facts: BenefitFacts, treatment: Treatment, lines: list[Line]) -> int:
    """What is left of the lifetime maximum. The payer's own remainder wins over maximum less used."""
    source = facts.sources.get
    if facts.lifetime_maximum_cents is not None:
        text = "The most that it pays in a lifetime"
        lines.append(Line(text, facts.lifetime_maximum_cents, source("lifetime_maximum", "")))
    if facts.lifetime_remaining_cents is not None:
        left, text = facts.lifetime_remaining_cents, "Of that, the payer says, is left"
        lines.append(Line(text, left, source("lifetime_remaining", "")))
    elif facts.lifetime_maximum_cents is not None:
        left = facts.lifetime_maximum_cents
    else:
        return treatment.fee_cents  # no maximum is known; the fee is the only limit
    if treatment.used_elsewhere_cents:
        used = min(left, treatment.used_elsewhere_cents)
        left -= used
        lines.append(Line("Used at another office", -used, "family"))
        lines.append(Line("Left for this treatment", left))
    return max(left, 0)


def _instalments(
    rules: PlanRules, treatment: Treatment, initial: int, rest: int, first: int, months: int, cap: int
) -> list[Instalment]:
    """The payments in order, never more than `cap` together; none of them is zero."""
    found: list[Instalment] = []
    paid = 0

    def pay(total_so_far: int, due_on: date, kind: str) -> None:
        nonlocal paid
        amount = min(total_so_far, cap) - paid
        if amount > 0:
            found.append(Instalment(len(found) + 1, due_on, amount, kind))
            paid += amount

    pay(initial, treatment.start_on, "initial")
    step = MONTHS.get(rules.cadence, months)
    for month in range(first, months, step):
        done = min(month + step, months) - first
        pay(initial + _round(rest * done, months), first_of_month(treatment.start_on, month + step - first), "periodic")
    return found


def _explain_payments(
    rules: PlanRules,
    facts: BenefitFacts,
    treatment: Treatment,
    instalments: Sequence[Instalment],
    expected: int,
    lines: list[Line],
    first: int,
    months: int,
) -> None:
    if first and rules.work_in_progress == "prorated":
        text = f"Treatment is in progress: the plan pays for {months - first} of {months} months"
        lines.append(Line(text, None, "plan"))
    for instalment in instalments:
        if instalment.kind == "initial":
            share = percent(WHOLE if rules.cadence == "lump" else rules.initial_share_basis_points)
            lines.append(Line(f"First payment at banding ({share})", instalment.amount_cents, "plan"))
    periodic = [i.amount_cents for i in instalments if i.kind == "periodic"]
    if periodic:
        often = {"monthly": "monthly", "quarterly": "quarterly"}.get(rules.cadence, "later")
        count = len(periodic)
        text = f"Then {count} {often} payment{'' if count == 1 else 's'} of about {dollars(periodic[0])}"
        if count > 1 and abs(periodic[-1] - periodic[0]) > 1:
            text += f", the last one {dollars(periodic[-1])}"
        lines.append(Line(text, sum(periodic), "plan"))
    lines.append(Line("Insurance is expected to pay", expected))
    lines.append(Line("The family pays", treatment.fee_cents - expected))


def _warnings(
    rules: PlanRules, facts: BenefitFacts, treatment: Treatment, instalments: Sequence[Instalment]
) -> list[Warning]:
    found: list[Warning] = []
    total = sum(i.amount_cents for i in instalments)
    if facts.lifetime_maximum_cents is None and facts.lifetime_remaining_cents is None:
        found.append(Warning("MAXIMUM_UNKNOWN", "The lifetime maximum is not known; ask the payer.", total))
    if facts.waiting_until and treatment.start_on < facts.waiting_until:
        text = f"Benefits begin on {facts.waiting_until}; treatment that starts before may not be paid at all."
        found.append(Warning("WAITING_PERIOD", text, total))
    elif facts.waiting_text and not facts.waiting_until:
        found.append(Warning("WAITING_PERIOD", "The payer speaks of a waiting period; ask when it ends.", None))
    if treatment.answer_age_days > VERIFICATION_DAYS:
        text = f"The payer's answer is {treatment.answer_age_days} days old; ask again."
        found.append(Warning("ANSWER_OLD", text, total))
    if treatment.covered_from and treatment.start_on < treatment.covered_from:
        text = f"The coverage begins on {treatment.covered_from}, after the start of treatment."
        found.append(Warning("COVERAGE_NOT_BEGUN", text, total))
    if treatment.covered_until:
        late = [i for i in instalments if i.due_on > treatment.covered_until]
        if late:
            text = f"The coverage ends on {treatment.covered_until}; {len(late)} payment(s) fall due later."
            found.append(Warning("COVERAGE_ENDS", text, sum(i.amount_cents for i in late)))
    found += _age_warnings(facts, treatment, instalments)
    if treatment.months_elapsed and rules.work_in_progress == "excluded":
        found.append(Warning("WORK_IN_PROGRESS", "The plan pays nothing for treatment that began before it.", None))
    if facts.other_payers:
        found.append(Warning("OTHER_PAYER", "Another plan may have to pay first; ask both.", None))
    if facts.ambiguous:
        text = "The payer sent several values; the least favourable is used. Ask which one holds."
        found.append(Warning("AMBIGUOUS_BENEFITS", text, None))
    return found


def _age_warnings(facts: BenefitFacts, treatment: Treatment, instalments: Sequence[Instalment]) -> list[Warning]:
    """Age counts on the day of each instalment. How a limit ends (birthday, month, year) is the payer's secret: ask."""
    if not treatment.birth_date:
        if facts.maximum_age is not None:
            return [Warning("AGE_LIMIT", "The plan has an age limit and the birth date is not known.", None)]
        return []
    found = []
    if facts.minimum_age is not None and age(treatment.birth_date, treatment.start_on) < facts.minimum_age:
        text = f"The plan pays from age {facts.minimum_age}; the patient is younger at the start."
        found.append(Warning("AGE_LIMIT", text, sum(i.amount_cents for i in instalments)))
    if facts.maximum_age is not None:
        last = facts.maximum_age
        late = [i for i in instalments if age(treatment.birth_date, i.due_on) > last]
        near = [i for i in instalments if age(treatment.birth_date, i.due_on) == last]
        if late:
            text = f"{len(late)} payment(s) fall due after the age limit of {last}; ask how the limit ends."
            found.append(Warning("AGE_LIMIT", text, sum(i.amount_cents for i in late)))
        elif near:
            text = f"{len(near)} payment(s) fall due in the last year before the age limit of {last}; ask how it ends."
            found.append(Warning("AGE_LIMIT", text, sum(i.amount_cents for i in near)))
    return found


def _share(cents: int, basis_points: int) -> int:
    return _round(cents * basis_points, WHOLE)


def _round(numerator: int, denominator: int) -> int:
    """Half up, for amounts that are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def first_of_month(day: date, months: int) -> date:
    """The first of the month `months` after the month of `day`: 12/15 and 1 give 1/1 (Appendix A)."""
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


def age(birth_date: date, on: date) -> int:
    """Age in whole years; someone born on 29 February has the birthday on 1 March in other years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def months_between(start: date, end: date) -> int:
    """Whole months from one day to a later one, 0 when it is earlier; the last day of a month counts as complete."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if end.day < start.day and end.day != calendar.monthrange(end.year, end.month)[1]:
        months -= 1
    return max(months, 0)


def answered_on(now: datetime, said: date | None) -> date:
    """The day on which a payer answered: the one its file bears, today when it bears none or one to come."""
    return min(said or now.date(), now.date())


def answer_age_days(now: datetime, answered_on: date) -> int:
    """Days since the payer answered."""
    return (now.date() - answered_on).days


def percent(basis_points: int) -> str:
    """5000 is 50 %, 3333 is 33.33 %."""
    return f"{basis_points / 100:g} %"
