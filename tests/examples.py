"""Valid requests made from the protos: every field has a value that its rules accept, and ids come from the caller.

`example(descriptor, ids)` is JSON as the gateway takes it; `ids("patient_id")` answers with an id for a field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from archwire.common.v1 import options_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.transcode import MONEY, TIMESTAMP, short_names

Ids = Callable[[str], str]

# The first that a pattern and the limits of length accept is taken.
TEXTS = (
    "Example",
    "example",
    "2026-12-01",
    "+16175550123",
    "https://example.org/x",
    "1234567893",
    "123456789",
    "123456",
    "12345",
    "12",
    "a" * 64,
    "MA",
    "USD",
    "D8080",
    "en",
    "tok_sandbox_visa",
    "contract.signed",
)
# Where a rule over several fields, or a table of known words, wants something in particular.
BY_NAME: dict[str, str] = {
    "time_zone": "America/New_York",
    "email": "example@example.org",
    "role": "front_desk",
    "carrier": "UPS",
    "purpose": "presentation",
}
# Fields that a rule over the whole message forbids beside the others.
WITHOUT = {"GetContactRequest": {"party_id", "staff_id"}, "Grant": {"all_locations", "region_id"}}


def example(message: Descriptor, ids: Ids, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """A valid request, every settable field filled; `without` names what goes into path and headers."""
    return {
        field.name: _value(field, ids, (message.full_name,))
        for field in message.fields
        if field.name not in without and _settable(field, message)
    }


def _settable(field: FieldDescriptor, message: Descriptor) -> bool:
    options = field.GetOptions()
    return (
        not options.Extensions[options_pb2.output_only]
        and field.name not in WITHOUT.get(message.name, ())
        and field.type != FieldDescriptor.TYPE_BOOL
        and field.name not in ("page_token", "page_size")
    )


def _value(field: FieldDescriptor, ids: Ids, within: tuple[str, ...]) -> Any:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.is_repeated:
        return [_one(field, rules.repeated.items, ids, within)] if not _recursive(field, within) else []
    return _one(field, rules, ids, within)


def _recursive(field: FieldDescriptor, within: tuple[str, ...]) -> bool:
    return field.message_type is not None and field.message_type.full_name in within


def _one(field: FieldDescriptor, rules: Any, ids: Ids, within: tuple[str, ...]) -> Any:
    kind = field.message_type
    if kind is not None:
        if kind.full_name == MONEY:
            return {"amount_cents": 100_00, "currency_code": "USD"}
        if kind.full_name == TIMESTAMP:
            return "2026-12-01T15:00:00Z"
        if kind.full_name.startswith("google.protobuf."):
            return {}
        inner = (*within, kind.full_name)
        return {f.name: _value(f, ids, inner) for f in kind.fields if _settable(f, kind) and not _recursive(f, inner)}
    if field.enum_type is not None:
        allowed = getattr(rules.enum, "in") or short_names(field.enum_type)
        names = short_names(field.enum_type)
        return next(names[number] for number in allowed if names[number] and number not in rules.enum.not_in)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(field, rules.string, ids)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "AAAA"
    return _number(rules.int64 if rules.HasField("int64") else rules.int32)


def _text(field: FieldDescriptor, rules: Any, ids: Ids) -> str:
    if rules.uuid or (field.name.endswith(("_id", "_ids")) and not rules.pattern):
        return ids(field.name)
    if known := getattr(rules, "in"):
        return str(known[0])
    if field.name in BY_NAME:
        return BY_NAME[field.name]
    if rules.email:
        return BY_NAME["email"]
    pattern = re.compile(rules.pattern)
    longest = rules.max_len or 1000
    for text in TEXTS:
        if pattern.search(text) and rules.min_len <= len(text) <= longest:
            return text
    return ("x" * rules.min_len) if not rules.pattern else ""


def _number(rules: Any) -> int:
    least = max(rules.gte if rules.HasField("gte") else 0, rules.gt + 1 if rules.HasField("gt") else 0, 1)
    most = rules.lte if rules.HasField("lte") else rules.lt - 1 if rules.HasField("lt") else least
    return min(least, max(most, 0)) if most >= 0 else least
