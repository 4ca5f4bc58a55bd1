"""The orthodontic benefits inside an Answer: a view in which every value knows the segments that say so.

A benefit that the payer did not mention is unknown (None), never "no" and never zero. Source: standards.md 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from services.insurance.x12.eligibility import Answer, Benefit

T = TypeVar("T")

ORTHODONTICS, DENTAL, PLAN = "38", "35", "30"
ACTIVE, INACTIVE = ("1", "2", "3", "4", "5"), ("6", "7", "8")
CO_INSURANCE, DEDUCTIBLE, DESCRIPTION, LIMIT, NOT_COVERED, OTHER_PAYER = "A", "C", "D", "F", "I", "R"
YEAR_TO_DATE, REMAINING, LIFETIME, LIFETIME_REMAINING = "24", "29", "32", "33"
BENEFIT_BEGIN = "348"
AGE_HIGH, AGE_LOW = "S7", "S8"
UNITS = {
    "6": "hour",
    "7": "day",
    "21": "year",
    "22": "benefit year",
    "23": "calendar year",
    "32": "lifetime",
    "34": "month",
}
UNITS |= {"35": "week", "27": "visit"}


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and the EB segments (positions in the file) that it was read from."""

    value: T
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """Ages as sent, inclusive or not as the payer meant it: "to age 19" and 18 may be the same, so `text` is kept."""

    minimum: int | None
    maximum: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a rejection, in our own words. `action`: correct, retry, wait, call or none."""

    reason: str
    action: str
    text: str
    position: int


@dataclass(slots=True)
class OrthoBenefits:
    """What is known about orthodontic benefits. None is unknown. Money in cents, shares in 1/100 of a percent.

    `ambiguous` names the facts for which the payer sent several values: the one least favourable to the family is kept.
    """

    covered: Fact[str]
    plan_percent_basis_points: Fact[int] | None = None
    lifetime_maximum_cents: Fact[int] | None = None
    lifetime_remaining_cents: Fact[int] | None = None
    deductible_cents: Fact[int] | None = None
    deductible_remaining_cents: Fact[int] | None = None
    age_limit: Fact[AgeLimit] | None = None
    waiting_until: Fact[date] | None = None
    waiting_text: Fact[str] | None = None
    frequency: Fact[str] | None = None
    paid_to_date_cents: Fact[int] | None = None
    other_payers: Fact[tuple[str, ...]] | None = None
    notes: Fact[tuple[str, ...]] | None = None
    rejections: list[Advice] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)


def ortho_benefits(answer: Answer) -> OrthoBenefits:
    """Derives the summary from the benefits of one answer; in-network rows come before the others."""
    rows = [row for row in answer.benefits if ORTHODONTICS in row.service_types]
    found = OrthoBenefits(covered=_covered(rows, answer.benefits))
    amounts = [
        row for row in rows if row.information == LIMIT and row.amount_cents is not None and not row.quantity_qualifier
    ]
    deductibles = [row for row in rows if row.information == DEDUCTIBLE and row.amount_cents is not None]

    def least(name: str, candidates: Iterable[Benefit], value: Callable[[Benefit], int], worst: Callable = min) -> None:
        """Sets `name` from the best network's rows; several values make it ambiguous and the worst one counts."""
        if chosen := _best_network(list(candidates)):
            values = {value(row) for row in chosen}
            setattr(found, name, Fact(worst(values), _positions(chosen)))
            if len(values) > 1:
                found.ambiguous.append(name)

    def cents(row: Benefit) -> int:
        return row.amount_cents or 0

    shares = [
        r for r in rows if r.information == CO_INSURANCE and r.percent_basis_points is not None and not r.procedure
    ]
    least("plan_percent_basis_points", shares, lambda row: 10000 - (row.percent_basis_points or 0))
    least("lifetime_maximum_cents", [row for row in amounts if row.period == LIFETIME], cents)
    remaining = [row for row in amounts if row.period == LIFETIME_REMAINING]
    if not remaining and found.lifetime_maximum_cents:
        networks = {row.network for row in amounts if row.period == LIFETIME}
        remaining = [row for row in amounts if row.period == REMAINING and row.network in networks]
    least("lifetime_remaining_cents", remaining, cents)
    left = (REMAINING, LIFETIME_REMAINING)
    least("deductible_cents", [row for row in deductibles if row.period not in left], cents, max)
    least("deductible_remaining_cents", [row for row in deductibles if row.period in left], cents, max)
    _check_against_messages(found, shares)
    found.age_limit = _age_limit(rows)
    _waiting(found, rows)
    found.frequency = _frequency(rows)
    found.paid_to_date_cents = _paid_to_date(found, rows)
    found.other_payers = _other_payers(answer)
    if noted := [row for row in rows if row.messages]:
        found.notes = Fact(tuple(text for row in noted for text in row.messages), _positions(noted))
    found.rejections = [_advice(r.reason, r.follow_up, r.position) for r in answer.rejections]
    return found


