"""Statements about the group, its regions, legal entities and locations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, bindparam, insert, or_, select, update

from services.directory.models import ID, Group, LegalEntity, Location, Region
from shared.db import Db, statement
from shared.errors import Conflict, Invalid, NotFound
from shared.paging import paged

GROUP = statement(select(Group.__table__))
ADD_GROUP = statement(
    insert(Group).values(id=bindparam("id"), name=bindparam("name"), slug=bindparam("slug")).returning(Group.__table__)
)

ADD_REGION = statement(insert(Region).values(name=bindparam("name")).returning(Region.__table__))
REGIONS = paged(select(Region.__table__), Region.name, Region.id)

ADD_LEGAL_ENTITY = statement(
    insert(LegalEntity)
    .values(name=bindparam("name"), tax_id=bindparam("tax_id"), npi=bindparam("npi"))
    .returning(LegalEntity.__table__)
)
LEGAL_ENTITIES = paged(select(LegalEntity.__table__), LegalEntity.name, LegalEntity.id)

_LOCATION_VALUES = {
    column: bindparam(column)
    for column in (
        "name",
        "region_id",
        "legal_entity_id",
        "time_zone",
        "address",
        "phone",
        "email",
        "npi",
        "place_of_service",
    )
}
ADD_LOCATION = statement(insert(Location).values(**_LOCATION_VALUES).returning(Location.__table__))
SAVE_LOCATION = statement(
    update(Location)
    .where(Location.id == bindparam("location_id"))
    .values(**_LOCATION_VALUES, active=bindparam("active"), version=Location.version + 1, updated_at=bindparam("now"))
    .returning(Location.__table__)
)
LOCATION = statement(select(Location.__table__).where(Location.id == bindparam("id")))
LOCATION_FOR_UPDATE = statement(select(Location.__table__).where(Location.id == bindparam("id")).with_for_update())
LOCATIONS = paged(
    select(Location.__table__).where(
        or_(bindparam("region_id", type_=ID).is_(None), Location.region_id == bindparam("region_id", type_=ID)),
        or_(bindparam("include_closed", type_=Boolean), Location.active),
    ),
    Location.name,
    Location.id,
)
LOCATIONS_OF_REGION = statement(select(Location.id).where(Location.region_id == bindparam("region_id")))
ALL_TIME_ZONES = statement(select(Location.id, Location.time_zone))


async def group(db: Db) -> Any:
    """The group of the scope, or NotFound."""
    return await db.one(GROUP, missing=NotFound("GROUP_NOT_FOUND", "there is no such group"))


async def location(db: Db, id: str) -> Any:
    """The location, or NotFound."""
    return await db.one(LOCATION, id=id, missing=NotFound("LOCATION_NOT_FOUND", "there is no such location"))


async def location_for_update(db: Db, id: str) -> Any:
    """The location, locked until commit, or NotFound."""
    return await db.one(LOCATION_FOR_UPDATE, id=id, missing=NotFound("LOCATION_NOT_FOUND", "there is no such location"))


async def named_location(db: Db, id: str, field: str) -> Any:
    """The location that a request names in `field`, or Invalid."""
    return await db.one(LOCATION, id=id, missing=Invalid("UNKNOWN_LOCATION", "there is no such location", field=field))


LOCATION_CONFLICTS = {
    "uq_location_tenant_id_name": Conflict("LOCATION_EXISTS", "a location has this name already", field="name"),
}


async def time_zones(db: Db) -> dict[str, str]:
    """Time zone by location, for the whole group."""
    return {row.id: row.time_zone for row in await db.all(ALL_TIME_ZONES)}
