"""Rules that every part of coordination shares: days at a location, steps on the calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.errors import Invalid


def local_day(now: datetime, time_zone: str) -> date:
    """The calendar day at a location whose IANA time zone is given."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def calendar_day(text: str, field: str) -> date:
    """Reads YYYY-MM-DD; raises Invalid / BAD_DATE for a day that does not exist."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("BAD_DATE", "there is no such day", field=field) from None
