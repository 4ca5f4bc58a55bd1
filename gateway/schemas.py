"""JSON Schemas of messages, from their descriptors: what answers look like, and what requests must look like.

Answers hold every field. Requests lack what the server sets, and carry the rules of protovalidate; a message that
occurs in both has two schemas, the second named …Input. Comments of the protos are the descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any

import protovalidate
from archwire.common.v1 import options_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.protobuf.message_factory import GetMessageClass

from gateway.decode import INTEGERS, is_output_only, nullable
from gateway.transcode import STRUCT, TIMESTAMP, is_map, short_names

Schema = dict[str, Any]
Rules = Any  # buf.validate.FieldRules

UUID = "0198c0de-7a11-7c0d-9e3f-5b1f0a2c4d6e"
# Tried in turn where a text has a pattern.
SAMPLES = (
    "2027-03-01",
    "+16175550123",
    "MA",
    "021390000",
    "02139",
    "USD",
    "123456",
    "exam",
    "08:30",
    "D8080",
    "a",
    "12",
    "A1",
)


def name_of(descriptor: Descriptor | EnumDescriptor) -> str:
    """`archwire.scheduling.v1.Appointment` is "scheduling.Appointment" in the document."""
    return descriptor.full_name.removeprefix("archwire.").replace(".v1.", ".")


@lru_cache(maxsize=1)
def own_files() -> tuple[FileDescriptorProto, ...]:
    """Every proto file of Archwire with its comments."""
    image = FileDescriptorSet.FromString(files("archwire").joinpath("descriptors.binpb").read_bytes())
    return tuple(file for file in image.file if file.package.startswith("archwire."))


def comments(protos: Iterable[FileDescriptorProto]) -> dict[str, str]:
    """The comment above each service, RPC, message, field, enum and value, by full name."""
    found: dict[str, str] = {}
    for file in protos:
        texts = {
            tuple(place.path): place.leading_comments
            for place in file.source_code_info.location
            if place.leading_comments
        }

        def walk(path: tuple[int, ...], item: Any, scope: str, children: dict[str, int], texts: Any = texts) -> None:
            name = f"{scope}.{item.name}"
            found[name] = _paragraphs(texts.get(path, ""))
            for attribute, number in children.items():
                deeper = MESSAGE if attribute == "nested_type" else ENUM if attribute == "enum_type" else {}
                for i, child in enumerate(getattr(item, attribute)):
                    walk((*path, number, i), child, name, deeper)

        for attribute, number, children in (
            ("message_type", 4, MESSAGE),
            ("enum_type", 5, ENUM),
            ("service", 6, {"method": 2}),
        ):
            for i, item in enumerate(getattr(file, attribute)):
                walk((number, i), item, file.package, children)
    return found


MESSAGE = {"field": 2, "nested_type": 3, "enum_type": 4}  # field numbers of DescriptorProto
ENUM = {"value": 2}


def _paragraphs(comment: str) -> str:
    """A comment's lines joined; an empty line ends a paragraph."""
    blocks = re.split(r"\n\s*\n", comment.strip())
    return "\n\n".join(" ".join(line.strip() for line in block.splitlines()) for block in blocks)


@lru_cache(maxsize=4096)
def required(message: Descriptor) -> frozenset[str]:
    """The fields without which a request is refused: those whose rules an empty message breaks."""
    broken = protovalidate.collect_violations(GetMessageClass(message)())
    paths = [v.proto.field.elements for v in broken if v.proto.field is not None]
    return frozenset(path[0].field_name for path in paths if len(path) == 1)


