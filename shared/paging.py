"""Paging by opaque cursor: keyset on the sort columns, never OFFSET.

A list statement is declared with `paged(select(…), T.start_time, T.id)` and read with `page(…)`. The cursor carries
the last row's sort values; row-level security applies to the next page as it did to the first.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Integer, Select, bindparam, literal_column, or_, tuple_

from shared.db import Db, Statement, statement
from shared.errors import Invalid

DEFAULT_SIZE = 50
MAX_SIZE = 200


def paged(query: Select[Any], *key: Any, descending: bool = False) -> Statement:
    """Declares a list statement ordered by the key columns (the last one unique), with a cursor and a limit."""
    columns: list[ColumnElement[Any]] = [column.expression if hasattr(column, "expression") else column for column in key]
    binds = [bindparam(f"after_{i}", type_=column.type) for i, column in enumerate(columns, 1)]
    row, after = tuple_(*columns), tuple_(*binds)
    beyond = row < after if descending else row > after
    first = bindparam("first_page", type_=Integer)
    ordered = query.where(or_(first == literal_column("1"), beyond))
    ordered = ordered.order_by(*[column.desc() if descending else column.asc() for column in columns])
    return statement(ordered.limit(bindparam("page_limit", type_=Integer)))


async def page(db: Db, stmt: Statement, request: Any, *, key: Sequence[str], **filters: Any) -> tuple[list[Any], str]:
    """Reads one page: the rows and the token of the next page ("" at the end).

    `request` has `page_size` (0 means 50, at most 200) and `page_token`; `key` names the sort columns of the rows.
    Raises Invalid when the token is not one of ours.
    """
    size = min(request.page_size or DEFAULT_SIZE, MAX_SIZE)
    after = _decode(request.page_token, len(key)) if request.page_token else [None] * len(key)
    cursor = {f"after_{i}": value for i, value in enumerate(after, 1)}
    try:
        rows = await db.all(stmt, **filters, **cursor, first_page=0 if request.page_token else 1, page_limit=size + 1)
    except (ValueError, TypeError) as error:
        if request.page_token:
            raise _bad_token() from error
        raise
    if len(rows) <= size:
        return rows, ""
    return rows[:size], _encode([rows[size - 1][name] for name in key])


def _bad_token() -> Invalid:
    return Invalid("BAD_PAGE_TOKEN", "the page token is not one that this list gave", field="page_token")


def _encode(values: list[Any]) -> str:
    tagged = [
        {"t": v.isoformat()} if isinstance(v, dt.datetime) else {"d": v.isoformat()} if isinstance(v, dt.date) else v for v in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(tagged)).rstrip(b"=").decode()


def _decode(token: str, length: int) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(values, list) or len(values) != length:
            raise ValueError
        return [
            (dt.datetime.fromisoformat(v["t"]) if "t" in v else dt.date.fromisoformat(v["d"])) if isinstance(v, dict) else v for v in values
        ]
    except (ValueError, KeyError, TypeError):
        raise _bad_token() from None
