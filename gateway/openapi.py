"""The OpenAPI 3.1 document, from the descriptors of the public methods: nothing in it is written twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from archwire.common.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from gateway.api import Api, Route
from gateway.schemas import Schema, Schemas, comments, own_files, required
from gateway.screens import PAGE, Screen
from gateway.transcode import OPTIONS
from shared.identity import policy

ERRORS = {
    400: "The body is not JSON.",
    401: "Nobody has signed in, or the token is no longer good.",
    403: "Your role may not do this, or the CSRF token is missing.",
    404: "There is no such thing, or it is not yours.",
    409: "The state of things does not allow it.",
    412: "STALE_VERSION: somebody changed it since it was read. Read again.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field is wrong: `field` names it, `reason` or `details.rule` says why.",
    429: "Too many requests: wait as long as Retry-After says.",
    503: "Try again: the only error worth repeating as it is.",
}
STATUS_OF_CODE = {"ABORTED": 409, "NOT_FOUND": 404, "INVALID_ARGUMENT": 422, "PERMISSION_DENIED": 403}
REASON = r"[A-Z][A-Z0-9]*_[A-Z0-9_]+"

SECURITY: Schema = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "Staff: POST /v1/session sets it. Changes also need the header X-CSRF-Token.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "Machines: POST /oauth/token with client credentials.",
    },
    "link": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Families: `Link <token>`, or the cookie that POST /v1/shared/session sets.",
    },
}

PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457). It never holds patient data.",
    "properties": {
        "type": {"type": "string", "examples": ["urn:archwire:problem:chair_taken"]},
        "title": {"type": "string", "examples": ["Conflict"]},
        "status": {"type": "integer", "examples": [409]},
        "reason": {"type": "string", "description": "A stable code.", "examples": ["CHAIR_TAKEN"]},
        "detail": {"type": "string", "examples": ["the chair is taken at that time"]},
        "field": {"type": ["string", "null"], "description": "The input at fault.", "examples": ["start_time"]},
        "errors": {
            "type": "array",
            "description": "Every field whose rule is broken, when there may be several.",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "rule", "message")},
            },
        },
        "details": {"type": "object", "description": "Numbers, ids and codes that help to go on."},
        "trace_id": {"type": ["string", "null"], "description": "Tell it to your administrator."},
    },
    "required": ["type", "title", "status", "reason", "detail", "field", "errors", "details", "trace_id"],
}

KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A UUID made for this one change. Sending the change again with the same key, within 7 days, gives the first "
    "answer; another body with the same key is refused. May be sent as the body's field `request_id` instead.",
    "schema": {"type": "string", "format": "uuid"},
}
IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The version that was read, such as "3": the ETag of the answer. May be sent as the field `version` instead.',
    "schema": {"type": "string", "pattern": '^(W/)?"?[1-9][0-9]{0,17}"?$'},
}


def dumps(value: Any) -> bytes:
    """JSON of a document or a problem; what JSON has no form for is written as text."""
    return orjson.dumps(value, option=OPTIONS, default=str)


def document_json() -> str:
    """The whole OpenAPI document of this version, indented: what `archwire openapi` prints."""
    from gateway.app import document  # the application knows its routes, and imports this module

    return orjson.dumps(document(), option=OPTIONS | orjson.OPT_INDENT_2).decode() + "\n"


def build(
    apis: Sequence[Api], base: Mapping[str, Any], screens: Sequence[Screen] = (), protos: Sequence[Any] = ()
) -> Schema:
    """The whole document: `base` has the title and the routes that are not RPCs; `protos` default to Archwire's own."""
    texts = comments(protos or own_files())
    schemas = Schemas(texts)
    paths: dict[str, Schema] = {path: _own_item(item) for path, item in base.get("paths", {}).items()}
    tags = list(base.get("tags", []))
    names: set[str] = set()
    for api in apis:
        if api.routes:
            told = " ".join(filter(None, (texts.get(d.full_name, "") for d in api.descriptors)))
            tags.append({"name": api.service, "description": told})
        for route in api.routes:
            operation = _operation(route, schemas, texts)
            if operation["operationId"] in names:  # one RPC behind two paths: the second is told apart by its path
                operation["operationId"] += "_at_" + re.sub(r"\W+", "_", route.template.strip("/")).strip("_")
            names.add(operation["operationId"])
            paths.setdefault(route.template, {})[route.verb.lower()] = operation
    for screen in screens:
        paths.setdefault(screen.template, {})["get"] = _screen(screen, schemas)
    components = dict(base.get("components", {}))
    components["schemas"] = {
        **components.get("schemas", {}),
        "Problem": PROBLEM,
        **dict(sorted(schemas.components.items())),
    }
    components["securitySchemes"] = SECURITY
    components["parameters"] = {"IdempotencyKey": KEY, "IfMatch": IF_MATCH}
    components["responses"] = {f"Problem{status}": _problem(told) for status, told in ERRORS.items()}
    return {**base, "openapi": "3.1.0", "tags": tags, "paths": dict(sorted(paths.items())), "components": components}


def _own_item(item: Mapping[str, Any]) -> Schema:
    """The operations of a path that is not an RPC: their errors are problems like all others."""
    found: Schema = {}
    for verb, operation in item.items():
        open_to_all = operation.get("security") == []
        statuses = (
            [429]
            if open_to_all and verb == "get"
            else [401, 422, 429]
            if verb == "get"
            else [400, 401, 403, 413, 415, 422, 429]
        )
        told = {k: v for k, v in operation["responses"].items() if k != "422"}
        told.update({str(n): {"$ref": f"#/components/responses/Problem{n}"} for n in statuses if str(n) not in told})
        security = operation.get("security", [{"session": []}, {"bearer": []}, {"link": []}])
        found[verb] = {**operation, "security": security, "responses": told}
    return found


