"""What tests stand on: a platform of their own, groups on it, and people who sign in over HTTP.

def test_a_lead_is_registered(group):
    http = group.http("treatment_coordinator")             # signed in, with the role at group.location_a
    family = group.patient()                               # family.patient_id, family.party_id
    answer = http.post("/v1/leads", json={...})            # an Idempotency-Key is added when there is none
    eventually(lambda: http.get(f"/v1/cases/{id}").json()["state"] == "exam_scheduled")
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from archwire.directory.v1 import directory_pb2, links_pb2, patients_pb2, staff_pb2

from shared import config as settings
from shared import postgres
from shared.config import service_dsn
from shared.db import Pool
from shared.errors import ServiceError
from shared.events import open_bus
from shared.events.bus import Record
from shared.identity import system
from shared.node import Node
from shared.service import topic as service_topic

PASSWORD = "three brackets and a wire"
READY = re.compile(r"http://127\.0\.0\.1:(\d+)")
_FIRST = ("Ada", "Ben", "Chloe", "Diego", "Emma", "Finn", "Grace", "Hugo", "Iris", "Jonas", "Kira", "Liam")
_LAST = ("Abbott", "Brooks", "Castillo", "Dalton", "Ellison", "Fuentes", "Gibson", "Hayes", "Ibarra", "Jensen")
_count = itertools.count(1)
T = TypeVar("T")
patience = 1.0  # times longer that `eventually` waits: more where twenty processes share the machine


def eventually(condition: Callable[[], T], *, within_s: float = 10.0) -> T:
    """Asks until the answer is truthy, and returns it. Fails with the last answer."""
    until = time.monotonic() + within_s * patience
    while not (answer := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"it did not come true within {within_s:g} s: {answer!r}")
        time.sleep(0.05)
    return answer


class Platform:
    """`archwire up` as a process of its own, with its own folder and port; and a door behind the gateway."""

    def __init__(self, data: Path, *, patients: int = 0, **environ: str) -> None:
        self.data = data
        self.program = ("-m", "shared.run")
        self._fill = ["--patients", str(patients)] if patients else ["--no-seed"]
        self.log = data.parent / f"{data.name}.log"
        self._environ = {
            **os.environ,
            "ARCHWIRE_ENV": "test",
            "ARCHWIRE_LIMIT_ADDRESS": "0/minute",
            "ARCHWIRE_LIMIT_CALLER": "0/minute",
            "ARCHWIRE_LIMIT_SIGN_IN_ADDRESS": "0/minute",
            "ARCHWIRE_LIMIT_SIGN_IN_ACCOUNT": "0/minute",
            **environ,
        }
        self._process: subprocess.Popen[str] | None = None
        self._back_door: BackDoor | None = None
        self.url = ""

    def start(self) -> Platform:
        """Returns when it is ready; fails with the end of its log."""
        command = [sys.executable, *self.program, "up", "--port", "0", "--data", str(self.data), *self._fill]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environ, start_new_session=True
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if match := READY.search(line):
                self.url = f"http://127.0.0.1:{match[1]}"
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return self
        self._process.wait()
        raise AssertionError(f"archwire up did not start:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        """Ends it as Ctrl-C does."""
        if self._back_door is not None:
            self._back_door.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def dsn(self, service: str) -> str:
        """The database of a service, as its own role; "" for the owner's."""
        server = postgres.find(self.data)
        assert server is not None, "its database does not run"
        return service_dsn(server.dsn(), service) if service else server.dsn()

    def refusal(self, service: str, rpc: str, request: Any, token: str) -> str:
        """The reason for which an RPC refuses a token, past the gateway; "" when it answers."""
        if self._back_door is None:
            self._back_door = BackDoor(self)
        return self._back_door.refusal(service, rpc, request, token)

    def call(self, service: str, rpc: str, request: Any, *, tenant_id: str = "") -> Any:
        """Calls an RPC as the platform itself, past the gateway. Raises ServiceError."""
        if self._back_door is None:
            self._back_door = BackDoor(self)
        return self._back_door.call(service, rpc, request, tenant_id)

    def publish(self, event: Any, *, key: str, tenant_id: str) -> None:
        """Puts an event on the bus, as if the service that owns it had published it."""
        if self._back_door is None:
            self._back_door = BackDoor(self)
        self._back_door.publish(event, key, tenant_id)


