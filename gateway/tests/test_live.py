"""Who hears what over server-sent events, and what is never said."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from archwire.contracts.v1 import events_pb2 as contracts
from archwire.scheduling.v1 import events_pb2 as scheduling

from gateway import live
from gateway.auth import Caller
from gateway.tests.conftest import LOCATION, TENANT, Node, until
from shared.events import Record
from shared.identity import Actor, Policy, policy

OTHER = "0198c0de-0000-7000-8000-0000000000ff"
TABLE = Policy(
    {"front_desk": "", "owner": ""},
    {"appointments.read": frozenset({"front_desk"}), "payments.read": frozenset({"owner"})},
    {},
    {},
)


@pytest.fixture
def ear(node: Node, monkeypatch: pytest.MonkeyPatch) -> live.Live:
    for module in ("gateway.live", "shared.identity"):
        monkeypatch.setattr(f"{module}.policy", lambda: TABLE)
    return live.Live(node)


def caller(role: str = "front_desk", tenant: str = TENANT, locations: Any = (LOCATION,)) -> Caller:
    return Caller(Actor(tenant, "u", "user", {role: locations}), lambda actor, service: "", "s")


def booked(n: int, location: str = LOCATION, tenant: str = TENANT) -> Record:
    event = scheduling.AppointmentBooked(appointment_id=f"a{n}", location_id=location, type_code="exam")
    headers = {"tenant": tenant, "time": "2027-03-01T00:00:00Z"}
    return Record(
        f"e{n}", "archwire.scheduling.v1", "k", event.DESCRIPTOR.full_name, event.SerializeToString(), headers
    )


def heard(ear: live.Live, who: Caller, only: frozenset[str] = frozenset()) -> list[Any]:
    texts = [h.text for h in ear.since("") if live.hears(who, h, only)]
    return [orjson.loads(text.split(b"data: ")[1]) for text in texts]


@pytest.mark.T("T09")
def test_a_client_hears_its_group_its_locations_and_what_it_may_read(ear: live.Live) -> None:
    ear.deliver(booked(1))
    ear.deliver(booked(2, location=OTHER))
    ear.deliver(booked(3, tenant=OTHER))
    ear.deliver(booked(4, location=""))
    assert [e["appointment_id"] for e in heard(ear, caller())] == ["a1"]
    assert [e["appointment_id"] for e in heard(ear, caller(locations="*"))] == ["a1", "a2", "a4"]
    assert [e["appointment_id"] for e in heard(ear, caller(locations="*"), frozenset({OTHER}))] == ["a2"]
    assert heard(ear, caller(locations=())) == []
    assert heard(ear, caller(role="owner", locations="*")) == []
    assert [e["appointment_id"] for e in heard(ear, caller(tenant=OTHER))] == ["a3"]


def test_only_ids_types_and_states_are_said(ear: live.Live) -> None:
    ear.deliver(booked(1))
    [event] = heard(ear, caller())
    ids = {"appointment_id", "patient_id", "location_id", "case_id", "provider_id"}
    assert set(event) == {"id", "type", "time", *ids}
    assert event["type"] == "scheduling.AppointmentBooked"
    for kind in live.kinds().values():
        assert not {"amount", "fee", "name", "reason"} & set(kind.ids)


def test_an_event_that_no_permission_covers_or_nobody_knows_is_not_said(ear: live.Live) -> None:
    headers = {"tenant": TENANT}
    ear.deliver(Record("x", "t", "k", "archwire.gone.v1.Gone", b"", headers))
    ear.deliver(Record("x", "t", "k", scheduling.AppointmentBooked.DESCRIPTOR.full_name, b"\xff", headers))
    assert list(ear.since("")) == []
    assert live.permission_for("AppointmentCheckedIn", TABLE) == "appointments.read"
    assert live.permission_for("SecretHappened", TABLE) == ""
    assert contracts.DESCRIPTOR.message_types_by_name  # the table of all events is made of such modules


class _Request:
    """What a stream needs of its request."""

    def __init__(self, auth: Any) -> None:
        self.scope: dict[str, Any] = {}
        self.app = type("App", (), {"state": type("State", (), {"auth": auth})})


async def test_a_stream_goes_on_after_the_last_event_the_client_has_seen(ear: live.Live) -> None:
    for n in range(4):
        ear.deliver(booked(n))
    got: list[bytes] = []

    async def listen() -> None:
        async for text in ear.stream(_Request(None), caller(), "e1", frozenset()):  # type: ignore[arg-type]
            got.append(text)

    task = asyncio.create_task(listen())
    await until(lambda: len(got) == 3)
    ear.deliver(booked(4))
    await until(lambda: len(got) == 4)
    assert [text.split(b"\n")[0] for text in got] == [b"retry: 2000", b"id: e2", b"id: e3", b"id: e4"]
    await ear.stop()
    await asyncio.wait_for(task, 1)


async def test_a_stream_ends_with_the_session_and_with_a_client_that_is_too_slow(
    ear: live.Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.errors import Unauthenticated

    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)

    class Auth:
        asked = 0

        async def authenticate(self, scope: Any, *, unsafe: bool, quiet: bool) -> Caller:
            self.asked += 1
            if self.asked > 2:
                raise Unauthenticated("SESSION_ENDED", "sign in again")
            return caller()

    got = [text async for text in ear.stream(_Request(Auth()), caller(), "", frozenset())]  # type: ignore[arg-type]
    assert got == [b"retry: 2000\n\n", b": still here\n\n", b": still here\n\n"]

    slow = ear.stream(_Request(Auth()), caller(), "", frozenset())  # type: ignore[arg-type]
    assert await anext(slow) == b"retry: 2000\n\n"
    for n in range(live.WAITING_AT_MOST + 1):
        ear.deliver(booked(n))
    assert [text async for text in slow] == []


@pytest.mark.T("T21")
async def test_a_stream_that_is_never_quiet_ends_with_the_session_too(
    ear: live.Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.errors import Unauthenticated

    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)

    class Auth:
        async def authenticate(self, scope: Any, *, unsafe: bool, quiet: bool) -> Caller:
            raise Unauthenticated("SESSION_ENDED", "sign in again")

    async def happen() -> None:
        for n in range(10_000):
            ear.deliver(booked(n))
            await asyncio.sleep(0.001)

    async def listen() -> None:
        async for _ in ear.stream(_Request(Auth()), caller(), "", frozenset()):  # type: ignore[arg-type]
            pass

    busy = asyncio.create_task(happen())
    await asyncio.wait_for(listen(), 2)
    busy.cancel()


def test_some_events_of_the_real_policy_can_be_heard() -> None:
    assert live.kinds() or not policy().permissions
