"""Visits: their states, and the search for times at which one fits.

A location over a stretch of slots is a handful of Python integers, one bit a slot: bit i is slot `base + i`. A start
fits where enough free bits follow each other, so the whole search is shifts and ANDs over a horizon of weeks at once;
the tests compare it with plain loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.scheduling.domain import ASSISTED, SHORT_CHECK, WHOLE_DOCTOR, needs_doctor, stretches

# --- states -----------------------------------------------------------------------------------------------------------

MOVES: Mapping[str, frozenset[str]] = {
    "held": frozenset({"booked", "canceled"}),
    "booked": frozenset({"confirmed", "arrived", "canceled", "no_show"}),
    "confirmed": frozenset({"arrived", "canceled", "no_show"}),
    "arrived": frozenset({"seated", "canceled"}),
    "seated": frozenset({"doctor_ready", "doctor_in", "done"}),
    "doctor_ready": frozenset({"doctor_in"}),
    "doctor_in": frozenset({"doctor_ready", "done"}),
    "done": frozenset({"checked_out"}),
    "checked_out": frozenset(),
    "canceled": frozenset(),
    "no_show": frozenset(),
}
STATES = tuple(MOVES)
MOVABLE = frozenset({"held", "booked", "confirmed"})  # may be rescheduled
GONE = frozenset({"done", "checked_out", "canceled", "no_show"})  # holds no chair, doctor or patient any more

# What is kept of an appointment's past, with the permission that doing it needs, and so does taking it back.
CHANGES: Mapping[str, str] = {
    "confirmed": "appointments.book",
    "moved": "appointments.book",
    "arrived": "appointments.run",
    "seated": "appointments.run",
    "doctor_ready": "appointments.run",
    "doctor_in": "appointments.run",
    "done": "appointments.run",
    "checked_out": "appointments.run",
    "canceled": "appointments.cancel",
    "no_show": "appointments.cancel",
    "taken_back": "appointments.take_back",
}


def may_become(state: str, new: str) -> bool:
    """True when an appointment may go from one state to the other."""
    return new in MOVES[state]


# --- bits -------------------------------------------------------------------------------------------------------------


def ones(first: int, last: int) -> int:
    """A mask of the bits from `first` up to `last`, half-open; those below bit 0 are left out."""
    first = max(first, 0)
    return ((1 << max(last - first, 0)) - 1) << first


def runs(free: int, length: int) -> int:
    """The bits at which `length` set bits in a row begin, by doubling."""
    done = 1
    while done < length and free:
        step = min(done, length - done)
        free &= free >> step
        done += step
    return free


def bits(mask: int) -> Iterator[int]:
    """The set bits, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Pool:
    """Equal members over the stretch: a doctor's half-units, a location's assistants. None of them has a name.

    Kept in unary planes: bit i of `taken[j]` says that more than j members are taken in slot i.
    """

    def __init__(self, capacity: int, present: int) -> None:
        self.capacity = capacity
        self.present = present
        self.taken = [0] * capacity

    def take(self, mask: int) -> None:
        """Takes one more member in every slot of the mask."""
        for plane in range(self.capacity - 1, 0, -1):
            self.taken[plane] |= self.taken[plane - 1] & mask
        if self.capacity:
            self.taken[0] |= mask

    def free(self, count: int) -> int:
        """The slots in which at least `count` members are present and free."""
        return self.present & ~self.taken[self.capacity - count] if 0 < count <= self.capacity else 0


# --- a location over some days ----------------------------------------------------------------------------------------


@dataclass
class Doctor:
    """A doctor's presence, and the lanes (half-units) with what they are taken by.

    `overflow` are as many lanes again: what somebody accepted although the doctor was taken. The search counts them as
    taken like any other, so nobody meets a doctor who is double-booked, also when one of the two visits goes.
    """

    present: int
    lanes: list[int]
    overflow: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = Pool(len(self.lanes), self.present)
        for taken in (*self.lanes, *self.overflow):
            self.pool.take(taken)

    def starts(self, pattern: str, *, taken: bool = True) -> int:
        """Where a visit may start as far as this doctor goes; `taken=False` asks for presence alone."""
        pool = self.pool if taken else Pool(len(self.lanes), self.present)
        found = -1
        for letter, offset, length in stretches(pattern, SHORT_CHECK + WHOLE_DOCTOR):
            found &= runs(pool.free(1 if letter in SHORT_CHECK else pool.capacity), length) >> offset
        return found

    def clash(self, pattern: str, start: int) -> int | None:
        """The first slot in which a visit that starts there asks for more of the doctor than is free; None if none."""
        for letter, offset, length in stretches(pattern, SHORT_CHECK + WHOLE_DOCTOR):
            free = self.pool.free(1 if letter in SHORT_CHECK else self.pool.capacity)
            for unit in range(start + offset, start + offset + length):
                if not free >> unit & 1:
                    return unit
        return None

    def bears(self, pattern: str, start: int) -> bool:
        """True when a visit fits there with what the doctor can be asked for at most: twice the capacity."""
        return len(self.overflow) >= len(self.lanes) and self.claims(pattern, start) is not None

    def claims(self, pattern: str, start: int) -> list[tuple[int, int, int]] | None:
        """The lanes that a visit takes: (lane, first, last), half-open, neighbours joined; None when they do not suffice.

        Lanes of the overflow are numbered on; a start that fits needs none of them.
        """
        capacity = len(self.lanes)
        spans: list[tuple[int, int, int]] = []
        for letter, offset, length in stretches(pattern, SHORT_CHECK + WHOLE_DOCTOR):
            wanted = 1 if letter in SHORT_CHECK else capacity
            for unit in range(start + offset, start + offset + length):
                lanes = enumerate((*self.lanes, *self.overflow))
                free = [lane for lane, taken in lanes if not taken >> unit & 1]
                if len(free) < wanted:
                    return None
                spans += ((lane, unit, unit + 1) for lane in free[:wanted])
        joined: list[tuple[int, int, int]] = []
        for lane, first, last in sorted(spans):
            if joined and joined[-1][0] == lane and joined[-1][2] == first:
                joined[-1] = (lane, joined[-1][1], last)
            else:
                joined.append((lane, first, last))
        return joined


