"""Visits as messages and events."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from archwire.scheduling.v1 import scheduling_pb2 as pb
from google.protobuf.message import Message

from services.scheduling import domain
from shared.db import Row
from shared.proto import timestamp, to_proto

E = TypeVar("E", bound=Message)


def appointment(row: Row, time_zone: str) -> Any:
    """An appointment's row as a message."""
    return to_proto(
        pb.Appointment,
        row,
        start_time=timestamp(domain.moment_of(row.start_slot)),
        local_start=local_start(row.start_slot, time_zone),
        duration_minutes=row.units * domain.UNIT_MINUTES,
    )


def event(kind: type[E], row: Row, **more: Any) -> E:
    """What others hear of an appointment."""
    return to_proto(
        kind,
        row,
        appointment_id=row.id,
        start_time=timestamp(domain.moment_of(row.start_slot)),
        duration_minutes=row.units * domain.UNIT_MINUTES,
        **more,
    )


def local_start(slot: int, time_zone: str) -> str:
    """A slot in a zone, RFC 3339 with offset."""
    return domain.moment_of(slot).astimezone(domain.zone(time_zone)).isoformat()


def today(now: dt.datetime, time_zone: str) -> dt.date:
    """The local day of a zone."""
    return now.astimezone(domain.zone(time_zone)).date()
