"""What surrounds every request, as two plain ASGI layers: one observes, one guards."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.auth import address
from gateway.http import Refused, header, send_problem
from gateway.limits import Limits
from shared import telemetry
from shared.errors import ServiceError

log = logging.getLogger("archwire.http")

JSON_LIMIT = 2 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
UPLOADS = "/v1/uploads"

# Pages bring their own policy; everything else is data and may do nothing.
CSP = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=(), payment=()"),
]
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


class Observed:
    """Traces, counts and logs each request by its route's template, never by its path: that holds ids.

    Also the last resort: whatever escapes becomes a problem 500, and the log has the place of it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_security_headers(scope, message["headers"])]
            await send(message)

        with telemetry.root_span("http", header(scope, b"traceparent")) as trace:
            try:
                await self.app(scope, receive, sent)
            except Exception as error:
                if not isinstance(error, (ServiceError, Refused)):
                    log.exception("a request failed", extra={"route": template(scope)})
                if status:
                    raise  # the answer had begun: only breaking the connection tells the client
                await send_problem(sent, error)
            route, seconds = template(scope), time.perf_counter() - started
            if trace.span is not None:
                trace.span.update_name(f"{scope['method']} {route}")
            telemetry.CALLS.record(f"{scope['method']} {route}", str(status), seconds)
            if not route.startswith("/health"):
                extra = {
                    "route": route,
                    "method": scope["method"],
                    "status": status,
                    "duration_ms": round(seconds * 1e3, 1),
                }
                log.info("request", extra=extra)


class Guarded:
    """Refuses what no route should see: too many, too large, compressed or ambiguous requests; drops x- headers."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.limits.address(address(scope))
        # Headers by which proxies tell services who is calling mean nothing here, and shall mean nothing behind us.
        scope["proxied"] = bool(header(scope, b"x-forwarded-for"))
        headers = [h for h in scope["headers"] if not h[0].startswith(b"x-") or h[0] == b"x-csrf-token"]
        scope["headers"] = headers
        if sum(name == b"host" for name, _ in headers) != 1:
            raise Refused(400, "BAD_HOST", "send the header Host once")
        if header(scope, b"content-encoding") not in ("", "identity"):
            raise Refused(415, "UNSUPPORTED_ENCODING", "send the body as it is, not compressed")
        limit = UPLOAD_LIMIT if scope["path"] == UPLOADS else JSON_LIMIT
        length = header(scope, b"content-length")
        if length and (not length.isdigit() or int(length) > limit):
            raise _too_large(limit)
        await self.app(scope, receive if scope["method"] == "GET" else _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Callable[[], Any]:
    """`receive` that refuses to bring more than `limit` bytes."""
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> Refused:
    return Refused(413, "BODY_TOO_LARGE", f"the body may have {limit} bytes")


def template(scope: Scope) -> str:
    """How logs and metrics call a request: the template of its route."""
    return scope.get("template") or getattr(scope.get("route"), "path", "") or "unknown"


def _security_headers(scope: Scope, present: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    added = list(HEADERS)
    if not any(name == b"content-security-policy" for name, _ in present):
        added.append((b"content-security-policy", CSP))
    if scope["scheme"] == "https":
        added.append(HSTS)
    return added
