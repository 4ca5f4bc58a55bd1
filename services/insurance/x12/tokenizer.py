"""Bytes to segments: plain, streaming, and with a place for everything that is read.

X12 has no fixed delimiters and no escape character: each interchange announces its delimiters in its ISA segment, and
data can never hold one of them. Files in the wild begin with a byte order mark, break or indent lines between
segments, hold several interchanges with different delimiters, and end without a newline (standards.md 1.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.insurance.x12.findings import Finding, Malformed

BOM = b"\xef\xbb\xbf"
SPACE = b" \t\r\n"
ISA_ELEMENTS = 16
LONGEST_ISA = 200
LONGEST_SEGMENT = 64 * 1024
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}")
SPACES = re.compile(rb"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four characters of an interchange; `repetition` is empty before version 00402."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    terminator: str = "~"

    @property
    def all(self) -> str:
        """The characters that data must not hold."""
        return self.element + self.component + self.repetition + self.terminator


@dataclass(slots=True)
class Segment:
    """One segment. `position` counts from 1 and `offset` from byte 0 in the file; `elements[0]` is the identifier."""

    position: int
    offset: int
    elements: tuple[str, ...]
    delimiters: Delimiters

    @property
    def id(self) -> str:
        """The identifier, such as EB."""
        return self.elements[0]

    def __getitem__(self, element: int) -> str:
        """An element counted as in the standard, EB[3] is EB03; empty when it is absent."""
        return self.elements[element] if element < len(self.elements) else ""

    def repeats(self, element: int) -> tuple[str, ...]:
        """The values of a repeating element."""
        value, separator = self[element], self.delimiters.repetition
        if not value:
            return ()
        return tuple(part for part in (value.split(separator) if separator else (value,)) if part)

    def components(self, element: int) -> tuple[str, ...]:
        """The parts of a composite element."""
        return tuple(self[element].split(self.delimiters.component)) if self[element] else ()

    def finding(self, code: str, severity: str, element: int, message: str, source: str = "standard") -> Finding:
        """A finding at this segment."""
        return Finding(code, severity, self.position, self.id, element, message, source)  # type: ignore[arg-type]


def segments(source: bytes | Iterable[bytes]) -> Iterator[Segment]:
    """Yields the segments of every interchange in `source`, which may come in pieces of any size.

    Raises Malformed when there is no interchange, when an ISA does not announce usable delimiters, when data holds a
    control character, or when the last segment is cut off. Line breaks inside a segment are dropped, because some
    senders wrap their lines.
    """
    pieces = iter([source] if isinstance(source, bytes) else source)
    buffer, start, offset, position = b"", 0, 0, 0
    delimiters, terminator = None, b""
    while True:
        if delimiters is None:
            if (found := _announced(buffer, start, offset, position)) is not None:
                start, delimiters = found
                terminator = delimiters.terminator.encode()
                continue
        elif (stop := buffer.find(terminator, start)) >= 0:
            begin, start = start, stop + 1
            if buffer[begin] <= 32:
                begin = SPACES.match(buffer, begin, stop).end()  # type: ignore[union-attr]
            if begin < stop:
                position += 1
                segment = _segment(buffer[begin:stop], position, offset + begin, delimiters)
                if segment.id == "IEA":
                    delimiters = None  # the next interchange announces its own
                yield segment
            continue
        buffer, offset, start = buffer[start:], offset + start, 0
        if len(buffer) > LONGEST_SEGMENT:
            raise Malformed([Finding("SYN_SEGMENT_LENGTH", "fatal", position + 1, "", 0, "a segment does not end")])
        if (piece := next(pieces, None)) is None:
            break
        buffer += piece
    yield from _rest(buffer.strip(SPACE), offset, position, delimiters)


def _announced(buffer: bytes, start: int, offset: int, position: int) -> tuple[int, Delimiters] | None:
    """Where the next ISA begins and its delimiters, or None when more bytes are needed to tell."""
    at = SPACES.match(buffer, start).end()  # type: ignore[union-attr]
    if offset == 0 and position == 0 and buffer.startswith(BOM, at):
        at = SPACES.match(buffer, at + len(BOM)).end()  # type: ignore[union-attr]
    body = buffer[at : at + LONGEST_ISA]
    if len(body) < 4:
        return None
    if not body.startswith(b"ISA"):
        message = "no interchange begins here" if position else "the file does not begin with an ISA segment"
        raise Malformed([Finding("ENV_NO_ISA", "fatal", position + 1, "", 0, message)])
    head = [part.decode("latin-1") for part in body.split(body[3:4], ISA_ELEMENTS)]
    if len(head) <= ISA_ELEMENTS or len(head[ISA_ELEMENTS]) < 2:
        if len(body) < LONGEST_ISA:
            return None
        raise Malformed([Finding("ENV_ISA_LENGTH", "fatal", position + 1, "ISA", 0, "an ISA has 16 elements")])
    repetition = head[11] if len(head[11]) == 1 and not head[11].isalnum() else ""  # a letter before version 00402
    delimiters = Delimiters(chr(body[3]), head[16][0], repetition, head[16][1])
    if len(set(delimiters.all)) != len(delimiters.all) or not all(_may_delimit(c) for c in delimiters.all):
        message = "the delimiters must be different characters, and no letters, digits or spaces"
        raise Malformed([Finding("ENV_DELIMITERS", "fatal", position + 1, "ISA", 0, message)])
    return at, delimiters


def _may_delimit(character: str) -> bool:
    return character < "\x7f" and not character.isalnum() and character not in " \0"


def _segment(body: bytes, position: int, offset: int, delimiters: Delimiters) -> Segment:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if not text.isprintable() and CONTROL.search(text):
        if delimiters.element not in "\r\n":
            text = text.replace("\r", "").replace("\n", "")
        if set(CONTROL.findall(text)) - set(delimiters.all):
            message = "a segment holds a control character"
            raise Malformed([Finding("SYN_CONTROL_CHARACTER", "fatal", position, "", 0, message)])
    elements = tuple(text.split(delimiters.element))
    if not SEGMENT_ID.fullmatch(elements[0]):
        raise Malformed([Finding("SYN_SEGMENT_ID", "fatal", position, "", 0, "a segment has no valid identifier")])
    return Segment(position, offset, elements, delimiters)


def _rest(rest: bytes, offset: int, position: int, delimiters: Delimiters | None) -> Iterator[Segment]:
    """The last piece of the file: an IEA may lack its terminator, anything else was cut off."""
    if delimiters and rest.startswith(b"IEA"):
        last = _segment(rest, position + 1, offset, delimiters)
        if len(last[2]) == 9:
            yield last
            return
    if not rest and delimiters is None and position:
        return
    if not rest.removeprefix(BOM) and not position:
        raise Malformed([Finding("ENV_NO_ISA", "fatal", 0, "", 0, "the file is empty")])
    raise Malformed([Finding("SYN_TRUNCATED", "fatal", position + 1, "", 0, "the file ends too early")])
