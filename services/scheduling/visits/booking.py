"""Booking and moving. What the sheet says is checked first; the claims' constraint decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from archwire.directory.v1.patients_pb2 import GetPatientRequest
from archwire.scheduling.v1 import events_pb2 as events
from archwire.scheduling.v1 import scheduling_pb2 as pb

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.inputs import start_slot
from services.scheduling.visits import queries, sheets
from services.scheduling.visits.domain import MOVABLE, Spot, ones
from services.scheduling.visits.messages import appointment, event, local_start, today
from services.scheduling.visits.rights import OVERLAP, require, staff_id
from services.scheduling.visits.search import future
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Conflict, Invalid, NotFound
from shared.proto import timestamp

ALTERNATIVES = 3
HOLD_MINUTES = 10
FARTHEST = dt.timedelta(days=731)
MESSAGES = {
    "OUTSIDE_HOURS": "the location is closed at that time, or the type may not be booked then",
    "NO_DOCTOR": "no doctor is there at that time",
    "DOCTOR_TAKEN": "the doctor is taken at that time",
    "CHAIR_TAKEN": "the chair is taken at that time",
    "PATIENT_TAKEN": "the patient has another appointment at that time",
    "ASSISTANTS_TAKEN": "all assistants are taken at that time",
}


class Booking:
    """Methods that take a time."""

    async def BookAppointment(self, request: Any, call: Call) -> Any:
        row, time_zone = await _book(request, call, state="booked")
        call.publish(event(events.AppointmentBooked, row), key=row.patient_id)
        return pb.BookAppointmentResponse(appointment=appointment(row, time_zone))

    async def HoldAppointment(self, request: Any, call: Call) -> Any:
        expires = call.now + dt.timedelta(minutes=request.hold_minutes or HOLD_MINUTES)
        row, time_zone = await _book(request, call, state="held", hold_expire_time=expires)
        call.later("expire_hold", key=row.id, at=expires)
        return pb.HoldAppointmentResponse(appointment=appointment(row, time_zone))

    async def RescheduleAppointment(self, request: Any, call: Call) -> Any:
        old = await queries.appointment_for_update(call.db, request.appointment_id)
        check_version(old, request.version)
        if old.state not in MOVABLE:
            raise Conflict("ILLEGAL_STATE", "it can no longer be moved", state=old.state)
        location = await common.location(call.db, request.location_id or old.location_id)
        kind = await common.appointment_type(call.db, old.appointment_type_id, "")
        wish = Wish(
            location,
            kind,
            old.pattern,
            start_slot(request),
            request.chair_id,
            request.provider_id,
            old.patient_id,
            old,
            request.accept_doctor_overlap,
        )
        taken = await take(call, wish)
        if old.state != "held":
            await queries.keep(call.db, old.id, "moved", staff_id(call), call.now)
        row = await queries.move_appointment(
            call.db,
            appointment_id=old.id,
            state="held" if old.state == "held" else "booked",
            now=call.now,
            **wish.place(taken.spot),
        )
        await queries.release(call.db, old.id)
        await claim(call, row, taken)
        if row.state != "held":
            previous = timestamp(domain.moment_of(old.start_slot))
            call.publish(event(events.AppointmentRescheduled, row, previous_start_time=previous), key=row.patient_id)
        return pb.RescheduleAppointmentResponse(appointment=appointment(row, location.time_zone))


@dataclass(frozen=True)
class Wish:
    """What is to be booked where: `old` is the appointment that moves, if one does."""

    location: Row
    kind: Row
    pattern: str
    slot: int
    chair_id: str
    provider_id: str
    patient_id: str
    old: Row | None = None
    accept_overlap: bool = False

    @property
    def day(self) -> dt.date:
        return domain.to_wall(self.slot, domain.zone(self.location.time_zone))[0]

    def place(self, spot: Spot) -> dict[str, Any]:
        """The columns that say where and when."""
        day, minute = domain.to_wall(self.slot, domain.zone(self.location.time_zone))
        return {
            "location_id": self.location.id,
            "day": day,
            "start_minute": minute,
            "start_slot": self.slot,
            "chair_id": spot.chair_id,
            "provider_id": spot.provider_id,
            "doctor_overlap": spot.overlap,
        }


@dataclass(frozen=True)
class Taken:
    """A spot with the claims it needs: (number, first slot, last slot) -> the reason when somebody has it."""

    spot: Spot
    claims: dict[tuple[int, int, int], str]


async def _book(
    request: Any, call: Call, *, state: str, hold_expire_time: dt.datetime | None = None
) -> tuple[Row, str]:
    kind = await common.appointment_type(call.db, request.appointment_type_id, request.type_code)
    if not kind.active:
        raise Invalid("TYPE_INACTIVE", "this type is no longer booked", field="type_code")
    location = await common.location(call.db, request.location_id)
    wish = Wish(
        location,
        kind,
        kind.pattern,
        start_slot(request),
        request.chair_id,
        request.provider_id,
        request.patient_id,
        accept_overlap=state == "booked" and request.accept_doctor_overlap,
    )
    taken = await take(call, wish)
    row = await queries.add_appointment(
        call.db,
        state=state,
        patient_id=request.patient_id,
        case_id=request.case_id or None,
        appointment_type_id=kind.id,
        type_code=kind.code,
        type_version=kind.version,
        visit_class=kind.visit_class,
        pattern=kind.pattern,
        note=request.note,
        hold_expire_time=hold_expire_time,
        **wish.place(taken.spot),
    )
    await claim(call, row, taken)
    return row, location.time_zone


async def take(call: Call, wish: Wish) -> Taken:
    """Finds the spot, under the day's lock, or raises Conflict with alternatives.

    It looks once before the lock, so that those who come too late do not queue for it. Raises Denied for whoever accepts
    that a doctor is double-booked without the right to.
    """
    if wish.accept_overlap:
        require(call, OVERLAP, wish.location.id)
    if not dt.timedelta(0) <= wish.day - today(call.now, wish.location.time_zone) <= FARTHEST:
        raise Invalid("NOT_IN_RANGE", "the day is over, or more than two years ahead", field="start_time")
    place = await _read(call, wish)
    spot = _spot(call, place, wish)
    if isinstance(spot, str) and not await queries.release_expired_holds(call.db, wish.location.id, wish.day, call.now):
        raise await _refusal(call, wish, place, spot)
    if not wish.old:
        await call.directory.GetPatient(GetPatientRequest(patient_id=wish.patient_id))  # NotFound unless theirs to book
    patient = (await common.numbers(call.db, "patient", wish.patient_id))[0]
    days = {(wish.location.id, wish.day)}
    if wish.old:
        days.add((wish.old.location_id, wish.old.day))
    await queries.lock_days(call.db, days)
    place = await _read(call, wish)
    spot = _spot(call, place, wish)
    if isinstance(spot, str):
        raise await _refusal(call, wish, place, spot)
    return Taken(spot, place.claims(spot, wish.pattern, patient))


async def claim(call: Call, row: Row, taken: Taken) -> None:
    """Claims what the visit takes; the constraint knows what the sheet could not see: other locations."""
    lost = await queries.claim(call.db, row.id, row.location_id, list(taken.claims))
    if lost:
        reason = taken.claims[lost[0]]
        raise Conflict(reason, MESSAGES[reason], alternatives=[])


async def _read(call: Call, wish: Wish, days: list[dt.date] | None = None) -> sheets.Place:
    found = await sheets.read(
        call.db,
        [wish.location],
        {wish.location.id: days or [wish.day]},
        patient_id=wish.patient_id,
        leave_out=wish.old.id if wish.old else "",
    )
    return found[0]


def _spot(call: Call, place: sheets.Place, wish: Wish) -> Spot | str:
    """Where the visit goes, or why not. Chairs that the template keeps for other classes come last."""
    if wish.chair_id and wish.chair_id not in place.chair_kinds:
        raise NotFound("CHAIR_NOT_FOUND", "no such chair at this location", field="chair_id")
    start = wish.slot - place.sheet.base
    kept, span = _reserved(call, place, wish), ones(start, start + len(wish.pattern))
    chairs = place.chairs(wish.kind.chair_kinds, wish.chair_id)
    return place.sheet.place(
        wish.pattern,
        start,
        place.window(wish.kind.windows),
        chairs=sorted(chairs, key=lambda chair: bool(kept.get(chair, 0) & span)),
        doctors=place.doctors(wish.provider_id),
        accept_overlap=wish.accept_overlap,
    )


def _reserved(call: Call, place: sheets.Place, wish: Wish) -> dict[str, int]:
    return place.reserved(wish.kind.visit_class, today(call.now, wish.location.time_zone))


async def _refusal(call: Call, wish: Wish, place: sheets.Place, reason: str) -> Conflict:
    """The conflict, with the nearest free times of the day, or else the first ones of the next two weeks."""
    taken_at = place
    near = sorted(_free(call, wish, place), key=lambda spot: abs(place.sheet.base + spot.start - wish.slot))
    if not near:
        place = await _read(call, wish, domain.days(wish.day, wish.day + dt.timedelta(days=14)))
        near = list(islice(_free(call, wish, place), ALTERNATIVES))
    alternatives = []
    for spot in near[:ALTERNATIVES]:
        slot = place.sheet.base + spot.start
        alternatives.append(
            {
                "start_time": domain.moment_of(slot).isoformat().replace("+00:00", "Z"),
                "local_start": local_start(slot, wish.location.time_zone),
                "chair_id": spot.chair_id,
                "provider_id": spot.provider_id or "",
            }
        )
    clash = _clash(wish, taken_at) if reason == "DOCTOR_TAKEN" else {}
    return Conflict(reason, MESSAGES[reason], alternatives=alternatives, **clash)


def _clash(wish: Wish, place: sheets.Place) -> dict[str, Any]:
    """Which doctor is taken and from when on, and whether accepting that would help."""
    start = wish.slot - place.sheet.base
    for id in place.sheet.present(wish.pattern, start, place.doctors(wish.provider_id)):
        doctor = place.sheet.doctors[id]
        if (unit := doctor.clash(wish.pattern, start)) is not None:
            return {
                "provider_id": id,
                "local_time": local_start(place.sheet.base + unit, wish.location.time_zone),
                "can_overlap": doctor.bears(wish.pattern, start),
            }
    return {}


def _free(call: Call, wish: Wish, place: sheets.Place) -> Iterator[Spot]:
    sheet = place.sheet
    return sheet.spots(
        wish.pattern,
        place.window(wish.kind.windows) & future(sheet.base, sheet.length, call.now),
        chairs=place.chairs(wish.kind.chair_kinds),
        doctors=place.doctors(wish.provider_id),
        reserved=_reserved(call, place, wish),
    )
