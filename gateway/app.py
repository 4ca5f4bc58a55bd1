"""The gateway: REST in, RPCs out, one application for staff, machines and families."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from gateway import files, health, live, oidc, pages, sandbox, session
from gateway.api import Api, Direct, Routes
from gateway.auth import Authenticator
from gateway.edge import Guarded, Observed
from gateway.http import NO_STORE, PROBLEM, Refused, problem
from gateway.limits import Limits
from gateway.openapi import build, dumps
from gateway.routes import APIS
from gateway.screens import SCREENS, Screen
from shared.errors import Invalid, ServiceError

ABOUT = {
    "title": "Archwire",
    "version": "1",
    "description": "One API for staff, integrators and families. JSON in snake_case, times in RFC 3339, money in cents. "
    "Errors are problem documents (RFC 9457) with a stable `reason`.",
}
TAGS = [
    {"name": "session", "description": "Signing in and out, tokens for machines, private links."},
    {"name": "screens", "description": "Several reads at once, for one screen."},
    {"name": "events", "description": "What happens, as it happens."},
    {"name": "files", "description": "Bytes of images, films, scans and documents."},
    {"name": "health", "description": "Whether the platform can answer."},
]
PARTS = (session.router, oidc.router, live.router, files.router, health.router, sandbox.router)


def create_app(
    node: Any, *, apis: Sequence[Api] = APIS, screens: Sequence[Screen] = SCREENS, limits: Limits | None = None
) -> FastAPI:
    """The application in front of a node's services. Its lifespan follows the bus."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.live = live.Live(node)
        app.state.live.start()
        yield
        await app.state.live.stop()

    app = FastAPI(
        title=ABOUT["title"],
        version=ABOUT["version"],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    limits = limits or Limits()
    app.state.node, app.state.limits, app.state.live = node, limits, None
    app.state.auth = Authenticator(node, limits)
    app.state.oidc = oidc.Provider.from_environ()
    methods = Routes(apis, screens)
    app.router.routes.insert(0, methods)
    for part in PARTS:
        app.include_router(part)
    app.add_api_route("/openapi.json", _openapi(apis, screens), include_in_schema=False)
    app.router.routes.extend(pages.routes())
    for kind in (ServiceError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_problem)
    app.add_middleware(Direct, routes=methods)
    app.add_middleware(Guarded, limits=limits)
    app.add_middleware(Observed)
    return app


def document(apis: Sequence[Api] = APIS, screens: Sequence[Screen] = SCREENS) -> dict[str, Any]:
    """The whole OpenAPI document, without starting anything."""
    app = FastAPI()
    for part in PARTS:
        app.include_router(part)
    base = get_openapi(**ABOUT, tags=TAGS, routes=app.routes)
    return build(apis, base, screens)


def _openapi(apis: Sequence[Api], screens: Sequence[Screen]) -> Any:
    made: list[bytes] = []

    async def show() -> Response:
        if not made:
            made.append(dumps(document(apis, screens)))
        return Response(made[0], media_type="application/json", headers={"Cache-Control": "no-cache"})

    return show


async def _answer_problem(_request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        error = _invalid(error)
    status, told, headers = problem(error)
    return Response(dumps(told), status, {k.decode(): v.decode() for k, v in [*headers, NO_STORE]}, PROBLEM.decode())


def _invalid(error: RequestValidationError) -> Exception:
    """What FastAPI says about a body of ours, in our words. It never repeats the value."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Refused(400, "MALFORMED_JSON", "the body is not JSON")
    path = ".".join(str(part) for part in first["loc"][1:])
    reason = "UNKNOWN_FIELD" if first["type"] == "extra_forbidden" else "INVALID_FIELD"
    return Invalid(reason, first["msg"], field=path, rule=first["type"])
