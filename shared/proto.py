"""Rows to messages and back, by the names they share.

`to_proto(Appointment, row)` fills every field whose column the row has: same name, except that a Money field `x` comes
from `x_cents`, `create_time` and `update_time` from `created_at` and `updated_at`, enums from their short lower name
("booked"), dates from DATE columns, nested messages from jsonb. Keyword arguments win over the row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
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
    """Builds a message from a row (or any mapping with attribute `keys`)."""
    return _maker(kind, tuple(row.keys()), tuple(overrides))(row, overrides)


@cache
def _maker(kind: type[Message], columns: tuple[str, ...], overrides: tuple[str, ...]) -> Callable[[Any, Any], Any]:
    """The function for one message and one shape of row: Python source with a keyword a field, made once.

    A list of 50 is 50 of these; a loop over the fields takes twice as long.
    """
    names: dict[str, Any] = {"kind": kind, "text": _text, "in_currency": _in_currency}
    arguments = []
    for field in kind.DESCRIPTOR.fields:
        column = _COLUMNS.get(field.name, field.name)
        if field.message_type is Money.DESCRIPTOR and not field.is_repeated:
            column = f"{field.name}_cents"
        if column not in columns or field.name in overrides:
            continue
        value, convert = f"r[{column!r}]", _converter(field)
        if convert is _text:
            value = f"x if (x := {value}).__class__ is str else text(x)"
        elif convert is not None:
            names[f"to_{field.name}"] = convert
            value = f"None if (x := {value}) is None else to_{field.name}(x)"
        arguments.append(f"{field.name}={value}")
    made = f"kind({', '.join([*arguments, '**o'])})"
    if "currency_code" in columns:
        made = f"in_currency({made}, r['currency_code'])"
    exec(f"def make(r, o): return {made}", names)  # noqa: S102 - source made of our own descriptors and columns
    maker: Callable[[Any, Any], Any] = names["make"]
    return maker


def _in_currency(message: M, currency: str | None) -> M:
    """The message with every Money in the row's currency."""
    if currency and currency != "USD":
        for field in message.DESCRIPTOR.fields:
            if field.message_type is Money.DESCRIPTOR and not field.is_repeated and message.HasField(field.name):
                getattr(message, field.name).currency_code = currency
    return message


def _converter(field: FieldDescriptor) -> Callable[[Any], Any] | None:
    if field.enum_type is not None:
        numbers = enum_numbers(field.enum_type)
        return (lambda names: [numbers[n] for n in names]) if field.is_repeated else numbers.__getitem__
    if field.message_type is not None:
        if field.message_type is Timestamp.DESCRIPTOR:
            return timestamp
        if field.message_type is Money.DESCRIPTOR and not field.is_repeated:
            return money
        nested = GetMessageClass(field.message_type)
        return (lambda items: [nested(**i) for i in items]) if field.is_repeated else (lambda item: nested(**item))
    if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
        return _text
    return None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
