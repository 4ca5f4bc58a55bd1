"""Writes dental claims and predeterminations (837D, 005010X224A2): strict, or not at all.

What is written is read back and checked by `check_837d` before anybody sees it. Sources: standards.md 1.3, payers'
companion guides, and two open maps that agree (moov-io/x12, zentist/TigerShark).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime

from services.insurance.x12.check_837d import check_837d
from services.insurance.x12.findings import Finding, Malformed
from services.insurance.x12.tokenizer import Delimiters

ORTHODONTICS_TAXONOMY = "1223X0400X"
GUIDE = "005010X224A2"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `postal_code` is five or nine digits without a dash."""

    lines: tuple[str, ...]
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber or patient. `sex` is M, F or U."""

    last_name: str
    first_name: str
    address: Address | None = None
    birth_date: date | None = None
    sex: str = "U"


@dataclass(frozen=True, slots=True)
class Organization:
    """The billing group, or the place of treatment: type 2 NPI, street address with nine-digit ZIP code."""

    name: str
    npi: str
    address: Address
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Doctor:
    """The rendering provider: type 1 NPI."""

    last_name: str
    first_name: str
    npi: str
    taxonomy: str = ORTHODONTICS_TAXONOMY


@dataclass(frozen=True, slots=True)
class Line:
    """One service line; `line_id` comes back in the remittance."""

    procedure: str
    charge_cents: int
    line_id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """What was sent beside the claim: a report type (DA models, RB radiographs, OZ photos) and its control number."""

    report_type: str
    control_number: str


@dataclass(frozen=True, slots=True)
class DentalClaim:
    """One claim or, with `predetermination`, the question what would be paid.

    `frequency`: 1 original, 7 replacement, 8 void; the last two name the payer's own number of the claim before.
    `patient` is None when the subscriber is treated. `facility` is given when the chair is not at the billing address.
    """

    number: str
    lines: tuple[Line, ...]
    billing: Organization
    rendering: Doctor
    payer_name: str
    payer_code: str
    subscriber: Person
    member_id: str
    patient: Person | None = None
    relationship: str = "19"
    group_number: str = ""
    responsibility: str = "P"
    predetermination: bool = False
    frequency: str = "1"
    place_of_service: str = "11"
    assigned: bool = True
    service_date: date | None = None
    placement_date: date | None = None
    months_total: int | None = None
    months_remaining: int | None = None
    facility: Organization | None = None
    patient_paid_cents: int = 0
    predetermination_id: str = ""
    prior_authorization: str = ""
    payer_claim_number: str = ""
    attachments: tuple[Attachment, ...] = ()
    note: str = ""
    diagnosis: str = ""


@dataclass(frozen=True, slots=True)
class Interchange:
    """Who sends to whom, and the numbers of this file: a control number is never used twice with one receiver."""

    sender_id: str
    sender_name: str
    contact_name: str
    contact_phone: str
    receiver_id: str
    receiver_name: str
    control_number: int
    created: datetime
    test: bool = True
    guide: str = GUIDE
    delimiters: Delimiters = field(default_factory=Delimiters)


@dataclass(frozen=True, slots=True)
class Written:
    """The file, one segment a line, and what had to be changed in free text to fit the character set."""

    content: bytes
    findings: tuple[Finding, ...]


def write_837d(interchange: Interchange, claim: DentalClaim) -> Written:
    """Writes one claim as a complete file. Raises Malformed, with every reason, when a payer could refuse it."""
    out = _Writer(interchange.delimiters)
    _header(out, interchange)
    _parties(out, claim)
    _claim(out, claim)
    out.add("SE", str(len(out.rows) - 1), "0001")  # ISA and GS do not count, SE does
    out.add("GE", "1", str(interchange.control_number))
    out.add("IEA", "1", f"{interchange.control_number:09d}")
    content = out.content()
    findings = [*out.findings, *check_837d(content)]
    if any(f.severity != "info" for f in findings):
        raise Malformed(f for f in findings if f.severity != "info")
    return Written(content, tuple(findings))


def _header(out: _Writer, i: Interchange) -> None:
    number, day, hour = i.control_number, f"{i.created:%Y%m%d}", f"{i.created:%H%M}"
    sender, receiver = out.identifier(i.sender_id), out.identifier(i.receiver_id)
    marks = i.delimiters
    isa = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{sender:15.15}", "ZZ", f"{receiver:15.15}", day[2:], hour]
    isa += [marks.repetition, "00501", f"{number:09d}", "0", "T" if i.test else "P", marks.component]
    out.row(isa)
    out.add("GS", "HC", sender, receiver, day, hour, str(number), "X", i.guide)
    out.add("ST", "837", "0001", i.guide)
    out.add("BHT", "0019", "00", f"{number:09d}", day, hour, "CH")
    out.add("NM1", "41", "2", out.text(i.sender_name), "", "", "", "", "46", sender)
    out.add("PER", "IC", out.text(i.contact_name), "TE", out.identifier(i.contact_phone))
    out.add("NM1", "40", "2", out.text(i.receiver_name), "", "", "", "", "46", receiver)


def _parties(out: _Writer, c: DentalClaim) -> None:
    out.add("HL", "1", "", "20", "1")
    out.add("PRV", "BI", "PXC", out.identifier(c.rendering.taxonomy))
    _organization(out, "85", c.billing)
    out.add("REF", "EI", out.identifier(c.billing.tax_id))
    out.add("HL", "2", "1", "22", "1" if c.patient else "0")
    own = "" if c.patient else "18"
    out.add("SBR", c.responsibility, own, out.identifier(c.group_number), "", "", "", "", "", "CI")
    _person(out, "IL", c.subscriber, out.identifier(c.member_id), located=c.patient is None)
    out.add("NM1", "PR", "2", out.text(c.payer_name), "", "", "", "", "PI", out.identifier(c.payer_code))
    if c.patient:
        out.add("HL", "3", "2", "23", "0")
        out.add("PAT", c.relationship)
        _person(out, "QC", c.patient, "", located=True)


def _claim(out: _Writer, c: DentalClaim) -> None:
    place = out.composite(c.place_of_service, "B", c.frequency)
    answers = ("Y", "A", "Y" if c.assigned else "N", "Y")
    total = out.money(sum(line.charge_cents for line in c.lines))
    question = ("",) * 9 + ("PB",) if c.predetermination else ()
    out.add("CLM", out.identifier(c.number), total, "", "", place, *answers, *question)
    for qualifier, day in (("452", c.placement_date), ("472", c.service_date)):
        if day:
            out.add("DTP", qualifier, "D8", f"{day:%Y%m%d}")
    if c.months_total is not None or c.months_remaining is not None:
        out.add("DN1", *("" if months is None else str(months) for months in (c.months_total, c.months_remaining)))
    for attachment in c.attachments:
        number = out.identifier(attachment.control_number)
        out.add("PWK", attachment.report_type, "EL", "", "", "AC", number)
    if c.patient_paid_cents:
        out.add("AMT", "F5", out.money(c.patient_paid_cents))
    references = {"G3": c.predetermination_id, "F8": c.payer_claim_number, "G1": c.prior_authorization}
    for qualifier, number in references.items():
        if number:
            out.add("REF", qualifier, out.identifier(number))
    if c.note:
        out.add("NTE", "ADD", out.text(c.note)[:80].strip())
    if c.diagnosis:
        out.add("HI", out.composite("ABK", c.diagnosis.replace(".", "")))
    doctor = c.rendering
    out.add(
        "NM1",
        "82",
        "1",
        out.text(doctor.last_name),
        out.text(doctor.first_name),
        "",
        "",
        "",
        "XX",
        out.identifier(doctor.npi),
    )
    out.add("PRV", "PE", "PXC", out.identifier(doctor.taxonomy))
    if c.facility:
        _organization(out, "77", c.facility)
    for line_number, line in enumerate(c.lines, 1):
        out.add("LX", str(line_number))
        described = ("", "", "", "", out.text(line.description)) if line.description else ()
        out.add("SV3", out.composite("AD", line.procedure, *described), out.money(line.charge_cents), "", "00", "", "1")
        out.add("REF", "6R", out.identifier(line.line_id))


def _organization(out: _Writer, role: str, who: Organization) -> None:
    out.add("NM1", role, "2", out.text(who.name), "", "", "", "", "XX", out.identifier(who.npi))
    _address(out, who.address)


def _person(out: _Writer, role: str, who: Person, member_id: str, located: bool) -> None:
    member = ("", "", "", "MI", member_id) if member_id else ()
    out.add("NM1", role, "1", out.text(who.last_name), out.text(who.first_name), *member)
    if not located:
        return
    if who.address:
        _address(out, who.address)
    if who.birth_date:
        out.add("DMG", "D8", f"{who.birth_date:%Y%m%d}", who.sex)


def _address(out: _Writer, address: Address) -> None:
    out.add("N3", *(out.text(line) for line in address.lines[:2]))
    out.add("N4", out.text(address.city), out.identifier(address.state), out.identifier(address.postal_code))


class _Writer:
    """Collects segments. Free text is made to fit, and the change recorded; identifiers that do not fit are refused."""

    def __init__(self, delimiters: Delimiters):
        self.delimiters = delimiters
        self.rows: list[list[str]] = []
        self.findings: list[Finding] = []
        self.marks = re.compile(f"[{re.escape(delimiters.all)}]")

    def add(self, *elements: str) -> None:
        """Adds a segment without its empty trailing elements."""
        row = list(elements)
        while row and not row[-1]:
            row.pop()
        self.row(row)

    def row(self, elements: list[str]) -> None:
        """Adds a segment as it is."""
        self.rows.append(elements)

    def text(self, value: str) -> str:
        """Names, addresses and notes: upper case, without diacritics, control characters and delimiters."""
        plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().upper()
        fitted = " ".join(self.marks.sub(" ", re.sub(r"[^ -~]", " ", plain)).split())
        if value.strip() and not fitted:
            self._note("SYN_CHARSET", "reject", "a name cannot be written in the characters of X12")
        elif self.marks.search(plain) or len(plain) < len(value):
            self._note("SYN_TEXT_CHANGED", "info", "characters that X12 cannot carry were replaced")
        return fitted

    def identifier(self, value: str) -> str:
        """Numbers and codes, which may not be changed."""
        if self.marks.search(value) or not re.fullmatch(r"[!-~]([ -~]*[!-~])?|", value):
            self._note("SYN_DELIMITER", "reject", "an identifier holds a character that X12 cannot carry")
        return self.marks.sub("", value)

    def money(self, cents: int) -> str:
        """Cents as X12 writes amounts: 187.5, never 187.50 or 1E3."""
        sign, cents = ("-" if cents < 0 else ""), abs(cents)
        return sign + f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")

    def composite(self, *parts: str) -> str:
        """A composite element."""
        return self.delimiters.component.join(self.identifier(part) for part in parts)

    def content(self) -> bytes:
        """The file, one segment a line."""
        mark = self.delimiters
        return "".join(mark.element.join(row) + mark.terminator + "\n" for row in self.rows).encode("ascii", "replace")

    def _note(self, code: str, severity: str, message: str) -> None:
        self.findings.append(Finding(code, severity, len(self.rows) + 1, "", 0, message, "standard"))  # type: ignore[arg-type]
