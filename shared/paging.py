"""Paging by opaque cursor: keyset on the sort columns, never OFFSET.

A list statement is declared with `paged(select(…), T.start_time, T.id)` and read with `page(…)`. The cursor carries
the last row's sort values; row-level security applies to the next page as it did to the first.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Integer, Select, bindparam, tuple_

from shared.db import Db, Statement, statement
from shared.errors import Invalid

DEFAULT_SIZE = 50
MAX_SIZE = 200


@dataclass(frozen=True)
class Paged:
    """A list statement in its two forms: the first page, and the pages after a cursor (each has its own plan)."""

    first: Statement
    after: Statement


def paged(query: Select[Any], *key: Any, descending: bool = False) -> Paged:
    """Declares a list ordered by the key columns, none of them null, the last one unique."""
    columns: list[ColumnElement[Any]] = [
        column.expression if hasattr(column, "expression") else column for column in key
    ]
    after = tuple_(*[bindparam(f"after_{i}", type_=column.type) for i, column in enumerate(columns, 1)])
    row = tuple_(*columns)
    ordered = query.order_by(*[column.desc() if descending else column.asc() for column in columns])
    ordered = ordered.limit(bindparam("page_limit", type_=Integer))
    return Paged(statement(ordered), statement(ordered.where(row < after if descending else row > after)))


async def page(db: Db, stmt: Paged, request: Any, *, key: Sequence[str], **filters: Any) -> tuple[list[Any], str]:
    """Reads one page: the rows and the token of the next page ("" at the end).

    `request` has `page_size` (0 means 50, at most 200) and `page_token`; `key` names the sort columns of the rows.
    Raises Invalid when the token is not one of ours.
    """
    size = min(request.page_size or DEFAULT_SIZE, MAX_SIZE)
    if not request.page_token:
        rows = await db.all(stmt.first, **filters, page_limit=size + 1)
    else:
        after = {f"after_{i}": value for i, value in enumerate(_decode(request.page_token, len(key)), 1)}
        try:
            rows = await db.all(stmt.after, **filters, **after, page_limit=size + 1)
        except (Invalid, ValueError, TypeError) as error:
            raise _bad_token() from error
    if len(rows) <= size:
        return rows, ""
    return rows[:size], _encode([rows[size - 1][name] for name in key])


def _bad_token() -> Invalid:
    return Invalid("BAD_PAGE_TOKEN", "the page token is not one that this list gave", field="page_token")


def _encode(values: list[Any]) -> str:
    tagged = [
        {"t": v.isoformat()} if isinstance(v, dt.datetime) else {"d": v.isoformat()} if isinstance(v, dt.date) else v
        for v in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(tagged)).rstrip(b"=").decode()


def _decode(token: str, length: int) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(values, list) or len(values) != length:
            raise ValueError
        return [
            (dt.datetime.fromisoformat(v["t"]) if "t" in v else dt.date.fromisoformat(v["d"]))
            if isinstance(v, dict)
            else v
            for v in values
        ]
    except (ValueError, KeyError, TypeError):
        raise _bad_token() from None
