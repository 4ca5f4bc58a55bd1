"""Rules of calls to families."""

from __future__ import annotations

from datetime import date, timedelta

from shared.errors import Conflict, Denied, Invalid

REASONS = ("confirm_visit", "missed_visit", "follow_up", "failed_payment")
OUTCOMES = ("reached", "message_left", "no_answer", "wrong_number", "call_back")
LONGEST_WAIT = timedelta(days=366)


def require_day(today: date, call_again_on: date | None) -> None:
    """Raises Invalid / BAD_DATE unless the next call is agreed for today or a day of the coming year."""
    if call_again_on and not today <= call_again_on <= today + LONGEST_WAIT:
        raise Invalid("BAD_DATE", "the next call is today or on a day of the coming year", field="call_again_on")


def require_own(staff_id: str, caller_id: str | None) -> None:
    """Raises Denied / NOT_YOURS unless the caller made the call."""
    if staff_id != caller_id:
        raise Denied("NOT_YOURS", "only who made the call takes it back")


def require_today(called_on: date, today: date) -> None:
    """Raises Conflict / TOO_LATE after the local day of the call."""
    if called_on != today:
        raise Conflict("TOO_LATE", "a call is taken back on the day it was made")
