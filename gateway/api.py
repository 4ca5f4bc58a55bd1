"""Public methods: one line of routes.py makes an RPC reachable over HTTP.

`Api("scheduling").expose("POST /v1/appointments", "BookAppointment", status=201)`. Names in braces are fields of the
request; a GET or DELETE takes the other fields as parameters, the rest as a JSON body. `Idempotency-Key` is the
field `request_id`, `If-Match` the field `version`: either may stand in the body instead, and must agree when both do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from archwire.common.v1 import options_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message_factory import GetMessageClass
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.decode import decode, decode_texts, is_plain
from gateway.files import send_file
from gateway.http import Refused, header, read_body, read_json, respond
from gateway.transcode import OPTIONS, encoder
from shared.errors import Invalid
from shared.rpc import proto_services

KEY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ETAG = re.compile(r'"?([1-9]\d{0,17})"?', re.ASCII)
PARAMETERS = ("GET", "DELETE")  # verbs whose other fields are parameters, not a body


class Api:
    """The public methods of one service, in the order in which routes.py names them."""

    def __init__(self, service: str, descriptors: Sequence[ServiceDescriptor] = ()) -> None:
        self.service = service
        self.descriptors = descriptors or proto_services(service)
        self.routes: list[Route] = []

    def expose(self, path: str, rpc: str, *, status: int = 200, download: bool = False) -> None:
        """Makes an RPC public as "VERB /path"; a `download` sends the file that the reply's storage key names.

        Raises ValueError, at import, when path and RPC do not fit together.
        """
        for descriptor in self.descriptors:
            if rpc in descriptor.methods_by_name:
                verb, _, template = path.partition(" ")
                self.routes.append(
                    Route(self.service, verb, template, descriptor.methods_by_name[rpc], status, download)
                )
                return
        known = ", ".join(m.name for d in self.descriptors for m in d.methods) or "it has none yet"
        raise ValueError(f"routes.py: {self.service} has no RPC {rpc} (for {path}); there are: {known}")


class Route:
    """One public method: HTTP in, RPC, HTTP out."""

    def __init__(
        self, service: str, verb: str, template: str, rpc: MethodDescriptor, status: int = 200, download: bool = False
    ) -> None:
        where = f"routes.py: {verb} {template} ({service}.{rpc.name})"
        self.service, self.verb, self.template, self.rpc, self.status = service, verb, template, rpc, status
        self.download = download
        self.segments = tuple(template.strip("/").split("/"))
        self.in_path = tuple(s[1:-1] for s in self.segments if s.startswith("{"))
        fields = rpc.input_type.fields_by_name
        if verb not in ("GET", "POST", "PUT", "PATCH", "DELETE") or not template.startswith("/"):
            raise ValueError(f'{where}: write "VERB /path"')
        if verb == "GET" and rpc.GetOptions().idempotency_level != MethodOptions.NO_SIDE_EFFECTS:
            raise ValueError(f"{where}: a GET may not change anything, and this RPC lacks NO_SIDE_EFFECTS")
        if download != ("storage_key" in rpc.output_type.fields_by_name):
            raise ValueError(f"{where}: a reply with a storage_key, and no other, is a download")
        for name in self.in_path:
            if name not in fields or fields[name].is_repeated or not is_plain(fields[name]):
                raise ValueError(f"{where}: {rpc.input_type.name} has no plain field {name} for the path")
        self.has_body = verb not in PARAMETERS
        self.keyed = "request_id" in fields
        self.versioned = verb != "GET" and "version" in fields
        self.in_headers = ("request_id",) * self.keyed + ("version",) * self.versioned
        self.in_query = () if self.has_body else tuple(n for n in fields if n not in self.in_path + self.in_headers)
        for name in self.in_query:
            if not is_plain(fields[name]):
                raise ValueError(f"{where}: field {name} is a message, which a parameter cannot carry")
        self.needs_version = self.versioned and _more_than_zero(fields["version"])
        self.etag = _versioned_resource(rpc.output_type)
        self.encode = encoder(rpc.output_type)
        self.message = GetMessageClass(rpc.input_type)
        self.permission: str = rpc.GetOptions().Extensions[options_pb2.permission]

    def request(self, scope: Scope, values: Sequence[str], body: bytes) -> Any:
        """The RPC's request. Raises Invalid, or Refused for a body that is not JSON."""
        request = self.message()
        if self.has_body:
            decode(request, read_json(scope, body), without=self.in_path)
            if scope["query_string"]:
                raise Invalid("UNKNOWN_FIELD", "this method takes its fields in the body", field="query")
        elif scope["query_string"]:
            self._read_query(request, scope["query_string"])
        for name, text in zip(self.in_path, values, strict=True):
            decode_texts(request, name, (text,))
        if self.keyed:
            self._read_key(request, header(scope, b"idempotency-key"))
        if self.versioned:
            self._read_version(request, header(scope, b"if-match"))
        return request

    def _read_query(self, request: Any, query: bytes) -> None:
        given: dict[str, list[str]] = {}
        for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="strict"):
            given.setdefault(name, []).append(text)
        for name, texts in given.items():
            if name not in self.in_query:
                raise Invalid("UNKNOWN_FIELD", "there is no such parameter", field=name[:200])
            decode_texts(request, name, texts)

    def _read_key(self, request: Any, key: str) -> None:
        if key and not KEY.fullmatch(key):
            raise Invalid("BAD_IDEMPOTENCY_KEY", "must be a UUID", field="Idempotency-Key")
        if not key and not request.request_id:
            raise Invalid(
                "IDEMPOTENCY_KEY_REQUIRED",
                "send the header Idempotency-Key: a UUID made for this change",
                field="Idempotency-Key",
            )
        if key and request.request_id and request.request_id.lower() != key.lower():
            raise Invalid(
                "IDEMPOTENCY_KEY_DIFFERS", "the header and the field request_id differ", field="Idempotency-Key"
            )
        request.request_id = (key or request.request_id).lower()

    def _read_version(self, request: Any, tag: str) -> None:
        if tag:
            match = ETAG.fullmatch(tag.removeprefix("W/"))
            if not match:
                raise Invalid("BAD_IF_MATCH", 'must be a version such as "3"', field="If-Match")
            if request.version and request.version != int(match[1]):
                raise Invalid("IF_MATCH_DIFFERS", "the header and the field version differ", field="If-Match")
            request.version = int(match[1])
        elif not request.version and self.needs_version:
            raise Invalid(
                "IF_MATCH_REQUIRED",
                'send the header If-Match: the version that was read, such as "3"',
                field="If-Match",
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["app"].state
        caller = await state.auth.authenticate(scope, unsafe=self.verb != "GET")
        body = await read_body(receive) if self.has_body else b""
        if caller.may(self.permission):
            request = self.request(scope, scope["path_params"]["values"], body)
        else:
            request = self.message()  # the service refuses, and writes the refusal into its audit
        reply = await getattr(state.node.client(self.service), self.rpc.name)(request, token=caller.token(self.service))
        if self.download:
            file = await send_file(
                reply.storage_key,
                reply.content_type,
                reply.file_name,
                sha256=getattr(reply, "sha256", ""),
                known=header(scope, b"if-none-match"),
            )
            await file(scope, receive, send)
            return
        if self.status == 204:
            await respond(send, 204, b"")
            return
        headers: tuple[tuple[bytes, bytes], ...] = ()
        if self.etag and (version := getattr(reply, self.etag).version):
            headers = ((b"etag", b'"%d"' % version),)
        await respond(send, self.status, orjson.dumps(self.encode(reply), option=OPTIONS), headers=headers)


class Routes(BaseRoute):
    """Every public method as one route of the application: a tree of path segments, not a list of patterns."""

    def __init__(self, apis: Sequence[Api], others: Sequence[Any] = ()) -> None:
        self._tree: dict[str, Any] = {}
        for route in [*(route for api in apis for route in api.routes), *others]:
            node = self._tree
            for segment in route.segments:
                node = node.setdefault("{}" if segment.startswith("{") else segment, {})
            verbs = node.setdefault("/", {})
            if route.verb in verbs:
                raise ValueError(f"routes.py: {route.verb} {route.template} is exposed twice")
            verbs[route.verb] = route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not (found := self.find(scope["path"])):
            return Match.NONE, {}
        verbs, values = found
        verb = scope["method"]
        route = verbs.get("GET" if verb == "HEAD" else verb)
        if route is None:
            return Match.PARTIAL, {"endpoint": _no_such_verb, "path_params": {"verbs": sorted(verbs)}}
        scope["template"] = route.template  # what the access log calls the request
        return Match.FULL, {"endpoint": route, "path_params": {"values": values}}

    def find(self, path: str) -> tuple[dict[str, Route], tuple[str, ...]] | None:
        """The routes of a path by verb, and the values in its braces. A literal segment goes before a brace."""
        return _walk(self._tree, path[1:].split("/"), 0, ())

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["endpoint"](scope, receive, send)


class Direct:
    """Takes requests for public methods straight to them; whatever else there is goes on to the application.

    Its layers behind this one only look for a route and for errors, and a request would pay a tenth of its CPU for
    that: errors are the outermost layer's business anyway.
    """

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        self.app = app
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match, found = self.routes.matches(scope)
        if match is Match.FULL:
            scope.update(found)
            await found["endpoint"](scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _walk(node: dict[str, Any], segments: list[str], at: int, values: tuple[str, ...]) -> Any:
    if at == len(segments):
        return (node["/"], values) if "/" in node else None
    segment = segments[at]
    if segment in node and segment not in ("/", "{}") and (found := _walk(node[segment], segments, at + 1, values)):
        return found
    if segment and "{}" in node:
        return _walk(node["{}"], segments, at + 1, (*values, segment))
    return None


async def _no_such_verb(scope: Scope, receive: Receive, send: Send) -> None:
    verbs = ", ".join(scope["path_params"]["verbs"])
    raise Refused(405, "METHOD_NOT_ALLOWED", f"this path answers to {verbs}", {"Allow": verbs})


def _more_than_zero(field: FieldDescriptor) -> bool:
    return field.GetOptions().Extensions[validate_pb2.field].int64.HasField("gt")


def _versioned_resource(response: Descriptor) -> str:
    """The response's one field that holds a resource with a version; "" when there is none."""
    names = [
        f.name
        for f in response.fields
        if f.message_type and not f.is_repeated and "version" in f.message_type.fields_by_name
    ]
    return names[0] if len(names) == 1 else ""
