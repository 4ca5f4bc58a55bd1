"""Tasks and follow-up plans that other parts of coordination make and close."""

from __future__ import annotations

from datetime import date

from archwire.coordination.v1.events_pb2 import TaskSaved

from services.coordination.cases.moves import plan_case
from services.coordination.queries import local_day
from services.coordination.tasks import domain, queries
from shared.call import Call
from shared.db import Row


def publish_task(call: Call, task: Row) -> None:
    """Tells others about a task."""
    event = TaskSaved(
        task_id=task.id,
        case_id=task.case_id or "",
        patient_id=task.patient_id or "",
        location_id=task.location_id,
        owner_id=task.owner_id,
        state=task.state,
    )
    call.publish(event, key=task.patient_id or call.actor.tenant_id)


async def case_task(call: Call, case: Row, kind: str, title: str, *, origin: str, due_on: date | None = None) -> None:
    """Gives the case's owner a task, once per `origin`; due today when not said."""
    task = await call.db.first(
        queries.ADD_TASK,
        location_id=case.location_id,
        kind=kind,
        title=title,
        owner_id=case.owner_id,
        due_on=due_on or await local_day(call, case.location_id),
        value_cents=case.value_cents or 0,
        patient_id=case.patient_id,
        case_id=case.id,
        lead_id=None,
        origin=origin,
        now=call.now,
    )
    if task:
        publish_task(call, task)


async def close_tasks(call: Call, case_id: str, kind: str) -> None:
    """Marks the case's tasks of a kind done: what they asked for has happened."""
    for task in await call.db.all(queries.CLOSE_TASKS, of_case=case_id, of_kind=kind, now=call.now):
        publish_task(call, task)


async def start_follow_up(call: Call, case: Row, presentation_id: str) -> Row:
    """Plans the touches after a presentation in place of any older plan; returns the presented case, its next step set."""
    await queries.cancel_follow_ups(call.db, case.id)
    plan = domain.follow_up_plan(await local_day(call, case.location_id))
    rows = [
        {
            "location_id": case.location_id,
            "case_id": case.id,
            "patient_id": case.patient_id,
            "presentation_id": presentation_id,
            "state": "planned",
            "channel": step.channel,
            "title": step.title,
            "due_on": due_on,
            "staff_id": case.owner_id,
            "outcome": "",
            "note": "",
            "done_at": None,
        }
        for step, due_on in plan
    ]
    await call.db.run_many(queries.ADD_FOLLOW_UP, rows)
    first, due_on = plan[0]
    return await plan_case(
        call, case, presented_at=case.presented_at or call.now, next_step=first.title, next_step_due=due_on
    )
