"""What a caller adds to a request: another tenant, fields that the server sets, wrong types, an empty scope (T04, T08, T10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from archwire.common.v1 import options_pb2
from archwire.scheduling.v1.events_pb2 import AppointmentBooked, AppointmentCheckedIn
from google.protobuf.descriptor import Descriptor

from shared.identity import Actor, Signer
from shared.rpc import methods_of
from shared.service import NAMES, load
from shared.tables import Located, LocatedMany
from tests.examples import example
from tests.security.territory import PROBES, Ask, Probe
from tests.security.test_id_swap import furnish, settled
from tests.security.test_permissions import walk
from tests.support import Group, Platform

SERVER_SET = ("tenant_id", "group_id", "id", "create_time", "created_by", "signed_at", "balance_cents", "is_admin")
HEADERS = ("X-Tenant-Id", "X-Tenant", "X-Group", "X-Archwire-Tenant", "X-Location-Id", "X-Forwarded-User", "Tenant")


@pytest.fixture(scope="module")
def victim(platform: Platform) -> Group:
    """A group with something of everything."""
    group = Group(platform)
    furnish(group)
    return group


def filled(probe: Probe, **more: Any) -> Ask:
    """A valid request with one thing more."""
    values = {name: str(uuid4()) if name.endswith("_id") else "example_code" for name in probe.in_path}
    assert probe.request is not None
    body = example(probe.request, lambda _: str(uuid4()), without=probe.in_path + probe.in_headers)
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    return Ask(probe, probe.template.format(**values), {"headers": headers, "json": {**body, **more}}, False)


BODIES = [probe for probe in PROBES if probe.has_body and "/shared/" not in probe.template]


@pytest.mark.T("T04")
@pytest.mark.T("T10")
def test_no_method_takes_a_field_that_the_server_sets(group: Group, victim: Group) -> None:
    asks, names = [], []
    for probe in BODIES:
        for name in SERVER_SET:
            if probe.request is not None and name not in probe.request.fields_by_name:
                asks.append(filled(probe, **{name: victim.id}))
                names.append(name)
    assert len(asks) > 500
    answers = walk(group.platform.url, group.http("owner").headers, asks)
    wrong = [
        f"{asked.probe.name} with {name}: {answer.status_code} {answer.text[:150]}"
        for asked, name, answer in zip(asks, names, answers, strict=True)
        if answer.status_code != 422 or answer.json()["reason"] != "UNKNOWN_FIELD" or answer.json()["field"] != name
        if answer.status_code != 403  # of another role than the owner's
    ]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.T("T10")
def test_no_method_takes_an_output_only_field_of_a_nested_message(group: Group) -> None:
    asks = [
        filled(probe, **{field.name: [inner] if field.is_repeated else inner})
        for probe in BODIES
        if probe.request is not None
        for field in probe.request.fields
        if field.message_type is not None
        for inner in _with_output_only(field.message_type)
    ]
    answers = walk(group.platform.url, group.http("owner").headers, asks)
    wrong = [
        (a.probe.name, r.status_code, r.text[:150]) for a, r in zip(asks, answers, strict=True) if r.status_code != 422
    ]
    assert not wrong


def _with_output_only(message: Descriptor) -> Iterator[dict[str, Any]]:
    for field in message.fields:
        if field.GetOptions().Extensions[options_pb2.output_only]:
            yield {field.name: 7 if field.cpp_type in (1, 2, 3, 4) else "x"}


@pytest.mark.T("T10")
def test_a_value_of_the_wrong_type_is_refused_with_its_field(group: Group) -> None:
    asks = [
        filled(probe, **{field.name: {"$ne": [None]}})
        for probe in BODIES
        if probe.request is not None
        for field in probe.request.fields
        if field.name not in probe.in_path + probe.in_headers
    ]
    answers = walk(group.platform.url, group.http("owner").headers, asks)
    wrong = [
        (a.probe.name, r.status_code, r.text[:150])
        for a, r in zip(asks, answers, strict=True)
        if r.status_code not in (403, 422)
    ]
    assert not wrong
    assert sum(r.status_code == 422 for r in answers) > 300


@pytest.mark.T("T04")
def test_no_parameter_and_no_header_names_another_tenant(group: Group, victim: Group) -> None:
    owner = group.http("owner")
    gets = [probe for probe in PROBES if not probe.has_body and not probe.in_path and "/shared/" not in probe.template]
    plain = [Ask(p, p.template, {}, False) for p in gets]
    asked_as = [Ask(p, p.template, {"headers": dict.fromkeys(HEADERS, victim.id)}, False) for p in gets]
    by_query = [Ask(p, p.template, {"params": {"tenant_id": victim.id}}, False) for p in gets]
    first, second, third = (walk(group.platform.url, owner.headers, asks) for asks in (plain, asked_as, by_query))
    unlike = [a.request.url.path for a, b in zip(first, second, strict=True) if a.status_code != b.status_code]
    assert not unlike
    assert not [r.request.url for r in second if victim.id in r.text]
    assert {r.status_code for r in third} <= {422, 403}


@pytest.mark.T("T04")
def test_an_event_of_one_tenant_does_nothing_to_rows_of_another(group: Group, victim: Group) -> None:
    """Ids of the victim in events whose tenant is another group: handlers run in that group's scope."""
    owner = victim.http("owner")
    case = owner.get("/v1/cases").json()["cases"][0]
    before = settled(victim)
    ids = {"appointment_id": str(uuid4()), "patient_id": case["patient_id"], "location_id": victim.location_a}
    for event in (AppointmentBooked(case_id=case["id"], **ids), AppointmentCheckedIn(**ids)):
        group.publish(event, key=case["patient_id"])
    assert settled(victim) == before
    assert settled(group)


