"""Proto → JSON: one encoder per message type, Python source made from the descriptor (0.3 µs a field).

JSON is snake_case. Times are RFC 3339 in UTC, 64-bit integers are numbers, an enum value is its short lower name
(`APPOINTMENT_STATE_BOOKED` is "booked"), money always names its currency. What is not set is null; a list never is.
`orjson.dumps(…, option=OPTIONS)` ends the encoder's work: it writes the times. The way back is decode.py.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

Encoder = Callable[[Any], dict[str, Any]]

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

MONEY = "archwire.common.v1.Money"
TIMESTAMP = "google.protobuf.Timestamp"
STRUCT = "google.protobuf.Struct"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC: orjson writes it with a Z

_encoders: dict[str, Any] = {
    "EPOCH": EPOCH,
    "delta": timedelta,
    "struct": MessageToDict,
    "b64": lambda value: b64encode(value).decode(),
}


def short_names(enum: EnumDescriptor) -> dict[int, str | None]:
    """The JSON names of an enum's numbers; the unspecified value is None.

    `APPOINTMENT_STATE_UNSPECIFIED` says what the prefix is; an enum without such a value keeps its names whole.
    """
    zero = enum.values_by_number[0].name
    prefix = zero.removesuffix("UNSPECIFIED") if zero.endswith("_UNSPECIFIED") else ""
    names: dict[int, str | None] = {v.number: v.name.removeprefix(prefix).lower() for v in enum.values}
    return {**names, 0: None} if prefix else names


class _Names(dict[int, "str | None"]):
    """Number → name; a number of a newer server than this gateway gets a name that says so."""

    def __missing__(self, number: int) -> str:
        return f"unknown_{number}"


def encoder(message: Descriptor) -> Encoder:
    """The function that turns a message of this type into what orjson writes; made once per type."""
    name = "encode_" + message.full_name.replace(".", "_")
    if name not in _encoders:
        _encoders[name] = None  # a recursive type finds its own name taken
        body = "".join(f"  {f.name!r}: {_expression(f)},\n" for f in message.fields)
        exec(f"def {name}(m):\n return {{\n{body} }}", _encoders)  # noqa: S102 - source made of our own descriptors
    return _encoders[name] or (lambda m: _encoders[name](m))


def _expression(field: FieldDescriptor) -> str:
    """Python source that reads one field of `m`."""
    value = f"m.{field.name}"
    if is_map(field):
        item = field.message_type.fields_by_name["value"]
        return f"{{k: {_one(item, 'v')} for k, v in {value}.items()}}"
    if field.is_repeated:
        one = _one(field, "x")
        return f"list({value})" if one == "x" else f"[{one} for x in {value}]"
    if field.message_type is not None:
        return f"{_one(field, 'x')} if m.HasField({field.name!r}) and (x := {value}) is not None else None"
    one = _one(field, value)
    return f"{one} if m.HasField({field.name!r}) else None" if field.has_presence else one


def _one(field: FieldDescriptor, x: str) -> str:
    """Python source of one value of the field, given the source of the value."""
    if field.enum_type is not None:
        table = "enum_" + field.enum_type.full_name.replace(".", "_")
        _encoders.setdefault(table, _Names(short_names(field.enum_type)))
        return f"{table}[{x}]"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return f"b64({x})"
    if field.message_type is None:
        return x
    kind = field.message_type.full_name
    if kind == TIMESTAMP:
        return f"EPOCH + delta(0, {x}.seconds, {x}.nanos // 1000)"
    if kind == MONEY:
        return f'{{"amount_cents": {x}.amount_cents, "currency_code": {x}.currency_code or "USD"}}'
    if kind == STRUCT:
        return f"struct({x})"
    if kind.startswith("google."):
        raise TypeError(f"{field.full_name}: JSON has no form for {kind} here")
    encoder(field.message_type)
    return f"encode_{kind.replace('.', '_')}({x})"


def is_map(field: FieldDescriptor) -> bool:
    """True for `map<…>` fields."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def to_json(message: Message) -> bytes:
    """The message as JSON."""
    return orjson.dumps(encoder(message.DESCRIPTOR)(message), option=OPTIONS)
