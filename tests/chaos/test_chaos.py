"""kill -9 of relays, consumers, PostgreSQL and Kafka under load: nothing lost, nothing twice, nothing out of order.

ARCHWIRE_KILLS says how many kills (20 unless told; 100 for a release), ARCHWIRE_RATE how many events a second (500).
The seed is printed; ARCHWIRE_SEED repeats the order of the victims.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from shared import postgres
from shared.db import LOST
from shared.errors import Unavailable
from shared.events import open_bus
from shared.tests.world_of_events import World, eventually, running
from tests.chaos.checker import Event, check
from tests.kafka.broker import Broker

KILLS = int(os.environ.get("ARCHWIRE_KILLS", "20"))
RATE = int(os.environ.get("ARCHWIRE_RATE", "500"))
SEED = int(os.environ.get("ARCHWIRE_SEED", str(random.randrange(10**6))))
KEYS = 40
DRAIN_S = 60
pytestmark = [pytest.mark.slow, pytest.mark.T("T55")]


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder) / "data") as server:
        yield server


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker | None]:
    if request.param == "postgres":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="aw-kafka-") as folder, Broker(Path(folder)) as broker:
        yield broker


async def test_kill_9_under_load_loses_doubles_and_reorders_nothing(server, broker):
    choose = random.Random(SEED)
    kafka = broker.servers if broker else ""
    world = World(server.dsn(database="postgres"), lambda pool: open_bus(pool, kafka))
    await world.create()
    acknowledged: list[Event] = []
    killed: Counter[str] = Counter()
    with Processes(world, kafka) as processes:
        async with writers(world, acknowledged):
            await asyncio.sleep(2)
            for number in range(KILLS):
                await asyncio.sleep(choose.uniform(0.1, 0.9))
                victim = ("relay", "consumer", "postgres")[number % 3]
                if broker and number % 10 == 5:
                    victim = "kafka"
                killed[victim] += 1
                if victim == "postgres":
                    await kill_postgres(server)
                elif victim == "kafka":
                    broker.kill()
                    await asyncio.sleep(0.5)
                    await asyncio.to_thread(broker.start)
                else:
                    processes.kill(victim, choose.randrange(2))
            await asyncio.sleep(1)
        began = time.monotonic()
        with contextlib.suppress(AssertionError):  # the checker says more
            await eventually(lambda: drained(world), within_s=DRAIN_S)
        drain_s = time.monotonic() - began
    committed = dict(await world.sql(f"SELECT key, n FROM {world.sender}.aggregate"))
    effects = await world.effects()
    verdict = check(acknowledged, committed, effects)
    print(
        f"seed {SEED}: {sum(killed.values())} kills ({', '.join(f'{n} {what}' for what, n in killed.items())}), "
        f"{len(acknowledged)} acknowledged, {sum(committed.values())} committed, "
        f"{sum(map(len, effects.values()))} handled, drained in {drain_s:.1f} s"
    )
    assert verdict.clean, verdict
    assert len(acknowledged) > KILLS


class Processes:
    """Two relays and two consumers, each started again when it is killed."""

    def __init__(self, world: World, kafka: str) -> None:
        self._arguments = [world.dsn, world.sender.removeprefix("sender_"), kafka]
        self._running: dict[tuple[str, int], subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        for role in ("relay", "consumer"):
            for number in range(2):
                self._start(role, number)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    def kill(self, role: str, number: int) -> None:
        process = self._running[role, number]
        assert process.poll() is None, f"a {role} ended by itself"
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._start(role, number)

    def _start(self, role: str, number: int) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.chaos.program", role, *self._arguments]
        self._running[role, number] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
        )


@contextlib.asynccontextmanager
async def writers(world: World, acknowledged: list[Event]) -> AsyncIterator[None]:
    """RATE business transactions a second, meanwhile. Notes those whose commit was acknowledged."""
    stop = asyncio.Event()

    async def write(number: int, pool: object) -> None:
        due = time.monotonic()
        while not stop.is_set():
            key = f"key {random.randrange(KEYS)}"
            try:
                acknowledged.append((key, await world.happen(pool, key)))
            except Unavailable:  # it may have been committed, and may not
                await asyncio.sleep(0.05)
            due = max(due + 8 / RATE, time.monotonic() - 1)
            await asyncio.sleep(max(0, due - time.monotonic()))

    async def wake() -> None:
        while True:
            with contextlib.suppress(*LOST, OSError):
                connection = await asyncpg.connect(world.dsn)
                while True:
                    await connection.execute(f"NOTIFY outbox_{world.sender}")
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)

    async with world.pool() as pool, running(wake()):
        tasks = [asyncio.create_task(write(number, pool)) for number in range(8)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


async def kill_postgres(server: postgres.Server) -> None:
    """kill -9 of the postmaster, then a new start with crash recovery."""
    os.kill(server.pid, signal.SIGKILL)
    await eventually(lambda: asyncio.sleep(0, server.revive()))  # in the main thread


async def drained(world: World) -> bool:
    """Whether everything committed has been handled, or can no longer be."""
    with contextlib.suppress(*LOST, OSError):
        [[committed, handled, waiting, parked]] = await world.sql(
            f"SELECT (SELECT sum(n) FROM {world.sender}.aggregate), (SELECT count(*) FROM {world.hearer.name}.effect), "
            f"(SELECT count(*) FROM {world.sender}.outbox), (SELECT count(*) FROM {world.hearer.name}.dead_letters)"
        )
        return committed == handled and not waiting and not parked
    return False
