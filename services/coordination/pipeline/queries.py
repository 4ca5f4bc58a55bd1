"""Statements of the board: leads and cases as cards of one kind."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.coordination.cases import domain as cases
from services.coordination.cases.models import Case
from services.coordination.cases.queries import NEXT_VISIT
from services.coordination.leads import domain as leads
from services.coordination.leads.models import Lead
from services.coordination.models import Location
from services.coordination.pipeline import domain
from services.coordination.presentations.models import Presentation
from shared.db import statement
from shared.paging import paged

ID = Uuid(as_uuid=False)
NOW = bindparam("now", type_=DateTime(timezone=True))
C, P = Case.__table__, Location.__table__
L = Lead.__table__
HAS_STARTED = C.c.state == any_(array([name for name, state in cases.STATES.items() if state.start]))
IS_OPEN = C.c.state == any_(array(cases.OPEN))


def _only(name: str, column: Any) -> Any:
    """The column's value, where one is asked for."""
    return or_(bindparam(name, type_=ID).is_(None), column == bindparam(name, type_=ID))


def _plain(name: str, column: Any) -> Any:
    """The column's short name, where one is asked for."""
    return or_(bindparam(name, type_=Text) == "", column == bindparam(name, type_=Text))


def _local_today(time_zone: Any) -> Any:
    return cast(func.timezone(func.coalesce(time_zone, "UTC"), NOW), Date)


def _card(table: Any, *, stage: Any, since: Any, value: Any, columns: dict[str, Any]) -> Any:
    """What leads and cases have in common."""
    return select(
        table.c.id,
        table.c.location_id,
        table.c.owner_id,
        table.c.blocker,
        table.c.next_step,
        table.c.next_step_due,
        table.c.source,
        table.c.version,
        stage.label("stage"),
        since.label("stage_time"),
        (table.c.next_step_due < _local_today(P.c.time_zone)).label("overdue"),
        func.coalesce(value, P.c.usual_fee_cents).label("value_cents"),
        and_(value.is_(None), P.c.usual_fee_cents.is_not(None)).label("value_is_usual"),
        *[column.label(name) for name, column in columns.items()],
    ).select_from(table.outerjoin(P, P.c.id == table.c.location_id))


