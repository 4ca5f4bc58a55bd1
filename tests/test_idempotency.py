"""A change that is sent again happens once, however many send it at once; a stale one does not happen (D11)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.contracts.tests.desk import draw_up, usd
from services.scheduling.tests.test_booking import Office
from tests.support import Group, Http

AT_ONCE = 50


@dataclass
class Change:
    """A change that a test sends: where, what, another valid body, an invalid one, and how many there are now."""

    http: Http
    path: str
    body: dict[str, Any]
    other: dict[str, Any]
    refused: dict[str, Any]
    count: Callable[[], int]


def a_lead(group: Group) -> Change:
    http = group.http("front_desk")
    name = f"Lead {uuid4().hex[:8]}"
    body = {
        "location_id": group.location_a,
        "source": "web",
        "contact": {"first_name": name, "last_name": "Once", "phone": "+16175550111"},
    }

    def count() -> int:
        found = http.get("/v1/leads", params={"page_size": 200}).json()["leads"]
        return sum(lead["contact"]["first_name"] == name for lead in found)

    other = {**body, "source": "phone"}
    return Change(http, "/v1/leads", body, other, {**body, "location_id": str(uuid4())}, count)


def an_appointment(group: Group) -> Change:
    office = Office(group)
    patient = group.patient().patient_id
    first, second = (slot["start_time"] for slot in office.slots(location_ids=office.a, step_minutes=60, limit=2))
    body = {"location_id": office.a, "patient_id": patient, "type_code": "adjustment", "start_time": first}

    def count() -> int:
        return len(office.http.get(f"/v1/patients/{patient}/appointments").json()["appointments"])

    night = {**body, "start_time": f"{office.monday}T03:00:00Z"}
    return Change(office.http, "/v1/appointments", body, {**body, "start_time": second}, night, count)


def a_payment(group: Group) -> Change:
    http = group.http("financial_coordinator")
    drawn = draw_up(http, group.patient())
    body = {"amount": usd(40_00), "method": "cash"}

    def count() -> int:
        return len(http.get("/v1/payments", params={"contract_id": drawn["id"]}).json()["payments"])

    path = f"/v1/contracts/{drawn['id']}/payments"
    return Change(http, path, body, {**body, "amount": usd(41_00)}, {**body, "amount": usd(90_000_00)}, count)


@pytest.fixture(scope="module", params=[a_lead, an_appointment, a_payment], ids=lambda make: make.__name__)
def change(request: pytest.FixtureRequest, group: Group) -> Change:
    made: Change = request.param(group)
    return made


def at_once(change: Change, key: str, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """The answers to requests that are all under way together."""
    headers = {n: v for n, v in change.http.headers.items() if n in ("cookie", "x-csrf-token")}

    async def run() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=len(bodies))
        async with httpx.AsyncClient(base_url=change.http.base_url, headers=headers, timeout=60, limits=limits) as http:
            sent = (http.post(change.path, json=body, headers={"Idempotency-Key": key}) for body in bodies)
            return await asyncio.gather(*sent)

    return asyncio.run(run())


def test_a_request_sent_fifty_times_at_once_happens_once(change: Change) -> None:
    before, key = change.count(), str(uuid4())
    answers = at_once(change, key, [change.body] * AT_ONCE)
    assert Counter(a.status_code for a in answers) == {201: AT_ONCE}, answers[0].text
    assert len({a.content for a in answers}) == 1
    assert len({a.headers.get("etag") for a in answers}) == 1
    assert change.count() == before + 1
    late = change.http.post(change.path, json=change.body, headers={"Idempotency-Key": key})
    assert (late.status_code, late.content) == (201, answers[0].content)

    other = change.http.post(change.path, json=change.other, headers={"Idempotency-Key": key})
    assert (other.status_code, other.json()["reason"]) == (422, "REQUEST_ID_REUSED")
    assert change.count() == before + 1


def test_of_two_bodies_under_one_key_at_once_one_happens(group: Group) -> None:
    fresh = a_lead(group)
    answers = at_once(fresh, str(uuid4()), [fresh.body, fresh.other] * 10)
    assert Counter(a.status_code for a in answers) == {201: 10, 422: 10}
    assert {a.json()["reason"] for a in answers if a.status_code == 422} == {"REQUEST_ID_REUSED"}
    assert fresh.count() == 1


def test_a_refused_request_leaves_no_key(change: Change) -> None:
    before, key = change.count(), str(uuid4())
    refused = change.http.post(change.path, json=change.refused, headers={"Idempotency-Key": key})
    assert refused.status_code in (403, 404, 409, 422), refused.text
    again = change.http.post(change.path, json=change.other, headers={"Idempotency-Key": key})
    assert again.status_code == 201, again.text
    assert change.count() == before + 1


def test_a_key_is_of_one_caller_and_one_method(group: Group) -> None:
    change, key = a_lead(group), str(uuid4())
    for http in (change.http, group.http("treatment_coordinator")):
        assert http.post(change.path, json=change.body, headers={"Idempotency-Key": key}).status_code == 201
    assert change.count() == 2
    case = {"patient_id": group.patient().patient_id, "location_id": group.location_a}
    assert change.http.post("/v1/cases", json=case, headers={"Idempotency-Key": key}).status_code == 201


def test_of_many_changes_of_one_version_one_happens(group: Group) -> None:
    change = a_lead(group)
    made = change.http.post(change.path, json=change.body)
    lead = made.json()["lead"]
    headers = {n: v for n, v in change.http.headers.items() if n in ("cookie", "x-csrf-token")}

    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=change.http.base_url, headers=headers, timeout=60) as http:
            return await asyncio.gather(
                *(
                    http.post(
                        f"/v1/leads/{lead['id']}/close",
                        json={"reason": "unreachable"},
                        headers={"Idempotency-Key": str(uuid4()), "If-Match": made.headers["etag"]},
                    )
                    for _ in range(20)
                )
            )

    answers = asyncio.run(run())
    assert Counter(a.status_code for a in answers) == {200: 1, 412: 19}, {a.text for a in answers}
    assert {a.json()["reason"] for a in answers if a.status_code == 412} == {"STALE_VERSION"}
