"""What callers write as days and times, within a century that calendars can compute with."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.scheduling import domain
from shared.errors import Invalid
from shared.proto import from_date, from_timestamp

YEARS = range(2000, 2100)


def day(text: str, field: str) -> dt.date:
    """A day. Raises Invalid when there is none such, or it is outside the years 2000 to 2099."""
    found = from_date(text, field)
    if found.year not in YEARS:
        raise Invalid("OUT_OF_RANGE", "days lie between 2000 and 2099", field=field)
    return found


def start_slot(request: Any) -> int:
    """The slot of a request's start. Raises Invalid when it does not begin on a full five minutes."""
    moment = from_timestamp(request.start_time)
    if moment.year not in YEARS:
        raise Invalid("OUT_OF_RANGE", "times lie between 2000 and 2099", field="start_time")
    slot = domain.slot_of(moment)
    if domain.moment_of(slot) != moment:
        raise Invalid("NOT_ON_GRID", "appointments start on a full 5 minutes", field="start_time")
    return slot
