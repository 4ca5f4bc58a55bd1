"""Methods of cases."""

from __future__ import annotations

from typing import Any

from archwire.coordination.v1 import coordination_pb2 as pb
from archwire.directory.v1.patients_pb2 import GetPatientRequest
from archwire.directory.v1.staff_pb2 import GetStaffRequest

from services.coordination.cases import domain, queries
from services.coordination.cases.moves import move_case, open_case, owner, owner_at, plan_case
from services.coordination.domain import calendar_day
from services.coordination.queries import local_day
from services.coordination.tasks import queries as tasks
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Invalid
from shared.paging import page
from shared.proto import enum_name, enum_value, to_proto


def case_message(row: Row) -> pb.Case:
    """A row as the API shows it: a closed case has no next step and no due date."""
    message = to_proto(pb.Case, row)
    if not domain.STATES[row.state].open:
        message.next_step_due = ""
    return message


async def locked(call: Call, request: Any) -> Row:
    """The case of a request, locked, in the version that the caller has seen."""
    row = await queries.case_for_update(call.db, request.case_id)
    check_version(row, request.version)
    return row


async def doctor(provider_id: str, call: Call) -> str:
    """The doctor named, else the caller, who must be one.

    Raises Invalid / PROVIDER_REQUIRED when a coordinator names none, NOT_A_PROVIDER when whom she names is none.
    """
    if not provider_id or provider_id == call.actor.user_id:
        if "orthodontist" not in call.actor.roles:
            raise Invalid("PROVIDER_REQUIRED", "name the doctor who decided", field="provider_id")
        return owner("", call)
    found = await call.directory.GetStaff(GetStaffRequest(staff_id=provider_id))
    if not found.staff.is_provider:
        raise Invalid("NOT_A_PROVIDER", "this staff member is not a doctor", field="provider_id")
    return provider_id