def _positions(rows: Iterable[Benefit]) -> tuple[int, ...]:
    return tuple(row.position for row in rows)


def _best_network(rows: list[Benefit]) -> list[Benefit]:
    """The individual's rows for in-network care; else for any network (W or unsaid), unknown, and only then outside."""
    for network in (("Y",), ("W", ""), ("U",), ("N",)):
        if chosen := [row for row in rows if row.network in network]:
            return [row for row in chosen if row.level == "IND"] or chosen
    return []


def _covered(rows: list[Benefit], everything: list[Benefit]) -> Fact[str]:
    """yes, no or unknown; a payer that contradicts itself is unknown."""
    general = [row for row in rows if not row.procedure and row.network != "N"]
    yes = [row for row in general if row.information in ACTIVE]
    if not yes:
        yes = [
            row
            for row in general
            if (row.information == CO_INSURANCE and (row.percent_basis_points or 10000) < 10000)
            or (
                row.information == LIMIT
                and row.period in (LIFETIME, LIFETIME_REMAINING)
                and (row.amount_cents or 0) > 0
            )
        ]
    no = [row for row in general if row.information in (NOT_COVERED, *INACTIVE)]
    if yes and no:
        return Fact("unknown", _positions([*yes, *no]))
    if yes or no:
        return Fact("yes", _positions(yes)) if yes else Fact("no", _positions(no))
    wide = [row for row in everything if {DENTAL, PLAN} & set(row.service_types) and row.network != "N"]
    ended = [row for row in wide if row.information in INACTIVE]
    if ended and not any(row.information in ACTIVE for row in wide):
        return Fact("no", _positions(ended))
    return Fact("unknown", ())


PLAN_PAYS = re.compile(r"PLAN PAYS\s+(\d{1,3})\s*(?:%|PERCENT|PCT)")


def _check_against_messages(found: OrthoBenefits, shares: list[Benefit]) -> None:
    """Some payers send the plan's share where the patient's belongs; their own words give it away."""
    for row in shares:
        for text in row.messages:
            said = PLAN_PAYS.search(text.upper())
            if said and int(said[1]) * 100 != 10000 - (row.percent_basis_points or 0):
                found.ambiguous.append("plan_percent_basis_points")
                return


AGE_TEXT = re.compile(r"\bAGE\b|\bYEARS? OLD\b")
AGE_TO = re.compile(r"\b(?:TO|UNDER|THROUGH|UNTIL|UP TO) (?:THE )?AGE (?:OF )?(\d{1,2})\b")


def _age_limit(rows: list[Benefit]) -> Fact[AgeLimit] | None:
    limits = _best_network([r for r in rows if r.quantity_qualifier in (AGE_HIGH, AGE_LOW) and r.quantity.isdigit()])
    ages = {row.quantity_qualifier: int(row.quantity[:3]) for row in limits}
    texts = limits or [row for row in rows if any(AGE_TEXT.search(text.upper()) for text in row.messages)]
    text = " / ".join(text for row in texts for text in row.messages if AGE_TEXT.search(text.upper()))
    if not texts:
        return None
    maximum = ages.get(AGE_HIGH)
    if not limits and (said := AGE_TO.search(text.upper())):
        maximum = int(said[1])
    return Fact(AgeLimit(ages.get(AGE_LOW), maximum, text), _positions(texts))


def _waiting(found: OrthoBenefits, rows: list[Benefit]) -> None:
    begins = [
        (begin, row) for row in rows for kind, begin, _ in row.dates if kind == BENEFIT_BEGIN and not row.procedure
    ]
    if begins:
        found.waiting_until = Fact(max(begin for begin, _ in begins), _positions(row for _, row in begins))
    said = [row for row in rows if any("WAITING" in text.upper() for text in row.messages)]
    if said:
        texts = [text for row in said for text in row.messages if "WAITING" in text.upper()]
        found.waiting_text = Fact(" / ".join(texts), _positions(said))


