"""Time and patterns: the 5-minute slot axis, local days, and what a visit needs in each of its slots.

Every time in scheduling is a slot, `unix seconds // 300`: all UTC offsets of the tz database from 2024 on are
multiples of five minutes, so a slot never straddles a change of clocks and a local day has 288, 276 or 300 slots by
itself. Wall time exists only here, at the edge.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

UNIT_MINUTES = 5
SLOT_SECONDS = UNIT_MINUTES * 60
DAY_MINUTES = 24 * 60
MAX_UNITS = 8 * 60 // UNIT_MINUTES
OVERFLOW_LANE = 10  # a doctor's lanes from here on take what somebody accepted although the doctor was taken

Span = tuple[int, int]  # half-open


class NonexistentTime(ValueError):
    """A wall time that the clocks jump over."""


# --- the axis ---------------------------------------------------------------------------------------------------------


zone = lru_cache(maxsize=None)(ZoneInfo)  # the time zone of an IANA name


def slot_of(moment: dt.datetime) -> int:
    """The slot in which an aware moment lies."""
    return int(moment.timestamp()) // SLOT_SECONDS


def moment_of(slot: int) -> dt.datetime:
    """The start of a slot, aware, in UTC."""
    return dt.datetime.fromtimestamp(slot * SLOT_SECONDS, dt.UTC)


def to_slot(day: dt.date, minute: int, zone: ZoneInfo, *, end: bool = False) -> int:
    """The slot that starts at a wall time; `minute` of the day is 0 to 1440 and a multiple of 5.

    A wall time that comes twice means its first occurrence, or the second when it is the `end` of something.
    Raises NonexistentTime for one that the clocks jump over.
    """
    slot = edge(day, minute, zone, end=end)
    if to_wall(slot, zone) != normal(day, minute):
        raise NonexistentTime(f"{day} has no minute {minute} in {zone.key}")
    return slot


def edge(day: dt.date, minute: int, zone: ZoneInfo, *, end: bool = False) -> int:
    """As `to_slot`, but moves a wall time that does not exist to after the jump: for opening hours and days."""
    wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    return slot_of(wall.replace(tzinfo=zone, fold=1 if end and _repeated(wall, zone) else 0))


def _repeated(wall: dt.datetime, zone: ZoneInfo) -> bool:
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def to_wall(slot: int, zone: ZoneInfo) -> tuple[dt.date, int]:
    """The local day and the minute of it at which a slot starts."""
    local = moment_of(slot).astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def normal(day: dt.date, minute: int) -> tuple[dt.date, int]:
    """The same wall time with a minute below 1440."""
    return (day + dt.timedelta(days=minute // DAY_MINUTES), minute % DAY_MINUTES)


def day_slots(day: dt.date, zone: ZoneInfo) -> Span:
    """The slots of a local day, half-open."""
    return edge(day, 0, zone), edge(day, DAY_MINUTES, zone)


def days(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from the first to the last, both included."""
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def rotation(first: dt.date, last: dt.date, weekdays: Iterable[int] = (), every_weeks: int = 1) -> list[dt.date]:
    """The days of a rotation: ISO weekdays (none means all) in every n-th week, counted from the first day's week."""
    wanted = set(weekdays) or set(range(1, 8))
    monday = first - dt.timedelta(days=first.isoweekday() - 1)
    return [
        d for d in days(first, last) if d.isoweekday() in wanted and (d - monday).days // 7 % max(every_weeks, 1) == 0
    ]


def intersection(left: Iterable[Span], right: Sequence[Span]) -> list[Span]:
    """What lies in a span of both."""
    return [(max(a, c), min(b, d)) for a, b in left for c, d in right if max(a, c) < min(b, d)]


def overlapping(spans: Iterable[Span]) -> bool:
    """True when two of the spans share something, or one is empty."""
    ordered = sorted(spans)
    return any(a >= b for a, b in ordered) or any(b > c for (_, b), (c, _) in pairwise(ordered))


# --- patterns ---------------------------------------------------------------------------------------------------------

# One letter for every 5 minutes of a visit.
#   A  assistant          d  the doctor's short check: half of the doctor, so that two fit into the same 5 minutes
#   D  the doctor, wholly T  the doctor wholly, without an assistant      C  the chair only: drying, scanning
LETTERS = "AdDCT"
ASSISTED = "AdD"
SHORT_CHECK = "d"
WHOLE_DOCTOR = "DT"
_SLICE = re.compile(r"\s*([AdDCTX])(\d{1,3})\s*")


