"""From a request to an answer: the unit of work around every method, served in process or over gRPC.

`Methods` collects a service's servicers as generated code registers them. `Methods.answer` is the one path: verify
the token, check the permission, validate, open the transaction in the caller's scope, claim the request id, run the
method, leave outbox, audit and reply, commit. LocalChannel and the network server both end there.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import importlib
import logging
import pkgutil
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import grpc
import grpc.aio
import orjson
import protovalidate
from archwire.common.v1 import options_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from shared import telemetry
from shared import vault as vaults
from shared.call import CLAIMED, Call, Left, Platform
from shared.cards import field_with_card_number
from shared.db import Db, Pool, translate
from shared.errors import BY_CODE, Denied, Invalid, ServiceError, Unauthenticated, Unavailable
from shared.identity import Actor, Signer
from shared.service import Service
from shared.vault import Vault, vault

log = logging.getLogger("archwire.rpc")

READ_TIMEOUT_S = 3.0
WRITE_TIMEOUT_S = 10.0
HOP_COST_S = 0.050  # what each hop keeps for itself of the remaining time
LEAST_S = 0.020  # below this a call is refused: the answer would come too late
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)  # monotonic seconds


@dataclass(frozen=True, slots=True)
class Method:
    """What the descriptors say about one RPC."""

    path: str  # /archwire.contracts.v1.ContractsService/RecordPayment
    name: str  # contracts.RecordPayment
    permission: str
    writes: bool
    request: type[Message]
    response: type[Message]


@cache
def methods_of(service: str) -> dict[str, Method]:
    """Every RPC of a service by its bare name, over all proto services of its package."""
    found: dict[str, Method] = {}
    for descriptor in proto_services(service):
        for method in descriptor.methods:
            if method.name in found:
                raise ValueError(f"two RPCs of {service} are called {method.name}")
            found[method.name] = _method(service, method)
    return found


@cache
def proto_services(service: str) -> tuple[ServiceDescriptor, ...]:
    """The proto services of archwire.<service>.v1."""
    package = importlib.import_module(f"archwire.{service}.v1")
    files = [
        importlib.import_module(f"{package.__name__}.{module.name}").DESCRIPTOR
        for module in pkgutil.iter_modules(package.__path__)
        if module.name.endswith("_pb2")
    ]
    return tuple(found for file in files for found in file.services_by_name.values())


def _method(service: str, method: MethodDescriptor) -> Method:
    options = method.GetOptions()
    return Method(
        path=f"/{method.containing_service.full_name}/{method.name}",
        name=f"{service}.{method.name}",
        permission=options.Extensions[options_pb2.permission],
        writes=options.idempotency_level != MethodOptions.NO_SIDE_EFFECTS,
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
    )


class Methods:
    """The methods of one service, ready to answer. Give it to the generated add_…Servicer_to_server as the server."""

    def __init__(
        self,
        service: Service,
        pool: Pool,
        signer: Signer,
        *,
        directory: Callable[[str], Any],
        wake: Callable[[Left], None] = lambda _left: None,
        vault: Vault | None = None,
    ) -> None:
        self.service = service
        self.vault = vault
        self.pool = pool
        self.signer = signer
        self.platform = Platform(service.name)
        self.handlers: dict[str, tuple[Method, Callable[[Any, Call], Any]]] = {}
        self._directory = directory
        self._wake = wake
        service.register(self)

    # What generated code calls on a server.
    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Everything comes by add_registered_method_handlers."""

    def add_registered_method_handlers(self, _proto_service: str, handlers: Mapping[str, Any]) -> None:
        for name, handler in handlers.items():
            method = methods_of(self.service.name)[name]
            self.handlers[method.path] = (method, handler.unary_unary)

    def event_call(self, db: Db, actor: Actor, occurred_at: str, directory: Callable[[Call], Any]) -> Call:
        """The Call of one event, in the consumer's transaction."""
        now = dt.datetime.now(dt.UTC)
        when = dt.datetime.fromisoformat(occurred_at) if occurred_at else now
        return Call(db, actor, now, method=actor.user_id, directory=directory, occurred_at=when)

    async def answer(self, path: str, payload: bytes, *, token: str, timeout: float, traceparent: str = "") -> bytes:
        """Answers one request. Raises ServiceError; anything else is a bug and becomes INTERNAL at the edge."""
        method, run = self.handlers[path]
        started = time.perf_counter()
        outcome = "ok"
        reset = _deadline.set(time.monotonic() + timeout)
        opened = vaults.use(self.vault) if self.vault is not None else None
        try:
            with telemetry.root_span(method.name, traceparent):
                if timeout < LEAST_S:
                    raise Unavailable("DEADLINE_TOO_SHORT", "too little time is left to answer")
                async with asyncio.timeout(timeout):
                    return await self._answer(method, run, payload, token)
        except ServiceError as error:
            outcome = error.reason
            raise
        except TimeoutError:
            outcome = "DEADLINE_EXCEEDED"
            raise Unavailable("DEADLINE_EXCEEDED", "it took too long: try again") from None
        except BaseException:
            outcome = "INTERNAL"
            raise
        finally:
            _deadline.reset(reset)
            if opened is not None:
                vaults.leave(opened)
            telemetry.CALLS.record(method.name, outcome, time.perf_counter() - started)

    async def _answer(self, method: Method, run: Callable[[Any, Call], Any], payload: bytes, token: str) -> bytes:
        caller = self.signer.verify(token, self.service.name)
        try:
            actor = caller.for_permission(method.permission)
        except Denied:
            await self._audit_denial(method, caller)
            raise
        try:
            request: Any = method.request.FromString(payload)
        except DecodeError:
            raise Invalid("MALFORMED", "the request is not a message of this method") from None
        check(request)
        try:
            return await self._run(method, run, request, actor, token)
        except Denied:  # here the transaction has given its connection back: the audit takes one of its own
            await self._audit_denial(method, caller)
            raise

    async def _run(
        self, method: Method, run: Callable[[Any, Call], Any], request: Any, actor: Actor, token: str
    ) -> bytes:
        # Before a group is known (sign-in) there is nowhere to keep a reply.
        request_id = request.request_id if method.writes and actor.tenant_id else ""
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest() if request_id else b""
        claim = self.platform.claim(actor.user_id, method.name, request_id, digest) if request_id else ""
        async with self.pool.begin(actor.tenant_id, actor.locations, durable=method.writes, first=claim) as db:
            call = Call(
                db,
                actor,
                dt.datetime.now(dt.UTC),
                method=method.name,
                permission=method.permission,
                request_id=request_id,
                directory=lambda _call: self._directory(token),
            )
            if request_id and db.opened != CLAIMED:
                return await self._kept(call, digest)
            reply = await run(request, call)
            with translate(None):
                left = await call.finish(self.platform, request, reply, writes=method.writes)
        if call.noted:
            self.platform.tenants_met.add(db.tenant_id)
        if left:
            self._wake(left)
        return bytes(reply.SerializeToString())

    async def _kept(self, call: Call, digest: bytes) -> bytes:
        """The reply kept for a request id that was claimed before; a twin in flight has been waited for."""
        with translate(None):
            kept = await call.db.connection.fetchrow(
                self.platform.kept, call.actor.user_id, call.method, call.request_id
            )
        if kept is None or kept["reply"] is None:
            raise Unavailable("IN_FLIGHT", "the same request is being answered: try again")
        if kept["request_hash"] != digest:
            raise Invalid("REQUEST_ID_REUSED", "this idempotency key was used with another body", field="request_id")
        return vault().unseal_bytes(kept["reply"], call.reply_context)

    async def _audit_denial(self, method: Method, actor: Actor) -> None:
        if not actor.tenant_id:
            return
        trace = telemetry.current()
        async with self.pool.begin(actor.tenant_id, "") as db:
            await db.connection.execute(
                self.platform.denied,
                dt.datetime.now(dt.UTC),
                actor.user_id,
                actor.kind,
                method.name,
                method.permission,
                actor.purpose,
                trace.trace_id if trace else None,
            )


