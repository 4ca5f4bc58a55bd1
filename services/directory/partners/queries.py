"""Statements about partners and what was logged with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Text, bindparam, func, insert, or_, select, update

from services.directory.models import ID, Partner, PartnerEntry
from shared.db import Db, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

_OPEN_MATTERS = (
    select(func.count())
    .where(PartnerEntry.partner_id == Partner.id, PartnerEntry.kind == "matter", PartnerEntry.resolve_time.is_(None))
    .correlate(Partner)
    .scalar_subquery()
    .label("open_matters")
)
_PARTNER = select(Partner.__table__, _OPEN_MATTERS)

_VALUES = {
    name: bindparam(name)
    for name in ("name", "phone", "email", "website", "address", "account_number", "notes", "contacts")
}
ADD = statement(insert(Partner).values(**_VALUES, kind=bindparam("kind")).returning(Partner.id))
SAVE = statement(
    update(Partner)
    .where(Partner.id == bindparam("partner_id"))
    .values(**_VALUES, active=bindparam("active"), version=Partner.version + 1, updated_at=bindparam("now"))
)
PARTNER = statement(_PARTNER.where(Partner.id == bindparam("id")))
LOCK = statement(select(Partner.version).where(Partner.id == bindparam("id")).with_for_update())
PARTNERS = paged(
    _PARTNER.where(
        or_(bindparam("kind", type_=Text) == "", Partner.kind == bindparam("kind", type_=Text)),
        or_(bindparam("include_inactive", type_=Boolean), Partner.active),
    ),
    Partner.name,
    Partner.id,
)
CONFLICTS = {
    "uq_partner_tenant_id_kind_name": Conflict("PARTNER_EXISTS", "such a partner has this name already", field="name")
}

ADD_ENTRY = statement(
    insert(PartnerEntry)
    .values(
        partner_id=bindparam("partner_id"),
        kind=bindparam("kind"),
        note=bindparam("note"),
        due_date=bindparam("due_date"),
        staff_id=bindparam("staff_id"),
    )
    .returning(PartnerEntry.__table__)
)
ENTRY_FOR_UPDATE = statement(select(PartnerEntry.__table__).where(PartnerEntry.id == bindparam("id")).with_for_update())
RESOLVE_ENTRY = statement(
    update(PartnerEntry)
    .where(PartnerEntry.id == bindparam("entry_id"))
    .values(
        resolution=bindparam("resolution"),
        resolve_time=bindparam("now"),
        version=PartnerEntry.version + 1,
        updated_at=bindparam("now"),
    )
    .returning(PartnerEntry.__table__)
)
ENTRIES = paged(
    select(PartnerEntry.__table__).where(
        or_(bindparam("partner_id", type_=ID).is_(None), PartnerEntry.partner_id == bindparam("partner_id", type_=ID)),
        or_(
            ~bindparam("open_only", type_=Boolean),
            (PartnerEntry.kind == "matter") & PartnerEntry.resolve_time.is_(None),
        ),
    ),
    PartnerEntry.created_at,
    PartnerEntry.id,
    descending=True,
)


async def partner(db: Db, id: str) -> Any:
    """The partner with the number of its open matters, or NotFound."""
    return await db.one(PARTNER, id=id, missing=NotFound("PARTNER_NOT_FOUND", "there is no such partner"))


async def partner_for_update(db: Db, id: str) -> Any:
    """The partner's version, the row locked until commit, or NotFound."""
    return await db.one(LOCK, id=id, missing=NotFound("PARTNER_NOT_FOUND", "there is no such partner"))
