"""The group and its places."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1 import directory_pb2 as pb
from archwire.directory.v1.events_pb2 import GroupCreated, LocationSaved
from google.protobuf.json_format import MessageToDict

from services.directory.credentials import passwords
from services.directory.credentials import queries as credentials
from services.directory.credentials.domain import PASSWORD_TOKEN_LIFETIME, check_password, new_token
from services.directory.places import domain, queries
from services.directory.staff import queries as staff
from services.directory.staff.api import staff_message
from shared.call import Call
from shared.db import check_version
from shared.errors import Conflict, NotFound
from shared.paging import page
from shared.proto import to_proto


class Places:
    """Groups, regions, legal entities, locations."""

    async def CreateGroup(self, request: pb.CreateGroupRequest, call: Call) -> pb.CreateGroupResponse:
        tenant_id = call.actor.tenant_id
        if request.owner_password:
            check_password(request.owner_password, request.owner_email, field="owner_password")
        password_hash = await passwords.hashed(request.owner_password) if request.owner_password else None
        await credentials.index_slug(call.db, request.slug, tenant_id)
        exists = Conflict("GROUP_EXISTS", "this tenant is a group already")
        group = await call.db.one(
            queries.ADD_GROUP,
            id=tenant_id,
            name=request.name,
            slug=request.slug,
            conflict={"pk_practice_group": exists},
        )
        owner = await staff.add(
            call.db,
            tenant_id,
            first_name=request.owner_first_name,
            last_name=request.owner_last_name,
            email=request.owner_email,
            password_hash=password_hash,
        )
        await staff.grant(call.db, owner.id, "owner", None, None)
        token = ""
        if not password_hash:
            token = new_token()
            await credentials.set_password_token(
                call.db, tenant_id, owner.id, token, call.now + PASSWORD_TOKEN_LIFETIME
            )
        call.publish(GroupCreated(group_id=tenant_id), key=tenant_id)
        return pb.CreateGroupResponse(
            group=to_proto(pb.Group, group), owner=await staff_message(call.db, owner), password_token=token
        )

    async def GetGroup(self, request: pb.GetGroupRequest, call: Call) -> pb.GetGroupResponse:
        return pb.GetGroupResponse(group=to_proto(pb.Group, await queries.group(call.db)))

    async def CreateRegion(self, request: pb.CreateRegionRequest, call: Call) -> pb.CreateRegionResponse:
        exists = Conflict("REGION_EXISTS", "a region has this name already", field="name")
        row = await call.db.one(queries.ADD_REGION, name=request.name, conflict={"uq_region_tenant_id_name": exists})
        return pb.CreateRegionResponse(region=to_proto(pb.Region, row))

    async def ListRegions(self, request: pb.ListRegionsRequest, call: Call) -> pb.ListRegionsResponse:
        rows, token = await page(call.db, queries.REGIONS, request, key=("name", "id"))
        return pb.ListRegionsResponse(regions=[to_proto(pb.Region, row) for row in rows], next_page_token=token)

    async def CreateLegalEntity(self, request: pb.CreateLegalEntityRequest, call: Call) -> pb.CreateLegalEntityResponse:
        domain.check_npi(request.npi)
        exists = Conflict("LEGAL_ENTITY_EXISTS", "a legal entity has this name already", field="name")
        row = await call.db.one(
            queries.ADD_LEGAL_ENTITY,
            name=request.name,
            tax_id=request.tax_id,
            npi=request.npi,
            conflict={"uq_legal_entity_tenant_id_name": exists},
        )
        return pb.CreateLegalEntityResponse(legal_entity=to_proto(pb.LegalEntity, row))

    async def ListLegalEntities(self, request: pb.ListLegalEntitiesRequest, call: Call) -> pb.ListLegalEntitiesResponse:
        rows, token = await page(call.db, queries.LEGAL_ENTITIES, request, key=("name", "id"))
        return pb.ListLegalEntitiesResponse(
            legal_entities=[to_proto(pb.LegalEntity, row) for row in rows], next_page_token=token
        )

    async def CreateLocation(self, request: pb.CreateLocationRequest, call: Call) -> pb.CreateLocationResponse:
        row = await call.db.one(queries.ADD_LOCATION, **_location_values(request), conflict=queries.LOCATION_CONFLICTS)
        _publish(call, row)
        return pb.CreateLocationResponse(location=to_proto(pb.Location, row))

    async def UpdateLocation(self, request: pb.UpdateLocationRequest, call: Call) -> pb.UpdateLocationResponse:
        if call.actor.locations != "*" and request.location_id not in call.actor.locations:
            raise NotFound("LOCATION_NOT_FOUND", "there is no such location")
        check_version(await queries.location_for_update(call.db, request.location_id), request.version)
        row = await call.db.one(
            queries.SAVE_LOCATION,
            **_location_values(request),
            location_id=request.location_id,
            active=request.active,
            now=call.now,
            conflict=queries.LOCATION_CONFLICTS,
        )
        _publish(call, row)
        return pb.UpdateLocationResponse(location=to_proto(pb.Location, row))

    async def GetLocation(self, request: pb.GetLocationRequest, call: Call) -> pb.GetLocationResponse:
        return pb.GetLocationResponse(
            location=to_proto(pb.Location, await queries.location(call.db, request.location_id))
        )

    async def ListLocations(self, request: pb.ListLocationsRequest, call: Call) -> pb.ListLocationsResponse:
        rows, token = await page(
            call.db,
            queries.LOCATIONS,
            request,
            key=("name", "id"),
            region_id=request.region_id or None,
            include_closed=request.include_closed,
        )
        return pb.ListLocationsResponse(locations=[to_proto(pb.Location, row) for row in rows], next_page_token=token)


def address_json(message: Any) -> dict[str, Any]:
    """An Address as the jsonb that to_proto reads back."""
    return MessageToDict(message, preserving_proto_field_name=True)


def _location_values(request: Any) -> dict[str, Any]:
    domain.check_time_zone(request.time_zone)
    domain.check_npi(request.npi)
    return {
        "name": request.name,
        "region_id": request.region_id or None,
        "legal_entity_id": request.legal_entity_id or None,
        "time_zone": request.time_zone,
        "address": address_json(request.address),
        "phone": request.phone,
        "email": request.email,
        "npi": request.npi,
        "place_of_service": request.place_of_service or "11",
    }


def _publish(call: Call, row: Any) -> None:
    event = LocationSaved(
        location_id=row.id,
        region_id=row.region_id or "",
        time_zone=row.time_zone,
        active=row.active,
        version=row.version,
    )
    call.publish(event, key=call.actor.tenant_id)
