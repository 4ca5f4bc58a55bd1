"""Rules about places: time zones and identifiers of the national registries."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from shared.errors import Invalid

NPI_PREFIX = "80840"  # ISO 7812 issuer of US health identifiers: part of the check sum, never printed


def luhn_sum(digits: str) -> int:
    """The Luhn sum of a number: every second digit from the right, the last one excluded, counts double."""
    total = 0
    for position, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total


def npi_check_digit(nine: str) -> str:
    """The tenth digit of a national provider identifier. Source: 45 CFR 162.406 and the CMS check-digit note."""
    return str(-luhn_sum(NPI_PREFIX + nine + "0") % 10)


def check_npi(npi: str, field: str = "npi") -> None:
    """Raises BAD_NPI unless `npi` is empty or ten digits, first 1 or 2, with the right check digit."""
    if npi and not (len(npi) == 10 and npi.isdigit() and npi[0] in "12" and npi_check_digit(npi[:9]) == npi[9]):
        raise Invalid("BAD_NPI", "this is not a national provider identifier: its check digit is wrong", field=field)


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_time_zone(name: str, field: str = "time_zone") -> None:
    """Raises UNKNOWN_TIME_ZONE unless `name` is an IANA time zone of a region, such as America/Chicago."""
    if "/" not in name or name not in _time_zones():
        raise Invalid("UNKNOWN_TIME_ZONE", "there is no such IANA time zone: use one like America/Chicago", field=field)


def zone(name: str) -> ZoneInfo:
    """The time zone of a location; its name was checked when it was saved."""
    return ZoneInfo(name)
