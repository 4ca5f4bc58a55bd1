"""Rows of the event path: relay, consumer, the way from a commit to its effect, and what a wake-up costs the writers."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from unittest import mock

import uvloop

from shared import postgres
from shared.db import Db, Pool
from shared.events import PostgresBus, Record
from shared.tests.world_of_events import TYPE, World
from tests.bench.report import Report

KEYS = 200


class Counted(World):
    """A world whose handler only counts: what is measured is the inbox and the way there."""

    handled = 0

    async def handle(self, _service: object, _db: Db, _record: Record) -> None:
        self.handled += 1

    async def fill_outbox(self, count: int) -> None:
        await self.sql(
            f"INSERT INTO {self.sender}.outbox (key, type, payload, headers) "
            "SELECT 'key ' || n % $2, $3, convert_to(n::text || repeat('x', 200), 'UTF8'), $4::text::jsonb FROM generate_series(1, $1) n",
            *(
                count,
                KEYS,
                TYPE,
                '{"tenant": "0193a5b0-0000-7000-8000-000000000001", "time": "2026-11-25T00:00:00+00:00"}',
            ),
        )
        await self.sql("VACUUM ANALYZE " + f"{self.sender}.outbox")

    async def left(self) -> int:
        [[count]] = await self.sql(f"SELECT count(*) FROM {self.sender}.outbox")
        return int(count)


def measure(report: Report, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder) / "data") as server:
        uvloop.run(_measure(report, server.dsn(database="postgres"), quick=quick))
        if report.wants("Kafka"):
            to_kafka(report, server.dsn(database="postgres"), quick=quick)


async def _measure(report: Report, dsn: str, *, quick: bool) -> None:
    if report.wants("relay, batch", "relay to PostgreSQL"):
        await relay(report, dsn, quick=quick)
    if report.wants("consume"):
        await consume(report, dsn, quick=quick)
    if report.wants("end to end"):
        await end_to_end(report, dsn, seconds=3 if quick else 10)
    if report.wants("wake-up"):
        await wake_up(report, dsn, rounds=3 if quick else 9)


async def _world(dsn: str, open_bus: Any = PostgresBus) -> Counted:
    world = Counted(dsn, open_bus)
    await world.create()
    return world


async def relayed_a_second(world: Counted, count: int, batch: int) -> float:
    """Events a second that a relay moves out of a full outbox."""
    await world.fill_outbox(count)
    async with world.relay(batch=batch):
        began = time.perf_counter()
        while await world.left():  # noqa: ASYNC110  the database has no event for it
            await asyncio.sleep(0.02)
        return count / (time.perf_counter() - began)


async def relay(report: Report, dsn: str, *, quick: bool) -> None:
    world = await _world(dsn)
    await relayed_a_second(world, 2000, 500)
    batched, single = [], []
    for _ in range(1 if quick else 3):
        single.append(await relayed_a_second(world, 500 if quick else 2000, 1))
        batched.append(await relayed_a_second(world, 20_000 if quick else 60_000, 500))
    fast, slow = max(batched), max(single)
    report.add("relay, batch 500 / one by one", fast / slow, f"{fast:,.0f} events a second against {slow:,.0f}")
    report.add("relay to PostgreSQL", fast)


def to_kafka(report: Report, dsn: str, *, quick: bool) -> None:
    name = "relay to Kafka"
    if not (shutil.which("java") and shutil.which("mvn")):
        report.add(name, None, "Java or Maven is missing")
        return
    from shared.events.kafka_bus import KafkaBus
    from tests.kafka.broker import Broker

    async def run(servers: str) -> float:
        world = await _world(dsn, lambda _pool: KafkaBus(servers))
        await relayed_a_second(world, 2000, 500)
        return max([await relayed_a_second(world, 10_000 if quick else 40_000, 500) for _ in range(2)])

    with tempfile.TemporaryDirectory(prefix="aw-kafka-") as folder, Broker(Path(folder)) as broker:
        report.add(name, uvloop.run(run(broker.servers)), "batch 500, acks=all")


async def consumed_a_second(world: Counted, count: int) -> float:
    """Events a second that a consumer handles, from a full bus; the handler costs nothing."""
    records = [world.record(n, f"key {n % KEYS}") for n in range(count)]
    async with world.bus() as bus:
        for start in range(0, count, 500):
            await bus.publish(records[0].topic, records[start : start + 500])
    world.handled = 0
    async with world.consumer():
        began = time.perf_counter()
        while world.handled < count:  # noqa: ASYNC110  a handler that only counts
            await asyncio.sleep(0.005)
        return count / (time.perf_counter() - began)


async def consume(report: Report, dsn: str, *, quick: bool) -> None:
    batched, single = [], []
    for _ in range(1 if quick else 3):
        batched.append(await consumed_a_second(await _world(dsn), 10_000 if quick else 30_000))
        with mock.patch("shared.events.postgres_bus.BATCH", 1):
            single.append(await consumed_a_second(await _world(dsn), 500 if quick else 2000))
    fast, slow = max(batched), max(single)
    report.add("consume, batch 100 / one by one", fast / slow, f"{fast:,.0f} events a second against {slow:,.0f}")
    report.add("consume with inbox", fast, "batch 100")


async def end_to_end(report: Report, dsn: str, *, seconds: float) -> None:
    """From the return of a writer's commit to the return of the commit of the effect."""
    world = World(dsn, PostgresBus)
    await world.create()
    committed: dict[tuple[str, int], float] = {}
    handled: dict[tuple[str, int], float] = {}
    pending: list[tuple[str, int]] = []
    world.fail = lambda record: pending.append((record.key, int(record.payload)))

    def effect(_left: object) -> None:
        now = time.perf_counter()
        handled.update(dict.fromkeys(pending, now))
        pending.clear()

    async def one(pool: Pool, key: str) -> None:
        number = await world.happen(pool, key)
        committed[key, number] = time.perf_counter()

    async with world.relay(), world.consumer(after_commit=effect), world.pool() as pool:
        await asyncio.sleep(1.5)  # the partitions are shared out
        for warm in (True, False):
            if not warm:
                committed.clear()
            async with asyncio.TaskGroup() as tasks:
                async for n in every(1 / 200, 1 if warm else seconds):
                    tasks.create_task(one(pool, f"{warm} {n % 40}"))
        until = time.monotonic() + 10
        while committed.keys() - handled.keys() and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    took_ms = [max(0.0, handled[event] - at) * 1e3 for event, at in committed.items()]
    report.add("end to end p50 at 200 events/s", median(took_ms), f"{len(took_ms)} events")
    report.add("end to end p99 at 200 events/s", quantiles(took_ms, n=100)[98])


