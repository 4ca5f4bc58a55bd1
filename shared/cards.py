"""Card numbers have no place in this platform: the processor's own form takes them, and we keep its token.

People type them into notes all the same. Every free text of a request is looked at before anything is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

_BETWEEN = r"[\s._\u200b\u00ad\u2010-\u2015\u2212-]{0,3}"
_RUN = re.compile(rf"\d(?:{_BETWEEN}\d){{12,}}")  # 13 digits or more, however they are spaced
_ISSUERS = re.compile(r"4|5[0-8]|3|6|2(?:2[2-9]|[3-6]|7[01]|720)")  # how the numbers of card schemes begin
_SHORTEST, _LONGEST = 13, 19
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # the sum of the digits of twice a digit

# Text that is digits by nature, or a secret that nobody reads.
_NOT_PROSE = re.compile(r".*(?:_number|_token|password)|token|secret|code|ip|user_agent|x12")


def has_card_number(text: str) -> bool:
    """True if a text holds 13 to 19 digits that begin and check (Luhn) as a card number does, spaced in any usual way."""
    if len(text) < _SHORTEST:
        return False
    return any(_holds_card(re.findall(r"\d+", run[0])) for run in _RUN.finditer(text))


def _holds_card(groups: list[str]) -> bool:
    """True if some neighbouring groups are one card's: fours, as embossed, or all alike. 617-555-0100 is a telephone."""
    for first, size in enumerate(map(len, groups)):
        digits, fours, alike = "", True, size <= 2  # of the groups before the last
        for group in groups[first : first + _LONGEST]:
            digits += group
            if len(digits) > _LONGEST or not (fours or alike):
                break
            if len(digits) >= _SHORTEST and _is_card(digits):
                return True
            fours, alike = fours and len(group) >= 4, alike and len(group) == size
    return False


def _is_card(digits: str) -> bool:
    plain = _plain(digits)
    return bool(_ISSUERS.match(plain)) and _luhn(plain)


def _plain(digits: str) -> str:
    """The digits as 0 to 9, whatever script they were typed in."""
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def _luhn(digits: str) -> bool:
    values = [int(digit) for digit in digits]
    return (sum(values[-1::-2]) + sum(_DOUBLED[value] for value in values[-2::-2])) % 10 == 0


def field_with_card_number(message: Message) -> str | None:
    """The path of the first free text of a message that holds a card number, or None."""
    for look in _looks(message.DESCRIPTOR):
        if found := look(message):
            return found
    return None


@cache
def _looks(descriptor: Descriptor) -> tuple[Callable[[Any], str | None], ...]:
    return tuple(_look(field) for field in descriptor.fields if _is_prose(field) or _has_prose(field, frozenset()))


def _look(field: FieldDescriptor) -> Callable[[Any], str | None]:
    name = field.name
    find: Callable[[Any], str | None]
    if field.message_type is None:
        find = lambda text: "" if has_card_number(text) else None  # noqa: E731
    else:
        find = field_with_card_number

    def one(message: Any) -> str | None:
        if field.message_type is not None and not message.HasField(name):
            return None
        inside = find(getattr(message, name))
        return None if inside is None else f"{name}.{inside}".rstrip(".")

    def several(message: Any) -> str | None:
        for i, item in enumerate(getattr(message, name)):
            if (inside := find(item)) is not None:
                return f"{name}[{i}].{inside}".rstrip(".")
        return None

    return several if field.is_repeated else one


def _has_prose(field: FieldDescriptor, seen: frozenset[str]) -> bool:
    kind = field.message_type
    if kind is None or kind.full_name in seen or kind.full_name.startswith("google.") or kind.GetOptions().map_entry:
        return False
    return any(_is_prose(inner) or _has_prose(inner, seen | {kind.full_name}) for inner in kind.fields)


def _is_prose(field: FieldDescriptor) -> bool:
    """A text in which people write what they like: without a form that its rules prescribe."""
    if field.type != FieldDescriptor.TYPE_STRING or _NOT_PROSE.fullmatch(field.name):
        return False
    rules: Any = field.GetOptions().Extensions[validate_pb2.field]  # type: ignore[index]
    text = rules.repeated.items.string if field.is_repeated else rules.string
    return not (text.WhichOneof("well_known") or text.pattern or getattr(text, "in"))
