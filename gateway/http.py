"""The small HTTP vocabulary of the gateway: JSON answers, problems (RFC 9457), bodies read within their limit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from gateway.transcode import OPTIONS
from shared import telemetry
from shared.errors import ServiceError

Headers = Iterable[tuple[bytes, bytes]]

JSON = b"application/json"
PROBLEM = b"application/problem+json"
NO_STORE = (b"cache-control", b"no-store")  # answers hold patient data: no cache may keep them


class Refused(HTTPException):
    """A request that HTTP itself refuses: too large, of the wrong type, without a route. `reason` is in capitals."""

    def __init__(self, status: int, reason: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.reason = reason


def header(scope: Scope, name: bytes) -> str:
    """A header's value, or "" when the request has none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


async def respond(send: Send, status: int, body: bytes, content_type: bytes = JSON, headers: Headers = ()) -> None:
    """Sends a whole answer."""
    length = (b"content-length", str(len(body)).encode())
    start = [(b"content-type", content_type), length, NO_STORE, *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


def problem(error: Exception) -> tuple[int, dict[str, Any], list[tuple[bytes, bytes]]]:
    """Status, problem document and headers of an error. What is not meant for callers is INTERNAL and says no more."""
    headers: list[tuple[bytes, bytes]] = []
    field, details = None, {}
    if isinstance(error, ServiceError):
        status, reason, message = error.status, error.reason, error.message
        field, details = error.field, error.details
        if (wait := details.get("retry_after_s")) is not None or status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append((b"retry-after", str(wait or 1).encode()))
        if status == HTTPStatus.UNAUTHORIZED:
            headers.append((b"www-authenticate", b'Bearer realm="archwire"'))
    elif isinstance(error, HTTPException):
        status, message = error.status_code, str(error.detail)
        reason = getattr(error, "reason", None) or re.sub(r"\W+", "_", HTTPStatus(status).phrase).upper()
        headers += [(k.lower().encode(), v.encode()) for k, v in (error.headers or {}).items()]
    else:
        status, reason, message = 500, "INTERNAL", "something failed here: try again, or report the trace id"
    trace = telemetry.current()
    document = {
        "type": f"urn:archwire:problem:{reason.lower()}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "reason": reason,
        "detail": message,
        "field": field,
        "errors": details.pop("errors", []) if details else [],
        "details": details,
        "trace_id": trace.trace_id if trace else None,
    }
    return status, document, headers


async def send_problem(send: Send, error: Exception) -> None:
    """Answers with the problem of an error."""
    status, document, headers = problem(error)
    await respond(send, status, orjson.dumps(document, option=OPTIONS, default=str), PROBLEM, headers)


async def read_body(receive: Receive) -> bytes:
    """The whole body; the limit is kept by the guard around the application. Raises Refused when the client leaves."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks = [body]
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "DISCONNECTED", "the body was not sent to its end")
            chunks.append(message.get("body", b""))
        body = b"".join(chunks)
    return body


def read_json(scope: Scope, body: bytes) -> Any:
    """The JSON value of a body; an empty body is an empty object."""
    if not body:
        return {}
    content_type = header(scope, b"content-type").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/json")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "MALFORMED_JSON", "the body is not JSON") from None
