"""Server-sent events: what has just happened, for screens that are open. Ids, types and states, nothing else.

A client hears an event only if it may read what the event is about, at the location where it happened. What cannot be
placed is heard only by those who hold the permission everywhere; what no permission covers is heard by nobody.
"""

from __future__ import annotations

import asyncio
import re
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import orjson
from archwire.common.v1 import options_pb2
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from gateway.auth import Caller
from gateway.tail import follow
from gateway.transcode import short_names
from shared.errors import Denied, ServiceError, Unavailable
from shared.events import Record
from shared.identity import EVERYWHERE, Policy, policy
from shared.service import NAMES

PERMISSION = "events.stream"
HEARTBEAT_S = 15
REMEMBERED = 5_000  # events, for clients that come back
WAITING_AT_MOST = 500  # events for one slow client; then it is cut off and may come back
STATES = ("state", "previous_state", "stage", "status", "outcome", "version")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as clients may see it."""

    id: str
    tenant_id: str
    location_id: str
    permission: str
    text: bytes  # the whole SSE message


@dataclass(frozen=True, slots=True)
class Kind:
    """What is told of one type of event, and to whom."""

    message: Any
    name: str
    permission: str
    ids: tuple[str, ...]
    enums: dict[str, dict[int, str | None]]


def permission_for(event: str, table: Policy) -> str:
    """The permission to read what an event is about: "AppointmentBooked" is covered by `appointments.read`.

    The longest beginning of the event's name that is a resource of the policy; "" when there is none.
    """
    words = re.findall(r"[A-Z][a-z0-9]*", event)
    for n in range(len(words), 0, -1):
        noun = "_".join(words[:n]).lower()
        for resource in (noun, f"{noun}s", f"{noun[:-1]}ies"):
            if f"{resource}.read" in table.permissions:
                return f"{resource}.read"
    return ""


def kinds() -> dict[str, Kind]:
    """Every type of event that somebody may hear, by the full name of its message."""
    found: dict[str, Kind] = {}
    for service in NAMES:
        for message in import_module(f"archwire.{service}.v1.events_pb2").DESCRIPTOR.message_types_by_name.values():
            if permission := permission_for(message.name, policy()):
                found[message.full_name] = _kind(service, message, permission)
    return found


def _kind(service: str, message: Descriptor, permission: str) -> Kind:
    told = [f for f in message.fields if _may_be_told(f)]
    enums = {f.name: short_names(f.enum_type) for f in told if f.enum_type}
    return Kind(GetMessageClass(message), f"{service}.{message.name}", permission, tuple(f.name for f in told), enums)


def _may_be_told(field: FieldDescriptor) -> bool:
    plain = field.message_type is None and not field.is_repeated
    known = field.name.endswith("_id") or field.name in STATES
    return plain and known and not field.GetOptions().Extensions[options_pb2.sensitive]


class Live:
    """The gateway's ear on the bus, and the clients that listen."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._kinds = kinds()
        self._recent: deque[Happened] = deque(maxlen=REMEMBERED)
        self._clients: set[asyncio.Queue[Happened | None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to follow the bus, and will end all streams when the process is told to stop.

        A server waits for its open connections before it shuts down; these would never close by themselves.
        """
        self._task = asyncio.create_task(follow(self._node, self.deliver))
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            handle = signal.getsignal(number)
            if callable(handle):
                signal.signal(number, partial(self._signalled, loop, handle))

    def _signalled(self, loop: asyncio.AbstractEventLoop, handle: Any, number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(self.end)
        handle(number, frame)

    def end(self) -> None:
        """Ends every client's stream."""
        for queue in self._clients:
            _end(queue)

    async def stop(self) -> None:
        """Follows the bus no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self.end()

    def deliver(self, record: Record) -> None:
        """One event of the bus: kept for a while, and put before every client; each takes what it may hear."""
        kind = self._kinds.get(record.type)
        if kind is None:
            return
        try:
            event = kind.message.FromString(record.payload)
        except DecodeError:
            return
        told = {name: getattr(event, name) for name in kind.ids}
        told.update({name: names.get(told[name]) for name, names in kind.enums.items()})
        text = orjson.dumps({"id": record.id, "type": kind.name, "time": _utc(record.headers.get("time", "")), **told})
        location = str(told.get("location_id", ""))
        tenant = record.headers.get("tenant", "")
        happened = Happened(
            record.id, tenant, location, kind.permission, b"id: %s\ndata: %s\n\n" % (record.id.encode(), text)
        )
        self._recent.append(happened)
        for queue in self._clients:
            try:
                queue.put_nowait(happened)
            except asyncio.QueueFull:
                _end(queue)

    def since(self, event_id: str) -> Iterable[Happened]:
        """What happened after an event; everything remembered when the event is no longer, or never was."""
        recent = list(self._recent)
        for i, happened in enumerate(recent):
            if happened.id == event_id:
                return recent[i + 1 :]
        return recent

    async def stream(
        self, request: Request, caller: Caller, last_id: str, only: frozenset[str]
    ) -> AsyncIterator[bytes]:
        """The events for one client, with a heartbeat; it ends when the client's session does."""
        queue: asyncio.Queue[Happened | None] = asyncio.Queue(WAITING_AT_MOST)
        self._clients.add(queue)
        try:
            yield b"retry: 2000\n\n"
            for happened in self.since(last_id) if last_id else ():
                if hears(caller, happened, only):
                    yield happened.text
            clock = asyncio.get_running_loop().time
            check_at = clock() + HEARTBEAT_S
            while True:
                if clock() >= check_at:  # however much happens meanwhile: a busy stream ends with its session too
                    caller = await request.app.state.auth.authenticate(request.scope, unsafe=False, quiet=True)
                    check_at = clock() + HEARTBEAT_S
                    yield b": still here\n\n"
                try:
                    async with asyncio.timeout_at(check_at):
                        next_one = await queue.get()
                except TimeoutError:
                    continue
                if next_one is None:
                    return
                if hears(caller, next_one, only):
                    yield next_one.text
        except ServiceError:
            return  # signed out, disabled, over the limit: the client's next attempt says which
        finally:
            self._clients.discard(queue)


def hears(caller: Caller, happened: Happened, only: frozenset[str]) -> bool:
    """True if an event is of the caller's group, at a location where the caller may read such things, and asked for."""
    if happened.tenant_id != caller.actor.tenant_id or (only and happened.location_id not in only):
        return False
    where = caller.actor.locations_of(happened.permission)
    return where == EVERYWHERE or (bool(happened.location_id) and happened.location_id in where)


def _utc(moment: str) -> str:
    """A time as everywhere else in the API: with a Z."""
    return moment.removesuffix("+00:00") + "Z" if moment.endswith("+00:00") else moment


def _end(queue: asyncio.Queue[Happened | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)


@router.get(
    "/v1/events",
    tags=["events"],
    operation_id="stream_events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events, as long as the connection lasts."}},
    openapi_extra={"x-permission": PERMISSION},
)
async def stream_events(request: Request, location_id: list[str] = Query([], max_length=200)) -> StreamingResponse:  # noqa: B008
    """What happens from now on, as server-sent events: ids, types and states of what you may read.

    `Last-Event-ID` resumes after a break, as far back as the gateway remembers. Permission: `events.stream`.
    """
    caller = await request.app.state.auth.authenticate(request.scope, unsafe=False)
    if not caller.may(PERMISSION):
        raise Denied("PERMISSION_DENIED", "your role may not do this", permission=PERMISSION)
    live: Live | None = request.app.state.live
    if live is None:
        raise Unavailable("NO_EVENTS", "this gateway does not hear the bus")
    last_id = request.headers.get("last-event-id", "")[:64]
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    body = live.stream(request, caller, last_id, frozenset(location_id))
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)
