"""What happened to an appointment, and taking back what happened last."""

from __future__ import annotations

from typing import Any

from archwire.scheduling.v1 import events_pb2 as events
from archwire.scheduling.v1 import scheduling_pb2 as pb

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.visits import queries, sheets
from services.scheduling.visits.booking import MESSAGES, Taken, claim
from services.scheduling.visits.domain import CHANGES, GONE, ones
from services.scheduling.visits.messages import appointment, event, today
from services.scheduling.visits.rights import require, staff_id
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Conflict
from shared.paging import page
from shared.proto import enum_value, timestamp, to_proto

PLACE = ("location_id", "start_slot", "chair_id", "provider_id")


class History:
    """Methods that look back."""

    async def ListAppointmentChanges(self, request: Any, call: Call) -> Any:
        row = await queries.appointment(call.db, request.appointment_id)
        rows, next_token = await page(
            call.db, queries.LIST_CHANGES, request, key=("version", "id"), appointment_id=row.id
        )
        call.audit(patient_id=row.patient_id)
        return pb.ListAppointmentChangesResponse(
            appointment_changes=[_change(change) for change in rows], next_page_token=next_token
        )

    async def TakeBackChange(self, request: Any, call: Call) -> Any:
        old = await queries.appointment_for_update(call.db, request.appointment_id)
        check_version(old, request.version)
        change = await queries.last_change(call.db, old.id)
        if change is None:
            raise Conflict("NOTHING_TO_TAKE_BACK", "nothing was done to it since it was booked")
        require(call, CHANGES[change.kind], old.location_id)
        if today(change.changed_at, old.time_zone) != today(call.now, old.time_zone):
            raise Conflict("TOO_LATE", "only changes of the same day can be taken back")
        before = change.before
        location = await common.location(call.db, before["location_id"])
        moved = any(before[name] != getattr(old, name) for name in PLACE)
        returns = before["state"] not in GONE and (moved or old.state in GONE)
        taken = await _again(call, location, old, before) if returns else None
        await queries.keep(call.db, old.id, "taken_back", staff_id(call), call.now)
        row = await queries.restore(call.db, change.id, call.now)
        if taken:
            await queries.release(call.db, old.id)
            await claim(call, row, taken)
        call.publish(_told(old, row, moved=moved), key=row.patient_id)
        return pb.TakeBackChangeResponse(appointment=appointment(row, location.time_zone))


async def _again(call: Call, location: Row, old: Row, before: dict[str, Any]) -> Taken:
    """The place that a visit had, under the day's lock, or raises Conflict when somebody has it meanwhile.

    Opening hours do not matter: whoever was there may be there again.
    """
    zone = domain.zone(location.time_zone)
    day, _ = domain.to_wall(before["start_slot"], zone)
    await queries.lock_days(call.db, {(location.id, day), (old.location_id, old.day)})
    found = await sheets.read(call.db, [location], {location.id: [day]}, patient_id=old.patient_id, leave_out=old.id)
    place = found[0]
    place.sheet.open = ones(0, place.sheet.length)
    spot = place.sheet.place(
        old.pattern,
        before["start_slot"] - place.sheet.base,
        chairs=[before["chair_id"]],
        doctors=[before["provider_id"]] if before["provider_id"] else [],
        accept_overlap=before["doctor_overlap"],
    )
    if isinstance(spot, str):
        raise Conflict(spot, MESSAGES[spot], alternatives=[])
    patient = (await common.numbers(call.db, "patient", old.patient_id))[0]
    return Taken(spot, place.claims(spot, old.pattern, patient))


def _told(old: Row, row: Row, *, moved: bool) -> Any:
    if moved:
        previous = timestamp(domain.moment_of(old.start_slot))
        return event(events.AppointmentRescheduled, row, previous_start_time=previous)
    return event(events.AppointmentRestored, row, previous_state=old.state)


def _change(row: Row) -> Any:
    return to_proto(
        pb.AppointmentChange,
        row,
        from_state=enum_value(pb.AppointmentState, row.before["state"]),
        from_start_time=timestamp(domain.moment_of(row.before["start_slot"])),
        change_time=timestamp(row.changed_at),
    )
