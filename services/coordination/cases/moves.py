"""How a case opens and moves: state, history, plan and event together, for methods and handlers alike."""

from __future__ import annotations

from datetime import date
from typing import Any

from archwire.coordination.v1.events_pb2 import CasePlanned, CaseStateChanged
from archwire.directory.v1.staff_pb2 import ListStaffRequest

from services.coordination.cases import domain, queries
from services.coordination.pipeline import domain as pipeline
from services.coordination.queries import local_day
from shared.call import Call
from shared.db import Row
from shared.errors import Invalid


def staff(call: Call) -> str | None:
    """The staff member who acts; None for an event, a machine or a private link."""
    return call.actor.user_id if call.actor.kind == "user" else None


def owner(owner_id: str, call: Call) -> str:
    """The staff member named, else the caller. Raises Invalid / OWNER_REQUIRED when a machine names nobody."""
    found = owner_id or staff(call)
    if not found:
        raise Invalid("OWNER_REQUIRED", "name the staff member who takes care of it", field="owner_id")
    return found


async def owner_at(location_id: str, owner_id: str, call: Call) -> str:
    """The staff member named, else the caller, else a coordinator of the location, whom the directory knows.

    Raises Invalid / OWNER_REQUIRED when the location has none. Asks the directory: before the first write.
    """
    if not (owner_id or staff(call)):
        asked = ListStaffRequest(location_id=location_id, role="treatment_coordinator", page_size=1)
        owner_id = next((found.id for found in (await call.directory.ListStaff(asked)).staff), "")
    return owner(owner_id, call)


async def open_case(
    call: Call, *, patient_id: str, location_id: str, owner_id: str, lead_id: str | None = None, source: str = ""
) -> Row:
    """Opens a case in the state `lead`; raises Conflict / CASE_ALREADY_OPEN when the patient has an open one."""
    next_step, due = domain.plan("lead", await local_day(call, location_id))
    row = await call.db.one(
        queries.ADD_CASE,
        conflict=queries.ONE_OPEN,
        patient_id=patient_id,
        location_id=location_id,
        owner_id=owner_id,
        lead_id=lead_id,
        source=source,
        state="lead",
        stage=pipeline.stage("lead", exam_kept=False, presented=False, blocker=""),
        next_step=next_step,
        next_step_due=due,
        now=call.now,
    )
    await _record(call, row, "", "opened", "")
    return row


async def move_case(
    call: Call, case: Row, trigger: str, *, phase: str = "", due: date | None = None, reason: str = "", **marks: Any
) -> Row:
    """Moves a locked case; it gets the plan of its new state, due on `due` when given.

    `marks` are columns that change with it. A trigger that leaves the state as it is changes the phase and the marks only.
    Raises Conflict / ILLEGAL_TRANSITION.
    """
    before = domain.Standing(case.state, case.phase, case.held_from)
    after = domain.move(before, trigger, phase)
    if after == before and due is None and not marks:
        return case
    changes: dict[str, Any] = {"state": after.state, "phase": after.phase, "held_from": after.held_from} | marks
    if after.state != before.state:
        next_step, standard_due = domain.plan(after.state, await local_day(call, case.location_id))
        changes |= {
            "blocker": domain.blocker_after(case.blocker, after.state),
            "next_step": next_step,
            "next_step_due": due or standard_due,
            "state_time": call.occurred_at,
        }
        if before.state in domain.CLOSED:  # what was recommended and presented then does not count now
            changes |= {"exam_kept_at": None, "recommended_at": None, "presented_at": None, "last_blocker": ""}
    elif due is not None:
        changes["next_step_due"] = due
    row = await _save(call, case, changes)
    if row.state != case.state:
        await _record(call, row, case.state, trigger, reason)
    return row


async def plan_case(call: Call, case: Row, **changes: Any) -> Row:
    """Changes a locked case without moving it: its plan, and the marks of the exam and the presentation."""
    row = await _save(call, case, changes)
    event = CasePlanned(
        case_id=row.id, patient_id=row.patient_id, location_id=row.location_id, owner_id=row.owner_id, stage=row.stage
    )
    call.publish(event, key=row.patient_id)
    return row


async def _save(call: Call, case: Row, changes: dict[str, Any]) -> Row:
    """Writes a locked case. Every change passes here: an open case leaves with owner, next step, date and column."""
    values = {name: case[name] for name in queries.SAVED} | changes
    if values["state"] == "accepted" or values["blocker"] == pipeline.BOOKED_BY_VISIT:
        booked = await call.db.first(queries.COMING_VISIT, case_id=case.id, now=call.now) is not None
        values["blocker"] = pipeline.blocker_of(values["state"], values["blocker"], booked=booked)
    values["next_step"], values["next_step_due"] = domain.planned(
        values["state"], values["next_step"], values["next_step_due"], await local_day(call, case.location_id)
    )
    values["stage"] = pipeline.stage(
        values["state"],
        exam_kept=values["exam_kept_at"] is not None,
        presented=values["presented_at"] is not None,
        blocker=values["blocker"],
    )
    if values["stage"] != case.stage:
        values["stage_time"] = call.occurred_at
    if not domain.STATES[values["state"]].start and values["blocker"] not in ("", pipeline.BOOKED_BY_VISIT):
        values["last_blocker"] = values["blocker"]
    row = await call.db.one(queries.SAVE_CASE, conflict=queries.ONE_OPEN, case_id=case.id, now=call.now, **values)
    for column in ("blocker", "owner"):
        name = {"owner": "owner_id"}.get(column, column)
        if row[name] != case[name]:
            await remember(call, row, row.state, column, row[name])
    return row


async def _record(call: Call, case: Row, from_state: str, trigger: str, reason: str) -> None:
    """Keeps a move and tells others."""
    await remember(call, case, from_state, trigger, reason)
    event = CaseStateChanged(
        case_id=case.id,
        patient_id=case.patient_id,
        location_id=case.location_id,
        from_state=from_state,
        to_state=case.state,
        phase=case.phase,
        autopay_allowed=domain.STATES[case.state].autopay,
        claims_allowed=domain.STATES[case.state].claims,
    )
    call.publish(event, key=case.patient_id)


async def remember(call: Call, case: Row, from_state: str, trigger: str, reason: str) -> None:
    """Keeps a line of the case's history."""
    await call.db.run(
        queries.ADD_TRANSITION,
        location_id=case.location_id,
        case_id=case.id,
        from_state=from_state,
        to_state=case.state,
        trigger=trigger,
        staff_id=staff(call),
        reason=reason,
        event_time=call.occurred_at,
    )