def _problem(description: str) -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


def operation_id(route: Route) -> str:
    """`scheduling_book_appointment`."""
    return f"{route.service}_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", route.rpc.name).lower()


def _operation(route: Route, schemas: Schemas, texts: Mapping[str, str]) -> Schema:
    told = texts.get(route.rpc.full_name, "")
    summary = re.split(r"(?<=[.!?])\s", told, maxsplit=1)[0].rstrip(".")
    operation: Schema = {
        "operationId": operation_id(route),
        "tags": [route.service],
        "summary": summary[:120] or route.rpc.name,
        "description": f"{told}\n\nPermission: `{route.permission}`.",
        "x-permission": route.permission,
        "security": _security(route.permission),
        "parameters": _parameters(route, schemas, texts),
        "responses": _responses(route, schemas, told),
    }
    if route.has_body:
        elsewhere = route.in_path + route.in_headers
        schema = schemas.input(route.rpc.input_type, elsewhere, top=True)
        needed = bool(required(route.rpc.input_type) - set(elsewhere))
        operation["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schema}}}
    return operation


def _screen(screen: Screen, schemas: Schemas) -> Schema:
    """A screen's operation: its parts by name, and what of them was omitted and why."""
    first, *others = screen.parts
    permissions: dict[str, str] = {
        part.name: part.method.GetOptions().Extensions[options_pb2.permission] for part in screen.parts
    }
    parts: Schema = {first.name: schemas.output(first.method.output_type)}
    parts |= {p.name: {"anyOf": [schemas.output(p.method.output_type), {"type": "null"}]} for p in others}
    omitted = {"type": "object", "additionalProperties": {"type": "string"}, "description": "Reason by part."}
    answer = {"type": "object", "properties": {**parts, "omitted": omitted}, "required": [*parts, "omitted"]}
    told = "\n".join(f"- `{name}`: `{permission}`" for name, permission in permissions.items())
    fields = first.method.input_type.fields_by_name
    errors = {str(n): {"$ref": f"#/components/responses/Problem{n}"} for n in (401, 403, 404, 422, 429, 503)}
    return {
        "operationId": f"screen_{screen.name}",
        "tags": ["screens"],
        "summary": screen.about,
        "description": f"{screen.about}. At most {PAGE} rows of each. Permissions, by part:\n\n{told}",
        "x-permission": permissions[first.name],
        "security": _security(permissions[first.name]),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": schemas.parameter(fields[name])}
            for name in screen.in_path
        ],
        "responses": {
            "200": {"description": "The parts.", "content": {"application/json": {"schema": answer}}},
            **errors,
        },
    }


def _security(permission: str) -> list[Schema]:
    by_link = any(permission in names for names in policy().links.values())
    by_role = bool(policy().permissions.get(permission)) or not by_link
    return [{"session": []}, {"bearer": []}] * by_role + [{"link": []}] * by_link


def _parameters(route: Route, schemas: Schemas, texts: Mapping[str, str]) -> list[Schema]:
    fields = route.rpc.input_type.fields_by_name
    needed = required(route.rpc.input_type)

    def parameter(field: FieldDescriptor, where: str, must: bool) -> Schema:
        told = texts.get(field.full_name, "")
        return {
            "name": field.name,
            "in": where,
            "required": must,
            "description": told,
            "schema": schemas.parameter(field),
        }

    found = [parameter(fields[name], "path", True) for name in route.in_path]
    found += [parameter(fields[name], "query", name in needed) for name in route.in_query]
    if route.keyed:
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if route.versioned:
        found.append(
            {"$ref": "#/components/parameters/IfMatch"} if route.needs_version else {**IF_MATCH, "required": False}
        )
    return found


def _responses(route: Route, schemas: Schemas, told: str) -> Schema:
    success: Schema = {"description": "Done."}
    if route.download:
        success = {"description": "The file.", "content": {"application/octet-stream": {}}}
    elif route.status != 204:
        message = route.rpc.output_type
        success["description"] = schemas.texts.get(message.full_name) or "The answer."
        success["content"] = {"application/json": {"schema": schemas.output(message)}}
        if route.etag:
            success["headers"] = {"ETag": {"description": "The resource's version.", "schema": {"type": "string"}}}
    statuses = [401, 403, 404, 422, 429, 503]
    if route.has_body:
        statuses += [400, 413, 415]
    if route.verb != "GET":
        statuses += [409]
    if route.versioned:
        statuses += [412]
    responses = {str(route.status): success}
    if route.download and "sha256" in route.rpc.output_type.fields_by_name:
        success["headers"] = {"ETag": {"description": "Of these bytes.", "schema": {"type": "string"}}}
        responses["304"] = {"description": "The bytes are those of `If-None-Match`, and may still be shown."}
    reasons = _reasons(told)
    for status in sorted(statuses):
        reference: Schema = {"$ref": f"#/components/responses/Problem{status}"}
        if status in reasons:
            reference["description"] = f"{ERRORS[status]} Reasons: {', '.join(reasons[status])}."
        responses[str(status)] = reference
    return responses


def _reasons(told: str) -> dict[int, list[str]]:
    """The reasons of errors that an RPC's comment names, as in "ABORTED / CHAIR_TAKEN when …", by HTTP status."""
    found: dict[int, list[str]] = {}
    for code, reasons in re.findall(
        rf"\b({'|'.join(STATUS_OF_CODE)}) / ({REASON}(?:(?:, | or | and ){REASON})*)", told
    ):
        for reason in re.findall(REASON, reasons):
            status = 412 if reason == "STALE_VERSION" else STATUS_OF_CODE[code]
            found.setdefault(status, []).append(f"`{reason}`")
    return found
