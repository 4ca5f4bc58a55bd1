"""Staff and their roles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from archwire.directory.v1 import staff_pb2 as pb
from archwire.directory.v1.events_pb2 import StaffSaved

from services.directory.credentials import passwords
from services.directory.credentials import queries as credentials
from services.directory.credentials.domain import check_password
from services.directory.places import queries as places
from services.directory.places.domain import check_npi
from services.directory.staff import domain, queries
from shared.call import Call
from shared.db import Db, check_version
from shared.errors import Denied, Invalid, NotFound
from shared.paging import page
from shared.proto import from_timestamp, to_proto


class StaffMembers:
    """Accounts and role grants."""

    async def CreateStaff(self, request: pb.CreateStaffRequest, call: Call) -> pb.CreateStaffResponse:
        check_npi(request.npi)
        password_hash = None
        if request.initial_password:
            check_password(request.initial_password, request.email, field="initial_password")
            password_hash = await passwords.hashed(request.initial_password)
        for grant in request.grants:
            await _check_may_grant(call, grant)
        staff = await queries.add(
            call.db,
            call.actor.tenant_id,
            first_name=request.first_name,
            last_name=request.last_name,
            title=request.title,
            email=request.email,
            phone=request.phone,
            is_provider=request.is_provider,
            npi=request.npi,
            password_hash=password_hash,
        )
        for grant in request.grants:
            await _grant(call, staff.id, grant)
        return pb.CreateStaffResponse(staff=await _saved(call, staff.id))

    async def UpdateStaff(self, request: pb.UpdateStaffRequest, call: Call) -> pb.UpdateStaffResponse:
        check_npi(request.npi)
        check_version(await queries.staff_for_update(call.db, request.staff_id), request.version)
        await queries.check_reach(call.db, call.actor.locations, request.staff_id, call.now)
        await call.db.run(
            queries.SAVE,
            staff_id=request.staff_id,
            first_name=request.first_name,
            last_name=request.last_name,
            title=request.title,
            phone=request.phone,
            is_provider=request.is_provider,
            npi=request.npi,
            now=call.now,
        )
        return pb.UpdateStaffResponse(staff=await _saved(call, request.staff_id))

    async def DisableStaff(self, request: pb.DisableStaffRequest, call: Call) -> pb.DisableStaffResponse:
        check_version(await queries.staff_for_update(call.db, request.staff_id), request.version)
        for grant in await call.db.all(queries.GRANTS, staff_ids=[request.staff_id]):
            await _check_may_take(call, grant)
            if _owns(grant):
                await queries.check_not_last_owner(call.db, request.staff_id, call.now)
        await call.db.run(queries.DISABLE, staff_id=request.staff_id, now=call.now)
        await credentials.end_sessions(call.db, request.staff_id, call.now)
        return pb.DisableStaffResponse(staff=await _saved(call, request.staff_id))

    async def GetStaff(self, request: pb.GetStaffRequest, call: Call) -> pb.GetStaffResponse:
        return pb.GetStaffResponse(staff=await staff_message(call.db, await queries.staff(call.db, request.staff_id)))

    async def ListStaff(self, request: pb.ListStaffRequest, call: Call) -> pb.ListStaffResponse:
        rows, token = await page(
            call.db,
            queries.STAFF_LIST,
            request,
            key=("last_name", "first_name", "id"),
            location_id=request.location_id or None,
            role=request.role or None,
            providers_only=request.providers_only,
            include_disabled=request.include_disabled,
        )
        return pb.ListStaffResponse(staff=await _messages(call.db, rows), next_page_token=token)

    async def GrantRole(self, request: pb.GrantRoleRequest, call: Call) -> pb.GrantRoleResponse:
        staff = await queries.staff_for_update(call.db, request.staff_id)
        if not staff.active:
            raise NotFound("STAFF_NOT_FOUND", "there is no such staff member")
        if staff.id == call.actor.user_id and "owner" not in call.actor.roles:
            raise Denied("OWN_ROLES", "somebody else gives you a role")  # else IT would help itself to the charts
        await _check_may_grant(call, request)
        if request.role == "owner" and (request.HasField("start_time") or request.HasField("expire_time")):
            await queries.check_not_last_owner(call.db, staff.id, call.now)  # it may put an end to a grant for good
        await _grant(call, staff.id, request)
        await call.db.run(queries.TOUCH, staff_id=staff.id, now=call.now)
        return pb.GrantRoleResponse(staff=await _saved(call, staff.id))

    async def RevokeRole(self, request: pb.RevokeRoleRequest, call: Call) -> pb.RevokeRoleResponse:
        staff = await queries.staff_for_update(call.db, request.staff_id)
        missing = NotFound("GRANT_NOT_FOUND", "there is no such grant")
        grant = await call.db.one(queries.GRANT, id=request.grant_id, staff_id=staff.id, missing=missing)
        await _check_may_take(call, grant)
        if _owns(grant):
            await queries.check_not_last_owner(call.db, staff.id, call.now)
        await call.db.run(queries.DELETE_GRANT, id=grant.id)
        await call.db.run(queries.TOUCH, staff_id=staff.id, now=call.now)
        return pb.RevokeRoleResponse(staff=await _saved(call, staff.id))


async def staff_message(db: Db, row: Any) -> pb.Staff:
    """The message of a staff row, with its grants."""
    return (await _messages(db, [row]))[0]


async def _messages(db: Db, rows: Sequence[Any]) -> list[pb.Staff]:
    grants: dict[str, list[pb.Grant]] = {row.id: [] for row in rows}
    for grant in await db.all(queries.GRANTS, staff_ids=list(grants)):
        everywhere = grant.location_id is None and grant.region_id is None
        grants[grant.staff_id].append(to_proto(pb.Grant, grant, all_locations=everywhere))
    return [to_proto(pb.Staff, row, grants=grants[row.id]) for row in rows]


async def _saved(call: Call, staff_id: str) -> pb.Staff:
    """Publishes the staff member's new state and returns it."""
    row = await queries.staff(call.db, staff_id)
    rows = await call.db.all(queries.RESOLVED_GRANTS, staff_id=staff_id, now=call.now)
    where = {row.location_id for row in rows if row.location_id}
    event = StaffSaved(staff_id=staff_id, active=row.active, is_provider=row.is_provider, location_ids=sorted(where))
    call.publish(event, key=call.actor.tenant_id)
    call.audit(resource="staff", resource_id=staff_id)
    return await staff_message(call.db, row)


