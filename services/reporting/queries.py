"""Every SQL statement of reporting."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Date, Text, Uuid, any_, bindparam, cast, func, literal_column, not_, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.reporting.models import Fact, Location
from shared.db import Db, Row, statement
from shared.errors import Unavailable
from shared.paging import paged

_ID = Uuid(as_uuid=False)

SAVE_LOCATION = statement(
    insert(Location)
    .values(id=bindparam("id"), time_zone=bindparam("time_zone"), region_id=bindparam("region_id"))
    .on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={"time_zone": bindparam("zone_again", type_=Text), "region_id": bindparam("region_again", type_=_ID)},
    )
)

_FACT = (
    "kind",
    "subject_id",
    "case_id",
    "patient_id",
    "location_id",
    "date",
    "cohort_date",
    "variant",
    "amount_cents",
    "recorded_at",
)
_DAY = func.timezone(
    select(Location.time_zone).where(Location.id == bindparam("location_id", type_=_ID)).scalar_subquery(),
    bindparam("moment", type_=Fact.recorded_at.type),
)
_ON = select(func.coalesce(bindparam("date", type_=Date), cast(_DAY, Date)).label("date")).subquery("day")
_NEW = {name: bindparam(name, type_=getattr(Fact, name).type) for name in _FACT} | {"date": _ON.c.date}
_PUT = insert(Fact).from_select(list(_NEW), select(*_NEW.values()).select_from(_ON).where(_ON.c.date.is_not(None)))
# A rescheduled exam moves its fact; everything else that comes again changes nothing that counts.
PUT_FACT = statement(
    _PUT.on_conflict_do_update(
        index_elements=["tenant_id", "kind", "subject_id"],
        set_={"date": _PUT.excluded.date, "location_id": _PUT.excluded.location_id},
    )
)
DROP_FACT = statement(
    Fact.__table__.delete().where(Fact.kind == bindparam("kind"), Fact.subject_id == bindparam("subject_id"))
)
LEAD_DATE_OF_CASE = statement(
    select(Fact.date).where(Fact.case_id == bindparam("case_id"), Fact.kind == literal_column("'lead_added'"))
)
NAME_CASE = statement(
    update(Fact)
    .where(Fact.kind == literal_column("'lead_added'"), Fact.subject_id == bindparam("lead_id"))
    .values(case_id=bindparam("case"), patient_id=bindparam("patient"))
)
_IN_SCOPE = or_(bindparam("location_id", type_=_ID).is_(None), Fact.location_id == bindparam("location_id", type_=_ID))
_KINDS = Fact.kind == any_(bindparam("kinds", type_=ARRAY(Text)))
_WANTED = not_(Fact.variant == any_(bindparam("without", type_=ARRAY(Text))))


def _totals(date: Any) -> Any:
    return statement(
        select(
            Fact.location_id,
            Fact.kind,
            Fact.variant,
            func.count().label("facts"),
            func.coalesce(func.sum(Fact.amount_cents), 0).label("cents"),
        )
        .where(_KINDS, date.between(bindparam("first"), bindparam("last")), _IN_SCOPE)
        .group_by(Fact.location_id, Fact.kind, Fact.variant)
    )


TOTALS = _totals(Fact.date)
COHORT_TOTALS = _totals(Fact.cohort_date)
ROWS = paged(
    select(Fact.__table__).where(_KINDS, _WANTED, Fact.date.between(bindparam("first"), bindparam("last")), _IN_SCOPE),
    Fact.date,
    Fact.id,
)
COHORT_ROWS = paged(
    select(Fact.__table__).where(
        _KINDS, _WANTED, Fact.cohort_date.between(bindparam("first"), bindparam("last")), _IN_SCOPE
    ),
    Fact.date,
    Fact.id,
)


async def save_location(db: Db, location_id: str, time_zone: str, region_id: str | None) -> None:
    await db.run(
        SAVE_LOCATION,
        id=location_id,
        time_zone=time_zone,
        region_id=region_id,
        zone_again=time_zone,
        region_again=region_id,
    )


async def put_fact(
    db: Db,
    kind: str,
    subject_id: str,
    location_id: str,
    now: dt.datetime,
    *,
    date: dt.date | None = None,
    moment: dt.datetime | None = None,
    case_id: str | None = None,
    patient_id: str | None = None,
    variant: str = "",
    amount_cents: int | None = None,
) -> None:
    """Records a fact once, with the day on which its case's lead came in.

    Its day is `date`, or that of `moment` at the location. Raises Unavailable while the location is not known.
    """
    lead = await db.first(LEAD_DATE_OF_CASE, case_id=case_id) if case_id else None
    if not await db.run(
        PUT_FACT, kind=kind, subject_id=subject_id, case_id=case_id, patient_id=patient_id, location_id=location_id, date=date,
        moment=moment, cohort_date=lead.date if lead else None, variant=variant, amount_cents=amount_cents, recorded_at=now,
    ):  # fmt: skip
        # The location's own event comes by another topic: it is on its way.
        raise Unavailable("LOCATION_UNKNOWN", "the location has not been heard of yet")


async def totals(
    db: Db, kinds: list[str], first: dt.date, last: dt.date, location_id: str | None, *, by_cohort: bool
) -> list[Row]:
    stmt = COHORT_TOTALS if by_cohort else TOTALS
    return await db.all(stmt, kinds=kinds, first=first, last=last, location_id=location_id)
