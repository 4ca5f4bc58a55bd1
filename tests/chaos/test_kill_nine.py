"""kill -9 of the database and of the whole platform under load, again and again: `make chaos`.

Writers act as a portal does: a request that was not answered is sent again with the same Idempotency-Key. Afterwards
every answered request is there once, and so is what it set off in another service. CHAOS_SECONDS says how long.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared import postgres
from shared.service import NAMES
from tests.support import Group, Http, Platform, eventually

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("CHAOS_SECONDS", "60"))
WRITERS = 4


class Writer(threading.Thread):
    """Registers enquiries one after the other, each until it is answered."""

    def __init__(self, platform: Platform, session: Http, location_id: str, until: float) -> None:
        super().__init__(daemon=True)
        self.platform, self.headers, self.location_id, self.until = platform, dict(session.headers), location_id, until
        self.lead_ids: list[str] = []
        self.repeats = 0
        self.refused: list[str] = []

    def run(self) -> None:
        while time.monotonic() < self.until and not self.refused:
            self.write(str(uuid4()))

    def write(self, key: str) -> None:
        contact = {
            "first_name": "Ada",
            "last_name": f"Abbott-{key[:8]}",
            "phone": f"+1617{int(key[:6], 16) % 10**7:07d}",
        }
        body = {"location_id": self.location_id, "contact": contact, "source": "web"}
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            try:
                answer = httpx.post(
                    f"{self.platform.url}/v1/leads",
                    json=body,
                    headers=self.headers | {"Idempotency-Key": key},
                    timeout=10,
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 201:
                self.lead_ids.append(answer.json()["lead"]["id"])
                return
            if answer is not None and answer.status_code < 500:
                self.refused.append(answer.text)
                return
            self.repeats += 1
            time.sleep(0.1)
        self.refused.append("no answer for a minute")


def rows(platform: Platform, sql: str, *arguments: Any) -> list[Any]:
    eventually(lambda: postgres.find(platform.data))  # it may just have been killed

    async def read() -> list[Any]:
        connection = await asyncpg.connect(platform.dsn(""))
        try:
            return [tuple(row) for row in await connection.fetch(sql, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(read())


def test_nothing_is_lost_and_nothing_happens_twice(tmp_path):
    platform = Platform(tmp_path / "data").start()
    try:
        group = Group(platform)
        session = group.http("treatment_coordinator")
        until = time.monotonic() + SECONDS
        writers = [Writer(platform, session, group.location_a, until) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        killed = {"database": 0, "platform": 0}
        while time.monotonic() < until:
            time.sleep(1.5)
            victim = "platform" if killed["database"] > 2 * killed["platform"] else "database"
            killed[victim] += 1
            if victim == "database":
                server = postgres.find(platform.data)
                if server is not None and server.pid:
                    os.kill(server.pid, signal.SIGKILL)
            else:
                os.kill(platform.pid, signal.SIGKILL)
                platform.start()
        for writer in writers:
            writer.join(timeout=90)
        answered = [lead_id for writer in writers for lead_id in writer.lead_ids]
        print(f"\n{len(answered)} enquiries, {sum(w.repeats for w in writers)} sent again, killed: {killed}")

        assert [reason for writer in writers for reason in writer.refused] == []
        assert len(answered) > SECONDS
        kept = rows(platform, "SELECT id::text FROM coordination.lead WHERE tenant_id = $1", group.id)
        assert sorted(row[0] for row in kept) == sorted(answered)
        for name in NAMES:
            eventually(lambda name=name: rows(platform, f"SELECT count(*) FROM {name}.outbox") == [(0,)], within_s=60)
        counted = "SELECT subject_id::text FROM reporting.fact WHERE tenant_id = $1 AND kind = 'lead_added'"
        eventually(lambda: len(rows(platform, counted, group.id)) >= len(answered), within_s=60)
        assert sorted(row[0] for row in rows(platform, counted, group.id)) == sorted(answered)
        for name in NAMES:
            assert rows(platform, f"SELECT reason FROM {name}.dead_letters") == []
    finally:
        platform.stop()
