"""What coordination does when something happens elsewhere.

An event is a fact: a handler never refuses it. Where the case's state has no move for it, the owner gets a task.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded, ContractSigned, QuoteCreated
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.insurance.v1.events_pb2 import BenefitsVerified
from archwire.records.v1.events_pb2 import RecordsCompleted
from archwire.scheduling.v1.events_pb2 import (
    AppointmentBooked,
    AppointmentCanceled,
    AppointmentCompleted,
    AppointmentMissed,
    AppointmentRescheduled,
    AppointmentRestored,
)

from services.coordination import domain
from services.coordination.cases import domain as cases
from services.coordination.cases import queries
from services.coordination.cases.moves import move_case, plan_case
from services.coordination.pipeline import domain as pipeline
from services.coordination.presentations.api import value_case
from services.coordination.presentations.queries import SAVE_QUOTE
from services.coordination.queries import SAVE_LOCATION, SIGNED_FOR, local_day
from services.coordination.tasks.queries import cancel_follow_ups
from services.coordination.tasks.saved import case_task, close_tasks
from shared.call import Call
from shared.db import Row
from shared.proto import from_timestamp


async def keep_location(event: LocationSaved, call: Call) -> None:
    """Keeps the time zone of a location."""
    await call.db.run(SAVE_LOCATION, location_id=event.location_id, time_zone=event.time_zone)


async def visit_booked(event: AppointmentBooked | AppointmentRescheduled, call: Call) -> None:
    """Keeps the visit; an exam moves a lead to exam_scheduled, due on the day of the exam."""
    case = await queries.case_of_event(call.db, event)
    if case is None:
        return
    start = from_timestamp(event.start_time)
    await call.db.run(
        queries.SAVE_VISIT,
        appointment_id=event.appointment_id,
        case_id=case.id,
        location_id=event.location_id,
        start_time=start,
    )
    if event.visit_class == "exam":
        exam_on = await local_day(call, event.location_id, start)
        before_exam = case.state in ("lead", "exam_scheduled")
        await _follow(call, case, "exam_booked", event.appointment_id, due=exam_on if before_exam else None)
        await close_tasks(call, case.id, "rebook_exam")
    else:
        await _settle_booking(call, case)


async def visit_canceled(event: AppointmentCanceled, call: Call) -> None:
    """Forgets the visit; a cancelled exam is to be booked again."""
    if case := await queries.case_of_event(call.db, event):
        await call.db.run(queries.END_VISIT, appointment_id=event.appointment_id)
        await _rebook(call, case, event)
        await _settle_booking(call, case)


async def visit_missed(event: AppointmentMissed, call: Call) -> None:
    """Counts the miss; a missed exam is to be booked again."""
    if case := await queries.case_of_event(call.db, event):
        await call.db.run(queries.END_VISIT, appointment_id=event.appointment_id)
        await call.db.run(queries.MISSED, case_id=case.id)
        await _rebook(call, case, event)
        await _settle_booking(call, case)


async def visit_completed(event: AppointmentCompleted, call: Call) -> None:
    """After an exam the owner presents the options; a debond ends active treatment; other visits renew the plan."""
    case = await queries.case_of_event(call.db, event)
    if case is None:
        return
    await call.db.run(queries.END_VISIT, appointment_id=event.appointment_id)
    await call.db.run(queries.SEEN, case_id=case.id, seen_at=from_timestamp(event.start_time))
    if event.visit_class == "exam":
        if case.state == "exam_scheduled":
            await plan_case(
                call,
                case,
                exam_kept_at=from_timestamp(event.start_time),
                next_step="Record the outcome of the exam",
                next_step_due=await local_day(call, case.location_id),
            )
        await case_task(call, case, "present_options", "Present options", origin=f"exam:{event.appointment_id}")
    elif event.visit_class == "debond":
        await _follow(call, case, "debonded", event.appointment_id)
    elif case.state in ("active", "retention"):
        next_step, due = cases.plan(case.state, await local_day(call, case.location_id))
        await plan_case(call, case, next_step=next_step, next_step_due=due)


async def visit_restored(event: AppointmentRestored, call: Call) -> None:
    """A step was taken back. A visit that is to come again is kept again; a miss that was none is forgiven."""
    case = await queries.case_of_event(call.db, event)
    if case is None or event.previous_state not in ("canceled", "no_show", "done"):
        return
    start = from_timestamp(event.start_time)
    await call.db.run(
        queries.SAVE_VISIT,
        appointment_id=event.appointment_id,
        case_id=case.id,
        location_id=event.location_id,
        start_time=start,
    )
    if event.previous_state == "no_show":
        await call.db.run(queries.FORGIVEN, case_id=case.id)
    if event.previous_state != "done" and event.visit_class == "exam":
        await close_tasks(call, case.id, "rebook_exam")
    if event.previous_state == "done" and event.visit_class == "debond":
        title = f"Check the case: the debond goes on while {case.state.replace('_', ' ')}"
        await case_task(call, case, "check_case", title, origin=f"debond_again:{event.appointment_id}")


async def benefits_verified(event: BenefitsVerified, call: Call) -> None:
    """Clears the blocker `verification` and the task that asked for it."""
    await _unblock(call, event, "verification")
    if case := await queries.case_of_event(call.db, event):
        await close_tasks(call, case.id, "verify_benefits")


async def records_completed(event: RecordsCompleted, call: Call) -> None:
    """Clears the blocker `records`."""
    await _unblock(call, event, "records")


async def quote_created(event: QuoteCreated, call: Call) -> None:
    """Keeps what the quote comes to; until there is a contract, the case is worth what is on offer."""
    case = await queries.case_of_event(call.db, event)
    if case is None:
        return
    await call.db.run(
        SAVE_QUOTE,
        quote_id=event.quote_id,
        case_id=case.id,
        location_id=event.location_id,
        total_fee_cents=event.total_fee.amount_cents,
        quoted_at=call.occurred_at,
    )
    await value_case(call, case)


async def contract_signed(event: ContractSigned, call: Call) -> None:
    """The family has accepted."""
    case = await queries.case_of_event(call.db, event)
    if case is None:
        return
    await _follow(call, case, "contract_signed", event.contract_id)
    await call.db.run(queries.VALUE, case_id=case.id, cents=event.total_fee.amount_cents, now=call.now)
    await _settle_booking(call, await queries.case_for_update(call.db, case.id))
    await call.db.run(SIGNED_FOR, location_id=event.location_id, fee_cents=event.total_fee.amount_cents)
    await cancel_follow_ups(call.db, case.id)


async def contract_activated(event: ContractActivated, call: Call) -> None:
    """Treatment starts; the first estimate of its end is kept for good."""
    case = await queries.case_of_event(call.db, event)
    if case is None:
        return
    started_on = (
        date.fromisoformat(event.activated_on) if event.activated_on else await local_day(call, event.location_id)
    )
    await _follow(call, case, "contract_activated", event.contract_id, phase=cases.known_phase(event.phase))
    if cases.starts(case.state):
        estimated_end = domain.add_months(started_on, event.treatment_months)
        await call.db.run(queries.STARTED, case_id=case.id, started_on=started_on, estimated_end=estimated_end)


async def contract_ended(event: ContractEnded, call: Call) -> None:
    """A completed contract says nothing about treatment; one that ended otherwise ends or restricts it."""
    case = await queries.case_of_event(call.db, event)
    trigger = f"contract_{event.state}"
    if case and trigger in cases.MOVES and cases.allows(case.state, trigger):
        await move_case(call, case, trigger)


async def _follow(
    call: Call, case: Row, trigger: str, cause_id: str, *, phase: str = "", due: date | None = None
) -> None:
    """Moves the case, or asks its owner to look at it where its state has no such move."""
    if cases.allows(case.state, trigger):
        await move_case(call, case, trigger, phase=phase, due=due)
    else:
        title = f"Check the case: {trigger.replace('_', ' ')} while {case.state.replace('_', ' ')}"
        await case_task(call, case, "check_case", title, origin=f"{trigger}:{cause_id}")


async def _rebook(call: Call, case: Row, event: AppointmentCanceled | AppointmentMissed) -> None:
    moved = isinstance(event, AppointmentCanceled) and event.reason == "rescheduled"
    if event.visit_class == "exam" and case.state == "exam_scheduled" and not moved:
        await case_task(
            call, case, "rebook_exam", "Book the exam again", origin=f"rebook:{event.appointment_id}:{call.occurred_at}"
        )


async def _settle_booking(call: Call, case: Row) -> None:
    """A signed case is pending or booked by its visits: its blocker, plan and column follow them."""
    if case.state != "accepted" and case.blocker != pipeline.BOOKED_BY_VISIT:
        return
    visit = await call.db.first(queries.COMING_VISIT, case_id=case.id, now=call.now)
    if visit and case.state == "accepted":
        due = await local_day(call, case.location_id, visit.start_time)
        await plan_case(call, case, next_step="See the start through", next_step_due=due)
    elif case.state == "accepted":
        next_step, book_by = cases.plan("accepted", await local_day(call, case.location_id))
        await plan_case(call, case, next_step=next_step, next_step_due=book_by)
    else:
        await plan_case(call, case)


async def _unblock(call: Call, event: Any, blocker: str) -> None:
    case = await queries.case_of_event(call.db, event)
    if case and case.blocker == blocker:
        await plan_case(call, case, blocker="")