@pytest.mark.T("T04")
def test_a_token_for_one_service_or_of_another_key_is_no_token(group: Group) -> None:
    platform = group.platform
    method = methods_of("directory")["ListLocations"]
    actor = Actor(group.id, str(uuid4()), "user", {"owner": "*"})
    signer = Signer.from_file(platform.data / "secrets" / "internal.pem")
    assert platform.refusal("directory", "ListLocations", method.request(), signer.mint(actor, "directory")) == ""
    contracts = methods_of("contracts")["ListContracts"].request()
    assert platform.refusal("contracts", "ListContracts", contracts, signer.mint(actor, "directory")) == "BAD_TOKEN"
    forged = Signer.from_file(platform.data.parent / f"forged-{uuid4().hex}.pem").mint(actor, "directory")
    assert platform.refusal("directory", "ListLocations", method.request(), forged) == "BAD_TOKEN"


@pytest.mark.T("T08")
@pytest.mark.parametrize("grants", [{}, {"owner": ()}, {"owner": [], "front_desk": ()}, {"nobody": "*"}])
def test_an_empty_scope_is_refused_by_every_method(group: Group, grants: dict[str, Any]) -> None:
    signer = Signer.from_file(group.platform.data / "secrets" / "internal.pem")
    actor = Actor(group.id, str(uuid4()), "user", grants)
    for service in NAMES:
        token = signer.mint(actor, service)
        for method in methods_of(service).values():
            reason = group.platform.refusal(service, method.name.split(".")[1], method.request(), token)
            assert reason == "PERMISSION_DENIED", method.name


@pytest.mark.T("T08")
def test_a_scope_without_tenant_or_location_sees_no_row(demo: Platform) -> None:
    """As each service's own role, on the demo group's data: nothing set, a tenant alone, ten thousand strange places."""

    async def run() -> list[str]:
        seen, looked = [], 0
        owner = await asyncpg.connect(demo.dsn(""))
        tenant = await owner.fetchval(
            "SELECT tenant_id::text FROM directory.practice_group ORDER BY created_at LIMIT 1"
        )
        await owner.close()
        strangers = ",".join(str(uuid4()) for _ in range(10_000))
        for service in NAMES:
            connection = await asyncpg.connect(demo.dsn(service))
            for mapper in load(service).base.registry.mappers:
                model, table = mapper.class_, mapper.local_table
                if "tenant_id" not in table.columns:
                    continue
                scopes = [("", ""), ("", "*")]
                if issubclass(model, (Located, LocatedMany)):
                    scopes += [(tenant, ""), (tenant, strangers)]
                for scope in scopes:
                    async with connection.transaction():
                        await connection.execute(
                            "SELECT set_config('app.tenant', $1, true), set_config('app.locations', $2, true)", *scope
                        )
                        looked += 1
                        if await connection.fetchval(f"SELECT count(*) FROM {table}"):
                            seen.append(f"{table} {scope[0]!r} {scope[1][:40]!r}")
            await connection.close()
        assert looked > 100
        return seen

    assert not asyncio.run(run())
