"""JSON → proto: one table of setters per message type, made from the descriptor.

The decoder refuses what the caller may not or cannot mean: unknown fields, wrong types, fields that the server sets.
What values are good is not its business: the service checks the rules of the proto. The forms are as in transcode.py.
"""

from __future__ import annotations

import binascii
import math
import re
from base64 import b64decode
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from typing import Any

from archwire.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.transcode import EPOCH, STRUCT, TIMESTAMP, is_map, short_names
from shared.errors import Invalid

Reader = Callable[[Any, str], Any]  # (JSON value, path) -> what the field is set to; raises Invalid
Setter = Callable[[Any, Any, str], None]  # (message, JSON value, path)


INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
EXACT = 2**53  # up to here every whole number has a float of its own
FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
AWARE_EPOCH = EPOCH.replace(tzinfo=UTC)
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # years 1 to 9999, as google.protobuf.Timestamp
MAX_DEPTH = (
    24  # of messages, and of a Struct; protobuf's own limit is 100 messages, and a Struct has three for each level
)

_decoders: dict[str, dict[str, Setter]] = {}


def wrong_type(path: str, expected: str) -> Invalid:
    """The error for a value of the wrong JSON type."""
    return Invalid("WRONG_TYPE", f"must be {expected}", field=path, rule=expected)


def _too_deep(path: str) -> Invalid:
    return Invalid("TOO_DEEP", f"may nest {MAX_DEPTH} levels", field=path[:200])


def decode(message: Message, value: Any, path: str = "", *, without: Container[str] = ()) -> None:
    """Sets the fields of `message` from a JSON object. Fields named in `without` come from elsewhere: unknown here.

    Raises Invalid with the path of the field: UNKNOWN_FIELD, WRONG_TYPE, OUT_OF_RANGE, UNKNOWN_VALUE, BAD_TIMESTAMP,
    BAD_TEXT, OUTPUT_ONLY, ONE_OF or TOO_DEEP.
    """
    if type(value) is not dict:
        raise wrong_type(path, "an object")
    if path.count(".") > MAX_DEPTH:
        raise _too_deep(path)
    setters = _setters(message.DESCRIPTOR)
    prefix = path + "." if path else ""
    for name, item in value.items():
        setter = None if name in without else setters.get(name)
        if setter is None:
            raise Invalid("UNKNOWN_FIELD", "there is no such field", field=(prefix + name)[:200])
        setter(message, item, prefix + name)


def decode_texts(message: Message, name: str, texts: Sequence[str]) -> None:
    """Sets one field from the texts of a path or query parameter: several only for a repeated field."""
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        raise Invalid("UNKNOWN_FIELD", "there is no such parameter", field=name[:200])
    values = [_from_text(field, text) for text in texts]
    if not field.is_repeated and len(values) > 1:
        raise Invalid("DUPLICATE_PARAMETER", "may be given once", field=name)
    _setters(message.DESCRIPTOR)[name](message, values if field.is_repeated else values[0], name)


def _from_text(field: FieldDescriptor, text: str) -> Any:
    """The JSON value that a parameter's text means; the text itself when it means none, which the reader refuses."""
    if field.cpp_type in INTEGERS and re.fullmatch(r"-?\d{1,19}", text, re.ASCII):
        return int(text)
    if field.cpp_type in FLOATS and re.fullmatch(r"-?\d{1,19}(\.\d{1,19})?", text, re.ASCII):
        return float(text)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL and text in ("true", "false"):
        return text == "true"
    return text


def is_plain(field: FieldDescriptor) -> bool:
    """True if a path or query parameter can carry the field."""
    return field.message_type is None or field.message_type.full_name == TIMESTAMP


def is_output_only(field: FieldDescriptor) -> bool:
    """True for fields that only the server sets."""
    return field.GetOptions().Extensions[options_pb2.output_only]


def nullable(field: FieldDescriptor) -> bool:
    """True if JSON may say null for the field: it has no value."""
    if field.is_repeated:
        return False
    return field.has_presence or (field.enum_type is not None and None in short_names(field.enum_type).values())


def _setters(message: Descriptor) -> dict[str, Setter]:
    if message.full_name not in _decoders:
        _decoders[message.full_name] = {f.name: _setter(f) for f in message.fields}
    return _decoders[message.full_name]


def _setter(field: FieldDescriptor) -> Setter:
    """The function that sets one field of a message from a JSON value."""
    name = field.name
    put = _map_setter(field) if is_map(field) else _list_setter(field) if field.is_repeated else _one_setter(field)
    if is_output_only(field):

        def refuse(message: Any, value: Any, path: str) -> None:
            raise Invalid("OUTPUT_ONLY", "is set by the server", field=path)

        return refuse
    if not nullable(field):
        return put
    group = field.containing_oneof.name if field.containing_oneof else None

    def set_unless_null(message: Any, value: Any, path: str) -> None:
        if value is None:
            return
        if group and message.WhichOneof(group) not in (None, name):
            raise Invalid("ONE_OF", f"excludes {message.WhichOneof(group)}", field=path)
        put(message, value, path)

    return set_unless_null


