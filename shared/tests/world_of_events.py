"""Two services on a real PostgreSQL for the tests of the event path: `sender` publishes, `hearer` keeps effects."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from archwire.scheduling.v1.events_pb2 import AppointmentBooked
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.db import DIALECT, Db, Pool, new_base
from shared.events import BUS_DDL, Bus, Consumer, Record, Relay, replay
from shared.events.bus import transaction
from shared.service import topic

TYPE = AppointmentBooked.DESCRIPTOR.full_name


@dataclass
class Hearer:
    """As much of a Service as a consumer needs, with a name of its own."""

    name: str
    topics_heard: tuple[str, ...]
    handlers: dict[type, None] = field(default_factory=lambda: {AppointmentBooked: None})


class World:
    """One sender and one hearer under names that no other test uses. `fail` may raise for a record."""

    def __init__(self, dsn: str, open_bus: Callable[[Pool], Bus], suffix: str = "") -> None:
        suffix = suffix or uuid.uuid4().hex[:8]
        self.dsn, self._open_bus = dsn, open_bus
        self.sender = f"sender_{suffix}"
        self.hearer = Hearer(f"hearer_{suffix}", (topic(self.sender),))
        self._relays: list[Relay] = []
        self.fail: Callable[[Record], Any] = lambda record: None

    async def create(self) -> None:
        """The bus, both schemas, the sender's aggregates and the hearer's effects."""
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(BUS_DDL)
        for schema in (self.sender, self.hearer.name):
            await connection.execute(f"CREATE SCHEMA {schema}")
            for table in new_base(schema).metadata.sorted_tables:
                await connection.execute(str(CreateTable(table).compile(dialect=DIALECT)))
                for index in table.indexes:
                    await connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)))
        await connection.execute(f"CREATE TABLE {self.sender}.aggregate (key text PRIMARY KEY, n int NOT NULL)")
        await connection.execute(
            f"CREATE TABLE {self.hearer.name}.effect "
            f"(id bigint GENERATED ALWAYS AS IDENTITY, event_id uuid, key text, n int)"
        )
        await connection.close()

    @contextlib.asynccontextmanager
    async def pool(self, max_size: int = 8) -> AsyncIterator[Pool]:
        """Connections as a process of its own would have them."""
        pool = await Pool.open(self.dsn, max_size=max_size)
        try:
            yield pool
        finally:
            pool.terminate()

    @contextlib.asynccontextmanager
    async def relay(self, **options: Any) -> AsyncIterator[Relay]:
        async with self.pool() as pool:
            bus = self._open_bus(pool)
            relay = Relay(self.sender, pool, bus, **options)
            self._relays.append(relay)
            async with running(relay.run()):
                yield relay
            self._relays.remove(relay)
            await bus.close()

    @contextlib.asynccontextmanager
    async def consumer(self, **options: Any) -> AsyncIterator[Consumer]:
        async with self.pool() as pool:
            bus = self._open_bus(pool)
            consumer = Consumer(self.hearer, pool, bus, self.handle, **options)  # type: ignore[arg-type]
            async with running(consumer.run()):
                yield consumer
            await bus.close()

    @contextlib.asynccontextmanager
    async def bus(self) -> AsyncIterator[Bus]:
        async with self.pool() as pool:
            bus = self._open_bus(pool)
            yield bus
            await bus.close()

    async def handle(self, _service: object, db: Db, record: Record) -> None:
        """The effect of an event: one row."""
        self.fail(record)
        sql = f"INSERT INTO {self.hearer.name}.effect (event_id, key, n) VALUES ($1::text::uuid, $2, $3)"
        await db.connection.execute(sql, record.id, record.key, int(record.payload))

    async def happen(self, pool: Pool, key: str, *, before_commit: Callable[[], Awaitable[None]] | None = None) -> int:
        """One business transaction: locks the aggregate, counts it up, publishes the number. Returns the number."""
        async with transaction(pool) as db:
            n: int = await db.connection.fetchval(
                f"INSERT INTO {self.sender}.aggregate AS a VALUES ($1, 1) "
                f"ON CONFLICT (key) DO UPDATE SET n = a.n + 1 RETURNING n",
                key,
            )
            await db.connection.execute(
                f"INSERT INTO {self.sender}.outbox (key, type, payload, headers) VALUES ($1, $2, $3, $4)",
                *(key, TYPE, str(n).encode(), {"source": self.sender}),
            )
            if before_commit is not None:
                await before_commit()
        for relay in self._relays[-1:]:
            relay.wake()
        return n

    async def replay(self) -> Any:
        async with self.pool() as pool:
            return await replay(self.hearer, pool, self.handle)  # type: ignore[arg-type]

    async def effects(self) -> dict[str, list[int]]:
        """The numbers handled, in order, by key."""
        effects: dict[str, list[int]] = {}
        for key, n in await self.sql(f"SELECT key, n FROM {self.hearer.name}.effect ORDER BY id"):
            effects.setdefault(key, []).append(n)
        return effects

    async def sql(self, text: str, *arguments: Any) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(text, *arguments)
        finally:
            await connection.close()

    def record(self, n: int, key: str = "k", *, age_days: float = 0) -> Record:
        """A record as the relay would send it; its uuidv7 was made `age_days` ago."""
        made = int((time.time() - age_days * 86400) * 1000)
        id = uuid.UUID(int=(made << 80) + (7 << 76) + uuid.uuid4().int % (1 << 76))
        return Record(str(id), topic(self.sender), key, TYPE, str(n).encode(), {"source": self.sender})


@contextlib.asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:
    """Runs `work` meanwhile. Should it end with an error, that error is raised."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def eventually(check: Callable[[], Awaitable[Any]], expected: Any = True, *, within_s: float = 15) -> None:
    """Waits until `check` gives `expected`. Raises AssertionError when it does not in time."""
    deadline = asyncio.get_running_loop().time() + within_s
    while (found := await check()) != expected:
        assert asyncio.get_running_loop().time() < deadline, f"{found!r} is not {expected!r}"
        await asyncio.sleep(0.05)
