"""What supply does when something happens elsewhere."""

from __future__ import annotations

from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.scheduling.v1.events_pb2 import AppointmentRescheduled

from services.supply import domain, queries
from shared.call import Call
from shared.proto import from_timestamp


async def keep_location(event: LocationSaved, call: Call) -> None:
    """Keeps the time zone of a location."""
    await call.db.run(queries.SAVE_LOCATION, location_id=event.location_id, time_zone=event.time_zone)


async def visit_moved(event: AppointmentRescheduled, call: Call) -> None:
    """What is not here yet for a visit must be here the day before its new day."""
    visit_on = await queries.local_day(call, event.location_id, from_timestamp(event.start_time))
    await call.db.run(
        queries.MOVE_DUE_DATE,
        of_appointment=event.appointment_id,
        states=list(domain.COMING),
        due_date=domain.due_before_visit(visit_on),
        now=call.now,
    )
