"""The promises of the event path, on both buses: sent if committed, handled once, in order per key, poison parked."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from shared import postgres
from shared.db import Pool
from shared.errors import Conflict, Unavailable
from shared.events import Bus, Consumer, PostgresBus, Record, Relay, outbox_age_s, parked
from shared.tests.world_of_events import World, eventually, running
from tests.kafka.broker import Broker


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder) / "data") as server:
        yield server.dsn(database="postgres")


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="aw-kafka-") as folder, Broker(Path(folder)) as broker:
        yield broker


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def open_bus(request: pytest.FixtureRequest) -> Callable[[Pool], Bus]:
    if request.param == "postgres":
        return PostgresBus
    from shared.events.kafka_bus import KafkaBus

    servers = request.getfixturevalue("broker").servers
    return lambda _pool: KafkaBus(servers)


@pytest.fixture
async def world(dsn: str, open_bus: Callable[[Pool], Bus]) -> World:
    world = World(dsn, open_bus)
    await world.create()
    return world


async def write(world: World, keys: list[str], each: int) -> dict[str, list[int]]:
    """Writers side by side, one per key, each with transactions of its own. Returns what must be handled."""
    async with world.pool() as pool:

        async def writer(key: str) -> None:
            for _ in range(each):
                await world.happen(pool, key)

        await asyncio.gather(*(writer(key) for key in keys))
    return {key: list(range(1, each + 1)) for key in keys}


async def test_what_is_committed_is_handled_once_and_in_order_per_key(world):
    async with world.relay(), world.consumer():
        expected = await write(world, [f"key {i}" for i in range(12)], each=40)
        await eventually(world.effects, expected)
    assert await world.sql(f"SELECT 1 FROM {world.sender}.outbox") == []


async def test_what_is_rolled_back_is_not_sent(world):
    async def fail() -> None:
        raise RuntimeError

    async with world.relay(), world.consumer(), world.pool() as pool:
        with pytest.raises(RuntimeError):
            await world.happen(pool, "a", before_commit=fail)
        await world.happen(pool, "a")
        await eventually(world.effects, {"a": [1]})


async def test_a_late_commit_is_not_passed_over(world):
    """Ids are given out before the commit: a transaction with a lower id may commit after one with a higher id."""
    go = asyncio.Event()
    async with world.relay(), world.consumer(), world.pool() as pool:
        late = asyncio.create_task(world.happen(pool, "late", before_commit=go.wait))
        await asyncio.sleep(0.1)
        await world.happen(pool, "early")
        await eventually(world.effects, {"early": [1]})
        go.set()
        await late
        await eventually(world.effects, {"early": [1], "late": [1]})


async def test_a_very_late_commit_is_found_by_the_full_scan(world, monkeypatch):
    monkeypatch.setattr("shared.events.relay.FULL_SCAN_S", 2.0)
    go = asyncio.Event()
    async with world.relay(), world.consumer(), world.pool() as pool:
        late = asyncio.create_task(world.happen(pool, "late", before_commit=go.wait))
        await asyncio.sleep(0.1)
        for n in range(8):
            await world.happen(pool, "early")
            await eventually(world.effects, {"early": list(range(1, n + 2))})
            await asyncio.sleep(0.1)
        go.set()
        await late
        await eventually(world.effects, {"early": list(range(1, 9)), "late": [1]})


async def test_an_event_that_is_published_twice_is_handled_once(world):
    records = [world.record(n) for n in (1, 2, 3)]
    async with world.bus() as bus, world.consumer():
        await bus.publish(records[0].topic, records)
        await bus.publish(records[0].topic, [records[1], records[1], world.record(4)])
        await eventually(world.effects, {"k": [1, 2, 3, 4]})


async def test_a_record_arrives_as_it_was_sent(world):
    sent = replace(
        world.record(1, key="gruppe ü"),
        headers={
            "source": "s",
            "time": "2026-11-25T00:00:00Z",
            "tenant": str(uuid.uuid4()),
            "actor": "a",
            "traceparent": "00-1-2-01",
        },
    )
    arrived: list[Record] = []
    world.fail = arrived.append
    async with world.bus() as bus, world.consumer():
        await bus.publish(sent.topic, [sent])
        await eventually(world.effects, {sent.key: [1]})
    assert arrived == [sent]


@pytest.mark.parametrize("outcome", ["commits", "fails"])
async def test_a_successor_waits_for_a_zombie_with_the_same_events(dsn, outcome):
    """A consumer that was taken for dead and one that took over: whatever the first does, no double and no reorder."""
    world = World(dsn, PostgresBus)
    await world.create()
    records = [world.record(n) for n in (1, 2, 3)]
    in_the_middle, go = asyncio.Event(), asyncio.Event()

    async def stuck(service: object, db: object, record: Record) -> None:
        await World.handle(world, service, db, record)
        in_the_middle.set()
        await go.wait()
        if outcome == "fails":
            raise Unavailable("DIRECTORY_AWAY", "try again")

    async with world.pool() as pool:
        zombie = Consumer(world.hearer, pool, Given(records[:1]), stuck)
        successor = Consumer(world.hearer, pool, Given(records), world.handle)
        async with running(zombie.run()):
            await asyncio.wait_for(in_the_middle.wait(), 10)
            async with running(successor.run()):
                await asyncio.sleep(0.3)
                assert await world.effects() == {}
                go.set()
                await eventually(world.effects, {"k": [1, 2, 3]})
                await asyncio.sleep(0.3)
        assert await world.effects() == {"k": [1, 2, 3]}


class Given:
    """A bus and its subscription that give these records, once."""

    partitions = 1

    def __init__(self, records: list[Record]) -> None:
        self.records = records

    async def subscribe(self, group: str, topics: object, types: object) -> Given:
        return self

    async def fetch(self) -> list[Record]:
        records, self.records = self.records, []
        await asyncio.sleep(0.01)
        return records

    async def commit(self) -> None: ...

    async def close(self) -> None: ...


async def test_poison_parks_its_key_and_nothing_else(world):
    def fail(record: Record) -> None:
        if (record.key, record.payload) == ("bad", b"2"):
            raise ValueError("Jane Doe is not a number")

    world.fail = fail
    async with world.relay(), world.consumer(), world.pool() as pool:
        await write(world, ["good", "bad"], each=4)
        await eventually(world.effects, {"good": [1, 2, 3, 4], "bad": [1]})
        await eventually(lambda: parked(world.hearer.name, pool), 3)
        rows = await world.sql(f"SELECT reason, attempts FROM {world.hearer.name}.dead_letters ORDER BY id")
        assert [tuple(row) for row in rows] == [
            ("ValueError", 3),
            ("WAITS behind a parked event of its key", 0),
            ("WAITS behind a parked event of its key", 0),
        ]
        # Still broken: the key stays where it is. Repaired: it catches up, in order, and new events flow again.
        assert await world.replay() == (0, 1)
        world.fail = lambda record: None
        assert await world.replay() == (3, 0)
        await world.happen(pool, "bad")
        await eventually(world.effects, {"good": [1, 2, 3, 4], "bad": [1, 2, 3, 4, 5]})
        assert await parked(world.hearer.name, pool) == 0


async def test_new_events_of_a_key_keep_behind_those_that_are_replayed(world):
    world.fail = lambda record: 1 / 0
    async with world.relay(), world.consumer(), world.pool() as pool:
        for _ in range(30):
            await world.happen(pool, "a")
        await eventually(lambda: parked(world.hearer.name, pool), 30)
        world.fail = lambda record: None

        async def go_on() -> None:
            for _ in range(60):
                await world.happen(pool, "a")
                await asyncio.sleep(0.005)

        await asyncio.gather(go_on(), world.replay(), world.replay())
        await eventually(world.effects, {"a": list(range(1, 91))})
        assert await parked(world.hearer.name, pool) == 0


async def test_what_is_unavailable_is_tried_again_until_it_is_not(world):
    down = True

    def fail(record: Record) -> None:
        if down and record.key == "a":
            raise Unavailable("DIRECTORY_AWAY", "try again")

    world.fail = fail
    async with world.relay(), world.consumer(), world.pool() as pool:
        await write(world, ["a", "b"], each=2)
        await eventually(world.effects, {"b": [1, 2]})
        await eventually(lambda: parked(world.hearer.name, pool), 2)
        down = False
        await eventually(world.effects, {"b": [1, 2], "a": [1, 2]})


async def test_a_wake_up_follows_the_commit(world):
    woken = asyncio.Event()
    async with world.relay(), world.consumer(after_commit=lambda _left: woken.set()), world.pool() as pool:
        await world.happen(pool, "a")
        await asyncio.wait_for(woken.wait(), 10)
        assert await world.effects() == {"a": [1]}


async def test_a_failure_takes_back_the_effects_of_its_event(world):
    async def handle(service: object, db: object, record: Record) -> None:
        await World.handle(world, service, db, record)
        if record.payload == b"2":
            raise Conflict("CHAIR_TAKEN", "taken")

    world.handle = handle
    async with world.relay(), world.consumer(), world.pool() as pool:
        await write(world, ["a", "b"], each=3)
        await eventually(lambda: parked(world.hearer.name, pool), 4)
        assert await world.effects() == {"a": [1], "b": [1]}
        reasons = await world.sql(f"SELECT DISTINCT reason FROM {world.hearer.name}.dead_letters WHERE attempts > 0")
        assert [row[0] for row in reasons] == ["ABORTED CHAIR_TAKEN"]


async def test_members_of_a_group_share_the_partitions_and_take_over(world):
    async with world.relay(), world.pool() as pool:
        keys = [f"key {i}" for i in range(24)]
        async with world.consumer() as first:
            await write(world, keys, each=2)
            async with world.consumer() as second:
                await eventually(lambda: shares(first, second), True, within_s=30)
                await write(world, keys, each=2)
                await eventually(world.effects, {key: [1, 2, 3, 4] for key in keys})
            for key in keys:
                await world.happen(pool, key)
            await eventually(world.effects, {key: [1, 2, 3, 4, 5] for key in keys}, within_s=30)


async def is_active(relay: Relay) -> bool:
    return relay.active


async def shares(*consumers: object) -> bool:
    """Whether each of them holds some partitions."""
    return all(consumer.partitions for consumer in consumers)


async def test_a_second_relay_stands_by_and_takes_over(world):
    async with world.consumer(), world.pool() as pool, AsyncExitStack() as stack:
        first = await stack.enter_async_context(world.relay())
        await eventually(lambda: is_active(first))
        async with world.relay() as second:
            await world.happen(pool, "a")  # wakes the second, which tells the first
            await eventually(world.effects, {"a": [1]})
            assert not second.active
            await stack.aclose()
            await world.happen(pool, "a")
            await eventually(world.effects, {"a": [1, 2]})
            assert second.active


async def test_old_inbox_rows_and_passed_events_are_dropped(world):
    old, new = world.record(1, age_days=15), world.record(2)
    async with world.bus() as bus, world.consumer():
        await bus.publish(old.topic, [old])
        await eventually(world.effects, {"k": [1]})
    await world.sql(f"UPDATE {world.hearer.name}.inbox SET handled_at = now() - interval '15 days'")
    async with world.bus() as bus, world.consumer():
        await bus.publish(new.topic, [new])
        await eventually(world.effects, {"k": [1, 2]})
    world.sender = world.hearer.name  # its own relay looks after the hearer's inbox
    async with world.relay():
        await eventually(lambda: world.sql(f"SELECT event_id::text FROM {world.hearer.name}.inbox"), [(new.id,)])


async def test_lag_and_age_are_numbers(world):
    async with world.pool() as pool:
        assert await outbox_age_s(world.sender, pool) == 0
        await world.happen(pool, "a")
        await asyncio.sleep(0.05)
        assert 0.05 < await outbox_age_s(world.sender, pool) < 10
        stuck = asyncio.Event()

        async def handle(service: object, db: object, record: Record) -> None:
            await stuck.wait()

        world.handle = handle
        async with world.relay(), world.consumer() as consumer:
            await eventually(lambda: outbox_age_s(world.sender, pool), 0.0)
            async with world.bus() as bus:
                await bus.publish(world.record(1).topic, [world.record(n) for n in range(250)])
            await eventually(lambda: more_than(100, consumer.lag()))
            stuck.set()
            await eventually(consumer.lag, 0)


async def more_than(limit: int, number: object) -> bool:
    return await number > limit


async def test_the_postgres_bus_prunes_what_every_group_has_passed(dsn):
    world = World(dsn, PostgresBus)
    await world.create()
    old = [world.record(n, age_days=15) for n in (1, 2)]
    async with world.bus() as bus, world.consumer():
        await bus.publish(old[0].topic, [old[0], world.record(9)])
        await eventually(world.effects, {"k": [1, 9]})
        await asyncio.sleep(0.2)
    async with world.bus() as bus:
        await bus.publish(old[0].topic, [old[1]])
        await world.sql(
            "UPDATE bus.event SET created_at = created_at - interval '15 days' WHERE topic = $1", old[0].topic
        )
        assert await bus.prune(old[0].topic) == 1  # 2 has not been passed, 9 is young
        left = await world.sql("SELECT payload FROM bus.event WHERE topic = $1 ORDER BY position", old[0].topic)
        assert [row[0] for row in left] == [b"9", b"2"]


async def test_a_role_may_publish_to_its_own_topic_and_move_its_own_positions_only(dsn):
    owner = await asyncpg.connect(dsn)
    for role in ("scheduling", "contracts"):
        await owner.execute(f"CREATE ROLE archwire_{role} LOGIN")
    world = World(dsn, PostgresBus)
    await world.create()
    own, other = "archwire.scheduling.v1", "archwire.contracts.v1"
    pool = await Pool.open(dsn.replace("postgres@", "archwire_scheduling@"), max_size=4)
    bus = PostgresBus(pool)
    await bus.publish(own, [world.record(1)])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await bus.publish(other, [world.record(1)])
    subscription = await bus.subscribe("scheduling", [own, other])
    assert [record.payload for record in await subscription.fetch()] == [b"1"]
    await subscription.commit()
    await subscription.close()
    async with pool.connection() as connection:
        for forbidden in (
            "SELECT bus.move('contracts', ARRAY['archwire.scheduling.v1'], ARRAY[1], ARRAY[99::bigint])",
            "DELETE FROM bus.event",
            "UPDATE bus.cursor SET position = 0",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    pool.terminate()
    await owner.close()
