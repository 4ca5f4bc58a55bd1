"""Is the process alive, can the platform answer, and how is it doing."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from gateway.auth import address
from gateway.http import Refused
from shared import telemetry
from shared.service import NAMES

router = APIRouter(tags=["health"])
PROBE_S = 2.0


@router.get("/health/live", operation_id="live", openapi_extra={"security": []})
async def live() -> dict[str, str]:
    """The process answers. Says nothing about what it needs."""
    return {"status": "ok"}


@router.get(
    "/health/ready",
    operation_id="ready",
    openapi_extra={"security": []},
    responses={503: {"description": "Some part cannot answer."}},
)
async def ready(request: Request) -> Response:
    """Per part "ok", or why it cannot answer; 503 unless every part can."""
    node = request.app.state.node
    parts: dict[str, str] = await node.ready() if node.pools else await _neighbours(node.config.addresses)
    good = bool(parts) and all(state == "ok" for state in parts.values())
    status = {"status": "ok" if good else "unavailable", "parts": dict(sorted(parts.items()))}
    return JSONResponse(status, 200 if good else 503, {"Cache-Control": "no-store"})


async def _neighbours(addresses: Any) -> dict[str, str]:
    """Asks every service for its health over the network."""
    import grpc.aio
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    async def ask(name: str) -> tuple[str, str]:
        try:
            async with grpc.aio.insecure_channel(addresses[name]) as channel:
                answer = await health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(), timeout=PROBE_S
                )
            return name, "ok" if answer.status == health_pb2.HealthCheckResponse.SERVING else "NOT_SERVING"
        except grpc.aio.AioRpcError as error:
            return name, error.code().name

    return dict(await asyncio.gather(*(ask(name) for name in NAMES)))


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus' text format, for scrapers of the same network that come directly: nobody else's business."""
    try:
        near = ipaddress.ip_address(address(request.scope)).is_private
    except ValueError:
        near = False
    if not near or request.scope["proxied"]:
        raise Refused(404, "NOT_FOUND", "there is nothing at this path")
    return PlainTextResponse(telemetry.prometheus(), headers={"Cache-Control": "no-store"})