def check(request: Message) -> None:
    """Enforces the rules written in the proto; raises Invalid that names the first field and its rule, and lists all.

    Raises CARD_NUMBER for a card number in a free text.
    """
    violations = protovalidate.collect_violations(request)
    if not violations:
        if field := field_with_card_number(request):
            raise Invalid("CARD_NUMBER", "a card number may not be written down: use the card form", field=field)
        return
    problems = [
        {
            "field": _field_path(violation.proto.field),
            "rule": violation.proto.rule_id,
            "message": violation.proto.message,
        }
        for violation in violations
    ]
    first = problems[0]
    raise Invalid(
        "INVALID_FIELD", str(first["message"]), field=str(first["field"]), rule=first["rule"], errors=problems
    )


def _field_path(path: Any) -> str:
    parts = []
    for element in path.elements if path is not None else ():
        index = getattr(element, "subscript", None)
        value = getattr(index, "value", index)
        parts.append(element.field_name + (f"[{value}]" if isinstance(value, int) else ""))
    return ".".join(parts)


# --- channels: one in process, one over the network ---------------------------------------------------------------


class LocalChannel:
    """A channel to services of this process: it serialises and passes the same unit of work as the network does."""

    def __init__(self, services: Mapping[str, Methods]) -> None:
        self._services = services

    async def request(self, method: Method, request: Message, *, token: str, timeout: float) -> Message:
        methods = self._services[method.name.split(".", 1)[0]]
        payload = request.SerializeToString()
        reply = await methods.answer(
            method.path, payload, token=token, timeout=timeout, traceparent=telemetry.traceparent()
        )
        return method.response.FromString(reply)