class Schemas:
    """The schemas that a document uses, by name, made when first asked for."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.components: dict[str, Schema] = {}

    def output(self, message: Descriptor) -> Schema:
        """A reference to the schema of a message in an answer."""
        name = name_of(message)
        if name not in self.components:
            self.components[name] = {}  # a recursive message refers to itself
            fields = message.fields
            self.components[name] = {
                "type": "object",
                "description": self.texts.get(message.full_name, ""),
                "properties": {f.name: self._described(f, self._field(f, given=False)) for f in fields},
                "required": [f.name for f in fields],
            }
        return {"$ref": f"#/components/schemas/{name}"}

    def input(self, message: Descriptor, without: Container[str] = (), *, top: bool = False) -> Schema:
        """A reference to the schema of a message in a request; `without` the fields that come from elsewhere."""
        name = name_of(message) + ("" if top else "Input")
        if name not in self.components:
            self.components[name] = {}
            needed = required(message)
            fields = [f for f in message.fields if f.name not in without and not is_output_only(f)]
            self.components[name] = {
                "type": "object",
                "description": self.texts.get(message.full_name, ""),
                "properties": {f.name: self._described(f, self._field(f, given=True)) for f in fields},
                "required": [f.name for f in fields if f.name in needed],
                "additionalProperties": False,
            }
        return {"$ref": f"#/components/schemas/{name}"}

    def parameter(self, field: FieldDescriptor) -> Schema:
        """The schema of a field in a path or query."""
        schema = self._many(field, given=True) if field.is_repeated else self._one(field, _rules(field), given=True)
        return {**schema, "examples": [example(field, self.texts.get(field.full_name, ""))]}

    def enum(self, enum: EnumDescriptor) -> Schema:
        """A reference to the schema of an enum, whose description lists the meanings."""
        name = name_of(enum)
        if name not in self.components:
            values = [(short, enum.values_by_number[n].name) for n, short in short_names(enum).items() if short]
            scope = enum.full_name
            meanings = "\n".join(f"- `{short}`: {self.texts.get(f'{scope}.{full}', '')}" for short, full in values)
            self.components[name] = {
                "type": "string",
                "enum": [short for short, _ in values],
                "description": f"{self.texts.get(scope, '')}\n\n{meanings}",
            }
        return {"$ref": f"#/components/schemas/{name}"}

    def _described(self, field: FieldDescriptor, schema: Schema) -> Schema:
        texts = [self.texts.get(field.full_name, "")] + [_told(rule) for rule in _rules(field).cel]
        extra: Schema = {"description": " ".join(filter(None, texts))}
        if field.GetOptions().Extensions[options_pb2.sensitive]:
            extra["x-sensitive"] = True
        if is_output_only(field):
            extra["readOnly"] = True
        if field.message_type is None:
            extra["examples"] = [example(field, self.texts.get(field.full_name, ""))]
        return {**schema, **extra}

    def _field(self, field: FieldDescriptor, *, given: bool) -> Schema:
        if is_map(field):
            item = field.message_type.fields_by_name["value"]
            return {"type": "object", "additionalProperties": self._one(item, _rules(field).map.values, given=given)}
        if field.is_repeated:
            return self._many(field, given=given)
        schema = self._one(field, _rules(field), given=given)
        if not nullable(field) or (given and field.name in required(field.containing_type)):
            return schema
        return (
            {"type": [schema["type"], "null"], **_rest(schema)}
            if "type" in schema
            else {"anyOf": [schema, {"type": "null"}]}
        )

    def _many(self, field: FieldDescriptor, *, given: bool) -> Schema:
        rules = _rules(field).repeated
        schema: Schema = {"type": "array", "items": self._one(field, rules.items, given=given)}
        if given:
            _copy(schema, rules, min_items="minItems", max_items="maxItems", unique="uniqueItems")
        return schema

    def _one(self, field: FieldDescriptor, rules: Rules, *, given: bool) -> Schema:
        """The schema of one value, with its rules when callers give it."""
        if field.enum_type is not None:
            return self._enum_subset(field.enum_type, rules.enum) if given else self.enum(field.enum_type)
        if field.message_type is not None:
            kind = field.message_type.full_name
            if kind == TIMESTAMP:
                return {"type": "string", "format": "date-time"}
            if kind == STRUCT:
                return {"type": "object"}
            return self.input(field.message_type) if given else self.output(field.message_type)
        if field.cpp_type in INTEGERS:
            bits = "int32" if "32" in _kind(field) else "int64"
            return {"type": "integer", "format": bits, **(_number(field, rules) if given else {})}
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return {"type": "boolean"}
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        if field.type != FieldDescriptor.TYPE_STRING:
            return {"type": "number", **(_number(field, rules) if given else {})}
        return {"type": "string", **(_text(rules) if given else {})}

    def _enum_subset(self, enum: EnumDescriptor, rules: Any) -> Schema:
        """All values, or those that the rules leave."""
        names = short_names(enum)
        only = list(getattr(rules, "in"))
        left = [n for n in names if names[n] and n not in rules.not_in and (not only or n in only)]
        if len(left) == sum(1 for name in names.values() if name):
            return self.enum(enum)
        return {"type": "string", "enum": [names[n] for n in left]}


def _rules(field: FieldDescriptor) -> Rules:
    return field.GetOptions().Extensions[validate_pb2.field]


def _told(rule: Any) -> str:
    return f"Rule: {rule.message.rstrip('.')}." if rule.message else ""


def _rest(schema: Schema) -> Schema:
    """What is left of a schema beside its type; an enumeration gains null."""
    rest = {k: v for k, v in schema.items() if k != "type"}
    return {**rest, "enum": [*rest["enum"], None]} if "enum" in rest else rest


def _copy(schema: Schema, rules: Any, **names: str) -> None:
    for rule, keyword in names.items():
        if rules.HasField(rule):
            schema[keyword] = getattr(rules, rule)


def _kind(field: FieldDescriptor) -> str:
    """The name of a number's type, which is also the name of its rules: int32, sint64, double …"""
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _number(field: FieldDescriptor, rules: Rules) -> Schema:
    schema: Schema = {}
    numbers = getattr(rules, _kind(field))
    _copy(schema, numbers, const="const", lt="exclusiveMaximum", lte="maximum", gt="exclusiveMinimum", gte="minimum")
    if allowed := list(getattr(numbers, "in")):
        schema["enum"] = allowed
    return schema