class BackDoor:
    """The services once more, in the process of the tests, on the same database and keys."""

    def __init__(self, platform: Platform) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._node = Node(replace(settings.load({}), data=platform.data), platform.dsn)
        self._owner_dsn = platform.dsn("")
        self._pool: Pool | None = None

    def call(self, service: str, rpc: str, request: Any, tenant_id: str) -> Any:
        return self._await(self._call(service, rpc, request, tenant_id))

    def publish(self, event: Any, key: str, tenant_id: str) -> None:
        self._await(self._publish(event, key, tenant_id))

    def close(self) -> None:
        self._await(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _await(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def refusal(self, service: str, rpc: str, request: Any, token: str) -> str:
        try:
            self._await(self._call_with(service, rpc, request, token))
        except ServiceError as error:
            return error.reason
        return ""

    async def _call(self, service: str, rpc: str, request: Any, tenant_id: str) -> Any:
        return await self._call_with(service, rpc, request, self._node.signer.mint(system(tenant_id, "tests"), service))

    async def _call_with(self, service: str, rpc: str, request: Any, token: str) -> Any:
        wanted = {"directory", service} - self._node.methods.keys()
        if wanted:
            await self._node.start(sorted(wanted), work=False)
        return await getattr(self._node.client(service), rpc)(request, token=token)

    async def _publish(self, event: Any, key: str, tenant_id: str) -> None:
        name = event.DESCRIPTOR.full_name
        topic = service_topic(name.split(".")[1])
        headers = {"source": topic, "time": dt.datetime.now(dt.UTC).isoformat(), "tenant": tenant_id, "actor": "tests"}
        if self._pool is None:
            self._pool = await Pool.open(self._owner_dsn)
            self._bus = open_bus(self._pool)
        async with self._pool.begin() as db:
            event_id = await db.connection.fetchval("SELECT uuidv7()")
        await self._bus.publish(topic, [Record(event_id, topic, key, name, event.SerializeToString(), headers)])

    async def _stop(self) -> None:
        await self._node.stop()
        if self._pool is not None:
            await self._bus.close()
            await self._pool.close()


@dataclass(frozen=True)
class Family:
    """A patient and the people responsible."""

    patient_id: str
    party_ids: tuple[str, ...]
    location_id: str

    @property
    def party_id(self) -> str:
        """The first party, who is written to first."""
        return self.party_ids[0]


class Group:
    """A group of two locations, A in New York's time zone and B in Chicago's, with nobody but its owner at first."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.id = str(uuid4())
        self.slug = f"g{self.id[:8]}"
        self._people: dict[tuple[str, str], tuple[str, str]] = {}
        self._clients: dict[tuple[str, str], Http] = {}
        owner = f"owner@{self.slug}.example"
        made = self.call(
            "directory",
            "CreateGroup",
            directory_pb2.CreateGroupRequest(
                request_id=str(uuid4()),
                name="Test Orthodontics",
                slug=self.slug,
                owner_email=owner,
                owner_first_name="Olive",
                owner_last_name="Owner",
                owner_password=PASSWORD,
            ),
        )
        self.owner_id = made.owner.id
        self._people["owner", "*"] = (self.owner_id, owner)
        self.location_a = self._location("Arlington", "America/New_York")
        self.location_b = self._location("Brookfield", "America/Chicago")

    @classmethod
    def existing(cls, platform: Platform, id: str, slug: str, location_a: str, location_b: str) -> Group:
        """A group that is there already, such as the demo group."""
        group = cls.__new__(cls)
        group.platform, group.id, group.slug, group._people, group._clients = platform, id, slug, {}, {}
        group.location_a, group.location_b = location_a, location_b
        return group

    def call(self, service: str, rpc: str, request: Any) -> Any:
        """Calls an RPC as the platform itself, in this group. Raises ServiceError."""
        return self.platform.call(service, rpc, request, tenant_id=self.id)

    def publish(self, event: Any, *, key: str) -> None:
        """Lets an event of any service happen in this group; `key` is the patient's id, or the group's."""
        self.platform.publish(event, key=key, tenant_id=self.id)

    def http(self, role: str, *, location: str | Sequence[str] = "", fresh: bool = False) -> Http:
        """A client signed in as somebody with the role at `location` ("*", one id or several; else location A).

        The same person each time; `fresh` signs in anew. The owner owns the whole group.
        """
        where = "*" if role == "owner" else location or self.location_a
        key = (role, where if isinstance(where, str) else ",".join(sorted(where)))
        if fresh or key not in self._clients:
            self._clients[key] = self.sign_in(self._person(role, where)[1])
        return self._clients[key]

    def sign_in(self, email: str, password: str = PASSWORD) -> Http:
        """A client signed in with an address and a password."""
        client = self.anonymous()
        answer = client.post("/v1/session", json={"email": email, "password": password, "group": self.slug})
        assert answer.status_code == 201, answer.text
        return client.with_session(answer)

    def machine(self, role: str = "integrator") -> Http:
        """A client with an access token of a new API client that holds the role everywhere."""
        until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        asked = {"name": "A machine", "role": role, "all_locations": True, "expire_time": until}
        made = self.http("owner").post("/v1/clients", json=asked)
        assert made.status_code == 201, made.text
        secret = {"client_id": made.json()["client"]["id"], "client_secret": made.json()["secret"]}
        answer = httpx.post(f"{self.platform.url}/oauth/token", data={"grant_type": "client_credentials", **secret})
        assert answer.status_code == 200, answer.text
        return Http(self.platform.url, headers={"Authorization": f"Bearer {answer.json()['access_token']}"})

    def anonymous(self) -> Http:
        """A client that has not signed in."""
        return Http(self.platform.url)

    def by_link(self, token: str) -> Http:
        """A client that holds a private link's token."""
        return Http(self.platform.url, headers={"Authorization": f"Link {token}"})

    def link(self, purpose: str, **subject: str) -> Http:
        """A client that holds a new private link of a purpose, about a subject (`patient_id=…`, `case_id=…`)."""
        request = links_pb2.CreateLinkRequest(
            request_id=str(uuid4()), purpose=purpose, subject=links_pb2.LinkSubject(**subject)
        )
        return self.by_link(self.call("directory", "CreateLink", request).token)

    def staff(self, role: str, *, location: str | Sequence[str] = "") -> str:
        """The id of the person whom `http` signs in with the same arguments."""
        return self._person(role, "*" if role == "owner" else location or self.location_a)[0]

    def patient(
        self, location: str = "", *, age_years: int = 12, parties: int = 1, first_name: str = "", last_name: str = ""
    ) -> Family:
        """A patient at `location` (else A) with `parties` parents who pay equal shares."""
        number = next(_count)
        last_name = last_name or f"{_LAST[number % len(_LAST)]}-{number}"
        request = patients_pb2.RegisterPatientRequest(
            request_id=str(uuid4()),
            home_location_id=location or self.location_a,
            first_name=first_name or _FIRST[number % len(_FIRST)],
            last_name=last_name,
            birth_date=date.today().replace(year=date.today().year - age_years, day=1).isoformat(),
            sex=patients_pb2.SEX_FEMALE,
        )
        for parent in range(parties):
            request.parties.add(
                first_name=("Pat", "Robin", "Sam", "Toni")[parent % 4],
                last_name=last_name,
                email=f"parent{parent}.{number}@family.example",
                mobile=f"+1617555{number % 10000:04d}" if parent == 0 else f"+1508555{number % 10000:04d}",
                relationship=patients_pb2.RelationshipInput(
                    kind=patients_pb2.RELATIONSHIP_KIND_PARENT, may_consent=True, clinical_access=True, financial=True
                ),
            )
        made = self.call("directory", "RegisterPatient", request)
        return Family(made.patient.id, tuple(p.party.id for p in made.parties), made.patient.home_location_id)

    def _location(self, name: str, time_zone: str) -> str:
        request = directory_pb2.CreateLocationRequest(
            request_id=str(uuid4()), name=name, time_zone=time_zone, phone="+16175550100"
        )
        return str(self.call("directory", "CreateLocation", request).location.id)

    def _person(self, role: str, where: str | Sequence[str]) -> tuple[str, str]:
        key = (role, where if isinstance(where, str) else ",".join(sorted(where)))
        if key not in self._people:
            email = f"{role}.{uuid4().hex[:8]}@{self.slug}.example"
            places: Sequence[dict[str, Any]] = (
                [{"all_locations": True}]
                if where == "*"
                else [{"location_id": id} for id in ([where] if isinstance(where, str) else where)]
            )
            request = staff_pb2.CreateStaffRequest(
                request_id=str(uuid4()),
                first_name=role.split("_")[0].title(),
                last_name="Tester",
                email=email,
                is_provider=role == "orthodontist",
                initial_password=PASSWORD,
                grants=[staff_pb2.Grant(role=role, **place) for place in places],
            )
            self._people[key] = (self.call("directory", "CreateStaff", request).staff.id, email)
        return self._people[key]


class Http(httpx.Client):
    """A client that adds an Idempotency-Key to changes that have none."""

    def __init__(self, url: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(base_url=url, headers=headers, timeout=30.0, event_hooks={"request": [_add_key]})

    def with_session(self, answer: httpx.Response) -> Http:
        """The client with the session that a sign-in opened: its cookies are `Secure`, so they are sent by hand."""
        cookies = [cookie.split(";", 1)[0] for cookie in answer.headers.get_list("set-cookie")]
        self.cookies.clear()
        self.headers["Cookie"] = "; ".join(cookies)
        self.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return self


def _add_key(request: httpx.Request) -> None:
    if request.method != "GET" and "idempotency-key" not in request.headers and b'"request_id"' not in request.read():
        request.headers["Idempotency-Key"] = str(uuid4())
