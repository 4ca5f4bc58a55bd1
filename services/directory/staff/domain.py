"""Who may give which role, and where."""

from __future__ import annotations

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


def where_may_grant(grants: Mapping[str, str | Collection[str]], role: str) -> str | frozenset[str]:
    """The locations for which the holder of `grants` may give or take `role`: "*", or ids.

    Raises UNKNOWN_ROLE, or ROLE_TOO_HIGH when nowhere.
    """
    if role not in STAFF_ROLES:
        raise Invalid("UNKNOWN_ROLE", "there is no such staff role", field="role")
    reach: set[str] = set()
    for own, locations in grants.items():
        if role in MAY_GRANT.get(own, ()):
            if locations == EVERYWHERE:
                return EVERYWHERE
            reach.update(locations)
    if not reach:
        raise Denied("ROLE_TOO_HIGH", "your role may not give or take this role")
    return frozenset(reach)


def check_reach(reach: str | frozenset[str], wanted: str | Collection[str]) -> None:
    """Raises OUT_OF_SCOPE unless `wanted` ("*", or location ids) lies within `reach`. No location at all needs "*"."""
    inside = reach == EVERYWHERE or (wanted != EVERYWHERE and bool(wanted) and frozenset(wanted) <= frozenset(reach))
    if not inside:
        raise Denied("OUT_OF_SCOPE", "this reaches beyond your own locations")
