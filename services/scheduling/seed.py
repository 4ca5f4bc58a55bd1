"""The demo group's chairs, doctors, shifts, visits and waitlist."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from services.scheduling import domain, models
from services.scheduling.visits.domain import GONE, Doctor
from shared.demo.seed import Rows
from shared.demo.timelines import CLOSES, LUNCH, OPENS
from shared.demo.world import Appointment, Maker, World

TYPES = {code: (kind, domain.parse_pattern(pattern)) for code, _, kind, pattern, _ in domain.DEFAULT_TYPES}
SHIFT_DAYS = range(-30, 181)
WAITING = 24
HALVES = (
    (OPENS * domain.UNIT_MINUTES, LUNCH[0] * domain.UNIT_MINUTES),
    (LUNCH[1] * domain.UNIT_MINUTES, CLOSES * domain.UNIT_MINUTES),
)
FLOW = {
    "confirmed": ("confirm_time",),
    "arrived": ("confirm_time", "arrive_time"),
    "seated": ("confirm_time", "arrive_time", "seat_time"),
    "done": ("confirm_time", "arrive_time", "seat_time", "dismiss_time"),
    "checked_out": ("confirm_time", "arrive_time", "seat_time", "dismiss_time", "check_out_time"),
    "canceled": ("cancel_time",),
    "no_show": ("cancel_time",),
}
TIMES = ("confirm_time", "arrive_time", "seat_time", "dismiss_time", "check_out_time", "cancel_time")


def rows(world: World) -> Rows:
    """Everything of scheduling, in the order of the foreign keys."""
    make = Maker(world.now, seed=61)
    types = {code: make.id() for code in TYPES}
    doctors = sorted({doctor for place in world.locations for doctor in place.open_days.values()})
    numbers = _Numbers(make)
    yield models.AppointmentType, _types(types)
    yield models.Location, _locations(world)
    yield (
        models.Chair,
        [
            {"id": id, "location_id": place.id, "name": f"Chair {n}", "kind": "chair", "position": n}
            for place in world.locations
            for n, id in enumerate(place.chairs, 1)
        ],
    )
    yield (
        models.Provider,
        [
            {
                "id": doctor,
                "location_ids": [place.id for place in world.locations if doctor in place.open_days.values()],
                "capacity": 2,
            }
            for doctor in doctors
        ],
    )
    yield models.Shift, _shifts(world, make)
    yield models.Appointment, [_appointment(visit, types) for visit in world.appointments]
    claims = _claims(world, make, numbers)
    yield models.Resource, numbers.rows
    yield models.ResourceClaim, claims
    yield models.WaitlistEntry, _waitlist(world, make, types)


class _Numbers:
    """Resource numbers below zero: those that the database gives out later start at one."""

    def __init__(self, make: Maker) -> None:
        self.make = make
        self.rows: list[dict[str, Any]] = []
        self._known: dict[tuple[str, int], int] = {}

    def of(self, kind: str, owner_id: str, lane: int = 0) -> int:
        number = self._known.get((owner_id, lane))
        if number is None:
            number = self._known[owner_id, lane] = -1 - len(self.rows)
            row = {"id": self.make.id(), "number": number, "kind": kind, "owner_id": owner_id, "lane": lane}
            self.rows.append(row)
        return number


def _range(first: int, last: int) -> tuple[int, int]:
    """A half-open range of slots as COPY takes it: a pair with both ends in it."""
    return first, last - 1


def _types(ids: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": ids[code],
            "code": code,
            "name": name,
            "visit_class": kind,
            "pattern": TYPES[code][1],
            "windows": [],
            "chair_kinds": [],
            "online": online,
        }
        for code, name, kind, _, online in domain.DEFAULT_TYPES
    ]


def _locations(world: World) -> list[dict[str, Any]]:
    return [
        {
            "id": place.id,
            "location_id": place.id,
            "time_zone": place.time_zone,
            "directory_version": 1,
            "hours": [
                {"weekday": weekday + 1, "opens_minute": opens, "closes_minute": closes}
                for weekday in sorted(place.open_days)
                for opens, closes in HALVES
            ],
        }
        for place in world.locations
    ]


def _shifts(world: World, make: Maker) -> list[dict[str, Any]]:
    found = []
    for place in world.locations:
        zone = domain.zone(place.time_zone)
        for offset in SHIFT_DAYS:
            day = world.now.date() + dt.timedelta(days=offset)
            if doctor := place.open_days.get(day.weekday()):
                slots = _range(domain.edge(day, HALVES[0][0], zone), domain.edge(day, HALVES[1][1], zone, end=True))
                found.append(
                    {"id": make.id(), "provider_id": doctor, "location_id": place.id, "day": day, "slots": slots}
                )
    return found


def _appointment(visit: Appointment, types: dict[str, str]) -> dict[str, Any]:
    slot = domain.slot_of(visit.start)
    day, minute = domain.to_wall(slot, domain.zone(visit.location.time_zone))
    end = visit.start + dt.timedelta(minutes=visit.minutes)
    times = {
        "confirm_time": max(visit.booked_at, visit.start - dt.timedelta(days=2)),
        "arrive_time": visit.start - dt.timedelta(minutes=5),
        "seat_time": visit.start,
        "dismiss_time": end,
        "check_out_time": end + dt.timedelta(minutes=5),
        "cancel_time": visit.start,
    }
    reached = FLOW.get(visit.state, ())
    return {
        "id": visit.id,
        "location_id": visit.location.id,
        "patient_id": visit.patient.id,
        "case_id": visit.case.id,
        "appointment_type_id": types[visit.type_code],
        "type_code": visit.type_code,
        "type_version": 1,
        "visit_class": visit.visit_class,
        "pattern": visit.pattern,
        "day": day,
        "start_minute": minute,
        "start_slot": slot,
        "chair_id": visit.chair,
        "provider_id": visit.doctor or None,
        "state": visit.state,
        "cancel_reason": "patient" if visit.state == "canceled" else None,
        "canceled_by": "patient" if visit.state == "canceled" else None,
        "created_at": visit.booked_at,
        "updated_at": visit.booked_at,
        **{name: times[name] if name in reached else None for name in TIMES},
    }


def _claims(world: World, make: Maker, numbers: _Numbers) -> list[dict[str, Any]]:
    """What the visits to come take; numbers of every chair, lane and patient are made on the way."""
    for place in world.locations:
        for chair in place.chairs:
            numbers.of("chair", chair)
        for doctor in place.open_days.values():
            for lane in (0, 1, domain.OVERFLOW_LANE, domain.OVERFLOW_LANE + 1):
                numbers.of("doctor", doctor, lane)
    found: list[dict[str, Any]] = []
    taken: dict[int, int] = defaultdict(int)
    base = domain.slot_of(world.now) - domain.MAX_UNITS
    for visit in world.appointments:
        if visit.state in GONE:
            continue
        first = domain.slot_of(visit.start)
        last = first + len(visit.pattern)
        wanted = [
            (numbers.of("chair", visit.chair), first, last),
            (numbers.of("patient", visit.patient.id), first, last),
        ]
        if visit.doctor:
            lanes = [numbers.of("doctor", visit.doctor, lane) for lane in range(2)]
            free = Doctor(-1, [taken[number] for number in lanes])
            wanted += [
                (lanes[lane], base + begin, base + end)
                for lane, begin, end in free.claims(visit.pattern, first - base) or ()
            ]
        for number, begin, end in wanted:
            mask = ((1 << (end - begin)) - 1) << (begin - base)
            if taken[number] & mask:  # a child with two visits at once: the world is not perfect
                continue
            taken[number] |= mask
            found.append(
                {
                    "id": make.id(),
                    "appointment_id": visit.id,
                    "location_id": visit.location.id,
                    "resource_number": number,
                    "slots": _range(begin, end),
                }
            )
    return found


def _waitlist(world: World, make: Maker, types: dict[str, str]) -> list[dict[str, Any]]:
    ahead = [
        visit
        for visit in world.appointments
        if visit.type_code == "adjustment" and visit.start > world.now + dt.timedelta(days=14)
    ]
    return [
        {
            "id": make.id(),
            "patient_id": visit.patient.id,
            "case_id": visit.case.id,
            "appointment_type_id": types[visit.type_code],
            "location_ids": [visit.location.id],
            "weekdays": [],
            "from_minute": 15 * 60 if n % 2 else 0,
            "to_minute": domain.DAY_MINUTES,
            "earliest_day": world.now.date(),
            "due_day": visit.start.date(),
            "notice_minutes": 120,
            "priority": 3 + n % 5,
        }
        for n, visit in enumerate(ahead[:: max(len(ahead) // WAITING, 1)][:WAITING])
    ]