class NetworkChannel:
    """A channel to services elsewhere. Retries only Unavailable, and only what is keyed or read-only."""

    OPTIONS = (
        ("grpc.lb_policy_name", "round_robin"),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.initial_reconnect_backoff_ms", 100),  # a replaced pod is found again at once
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    )

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._calls: dict[str, Any] = {}
        self._budget = 10.0  # retries in hand: each success earns a tenth, each retry costs one

    async def request(self, method: Method, request: Message, *, token: str, timeout: float) -> Message:
        call = self._calls.get(method.path) or self._open(method)
        until = time.monotonic() + timeout
        for attempt in (1, 2, 3):
            left = until - time.monotonic()
            metadata = (("authorization", f"Bearer {token}"), ("traceparent", telemetry.traceparent()))
            try:
                reply: Message = await call(request, timeout=max(left, 0.001), metadata=metadata)
                self._budget = min(10.0, self._budget + 0.1)
                return reply
            except grpc.aio.AioRpcError as error:
                failure = from_grpc(error)
                keyed = not method.writes or bool(getattr(request, "request_id", ""))
                pause = random.uniform(0.02, 0.08) * 2**attempt  # noqa: S311  jitter
                if not (
                    isinstance(failure, Unavailable)
                    and keyed
                    and attempt < 3
                    and self._budget >= 1
                    and left > pause + LEAST_S
                ):
                    raise failure from None
                self._budget -= 1
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    def _open(self, method: Method) -> Any:
        service = method.name.split(".", 1)[0]
        channel = self._channels.get(service)
        if channel is None:
            channel = self._channels[service] = grpc.aio.insecure_channel(
                self._addresses[service], options=list(self.OPTIONS)
            )
        call = channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        self._calls[method.path] = call
        return call

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()


class Client:
    """The methods of one service as a caller sees them: `await client.BookAppointment(request, token=…)`.

    Raises ServiceError. Without `timeout` the call has what is left of the caller's own time minus 50 ms, at most 3 s
    for a read and 10 s for a write.
    """

    def __init__(self, service: str, channel: Any) -> None:
        self._channel = channel
        self._methods = methods_of(service)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = self._methods.get(name)
        if method is None:
            raise AttributeError(name)

        async def call(request: Message, *, token: str, timeout: float | None = None) -> Any:
            longest = timeout or (WRITE_TIMEOUT_S if method.writes else READ_TIMEOUT_S)
            deadline = _deadline.get()
            if deadline is not None:
                longest = min(longest, deadline - time.monotonic() - HOP_COST_S)
            return await self._channel.request(method, request, token=token, timeout=longest)

        setattr(self, name, call)
        return call


