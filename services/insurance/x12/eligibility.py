"""Reads a 271 into what a payer said: one benefit per EB loop, and the rejections.

Lenient, because payers are: an odd element is a warning and its value becomes unknown; it never hides another benefit.
Sources: standards.md 1.2, payers' companion guides, and the samples in tests/samples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from services.insurance.x12.envelope import Transaction, transactions
from services.insurance.x12.findings import Finding, Malformed
from services.insurance.x12.tokenizer import Segment

NUMBER = re.compile(r"-?(\d{1,12}(\.\d{0,9})?|\.\d{1,9})")
GUIDE = "005010X279A1"


@dataclass(frozen=True, slots=True)
class OtherParty:
    """A person or organisation named inside a benefit, such as another payer. `entity` is the code of NM101."""

    entity: str
    name: str
    identifier: str


@dataclass(slots=True)
class Benefit:
    """One EB loop: one fact that the payer stated, with the codes as sent and the place where it stands.

    `position` and `last_position` are the loop's first and last segment in the file. Amounts are cents; `percent_basis_points` is
    1/100 of a percent (50 % is 5000) and, for co-insurance, the **patient's** part. None: the payer said nothing.
    """

    position: int
    last_position: int
    information: str
    level: str = ""
    service_types: tuple[str, ...] = ()
    insurance_type: str = ""
    plan_name: str = ""
    period: str = ""
    amount_cents: int | None = None
    percent_basis_points: int | None = None
    quantity_qualifier: str = ""
    quantity: str = ""
    network: str = ""
    procedure: str = ""
    frequency: tuple[str, ...] = ()
    dates: list[tuple[str, date, date]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    parties: list[OtherParty] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An AAA segment: the payer, or the clearinghouse, would not answer. `loop` is what it complains about."""

    position: int
    loop: str
    reason: str
    follow_up: str


@dataclass(slots=True)
class Answer:
    """What one 271 says about one person: the subscriber, or the dependent when there is one."""

    trace: str = ""
    answered_on: date | None = None
    payer_name: str = ""
    payer_code: str = ""
    member_id: str = ""
    group_number: str = ""
    is_dependent: bool = False
    dates: list[tuple[str, date, date]] = field(default_factory=list)
    benefits: list[Benefit] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(slots=True)
class Eligibility:
    """The answers of one file, and what was odd about it."""

    answers: list[Answer]
    findings: list[Finding]


def read_271(source: bytes | Iterable[bytes]) -> Eligibility:
    """Reads every 271 of a file. Raises Malformed when it cannot be trusted or holds no 271 at all."""
    findings: list[Finding] = []
    answers: list[Answer] = []
    first: Segment | None = None
    for transaction in transactions(source, findings):
        first = first or transaction.segments[0]
        findings += transaction.findings
        if transaction.set_id == "271":
            answers += _Reader(transaction, findings).read()
    if refused := [f for f in findings if f.stops]:
        raise Malformed(refused)
    if not answers:
        at = first.position if first else 0
        raise Malformed([Finding("STR_NOT_271", "reject", at, "ST", 1, "the file holds no eligibility answer (271)")])
    return Eligibility(answers, findings)


LOOPS = {"20": "payer", "21": "provider", "22": "subscriber", "23": "dependent"}