class BadPattern(ValueError):
    """A text that is no pattern; the message says why."""


def parse_pattern(text: str) -> str:
    """Reads a pattern: letters, `AdAA`, or slices with minutes, `A8 D3 A9` (`X` is the chair only).

    A doctor's slice takes the 5 minutes in which it starts and as many more as it needs; a rest of up to 3 minutes is
    a short check. Source: orthodontics.md section 4. Raises BadPattern.
    """
    units = text.strip() if re.fullmatch(rf"\s*[{LETTERS}]+\s*", text) else _from_slices(text)
    if not 1 <= len(units) <= MAX_UNITS:
        raise BadPattern("a visit lasts 5 minutes to 8 hours")
    return units


def _from_slices(text: str) -> str:
    pieces = _pieces(text)
    total = sum(minutes for _, minutes in pieces)
    units = [" "] * _units(total)
    start = 0
    for letter, minutes in pieces:
        first, filler = start // UNIT_MINUTES, {"T": "C", "C": "C"}.get(letter, "A")
        for unit in range(first, _units(start + minutes)):
            units[unit] = _stronger(units[unit], filler)
        if letter in SHORT_CHECK + WHOLE_DOCTOR:
            for n in range(_units(minutes)):
                short = letter == "D" and minutes - n * UNIT_MINUTES <= 3
                units[first + n] = _stronger(units[first + n], SHORT_CHECK if short else letter)
        start += minutes
    return "".join(units)


def _pieces(text: str) -> list[tuple[str, int]]:
    pieces, at = [], 0
    for match in _SLICE.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        pieces.append((match[1].replace("X", "C"), int(match[2])))
    if at != len(text) or not pieces or any(minutes == 0 for _, minutes in pieces):
        raise BadPattern("write letters A d D C T, one for every 5 minutes, or slices such as A10 D3 A30")
    return pieces


def _units(minutes: int) -> int:
    return -(-minutes // UNIT_MINUTES)


def _stronger(one: str, other: str) -> str:
    """Of two letters that want the same 5 minutes, the one that needs more."""
    return max(one, other, key=" CAdTD".index)


def stretches(pattern: str, letters: str = LETTERS) -> list[tuple[str, int, int]]:
    """The runs of equal letters among `letters`: (letter, first unit, units)."""
    found = [(m[0][0], m.start(), len(m[0])) for m in re.finditer(r"(.)\1*", pattern)]
    return [piece for piece in found if piece[0] in letters]


def needs_doctor(pattern: str) -> bool:
    """True when a doctor is needed at some time of the visit."""
    return any(letter in pattern for letter in SHORT_CHECK + WHOLE_DOCTOR)


# --- what a new group starts with -------------------------------------------------------------------------------------

# code, name, class, pattern, families may book it. Source: orthodontics.md section 4.
DEFAULT_TYPES: tuple[tuple[str, str, str, str, bool], ...] = (
    ("exam", "New-patient exam", "exam", "A25 D10 A25", True),
    ("records", "Records", "records", "A30", False),
    ("consult", "Consultation and signing", "consult", "A15 D5 A20", True),
    ("bonding", "Bonding, two arches", "start", "A30 D10 A40 D5 A5", False),
    ("bonding_single", "Bonding, one arch", "start", "A20 D6 A29 D2 A3", False),
    ("delivery", "Appliance or aligner delivery", "start", "A20 D5 A10", False),
    ("adjustment", "Adjustment", "adjustment", "A8 D3 A9", True),
    ("adjustment_long", "Adjustment, long", "adjustment", "A15 D5 A10", True),
    ("repair", "Repair or emergency", "repair", "A5 D3 A12", True),
    ("progress_records", "Progress records", "records", "A15", False),
    ("debond", "Debond", "debond", "A35 D10 A15", False),
    ("retainer_delivery", "Retainer delivery", "retention", "A15 D3 A7", True),
    ("retention", "Retention or observation check", "retention", "A5 D3 A7", True),
    ("virtual", "Virtual visit", "other", "T5 C5", True),
)
DEFAULT_HOURS = tuple({"weekday": weekday, "opens_minute": 8 * 60, "closes_minute": 17 * 60} for weekday in range(1, 6))
