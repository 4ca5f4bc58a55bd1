"""Statements of presentations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, Uuid, any_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from services.coordination.presentations.models import OfferedQuote, Option, Presentation, Share
from services.coordination.queries import named
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
MISSING = NotFound("PRESENTATION_NOT_FOUND", "no such presentation")
T = Presentation.__table__
CHANGED = {"version": T.c.version + 1, "updated_at": bindparam("now")}

PRESENTATION = statement(select(T).where(T.c.id == bindparam("id")))
PRESENTATION_FOR_UPDATE = statement(select(T).where(T.c.id == bindparam("id")).with_for_update())
ADD_PRESENTATION = statement(
    insert(T)
    .values(
        named("location_id", "case_id", "patient_id", "title", "message", "staff_id")
        | {"created_at": bindparam("now"), "updated_at": bindparam("now")}
    )
    .returning(T)
)
ADD_OPTION = statement(
    insert(Option).values(
        named(
            "location_id",
            "presentation_id",
            "position",
            "quote_id",
            "title",
            "appliance",
            "description",
            "recommended",
            "consent_kind",
        )
    )
)
SET_STATE = statement(
    update(T).where(T.c.id == bindparam("presentation_id")).values(state=bindparam("state"), **CHANGED).returning(T)
)
CHOOSE = statement(
    update(T)
    .where(T.c.id == bindparam("presentation_id"))
    .values(
        state="chosen",
        chosen_option_id=bindparam("option_id"),
        chosen_party_id=bindparam("party_id"),
        chosen_at=bindparam("now"),
        **CHANGED,
    )
    .returning(T)
)
OPTIONS = statement(
    select(Option.__table__)
    .where(Option.presentation_id == any_(bindparam("ids", type_=ARRAY(ID))))
    .order_by(Option.presentation_id, Option.position)
)
SHARES = statement(
    select(Share.__table__)
    .where(Share.presentation_id == any_(bindparam("ids", type_=ARRAY(ID))))
    .order_by(Share.presentation_id, Share.id)
)
_SHARE = upsert(Share).values(named("location_id", "presentation_id", "party_id", "shared_at"))
SAVE_SHARE = statement(
    _SHARE.on_conflict_do_update(
        constraint="uq_presentation_share_party_id", set_={"shared_at": _SHARE.excluded.shared_at}
    )
)
OPENED = statement(
    update(Share)
    .where(Share.presentation_id == bindparam("presentation"), Share.party_id == bindparam("party"))
    .values(
        opened_at=func.coalesce(Share.opened_at, bindparam("now")),
        last_opened_at=bindparam("now"),
        open_count=Share.open_count + 1,
    )
)
_QUOTE = upsert(OfferedQuote).values(
    id=bindparam("quote_id"),
    case_id=bindparam("case_id"),
    location_id=bindparam("location_id"),
    total_fee_cents=bindparam("total_fee_cents"),
    quoted_at=bindparam("quoted_at"),
)
SAVE_QUOTE = statement(_QUOTE.on_conflict_do_nothing())
# The fee of the option that was chosen, else of the doctor's pick in the latest presentation, else of the latest quote.
_OFFERED = (
    select(
        Option.quote_id,
        Option.position,
        Option.recommended,
        T.c.id.label("presentation_id"),
        (T.c.chosen_option_id == Option.id).label("chosen"),
    )
    .join(T, T.c.id == Option.presentation_id)
    .where(T.c.case_id == bindparam("case_id"), T.c.state != "withdrawn")
    .subquery("offered")
)
FEE_ON_OFFER = statement(
    select(OfferedQuote.total_fee_cents)
    .outerjoin(_OFFERED, _OFFERED.c.quote_id == OfferedQuote.id)
    .where(OfferedQuote.case_id == bindparam("case_id"))
    .order_by(
        _OFFERED.c.chosen.desc().nulls_last(),
        _OFFERED.c.presentation_id.desc().nulls_last(),
        _OFFERED.c.recommended.desc().nulls_last(),
        _OFFERED.c.position,
        OfferedQuote.quoted_at.desc(),
    )
    .limit(1)
)
PRESENTATIONS = paged(
    select(T).where(
        or_(bindparam("case_id", type_=ID).is_(None), T.c.case_id == bindparam("case_id", type_=ID)),
        or_(bindparam("location_id", type_=ID).is_(None), T.c.location_id == bindparam("location_id", type_=ID)),
        or_(bindparam("state", type_=Text) == "", T.c.state == bindparam("state", type_=Text)),
    ),
    T.c.created_at,
    T.c.id,
    descending=True,
)


async def presentation(db: Db, id: str) -> Row:
    """Returns the presentation, or raises NotFound."""
    return await db.one(PRESENTATION, id=id, missing=MISSING)


async def presentation_for_update(db: Db, id: str) -> Row:
    """Returns the presentation, locked until commit, or raises NotFound."""
    return await db.one(PRESENTATION_FOR_UPDATE, id=id, missing=MISSING)


async def parts(db: Db, rows: list[Row]) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """The options and the shares of presentations, each by presentation id."""
    ids = [row.id for row in rows]
    grouped: tuple[dict[str, list[Any]], dict[str, list[Any]]] = ({id: [] for id in ids}, {id: [] for id in ids})
    for found, stmt in zip(grouped, (OPTIONS, SHARES), strict=True):
        for part in await db.all(stmt, ids=ids):
            found[part.presentation_id].append(part)
    return grouped