async def every(pause_s: float, seconds: float) -> AsyncIterator[int]:
    """Numbers at an even pace, for some time."""
    began = time.perf_counter()
    for n in range(int(seconds / pause_s)):
        await asyncio.sleep(max(0.0, began + n * pause_s - time.perf_counter()))
        yield n


async def wake_up(report: Report, dsn: str, *, rounds: int) -> None:
    """Business transactions a second from 16 writers while their events are relayed, the relay woken or only polling."""
    world = World(dsn, PostgresBus)
    await world.create()
    rates: dict[bool, list[float]] = {True: [], False: []}
    async with world.relay() as relay, world.pool(max_size=16) as pool:
        for number in range(rounds * 2 + 2):
            woken = number % 4 in (1, 2)
            with contextlib.nullcontext() if woken else mock.patch.object(relay, "wake"):
                rate = await written_a_second(world, pool, seconds=1.0)
            if number >= 2:
                rates[woken].append(rate)
            await asyncio.sleep(0.2)
    on, off = median(rates[True]), median(rates[False])
    report.add("writes with the wake-up / without", on / off, f"{on:,.0f} a second against {off:,.0f}")


async def written_a_second(world: World, pool: Pool, *, seconds: float) -> float:
    until, count = time.perf_counter() + seconds, 0

    async def writer(key: str) -> None:
        nonlocal count
        while time.perf_counter() < until:
            await world.happen(pool, key)
            count += 1

    await asyncio.gather(*(writer(f"writer {n}") for n in range(16)))
    return count / seconds
