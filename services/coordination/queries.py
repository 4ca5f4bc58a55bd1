"""Statements that every feature of coordination needs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from archwire.directory.v1.directory_pb2 import GetLocationRequest
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.coordination import domain
from services.coordination.models import Location
from shared.call import Call
from shared.db import statement


def named(*columns: str) -> dict[str, Any]:
    """Values of an INSERT or UPDATE, each bound under its column's name."""
    return {column: bindparam(column) for column in columns}


TIME_ZONE = statement(select(Location.time_zone).where(Location.id == bindparam("location_id")))

_SAVED = insert(Location).values(id=bindparam("location_id"), time_zone=bindparam("time_zone"))
SAVE_LOCATION = statement(
    _SAVED.on_conflict_do_update(index_elements=["tenant_id", "id"], set_={"time_zone": _SAVED.excluded.time_zone})
)


SIGNED_FOR = statement(
    update(Location)
    .where(Location.id == bindparam("location_id"))
    .values(
        usual_fee_cents=func.coalesce(Location.usual_fee_cents * 7 + bindparam("fee_cents"), bindparam("fee_cents") * 8)
        / 8
    )
)


async def time_zone(call: Call, location_id: str) -> str:
    """The time zone of a location; the directory is asked while its event is under way. Raises NotFound."""
    if row := await call.db.first(TIME_ZONE, location_id=location_id):
        return str(row.time_zone)
    found = await call.directory.GetLocation(GetLocationRequest(location_id=location_id))
    return str(found.location.time_zone)


async def local_day(call: Call, location_id: str | None, moment: datetime | None = None) -> date:
    """Today, or the day of `moment`, at a location; in UTC while the directory has not told its time zone."""
    row = await call.db.first(TIME_ZONE, location_id=location_id)
    return domain.local_day(moment or call.now, row.time_zone if row else "UTC")