def _frequency(rows: list[Benefit]) -> Fact[str] | None:
    for row in rows:
        if row.frequency:
            qualifier, quantity, _, _, period, periods = row.frequency
            what = {"VS": "visit", "DY": "day", "MN": "month", "YY": "unit"}.get(qualifier, "unit")
            number = quantity or "1"
            text = f"{number} {what}{'' if number == '1' else 's'}"
            if unit := UNITS.get(period):
                each = periods or "1"
                text += f" per {unit}" if each == "1" else f" per {each} {unit}s"
            return Fact(text, _positions([row]))
    return None


PAID = re.compile(r"\$?(\d{1,3}(?:,\d{3})*|\d{1,9})\.(\d{2})\s+(?:HAS BEEN\s+)?(?:PAID|USED)\s+TO\s+DATE")


def _paid_to_date(found: OrthoBenefits, rows: list[Benefit]) -> Fact[int] | None:
    """What any office was paid: the payer's words, its year-to-date amount, or maximum less remaining."""
    for row in rows:
        for text in row.messages:
            if said := PAID.search(text.upper()):
                return Fact(int(said[1].replace(",", "")) * 100 + int(said[2]), _positions([row]))
    used = [r for r in rows if r.information == LIMIT and r.period == YEAR_TO_DATE and r.amount_cents is not None]
    if used := _best_network(used):
        return Fact(max(row.amount_cents or 0 for row in used), _positions(used))
    maximum, remaining = found.lifetime_maximum_cents, found.lifetime_remaining_cents
    if maximum and remaining and maximum.value >= remaining.value:
        return Fact(maximum.value - remaining.value, (*maximum.positions, *remaining.positions))
    return None


def _other_payers(answer: Answer) -> Fact[tuple[str, ...]] | None:
    """Payers other than the one that answered: another plan must be asked before the benefits can be added up."""
    names, rows = [], []
    for row in answer.benefits:
        other = [
            party
            for party in row.parties
            if party.entity in ("SEP", "TTP")
            or (
                party.entity in ("PRP", "PR")
                and party.identifier != answer.payer_code
                and row.information == OTHER_PAYER
            )
        ]
        if other or row.information == OTHER_PAYER:
            names += [party.name for party in other]
            rows.append(row)
    return Fact(tuple(names), _positions(rows)) if rows else None


ADVICE = {
    "04": ("call", "The payer refuses requests of this size or kind; ask for one patient and one benefit at a time."),
    "15": ("correct", "Something required is missing; complete member id, name and birth date and ask again."),
    "33": ("correct", "A value has a form that the payer does not take; compare it with the member's card."),
    "41": ("call", "This office may not ask this payer electronically; enrol with the payer or call."),
    "42": ("retry", "The payer cannot answer at the moment; ask again later."),
    "43": ("correct", "The payer does not know the provider's number; check the NPI and the enrolment."),
    "50": ("call", "The provider is not allowed to ask; check the enrolment with the payer."),
    "51": ("call", "The provider is not on file with the payer; enrol or call."),
    "58": ("correct", "The birth date is missing or wrong; check it with the family."),
    "62": ("correct", "The date asked about is outside what the payer answers; ask about today."),
    "63": ("correct", "The date asked about lies in the future; ask about today."),
    "71": ("correct", "The birth date does not match the payer's file; check it with the family."),
    "72": ("correct", "The member id is missing or wrong; read it again from the card."),
    "73": ("correct", "The name does not match; use the name as printed on the card."),
    "75": ("correct", "The subscriber was not found; check the payer, the member id and the subscriber's name."),
    "76": ("correct", "The payer found more than one such member; add the birth date or the full name."),
    "67": ("correct", "The patient was not found under this subscriber; check name, birth date and relationship."),
    "79": ("correct", "The payer's number is not known; check which payer number the clearinghouse uses."),
    "80": ("retry", "The payer gave no answer in time; ask again later."),
}
FOLLOW_UP = {"C": "correct", "N": "call", "R": "retry", "S": "call", "W": "wait", "X": "wait", "Y": "none"}


def _advice(reason: str, follow_up: str, position: int) -> Advice:
    action, text = ADVICE.get(reason, ("call", "The payer did not answer; call and write down who answered."))
    return Advice(reason, action if reason in ADVICE else FOLLOW_UP.get(follow_up, "call"), text, position)