@dataclass(frozen=True)
class Spot:
    """Where a visit fits: bit of its start, chair, and the doctor when it needs one.

    `overlap` says that the doctor is taken at some time of it, and that this was accepted.
    """

    start: int
    chair_id: str
    provider_id: str | None
    overlap: bool = False


@dataclass
class Sheet:
    """A location over a stretch of slots; bit i of every mask is slot `base + i`.

    `chairs` maps chair to free slots in the order in which first fit takes them; `patient` is what the patient in
    question is not taken by; `assistants` is None where every chair has its own.
    """

    base: int
    length: int
    open: int
    chairs: dict[str, int]
    doctors: dict[str, Doctor] = field(default_factory=dict)
    assistants: Pool | None = None
    patient: int = -1

    def spots(
        self,
        pattern: str,
        window: int = -1,
        grid: int = -1,
        *,
        chairs: Iterable[str] | None = None,
        doctors: Iterable[str] | None = None,
        reserved: Mapping[str, int] | None = None,
    ) -> Iterator[Spot]:
        """Every start at which a visit fits inside `window`, ascending, with the first chair and doctor that fit.

        `grid` limits the starts themselves; `reserved` are slots of a chair that the visit may not use.
        """
        length = len(pattern)
        keep = reserved or {}
        by_chair = {
            c: runs(self.chairs[c] & ~keep.get(c, 0), length) for c in (self.chairs if chairs is None else chairs)
        }
        common = runs(self.open & window & self.patient, length) & grid & self._assisted(pattern)
        by_doctor: dict[str | None, int] = {None: -1}
        if needs_doctor(pattern):
            by_doctor = {d: self.doctors[d].starts(pattern) for d in (self.doctors if doctors is None else doctors)}
        for start in bits(common & _any(by_chair.values()) & _any(by_doctor.values())):
            chair = next(c for c, mask in by_chair.items() if mask >> start & 1)
            doctor = next(d for d, mask in by_doctor.items() if mask >> start & 1)
            yield Spot(start, chair, doctor)

    def _assisted(self, pattern: str) -> int:
        found = -1
        if self.assistants is not None:
            assisted = "".join("A" if letter in ASSISTED else "-" for letter in pattern)
            for _, offset, length in stretches(assisted, "A"):
                found &= runs(self.assistants.free(1), length) >> offset
        return found

    def place(
        self,
        pattern: str,
        start: int,
        window: int = -1,
        *,
        chairs: Sequence[str],
        doctors: Sequence[str],
        accept_overlap: bool = False,
    ) -> Spot | str:
        """Where a visit goes that starts at this bit, or the reason why it cannot, in capitals.

        `accept_overlap` takes a doctor who is needed elsewhere when none is free; see Doctor.bears.
        """
        length = len(pattern)
        if start < 0 or not runs(self.open & window, length) >> start & 1:
            return "OUTSIDE_HOURS"
        bearing, present = None, list[str]()
        if needs_doctor(pattern):
            present = self.present(pattern, start, doctors)
            if not present:
                return "NO_DOCTOR"
            if not any(self.doctors[d].starts(pattern) >> start & 1 for d in present):
                bearing = next((d for d in present if accept_overlap and self.doctors[d].bears(pattern, start)), None)
                if bearing is None:
                    return "DOCTOR_TAKEN"
        if not any(runs(self.chairs.get(c, 0), length) >> start & 1 for c in chairs):
            return "CHAIR_TAKEN"
        if not runs(self.patient, length) >> start & 1:
            return "PATIENT_TAKEN"
        if not self._assisted(pattern) >> start & 1:
            return "ASSISTANTS_TAKEN"
        chair = next(c for c in chairs if runs(self.chairs.get(c, 0), length) >> start & 1)
        if bearing is not None or not needs_doctor(pattern):
            return Spot(start, chair, bearing, overlap=bearing is not None)
        return Spot(start, chair, next(d for d in present if self.doctors[d].starts(pattern) >> start & 1))

    def present(self, pattern: str, start: int, doctors: Iterable[str]) -> list[str]:
        """The doctors who are there whenever a visit that starts at this bit needs one, taken or not."""
        return [d for d in doctors if d in self.doctors and self.doctors[d].starts(pattern, taken=False) >> start & 1]


def _any(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
