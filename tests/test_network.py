"""The distributed installation: services, workers and gateway as processes of their own, over gRPC."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import httpx
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from shared import migrations, postgres
from tests.support import Group, Platform, eventually

SERVICES = ("directory", "coordination")
TWIN = "coordination-2"  # a second replica


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Parts(Platform):
    """Two services, the workers and the gateway, each `archwire run`, on one database."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, OWN="1")
        self.ports = {name: free_port() for name in (*SERVICES, TWIN, "gateway")}
        self.url = f"http://127.0.0.1:{self.ports['gateway']}"
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.server: postgres.Server | None = None

    def start(self) -> Parts:
        self.server = postgres.start(self.data)
        migrations.migrate(self.server.dsn())
        for name in (*SERVICES, TWIN, "gateway", "worker"):
            self.run(name)
        for name in (*SERVICES, TWIN):
            eventually(lambda name=name: serving(self.ports[name]), within_s=120)
        eventually(self._answers, within_s=120)
        return self

    def run(self, part: str) -> None:
        assert self.server is not None
        places = {
            "ARCHWIRE_DIRECTORY_ADDRESS": f"127.0.0.1:{self.ports['directory']}",
            "ARCHWIRE_COORDINATION_ADDRESS": f"ipv4:127.0.0.1:{self.ports['coordination']},127.0.0.1:{self.ports[TWIN]}",
        }
        environ = {**self._environ, **places, "DATABASE_URL": self.server.dsn(), "ARCHWIRE_DATA": str(self.data)}
        environ["ARCHWIRE_LISTEN"] = "127.0.0.1:0"
        if part in self.ports:
            environ |= {"ARCHWIRE_LISTEN": f"127.0.0.1:{self.ports[part]}", "ARCHWIRE_PORT": str(self.ports[part])}
        with (self.data.parent / f"{part}.log").open("ab") as log:
            command = [sys.executable, "-m", "shared.run", "run", part.removesuffix("-2")]
            self.parts[part] = subprocess.Popen(command, stdout=log, stderr=log, env=environ)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/live").status_code == 200
        except httpx.TransportError:
            return False

    def reached(self, part: str) -> bool:
        """Whether the gateway has a connection to a part."""
        gateway = psutil.Process(self.parts["gateway"].pid)
        return any(c.raddr and c.raddr.port == self.ports[part] for c in gateway.net_connections("tcp"))

    def end(self, part: str) -> int:
        """SIGTERM; returns the exit status."""
        process = self.parts[part]
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=40)

    def stop(self) -> None:
        for process in self.parts.values():
            process.terminate()
        for process in self.parts.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._back_door is not None:
            self._back_door.close()
        if self.server is not None:
            self.server.stop()


def serving(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    running = Parts(tmp_path_factory.mktemp("parts") / "data")
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def group(parts: Parts) -> Group:
    return Group(parts)


def lead(group: Group) -> dict[str, Any]:
    contact = {"first_name": "Nora", "last_name": "Network", "phone": "+16175550111"}
    return {"location_id": group.location_a, "source": "web", "contact": contact}


def test_a_lead_becomes_a_patient_through_four_processes(group: Group) -> None:
    http = group.http("treatment_coordinator")
    made = http.post("/v1/leads", json=lead(group))
    assert made.status_code == 201, made.text
    id = made.json()["lead"]["id"]
    assert http.get(f"/v1/leads/{id}").status_code == 200
    assert [found["id"] for found in http.get("/v1/leads").json()["leads"]] == [id]
    child = {"first_name": "Sam", "last_name": "Network", "birth_date": "2012-04-17", "sex": "male"}
    tie = {"kind": "parent", "may_consent": True, "clinical_access": True, "financial": True, "primary_contact": True}
    tie["share_bp"] = 10_000
    parent = {"first_name": "Nora", "last_name": "Network", "mobile": "+16175550111", "relationship": tie}
    registered = http.post(
        f"/v1/leads/{id}/register",
        json={**child, "parties": [parent]},
        headers={"If-Match": made.headers["etag"]},
    )
    assert registered.status_code == 201, registered.text
    case = registered.json()["case"]
    assert http.get(f"/v1/patients/{case['patient_id']}").json()["patient"]["first_name"] == "Sam"
    # An error keeps its reason over the network, and a role its limits.
    missing = http.get("/v1/leads/00000000-0000-4000-8000-000000000000")
    assert (missing.status_code, missing.json()["reason"]) == (404, "LEAD_NOT_FOUND")
    refused = group.http("records_technician").post("/v1/leads", json=lead(group))
    assert (refused.status_code, refused.json()["reason"]) == (403, "PERMISSION_DENIED")


def test_every_service_tells_what_it_offers(parts: Parts) -> None:
    for name in SERVICES:
        assert serving(parts.ports[name])
        with grpc.insecure_channel(f"127.0.0.1:{parts.ports[name]}") as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
            (answer,) = stub.ServerReflectionInfo(asked, timeout=5)
        offered = {service.name for service in answer.list_services_response.service}
        assert any(re.fullmatch(rf"archwire\.{name}\.v1\.\w+Service", one) for one in offered), offered
        assert "grpc.health.v1.Health" in offered


def test_nobody_gets_in_past_the_gateway_without_a_token(parts: Parts) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{parts.ports['coordination']}") as channel:
        call = channel.unary_unary("/archwire.coordination.v1.CoordinationService/ListLeads")
        with pytest.raises(grpc.RpcError) as raised:
            call(b"", timeout=5, metadata=(("x-role", "owner"), ("x-tenant", "any")))
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_replica_that_ends_fails_no_request(parts: Parts, group: Group) -> None:
    """SIGTERM while requests run: it ends what it has begun, and what comes later goes to the other."""
    http = group.http("treatment_coordinator")
    headers = {n: v for n, v in http.headers.items() if n in ("cookie", "x-csrf-token")}
    done, outcomes = threading.Event(), Counter[tuple[str, int]]()

    async def caller(client: httpx.AsyncClient, verb: str) -> None:
        while not done.is_set():
            change = {"json": lead(group), "headers": {"Idempotency-Key": str(uuid4())}} if verb == "POST" else {}
            outcomes[verb, (await client.request(verb, "/v1/leads", **change)).status_code] += 1

    async def callers() -> None:
        async with httpx.AsyncClient(base_url=parts.url, headers=headers, timeout=30) as client:
            await asyncio.gather(*(caller(client, verb) for verb in ("GET", "GET", "POST", "POST")))

    working = threading.Thread(target=lambda: asyncio.run(callers()))
    working.start()
    try:
        for part in ("coordination", TWIN):
            seen = outcomes.total()
            eventually(lambda seen=seen: outcomes.total() > seen + 40)
            assert parts.end(part) == 0
            seen = outcomes.total()
            eventually(lambda seen=seen: outcomes.total() > seen + 40)
            parts.run(part)
            eventually(lambda part=part: serving(parts.ports[part]), within_s=120)
            eventually(lambda part=part: parts.reached(part), within_s=20)
    finally:
        done.set()
        working.join(timeout=60)
    assert set(outcomes) == {("GET", 200), ("POST", 201)}, outcomes
