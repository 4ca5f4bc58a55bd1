"""Who may do what with a visit, beyond the permission of the method."""

from __future__ import annotations

from shared.call import Call
from shared.errors import Denied
from shared.identity import EVERYWHERE

OVERLAP = "appointments.overlap_doctor"


def require(call: Call, permission: str, location_id: str) -> None:
    """Raises Denied unless the caller holds a permission at a location."""
    held = call.actor.locations_of(permission)
    if held != EVERYWHERE and location_id not in held:
        raise Denied("PERMISSION_DENIED", "your role may not do this", permission=permission)


def staff_id(call: Call) -> str | None:
    """The staff member who acts; None for a machine, a private link or an event."""
    return call.actor.user_id if call.actor.kind == "user" else None
