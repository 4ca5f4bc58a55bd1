"""The bus that is a PostgreSQL schema: topics in partitions, a position per group and partition.

Positions are given out under a lock per topic that is held until the commit, so that they become visible in order and
no reader can step over one. Members of a group share the partitions by session locks, which end with their connection.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

from shared.db import Pool
from shared.events.bus import BATCH, PARTITIONS, POLL_S, RETENTION_DAYS, Record, log, session
from shared.service import NAMES

FETCH = 5 * BATCH  # read ahead
LONGEST_NOTE = 7_900  # bytes of a notification: PostgreSQL takes 8,000
COALESCE_S = 0.004  # at most one notification per topic in this time

# Run by `archwire migrate` as the owner, after the roles exist; running it again changes nothing.
# The role archwire_<service> may read the bus, publish to the topic of its service and move the positions of its group.
BUS_DDL = """
CREATE SCHEMA IF NOT EXISTS bus;

CREATE TABLE IF NOT EXISTS bus.event (
  topic text NOT NULL,
  partition smallint NOT NULL,
  position bigint GENERATED ALWAYS AS IDENTITY,
  event_id uuid NOT NULL UNIQUE,
  key text NOT NULL,
  type text NOT NULL,
  payload bytea NOT NULL,
  headers jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition, position)
);

