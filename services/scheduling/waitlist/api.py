"""The waitlist: who would come earlier."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1.patients_pb2 import GetPatientRequest
from archwire.scheduling.v1 import scheduling_pb2 as pb

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.inputs import day as a_day
from services.scheduling.visits.messages import today
from services.scheduling.waitlist import queries
from shared.call import Call
from shared.db import check_version
from shared.errors import Conflict, Invalid, NotFound
from shared.paging import page
from shared.proto import to_proto

USUAL_PRIORITY = 5


class Waitlist:
    """Methods of the waitlist."""

    async def JoinWaitlist(self, request: Any, call: Call) -> Any:
        kind = await common.appointment_type(call.db, request.appointment_type_id, request.type_code)
        known = await common.locations(call.db, request.location_ids)
        if len(known) < len(request.location_ids):
            raise NotFound("LOCATION_NOT_FOUND", "no such location", field="location_ids")
        to_minute = request.to_minute or domain.DAY_MINUTES
        if to_minute <= request.from_minute:
            raise Invalid("BAD_RANGE", "the latest end comes after the earliest start", field="to_minute")
        await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))
        entry = await queries.add_entry(
            call.db,
            patient_id=request.patient_id,
            case_id=request.case_id or None,
            appointment_type_id=kind.id,
            location_ids=list(request.location_ids),
            weekdays=list(request.weekdays),
            from_minute=request.from_minute,
            to_minute=to_minute,
            earliest_day=a_day(request.earliest_day, "earliest_day")
            if request.earliest_day
            else today(call.now, known[0].time_zone),
            due_day=a_day(request.due_day, "due_day") if request.due_day else None,
            notice_minutes=request.notice_minutes,
            priority=request.priority or USUAL_PRIORITY,
            note=request.note,
        )
        return pb.JoinWaitlistResponse(waitlist_entry=to_proto(pb.WaitlistEntry, entry))

    async def ListWaitlist(self, request: Any, call: Call) -> Any:
        kind = None
        if request.appointment_type_id or request.type_code:
            kind = await common.appointment_type(call.db, request.appointment_type_id, request.type_code)
        rows, next_token = await page(
            call.db,
            queries.LIST_ENTRIES,
            request,
            key=("priority", "id"),
            location_id=request.location_id or None,
            patient_id=request.patient_id or None,
            type_id=kind.id if kind else None,
        )
        return pb.ListWaitlistResponse(
            waitlist_entries=[to_proto(pb.WaitlistEntry, row) for row in rows], next_page_token=next_token
        )

    async def LeaveWaitlist(self, request: Any, call: Call) -> Any:
        entry = await queries.entry_for_update(call.db, request.waitlist_entry_id)
        check_version(entry, request.version)
        if entry.state != "waiting":
            raise Conflict("ILLEGAL_STATE", "the patient is not waiting", state=entry.state)
        ended = await queries.end_entry(call.db, entry.id, "placed" if request.placed else "left", call.now)
        return pb.LeaveWaitlistResponse(waitlist_entry=to_proto(pb.WaitlistEntry, ended))