class _Reader:
    """Walks one transaction set once; `answer` is the person and `benefit` the EB loop that segments belong to."""

    def __init__(self, transaction: Transaction, findings: list[Finding]):
        self.transaction, self.findings = transaction, findings
        self.loop = ""
        self.levels: dict[str, str] = {}
        self.source = Answer()
        self.answer = self.source
        self.answers: list[Answer] = []
        self.benefit: Benefit | None = None
        self.in_party = False

    def read(self) -> list[Answer]:
        start = self.transaction.segments[0]
        if (start[3] or self.transaction.gs[8]) != GUIDE:
            self.findings.append(start.finding("SET_GUIDE", "warn", 3, f"the guide is not {GUIDE}"))
        for segment in self.transaction.body:
            if read := getattr(self, f"_{segment.id.lower()}", None):
                read(segment)
            if self.benefit:
                self.benefit.last_position = segment.position
        self._close_benefit()
        if not self.answers:
            self.answers.append(self.source)  # refused before a person was named
        for answer in self.answers:
            if answer is not self.source:
                answer.rejections[:0] = self.source.rejections
        return self.answers

    def _bht(self, segment: Segment) -> None:
        self.source.answered_on = parse_date(segment[4])

    def _hl(self, segment: Segment) -> None:
        self._close_benefit()
        if segment[1] in self.levels or (segment[2] and segment[2] not in self.levels):
            self.findings.append(segment.finding("STR_HL", "warn", 2, "the level repeats a number or has no parent"))
        self.levels[segment[1]] = segment[3]
        self.loop = LOOPS.get(segment[3], "")
        if self.loop == "subscriber":
            self.answer = replace(self.source, dates=[], benefits=[], rejections=[])
            self.answers.append(self.answer)
        elif self.loop == "dependent":
            subscriber = self.answer
            if subscriber.benefits or subscriber.rejections or subscriber.is_dependent or subscriber is self.source:
                self.answer = replace(subscriber, dates=list(subscriber.dates), benefits=[], rejections=[])
                self.answers.append(self.answer)
            self.answer.is_dependent = True
        elif self.loop:
            self.answer = self.source
        else:
            self.findings.append(segment.finding("STR_HL", "warn", 3, "an unknown level code"))

    def _nm1(self, segment: Segment) -> None:
        name = " ".join(part for part in (segment[3], segment[4]) if part)
        if self.benefit:
            self.benefit.parties.append(OtherParty(segment[1], name, segment[9]))
        elif self.loop == "payer":
            self.source.payer_name, self.source.payer_code = name, segment[9]
        elif self.loop == "subscriber":
            self.answer.member_id = segment[9]

    def _trn(self, segment: Segment) -> None:
        if segment[1] == "2" or not self.answer.trace:
            self.answer.trace = segment[2]

    def _ref(self, segment: Segment) -> None:
        if not self.benefit and segment[1] in ("6P", "1L"):
            self.answer.group_number = segment[2]

    def _aaa(self, segment: Segment) -> None:
        loop = "benefit" if self.benefit else self.loop
        self.answer.rejections.append(Rejection(segment.position, loop, segment[3], segment[4]))

    def _dtp(self, segment: Segment) -> None:
        if not (days := self._days(segment)):
            return
        (self.benefit or self.answer).dates.append((segment[1], *days))

    def _eb(self, segment: Segment) -> None:
        self._close_benefit()
        amount = self._number(segment, 7)
        procedure = segment.components(13)
        self.benefit = Benefit(
            position=segment.position,
            last_position=segment.position,
            information=segment[1],
            level=segment[2],
            service_types=segment.repeats(3),
            insurance_type=segment[4],
            plan_name=segment[5],
            period=segment[6],
            amount_cents=None if amount is None else round(amount * 100),
            percent_basis_points=self._percent(segment),
            quantity_qualifier=segment[9],
            quantity=segment[10],
            network=segment[12],
            procedure=procedure[1] if len(procedure) > 1 else "",
        )

    def _msg(self, segment: Segment) -> None:
        if self.benefit and segment[1]:
            self.benefit.messages.append(segment[1])

    def _hsd(self, segment: Segment) -> None:
        if self.benefit and not self.benefit.frequency:
            self.benefit.frequency = tuple(segment[n] for n in range(1, 7))

    def _close_benefit(self) -> None:
        if self.benefit:
            self.answer.benefits.append(self.benefit)
        self.benefit = None

    def _number(self, segment: Segment, element: int) -> Decimal | None:
        if not (text := segment[element]):
            return None
        if NUMBER.fullmatch(text):
            return Decimal(text)
        self.findings.append(segment.finding("ELM_NUMBER", "warn", element, "not a number: read as unknown"))
        return None

    def _percent(self, segment: Segment) -> int | None:
        share = self._number(segment, 8)
        if share is None:
            return None
        if 1 < share <= 100:
            self.findings.append(
                segment.finding("ELM_PERCENT", "warn", 8, "read as a percentage, not a fraction", "peer")
            )
            share /= 100
        if not 0 <= share <= 1:
            self.findings.append(segment.finding("ELM_PERCENT", "warn", 8, "not a share: read as unknown"))
            return None
        return round(share * 10000)

    def _days(self, segment: Segment) -> tuple[date, date] | None:
        parts = segment[3].split("-") if segment[2] == "RD8" else [segment[3]]
        days = [day for part in parts if (day := parse_date(part))]
        if len(days) == len(parts) and len(days) in (1, 2):
            return days[0], days[-1]
        self.findings.append(segment.finding("ELM_DATE", "warn", 3, "not a date: read as unknown"))
        return None


def parse_date(text: str) -> date | None:
    """CCYYMMDD as a real day, or None."""
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