_NO_ID, _NO_TEXT, _NO_TIME = cast(null(), ID), literal("", Text), cast(null(), DateTime(timezone=True))
_LEADS = _card(
    L,
    stage=literal("new_lead", Text),
    since=L.c.created_at,
    value=cast(null(), C.c.value_cents.type),
    columns={
        "lead_id": L.c.id,
        "case_id": _NO_ID,
        "patient_id": _NO_ID,
        "state": _NO_TEXT,
        "phase": _NO_TEXT,
        "reason_not_started": _NO_TEXT,
        "next_visit_at": _NO_TIME,
        "phone_key": L.c.phone_key,
        "contact_first_name": L.c.first_name,
        "contact_last_name": L.c.last_name,
        "contact_patient_first_name": L.c.patient_first_name,
    },
).where(L.c.state.in_([literal_column(f"'{state}'") for state in leads.OPEN]))
_CASES = _card(
    C,
    stage=C.c.stage,
    since=C.c.stage_time,
    value=C.c.value_cents,
    columns={
        "lead_id": C.c.lead_id,
        "case_id": C.c.id,
        "patient_id": C.c.patient_id,
        "state": C.c.state,
        "phase": C.c.phase,
        "reason_not_started": C.c.reason_not_started,
        "next_visit_at": NEXT_VISIT,
        "phone_key": _NO_TEXT,
        "contact_first_name": _NO_TEXT,
        "contact_last_name": _NO_TEXT,
        "contact_patient_first_name": _NO_TEXT,
    },
).where(
    C.c.stage != literal_column("''"),
    or_(C.c.stage != "started", C.c.started_on >= bindparam("started_since", type_=Date)),
)
CARD = union_all(_LEADS, _CASES).subquery("card")
FILTERS = (
    _only("location_id", CARD.c.location_id),
    _only("owner_id", CARD.c.owner_id),
    _plain("source", CARD.c.source),
    _plain("blocker", CARD.c.blocker),
    or_(bindparam("unblocked", type_=Boolean) == false(), CARD.c.blocker == ""),
)
CARDS = paged(
    select(CARD).where(CARD.c.stage == bindparam("stage", type_=Text), *FILTERS), CARD.c.next_step_due, CARD.c.id
)
# domain.aged, in SQL.
_LIMIT = case(domain.AGED_AFTER_DAYS, value=CARD.c.stage, else_=0)
_AGED = and_(_LIMIT > 0, CARD.c.stage_time <= NOW - func.make_interval(0, 0, 0, _LIMIT + 1))
COLUMNS = statement(
    select(
        CARD.c.stage,
        func.count().label("count"),
        cast(func.coalesce(func.sum(CARD.c.value_cents), 0), C.c.value_cents.type).label("value_cents"),
        func.count().filter(_AGED).label("aged_count"),
        func.count().filter(CARD.c.overdue).label("overdue_count"),
    )
    .where(_plain("stage", CARD.c.stage), *FILTERS)
    .group_by(CARD.c.stage)
)
# A name or a phone number finds leads here; patients were found by the directory.
_NAMED = bindparam("pattern", type_=Text)
FOUND = statement(
    select(CARD)
    .where(
        _only("location_id", CARD.c.location_id),
        or_(
            CARD.c.patient_id == any_(bindparam("patient_ids", type_=ARRAY(ID))),
            and_(
                CARD.c.patient_id.is_(None),
                or_(
                    func.concat_ws(
                        " ", CARD.c.contact_first_name, CARD.c.contact_last_name, CARD.c.contact_patient_first_name
                    ).ilike(_NAMED),
                    and_(bindparam("phone", type_=Text) != "", CARD.c.phone_key == bindparam("phone", type_=Text)),
                ),
            ),
        ),
    )
    .order_by(CARD.c.next_step_due, CARD.c.id)
    .limit(50)
)
PREPARED = statement(
    select(
        func.count().label("prepared"),
        func.max(cast(Presentation.id, Text)).label("latest_id"),
        func.count().filter(Presentation.state == any_(array(("shared", "chosen")))).label("sent"),
    ).where(Presentation.case_id == bindparam("case_id"), Presentation.state != "withdrawn")
)

# The period is of local days; the wider bounds are what the index can answer.
_DAY = cast(func.timezone(func.coalesce(P.c.time_zone, "UTC"), C.c.recommended_at), Date)
_FROM, _TO = bindparam("first_day", type_=Date), bindparam("last_day", type_=Date)
_STARTED = and_(C.c.started_on.is_not(None), HAS_STARTED)
_VALUE = func.coalesce(C.c.value_cents, 0)
CONVERSION = statement(
    select(
        C.c.last_blocker.label("blocker"),
        C.c.source,
        C.c.owner_id,
        func.grouping(C.c.last_blocker, C.c.source, C.c.owner_id).label("of"),
        func.count().label("recommended_count"),
        func.count().filter(_STARTED).label("started_count"),
        func.count().filter(and_(~_STARTED, IS_OPEN)).label("open_count"),
        func.count().filter(and_(~_STARTED, ~IS_OPEN)).label("lost_count"),
        cast(func.coalesce(func.sum(_VALUE), 0), C.c.value_cents.type).label("value_cents"),
        cast(func.coalesce(func.sum(_VALUE).filter(_STARTED), 0), C.c.value_cents.type).label("started_value_cents"),
    )
    .select_from(C.outerjoin(P, P.c.id == C.c.location_id))
    .where(
        C.c.recommended_at >= cast(_FROM - 1, DateTime(timezone=True)),
        C.c.recommended_at < cast(_TO + 2, DateTime(timezone=True)),
        _DAY.between(_FROM, _TO),
        _only("location_id", C.c.location_id),
        _only("only_owner_id", C.c.owner_id),
        _plain("only_source", C.c.source),
    )
    .group_by(func.grouping_sets(tuple_(C.c.last_blocker), tuple_(C.c.source), tuple_(C.c.owner_id), tuple_()))
    .order_by(func.count().desc(), C.c.last_blocker, C.c.source, C.c.owner_id)
)
GROUPINGS = BY_BLOCKER, BY_SOURCE, BY_OWNER, TOTAL = (
    0b011,
    0b101,
    0b110,
    0b111,
)  # GROUPING: a bit for each column left out
