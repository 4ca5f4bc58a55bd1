"""The states of a lab order as data, and when it can be here.

Source: orthodontics.md, section 7.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.errors import Conflict, Invalid

STATES = (
    "drafted",
    "approved",
    "sent",
    "accepted",
    "in_production",
    "shipped",
    "received",
    "checked",
    "delivered",
    "discrepancy",
    "remake",
    "canceled",
    "closed",
)
OPEN = tuple(state for state in STATES if state not in ("delivered", "canceled", "closed"))
AT_LAB = ("sent", "accepted", "in_production", "remake")
COMING = ("drafted", "approved", *AT_LAB, "shipped")  # not here yet
KINDS = (
    "aligners", "retainer", "expander", "space_maintainer", "functional", "indirect_bonding", "splint", "model", "other",
)  # fmt: skip

MOVES: dict[str, tuple[str, ...]] = {  # state after → states before
    "approved": ("drafted",),
    "sent": ("approved",),
    "accepted": ("sent", "remake"),
    "in_production": ("accepted",),
    "shipped": ("in_production",),
    "received": ("shipped",),
    "checked": ("received", "discrepancy"),  # from discrepancy: it can be used after all
    "delivered": ("checked",),
    "discrepancy": ("received", "checked", "delivered"),
    "remake": ("discrepancy",),
    "closed": ("delivered", "discrepancy"),
    "canceled": ("drafted", "approved", *AT_LAB),
}


def move(state: str, to_state: str) -> str:
    """Returns `to_state`; raises Conflict / ILLEGAL_TRANSITION when the order cannot go there."""
    if state not in MOVES.get(to_state, ()):
        raise Conflict("ILLEGAL_TRANSITION", "the order's state does not allow this", state=state)
    return to_state


def expected_on(sent_on: date, turnaround_days: int) -> date:
    """The day on which an order sent on `sent_on` is here: `turnaround_days` working days (Monday to Friday) later."""
    day, left = sent_on, turnaround_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def is_late(state: str, expected: date, due: date, today: date) -> bool:
    """True while an order is not here and cannot be here by its due date."""
    return state in COMING and max(expected, today) > due


def due_before_visit(visit_on: date) -> date:
    """What a visit needs must be here the day before."""
    return visit_on - timedelta(days=1)


def initials(first_name: str, last_name: str) -> str:
    """What a lab may know of a patient's name."""
    return "".join(f"{name.strip()[0].upper()}." for name in (first_name, last_name) if name.strip())


def local_day(now: datetime, time_zone: str) -> date:
    """The calendar day at a location whose IANA time zone is given."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def calendar_day(text: str, field: str) -> date:
    """Reads YYYY-MM-DD; raises Invalid / BAD_DATE for a day that does not exist."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("BAD_DATE", "there is no such day", field=field) from None
