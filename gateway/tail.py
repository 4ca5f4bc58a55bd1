"""The end of the bus: every event of every topic from now on, in no group, so that every gateway sees them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shared.db import Pool
from shared.events import Record
from shared.events.bus import PARTITIONS, POLL_S, backoff_s, session
from shared.events.postgres_bus import READ
from shared.service import NAMES, topic

log = logging.getLogger("archwire.tail")

TOPICS = [topic(name) for name in NAMES]
BATCH = 500
REST_S = 0.02  # between two looks at seventy partitions: no screen is in a greater hurry
ENDS = """
SELECT topic, n, coalesce((
  SELECT max(position) FROM bus.event WHERE bus.event.topic = every.topic AND bus.event.partition = n
), 0) FROM unnest($1::text[]) AS every (topic), generate_series(0, $2::int - 1) AS n"""


async def follow(node: Any, deliver: Callable[[Record], None]) -> None:
    """Gives every new event to `deliver` until cancelled. After a failure it goes on from the new end."""
    failures = 0
    while True:
        try:
            await (_follow_kafka(node.config.kafka, deliver) if node.config.kafka else _follow_postgres(node, deliver))
        except Exception as error:
            failures += 1
            log.warning("the tail of the bus broke off: %s", type(error).__name__)
            await asyncio.sleep(backoff_s(failures))


async def _follow_postgres(node: Any, deliver: Callable[[Record], None]) -> None:
    pool = await Pool.open(node.dsn("reporting"), max_size=1)
    try:
        async with session(pool) as connection:
            woken = asyncio.Event()
            for name in TOPICS:
                await connection.add_listener(name, lambda *_: woken.set())
            at = {(row[0], row[1]): row[2] for row in await connection.fetch(ENDS, TOPICS, PARTITIONS)}
            while True:
                topics, numbers = zip(*at, strict=True)
                rows = await connection.fetch(READ, topics, numbers, list(at.values()), BATCH)
                for name, number, position, *record in rows:
                    at[name, number] = position
                    deliver(Record(record[0], name, *record[1:]))
                if len(rows) < BATCH:
                    await asyncio.sleep(REST_S)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await woken.wait()
                    woken.clear()
    finally:
        await pool.close()


async def _follow_kafka(servers: str, deliver: Callable[[Record], None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from kafka import KafkaConsumer, TopicPartition

    from shared.events.kafka_bus import _to_record

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "kafka-tail") as thread:

        async def run(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
            return await loop.run_in_executor(thread, lambda: function(*arguments, **options))

        consumer = await run(KafkaConsumer, bootstrap_servers=servers, group_id=None, enable_auto_commit=False)
        try:
            parts = [
                TopicPartition(name, n) for name in TOPICS for n in await run(consumer.partitions_for_topic, name) or ()
            ]
            await run(consumer.assign, parts)
            await run(consumer.seek_to_end)
            while True:
                for messages in (await run(consumer.poll, timeout_ms=int(POLL_S * 1000), max_records=BATCH)).values():
                    for message in messages:
                        deliver(_to_record(message))
        finally:
            await asyncio.shield(run(consumer.close))
