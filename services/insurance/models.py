"""Insurance's schema. The tables stand with their feature; here is what all features share."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Uuid

from shared.db import new_base

Base = new_base("insurance")
ID = Uuid(as_uuid=False)


def one_of(column: str, *values: str) -> CheckConstraint:
    """The rule that a text column holds one of the values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)
