"""What the two buses have in common: the record, the protocol, the figures."""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.db import EVERYWHERE, Db, Pool, translate

BATCH = 100  # events that a consumer handles in one transaction
PARTITIONS = 8  # of a topic, on both buses; a key always falls into the same one
POLL_S = 1.0  # how long a missed wake-up can go unnoticed
HEARTBEAT_S, LEASE_S = 1, 3  # a connection whose other end is gone is dropped after the lease
RETENTION_DAYS = 14  # of events on the bus and of inbox rows: an event must not outlive the memory of it
LONGEST_BACKOFF_S = 5.0
SHORTEST_REST_S, LONGEST_REST_S = 0.002, 0.01

log = logging.getLogger("archwire.events")


@dataclass(frozen=True, slots=True)
class Record:
    """One event on its way. `key` orders: events of one topic and key are handled in the order of their commits."""

    id: str  # a uuidv7
    topic: str
    key: str
    type: str  # full name of the protobuf message
    payload: bytes
    headers: dict[str, str] = field(default_factory=dict)  # source, time, tenant, actor, traceparent


class Subscription(Protocol):
    """A member of a consumer group: its share of the partitions."""

    @property
    def partitions(self) -> int:
        """How many partitions it holds now."""

    async def fetch(self) -> list[Record]:
        """The next records, at most BATCH, in order per key. Waits up to POLL_S; empty when there are none."""

    async def commit(self) -> None:
        """Everything fetched so far is done with and need not come again. (It may, all the same.)"""

    async def lag(self) -> int:
        """How many records wait in this member's partitions."""

    async def close(self) -> None:
        """Leaves the group at once: others take over."""


class Bus(Protocol):
    """Topics with records in order per key, kept for RETENTION_DAYS."""

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Returns when all of them are durable; when it raises, any of them may be. Publishing again is safe."""

    async def subscribe(self, group: str, topics: Sequence[str], types: Collection[str] = ()) -> Subscription:
        """Joins a consumer group. A group that is new to a topic begins at its oldest record.

        Records of other `types` come too, but need not come soon; without any, all are wanted.
        """

    async def prune(self, topic: str) -> int:
        """Drops what is older than RETENTION_DAYS and has been passed by every group; returns how many."""

    async def close(self) -> None: ...


@asynccontextmanager
async def session(pool: Pool) -> AsyncIterator[Any]:
    """A connection to hold session locks on: they go when the process, its host or the network to it does.

    It does not wait for the disk: what is written through it (deletions from the outbox, positions) may be lost in a
    crash, which only repeats events, and repeated events are absorbed. It never goes back to other borrowers.
    """
    connection = await pool.acquire()
    try:
        await connection.execute(
            f"SET synchronous_commit = off; SET tcp_user_timeout = {LEASE_S * 1000}; "
            f"SET tcp_keepalives_idle = {HEARTBEAT_S}; SET tcp_keepalives_interval = {HEARTBEAT_S}; "
            f"SET tcp_keepalives_count = {LEASE_S - 1}"
        )
        yield connection
    finally:
        connection.terminate()
        pool.release(connection)


@asynccontextmanager
async def transaction(pool: Pool, tenant_id: str = "") -> AsyncIterator[Db]:
    """A transaction of the runtime, or of a whole group, in which plain SQL raises ServiceErrors too.

    Unavailable when the database goes away.
    """
    with translate(None):
        async with pool.begin(tenant_id, EVERYWHERE if tenant_id else "") as db:
            yield db


def backoff_s(failures: int) -> float:
    """How long to rest after so many failures in a row: 0.1 s, doubled each time up to LONGEST_BACKOFF_S, jittered."""
    return min(0.1 * 2 ** min(failures, 10), LONGEST_BACKOFF_S) * random.uniform(0.5, 1)  # noqa: S311 - not a secret


def rest_s(worked_s: float) -> float:
    """How long to rest after a batch that was not full: as long as it took, within bounds.

    Each batch has the same round trips, however many events it holds: a busy process fills them, an idle one is prompt.
    """
    return min(max(worked_s, SHORTEST_REST_S), LONGEST_REST_S)


def in_schema(sql: str, schema: str) -> str:
    """The statement for the tables of one service: `{schema}` stands for its quoted name."""
    return sql.replace("{schema}", '"' + schema.replace('"', '""') + '"')
