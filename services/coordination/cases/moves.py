"""How a case opens and moves: state, history, plan and event together, for methods and handlers alike."""

from __future__ import annotations

from datetime import date
from typing import Any

from archwire.coordination.v1.events_pb2 import CaseStateChanged

from services.coordination.cases import domain, queries
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


async def open_case(call: Call, *, patient_id: str, location_id: str, owner_id: str, lead_id: str | None = None) -> Row:
    """Opens a case in the state `lead`; raises Conflict / CASE_ALREADY_OPEN when the patient has an open one."""
    next_step, due = domain.plan("lead", await local_day(call, location_id))
    row = await call.db.one(
        queries.ADD_CASE,
        conflict=queries.ONE_OPEN,
        patient_id=patient_id,
        location_id=location_id,
        owner_id=owner_id,
        lead_id=lead_id,
        state="lead",
        next_step=next_step,
        next_step_due=due,
        now=call.now,
    )
    await _record(call, row, "", "opened", "")
    return row


async def move_case(
    call: Call,
    case: Row,
    trigger: str,
    *,
    phase: str = "",
    due: date | None = None,
    owner_id: str = "",
    reason: str = "",
    reason_not_started: str = "",
) -> Row:
    """Moves a locked case; it gets the plan of its new state, due on `due` when given.

    A trigger that leaves the state as it is changes the phase only. Raises Conflict / ILLEGAL_TRANSITION.
    """
    before = domain.Standing(case.state, case.phase, case.held_from)
    after = domain.move(before, trigger, phase)
    if after == before and due is None:
        return case
    moved = after.state != before.state
    today = await local_day(call, case.location_id)
    next_step, standard_due = domain.plan(after.state, today) if moved else (case.next_step, case.next_step_due)
    row = await call.db.one(
        queries.MOVE_CASE,
        conflict=queries.ONE_OPEN,
        case_id=case.id,
        state=after.state,
        phase=after.phase,
        held_from=after.held_from,
        owner_id=owner_id or case.owner_id,
        blocker=domain.blocker_after(case.blocker, after.state) if moved else case.blocker,
        next_step=next_step,
        next_step_due=due or standard_due or today,
        reason_not_started=reason_not_started or case.reason_not_started,
        entered_at=call.occurred_at,
        now=call.now,
    )
    if moved:
        await _record(call, row, before.state, trigger, reason)
    return row


async def plan_case(call: Call, case: Row, **changes: Any) -> Row:
    """Changes the plan of a locked case: owner_id, blocker, next_step, next_step_due, reason_not_started."""
    plan = {name: case[name] for name in queries.PLAN}
    return await call.db.one(queries.PLAN_CASE, case_id=case.id, now=call.now, **(plan | changes))


async def _record(call: Call, case: Row, from_state: str, trigger: str, reason: str) -> None:
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