class Cases:
    """Cases: read them, plan them, move them by name."""

    async def OpenCase(self, request: pb.OpenCaseRequest, call: Call) -> pb.OpenCaseResponse:
        await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))
        row = await open_case(
            call,
            patient_id=request.patient_id,
            location_id=request.location_id,
            owner_id=await owner_at(request.location_id, request.owner_id, call),
        )
        return pb.OpenCaseResponse(case=case_message(row))

    async def GetCase(self, request: pb.GetCaseRequest, call: Call) -> pb.GetCaseResponse:
        row = await queries.read_case(call.db, request.case_id)
        moved = await call.db.all(queries.TRANSITIONS, case_id=row.id)
        return pb.GetCaseResponse(case=case_message(row), transitions=[to_proto(pb.CaseTransition, t) for t in moved])

    async def ListCaseStates(self, request: pb.ListCaseStatesRequest, call: Call) -> pb.ListCaseStatesResponse:
        states = [
            pb.CaseStateMeaning(
                state=enum_value(pb.CaseState, name),
                open=state.open,
                active=state.active,
                observation=state.observation,
                start=state.start,
                acceptance=state.acceptance,
                retention=state.retention,
                autopay=state.autopay,
                claims=state.claims,
                paused=state.paused,
            )
            for name, state in domain.STATES.items()
        ]
        return pb.ListCaseStatesResponse(states=states)

    async def ListCases(self, request: pb.ListCasesRequest, call: Call) -> pb.ListCasesResponse:
        states = [enum_name(pb.CaseState, state) for state in request.states]
        attention = enum_name(pb.Attention, request.attention)
        rows, next_page_token = await page(
            call.db,
            queries.CASES,
            request,
            key=("next_step_due", "id"),
            states=states or list(domain.STATES if request.patient_id else domain.OPEN),
            owner_id=request.owner_id or None,
            location_id=request.location_id or None,
            patient_id=request.patient_id or None,
            blocker=enum_name(pb.Blocker, request.blocker),
            today=await local_day(call, request.location_id or None),
            seen_before=call.now - domain.NOT_SEEN_AFTER,
            **{name: name == attention for name in queries.ATTENTION},
        )
        return pb.ListCasesResponse(cases=map(case_message, rows), next_page_token=next_page_token)

    async def UpdateCasePlan(self, request: pb.UpdateCasePlanRequest, call: Call) -> pb.UpdateCasePlanResponse:
        row = await locked(call, request)
        domain.require_open(row.state)
        row = await plan_case(
            call,
            row,
            owner_id=request.owner_id,
            blocker=enum_name(pb.Blocker, request.blocker),
            next_step=request.next_step,
            next_step_due=calendar_day(request.next_step_due, "next_step_due"),
            reason_not_started=enum_name(pb.ReasonNotStarted, request.reason_not_started),
        )
        return pb.UpdateCasePlanResponse(case=case_message(row))

    async def RecommendTreatment(
        self, request: pb.RecommendTreatmentRequest, call: Call
    ) -> pb.RecommendTreatmentResponse:
        provider_id = await doctor(request.provider_id, call)
        row = await locked(call, request)
        outcome, phase = enum_name(pb.ConsultOutcome, request.outcome), enum_name(pb.Phase, request.phase)
        recall_on = None
        if outcome == "observation":
            chosen = calendar_day(request.recall_on, "recall_on") if request.recall_on else None
            recall_on = chosen or domain.recall_on(await local_day(call, row.location_id))
        marks: dict[str, Any] = {"exam_kept_at": row.exam_kept_at or call.now}
        if outcome == "recommended":
            marks["recommended_at"] = row.recommended_at or call.now
            if row.state != "recommended":  # options of an earlier recommendation are not those of this one
                marks["presented_at"] = None
        row = await move_case(call, row, f"outcome_{outcome}", phase=phase, due=recall_on, **marks)
        consult = await call.db.one(
            queries.ADD_CONSULT,
            location_id=row.location_id,
            case_id=row.id,
            patient_id=row.patient_id,
            appointment_id=request.appointment_id or None,
            provider_id=provider_id,
            outcome=outcome,
            phase=phase,
            treatment_months=request.treatment_months,
            recall_on=recall_on,
            created_at=call.now,
        )
        return pb.RecommendTreatmentResponse(case=case_message(row), consult=to_proto(pb.Consult, consult))

    async def ListConsults(self, request: pb.ListConsultsRequest, call: Call) -> pb.ListConsultsResponse:
        case = await queries.read_case(call.db, request.case_id)
        rows = await call.db.all(queries.CONSULTS, case_id=case.id)
        return pb.ListConsultsResponse(consults=[to_proto(pb.Consult, row) for row in rows])

    async def PlaceOnHold(self, request: pb.PlaceOnHoldRequest, call: Call) -> pb.PlaceOnHoldResponse:
        row = await locked(call, request)
        reason = enum_name(pb.HoldReason, request.reason)
        review_on = calendar_day(request.review_on, "review_on")
        row = await move_case(call, row, f"held_{reason}", due=review_on, reason=reason)
        return pb.PlaceOnHoldResponse(case=case_message(row))

    async def ResumeCase(self, request: pb.ResumeCaseRequest, call: Call) -> pb.ResumeCaseResponse:
        row = await move_case(call, await locked(call, request), "resumed")
        return pb.ResumeCaseResponse(case=case_message(row))

    async def CloseCase(self, request: pb.CloseCaseRequest, call: Call) -> pb.CloseCaseResponse:
        row = await locked(call, request)
        outcome = enum_name(pb.CaseState, request.outcome)
        reason = enum_name(pb.ReasonNotStarted, request.reason_not_started) or row.reason_not_started
        domain.require_reason(row.state, outcome, reason)
        row = await move_case(call, row, f"closed_{outcome}", reason_not_started=reason)
        await tasks.cancel_follow_ups(call.db, row.id)
        return pb.CloseCaseResponse(case=case_message(row))

    async def ReactivateCase(self, request: pb.ReactivateCaseRequest, call: Call) -> pb.ReactivateCaseResponse:
        row = await locked(call, request)
        row = await move_case(call, row, "reactivated", owner_id=owner(request.owner_id, call))
        return pb.ReactivateCaseResponse(case=case_message(row))
