"""The journeys of the embedded suite on services in containers, and what is acknowledged while parts are killed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest

from services.reporting.tests.test_reporting import PERIOD, test_an_enquiry_is_counted_once_with_its_row  # noqa: F401
from shared import config as settings
from shared.demo import story
from tests.distributed.conftest import Containers
from tests.support import Group, eventually
from tests.test_network import lead, test_a_lead_becomes_a_patient_through_four_processes  # noqa: F401

pytestmark = pytest.mark.distributed


@pytest.mark.R(1)
def test_the_story_plays_on_containers(platform: Containers, capsys: pytest.CaptureFixture[str]) -> None:
    code = story.play(platform.url, replace(settings.load({}), data=platform.data))
    told = capsys.readouterr()
    assert code == 0, told.out[-2000:] + told.err[-2000:]
    sent = httpx.get(f"{platform.mail_url}/api/v1/messages").json()
    assert sent["total"] > 0  # mail left by SMTP


def test_every_part_is_contained(platform: Containers) -> None:
    """No part runs as root, may write where it does not have to, or knows a database that is not its own."""
    for part in ("archwire-gateway", "archwire-contracts", "archwire-worker"):
        assert platform.compose("exec", "-T", part, "id", "-u").strip() == "10001"
        wrote = platform.compose("exec", "-T", part, "sh", "-c", "touch /opt/archwire/x 2>/dev/null; echo $?")
        assert wrote.strip() != "0"
        assert "DATABASE_URL" not in [line.split("=")[0] for line in environment(platform, part)]
    assert not [line for line in environment(platform, "archwire-gateway") if "DATABASE_URL" in line]
    (own,) = [line for line in environment(platform, "archwire-contracts") if "DATABASE_URL" in line]
    assert own.startswith("ARCHWIRE_CONTRACTS_DATABASE_URL=")


def environment(platform: Containers, part: str) -> list[str]:
    return platform.compose("exec", "-T", part, "env").splitlines()


@pytest.mark.T(55)
@pytest.mark.parametrize("part", ["archwire-coordination", "archwire-worker", "kafka", "postgres"])
def test_what_was_acknowledged_survives_kill_nine(platform: Containers, part: str) -> None:
    """Enquiries are written all the time; each that was answered with 201 is there, and counted, exactly once."""
    group = Group(platform)
    http = group.http("treatment_coordinator")
    headers = {name: value for name, value in http.headers.items() if name in ("cookie", "x-csrf-token")}
    with Enquiries(platform.url, headers, lead(group)) as enquiries:
        enquiries.more(30)
        platform.kill(part)
        time.sleep(2)
        platform.revive(part)
        enquiries.more(30)
    assert len(enquiries.made) == len(set(enquiries.made)) >= 60
    listed, token = [], ""
    while True:
        page = http.get("/v1/leads", params={"page_size": 200, "page_token": token}).json()
        listed += [found["id"] for found in page["leads"]]
        if not (token := page.get("next_page_token", "")):
            break
    assert sorted(listed) == sorted(enquiries.made)

    def counted() -> bool:
        figures = http.get("/v1/metrics/new_patient_adds", params=PERIOD).json()
        return bool(figures["total"]["numerator"] == len(enquiries.made))

    eventually(counted, within_s=60)


class Enquiries:
    """Four people who write enquiries until told to stop. Each repeats its request, with its key, until it is answered."""

    def __init__(self, url: str, headers: dict[str, str], enquiry: dict[str, object]) -> None:
        self._url, self._headers, self._enquiry = url, headers, enquiry
        self.made: list[str] = []
        self._refused: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def more(self, count: int) -> None:
        """Returns when so many more have been acknowledged."""
        wanted = len(self.made) + count
        reached: Callable[[], bool] = lambda: len(self.made) >= wanted or bool(self._refused)  # noqa: E731
        eventually(reached, within_s=60)
        assert not self._refused, self._refused

    def __enter__(self) -> Enquiries:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=120)

    async def _run(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=30) as client:
            await asyncio.gather(*(self._person(client) for _ in range(4)))

    async def _person(self, client: httpx.AsyncClient) -> None:
        while not self._stop.is_set():
            key = {"Idempotency-Key": str(uuid4())}
            while True:  # also after the end: what it has begun it finishes
                try:
                    answer = await client.post("/v1/leads", json=self._enquiry, headers=key)
                except httpx.TransportError:
                    await asyncio.sleep(0.2)
                    continue
                if answer.status_code == 201:
                    self.made.append(answer.json()["lead"]["id"])
                    break
                if answer.status_code not in (502, 503, 504):
                    self._refused.append(f"{answer.status_code} {answer.text[:300]}")
                    return
                await asyncio.sleep(0.2)
