"""Reads locations over some days into the sheets that the search works on."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.visits import queries
from services.scheduling.visits.domain import GONE, STATES, Doctor, Pool, Sheet, ones
from shared.db import Db, Row

LONGEST_CLAIM = domain.MAX_UNITS
STANDING = sorted(set(STATES) - GONE)


@dataclass
class Place:
    """A location over some days: its sheet, and what turns bits back into rows."""

    location: Row
    days: list[dt.date]
    closed: set[dt.date]
    sheet: Sheet
    chair_kinds: dict[str, str]
    chair_numbers: dict[str, int]
    lane_numbers: dict[str, list[int]]
    template: list[Row] = field(default_factory=list)

    def chairs(self, kinds: Sequence[str], only: str = "") -> list[str]:
        """The chairs that a type may use, or the one that is asked for when it may."""
        return [c for c, kind in self.chair_kinds.items() if (not kinds or kind in kinds) and (not only or c == only)]

    def doctors(self, only: str = "") -> list[str]:
        """The doctors of these days, or the one that is asked for when present."""
        return [d for d in self.sheet.doctors if not only or d == only]

    def window(
        self, windows: Sequence[dict[str, Any]], weekdays: Sequence[int] = (), from_minute: int = 0, to_minute: int = 0
    ) -> int:
        """A mask of what a type's windows and the wishes of a search leave of the days."""
        mask = 0
        for day in self.days:
            weekday = day.isoweekday()
            if weekdays and weekday not in weekdays:
                continue
            pieces = [(from_minute, to_minute or domain.DAY_MINUTES)]
            if windows:
                allowed = [
                    (w["from_minute"], w["to_minute"]) for w in windows if not w["weekdays"] or weekday in w["weekdays"]
                ]
                pieces = domain.intersection(pieces, allowed)
            mask |= self._mask(day, pieces)
        return mask

    def grid(self, step_minutes: int) -> int:
        """A mask of the starts at every step of the local days."""
        step = step_minutes // domain.UNIT_MINUTES
        if step <= 1:
            return -1
        mask = 0
        for day in self.days:
            first, last = domain.day_slots(day, self.zone)
            for slot in range(first, last, step):
                mask |= 1 << slot - self.sheet.base
        return mask

    def reserved(self, visit_class: str, today: dt.date) -> dict[str, int]:
        """What the template keeps for other classes, by chair; a piece opens `release_days` before its day."""
        kept: dict[str, int] = defaultdict(int)
        for row in self.template:
            released = (row.day - today).days <= row.release_days
            if row.visit_class != visit_class and not released:
                kept[row.chair_id] |= self._piece(row)
        return kept

    def reason(self, visit_class: str, chair_id: str, start: int) -> str:
        """What a found slot is: template, released or open."""
        for row in self.template:
            if row.chair_id == chair_id and self._piece(row) >> start & 1:
                return "template" if row.visit_class == visit_class else "released"
        return "open"

    @property
    def zone(self) -> Any:
        return domain.zone(self.location.time_zone)

    def claims(self, spot: Any, pattern: str, patient_number: int) -> dict[tuple[int, int, int], str]:
        """What a visit takes at a spot: (number, first slot, last slot) -> the reason when somebody has it."""
        base, first = self.sheet.base, self.sheet.base + spot.start
        last = first + len(pattern)
        wanted = {
            (self.chair_numbers[spot.chair_id], first, last): "CHAIR_TAKEN",
            (patient_number, first, last): "PATIENT_TAKEN",
        }
        if spot.provider_id:
            lanes = self.lane_numbers[spot.provider_id]
            for lane, begin, end in self.sheet.doctors[spot.provider_id].claims(pattern, spot.start) or ():
                wanted[lanes[lane], base + begin, base + end] = "DOCTOR_TAKEN"
        return wanted

    def _piece(self, row: Row) -> int:
        return self._mask(row.day, [(row.start_minute, row.start_minute + row.duration_minutes)])

    def _mask(self, day: dt.date, pieces: Iterable[domain.Span]) -> int:
        mask = 0
        for first, last in pieces:
            mask |= ones(
                domain.edge(day, first, self.zone) - self.sheet.base,
                domain.edge(day, last, self.zone, end=True) - self.sheet.base,
            )
        return mask


