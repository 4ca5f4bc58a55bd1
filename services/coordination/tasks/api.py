"""Methods of tasks and follow-ups."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from archwire.coordination.v1 import coordination_pb2 as pb

from services.coordination.cases import domain as cases
from services.coordination.cases.api import case_message
from services.coordination.cases.moves import owner, plan_case
from services.coordination.cases.queries import case_for_update, read_case
from services.coordination.domain import calendar_day
from services.coordination.leads.queries import lead as read_lead
from services.coordination.pipeline import domain as pipeline
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

    async def UpdateTask(self, request: pb.UpdateTaskRequest, call: Call) -> pb.UpdateTaskResponse:
        row = await queries.task_for_update(call.db, request.task_id)
        check_version(row, request.version)
        domain.require_open(row.state)
        row = await call.db.one(
            queries.CHANGE_TASK,
            task_id=row.id,
            title=request.title,
            owner_id=request.owner_id,
            due_on=calendar_day(request.due_on, "due_on"),
            now=call.now,
        )
        publish_task(call, row)
        return pb.UpdateTaskResponse(task=to_proto(pb.Task, row))

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
        if outcome in domain.ENDS_PLAN:
            await queries.cancel_follow_ups(call.db, case.id)
        coming = await call.db.first(queries.NEXT_FOLLOW_UP, case_id=case.id)
        changes: dict[str, Any] = dict(
            zip(
                ("next_step", "next_step_due"),
                domain.after_touch(
                    outcome,
                    (case.next_step, case.next_step_due),
                    (coming.title, coming.due_on) if coming else None,
                    today,
                    planned=planned is not None,
                ),
                strict=True,
            )
        )
        if domain.leaves_undecided(outcome) and case.stage == "presented":
            changes["blocker"] = pipeline.UNDECIDED
        if reason := enum_name(pb.ReasonNotStarted, request.reason_not_started):
            changes["reason_not_started"] = reason
        case = await plan_case(call, case, **changes)
        return pb.LogFollowUpResponse(follow_up=to_proto(pb.FollowUp, row), case=case_message(case))

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
