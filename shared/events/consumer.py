"""The consumer: hands each event to the service's handlers once, in order per key, and parks what fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from shared.call import Left
from shared.db import Db, Pool
from shared.errors import ServiceError, Unavailable
from shared.events.bus import (
    BATCH,
    LONGEST_BACKOFF_S,
    POLL_S,
    Bus,
    Record,
    Subscription,
    backoff_s,
    in_schema,
    log,
    rest_s,
    transaction,
)
from shared.service import Service

ATTEMPTS = 3
BUSY_ATTEMPTS = 10  # half a minute: while its own database is away, no other event could go on either
RETRY_PARKED_S = 5.0  # how often parked events that only found something unavailable are looked over

# Runs the handler of one event in the transaction of `db`; returns what it left behind, if anything.
Handle = Callable[[Service, Db, Record], Awaitable[Left | None]]

# In the order of the ids, so that two consumers with the same events wait for each other instead of deadlocking.
FRESH = """
INSERT INTO {schema}.inbox (event_id) SELECT id::uuid FROM unnest($1::text[]) AS id ORDER BY id
ON CONFLICT (event_id) DO NOTHING RETURNING event_id::text"""
# Locks the last one of each key: while it is there, a replay cannot declare the key clear behind our back.
WAITING = """
SELECT k.topic, k.key FROM unnest($1::text[], $2::text[]) AS k (topic, key)
CROSS JOIN LATERAL (
  SELECT id FROM {schema}.dead_letters d WHERE d.topic = k.topic AND d.key = k.key ORDER BY id DESC LIMIT 1 FOR UPDATE
) last"""
PARK = """
INSERT INTO {schema}.dead_letters (event_id, topic, key, type, payload, headers, reason, attempts)
VALUES ($1::text::uuid, $2, $3, $4, $5, $6, $7, $8)"""
HEADS = """
SELECT topic, key FROM (
  SELECT DISTINCT ON (topic, key) topic, key, reason, attempts, parked_at
  FROM {schema}.dead_letters ORDER BY topic, key, id
) head
WHERE NOT $1 OR reason LIKE 'WAITS %'
   OR reason LIKE 'UNAVAILABLE %' AND parked_at < now() - make_interval(secs => least(attempts, 60))"""
HEAD = """
SELECT id, event_id::text AS event_id, topic, key, type, payload, headers
FROM {schema}.dead_letters WHERE topic = $1 AND key = $2 ORDER BY id LIMIT 1 FOR UPDATE"""
DONE = "DELETE FROM {schema}.dead_letters WHERE id = $1"
FAILED_AGAIN = """
UPDATE {schema}.dead_letters SET attempts = attempts + 1, reason = $2, parked_at = now() WHERE id = $1"""
COUNT = "SELECT count(*) FROM {schema}.dead_letters"


class Replayed(NamedTuple):
    """What a replay did: events handled, keys that failed again."""

    handled: int
    failed_keys: int


class Consumer:
    """Listens to the topics that a service's handlers need; the consumer group has the service's name.

    An event's effects and its inbox row are one transaction, and the position moves after it: whatever is repeated
    finds its inbox row. Should two consumers hold the same events for a moment, one waits for the other's inbox rows.
    `after_commit` is called when effects have been committed, with what they left for the relay and the worker.
    """

    def __init__(
        self,
        service: Service,
        pool: Pool,
        bus: Bus,
        handle: Handle,
        *,
        after_commit: Callable[[Left], None] = lambda _left: None,
    ) -> None:
        self._service, self._pool, self._bus, self._handle = service, pool, bus, handle
        self._after_commit = after_commit
        self._types = {event.DESCRIPTOR.full_name for event in service.handlers}  # type: ignore[attr-defined]
        self._subscription: Subscription | None = None

    async def run(self) -> None:
        """Consumes until cancelled, through crashes of PostgreSQL and of the bus. Returns if it hears nothing."""
        failures = 0
        while self._service.handlers:
            began = time.monotonic()
            try:
                self._subscription = await self._bus.subscribe(
                    self._service.name, self._service.topics_heard, self._types
                )
                try:
                    await self._consume(self._subscription)
                finally:
                    subscription, self._subscription = self._subscription, None
                    await subscription.close()
            except Exception as error:
                log.warning("consumer of %s: %s, trying again", self._service.name, type(error).__name__)
            failures = failures + 1 if time.monotonic() - began < LONGEST_BACKOFF_S else 0
            await asyncio.sleep(backoff_s(failures))

    @property
    def partitions(self) -> int:
        """How many partitions of its topics it holds now."""
        return self._subscription.partitions if self._subscription else 0

    async def lag(self) -> int:
        """How many events wait in the partitions that this consumer holds."""
        return await self._subscription.lag() if self._subscription else 0

    async def _consume(self, subscription: Subscription) -> None:
        commit_at = retry_at = time.monotonic()
        while True:
            records = await subscription.fetch()
            began = time.monotonic()
            wanted = [record for record in records if record.type in self._types]
            await self._deliver(wanted)
            # What nobody here wants may come again: it is passed with the next that somebody does, or now and then.
            if wanted or not records or began >= commit_at:
                await subscription.commit()
                commit_at = began + POLL_S
            if 0 < len(records) < BATCH:
                await asyncio.sleep(rest_s(time.monotonic() - began))
            if time.monotonic() >= retry_at:
                await replay(self._service, self._pool, self._handle, only_unavailable=True)
                retry_at = time.monotonic() + RETRY_PARKED_S

    async def _deliver(self, records: Sequence[Record]) -> None:
        """Handles the batch in one transaction; if anything in it fails, one event per transaction."""
        if not records:
            return
        try:
            await self._transact(records)
        except Exception as error:
            log.info("%s: a batch failed with %s, going one by one", self._service.name, _reason(error))
            for record in records:
                await self._deliver_one(record)

    async def _deliver_one(self, record: Record) -> None:
        """Handles the event, or parks its key after ATTEMPTS. Returns when one of the two is committed."""
        failures = 0
        while True:
            try:
                return await self._transact([record])
            except Exception as error:
                failures += 1
                reason = _reason(error)
            if failures >= (BUSY_ATTEMPTS if reason.endswith(" DATABASE_BUSY") else ATTEMPTS):
                try:
                    return await self._park(record, reason, failures)
                except Unavailable as error:  # the database is away: nothing is decided
                    reason = _reason(error)
            await asyncio.sleep(backoff_s(failures - 1))

    async def _transact(self, records: Sequence[Record]) -> None:
        left = Left.NOTHING
        # The inbox knows no groups; events of a single group find its scope set by the opening.
        tenants = {record.headers.get("tenant", "") for record in records}
        async with transaction(self._pool, tenants.pop() if len(tenants) == 1 else "") as db:
            fresh = await self._fresh(db, records)
            # A statement of its own, after the inbox rows: it must see what a consumer we waited for has parked.
            keys = {(record.topic, record.key) for record in records if record.id in fresh}
            waiting = await self._waiting(db, keys)
            for record in records:
                if record.id not in fresh:
                    continue
                fresh.remove(record.id)  # the bus may give it twice in one batch
                if (record.topic, record.key) in waiting:
                    await self._add_dead_letter(db, record, "WAITS behind a parked event of its key", 0)
                else:
                    left |= await self._handle(self._service, db, record) or Left.NOTHING
        self._after_commit(left)

    async def _park(self, record: Record, reason: str, attempts: int) -> None:
        async with transaction(self._pool) as db:
            if await self._fresh(db, [record]):
                await self._add_dead_letter(db, record, reason, attempts)
        log.error("%s: parked a key of %s: %s", self._service.name, record.type, reason)

    async def _fresh(self, db: Db, records: Sequence[Record]) -> set[str]:
        rows = await db.connection.fetch(in_schema(FRESH, self._service.name), [record.id for record in records])
        return {row[0] for row in rows}

    async def _waiting(self, db: Db, keys: set[tuple[str, str]]) -> set[tuple[str, str]]:
        if not keys:
            return set()
        topics, names = zip(*sorted(keys), strict=True)
        rows = await db.connection.fetch(in_schema(WAITING, self._service.name), topics, names)
        return {(row[0], row[1]) for row in rows}

    async def _add_dead_letter(self, db: Db, record: Record, reason: str, attempts: int) -> None:
        await db.connection.execute(
            in_schema(PARK, self._service.name),
            *(record.id, record.topic, record.key, record.type, record.payload, record.headers),
            *(reason, attempts),
        )


async def replay(service: Service, pool: Pool, handle: Handle, *, only_unavailable: bool = False) -> Replayed:
    """Handles the parked events of a service again, in order per key; a key stops at its first failure.

    `only_unavailable` is for the consumer itself: keys whose first event merely found something unavailable, each
    after a rest that grows with its attempts, and keys whose first event waits for one that has been handled.
    """
    async with transaction(pool) as db:
        keys = await db.connection.fetch(in_schema(HEADS, service.name), only_unavailable)
    handled = failed = 0
    for topic, key in keys:
        while True:
            head: Any = None
            try:
                async with transaction(pool) as db:
                    head = await db.connection.fetchrow(in_schema(HEAD, service.name), topic, key)
                    if head is None:
                        break
                    await handle(service, db, Record(*head[1:]))
                    await db.connection.execute(in_schema(DONE, service.name), head[0])
                handled += 1
            except Exception as error:
                if head is None:
                    raise
                async with transaction(pool) as db:
                    await db.connection.execute(in_schema(FAILED_AGAIN, service.name), head[0], _reason(error))
                failed += 1
                break
    return Replayed(handled, failed)


async def parked(service: str, pool: Pool) -> int:
    """How many events a service has in `dead_letters`."""
    async with transaction(pool) as db:
        count: int = await db.connection.fetchval(in_schema(COUNT, service))
        return count


def _reason(error: Exception) -> str:
    """What went wrong, without any value: messages of exceptions may hold patient data."""
    return f"{error.code} {error.reason}" if isinstance(error, ServiceError) else type(error).__name__
