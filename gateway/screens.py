"""The few reads that join several services for one screen, so that a phone on a bad line asks once.

A screen adds no right: each part is the RPC of its service, called as the caller, authorised and audited there. The
first part must succeed; another that is refused or out of order is null, and `omitted` says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from starlette.types import Receive, Scope, Send

from gateway.decode import decode_texts
from gateway.http import respond
from gateway.transcode import OPTIONS, encoder
from shared.errors import Invalid, ServiceError
from shared.rpc import proto_services

PAGE = 50


@dataclass(frozen=True)
class Part:
    """One RPC of a screen. Its request gets the path's fields that it knows, and `given`."""

    name: str
    service: str
    rpc: str
    given: dict[str, str] = field(default_factory=dict)  # as a parameter would say it

    @property
    def method(self) -> MethodDescriptor:
        """The RPC. Raises ValueError, at import, when there is none."""
        for descriptor in proto_services(self.service):
            if self.rpc in descriptor.methods_by_name:
                return descriptor.methods_by_name[self.rpc]
        raise ValueError(f"screens.py: {self.service} has no RPC {self.rpc}")


class Screen:
    """A GET that answers with its parts side by side. It stands in the route table like a public method."""

    verb = "GET"

    def __init__(self, template: str, name: str, about: str, parts: Sequence[Part]) -> None:
        self.template, self.name, self.about, self.parts = template, name, about, tuple(parts)
        self.segments = tuple(template.strip("/").split("/"))
        self.in_path = tuple(s[1:-1] for s in self.segments if s.startswith("{"))
        self._made = [
            (part, GetMessageClass(part.method.input_type), encoder(part.method.output_type)) for part in parts
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["app"].state
        caller = await state.auth.authenticate(scope, unsafe=False)
        if scope["query_string"]:
            raise Invalid("UNKNOWN_FIELD", "a screen takes no parameters", field="query")
        values = dict(zip(self.in_path, scope["path_params"]["values"], strict=True))

        async def fetch(part: Part, message: Any, encode: Any) -> Any:
            request = message()
            for name, text in (part.given | values).items():
                if name in message.DESCRIPTOR.fields_by_name:
                    decode_texts(request, name, (text,))
            if "page_size" in message.DESCRIPTOR.fields_by_name:
                request.page_size = PAGE
            reply = await getattr(state.node.client(part.service), part.rpc)(request, token=caller.token(part.service))
            return encode(reply)

        first, *others = self._made
        told: dict[str, Any] = {first[0].name: await fetch(*first)}
        omitted: dict[str, str] = {}
        outcomes = await asyncio.gather(*(fetch(*made) for made in others), return_exceptions=True)
        for (part, _, _), outcome in zip(others, outcomes, strict=True):
            if isinstance(outcome, ServiceError):
                omitted[part.name] = outcome.reason
            elif isinstance(outcome, BaseException):
                raise outcome
            told[part.name] = None if part.name in omitted else outcome
        await respond(send, 200, orjson.dumps({**told, "omitted": omitted}, option=OPTIONS))


SCREENS = (
    Screen(
        "/v1/screens/patients/{patient_id}",
        "patient",
        "A patient at a glance: who, who pays, the cases, appointments, contracts, balance, coverage, chart and messages",
        (
            Part("patient", "directory", "GetPatient"),
            Part("responsible_parties", "directory", "ListResponsibleParties"),
            Part("cases", "coordination", "ListCases"),
            Part("appointments", "scheduling", "ListPatientAppointments"),
            Part("contracts", "contracts", "ListContracts"),
            Part("balance", "contracts", "GetBalance"),
            Part("coverages", "insurance", "ListCoverages"),
            Part("visits", "records", "ListVisits"),
            Part("images", "records", "ListImages"),
            Part("documents", "records", "ListDocuments"),
            Part("lab_orders", "supply", "ListLabOrders"),
            Part("messages", "notifications", "ListMessages"),
        ),
    ),
    Screen(
        "/v1/screens/days/{location_id}/{day}",
        "day",
        "A day of a location: hours, chairs, doctors, visits, closures; who would come sooner, who has no next visit",
        (
            Part("day_sheet", "scheduling", "GetDaySheet"),
            Part("providers", "scheduling", "ListProviders"),
            Part("waitlist", "scheduling", "ListWaitlist"),
            Part("to_book", "coordination", "ListCases", {"attention": "no_next_visit"}),
        ),
    ),
    Screen(
        "/v1/shared/screens/presentation",
        "shared_presentation",
        "What a family sees behind its private link: the presentation, its quotes, the contract, the documents",
        (
            Part("presentation", "coordination", "GetSharedPresentation"),
            Part("quotes", "contracts", "GetSharedQuotes"),
            Part("contract", "contracts", "GetSharedContract"),
            Part("documents", "records", "ListSharedDocuments"),
        ),
    ),
)