def _owns(grant: Any) -> bool:
    return bool(grant.role == "owner" and grant.location_id is None and grant.region_id is None)


async def _check_may_grant(call: Call, wanted: Any) -> None:
    """Checks a Grant or a GrantRoleRequest."""
    domain.scope_of(wanted.location_id, wanted.region_id, wanted.all_locations)
    domain.check_times(*_times(wanted), call.now)
    if wanted.location_id:
        await places.named_location(call.db, wanted.location_id, "location_id")
    where = await _locations(call.db, wanted.location_id or None, wanted.region_id or None)
    if call.actor.kind != "system":
        domain.check_reach(domain.where_may_grant(call.actor.grants, wanted.role), where)
    elif wanted.role not in domain.STAFF_ROLES:
        raise Invalid("UNKNOWN_ROLE", "there is no such staff role", field="role")


async def _grant(call: Call, staff_id: str, wanted: Any) -> None:
    where = wanted.location_id or None, wanted.region_id or None
    await queries.grant(call.db, staff_id, wanted.role, *where, *_times(wanted))


def _times(wanted: Any) -> tuple[dt.datetime | None, dt.datetime | None]:
    return (
        from_timestamp(wanted.start_time) if wanted.HasField("start_time") else None,
        from_timestamp(wanted.expire_time) if wanted.HasField("expire_time") else None,
    )


async def _check_may_take(call: Call, grant: Any) -> None:
    if call.actor.kind != "system":
        reach = domain.where_may_grant(call.actor.grants, grant.role)
        domain.check_reach(reach, await _locations(call.db, grant.location_id, grant.region_id))


async def _locations(db: Db, location_id: str | None, region_id: str | None) -> str | list[str]:
    """Where a grant holds: "*", or the location, or the region's locations."""
    if location_id:
        return [location_id]
    if region_id:
        return [row.id for row in await db.all(places.LOCATIONS_OF_REGION, region_id=region_id)]
    return domain.EVERYWHERE
