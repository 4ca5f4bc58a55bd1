"""How figures read in texts for people: money and telephone numbers."""

from __future__ import annotations

import re


def dollars(cents: int) -> str:
    """Cents as $1,234.56; less than zero as -$1.00."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def phone(number: str) -> str:
    """A number of the North American plan as (617) 555-0100; any other as it is."""
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else number
