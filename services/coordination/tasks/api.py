"""Methods of tasks and follow-ups."""

from __future__ import annotations

from datetime import datetime, timedelta

from archwire.coordination.v1 import coordination_pb2 as pb

from services.coordination.cases import domain as cases
from services.coordination.cases.api import case_message
from services.coordination.cases.moves import owner, plan_case
from services.coordination.cases.queries import case_for_update, read_case
from services.coordination.domain import calendar_day
from services.coordination.leads.queries import lead as read_lead
from services.coordination.queries import local_day
from services.coordination.tasks import domain, queries
from services.coordination.tasks.saved import publish_task
from shared.call import Call, Work
from shared.db import Row, check_version
from shared.paging import page
from shared.proto import enum_name, from_timestamp, to_proto


async def move_task(call: Call, task_id: str, version: int, trigger: str, snoozed_until: datetime | None = None) -> Row:
    """Moves a task and tells others."""
    row = await queries.task_for_update(call.db, task_id)
    check_version(row, version)
    state = domain.move(row.state, trigger)
    row = await call.db.one(
        queries.SET_TASK,
        task_id=row.id,
        state=state,
        snoozed_until=snoozed_until,
        closed_at=call.now if state in ("done", "dropped") else None,
        now=call.now,
    )
    publish_task(call, row)
    return row


async def wake_task(key: str, work: Work) -> None:
    """Opens a snoozed task (its id is the key) when its time has come; a later snooze has a job of its own."""
    async with work.begin() as call:
        if task := await call.db.first(queries.WAKE_TASK, task_id=key, now=call.now):
            publish_task(call, task)


class Tasks:
    """What staff have to do, and the touches with families after a presentation."""

    async def CreateTask(self, request: pb.CreateTaskRequest, call: Call) -> pb.CreateTaskResponse:
        case = await read_case(call.db, request.case_id) if request.case_id else None
        lead = await read_lead(call.db, request.lead_id) if request.lead_id else None
        about = case or lead
        value_cents = request.value.amount_cents if request.HasField("value") else (case and case.value_cents)
        row = await call.db.one(
            queries.ADD_TASK,
            location_id=request.location_id or about.location_id,
            kind=enum_name(pb.TaskKind, request.kind),
            title=request.title,
            owner_id=owner(request.owner_id, call),
            due_on=calendar_day(request.due_on, "due_on"),
            value_cents=value_cents or 0,
            patient_id=case and case.patient_id,
            case_id=request.case_id or None,
            lead_id=request.lead_id or None,
            origin=None,
            now=call.now,
        )
        publish_task(call, row)
        return pb.CreateTaskResponse(task=to_proto(pb.Task, row))

    async def ListTasks(self, request: pb.ListTasksRequest, call: Call) -> pb.ListTasksResponse:
        rows, next_page_token = await page(
            call.db,
            queries.TASKS,
            request,
            key=("priority", "id"),
            state=enum_name(pb.TaskState, request.state) or "open",
            owner_id=request.owner_id or None,
            location_id=request.location_id or None,
            case_id=request.case_id or None,
            due_by=calendar_day(request.due_by, "due_by") if request.due_by else None,
            now=call.now,
        )
        return pb.ListTasksResponse(tasks=[to_proto(pb.Task, row) for row in rows], next_page_token=next_page_token)

    async def CompleteTask(self, request: pb.CompleteTaskRequest, call: Call) -> pb.CompleteTaskResponse:
        trigger = "drop" if request.dropped else "complete"
        row = await move_task(call, request.task_id, request.version, trigger)
        return pb.CompleteTaskResponse(task=to_proto(pb.Task, row))

    async def SnoozeTask(self, request: pb.SnoozeTaskRequest, call: Call) -> pb.SnoozeTaskResponse:
        until = from_timestamp(request.until)
        domain.require_snooze(call.now, until)
        row = await move_task(call, request.task_id, request.version, "snooze", until)
        call.later("wake_task", key=row.id, at=until)
        return pb.SnoozeTaskResponse(task=to_proto(pb.Task, row))

    async def ReopenTask(self, request: pb.ReopenTaskRequest, call: Call) -> pb.ReopenTaskResponse:
        row = await move_task(call, request.task_id, request.version, "reopen")
        return pb.ReopenTaskResponse(task=to_proto(pb.Task, row))

    async def LogFollowUp(self, request: pb.LogFollowUpRequest, call: Call) -> pb.LogFollowUpResponse:
        case = await case_for_update(call.db, request.case_id)
        cases.require_open(case.state)
        today = await local_day(call, case.location_id)
        outcome = enum_name(pb.FollowUpOutcome, request.outcome)
        touch = {
            "channel": enum_name(pb.Channel, request.channel),
            "outcome": outcome,
            "note": request.note,
            "staff_id": owner("", call),
            "done_at": call.now,
        }
        planned = await call.db.first(queries.NEXT_FOLLOW_UP, case_id=case.id)
        if planned:
            row = await call.db.one(queries.FULFIL_FOLLOW_UP, follow_up_id=planned.id, **touch)
            case = await self._after_step(call, case, outcome)
        else:
            row = await call.db.one(
                queries.ADD_FOLLOW_UP,
                location_id=case.location_id,
                case_id=case.id,
                patient_id=case.patient_id,
                presentation_id=None,
                state="done",
                title="",
                due_on=today,
                **touch,
            )
        if reason := enum_name(pb.ReasonNotStarted, request.reason_not_started):
            case = await plan_case(call, case, reason_not_started=reason)
        return pb.LogFollowUpResponse(follow_up=to_proto(pb.FollowUp, row), case=case_message(case))

    @staticmethod
    async def _after_step(call: Call, case: Row, outcome: str) -> Row:
        """The next planned step is the case's next; an agreement or a refusal ends the plan."""
        if outcome in domain.ENDS_PLAN:
            await queries.cancel_follow_ups(call.db, case.id)
        coming = await call.db.first(queries.NEXT_FOLLOW_UP, case_id=case.id)
        if coming:
            return await plan_case(call, case, next_step=coming.title, next_step_due=coming.due_on)
        step = domain.ENDS_PLAN.get(outcome, domain.AFTER_PLAN)
        due_on = await local_day(call, case.location_id) + timedelta(days=step.after_days)
        return await plan_case(call, case, next_step=step.title, next_step_due=due_on)

    async def ListFollowUps(self, request: pb.ListFollowUpsRequest, call: Call) -> pb.ListFollowUpsResponse:
        rows, next_page_token = await page(
            call.db,
            queries.FOLLOW_UPS,
            request,
            key=("due_on", "id"),
            case_id=request.case_id or None,
            location_id=request.location_id or None,
            staff_id=request.staff_id or None,
            state=enum_name(pb.FollowUpState, request.state),
            due_by=calendar_day(request.due_by, "due_by") if request.due_by else None,
        )
        return pb.ListFollowUpsResponse(
            follow_ups=[to_proto(pb.FollowUp, row) for row in rows], next_page_token=next_page_token
        )