def _one_setter(field: FieldDescriptor) -> Setter:
    name = field.name
    if field.message_type is None:
        read = _reader(field)
        return lambda message, value, path: setattr(message, name, read(value, path))
    merge = _merger(field.message_type)

    def set_message(message: Any, value: Any, path: str) -> None:
        child = getattr(message, name)
        child.SetInParent()
        merge(child, value, path)

    return set_message


def _list_setter(field: FieldDescriptor) -> Setter:
    name = field.name
    read = None if field.message_type else _reader(field)
    merge = _merger(field.message_type) if field.message_type else None

    def set_list(message: Any, value: Any, path: str) -> None:
        if type(value) is not list:
            raise wrong_type(path, "a list")
        items = getattr(message, name)
        for i, item in enumerate(value):
            if merge:
                merge(items.add(), item, f"{path}[{i}]")
            else:
                items.append(read(item, f"{path}[{i}]"))  # type: ignore[misc]

    return set_list


def _map_setter(field: FieldDescriptor) -> Setter:
    name, key, item = field.name, *(field.message_type.fields_by_name[n] for n in ("key", "value"))
    if key.type != FieldDescriptor.TYPE_STRING:
        raise TypeError(f"{field.full_name}: JSON has only strings as keys")
    read_key = _reader(key)
    read = None if item.message_type else _reader(item)
    merge = _merger(item.message_type) if item.message_type else None

    def set_map(message: Any, value: Any, path: str) -> None:
        if type(value) is not dict:
            raise wrong_type(path, "an object")
        entries = getattr(message, name)
        for k, v in value.items():
            where = f"{path}.{read_key(k, path)[:40]}"
            if merge:
                merge(entries[k], v, where)
            else:
                entries[k] = read(v, where)  # type: ignore[misc]

    return set_map


def _merger(message: Descriptor) -> Setter:
    """The function that fills a message of this type from a JSON value."""
    if message.full_name == TIMESTAMP:
        return _merge_timestamp
    if message.full_name == STRUCT:
        return _merge_struct
    if message.full_name.startswith("google."):
        raise TypeError(f"JSON has no form for {message.full_name} here")
    return lambda child, value, path: decode(child, value, path)


def _merge_timestamp(child: Any, value: Any, path: str) -> None:
    if type(value) is not str:
        raise wrong_type(path, "an RFC 3339 time")
    match = RFC_3339.fullmatch(value)
    try:
        since = datetime.fromisoformat(value.upper()) - AWARE_EPOCH if match else None
    except ValueError:
        since = None
    if match is None or since is None:
        raise Invalid("BAD_TIMESTAMP", "must be a time such as 2027-03-01T15:30:00Z", field=path)
    seconds = since.days * 86_400 + since.seconds
    if not FIRST_SECOND <= seconds <= LAST_SECOND:
        raise Invalid("BAD_TIMESTAMP", "must be in the years 1 to 9999", field=path)
    child.seconds, child.nanos = seconds, int(match[1].ljust(9, "0")) if match[1] else 0


def _merge_struct(child: Any, value: Any, path: str) -> None:
    if type(value) is not dict:
        raise wrong_type(path, "an object")
    if _deeper_than(value, MAX_DEPTH):
        raise _too_deep(path)
    child.update(value)


def _deeper_than(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (levels == 0 or any(_deeper_than(v, levels - 1) for v in value))


def _reader(field: FieldDescriptor) -> Reader:
    """The function that checks one scalar or enum value."""
    if field.enum_type is not None:
        return _enum_reader(field.enum_type)
    if field.cpp_type in INTEGERS:
        return _integer_reader(*INTEGERS[field.cpp_type])
    if field.cpp_type in FLOATS:
        return _read_float
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _read_bool
    return _read_bytes if field.type == FieldDescriptor.TYPE_BYTES else _read_text


def _enum_reader(enum: EnumDescriptor) -> Reader:
    numbers = {name: number for number, name in short_names(enum).items() if name is not None}

    def read(value: Any, path: str) -> int:
        if type(value) is not str:
            raise wrong_type(path, "a string")
        if value not in numbers:
            raise Invalid("UNKNOWN_VALUE", "must be one of " + ", ".join(numbers), field=path)
        return numbers[value]

    return read


def _integer_reader(least: int, most: int) -> Reader:
    def read(value: Any, path: str) -> int:
        if type(value) is float and value.is_integer() and abs(value) <= EXACT:
            value = int(value)  # JSON has one kind of number: 30.0 is 30
        if type(value) is not int:
            raise wrong_type(path, "an integer")
        if not least <= value <= most:
            raise Invalid("OUT_OF_RANGE", f"must be between {least} and {most}", field=path)
        return value

    return read


def _read_float(value: Any, path: str) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise wrong_type(path, "a number")
    return float(value)


def _read_bool(value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise wrong_type(path, "true or false")
    return value


def _read_text(value: Any, path: str) -> str:
    if type(value) is not str:
        raise wrong_type(path, "a string")
    if "\0" in value:
        raise Invalid("BAD_TEXT", "may not hold the character U+0000", field=path)
    return value


def _read_bytes(value: Any, path: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise wrong_type(path, "base64 text") from None
