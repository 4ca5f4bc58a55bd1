"""Interchange, group and transaction set: control numbers and counts, and one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.insurance.x12.findings import Finding, Malformed
from services.insurance.x12.tokenizer import Segment, segments


@dataclass(slots=True)
class Transaction:
    """The segments ST to SE of one transaction set, with the headers it came in and what was found so far."""

    isa: Segment
    gs: Segment
    segments: list[Segment]
    findings: list[Finding] = field(default_factory=list)

    @property
    def set_id(self) -> str:
        """ST01, such as 271."""
        return self.segments[0][1]

    @property
    def body(self) -> list[Segment]:
        """What stands between ST and SE."""
        return self.segments[1:-1]


def transactions(source: bytes | Iterable[bytes], findings: list[Finding]) -> Iterator[Transaction]:
    """Yields each complete transaction set of every interchange; holds one in memory at a time.

    What is wrong with a set is in its own findings, so that one bad set does not stop its neighbours; what is wrong
    with a group or an interchange is appended to `findings` when its trailer has been read. Raises Malformed when a
    header or trailer is missing, because nothing after that place can be trusted. A wrong count is a warning: real
    payers send it.
    """
    isa = gs = None
    current: list[Segment] = []
    groups = sets = 0
    last = 0
    for segment in segments(source):
        last = segment.position
        inside = "set" if current else "group" if gs else "interchange" if isa else "file"
        match inside, segment.id:
            case "file", "ISA":
                isa, groups = segment, 0
            case "interchange", "GS":
                gs, sets, groups = segment, 0, groups + 1
            case "group", "ST":
                current, sets = [segment], sets + 1
            case "set", "SE":
                current.append(segment)
                yield Transaction(isa, gs, current, _set_findings(current))  # type: ignore[arg-type]
                current = []
            case "set", "ISA" | "GS" | "ST" | "GE" | "IEA":
                raise Malformed([segment.finding("SET_NO_TRAILER", "fatal", 0, "a transaction set has no SE")])
            case "set", _:
                current.append(segment)
            case "group", "GE":
                findings += _trailer(segment, "GRP", sets, gs[6])  # type: ignore[index]
                gs = None
            case "interchange", "IEA":
                findings += _trailer(segment, "ENV", groups, isa[13])  # type: ignore[index]
                isa = None
            case _:
                message = f"this segment cannot stand in a {inside} outside of a transaction set"
                raise Malformed([segment.finding("ENV_UNEXPECTED", "fatal", 0, message)])
    if isa is not None:
        raise Malformed(
            [Finding("SYN_TRUNCATED", "fatal", last + 1, "", 0, "the file ends before the interchange does")]
        )


def _set_findings(found: list[Segment]) -> list[Finding]:
    start, end = found[0], found[-1]
    findings = []
    if end[2] != start[2]:
        findings.append(end.finding("SET_CONTROL_NUMBER", "reject", 2, "SE02 differs from ST02"))
    if end[1].lstrip("0") != str(len(found)):
        findings.append(end.finding("SET_COUNT", "warn", 1, f"SE01 does not count the {len(found)} segments read"))
    return findings


def _trailer(segment: Segment, layer: str, count: int, control_number: str) -> list[Finding]:
    findings = []
    if segment[2].lstrip("0") != control_number.lstrip("0"):
        message = "the control number differs from the header's"
        findings.append(segment.finding(f"{layer}_CONTROL_NUMBER", "reject", 2, message))
    if (segment[1].lstrip("0") or "0") != str(count):
        findings.append(segment.finding(f"{layer}_COUNT", "warn", 1, f"the count differs from the {count} read"))
    return findings
