"""The search over several locations: two weeks at a time, until enough times are found."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Any

from archwire.scheduling.v1 import scheduling_pb2 as pb

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.inputs import day as a_day
from services.scheduling.visits import sheets
from services.scheduling.visits.domain import Spot, ones
from services.scheduling.visits.messages import local_start, today
from shared.call import Call
from shared.db import Row
from shared.errors import Invalid
from shared.proto import enum_value, timestamp

DEFAULT_LIMIT = 20
DEFAULT_DAYS = 30
LONGEST_DAYS = 120
DAYS_AT_ONCE = 14


class Search:
    """Methods that find times."""

    async def SearchSlots(self, request: Any, call: Call) -> Any:
        kind = await common.appointment_type(call.db, request.appointment_type_id, request.type_code)
        locations = await common.locations(call.db, request.location_ids)
        ranges = {location.id: _range(request, today(call.now, location.time_zone)) for location in locations}
        limit = request.limit or DEFAULT_LIMIT
        slots: list[Any] = []
        for offset in range(0, LONGEST_DAYS + 1, DAYS_AT_ONCE):
            days = {id: found[offset : offset + DAYS_AT_ONCE] for id, found in ranges.items()}
            open_now = [location for location in locations if days[location.id]]
            if len(slots) >= limit or not open_now:
                break
            places = await sheets.read(call.db, open_now, days, patient_id=request.patient_id)
            found = heapq.merge(*(_slots(place, kind, request, call.now) for place in places), key=lambda hit: hit[0])
            slots += [slot for _, slot in islice(found, limit - len(slots))]
        return pb.SearchSlotsResponse(slots=slots)


def _range(request: Any, now: dt.date) -> list[dt.date]:
    first = a_day(request.first_day, "first_day") if request.first_day else now
    last = a_day(request.last_day, "last_day") if request.last_day else first + dt.timedelta(days=DEFAULT_DAYS)
    if not dt.timedelta(0) <= last - first <= dt.timedelta(days=LONGEST_DAYS):
        raise Invalid("BAD_RANGE", "the last day comes 0 to 120 days after the first", field="last_day")
    return domain.days(max(first, now), last)


def _slots(place: sheets.Place, kind: Row, request: Any, now: dt.datetime) -> Iterator[tuple[int, Any]]:
    """The slots of one location, by time, each with its key of the merge."""
    sheet = place.sheet
    wishes = (list(request.weekdays), request.from_minute, request.to_minute)
    reserved = (
        None if request.ignore_template else place.reserved(kind.visit_class, today(now, place.location.time_zone))
    )
    spots = sheet.spots(
        kind.pattern,
        place.window(kind.windows, *wishes) & future(sheet.base, sheet.length, now),
        place.grid(request.step_minutes),
        chairs=place.chairs(kind.chair_kinds),
        doctors=place.doctors(request.provider_id),
        reserved=reserved,
    )
    for spot in spots:
        yield sheet.base + spot.start, slot_message(place, kind, spot)


def future(base: int, length: int, now: dt.datetime) -> int:
    """A mask of the slots that have not begun."""
    return ones(domain.slot_of(now) + 1 - base, length)


def slot_message(place: sheets.Place, kind: Row, spot: Spot) -> Any:
    """A spot as callers see it."""
    slot = place.sheet.base + spot.start
    reason = place.reason(kind.visit_class, spot.chair_id, spot.start)
    return pb.Slot(
        location_id=place.location.id,
        start_time=timestamp(domain.moment_of(slot)),
        local_start=local_start(slot, place.location.time_zone),
        duration_minutes=len(kind.pattern) * domain.UNIT_MINUTES,
        chair_id=spot.chair_id,
        provider_id=spot.provider_id or "",
        reasons=[enum_value(pb.SlotReason, reason)],
    )
