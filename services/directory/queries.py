"""Statements about the access log: what the runtime audited in this service."""

from __future__ import annotations

from sqlalchemy import Text, any_, bindparam, or_, select

from services.directory.models import AUDIT, ID
from shared.paging import paged
from shared.tables import TIMESTAMPTZ

_audit = AUDIT.c
ACCESS_LOG = paged(
    select(
        _audit.id,
        _audit.at.label("event_time"),
        _audit.actor_id,
        _audit.actor_kind,
        _audit.method,
        _audit.outcome,
        _audit.patient_ids,
        _audit.resource.label("resource_kind"),
        _audit.resource_id,
    ).where(
        or_(bindparam("patient_id", type_=ID).is_(None), bindparam("patient_id", type_=ID) == any_(_audit.patient_ids)),
        or_(bindparam("actor_id", type_=Text) == "", _audit.actor_id == bindparam("actor_id", type_=Text)),
        _audit.at >= bindparam("start_time", type_=TIMESTAMPTZ),
        _audit.at < bindparam("end_time", type_=TIMESTAMPTZ),
    ),
    _audit.id,
    descending=True,
)
