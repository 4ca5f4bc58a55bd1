"""Rows inside one process: what a hop, telemetry and row-level security cost."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import uvloop
from archwire.coordination.v1 import coordination_pb2 as pb
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from gateway import auth
from gateway.app import create_app
from gateway.limits import Limits
from shared import config, db, telemetry
from shared.db import Pool
from shared.node import Node
from shared.rpc import Client, LocalChannel, Method, Methods, NetworkChannel, methods_of, serve
from tests.bench.report import Report
from tests.bench.requests import NO_LIMITS, ours
from tests.support import Group, Platform

CONNECTIONS = 16


def measure(report: Report, *, quick: bool) -> None:
    if report.wants("in process, one call"):
        uvloop.run(one_call(report, quick=quick))
    if report.wants("telemetry", "security"):
        with tempfile.TemporaryDirectory(prefix="aw-") as folder:
            platform = Platform(Path(folder) / "data")
            try:
                group = Group(platform.start())
                heads = ours("inside", platform, group, []).jobs["point"]["heads"]
                uvloop.run(on_and_off(report, platform, [_scope(head) for head in heads], quick=quick))
            finally:
                platform.stop()


async def alternate(
    report: Report, rounds: int, count: int, request: Callable[[], Awaitable[None]], ways: dict[str, Any]
) -> dict[str, float]:
    """CPU µs of one request done each way, in turns: the median of the rounds. A way is a context manager's maker."""
    found: dict[str, list[float]] = {name: [] for name in ways}

    async def client(n: int) -> None:
        for _ in range(n):
            await request()

    for number in range(rounds + 1):
        for name in list(ways) if number % 2 else list(ways)[::-1]:
            with ways[name]():
                began = time.process_time()
                await asyncio.gather(*(client(count // CONNECTIONS) for _ in range(CONNECTIONS)))
                spent = time.process_time() - began
            if number:  # the first round only warms up
                found[name].append(spent / (count // CONNECTIONS * CONNECTIONS) * 1e6)
    return {name: median(values) for name, values in found.items()}


# --- one call ---------------------------------------------------------------------------------------------------------


class Echo(Methods):
    """A service with one method that answers at once, without a transaction: what is left is the hop."""

    def __init__(self) -> None:
        self.vault = None
        method = methods_of("coordination")["GetLead"]
        self.handlers = {method.path: (method, _nobody)}

    async def _answer(self, method: Method, _run: Any, payload: bytes, _token: str) -> bytes:
        request: Any = method.request.FromString(payload)
        return pb.GetLeadResponse(lead=pb.Lead(id=request.lead_id, next_step="Call the family")).SerializeToString()


def _nobody(*_: object, **__: object) -> None:
    """Does nothing in the place of something."""


async def one_call(report: Report, *, quick: bool) -> None:
    """The same method through the channel of one process and over gRPC on a unix socket; client and server together."""
    echo = Echo()
    with tempfile.TemporaryDirectory(prefix="aw-") as folder:
        address = f"unix:{folder}/echo.sock"
        server, _, _ = await serve([echo], address)
        network = NetworkChannel({"coordination": address})
        channels = {"here": LocalChannel({"coordination": echo}), "over": network}
        client = {name: Client("coordination", channel) for name, channel in channels.items()}
        request, token, spent = pb.GetLeadRequest(lead_id="1"), "t" * 700, {}
        for name in channels:

            async def call(name: str = name) -> None:
                await client[name].GetLead(request, token=token)

            count = (20_000 if name == "here" else 2_000) // (4 if quick else 1)
            spent |= await alternate(report, 5, count, call, {name: contextlib.nullcontext})
        await network.close()
        await server.stop(None)
    detail = f"{spent['over']:.0f} µs of CPU against {spent['here']:.1f}"
    report.add("gRPC / in process, one call", spent["over"] / spent["here"], detail)


# --- telemetry and row-level security ---------------------------------------------------------------------------------


class Nowhere(SpanExporter):
    """Takes spans as an exporter would, and forgets them."""

    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


async def on_and_off(report: Report, platform: Platform, scopes: list[dict[str, Any]], *, quick: bool) -> None:
    """A point read through the whole application, without the socket before it."""
    telemetry.setup("bench", level="WARNING")
    telemetry.export_to(BatchSpanProcessor(Nowhere()), "bench")
    node = Node(replace(config.load({}), data=platform.data), platform.dsn)
    await node.start(["directory", "coordination"], work=False)
    app = create_app(node, limits=Limits(NO_LIMITS))
    turn = iter(range(10**9))

    async def request() -> None:
        scope = {**scopes[next(turn) % len(scopes)], "state": {}}
        await app(scope, _no_body, _expect_ok)

    @contextlib.contextmanager
    def without_security() -> Iterator[None]:
        scoped, node.methods["coordination"].pool = node.methods["coordination"].pool, owner
        with mock.patch.object(db, "set_scope", _empty):
            yield
        node.methods["coordination"].pool = scoped

    owner = await Pool.open(platform.dsn(""))
    # Who asks is looked up once, before anything is switched off: the directory cannot answer without its scope.
    with mock.patch.object(auth, "KEPT_S", 3600.0):
        for _ in scopes:
            await request()
    rounds, count = (3, 800) if quick else (11, 4000)
    if report.wants("telemetry"):
        ways = {"on": contextlib.nullcontext, "off": without_telemetry}
        cpu = await alternate(report, rounds, count, request, ways)
        report.add("telemetry on / off", cpu["on"] / cpu["off"], f"{cpu['on']:.0f} µs of CPU against {cpu['off']:.0f}")
    if report.wants("security"):
        ways = {"on": contextlib.nullcontext, "off": without_security}
        cpu = await alternate(report, rounds, count, request, ways)
        detail = f"{cpu['on']:.0f} µs of CPU against {cpu['off']:.0f}"
        report.add("row-level security on / off", cpu["on"] / cpu["off"], detail)
    await owner.close()
    await node.stop()


@contextlib.contextmanager
def without_telemetry() -> Iterator[None]:
    """No traces, no sampling, no histograms."""
    with (
        mock.patch.object(telemetry, "root_span", _untraced),
        mock.patch.object(db, "statement_span", _untraced),
        mock.patch.object(telemetry, "traceparent", _empty),
        mock.patch.object(telemetry.Durations, "record", _nobody),
    ):
        yield


_UNTRACED = contextlib.nullcontext(telemetry.Trace("", ""))


def _untraced(*_: object, **__: object) -> Any:
    return _UNTRACED


def _empty(*_: object) -> str:
    return ""


def _scope(head: str) -> dict[str, Any]:
    """What the server makes of a request's head."""
    first, *lines = head.strip().split("\r\n")
    verb, target, _ = first.split(" ")
    headers = [(name.lower().encode(), value.encode()) for name, _, value in (line.partition(": ") for line in lines)]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": verb,
        "path": target,
        "raw_path": target.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8420),
    }


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _expect_ok(message: Any) -> None:
    assert message.get("status", 200) == 200, message