class Bound:
    """A client that always calls as one caller."""

    def __init__(self, client: Client, token: str) -> None:
        self._client = client
        self._token = token

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda request, **options: method(request, token=self._token, **options)


# --- gRPC edge ----------------------------------------------------------------------------------------------------

DOMAIN = "archwire"


def to_status(error: ServiceError) -> Status:
    """A ServiceError as google.rpc.Status with ErrorInfo."""
    info = ErrorInfo(reason=error.reason, domain=DOMAIN)
    info.metadata["details"] = orjson.dumps({"field": error.field, **error.details}, default=str).decode()
    status = Status(code=getattr(grpc.StatusCode, error.code).value[0], message=error.message)
    status.details.add().Pack(info)
    return status


def from_grpc(error: grpc.aio.AioRpcError) -> ServiceError:
    """The ServiceError behind a failed network call."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = Status.FromString(value)
            for detail in status.details:
                info = ErrorInfo()
                if detail.Unpack(info) and info.domain == DOMAIN:
                    details = orjson.loads(info.metadata["details"])
                    field = details.pop("field", None)
                    kind = BY_CODE.get(error.code().name, Unavailable)
                    return kind(info.reason, status.message, field=field, **details)
    if error.code() in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    ):
        return Unavailable(error.code().name, "the service cannot answer now: try again")
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return Unavailable("UNIMPLEMENTED", "the service does not have this method yet")
    return Unavailable("INTERNAL", "the service failed")


async def serve(services: Sequence[Methods], address: str) -> tuple[grpc.aio.Server, Any, int]:
    """Serves methods over gRPC with health and reflection; returns the server, its health servicer and its port."""
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection

    server = grpc.aio.server(
        options=[
            ("grpc.max_connection_age_ms", 300_000),
            ("grpc.max_connection_age_grace_ms", 60_000),
            ("grpc.so_reuseport", 0),
        ],
        maximum_concurrent_rpcs=256,
    )
    names = [reflection.SERVICE_NAME, health.SERVICE_NAME]
    for methods in services:
        by_proto: dict[str, dict[str, Any]] = {}
        for path in methods.handlers:
            proto_service, name = path.strip("/").split("/")
            by_proto.setdefault(proto_service, {})[name] = grpc.unary_unary_rpc_method_handler(_edge(methods, path))
        for proto_service, handlers in by_proto.items():
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(proto_service, handlers),))
            names.append(proto_service)
    status = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    reflection.enable_server_reflection(names, server, pool=descriptor_pool.Default())
    port = server.add_insecure_port(address)
    await server.start()
    await status.set("", health_pb2.HealthCheckResponse.SERVING)
    return server, status, port


def _edge(methods: Methods, path: str) -> Callable[[bytes, Any], Any]:
    async def answer(payload: bytes, context: Any) -> bytes:
        metadata = dict(context.invocation_metadata() or ())
        token = str(metadata.get("authorization", "")).removeprefix("Bearer ")
        left = context.time_remaining()
        try:
            if not token:
                raise Unauthenticated("NO_TOKEN", "an internal token is required")
            return await methods.answer(
                path,
                payload,
                token=token,
                timeout=WRITE_TIMEOUT_S if left is None else left,
                traceparent=str(metadata.get("traceparent", "")),
            )
        except ServiceError as error:
            status = to_status(error)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            await context.abort(getattr(grpc.StatusCode, error.code), error.message)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a method failed", extra={"method": path})
            await context.abort(grpc.StatusCode.INTERNAL, "the service failed")
        raise AssertionError("unreachable")

    return answer
