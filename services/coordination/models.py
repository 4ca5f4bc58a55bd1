"""Coordination's schema. The tables stand with their feature; here is what all features share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import TenantTable, new_base

Base = new_base("coordination")
ID = Uuid(as_uuid=False)


def one_of(column: str, values: tuple[str, ...], *, empty: bool = False) -> str:
    """The text of a CHECK that keeps a column to short names, and to the empty text when `empty`."""
    names = ", ".join(f"'{value}'" for value in (("", *values) if empty else values))
    return f"{column} IN ({names})"


class Location(TenantTable, Base):
    """The directory's location, of which coordination needs the time zone: due dates are local days.

    `usual_fee_cents` is what families sign for there, a running mean: the worth of a family without a quote.
    """

    __tablename__ = "location"
    time_zone: Mapped[str]
    usual_fee_cents: Mapped[int | None] = mapped_column(BigInteger)