def _text(rules: Rules) -> Schema:
    schema: Schema = {}
    text = rules.string
    _copy(schema, text, const="const", min_len="minLength", max_len="maxLength", pattern="pattern")
    if text.HasField("len"):
        schema["minLength"] = schema["maxLength"] = text.len
    if allowed := list(getattr(text, "in")):
        schema["enum"] = allowed
    kind = text.WhichOneof("well_known")
    if kind in ("uuid", "email", "uri", "hostname", "ipv4", "ipv6"):
        schema["format"] = kind
    return schema


def example(field: FieldDescriptor, comment: str = "") -> Any:
    """A value that keeps the field's rules, as far as they are rules of its own."""
    rules = _rules(field)
    one = _example_of_one(field, rules.repeated.items if field.is_repeated else rules, comment)
    return [one] if field.is_repeated else one


def _example_of_one(field: FieldDescriptor, rules: Rules, comment: str) -> Any:
    if field.enum_type is not None:
        names = short_names(field.enum_type)
        return next(names[n] for n in names if names[n] and n not in rules.enum.not_in)
    if field.message_type is not None:
        return "2027-03-01T15:30:00Z"  # only times get here
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return True
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "AAEC"
    if field.type != FieldDescriptor.TYPE_STRING:
        return _example_number(_number(field, rules))
    schema = _text(rules)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "uuid" or field.name == "id" or field.name.endswith("_id"):
        return UUID
    if schema.get("format") == "email":
        return "parent@example.com"
    named = re.findall(r"such as [`\"]([^`\"]+)[`\"]", comment)
    samples = SAMPLES if "pattern" in schema else (field.name.replace("_", " "),)
    return next((s for s in (*named, *samples) if _fits(s, schema)), "x" * schema.get("minLength", 1))


def _fits(text: str, schema: Schema) -> bool:
    long_enough = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10**6)
    return long_enough and re.search(schema.get("pattern", ""), text) is not None


def _example_number(schema: Schema) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", 10**6) - 1)
    return max(least, min(30, most))
