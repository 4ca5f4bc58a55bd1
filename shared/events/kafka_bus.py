"""The bus that is Apache Kafka. kafka-python is blocking: each producer and consumer has one thread of its own.

The producer is idempotent and never gives up in flight: while the broker is away, order per key is kept by waiting.
Offsets are committed by hand, after the effects; whatever goes wrong in a consumer, the caller subscribes anew.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError, TopicAlreadyExistsError

from shared.events.bus import BATCH, HEARTBEAT_S, PARTITIONS, POLL_S, RETENTION_DAYS, Record

SESSION_S = 6  # brokers refuse less by default (group.min.session.timeout.ms)
NEVER_MS = 2**31 - 1
STUCK_S = 30.0  # nothing arrives although the partitions grow: some connection is dead without knowing it
CLOSE_S = 3.0

T = TypeVar("T")


class Stuck(Exception):
    """The lag grows and the position does not move."""


class KafkaBus:
    """The bus at `servers` ("host:port,host:port")."""

    def __init__(self, servers: str) -> None:
        self._connection: dict[str, Any] = {
            "bootstrap_servers": servers.split(","),
            "bootstrap_timeout_ms": 5_000,
            "reconnect_backoff_max_ms": 1_000,
            "request_timeout_ms": 10_000,
        }
        self._thread = _Thread("kafka-producer")
        self._producer: KafkaProducer | None = None
        self._topics: set[str] = set()

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Returns when every record is acknowledged by all replicas in sync. Waits while the brokers are away."""
        await self._ensure([topic])
        answers = _Answers()
        await self._thread.run(self._send, topic, records, answers)
        await answers.all
        if answers.error is not None:
            producer, self._producer = self._producer, None  # nothing is in flight, its state is unknown
            if producer is not None:
                await self._thread.run(_close, producer)
            raise answers.error

    async def subscribe(self, group: str, topics: Sequence[str], types: Collection[str] = ()) -> KafkaSubscription:
        """Joins a consumer group."""
        await self._ensure(topics)
        thread = _Thread(f"kafka-{group}")
        try:
            consumer = await thread.run(
                KafkaConsumer,
                *topics,
                **self._connection,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                session_timeout_ms=SESSION_S * 1000,
                heartbeat_interval_ms=HEARTBEAT_S * 1000,
                max_poll_records=BATCH,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except BaseException:
            thread.close()
            raise
        return KafkaSubscription(consumer, thread)

    async def prune(self, topic: str) -> int:
        """Nothing: the topic's retention is the brokers' work."""
        return 0

    async def close(self) -> None:
        """Ends the producer. What it has in flight may still arrive."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await self._thread.run(_close, producer)
        self._thread.close()

    def _send(self, topic: str, records: Sequence[Record], answers: _Answers) -> None:
        try:
            producer = self._producer = self._producer or self._open()
            for record in records:  # stops at the first that cannot be sent: none may overtake it
                answers.expect(producer.send(topic, record.payload, record.key.encode(), _to_headers(record)))
            answers.one(None)
        except Exception as error:
            answers.one(error)

    def _open(self) -> KafkaProducer:
        return KafkaProducer(
            **self._connection,
            acks="all",
            enable_idempotence=True,
            delivery_timeout_ms=NEVER_MS,
            linger_ms=2,
            metrics_enabled=False,
            max_block_ms=10_000,
        )

    async def _ensure(self, topics: Sequence[str]) -> None:
        """Creates the topics that do not exist, with the brokers' replication."""
        for topic in set(topics) - self._topics:
            await self._thread.run(self._create, topic)
            self._topics.add(topic)

    def _create(self, topic: str) -> None:
        admin = KafkaAdminClient(**self._connection)
        try:
            settings = {"retention.ms": str(RETENTION_DAYS * 86_400_000)}
            admin.create_topics({topic: {"num_partitions": PARTITIONS, "configs": settings}}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            pass
        finally:
            admin.close()


class KafkaSubscription:
    """A member of a consumer group."""

    def __init__(self, consumer: KafkaConsumer, thread: _Thread) -> None:
        self._consumer, self._thread = consumer, thread
        self._fetched: dict[TopicPartition, OffsetAndMetadata] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._moved_at = time.monotonic()
        self.partitions = 0

    async def fetch(self) -> list[Record]:
        """The next records, at most BATCH, in order per key. Waits up to POLL_S; empty when there are none."""
        polled, self.partitions = await self._thread.run(self._poll)
        for partition, messages in polled.items():
            self._fetched[partition] = OffsetAndMetadata(messages[-1].offset + 1, "", -1)
        return [_to_record(message) for messages in polled.values() for message in messages]

    async def commit(self) -> None:
        """Commits the offsets of what was fetched. After a rebalance that is the new owner's: the inbox knows."""
        fetched, self._fetched = self._fetched, {}
        if fetched:
            with suppress(CommitFailedError, RebalanceInProgressError):
                await self._thread.run(self._consumer.commit, fetched)

    async def lag(self) -> int:
        """How many records wait in this member's partitions."""
        return await self._thread.run(self._lag)

    async def close(self) -> None:
        """Leaves the group at once: others take over."""
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(CLOSE_S + 2 * POLL_S):
                await self._thread.run(self._consumer.close, autocommit=False, timeout_ms=CLOSE_S * 1000)
        self._thread.close()

    def _poll(self) -> tuple[dict[TopicPartition, list[Any]], int]:
        polled = self._consumer.poll(timeout_ms=int(POLL_S * 1000))
        if polled:
            self._moved_at = time.monotonic()
        elif time.monotonic() - self._moved_at > STUCK_S:
            if self._lag() > 0:
                raise Stuck
            self._moved_at = time.monotonic()
        return polled, len(self._consumer.assignment())

    def _lag(self) -> int:
        assigned = self._consumer.assignment()
        ends = self._consumer.end_offsets(assigned) if assigned else {}
        return sum(max(0, end - self._consumer.position(partition)) for partition, end in ends.items())


class _Thread:
    """Runs blocking calls, one after the other."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, function: Callable[..., T], *arguments: Any, **options: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(function, *arguments, **options))

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


class _Answers:
    """Counts the producer's answers, in its thread, and tells the event loop once: `all` is done when all are in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._open = 1  # the sending itself
        self.all: asyncio.Future[None] = self._loop.create_future()
        self.error: Exception | None = None

    def expect(self, future: Any) -> None:
        with self._lock:
            self._open += 1
        future.add_callback(self.one)
        future.add_errback(self.one)

    def one(self, outcome: Any) -> None:
        """One part is settled, by metadata or an exception."""
        with self._lock:
            self._open -= 1
            if isinstance(outcome, Exception) and self.error is None:
                self.error = outcome
            if self._open:
                return
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(lambda: self.all.done() or self.all.set_result(None))


def _to_headers(record: Record) -> list[tuple[str, bytes]]:
    """CloudEvents' binding to Kafka: attributes are headers that begin with ce_; traceparent is W3C's own."""
    headers = {"ce_specversion": "1.0", "ce_id": record.id, "ce_type": record.type}
    headers["content-type"] = "application/protobuf"
    headers |= {name if name == "traceparent" else f"ce_{name}": value for name, value in record.headers.items()}
    return [(name, value.encode()) for name, value in headers.items()]


def _to_record(message: Any) -> Record:
    headers = {name.removeprefix("ce_"): value.decode() for name, value in message.headers}
    for known in ("specversion", "content-type"):
        headers.pop(known, None)
    id, type = headers.pop("id"), headers.pop("type")
    return Record(id, message.topic, message.key.decode(), type, message.value, headers)


def _close(producer: KafkaProducer) -> None:
    with suppress(KafkaError):
        producer.close(timeout=CLOSE_S)
