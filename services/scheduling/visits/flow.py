"""The day itself: from confirmation to check-out, cancellation, holds that run out, lists and the day sheet."""

from __future__ import annotations

from typing import Any

from archwire.scheduling.v1 import events_pb2 as events
from archwire.scheduling.v1 import scheduling_pb2 as pb

from services.scheduling import queries as common
from services.scheduling.inputs import day as a_day
from services.scheduling.office import queries as office
from services.scheduling.office.api import shift
from services.scheduling.visits import queries
from services.scheduling.visits.domain import CHANGES, GONE, may_become
from services.scheduling.visits.messages import appointment, event, today
from services.scheduling.visits.rights import staff_id
from shared.call import Call, Work
from shared.db import Row, check_version
from shared.errors import Conflict
from shared.paging import page
from shared.proto import enum_name, to_proto

HEARD = {
    "booked": events.AppointmentBooked,
    "confirmed": events.AppointmentConfirmed,
    "arrived": events.AppointmentCheckedIn,
    "seated": events.AppointmentSeated,
    "doctor_ready": events.AppointmentDoctorCalled,
    "doctor_in": events.AppointmentDoctorArrived,
    "done": events.AppointmentCompleted,
    "checked_out": events.AppointmentCheckedOut,
    "no_show": events.AppointmentMissed,
}


class Flow:
    """Methods that move an appointment from state to state, and those that show where it stands."""

    async def BookHeldAppointment(self, request: Any, call: Call) -> Any:
        return pb.BookHeldAppointmentResponse(appointment=await _advance(request, call, "booked"))

    async def ConfirmAppointment(self, request: Any, call: Call) -> Any:
        return pb.ConfirmAppointmentResponse(appointment=await _advance(request, call, "confirmed"))

    async def CheckInAppointment(self, request: Any, call: Call) -> Any:
        return pb.CheckInAppointmentResponse(appointment=await _advance(request, call, "arrived"))

    async def SeatAppointment(self, request: Any, call: Call) -> Any:
        return pb.SeatAppointmentResponse(appointment=await _advance(request, call, "seated"))

    async def CallDoctor(self, request: Any, call: Call) -> Any:
        return pb.CallDoctorResponse(appointment=await _advance(request, call, "doctor_ready"))

    async def DoctorArrived(self, request: Any, call: Call) -> Any:
        return pb.DoctorArrivedResponse(appointment=await _advance(request, call, "doctor_in"))

    async def DismissAppointment(self, request: Any, call: Call) -> Any:
        return pb.DismissAppointmentResponse(appointment=await _advance(request, call, "done"))

    async def CheckOutAppointment(self, request: Any, call: Call) -> Any:
        return pb.CheckOutAppointmentResponse(appointment=await _advance(request, call, "checked_out"))

    async def MarkNoShow(self, request: Any, call: Call) -> Any:
        return pb.MarkNoShowResponse(appointment=await _advance(request, call, "no_show"))

    async def CancelAppointment(self, request: Any, call: Call) -> Any:
        old = await _moving(request, call, "canceled")
        reason = enum_name(pb.CancelReason, request.reason)
        canceled_by = enum_name(pb.CanceledBy, request.canceled_by)
        if old.state != "held":
            await queries.keep(call.db, old.id, "canceled", staff_id(call), call.now)
        row = await queries.cancel(call.db, old.id, reason, canceled_by, call.now)
        await _free(call, old)
        if old.state != "held":
            call.publish(
                event(events.AppointmentCanceled, row, reason=reason, canceled_by=canceled_by), key=row.patient_id
            )
        return pb.CancelAppointmentResponse(appointment=appointment(row, old.time_zone))

    # --- reading ---

    async def GetAppointment(self, request: Any, call: Call) -> Any:
        row = await queries.appointment(call.db, request.appointment_id)
        return pb.GetAppointmentResponse(appointment=appointment(row, row.time_zone))

    async def ListAppointments(self, request: Any, call: Call) -> Any:
        first_day = a_day(request.first_day, "first_day")
        rows, next_token = await page(
            call.db,
            queries.LIST_APPOINTMENTS,
            request,
            key=("start_slot", "id"),
            location_id=request.location_id,
            first_day=first_day,
            last_day=a_day(request.last_day, "last_day") if request.last_day else first_day,
            states=[enum_name(pb.AppointmentState, state) for state in request.states],
            provider_id=request.provider_id or None,
        )
        return pb.ListAppointmentsResponse(
            appointments=[appointment(row, row.time_zone) for row in rows], next_page_token=next_token
        )

    async def ListPatientAppointments(self, request: Any, call: Call) -> Any:
        rows, next_token = await page(
            call.db,
            queries.LIST_PATIENT_APPOINTMENTS,
            request,
            key=("start_slot", "id"),
            patient_id=request.patient_id,
            first_day=a_day(request.first_day, "first_day") if request.first_day else None,
        )
        return pb.ListPatientAppointmentsResponse(
            appointments=[appointment(row, row.time_zone) for row in rows], next_page_token=next_token
        )

    async def GetDaySheet(self, request: Any, call: Call) -> Any:
        location = await common.location(call.db, request.location_id)
        day = a_day(request.day, "day") if request.day else today(call.now, location.time_zone)
        closed = (await common.closures(call.db, [location.id], day, day)).get((location.id, day), "")
        hours = [] if closed else [h for h in location.hours if h["weekday"] == day.isoweekday()]
        chairs = await office.list_chairs(call.db, location.id)
        shifts = await office.day_shifts(call.db, location.id, day)
        rows = await queries.day_appointments(call.db, location.id, day)
        return pb.GetDaySheetResponse(
            location_id=location.id,
            day=day.isoformat(),
            time_zone=location.time_zone,
            hours=[pb.WeeklyHours(**h) for h in hours],
            closed_reason=closed,
            chairs=[to_proto(pb.Chair, row) for row in chairs if row.active],
            shifts=[shift(row) for row in shifts],
            appointments=[appointment(row, row.time_zone) for row in rows],
        )


async def _moving(request: Any, call: Call, state: str) -> Row:
    """The appointment, locked, when it may become `state`; raises Conflict when it may not."""
    old = await queries.appointment_for_update(call.db, request.appointment_id)
    if not may_become(old.state, state):
        raise Conflict("ILLEGAL_STATE", f"{old.state} cannot become {state}", state=old.state)
    check_version(old, request.version)
    return old


async def _advance(request: Any, call: Call, state: str) -> Any:
    old = await _moving(request, call, state)
    if old.state == "held" and old.hold_expire_time <= call.now:
        raise Conflict("HOLD_EXPIRED", "the hold has run out")
    if state in CHANGES:
        await queries.keep(call.db, old.id, state, staff_id(call), call.now)
    row = await queries.advance(call.db, old.id, state, call.now)
    if state in GONE and old.state not in GONE:
        await _free(call, old)
    if state in HEARD:
        call.publish(event(HEARD[state], row), key=row.patient_id)
    return appointment(row, old.time_zone)


async def _free(call: Call, row: Row) -> None:
    await queries.lock_days(call.db, [(row.location_id, row.day)])
    await queries.release(call.db, row.id)


async def expire_hold(key: str, work: Work) -> None:
    """Ends a hold that has run out, unless it was booked or canceled meanwhile."""
    async with work.begin() as call:
        row = await queries.appointment_for_update(call.db, key)
        if row.state == "held" and row.hold_expire_time <= call.now:
            await queries.cancel(call.db, row.id, "expired", None, call.now)
            await _free(call, row)
