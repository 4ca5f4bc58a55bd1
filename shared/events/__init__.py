"""The event path: sent if committed, handled once, in order per key.

`call.publish` writes an outbox row in its transaction. A `Relay` moves committed rows to the `Bus`; a `Consumer` takes
them from there and runs the service's handlers, each event's effects in one transaction with its inbox row. The bus is
a PostgreSQL schema, or Kafka when KAFKA_BOOTSTRAP_SERVERS is set; relay, consumer and promises are the same on both.
"""

from __future__ import annotations

from shared.db import Pool
from shared.events.bus import BATCH, RETENTION_DAYS, Bus, Record, Subscription
from shared.events.consumer import Consumer, Replayed, parked, replay
from shared.events.postgres_bus import BUS_DDL, PostgresBus
from shared.events.relay import Nudge, Relay, outbox_age_s

__all__ = [
    "BATCH",
    "BUS_DDL",
    "RETENTION_DAYS",
    "Bus",
    "Consumer",
    "Nudge",
    "PostgresBus",
    "Record",
    "Relay",
    "Replayed",
    "Subscription",
    "open_bus",
    "outbox_age_s",
    "parked",
    "replay",
]


def open_bus(pool: Pool, kafka: str = "") -> Bus:
    """The bus of one service: Kafka when `kafka` (host:port, …) is given, else the PostgreSQL that `pool` reaches."""
    if not kafka:
        return PostgresBus(pool)
    from shared.events.kafka_bus import KafkaBus  # 0.17 s of CPU: only where it is used

    return KafkaBus(kafka)
