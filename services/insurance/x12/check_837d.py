"""Checks a dental claim file (837D) before it leaves: structure, elements, and what no open tool checks, their sense.

Every finding refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.insurance.x12.eligibility import parse_date
from services.insurance.x12.envelope import transactions
from services.insurance.x12.findings import Finding, Malformed
from services.insurance.x12.grammar import Node, match
from services.insurance.x12.grammar_837d import DENTAL_CLAIMS
from services.insurance.x12.tokenizer import Segment


def npi_is_valid(text: str) -> bool:
    """Ten digits whose check digit fits: Luhn over the number with the prefix 80840 (CMS)."""
    if not re.fullmatch(r"[12][0-9]{9}", text):
        return False
    digits = [int(c) for c in reversed("80840" + text)]
    return sum(d if n % 2 == 0 else sum(divmod(d * 2, 10)) for n, d in enumerate(digits)) % 10 == 0


@dataclass(frozen=True, slots=True)
class Element:
    """What one element must look like: a pattern for the whole value and, beyond it, a test."""

    at: int
    code: str
    message: str
    pattern: str = ""
    test: Callable[[str], bool] | None = None
    needed: bool = True


def _day(at: int) -> Element:
    return Element(at, "ELM_DATE", "not a real day as CCYYMMDD", test=lambda text: parse_date(text) is not None)


def _text(at: int, longest: int, needed: bool = True) -> Element:
    pattern = rf"[^\s].{{0,{longest - 1}}}"
    return Element(at, "ELM_LENGTH", f"must have 1 to {longest} characters", pattern, needed=needed)


def _money(at: int) -> Element:
    return Element(
        at, "ELM_AMOUNT", "not an amount of at most 10 characters and two decimals", r"(?=.{1,10}$)\d+(\.\d{1,2})?"
    )


NPI = (
    Element(8, "ELM_CODE", "an NPI is announced by XX", "XX"),
    Element(9, "ELM_NPI", "not an NPI with a valid check digit", test=npi_is_valid),
)
PLACE = (
    _text(1, 30),
    Element(2, "ELM_STATE", "not a two-letter state", r"[A-Z]{2}"),
    Element(3, "ELM_ZIP", "not a ZIP code of 5 or 9 digits", r"\d{5}(\d{4})?"),
)
ORGANIZATION = (Element(2, "ELM_CODE", "must be 2, an organisation", "2"), _text(3, 60))
PERSON = (Element(2, "ELM_CODE", "must be 1, a person", "1"), _text(3, 60), _text(4, 35))
PROCEDURE = r"AD.D[0-9A-Z]{4}(..{0,80})?"  # a code of the practice's own licensed list: its form only

ELEMENTS: dict[str, tuple[Element, ...]] = {
    "BHT": (Element(1, "ELM_CODE", "must be 0019", "0019"), _text(3, 50), _day(4)),
    "NM1*41": (*ORGANIZATION, _text(9, 80)),
    "NM1*40": (*ORGANIZATION, _text(9, 80)),
    "NM1*85": (*ORGANIZATION, *NPI),
    "NM1*77": (*ORGANIZATION, *NPI),
    "NM1*82": (*PERSON, *NPI),
    "NM1*IL": (*PERSON, Element(8, "ELM_CODE", "must be MI", "MI"), _text(9, 80)),
    "NM1*QC": PERSON,
    "NM1*PR": (*ORGANIZATION, Element(8, "ELM_CODE", "must be PI or XV", "PI|XV"), _text(9, 80)),
    "PER": (_text(2, 60), Element(4, "ELM_PHONE", "not a phone number of ten digits", r"\d{10}")),
    "N3": (_text(1, 55), _text(2, 55, needed=False)),
    "N4": PLACE,
    "PRV": (
        Element(2, "ELM_CODE", "must be PXC", "PXC"),
        Element(3, "ELM_TAXONOMY", "not a taxonomy code", r"[0-9A-Z]{10}"),
    ),
    "REF*EI": (Element(2, "ELM_TAX_ID", "not an employer number of nine digits", r"\d{9}"),),
    "REF": (_text(2, 50),),
    "SBR": (
        Element(1, "ELM_CODE", "not a payer sequence", "P|S|T"),
        Element(2, "ELM_CODE", "not a relationship", "18|01|19|20|21|39|40|53|G8", needed=False),
        _text(3, 50, needed=False),
        Element(9, "ELM_CODE", "not a claim filing code", "CI|MC|BL|12|13|14|HM|ZZ|11", needed=False),
    ),
    "PAT": (Element(1, "ELM_CODE", "not a relationship", "01|19|20|21|39|40|53|G8"),),
    "DMG": (_day(2), Element(3, "ELM_CODE", "not a sex: M, F or U", "M|F|U")),
    "CLM": (
        Element(1, "ELM_CLAIM_NUMBER", "a claim number has 1 to 20 characters", r"[!-~]([ -~]{0,18}[!-~])?"),
        _money(2),
        Element(5, "ELM_PLACE", "not place of service, B and frequency 1, 7 or 8", r"\d\d.B.[178]"),
        Element(6, "ELM_CODE", "must be Y or N", "Y|N"),
        Element(7, "ELM_CODE", "must be A or C", "A|C"),
        Element(8, "ELM_CODE", "must be Y, N or W", "Y|N|W"),
        Element(9, "ELM_CODE", "must be Y or I", "Y|I"),
        Element(19, "ELM_CODE", "must be PB or absent", "PB", needed=False),
    ),
    "DTP": (Element(2, "ELM_CODE", "must be D8", "D8"), _day(3)),
    "DN1": (
        Element(1, "ELM_MONTHS", "not a number of months from 0 to 120", r"\d{1,2}|1[01]\d|120", needed=False),
        Element(2, "ELM_MONTHS", "not a number of months from 0 to 120", r"\d{1,2}|1[01]\d|120", needed=False),
    ),
    "PWK": (
        Element(1, "ELM_CODE", "not a report type", "DA|RB|P6|OZ|EB|B4|DG|RR"),
        Element(2, "ELM_CODE", "not a way of sending", "EL|FT|BM|FX|EM|AA"),
        Element(6, "ELM_LENGTH", "an attachment control number has 2 to 50 characters", r"[!-~]{2,50}", needed=False),
    ),
    "AMT": (_money(2),),
    "NTE": (_text(2, 80),),
    "HI": (Element(1, "ELM_DIAGNOSIS", "not a diagnosis without a point", r"(ABK|TQ).[A-Z0-9]{3,7}"),),
    "LX": (Element(1, "ELM_COUNT", "not a line number", r"[1-9]\d?"),),
    "SV3": (Element(1, "ELM_PROCEDURE", "not AD and a code D and four characters", PROCEDURE), _money(2)),
}


def check_837d(content: bytes | Iterable[bytes]) -> list[Finding]:
    """All findings of a dental claim file, in its order; none when it may be sent. Never raises."""
    findings: list[Finding] = []
    try:
        for transaction in transactions(content, findings):
            findings += transaction.findings
            findings += _check_set(transaction.gs, transaction.segments)
    except Malformed as error:
        findings += error.findings
    return sorted(findings, key=lambda finding: finding.position)


def _check_set(gs: Segment, found: list[Segment]) -> Iterator[Finding]:
    if found[0][3] != gs[8]:
        yield found[0].finding("SET_GUIDE", "reject", 3, "ST03 differs from GS08")
    if gs[1] != "HC":
        yield gs.finding("GRP_KIND", "reject", 1, "a group of claims is HC")
    structure: list[Finding] = []
    tree = match(DENTAL_CLAIMS, found, structure)
    yield from structure
    for segment in found:
        yield from _check_elements(segment)
    yield from _check_levels(tree)
    numbers: set[str] = set()
    sent = next((parse_date(s[4]) for s in found if s.id == "BHT"), None)
    for node in tree.walk():
        if node.name == "2010AA":
            yield from _check_billing(node)
        elif node.name == "2000B":
            yield from _check_subscriber(node)
        elif node.name == "2300":
            yield from _check_claim(node, sent)
            clm = node.segments[0]
            if clm[1] in numbers:
                yield clm.finding("SEM_CLAIM_REPEATED", "reject", 1, "the claim number was used before", "own")
            numbers.add(clm[1])


def _check_elements(segment: Segment) -> Iterator[Finding]:
    rules = ELEMENTS.get(f"{segment.id}*{segment[1]}") or ELEMENTS.get(segment.id, ())
    for rule in rules:
        value = segment[rule.at]
        if not value:
            if rule.needed:
                yield segment.finding("ELM_MISSING", "reject", rule.at, "the element is required", "companion")
        elif (rule.pattern and not re.fullmatch(rule.pattern, value)) or (rule.test and not rule.test(value)):
            yield segment.finding(rule.code, "reject", rule.at, rule.message, "companion")
    if segment.elements[-1] == "" and segment.id != "ISA":
        yield segment.finding(
            "SYN_TRAILING", "reject", len(segment.elements) - 1, "the segment ends with an empty element"
        )


def _check_levels(tree: Node) -> Iterator[Finding]:
    """HL01 counts from 1, HL02 names the level above and HL04 says whether there is one below."""
    expected = 0
    for billing in tree.loops("2000A"):
        for level, parent, below in _levels(billing):
            hl, expected = level.segments[0], expected + 1
            if hl[1] != str(expected):
                yield hl.finding("STR_HL_NUMBER", "reject", 1, "the levels are not numbered in order", "standard")
            if hl[2] != (parent.segments[0][1] if parent else ""):
                yield hl.finding("STR_HL_PARENT", "reject", 2, "the parent level is wrong", "standard")
            if hl[4] != ("1" if below else "0"):
                yield hl.finding("STR_HL_CHILD", "reject", 4, "says the opposite of what follows", "standard")


def _levels(billing: Node) -> Iterator[tuple[Node, Node | None, bool]]:
    yield billing, None, bool(billing.loops("2000B"))
    for subscriber in billing.loops("2000B"):
        yield subscriber, billing, bool(subscriber.loops("2000C"))
        for patient in subscriber.loops("2000C"):
            yield patient, subscriber, False


def _check_billing(node: Node) -> Iterator[Finding]:
    if (street := node.one("N3")) and re.match(r"P\.? ?O\.? ?BOX|POST OFFICE BOX", street[1].upper()):
        yield street.finding(
            "SEM_PO_BOX", "reject", 1, "the billing address is a street; a box is the pay-to address", "companion"
        )
    if (city := node.one("N4")) and not re.fullmatch(r"\d{9}", city[3]):
        yield city.finding("SEM_ZIP9", "reject", 3, "the billing ZIP code has nine digits", "companion")
    if not node.one("REF", "EI") and not node.one("REF", "SY"):
        yield node.segments[0].finding("SEM_TAX_ID", "reject", 0, "the billing provider has no tax number", "companion")


def _check_subscriber(node: Node) -> Iterator[Finding]:
    sbr, patients = node.one("SBR"), node.loops("2000C")
    if sbr and (sbr[2] == "18") == bool(patients):
        message = "18 says that the subscriber is the patient; exactly then there is no patient loop"
        yield sbr.finding("SEM_SUBSCRIBER", "reject", 2, message, "companion")
    for name in node.loops("2010BA") if not patients else ():
        if not (name.one("N3") and name.one("N4") and name.one("DMG")):
            message = "a subscriber who is the patient needs an address and a birth date"
            yield name.segments[0].finding("SEM_SUBSCRIBER", "reject", 0, message, "companion")
    if not patients and not node.loops("2300"):
        yield node.segments[0].finding("STR_MISSING", "reject", 0, "there is no claim", "peer")


def _check_claim(node: Node, sent: date | None) -> Iterator[Finding]:
    clm = node.segments[0]
    lines = node.loops("2400")
    charges = [line.one("SV3") for line in lines]
    amounts = [_amount(clm[2]), *(_amount(sv3[2]) for sv3 in charges if sv3)]
    if None not in amounts and amounts[0] != sum(amounts[1:]):  # type: ignore[arg-type]
        yield clm.finding("SEM_TOTAL", "reject", 2, "the claim's charge is not the sum of its lines", "own")
    if amounts[0] == 0:
        yield clm.finding("SEM_TOTAL", "reject", 2, "the claim has no charge", "own")
    frequency = clm[5][-1:]
    if frequency in ("7", "8") and not node.one("REF", "F8"):
        yield clm.finding(
            "SEM_NO_F8", "reject", 5, "a replacement or void names the payer's claim number (REF*F8)", "own"
        )
    if frequency == "1" and node.one("REF", "F8"):
        yield clm.finding("SEM_F8", "reject", 5, "an original claim cannot name a payer's claim number (REF*F8)", "own")
    yield from _check_dates(node, clm, lines, sent)
    if dn1 := node.one("DN1"):
        if not dn1[1] and not dn1[2]:
            yield dn1.finding("SEM_MONTHS", "reject", 1, "DN1 holds no months", "companion")
        if dn1[1].isdigit() and dn1[2].isdigit() and int(dn1[2]) > int(dn1[1]):
            yield dn1.finding("SEM_MONTHS", "reject", 2, "more months remain than treatment has", "own")
    for number, line in enumerate(lines, 1):
        if line.segments[0][1] != str(number):
            yield line.segments[0].finding(
                "SEM_LINE_NUMBER", "reject", 1, "the lines are not numbered in order", "standard"
            )
    ids = [ref for line in lines for ref in line.all("REF", "6R")]
    for n, ref in enumerate(ids):
        if ref[2] in {other[2] for other in ids[:n]}:
            yield ref.finding("SEM_LINE_ID", "reject", 2, "the line's number was used before", "own")
    if not node.loops("2310B"):
        yield clm.finding("SEM_RENDERING", "reject", 0, "the claim names no rendering provider", "companion")
    for place in node.loops("2310C"):
        if (city := place.one("N4")) and not re.fullmatch(r"\d{9}", city[3]):
            yield city.finding("SEM_ZIP9", "reject", 3, "the facility's ZIP code has nine digits", "companion")


def _check_dates(node: Node, clm: Segment, lines: list[Node], sent: date | None) -> Iterator[Finding]:
    placement, service = node.one("DTP", "452"), node.one("DTP", "472")
    on_lines = [dtp for line in lines for dtp in line.all("DTP", "472")]
    if clm[19] == "PB":
        for dtp in (placement, service, *on_lines):
            if dtp:
                yield dtp.finding(
                    "SEM_PREDETERMINATION", "reject", 1, "a predetermination has no such date", "companion"
                )
        return
    if not service and len(on_lines) < len(lines):
        yield clm.finding("SEM_NO_SERVICE_DATE", "reject", 0, "a claim needs its date of service", "companion")
    if not placement:
        return
    placed, served = parse_date(placement[3]), parse_date(service[3]) if service else None
    if placed and served and placed > served:
        yield placement.finding(
            "SEM_PLACEMENT", "reject", 3, "the appliance was placed after the date of service", "own"
        )
    if placed and sent and placed > sent:
        yield placement.finding("SEM_PLACEMENT", "reject", 3, "the appliance is placed in the future", "own")
    if not node.one("DN1"):
        yield clm.finding(
            "SEM_MONTHS", "reject", 0, "an appliance date needs the months of treatment (DN1)", "companion"
        )


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"\d+(\.\d{1,2})?", text) else None
