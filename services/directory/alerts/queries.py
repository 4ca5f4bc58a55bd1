"""Statements about alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Text, any_, bindparam, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.directory.models import Alert
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound

_KINDS = Alert.kind == any_(bindparam("kinds", type_=ARRAY(Text)))
ALERTS = statement(
    select(Alert.__table__)
    .where(
        Alert.patient_id == bindparam("patient_id"),
        _KINDS,
        or_(bindparam("include_ended", type_=Boolean), Alert.end_time.is_(None)),
    )
    .order_by(Alert.end_time.desc().nulls_first(), Alert.id.desc())
)
ADD_ALERT = statement(
    insert(Alert)
    .values({name: bindparam(name) for name in ("patient_id", "kind", "text", "raised_by_id", "location_ids")})
    .returning(Alert.__table__)
)
ALERT_FOR_UPDATE = statement(select(Alert.__table__).where(Alert.id == bindparam("alert_id"), _KINDS).with_for_update())
CHANGE_ALERT = statement(
    update(Alert)
    .where(Alert.id == bindparam("alert_id"))
    .values(kind=bindparam("kind"), text=bindparam("text"), version=Alert.version + 1, updated_at=bindparam("now"))
    .returning(Alert.__table__)
)
END_ALERT = statement(
    update(Alert)
    .where(Alert.id == bindparam("alert_id"))
    .values(end_time=bindparam("now"), version=Alert.version + 1, updated_at=bindparam("now"))
    .returning(Alert.__table__)
)
SPREAD_ALERTS = statement(
    update(Alert).where(Alert.patient_id == bindparam("of_patient")).values(location_ids=bindparam("location_ids"))
)


async def standing(db: Db, alert_id: str, kinds: tuple[str, ...]) -> Row:
    """The alert, locked until commit; NotFound when it is none of these kinds, ALREADY_ENDED when it no longer stands."""
    missing = NotFound("ALERT_NOT_FOUND", "there is no such alert")
    row = await db.one(ALERT_FOR_UPDATE, alert_id=alert_id, kinds=list(kinds), missing=missing)
    if row.end_time is not None:
        raise Conflict("ALREADY_ENDED", "this alert has ended")
    return row
