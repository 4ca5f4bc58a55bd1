"""Statements about private links."""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, select, update

from services.directory.models import Link
from shared.db import statement
from shared.paging import paged

ADD_LINK = statement(
    insert(Link)
    .values(
        purpose=bindparam("purpose"),
        subject=bindparam("subject"),
        patient_id=bindparam("patient_id"),
        token_hash=bindparam("token_hash"),
        expire_time=bindparam("expire_time"),
    )
    .returning(Link.__table__)
)
LINK = statement(select(Link.__table__).where(Link.id == bindparam("id")))
LINKS = paged(select(Link.__table__).where(Link.patient_id == bindparam("patient_id")), Link.id, descending=True)
REVOKE_LINK = statement(
    update(Link)
    .where(Link.id == bindparam("link_id"))
    .values(revoke_time=func.coalesce(Link.revoke_time, bindparam("now")))
    .returning(Link.__table__)
)
USE_LINK = statement(update(Link).where(Link.id == bindparam("link_id")).values(last_use_time=bindparam("now")))
