"""Rows to messages and back, by the names they share.

`to_proto(Appointment, row)` fills every field whose column the row has: same name, except that a Money field `x` comes
from `x_cents`, `create_time` and `update_time` from `created_at` and `updated_at`, enums from their short lower name
("booked"), dates from DATE columns, nested messages from jsonb. Keyword arguments win over the row. `to_protos` makes
the items of a list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from archwire.common.v1.money_pb2 import Money
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from shared.errors import Invalid

M = TypeVar("M", bound=Message)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_COLUMNS = {"create_time": "created_at", "update_time": "updated_at"}


def timestamp(moment: dt.datetime) -> Timestamp:
    """An aware datetime as a Timestamp."""
    since = moment - EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


def from_timestamp(value: Timestamp) -> dt.datetime:
    """A Timestamp as an aware UTC datetime, cut to microseconds. Raises Invalid outside the years 1 to 9999."""
    try:
        return EPOCH + dt.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    except OverflowError:
        raise Invalid("OUT_OF_RANGE", "the time is outside the calendar") from None


def money(cents: int, currency: str = "USD") -> Money:
    """Cents as Money."""
    return Money(amount_cents=cents, currency_code=currency)


def from_date(text: str, field: str | None = None) -> dt.date:
    """A YYYY-MM-DD text as a date. Raises Invalid when there is no such day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid("BAD_DATE", "there is no such date: YYYY-MM-DD", field=field) from None


@cache
def _prefix(descriptor: EnumDescriptor) -> str:
    """The prefix of an enum's values: APPOINTMENT_STATE_ of AppointmentState."""
    name = descriptor.name
    upper = (
        "".join(("_" + c if c.isupper() and i and not name[i - 1].isupper() else c) for i, c in enumerate(name)).upper()
        + "_"
    )
    zero = descriptor.values_by_number[0].name
    return zero.removesuffix("UNSPECIFIED") if zero.endswith("_UNSPECIFIED") else upper


@cache
def enum_names(descriptor: EnumDescriptor) -> dict[int, str]:
    """Number to short lower name; the unspecified value is the empty text."""
    prefix = _prefix(descriptor)
    return {v.number: v.name.removeprefix(prefix).lower() if v.number else "" for v in descriptor.values}


@cache
def enum_numbers(descriptor: EnumDescriptor) -> dict[str, int]:
    """Short lower name to number."""
    return {name: number for number, name in enum_names(descriptor).items()}


def enum_name(enum: Any, number: int) -> str:
    """The short lower name of an enum's value: enum_name(AppointmentState, 1) == "booked"."""
    return enum_names(enum.DESCRIPTOR)[number]


def enum_value(enum: Any, name: str) -> int:
    """The number of a short lower name; 0 for the empty text."""
    return enum_numbers(enum.DESCRIPTOR)[name]


def to_proto(kind: type[M], row: Any, **overrides: Any) -> M:
    """Builds a message from a row (or any mapping). An override that is a message class is filled from the same row."""
    own, given = _split(overrides)
    message = kind(**_maker(kind, tuple(row.keys()), own, tuple(given))(row), **given)
    if given and "currency_code" in row.keys():  # noqa: SIM118 - a row's `in` is about values
        _in_currency(message, row["currency_code"])
    return message


def to_protos(kind: type[Message], rows: Sequence[Any], **own: type[Message]) -> list[Any]:
    """The rows of one statement, for a repeated field of `kind`: `leads=to_protos(Lead, rows, contact=LeadContact)`.

    They are dictionaries, from which the field makes its messages in place: a message made elsewhere would be copied
    into it by way of its bytes.
    """
    if not rows:
        return []
    make = _maker(kind, tuple(rows[0].keys()), tuple(own.items()), ())
    return [make(row) for row in rows]


def _split(overrides: dict[str, Any]) -> tuple[tuple[tuple[str, type[Message]], ...], dict[str, Any]]:
    """Message classes, to be filled from the row, and values."""
    if not any(isinstance(value, type) for value in overrides.values()):
        return (), overrides
    own = tuple((name, value) for name, value in overrides.items() if isinstance(value, type))
    return own, {name: value for name, value in overrides.items() if not isinstance(value, type)}


@cache
def _maker(
    kind: type[Message], columns: tuple[str, ...], own: tuple[tuple[str, type[Message]], ...], given: tuple[str, ...]
) -> Callable[[Any], dict[str, Any]]:
    """The function from one shape of row to the fields of one message: Python source, made once.

    A list of 50 is 50 of these: it takes the row apart at once, and times, money and nested messages are dictionaries
    too, which cost a third of what messages do.
    """
    names: dict[str, Any] = {"text": _text, "date": dt.date, "EPOCH": EPOCH}
    place = {column: f"c{i}" for i, column in enumerate(columns)}
    made = _source(kind, place, dict(own), given, names)
    taken = "".join(f"c{i}, " for i in range(len(columns)))
    exec(f"def make(r):\n {taken}= r.values()\n return {made}", names)  # noqa: S102 - source of our own descriptors
    maker: Callable[[Any], dict[str, Any]] = names["make"]
    return maker


def _source(
    kind: type[Message],
    place: dict[str, str],
    own: dict[str, type[Message]],
    given: Sequence[str],
    names: dict[str, Any],
) -> str:
    """Python source of the dictionary of a message's fields, given the names that hold the row's columns."""
    parts = []
    for field in kind.DESCRIPTOR.fields:
        if field.name in given:
            continue
        if field.name in own:
            parts.append(f"{field.name!r}: {_source(own[field.name], place, {}, (), names)}")
            continue
        column = _COLUMNS.get(field.name, field.name)
        if field.message_type is Money.DESCRIPTOR and not field.is_repeated:
            column = f"{field.name}_cents"
        if column in place:
            parts.append(f"{field.name!r}: {_value(field, place[column], place.get('currency_code', ''), names)}")
    return "{" + ", ".join(parts) + "}"


def _value(field: FieldDescriptor, x: str, currency: str, names: dict[str, Any]) -> str:
    """Python source of one field's value, given the name that holds its column."""
    if field.enum_type is not None:
        table = f"enum_{field.enum_type.full_name.replace('.', '_')}"
        names[table] = enum_numbers(field.enum_type)
        made = f"[{table}[n] for n in {x}]" if field.is_repeated else f"{table}[{x}]"
    elif field.message_type is Timestamp.DESCRIPTOR and not field.is_repeated:
        made = f"{{'seconds': (s := {x} - EPOCH).days * 86_400 + s.seconds, 'nanos': s.microseconds * 1000}}"
    elif field.message_type is Money.DESCRIPTOR and not field.is_repeated:
        made = f"{{'amount_cents': {x}, 'currency_code': {f'{currency} or ' if currency else ''}'USD'}}"
    elif field.message_type is not None and not field.is_repeated:
        table = f"empty_{field.message_type.full_name.replace('.', '_')}"
        names[table] = GetMessageClass(field.message_type)
        made = f"{x} or {table}()"  # an empty dictionary would leave the field unset
    elif field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
        return f"{x} if {x}.__class__ is str else {x}.isoformat() if {x}.__class__ is date else text({x})"
    else:
        return x
    return f"None if {x} is None else {made}"


def _in_currency(message: Message, currency: str | None) -> None:
    """Gives every Money of a message the row's currency, whoever set it."""
    if currency and currency != "USD":
        for field in message.DESCRIPTOR.fields:
            if field.message_type is Money.DESCRIPTOR and not field.is_repeated and message.HasField(field.name):
                getattr(message, field.name).currency_code = currency


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
