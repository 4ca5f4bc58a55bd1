"""Methods of calls to families."""

from __future__ import annotations

from datetime import date
from typing import Any

from archwire.coordination.v1 import calls_pb2 as pb
from archwire.coordination.v1.events_pb2 import PhoneCallLogged, PhoneCallTakenBack
from archwire.directory.v1.patients_pb2 import GetPatientRequest

from services.coordination.calls import domain, queries
from services.coordination.cases import domain as cases
from services.coordination.cases.moves import owner, plan_case, staff
from services.coordination.cases.queries import case_for_update
from services.coordination.domain import calendar_day
from services.coordination.pipeline import domain as pipeline
from services.coordination.queries import local_day
from services.coordination.tasks import domain as tasks
from services.coordination.tasks import queries as follow_ups
from shared.call import Call
from shared.db import Row
from shared.errors import Conflict, Denied
from shared.paging import page
from shared.proto import enum_name, to_proto


class Calls:
    """Calls to families: what came of them, and the plan of the case they belong to."""

    async def LogPhoneCall(self, request: pb.LogPhoneCallRequest, call: Call) -> pb.LogPhoneCallResponse:
        reason = enum_name(pb.PhoneCallReason, request.reason)
        if reason == "follow_up" and "follow_ups.log" not in call.actor.permissions:
            raise Denied("PERMISSION_DENIED", "your role may not do this", permission="follow_ups.log")
        await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))
        today = await local_day(call, request.location_id)
        again = calendar_day(request.call_again_on, "call_again_on") if request.call_again_on else None
        domain.require_day(today, again)
        values: dict[str, Any] = {
            "location_id": request.location_id,
            "patient_id": request.patient_id,
            "reason": reason,
            "subject_id": request.subject_id,
            "case_id": None,
            "outcome": enum_name(pb.PhoneCallOutcome, request.outcome),
            "call_again_on": again,
            "note": request.note,
            "staff_id": owner("", call),
            "called_on": today,
            "created_at": call.now,
            "before": {},
        }
        if reason == "follow_up":
            case = await case_for_update(call.db, request.subject_id)
            cases.require_open(case.state)
            values |= {"case_id": case.id, "location_id": case.location_id, "patient_id": case.patient_id}
            values["before"] = await _touch(call, case, today, again, values)
        row = await call.db.one(queries.ADD_CALL, **values)
        call.publish(PhoneCallLogged(**_event(row)), key=row.patient_id)
        return pb.LogPhoneCallResponse(phone_call=to_proto(pb.PhoneCall, row))

    async def TakeBackPhoneCall(self, request: pb.TakeBackPhoneCallRequest, call: Call) -> pb.TakeBackPhoneCallResponse:
        row = await queries.call_for_update(call.db, request.phone_call_id)
        domain.require_own(row.staff_id, staff(call))
        domain.require_today(row.called_on, await local_day(call, row.location_id))
        if await call.db.first(queries.LATER_CALL, subject_id=row.subject_id, after=row.id):
            raise Conflict("NOT_THE_LAST", "the family was called again since")
        if row.case_id:
            await _take_touch_back(call, row)
        row = await call.db.one(queries.TAKE_BACK, call_id=row.id, taken_back_at=call.now)
        call.publish(PhoneCallTakenBack(**_event(row)), key=row.patient_id)
        return pb.TakeBackPhoneCallResponse(phone_call=to_proto(pb.PhoneCall, row))

    async def ListPhoneCalls(self, request: pb.ListPhoneCallsRequest, call: Call) -> pb.ListPhoneCallsResponse:
        rows, next_page_token = await page(
            call.db,
            queries.CALLS,
            request,
            key=("called_on", "id"),
            location_id=request.location_id or None,
            first_day=calendar_day(request.first_day, "first_day"),
        )
        calls = [to_proto(pb.PhoneCall, row) for row in rows]
        return pb.ListPhoneCallsResponse(phone_calls=calls, next_page_token=next_page_token)


def _event(row: Row) -> dict[str, str]:
    return {
        "phone_call_id": row.id,
        "patient_id": row.patient_id,
        "location_id": row.location_id,
        "case_id": row.case_id or "",
        "reason": row.reason,
        "outcome": row.outcome,
        "staff_id": row.staff_id,
    }


async def _touch(call: Call, case: Row, today: date, again: date | None, values: dict[str, Any]) -> dict[str, Any]:
    """Makes a call the case's next planned touch, or moves that to another day; returns what is needed to undo it."""
    planned = await call.db.first(follow_ups.NEXT_FOLLOW_UP, case_id=case.id)
    before = {
        "blocker": case.blocker,
        "next_step": case.next_step,
        "next_step_due": case.next_step_due.isoformat(),
        "follow_up_id": planned.id if planned else "",
        "channel": planned.channel if planned else "",
        "due_on": planned.due_on.isoformat() if planned else "",
        "staff_id": planned.staff_id if planned else "",
    }
    changes: dict[str, Any] = {"next_step": case.next_step, "next_step_due": again}
    if again:
        if planned:
            await call.db.run(queries.POSTPONE_FOLLOW_UP, follow_up_id=planned.id, due_on=again)
    else:
        touch = {
            "channel": "call",
            "done_at": call.now,
            **{name: values[name] for name in ("outcome", "note", "staff_id")},
        }
        if planned:
            await call.db.one(follow_ups.FULFIL_FOLLOW_UP, follow_up_id=planned.id, **touch)
        coming = await call.db.first(follow_ups.NEXT_FOLLOW_UP, case_id=case.id)
        changes["next_step"], changes["next_step_due"] = tasks.after_touch(
            values["outcome"],
            (case.next_step, case.next_step_due),
            (coming.title, coming.due_on) if coming else None,
            today,
            planned=planned is not None,
        )
        if tasks.leaves_undecided(values["outcome"]) and case.stage == "presented":
            changes["blocker"] = pipeline.UNDECIDED
    now = await plan_case(call, case, **changes)
    return before | {"case_version": now.version}


async def _take_touch_back(call: Call, row: Row) -> None:
    """Gives the case the plan it had before the call, unless it has changed since."""
    case, before = await case_for_update(call.db, row.case_id), row.before
    if case.version != before["case_version"]:
        raise Conflict("STALE_VERSION", "the case has changed since")
    if before["follow_up_id"]:
        await call.db.run(
            queries.PLAN_FOLLOW_UP_AGAIN,
            follow_up_id=before["follow_up_id"],
            channel=before["channel"],
            due_on=date.fromisoformat(before["due_on"]),
            staff_id=before["staff_id"],
        )
    due_on = date.fromisoformat(before["next_step_due"])
    await plan_case(call, case, blocker=before["blocker"], next_step=before["next_step"], next_step_due=due_on)
