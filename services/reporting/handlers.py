"""What reporting hears: every event becomes facts."""

from __future__ import annotations

from typing import Any

from archwire.contracts.v1.events_pb2 import ContractActivated
from archwire.coordination.v1.events_pb2 import LeadCreated, LeadRegistered
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.scheduling.v1.events_pb2 import (
    AppointmentBooked,
    AppointmentCanceled,
    AppointmentCompleted,
    AppointmentMissed,
    AppointmentRescheduled,
    AppointmentRestored,
)

from services.reporting import queries
from shared.call import Call
from shared.proto import from_date, from_timestamp


async def keep_location(event: LocationSaved, call: Call) -> None:
    """Keeps a location's time zone and region."""
    await queries.save_location(call.db, event.location_id, event.time_zone, event.region_id or None)


async def count_lead(event: LeadCreated, call: Call) -> None:
    """An enquiry was added."""
    await queries.put_fact(
        call.db, "lead_added", event.lead_id, event.location_id, call.now, moment=call.now, variant=event.source
    )


async def name_case(event: LeadRegistered, call: Call) -> None:
    """Ties the enquiry to its case: cohorts go by the day of the enquiry."""
    await call.db.run(queries.NAME_CASE, lead_id=event.lead_id, case=event.case_id, patient=event.patient_id)


async def count_booking(event: AppointmentBooked | AppointmentRescheduled, call: Call) -> None:
    """An exam was booked, or moved to another day."""
    if event.visit_class == "exam":
        await _visit(call, event, "exam_booked")


async def count_cancellation(event: AppointmentCanceled, call: Call) -> None:
    """A cancelled exam is no longer a booked one."""
    if event.visit_class == "exam":
        await call.db.run(queries.DROP_FACT, kind="exam_booked", subject_id=event.appointment_id)


async def count_kept(event: AppointmentCompleted, call: Call) -> None:
    """A visit took place."""
    await _visit(call, event, "visit_kept")
    if event.visit_class == "exam":
        await _visit(call, event, "exam_kept")


async def count_missed(event: AppointmentMissed, call: Call) -> None:
    """A visit was missed."""
    await _visit(call, event, "visit_missed")
    if event.visit_class == "exam":
        await _visit(call, event, "exam_missed")


async def count_again(event: AppointmentRestored, call: Call) -> None:
    """What was taken back did not happen."""
    exam = event.visit_class == "exam"
    for kind in {"done": ("visit_kept", "exam_kept"), "no_show": ("visit_missed", "exam_missed")}.get(
        event.previous_state, ()
    ):
        await call.db.run(queries.DROP_FACT, kind=kind, subject_id=event.appointment_id)
    if event.previous_state == "canceled" and exam:
        await _visit(call, event, "exam_booked")


async def count_start(event: ContractActivated, call: Call) -> None:
    """A treatment started. An amended contract is not a second start."""
    if event.version <= 1:
        await queries.put_fact(
            call.db, "start", event.contract_id, event.location_id, call.now, date=from_date(event.activated_on),
            case_id=event.case_id or None, patient_id=event.patient_id, variant=event.phase, amount_cents=event.total_fee.amount_cents,
        )  # fmt: skip


async def _visit(call: Call, event: Any, kind: str) -> None:
    await queries.put_fact(
        call.db, kind, event.appointment_id, event.location_id, call.now, moment=from_timestamp(event.start_time),
        case_id=event.case_id or None, patient_id=event.patient_id, variant=event.visit_class,
    )  # fmt: skip
