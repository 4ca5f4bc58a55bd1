"""Statements about staff and their roles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, Text, and_, any_, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from services.directory.credentials import queries as credentials
from services.directory.models import ID, Credential, Location, RoleGrant, Staff
from shared.db import Db, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

_COLUMNS = (
    Staff.__table__,
    func.coalesce(Credential.totp_confirmed, False).label("totp_enrolled"),
)
_STAFF = select(*_COLUMNS).select_from(Staff).outerjoin(Credential, Credential.id == Staff.id)

_VALUES = {name: bindparam(name) for name in ("first_name", "last_name", "title", "phone", "is_provider", "npi")}
ADD = statement(insert(Staff).values(**_VALUES, email=bindparam("email")).returning(Staff.id))
SAVE = statement(
    update(Staff)
    .where(Staff.id == bindparam("staff_id"))
    .values(**_VALUES, version=Staff.version + 1, updated_at=bindparam("now"))
)
DISABLE = statement(
    update(Staff)
    .where(Staff.id == bindparam("staff_id"))
    .values(active=False, version=Staff.version + 1, updated_at=bindparam("now"))
)
TOUCH = statement(
    update(Staff)
    .where(Staff.id == bindparam("staff_id"))
    .values(version=Staff.version + 1, updated_at=bindparam("now"))
)
SIGNED_IN = statement(update(Staff).where(Staff.id == bindparam("staff_id")).values(last_sign_in_time=bindparam("now")))
STAFF = statement(_STAFF.where(Staff.id == bindparam("id")))
LOCK = statement(select(Staff.id).where(Staff.id == bindparam("id")).with_for_update())
STAFF_LIST = paged(
    _STAFF.where(
        or_(bindparam("include_disabled", type_=Boolean), Staff.active),
        or_(~bindparam("providers_only", type_=Boolean), Staff.is_provider),
        or_(
            and_(bindparam("location_id", type_=ID).is_(None), bindparam("role", type_=Text).is_(None)),
            exists(
                select(RoleGrant.id)
                .outerjoin(Location, Location.region_id == RoleGrant.region_id)
                .where(
                    RoleGrant.staff_id == Staff.id,
                    or_(bindparam("role", type_=Text).is_(None), RoleGrant.role == bindparam("role", type_=Text)),
                    or_(
                        bindparam("location_id", type_=ID).is_(None),
                        RoleGrant.location_id == bindparam("location_id", type_=ID),
                        Location.id == bindparam("location_id", type_=ID),
                        and_(RoleGrant.location_id.is_(None), RoleGrant.region_id.is_(None)),
                    ),
                )
            ),
        ),
    ),
    Staff.last_name,
    Staff.first_name,
    Staff.id,
)

GRANTS = statement(
    select(RoleGrant.__table__)
    .where(RoleGrant.staff_id == any_(bindparam("staff_ids", type_=ARRAY(ID))))
    .order_by(RoleGrant.staff_id, RoleGrant.role, RoleGrant.id)
)
GRANT = statement(
    select(RoleGrant.__table__).where(RoleGrant.id == bindparam("id"), RoleGrant.staff_id == bindparam("staff_id"))
)
ADD_GRANT = statement(
    upsert(RoleGrant)
    .values(
        staff_id=bindparam("staff_id"),
        role=bindparam("role"),
        location_id=bindparam("location_id"),
        region_id=bindparam("region_id"),
        start_time=bindparam("start_time"),
        expire_time=bindparam("expire_time"),
    )
    .on_conflict_do_update(
        constraint="uq_role_grant",
        set_={"start_time": bindparam("start_time"), "expire_time": bindparam("expire_time")},
    )
)
DELETE_GRANT = statement(delete(RoleGrant).where(RoleGrant.id == bindparam("id")))
_HOLDS = and_(
    or_(RoleGrant.start_time.is_(None), RoleGrant.start_time <= bindparam("now")),
    or_(RoleGrant.expire_time.is_(None), RoleGrant.expire_time > bindparam("now")),
)
# One row per grant that holds now and location: regions are turned into the locations that they have now.
RESOLVED_GRANTS = statement(
    select(
        RoleGrant.role,
        and_(RoleGrant.location_id.is_(None), RoleGrant.region_id.is_(None)).label("everywhere"),
        func.coalesce(RoleGrant.location_id, Location.id).label("location_id"),
    )
    .outerjoin(Location, Location.region_id == RoleGrant.region_id)
    .where(RoleGrant.staff_id == bindparam("staff_id"), _HOLDS)
)
OTHER_OWNERS = statement(
    select(Staff.id)
    .join(RoleGrant, RoleGrant.staff_id == Staff.id)
    .where(
        Staff.active,
        RoleGrant.role == "owner",
        RoleGrant.location_id.is_(None),
        RoleGrant.region_id.is_(None),
        Staff.id != bindparam("staff_id"),
        RoleGrant.expire_time.is_(None),
        _HOLDS,
    )
    .limit(1)
    .with_for_update()
)


async def add(
    db: Db,
    tenant_id: str,
    *,
    first_name: str,
    last_name: str,
    email: str,
    title: str = "",
    phone: str = "",
    is_provider: bool = False,
    npi: str = "",
    password_hash: str | None = None,
) -> Any:
    """Adds a staff member with a credential; raises EMAIL_TAKEN."""
    taken = Conflict("EMAIL_TAKEN", "somebody signs in with this address already", field="email")
    added = await db.one(
        ADD,
        first_name=first_name,
        last_name=last_name,
        title=title,
        email=email.lower(),
        phone=phone,
        is_provider=is_provider,
        npi=npi,
        conflict={"uq_staff_tenant_id_email": taken},
    )
    await credentials.add(db, tenant_id, added.id, email, password_hash)
    return await staff(db, added.id)


async def staff(db: Db, id: str) -> Any:
    """The staff member, or NotFound."""
    return await db.one(STAFF, id=id, missing=NotFound("STAFF_NOT_FOUND", "there is no such staff member"))


async def staff_for_update(db: Db, id: str) -> Any:
    """The staff member, locked until commit, or NotFound."""
    await db.first(LOCK, id=id)
    return await staff(db, id)


async def grant(
    db: Db,
    staff_id: str,
    role: str,
    location_id: str | None,
    region_id: str | None,
    start_time: dt.datetime | None = None,
    expire_time: dt.datetime | None = None,
) -> None:
    """Gives a role from a time until a time, none meaning open; one that is held already gets these times."""
    await db.run(
        ADD_GRANT,
        staff_id=staff_id,
        role=role,
        location_id=location_id,
        region_id=region_id,
        start_time=start_time,
        expire_time=expire_time,
    )


async def check_not_last_owner(db: Db, staff_id: str, now: dt.datetime) -> None:
    """Raises LAST_OWNER when nobody else owns the group for good; else locks one who does."""
    await db.one(
        OTHER_OWNERS,
        staff_id=staff_id,
        now=now,
        missing=Conflict("LAST_OWNER", "a group needs an owner: name another one first"),
    )


async def check_reach(db: Db, locations: str | Collection[str], staff_id: str, now: dt.datetime) -> None:
    """Raises NotFound unless the person works in one of `locations`: a manager reaches only the own people."""
    if locations != "*":
        rows = await db.all(RESOLVED_GRANTS, staff_id=staff_id, now=now)
        if not any(row.location_id in locations for row in rows):
            raise NotFound("STAFF_NOT_FOUND", "there is no such staff member")