async def read(
    db: Db,
    locations: Sequence[Row],
    days: dict[str, list[dt.date]],
    *,
    patient_id: str = "",
    leave_out: str = "",
) -> list[Place]:
    """Reads each location over its days (consecutive, at least one). `leave_out` is an appointment that does not count."""
    ids = [location.id for location in locations]
    first_day = min(found[0] for found in days.values())
    last_day = max(found[-1] for found in days.values())
    span = {"location_ids": ids, "first_day": first_day, "last_day": last_day}
    closed = await common.closures(db, ids, first_day, last_day)
    chairs = await db.all(queries.SHEET_CHAIRS, location_ids=ids)
    shifts = await db.all(queries.SHEET_SHIFTS, **span)
    lanes = await db.all(queries.SHEET_LANES, provider_ids=list({row.provider_id for row in shifts}))
    templates = await db.all(queries.SHEET_TEMPLATES, **span)

    bounds = {
        location.id: (
            domain.edge(days[location.id][0], 0, domain.zone(location.time_zone)),
            domain.edge(days[location.id][-1], domain.DAY_MINUTES, domain.zone(location.time_zone)),
        )
        for location in locations
    }
    slots = {
        "first_slot": min(first for first, _ in bounds.values()) - LONGEST_CLAIM,
        "last_slot": max(last for _, last in bounds.values()),
    }
    numbers = [row.number for row in chairs] + [row.number for row in lanes]
    claims = await db.all(queries.SHEET_CLAIMS, location_ids=ids, numbers=numbers, leave_out=leave_out or None, **slots)
    taken: dict[tuple[str, int], int] = defaultdict(int)
    for row in claims:
        base = bounds[row.location_id][0]
        taken[row.location_id, row.number] |= ones(row.first - base, row.last - base)
    patient = []
    if patient_id:
        patient = await db.all(
            queries.PATIENT_CLAIMS, patient_id=patient_id, states=STANDING, leave_out=leave_out or None, **slots
        )
    patterns = []
    if any(location.assistants for location in locations):
        patterns = await db.all(queries.SHEET_PATTERNS, states=STANDING, leave_out=leave_out or None, **span)

    places = []
    for location in locations:
        base, end = bounds[location.id]
        whole = ones(0, end - base)
        own = [row for row in chairs if row.location_id == location.id]
        present: dict[str, int] = defaultdict(int)
        for row in shifts:
            if row.location_id == location.id:
                present[row.provider_id] |= ones(row.first - base, row.last - base)
        lane_numbers = {d: [row.number for row in lanes if row.owner_id == d] for d in present}
        sheet = Sheet(
            base=base,
            length=end - base,
            open=0,
            chairs={row.id: whole & ~taken[location.id, row.number] for row in own},
            doctors={
                d: Doctor(
                    mask & whole,
                    *(
                        [
                            taken[location.id, row.number]
                            for row in lanes
                            if row.owner_id == d and row.overflow is beyond
                        ]
                        for beyond in (False, True)
                    ),
                )
                for d, mask in present.items()
            },
            assistants=_assistants(location, base, whole, patterns),
        )
        for row in patient:
            sheet.patient &= ~ones(row.first - base, row.last - base)
        place = Place(
            location,
            days[location.id],
            {day for id, day in closed if id == location.id},
            sheet,
            {row.id: row.kind for row in own},
            {row.id: row.number for row in own},
            lane_numbers,
            [row for row in templates if row.location_id == location.id and row.chair_id in sheet.chairs],
        )
        for day in place.days:
            if day not in place.closed:
                hours = [h for h in location.hours if h["weekday"] == day.isoweekday()]
                sheet.open |= place._mask(day, [(h["opens_minute"], h["closes_minute"]) for h in hours])
        places.append(place)
    return places


def _assistants(location: Row, base: int, whole: int, patterns: Sequence[Row]) -> Pool | None:
    """The assistants of a location and who takes them; None when every chair has its own."""
    if not location.assistants:
        return None
    pool = Pool(location.assistants, whole)
    for row in patterns:
        if row.location_id == location.id:
            for _, offset, length in domain.stretches(row.pattern, domain.ASSISTED):
                first = row.start_slot - base + offset
                pool.take(ones(first, first + length))
    return pool
