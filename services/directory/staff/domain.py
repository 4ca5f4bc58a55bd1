"""Who may give which role, and where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from shared.errors import Denied, Invalid

EVERYWHERE = "*"
CLINIC_ROLES = frozenset(
    (
        "front_desk",
        "treatment_coordinator",
        "financial_coordinator",
        "insurance_coordinator",
        "orthodontist",
        "clinical_assistant",
        "records_technician",
    )
)
# Nobody gives a role above the own one, so nobody rises by a detour.
MAY_GRANT: Mapping[str, frozenset[str]] = {
    "owner": CLINIC_ROLES | {"practice_manager", "regional_manager", "owner", "privacy_officer", "it_admin"},
    "regional_manager": CLINIC_ROLES | {"practice_manager"},
    "practice_manager": CLINIC_ROLES,
    "it_admin": CLINIC_ROLES | {"practice_manager"},
}
STAFF_ROLES = MAY_GRANT["owner"]


def scope_of(location_id: str, region_id: str, all_locations: bool) -> None:
    """Raises GRANT_SCOPE unless exactly one of the three says where a grant holds."""
    if bool(location_id) + bool(region_id) + all_locations != 1:
        raise Invalid("GRANT_SCOPE", "say one of location_id, region_id and all_locations", field="location_id")


def check_times(start: dt.datetime | None, expire: dt.datetime | None, now: dt.datetime) -> None:
    """Raises GRANT_TIMES unless a grant ends later than now and later than it starts."""
    if expire is not None and (expire <= now or (start is not None and expire <= start)):
        raise Invalid("GRANT_TIMES", "a role ends later than now, and later than it starts", field="expire_time")


def where_may_grant(grants: Mapping[str, str | Collection[str]], role: str) -> str | frozenset[str]:
    """The locations for which the holder of `grants` may give or take `role`: "*", or ids.

    Raises UNKNOWN_ROLE, or ROLE_TOO_HIGH when nowhere.
    """
    if role not in STAFF_ROLES:
        raise Invalid("UNKNOWN_ROLE", "there is no such staff role", field="role")
    reach = where_held(grants, [own for own, given in MAY_GRANT.items() if role in given])
    if not reach:
        raise Denied("ROLE_TOO_HIGH", "your role may not give or take this role")
    return reach


def where_held(grants: Mapping[str, str | Collection[str]], roles: Collection[str]) -> str | frozenset[str]:
    """The locations where one of `roles` is held: "*", or ids; none when nowhere."""
    found: set[str] = set()
    for role, locations in grants.items():
        if role in roles:
            if locations == EVERYWHERE:
                return EVERYWHERE
            found.update(locations)
    return frozenset(found)


def within(reach: str | Collection[str], wanted: str | Collection[str]) -> bool:
    """True when `wanted` ("*", or location ids) lies within `reach`. No location at all needs "*"."""
    return reach == EVERYWHERE or (wanted != EVERYWHERE and bool(wanted) and frozenset(wanted) <= frozenset(reach))


def check_reach(reach: str | frozenset[str], wanted: str | Collection[str]) -> None:
    """Raises OUT_OF_SCOPE unless `wanted` lies within `reach`."""
    if not within(reach, wanted):
        raise Denied("OUT_OF_SCOPE", "this reaches beyond your own locations")
