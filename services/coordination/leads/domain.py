"""Rules of leads: which moves are legal, and when two enquiries may be of one family."""

from __future__ import annotations

import re

from shared.errors import Conflict

OPEN = ("new", "contacted")
STATES = (*OPEN, "registered", "lost")
FIRST_STEP = "Call the family"

_MOVES = {
    "contact": {"new": "contacted", "contacted": "contacted"},
    "register": {"new": "registered", "contacted": "registered"},
    "close": {"new": "lost", "contacted": "lost"},
}


def move(state: str, trigger: str) -> str:
    """The state after `contact`, `register` or `close`; raises Conflict / LEAD_NOT_OPEN when the lead is closed."""
    try:
        return _MOVES[trigger][state]
    except KeyError:
        raise Conflict("LEAD_NOT_OPEN", "the lead is registered or lost", state=state) from None


def require_open(state: str) -> None:
    """Raises Conflict / LEAD_NOT_OPEN for a registered or lost lead."""
    if state not in OPEN:
        raise Conflict("LEAD_NOT_OPEN", "the lead is registered or lost", state=state)


def phone_key(phone: str) -> str:
    """What two writings of one US number share: its last ten digits, without an extension."""
    return re.sub(r"[^0-9]", "", phone.lower().partition("x")[0])[-10:]


def email_key(email: str) -> str:
    """What two writings of one address share."""
    return email.strip().lower()


def e164(phone: str) -> str:
    """The number as the directory keeps it, such as +16175550100; empty when it is not a whole number."""
    digits = re.sub(r"[^0-9]", "", phone.lower().partition("x")[0])
    if phone.strip().startswith("+"):
        return f"+{digits}"
    if len(digits) == 10:
        return f"+1{digits}"
    return f"+{digits}" if len(digits) == 11 and digits.startswith("1") else ""
