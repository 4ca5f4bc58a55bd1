"""What scheduling hears: groups, locations and doctors of the directory."""

from __future__ import annotations

from archwire.directory.v1.events_pb2 import GroupCreated, LocationSaved, StaffSaved

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.office import queries
from shared.call import Call


async def add_default_types(_event: GroupCreated, call: Call) -> None:
    """Gives a group the usual types of visit; those it has stay as they are."""
    await queries.add_default_types(call.db)


async def keep_location(event: LocationSaved, call: Call) -> None:
    """Keeps the time zone of a location; a new one is open Monday to Friday, 8 to 5, until somebody says otherwise."""
    await queries.add_default_types(call.db)
    await queries.keep_location(
        call.db,
        location_id=event.location_id,
        time_zone=event.time_zone,
        active=event.active,
        directory_version=event.version,
        hours=list(domain.DEFAULT_HOURS),
    )


async def keep_provider(event: StaffSaved, call: Call) -> None:
    """Makes a new doctor bookable at the locations of the directory; one who left cannot be booked any more."""
    if event.is_provider and event.active:
        places = list(event.location_ids) or [location.id for location in await common.locations(call.db)]
        if places and await queries.add_provider(call.db, event.staff_id, places):
            await common.number_doctor(call.db, event.staff_id, queries.USUAL_CAPACITY)
    elif not event.active:
        await queries.end_provider(call.db, event.staff_id, call.now)