CREATE TABLE IF NOT EXISTS bus.cursor (
  consumer text NOT NULL,
  topic text NOT NULL,
  partition smallint NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  moved_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION bus.publish(
  to_topic text, ids uuid[], keys text[], types text[], payloads bytea[], headers jsonb[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user <> 'archwire_' || split_part(to_topic, '.', 2)
     AND NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
    RAISE insufficient_privilege USING MESSAGE = format('%s may not publish to %s', session_user, to_topic);
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('archwire/bus/' || to_topic, 0));
  INSERT INTO bus.event (topic, partition, event_id, key, type, payload, headers)
  SELECT to_topic, hashtextextended(e.key, 0) & ({partitions} - 1), e.id, e.key, e.type, e.payload, e.headers
  FROM unnest(ids, keys, types, payloads, headers) WITH ORDINALITY AS e (id, key, type, payload, headers, n)
  ORDER BY e.n
  ON CONFLICT (event_id) DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION bus.move(of_consumer text, topics text[], partitions int[], positions bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user <> 'archwire_' || of_consumer AND NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
    RAISE insufficient_privilege USING MESSAGE = format('%s may not move %s', session_user, of_consumer);
  END IF;
  INSERT INTO bus.cursor AS c (consumer, topic, partition, position)
  SELECT of_consumer, m.topic, m.partition, m.position
  FROM unnest(topics, partitions, positions) AS m (topic, partition, position)
  ON CONFLICT (consumer, topic, partition)
  DO UPDATE SET position = excluded.position, moved_at = now() WHERE c.position < excluded.position;
END $$;

CREATE OR REPLACE FUNCTION bus.prune(of_topic text, older_than interval, at_most int)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH passed AS (
    SELECT topic, partition, min(position) AS position FROM bus.cursor WHERE topic = of_topic GROUP BY 1, 2
  ), old AS (
    SELECT e.event_id FROM bus.event e LEFT JOIN passed p USING (topic, partition)
    WHERE e.topic = of_topic AND e.created_at < now() - older_than
      AND e.event_id < (lpad(to_hex((extract(epoch FROM now() - older_than) * 1000)::bigint), 12, '0')
                        || repeat('0', 20))::uuid
      AND (p.position IS NULL OR e.position <= p.position)
    ORDER BY e.event_id LIMIT at_most
  ), gone AS (
    DELETE FROM bus.event USING old WHERE bus.event.event_id = old.event_id RETURNING 1
  ) SELECT count(*) FROM gone
$$;

REVOKE ALL ON FUNCTION bus.publish, bus.move, bus.prune FROM PUBLIC;

DO $$
DECLARE service name;
BEGIN
  FOR service IN SELECT rolname FROM pg_roles WHERE rolname IN ({services}) LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA bus TO %I', service);
    EXECUTE format('GRANT SELECT ON bus.event, bus.cursor TO %I', service);
    EXECUTE format('GRANT EXECUTE ON FUNCTION bus.publish, bus.move, bus.prune TO %I', service);
  END LOOP;
END $$;
""".replace("{partitions}", str(PARTITIONS)).replace("{services}", ", ".join(f"'archwire_{name}'" for name in NAMES))

PUBLISH = "SELECT bus.publish($1, $2::text[]::uuid[], $3, $4, $5, $6)"
NOTIFY = "SELECT pg_notify(topic, types) FROM unnest($1::text[], $2::text[]) AS news (topic, types)"
PRUNE = "SELECT bus.prune($1, make_interval(days => $2), 10000)"
# Every member of a group holds this lock, shared: as many holders, as many members.
JOIN = "SELECT pg_advisory_lock_shared(hashtextextended('archwire/group/' || $1, 0))"
MEMBERS = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint << 32 | objid::bigint = hashtextextended('archwire/group/' || $1, 0)"""
PARTITION_LOCK = "hashtextextended(concat_ws('/', 'archwire/partition', $1::text, topic, partition), 0)"
CLAIM = f"""
SELECT topic, partition FROM unnest($2::text[], $3::int[]) AS free (topic, partition)
WHERE pg_try_advisory_lock({PARTITION_LOCK}) LIMIT $4"""
RELEASE = f"""
SELECT pg_advisory_unlock({PARTITION_LOCK}) FROM unnest($2::text[], $3::int[]) AS surplus (topic, partition)"""
POSITIONS = """
SELECT mine.topic, mine.partition, coalesce(position, 0) FROM unnest($2::text[], $3::int[]) AS mine (topic, partition)
LEFT JOIN bus.cursor c ON c.consumer = $1 AND c.topic = mine.topic AND c.partition = mine.partition"""
READ = """
SELECT e.topic, e.partition, e.position, e.event_id::text, e.key, e.type, e.payload, e.headers
FROM unnest($1::text[], $2::int[], $3::bigint[]) AS mine (topic, partition, position)
CROSS JOIN LATERAL (
  SELECT * FROM bus.event e
  WHERE e.topic = mine.topic AND e.partition = mine.partition AND e.position > mine.position
  ORDER BY e.position LIMIT $4
) e
ORDER BY e.position LIMIT $4"""
MOVE = "SELECT bus.move($1, $2, $3, $4)"
LAG = """
SELECT count(*) FROM unnest($1::text[], $2::int[], $3::bigint[]) AS mine (topic, partition, position)
JOIN bus.event e ON e.topic = mine.topic AND e.partition = mine.partition AND e.position > mine.position"""

Partition = tuple[str, int]  # topic, number


class PostgresBus:
    """The bus in the database that `pool` reaches. Its role is the service's."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._to_notify: dict[str, set[str]] = {}  # topics, and the types of what is new there
        self._notifier: asyncio.Task[None] | None = None

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Returns when all of them are committed. An event that is there already is left alone."""
        columns = zip(*((r.id, r.key, r.type, r.payload, r.headers) for r in records), strict=True)
        async with self._pool.connection() as connection:
            await connection.execute(PUBLISH, topic, *columns)
        self._to_notify.setdefault(topic, set()).update(record.type for record in records)
        if self._notifier is None or self._notifier.done():
            self._notifier = asyncio.create_task(self._notify())

    async def subscribe(self, group: str, topics: Sequence[str], types: Collection[str] = ()) -> PostgresSubscription:
        """Joins a consumer group."""
        stack = AsyncExitStack()
        try:
            connection = await stack.enter_async_context(session(self._pool))
            subscription = PostgresSubscription(self._pool, connection, stack, group, topics, types)
            await connection.execute(JOIN, group)
            for topic in topics:
                await connection.add_listener(topic, subscription.wake)
        except BaseException:
            await stack.aclose()
            raise
        return subscription

    async def prune(self, topic: str) -> int:
        """Drops what is older than RETENTION_DAYS and has been passed by every group; returns how many."""
        total = 0
        async with self._pool.connection() as connection:
            while count := await connection.fetchval(PRUNE, topic, RETENTION_DAYS):
                total += count
        return total

    async def close(self) -> None:
        """Forgets pending wake-ups: consumers poll."""
        if self._notifier is not None:
            self._notifier.cancel()

    async def _notify(self) -> None:
        """Wakes the consumers, outside the publishing transaction: commits that notify go one after the other."""
        while self._to_notify:
            news, self._to_notify = self._to_notify, {}
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(NOTIFY, list(news), [_note(types) for types in news.values()])
            except Exception as error:
                log.warning("no wake-up sent: %s", type(error).__name__)
            await asyncio.sleep(COALESCE_S)


def _note(types: Collection[str]) -> str:
    """Types of events as a notification names them; empty when they are too many to name."""
    note = ",".join(types)
    return note if len(note) <= LONGEST_NOTE else ""


class PostgresSubscription:
    """A member of a consumer group with its share of the partitions, looked over every POLL_S."""

    def __init__(
        self,
        pool: Pool,
        connection: Any,
        stack: AsyncExitStack,
        group: str,
        topics: Sequence[str],
        types: Collection[str],
    ) -> None:
        self._pool, self._connection, self._stack = pool, connection, stack
        self._types = frozenset(types)
        self._group = group
        self._all: list[Partition] = [(topic, number) for topic in topics for number in range(PARTITIONS)]
        self._read: dict[Partition, int] = {}  # up to where; its keys are the partitions held
        self._fetched: dict[Partition, int] = {}  # up to where the caller has it, since the last commit
        self._ahead: deque[tuple[Partition, int, Record]] = deque()
        self._dirty: set[str] = set(topics)  # topics to look at
        self._woken = asyncio.Event()
        self._share_at = 0.0

    def wake(self, _connection: Any, _pid: int, topic: str, types: str) -> None:
        """Something of these types was published to `topic`. What nobody here wants is passed at the next poll."""
        if types and self._types and self._types.isdisjoint(types.split(",")):
            return
        self._dirty.add(topic)
        self._woken.set()

    @property
    def partitions(self) -> int:
        """How many partitions it holds now."""
        return len(self._read)

    async def fetch(self) -> list[Record]:
        """The next records, at most BATCH, in order per key. Waits up to POLL_S; empty when there are none."""
        if not self._ahead and not await self._read_ahead():
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._woken.wait()
            if not self._woken.is_set():
                self._dirty.update(topic for topic, _ in self._read)
            await self._read_ahead()
        batch = [self._ahead.popleft() for _ in range(min(BATCH, len(self._ahead)))]
        self._fetched.update((partition, position) for partition, position, _ in batch)
        return [record for _, _, record in batch]

    async def commit(self) -> None:
        """Moves the group's positions to what was fetched."""
        if self._fetched:
            moved, self._fetched = self._fetched, {}
            await self._connection.execute(MOVE, self._group, *_columns(moved), list(moved.values()))

    async def lag(self) -> int:
        """How many records wait in this member's partitions."""
        async with self._pool.connection() as connection:
            count = await connection.fetchval(LAG, *_columns(self._read), list(self._read.values()))
        return count + len(self._ahead)

    async def close(self) -> None:
        """Leaves the group at once: others take over."""
        self._read.clear()
        await self._stack.aclose()

    async def _read_ahead(self) -> bool:
        if time.monotonic() >= self._share_at:
            await self._share()
            self._share_at = time.monotonic() + POLL_S
        self._woken.clear()
        topics, self._dirty = self._dirty, set()
        look = {partition: at for partition, at in self._read.items() if partition[0] in topics}
        if not look:
            return False
        try:
            rows = await self._connection.fetch(READ, *_columns(look), list(look.values()), FETCH)
        except BaseException:
            self._dirty |= topics
            raise
        for topic, partition, position, *record in rows:
            self._read[topic, partition] = position
            self._ahead.append(((topic, partition), position, Record(record[0], topic, *record[1:])))
        if len(rows) == FETCH:
            self._dirty |= topics
        return bool(rows)

    async def _share(self) -> None:
        """Gives up partitions above the fair share, takes free ones up to it. Nothing is read ahead meanwhile."""
        members = await self._connection.fetchval(MEMBERS, self._group)
        quota = math.ceil(len(self._all) / max(members, 1))
        if surplus := list(self._read)[quota:]:
            await self._connection.execute(RELEASE, self._group, *_columns(surplus))
            for partition in surplus:
                del self._read[partition]
        free = [partition for partition in self._all if partition not in self._read]
        if free and len(self._read) < quota:
            random.shuffle(free)  # members that come together do not all try the same ones
            claimed = await self._connection.fetch(CLAIM, self._group, *_columns(free), quota - len(self._read))
            # Read after the lock is held: the one before has moved the position for the last time.
            rows = await self._connection.fetch(POSITIONS, self._group, *_columns(claimed))
            positions = {(topic, partition): position for topic, partition, position in rows}
            self._read |= positions
            self._dirty |= {topic for topic, _ in positions}
            # Even a position of 0 is written down: it keeps events that this group has not seen from being pruned.
            await self._connection.execute(MOVE, self._group, *_columns(positions), list(positions.values()))


def _columns(partitions: Any) -> tuple[list[str], list[int]]:
    """Topics and numbers, as two arrays."""
    return [topic for topic, _ in partitions], [number for _, number in partitions]
