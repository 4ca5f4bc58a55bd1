"""Which segments may follow which: a small grammar of loops, and the matcher that builds the tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.insurance.x12.findings import Finding
from services.insurance.x12.tokenizer import Segment

MANY = 10_000


@dataclass(frozen=True, slots=True)
class Seg:
    """A segment at its place: `codes` are the values that its qualifier (element `at`) may have, all when empty."""

    id: str
    codes: tuple[str, ...] = ()
    low: int = 0
    high: int = 1
    at: int = 1

    def matches(self, segment: Segment) -> bool:
        """True when the segment may stand here."""
        return segment.id == self.id and (not self.codes or segment[self.at] in self.codes)


@dataclass(frozen=True, slots=True)
class Loop:
    """Segments and loops in order; it begins with its first segment and is repeated `low` to `high` times."""

    name: str
    parts: tuple[Seg | Loop, ...]
    low: int = 0
    high: int = 1

    def matches(self, segment: Segment) -> bool:
        """True when the segment begins this loop."""
        return self.parts[0].matches(segment)


@dataclass(slots=True)
class Node:
    """One occurrence of a loop."""

    name: str
    segments: list[Segment] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def all(self, id: str, code: str = "", at: int = 1) -> list[Segment]:
        """The loop's own segments of a kind."""
        return [s for s in self.segments if s.id == id and (not code or s[at] == code)]

    def one(self, id: str, code: str = "", at: int = 1) -> Segment | None:
        """The first of them."""
        return next(iter(self.all(id, code, at)), None)

    def loops(self, name: str) -> list[Node]:
        """Loops of a name directly below."""
        return [child for child in self.children if child.name == name]

    def walk(self) -> Iterator[Node]:
        """This loop and every one below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def match(grammar: Loop, found: Sequence[Segment], findings: list[Finding]) -> Node:
    """Builds the tree of one transaction set; reports what is missing, and the first segment that has no place."""
    node, at = _match(grammar, found, 0, findings)
    if at < len(found):
        message = "the segment is unknown, repeated too often or in the wrong place"
        findings.append(found[at].finding("STR_UNEXPECTED", "reject", 0, message, "peer"))
    return node


def _match(loop: Loop, found: Sequence[Segment], at: int, findings: list[Finding]) -> tuple[Node, int]:
    node = Node(loop.name)
    for part in loop.parts:
        count = 0
        while at < len(found) and count < part.high and part.matches(found[at]):
            count += 1
            if isinstance(part, Seg):
                node.segments.append(found[at])
                at += 1
            else:
                child, at = _match(part, found, at, findings)
                node.children.append(child)
        if count < part.low:
            name = part.name if isinstance(part, Loop) else "*".join((part.id, *part.codes[:1]))
            here = found[min(at, len(found) - 1)]
            findings.append(here.finding("STR_MISSING", "reject", 0, f"{name} is missing before here", "peer"))
    return node, at
