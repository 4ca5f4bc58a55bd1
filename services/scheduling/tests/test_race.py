"""Many clients want the same times: nobody gets what another has, and each time has exactly one winner."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import statistics
import time
from collections import Counter
from itertools import pairwise
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.scheduling.visits.domain import GONE
from tests.support import eventually

OVERLAPS = """
    SELECT count(*) FROM scheduling.appointment a JOIN scheduling.appointment b
        ON a.tenant_id = b.tenant_id AND a.id < b.id AND (a.chair_id = b.chair_id OR a.patient_id = b.patient_id)
        AND a.start_slot < b.start_slot + b.units AND b.start_slot < a.start_slot + a.units
    WHERE a.tenant_id = $1 AND a.state <> ALL ($2) AND b.state <> ALL ($2)"""
ORPHANS = """
    SELECT count(*) FROM scheduling.resource_claim c JOIN scheduling.appointment a ON a.id = c.appointment_id
    WHERE a.tenant_id = $1 AND (a.state = ANY ($2) OR NOT int4range(a.start_slot, a.start_slot + a.units) @> c.slots)"""
UNCLAIMED = """
    SELECT count(*) FROM scheduling.appointment a WHERE a.tenant_id = $1 AND a.state <> ALL ($2) AND 2 > (
        SELECT count(*) FROM scheduling.resource_claim c WHERE c.appointment_id = a.id)"""


@pytest.mark.T("T35")
@pytest.mark.parametrize(
    ("clients", "times"), [(12, 16), pytest.param(50, 200, marks=pytest.mark.slow)], ids=["quick", "full"]
)
def test_every_time_has_one_winner_and_nothing_overlaps(group, clients, times):
    chairs = [_chair(group, f"{clients}-{n}") for n in range(4)]
    wanted = _wanted(chairs, times)
    race = Race(group, wanted)
    asyncio.run(race.run(clients))

    assert race.seen == {201: times, 409: (clients - 1) * times}, race.seen
    assert race.reasons == {"CHAIR_TAKEN": (clients - 1) * times}
    assert race.without_alternatives <= (clients - 1) * times // 4  # only where the next two weeks are full
    moves = race.moves
    assert set(moves) <= {200, 201, 409, 412}, moves
    assert moves[200] + moves[201] > clients
    assert asyncio.run(_count(group, OVERLAPS)) == 0
    assert asyncio.run(_count(group, ORPHANS)) == 0
    assert asyncio.run(_count(group, UNCLAIMED)) == 0
    p99 = statistics.quantiles(race.seconds, n=100)[98]
    print(
        f"\n{clients} clients x {times} times: {len(race.seconds) / race.took:.0f}/s, p99 {p99 * 1000:.0f} ms, {race.retries} retries, then {dict(moves)}"
    )


class Race:
    """Clients who all want every time, in the same order; then move, cancel, hold and book at random."""

    def __init__(self, group, wanted):
        self.group, self.wanted = group, wanted
        self.seen, self.reasons, self.moves = Counter(), Counter(), Counter()
        self.without_alternatives = self.retries = 0
        self.seconds: list[float] = []
        self.booked: list[dict] = []
        signed_in = group.http("front_desk")
        self.headers = {k: v for k, v in signed_in.headers.items() if k.lower() in ("cookie", "x-csrf-token")}

    async def run(self, clients):
        # A patient for every client and chair: nobody is in two chairs at once, so only chairs are fought for.
        chairs = sorted({chair for chair, _ in self.wanted})
        self.patients = [{chair: self.group.patient().patient_id for chair in chairs} for _ in range(clients)]
        async with httpx.AsyncClient(
            base_url=self.group.platform.url,
            headers=self.headers,
            timeout=60,
            limits=httpx.Limits(max_connections=clients),
        ) as http:
            started = time.perf_counter()
            await asyncio.gather(*(self.want_everything(http, patients) for patients in self.patients))
            self.took = time.perf_counter() - started
            await asyncio.gather(*(self.change(http, random.Random(n)) for n in range(clients)))

    async def want_everything(self, http, patients):
        for chair, start in self.wanted:
            started = time.perf_counter()
            answer = await self.book(http, chair, start, patients[chair])
            self.seconds.append(time.perf_counter() - started)
            self.seen[answer.status_code] += 1
            if answer.status_code == 201:
                self.booked.append(answer.json()["appointment"])
            elif answer.status_code == 409:
                self.reasons[answer.json()["reason"]] += 1
                self.without_alternatives += not answer.json()["details"]["alternatives"]

    async def change(self, http, rng):
        for _ in range(6):
            one = rng.choice(self.booked)
            chair, start = rng.choice(self.wanted)
            path, version = f"/v1/appointments/{one['id']}", one["version"]
            match rng.randrange(4):
                case 0:
                    body = {"version": version, "reason": "other", "canceled_by": "practice"}
                    answer = await self.post(http, f"{path}/cancel", body)
                case 1 | 2:
                    body = {"version": version, "start_time": start, "chair_id": chair}
                    answer = await self.post(http, f"{path}/reschedule", body)
                case _:
                    patient = rng.choice(self.patients)[chair]
                    answer = await self.book(http, chair, start, patient, path="/v1/holds")
            self.moves[answer.status_code] += 1
            if answer.status_code in (200, 201):
                found = answer.json()["appointment"]
                one.update(found) if found["id"] == one["id"] else self.booked.append(found)

    async def book(self, http, chair, start, patient, path="/v1/appointments"):
        body = {
            "location_id": self.group.location_a,
            "patient_id": patient,
            "type_code": "records",
            "start_time": start,
            "chair_id": chair,
        }
        return await self.post(http, path, body)

    async def post(self, http, path, body):
        """Sends it; again, with the same key, when the server is overloaded or the line breaks."""
        headers = {"Idempotency-Key": str(uuid4())}
        for attempt in range(6):
            try:
                answer = await http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code not in (429, 503):
                return answer
            self.retries += 1
            await asyncio.sleep(0.2 * 2**attempt)
        raise AssertionError("the server does not answer")


def _chair(group, name):
    manager = group.http("practice_manager")
    path = f"/v1/locations/{group.location_a}"
    eventually(lambda: manager.get(f"{path}/schedule").status_code == 200)
    answer = manager.post(f"{path}/chairs", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["chair"]["id"]


def _wanted(chairs, times):
    """Half hours from 9 to 5 in New York, weekdays from next week on, in every chair."""
    today = dt.datetime.now(dt.UTC).date()
    monday = today + dt.timedelta(days=8 - today.isoweekday())
    starts = [
        dt.datetime.combine(monday + dt.timedelta(days=day), dt.time(14), dt.UTC) + dt.timedelta(minutes=30 * n)
        for day in range(4)
        for n in range(14)
    ]
    assert all(a < b for a, b in pairwise(starts))
    return [(chair, start.isoformat()) for start in starts for chair in chairs][:times]


async def _count(group, sql):
    connection = await asyncpg.connect(group.platform.dsn(""))
    try:
        return await connection.fetchval(sql, group.id, sorted(GONE))
    finally:
        await connection.close()
