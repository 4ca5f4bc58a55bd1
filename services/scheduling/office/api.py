"""What a day is made of: hours, chairs, doctors and their shifts, appointment types, day templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from archwire.scheduling.v1 import scheduling_pb2 as pb

from services.scheduling import domain
from services.scheduling import queries as common
from services.scheduling.inputs import day as a_day
from services.scheduling.office import queries
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Invalid, NotFound
from shared.paging import page
from shared.proto import enum_name, timestamp, to_proto

LONGEST_RANGE_DAYS = 400


class Office:
    """Methods that arrange the days."""

    # --- locations ---

    async def GetLocationSchedule(self, request: Any, call: Call) -> Any:
        location = await common.location(call.db, request.location_id)
        return pb.GetLocationScheduleResponse(location_schedule=to_proto(pb.LocationSchedule, location))

    async def SaveLocationSchedule(self, request: Any, call: Call) -> Any:
        hours = [
            {"weekday": h.weekday, "opens_minute": h.opens_minute, "closes_minute": h.closes_minute}
            for h in request.hours
        ]
        for weekday in range(1, 8):
            spans((h["opens_minute"], h["closes_minute"]) for h in hours if h["weekday"] == weekday)
        check_version(await common.location_for_update(call.db, request.location_id), request.version)
        saved = await common.save_hours(call.db, request.location_id, hours, request.assistants, call.now)
        return pb.SaveLocationScheduleResponse(location_schedule=to_proto(pb.LocationSchedule, saved))

    async def CreateClosure(self, request: Any, call: Call) -> Any:
        day = a_day(request.day, "day")
        await common.location(call.db, request.location_id)
        closure = await queries.add_closure(call.db, request.location_id, day, request.reason)
        affected = await queries.visits_of_day(call.db, request.location_id, day)
        return pb.CreateClosureResponse(closure=to_proto(pb.Closure, closure), affected_appointment_ids=affected)

    async def DeleteClosure(self, request: Any, call: Call) -> Any:
        await queries.delete_closure(call.db, request.closure_id)
        return pb.DeleteClosureResponse()

    async def ListClosures(self, request: Any, call: Call) -> Any:
        rows = await queries.list_closures(call.db, request.location_id, *day_range(request))
        return pb.ListClosuresResponse(closures=[to_proto(pb.Closure, row) for row in rows])

    # --- chairs ---

    async def CreateChair(self, request: Any, call: Call) -> Any:
        await common.location(call.db, request.location_id)
        chair = await queries.add_chair(
            call.db,
            location_id=request.location_id,
            name=request.name,
            kind=enum_name(pb.ChairKind, request.kind) or "chair",
            position=request.position,
        )
        await common.numbers(call.db, "chair", chair.id)
        return pb.CreateChairResponse(chair=to_proto(pb.Chair, chair))

    async def UpdateChair(self, request: Any, call: Call) -> Any:
        check_version(await queries.chair_for_update(call.db, request.chair_id), request.version)
        chair = await queries.update_chair(
            call.db,
            chair_id=request.chair_id,
            name=request.name,
            kind=enum_name(pb.ChairKind, request.kind),
            position=request.position,
            active=request.active,
            now=call.now,
        )
        return pb.UpdateChairResponse(chair=to_proto(pb.Chair, chair))

    async def ListChairs(self, request: Any, call: Call) -> Any:
        rows = await queries.list_chairs(call.db, request.location_id)
        return pb.ListChairsResponse(chairs=[to_proto(pb.Chair, row) for row in rows])

    # --- doctors ---

    async def SaveProvider(self, request: Any, call: Call) -> Any:
        known = await common.locations(call.db, request.location_ids)
        if len(known) < len(request.location_ids):
            raise NotFound("LOCATION_NOT_FOUND", "no such location", field="location_ids")
        if request.version:
            check_version(await queries.provider_for_update(call.db, request.provider_id), request.version)
        provider = await queries.save_provider(
            call.db,
            id=request.provider_id,
            location_ids=list(request.location_ids),
            capacity=request.capacity or 2,
            active=not request.inactive,
            now=call.now,
        )
        await common.number_doctor(call.db, provider.id, provider.capacity)
        return pb.SaveProviderResponse(provider=to_proto(pb.Provider, provider))

    async def ListProviders(self, request: Any, call: Call) -> Any:
        rows = await queries.list_providers(call.db, request.location_id)
        return pb.ListProvidersResponse(providers=[to_proto(pb.Provider, row) for row in rows])

    async def SaveShifts(self, request: Any, call: Call) -> Any:
        first_day, last_day = day_range(request)
        spans([(request.from_minute, request.to_minute)])
        location = await common.location(call.db, request.location_id)
        provider = await queries.provider(call.db, request.provider_id)
        if request.location_id not in provider.location_ids:
            raise Invalid("NOT_AT_LOCATION", "the doctor does not work at this location", field="location_id")
        days = domain.rotation(first_day, last_day, request.weekdays, request.every_weeks)
        closed = await common.closures(call.db, [location.id], first_day, last_day)
        shifts = {
            day: wall_span(day, request.from_minute, request.to_minute, location.time_zone)
            for day in days
            if (location.id, day) not in closed
        }
        rows = await queries.replace_shifts(call.db, provider.id, location.id, days, shifts)
        affected = await queries.uncovered(call.db, provider.id, location.id, first_day, last_day)
        return pb.SaveShiftsResponse(shifts=[shift(row) for row in rows], affected_appointment_ids=affected)

    async def DeleteShifts(self, request: Any, call: Call) -> Any:
        first_day, last_day = day_range(request)
        days = domain.days(first_day, last_day)
        await queries.replace_shifts(call.db, request.provider_id, request.location_id, days, {})
        affected = await queries.uncovered(call.db, request.provider_id, request.location_id, first_day, last_day)
        return pb.DeleteShiftsResponse(affected_appointment_ids=affected)

    async def ListShifts(self, request: Any, call: Call) -> Any:
        first_day, last_day = day_range(request)
        rows, next_token = await page(
            call.db,
            queries.LIST_SHIFTS,
            request,
            key=("first", "id"),
            location_id=request.location_id or None,
            provider_id=request.provider_id or None,
            first_day=first_day,
            last_day=last_day,
        )
        return pb.ListShiftsResponse(shifts=[shift(row) for row in rows], next_page_token=next_token)

    # --- types ---

    async def SaveAppointmentType(self, request: Any, call: Call) -> Any:
        try:
            pattern = domain.parse_pattern(request.pattern)
        except domain.BadPattern as error:
            raise Invalid("BAD_PATTERN", str(error), field="pattern") from None
        values = {
            "name": request.name,
            "visit_class": enum_name(pb.VisitClass, request.visit_class),
            "pattern": pattern,
            "windows": [
                {"weekdays": list(w.weekdays), "from_minute": w.from_minute, "to_minute": w.to_minute}
                for w in request.windows
            ],
            "chair_kinds": [enum_name(pb.ChairKind, kind) for kind in request.chair_kinds],
            "online": request.online,
            "active": not request.inactive,
        }
        for window in values["windows"]:
            spans([(window["from_minute"], window["to_minute"])])
        if request.version:
            known = await queries.type_for_update(call.db, request.code)
            check_version(known, request.version)
            saved = await queries.update_type(call.db, type_id=known.id, now=call.now, **values)
        else:
            saved = await queries.add_type(call.db, code=request.code, **values)
        return pb.SaveAppointmentTypeResponse(appointment_type=appointment_type(saved))

    async def ListAppointmentTypes(self, request: Any, call: Call) -> Any:
        rows = await queries.list_types(call.db, request.include_inactive)
        return pb.ListAppointmentTypesResponse(appointment_types=[appointment_type(row) for row in rows])

    # --- templates ---

    async def SaveDayTemplate(self, request: Any, call: Call) -> Any:
        slots = [
            {
                "chair_id": s.chair_id,
                "start_minute": s.start_minute,
                "duration_minutes": s.duration_minutes,
                "visit_class": enum_name(pb.VisitClass, s.visit_class),
                "release_days": s.release_days,
            }
            for s in request.slots
        ]
        chairs = {row.id for row in await queries.list_chairs(call.db, request.location_id)}
        for chair in {s["chair_id"] for s in slots}:
            if chair not in chairs:
                raise NotFound("CHAIR_NOT_FOUND", "no such chair at this location", field="slots")
            spans(
                (s["start_minute"], s["start_minute"] + s["duration_minutes"]) for s in slots if s["chair_id"] == chair
            )
        if request.template_id:
            known = await queries.template_for_update(call.db, request.template_id, request.location_id)
            check_version(known, request.version)
            saved = await queries.update_template(call.db, known.id, request.name, call.now)
        else:
            await common.location(call.db, request.location_id)
            saved = await queries.add_template(call.db, request.location_id, request.name)
        await queries.replace_template_slots(call.db, saved, slots)
        template = to_proto(pb.DayTemplate, saved, slots=request.slots)
        return pb.SaveDayTemplateResponse(day_template=template)

    async def ListDayTemplates(self, request: Any, call: Call) -> Any:
        rows = await queries.list_templates(call.db, request.location_id)
        slots = await queries.template_slots(call.db, [row.id for row in rows])
        return pb.ListDayTemplatesResponse(
            day_templates=[
                to_proto(pb.DayTemplate, row, slots=[to_proto(pb.TemplateSlot, s) for s in slots[row.id]])
                for row in rows
            ]
        )

    async def ApplyDayTemplate(self, request: Any, call: Call) -> Any:
        days = sorted(a_day(day, "days") for day in request.days)
        if request.template_id:
            await queries.template_for_update(call.db, request.template_id, request.location_id)
        await queries.apply_template(call.db, request.location_id, request.template_id, days)
        kept = days if request.template_id else []
        return pb.ApplyDayTemplateResponse(
            template_days=[pb.TemplateDay(day=day.isoformat(), template_id=request.template_id) for day in kept]
        )

    async def ListTemplateDays(self, request: Any, call: Call) -> Any:
        rows = await queries.template_days(call.db, [request.location_id], *day_range(request))
        return pb.ListTemplateDaysResponse(template_days=[to_proto(pb.TemplateDay, row) for row in rows])


def day_range(request: Any) -> tuple[dt.date, dt.date]:
    """The first and the last day of a request. Raises Invalid when they are turned round or too far apart."""
    first, last = a_day(request.first_day, "first_day"), a_day(request.last_day, "last_day")
    if not dt.timedelta(0) <= last - first <= dt.timedelta(days=LONGEST_RANGE_DAYS):
        raise Invalid("BAD_RANGE", "the last day comes 0 to 400 days after the first", field="last_day")
    return first, last


def spans(pieces: Iterable[tuple[int, int]]) -> None:
    """Raises Invalid unless the pieces of a day are multiples of 5 minutes, not empty and apart from each other."""
    found = list(pieces)
    if any(minute % domain.UNIT_MINUTES for piece in found for minute in piece):
        raise Invalid("NOT_ON_GRID", "minutes of the day are multiples of 5")
    if domain.overlapping(found):
        raise Invalid("SLOTS_OVERLAP", "a piece of the day is empty or overlaps another")


def wall_span(day: dt.date, from_minute: int, to_minute: int, time_zone: str) -> tuple[int, int]:
    """The slots of a piece of a local day. Raises Invalid when the clocks jump over one of its ends."""
    try:
        return (
            domain.to_slot(day, from_minute, domain.zone(time_zone)),
            domain.to_slot(day, to_minute, domain.zone(time_zone), end=True),
        )
    except domain.NonexistentTime:
        raise Invalid("NONEXISTENT_TIME", f"on {day} the clocks jump over this time", day=day.isoformat()) from None


def shift(row: Row) -> Any:
    """A shift's row as a message."""
    return to_proto(
        pb.Shift,
        row,
        start_time=timestamp(domain.moment_of(row.first)),
        end_time=timestamp(domain.moment_of(row.last)),
    )


def appointment_type(row: Row) -> Any:
    """A type's row as a message, with its pattern in stretches."""
    unit = domain.UNIT_MINUTES
    slices = [
        pb.Slice(letter=letter, offset_minutes=offset * unit, duration_minutes=length * unit)
        for letter, offset, length in domain.stretches(row.pattern)
    ]
    return to_proto(pb.AppointmentType, row, duration_minutes=len(row.pattern) * unit, slices=slices)
