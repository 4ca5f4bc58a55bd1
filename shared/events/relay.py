"""The relay: moves committed outbox rows to the bus, in order, and deletes what the bus acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shared.call import Left
from shared.db import Pool
from shared.events.bus import (
    LONGEST_BACKOFF_S,
    POLL_S,
    RETENTION_DAYS,
    Bus,
    Record,
    backoff_s,
    in_schema,
    log,
    rest_s,
    session,
)
from shared.service import topic

BATCH = 500  # 1, 10, 100, 500: 1.5, 14, 56, 68 thousand events a second
LATE_COMMIT_S = 0.5  # how long the watermark stays behind: what commits even later waits for a full scan
FULL_SCAN_S = 30.0
PRUNE_S = 3600.0
NUDGE_S = 0.003  # a NOTIFY inside every transaction would make writes three times slower

NOTIFY = "SELECT pg_notify($1, $2)"
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('archwire/relay/' || $1, 0))"
NEXT = (
    "SELECT id, event_id::text AS event_id, key, type, payload, headers "
    "FROM {schema}.outbox WHERE id > $1 ORDER BY id LIMIT $2"
)
SENT = "DELETE FROM {schema}.outbox WHERE id = ANY($1::bigint[])"
AGE = "SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM {schema}.outbox ORDER BY id LIMIT 1"
FORGET = """
DELETE FROM {schema}.inbox WHERE event_id IN (
  SELECT event_id FROM {schema}.inbox
  WHERE event_id < $1::text::uuid AND handled_at < now() - make_interval(days => $2) ORDER BY event_id LIMIT 10000
)"""


class Relay:
    """One of the relays of a service, of which one at a time is active: the others stand by, in every replica.

    It remembers no "last id", because ids commit out of order: it takes whatever is in the outbox. The low-watermark
    only spares it the index entries of rows it deleted a moment ago.
    """

    def __init__(
        self, service: str, pool: Pool, bus: Bus, *, batch: int = BATCH, heard: Callable[[], None] = lambda: None
    ) -> None:
        self.service = service
        self.topic = topic(service)
        self.active = False
        self._pool, self._bus, self._batch = pool, bus, batch
        self._woken = asyncio.Event()
        self._heard = heard  # called when another process says that something was committed

    def wake(self) -> None:
        """Tells it that something was committed. Cheap; calls are coalesced. Wakes the active relay wherever it is."""
        self._woken.set()

    async def run(self) -> None:
        """Relays until cancelled, through crashes of PostgreSQL and of the bus."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                async with session(self._pool) as connection:
                    await self._stand_by(connection)
                    self.active = True
                    await self._relay(connection)
            except Exception as error:
                log.warning("relay of %s: %s, trying again", self.service, type(error).__name__)
            finally:
                self.active = False
            failures = failures + 1 if time.monotonic() - began < LONGEST_BACKOFF_S else 0
            await asyncio.sleep(backoff_s(failures))

    async def _stand_by(self, connection: Any) -> None:
        while not await connection.fetchval(LOCK, self.service):
            if await self._wait():
                await connection.execute(NOTIFY, channel(self.service), Left.EVENTS.name)

    async def _relay(self, connection: Any) -> None:
        def hear(_connection: object, _pid: int, _channel: str, left: str) -> None:
            if "EVENTS" in left:
                self.wake()
            if "WORK" in left:
                self._heard()

        await connection.add_listener(channel(self.service), hear)
        sent: deque[tuple[float, int]] = deque()  # when, up to which id
        floor, looked_at, scan_at, prune_at = 0, 0.0, 0.0, 0.0
        while True:
            # Above an id only when a look at what is below came LATE_COMMIT_S after it was sent.
            while sent and sent[0][0] < looked_at - LATE_COMMIT_S:
                floor = sent.popleft()[1]
            now = looked_at = time.monotonic()
            if now >= scan_at:
                floor, scan_at = 0, now + FULL_SCAN_S
                sent.clear()
            last, count = await self._send(connection, floor)
            if count:
                sent.append((now, last))
            if count == self._batch:
                continue
            if now >= prune_at:
                prune_at = now + PRUNE_S
                await self._prune(connection)
            await asyncio.sleep(rest_s(time.monotonic() - now))
            await self._wait()

    async def _send(self, connection: Any, floor: int) -> tuple[int, int]:
        """Publishes the next batch above `floor`; returns its last id and its size."""
        rows = await connection.fetch(in_schema(NEXT, self.service), floor, self._batch)
        if not rows:
            return floor, 0
        await self._bus.publish(self.topic, [Record(row[1], self.topic, *row[2:]) for row in rows])
        await connection.execute(in_schema(SENT, self.service), [row[0] for row in rows])
        return rows[-1][0], len(rows)

    async def _prune(self, connection: Any) -> None:
        """Drops old events and the inbox rows that remembered them, 10,000 at a time.

        An inbox row goes by the time inside its uuidv7, along the primary key, and only when it was also handled
        that long ago: it outlives its event on the bus.
        """
        await self._bus.prune(self.topic)
        before = int((time.time() - RETENTION_DAYS * 86400) * 1000)
        oldest = f"{before:012x}" + "0" * 20
        while await connection.execute(in_schema(FORGET, self.service), oldest, RETENTION_DAYS) != "DELETE 0":
            pass

    async def _wait(self) -> bool:
        """Waits for a wake-up, POLL_S at most. True when there was one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken


class Nudge:
    """Tells the relay of a service, in another process, what was left for it or the worker. Calls within 3 ms are one."""

    def __init__(self, service: str, pool: Pool) -> None:
        self._service, self._pool = service, pool
        self._left = Left.NOTHING
        self._task: asyncio.Task[None] | None = None

    def __call__(self, left: Left) -> None:
        self._left |= left
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        await asyncio.sleep(NUDGE_S)
        left, self._left = self._left, Left.NOTHING
        with suppress(Exception):  # the relay polls: a lost nudge costs a second at most
            async with self._pool.connection(timeout=1) as connection:
                await connection.execute(NOTIFY, channel(self._service), left.name)


def channel(service: str) -> str:
    """The notification channel of a service's outbox."""
    return f"outbox_{service}"


async def outbox_age_s(service: str, pool: Pool) -> float:
    """How long the oldest event has waited to be relayed, in seconds; 0 when none waits."""
    async with pool.connection() as connection:
        return await connection.fetchval(in_schema(AGE, service)) or 0.0
