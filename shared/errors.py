"""The one family of errors meant for callers: exception ↔ gRPC status ↔ HTTP problem.

A message never holds patient data. `reason` is a stable code in capitals, `field` names the input at fault,
`details` are numbers, ids or short codes that help the caller to go on.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """What a caller may be told: subclasses give the gRPC status and the HTTP status."""

    code: ClassVar[str]  # name of a grpc.StatusCode
    http_status: ClassVar[int]

    def __init__(self, reason: str, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.field = field
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status of this error."""
        return 412 if self.reason == "STALE_VERSION" else self.http_status


class Invalid(ServiceError):
    """Fix the request."""

    code = "INVALID_ARGUMENT"
    http_status = 422


class NotFound(ServiceError):
    """There is no such thing, or it is not yours: the two look alike."""

    code = "NOT_FOUND"
    http_status = 404


class Denied(ServiceError):
    """Your role may not."""

    code = "PERMISSION_DENIED"
    http_status = 403


class Unauthenticated(ServiceError):
    """Nobody has signed in, or the token is no longer good."""

    code = "UNAUTHENTICATED"
    http_status = 401


class Conflict(ServiceError):
    """The world changed, or the state does not allow it."""

    code = "ABORTED"
    http_status = 409


class TooManyRequests(ServiceError):
    """Slow down; `retry_after_s` says how long."""

    code = "RESOURCE_EXHAUSTED"
    http_status = 429


class Unavailable(ServiceError):
    """Try again: the only retryable error."""

    code = "UNAVAILABLE"
    http_status = 503


BY_CODE: dict[str, type[ServiceError]] = {
    kind.code: kind for kind in (Invalid, NotFound, Denied, Unauthenticated, Conflict, TooManyRequests, Unavailable)
}
