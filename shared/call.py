"""The Call: what every RPC method and event handler receives. One Call is one transaction.

What it published, deferred and read is written by `finish` in the same transaction: outbox rows, work rows, the audit
row and the reply kept for its request id. If it does not commit, nothing happened.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from enum import Flag, auto
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from shared import telemetry
from shared.db import Db, Pool
from shared.identity import Actor, system
from shared.vault import vault

__all__ = ["Call", "Left", "Platform", "Work"]

CLAIMED = "INSERT 0 1"
_WORD = re.compile(r"[\w.:-]+", re.ASCII)
LARGEST_EVENT = 256 * 1024  # bytes; Kafka's own limit is 1 MB by default


class Platform:
    """A service's own statements for outbox, work, audit and reply, made once per service."""

    __slots__ = ("_claim", "denied", "finish", "kept", "met", "tenants_met")

    def __init__(self, schema: str) -> None:
        s = f'"{schema}"'  # one of the nine names
        self.tenants_met: set[str] = set()  # groups that this process has noted for the audit's sealer
        self.met = f"INSERT INTO {s}.audit_tenant (tenant_id) VALUES ($1::uuid) ON CONFLICT DO NOTHING"
        self._claim = f"INSERT INTO {s}.reply (caller, method, request_id, request_hash) VALUES"
        self.kept = f"SELECT request_hash, reply FROM {s}.reply WHERE tenant_id = nullif(current_setting('app.tenant', true), '')::uuid AND caller = $1 AND method = $2 AND request_id = $3::uuid"
        audit = (
            f"INSERT INTO {s}.audit (at, actor_id, actor_kind, method, permission, outcome, patient_ids, resource, "
            "resource_id, purpose, request_id, trace_id) "
        )
        # One round trip for everything a Call leaves behind.
        self.finish = (
            "WITH events AS ("
            f"INSERT INTO {s}.outbox (key, type, payload, headers) "
            "SELECT e.key, e.type, e.payload, $4::jsonb FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS e(key, type, payload, n) ORDER BY e.n), "
            f"works AS (INSERT INTO {s}.work (job, key, due_at, traceparent) "
            "SELECT w.job, w.key, w.due_at, $8 FROM unnest($5::text[], $6::text[], $7::timestamptz[]) AS w(job, key, due_at)), "
            f"audited AS ({audit} SELECT $9::timestamptz, $10::text, $11::text, $12::text, $13::text, 'ok', $14::uuid[], $15::text, "
            "$16::text, $17::text, $18::text, $19::text WHERE $20::boolean) "
            f"UPDATE {s}.reply SET reply = $21 WHERE tenant_id = nullif(current_setting('app.tenant', true), '')::uuid "
            "AND caller = $10 AND method = $12 AND request_id = $22::uuid"
        )
        self.denied = f"{audit} VALUES ($1, $2, $3, $4, $5, 'denied', '{{}}', NULL, NULL, $6, NULL, $7)"

    def claim(self, caller: str, method: str, request_id: str, digest: bytes) -> str:
        """The command that claims a request id, in text: it goes with the opening, which takes no parameters.

        Says CLAIMED when nobody had it. Raises ValueError for anything that would need a quote.
        """
        for word in (caller, method, request_id):
            if not _WORD.fullmatch(word):
                raise ValueError("a request is claimed by plain words")
        return f"{self._claim} ('{caller}', '{method}', '{request_id}', '\\x{digest.hex()}') ON CONFLICT DO NOTHING"


class Left(Flag):
    """What a call has left behind for others to do, once it has committed."""

    NOTHING = 0
    EVENTS = auto()  # for the relay
    WORK = auto()  # for the worker


class Call:
    """One request, event or step of a job, in its transaction.

    `db` runs statements; `actor` is who asks, with the locations of this method's permission; `now` is the only clock.
    """

    __slots__ = (
        "_details",
        "_directory",
        "_events",
        "_later",
        "_patients",
        "actor",
        "db",
        "method",
        "noted",
        "now",
        "occurred_at",
        "permission",
        "request_id",
    )

    def __init__(
        self,
        db: Db,
        actor: Actor,
        now: dt.datetime,
        *,
        method: str,
        permission: str = "",
        request_id: str = "",
        directory: Callable[[Call], Any] | None = None,
        occurred_at: dt.datetime | None = None,
    ) -> None:
        self.db = db
        self.actor = actor
        self.now = now
        self.occurred_at = occurred_at or now  # when what is handled took place: an event may be replayed days later
        self.method = method
        self.permission = permission
        self.request_id = request_id
        self.noted = False  # whether this call told the sealer of a group: true for good once it has committed
        self._directory = directory
        self._events: list[tuple[str, str, bytes]] = []
        self._later: list[tuple[str, str, dt.datetime]] = []
        self._details: dict[str, str] = {}
        self._patients: set[str] = set()

    @property
    def directory(self) -> Any:
        """The directory's client, calling as this call's actor. Use it before the first write."""
        if self._directory is None:
            raise RuntimeError("this call has no way to the directory")
        return self._directory(self)

    def publish(self, event: Message, *, key: str) -> None:
        """Sends an event if, and only if, this call commits. Lock the aggregate's row first: then events keep their order."""
        if not key:
            raise ValueError(f"{event.DESCRIPTOR.name} needs a key")
        payload = event.SerializeToString()
        if len(payload) > LARGEST_EVENT:  # a broker would refuse it for ever, and with it all that follows
            raise ValueError(
                f"{event.DESCRIPTOR.name} is larger than {LARGEST_EVENT} bytes: events carry ids, not contents"
            )
        self._events.append((key, event.DESCRIPTOR.full_name, payload))

    def later(self, job: str, *, key: str, at: dt.datetime | None = None) -> None:
        """Runs one of the service's jobs after this call has committed, not before `at`."""
        self._later.append((job, key, at or self.now))

    def audit(
        self, *, patient_id: str = "", patient_ids: Iterable[str] = (), resource: str = "", resource_id: str = ""
    ) -> None:
        """Adds to the audit row what request and reply do not show."""
        self._patients.update(filter(None, (patient_id, *patient_ids)))
        for name, value in (("resource", resource), ("resource_id", resource_id)):
            if value:
                self._details[name] = value

    @property
    def reply_context(self) -> str:
        """What the kept reply of this call is sealed for."""
        return f"reply {self.actor.tenant_id} {self.actor.user_id} {self.method} {self.request_id}"

    async def finish(self, platform: Platform, request: Message | None, reply: Message | None, *, writes: bool) -> Left:
        """Writes what the call leaves behind; returns for whom there is something. For the runtime."""
        patients = self._patients
        for message in (request, reply):
            if message is not None:
                patients.update(patient_ids(message))
        audited = bool(patients) or (writes and request is not None)
        if not (self._events or self._later or audited):
            return Left.NOTHING
        if audited and self.db.tenant_id not in platform.tenants_met:
            await self.db.connection.execute(platform.met, self.db.tenant_id)
            self.noted = True
        trace = telemetry.current()
        headers = {
            "time": self.now.isoformat(),
            "tenant": self.actor.tenant_id,
            "actor": self.actor.user_id,
            "traceparent": trace.traceparent if trace else "",
        }
        await self.db.connection.execute(
            platform.finish,
            [e[0] for e in self._events],
            [e[1] for e in self._events],
            [e[2] for e in self._events],
            headers,
            [w[0] for w in self._later],
            [w[1] for w in self._later],
            [w[2] for w in self._later],
            headers["traceparent"],
            self.now,
            self.actor.user_id,
            self.actor.kind,
            self.method,
            self.permission,
            sorted(patients),
            self._details.get("resource"),
            self._details.get("resource_id"),
            self.actor.purpose,
            self.request_id or None,
            trace.trace_id if trace else None,
            audited,
            # A kept reply can hold names, or the one showing of a link's token: it is sealed for its request alone.
            vault().seal_bytes(reply.SerializeToString(), self.reply_context)
            if reply is not None and self.request_id
            else None,
            self.request_id or None,
        )
        return (Left.EVENTS if self._events else Left.NOTHING) | (Left.WORK if self._later else Left.NOTHING)


class Work:
    """What a job receives: each `begin()` is a Call of its own, and remote I/O goes between them.

    A job runs at least once: it checks the state it finds. `attempt` counts from 1.
    """

    def __init__(self, tenant_id: str, attempt: int, open_call: Callable[[Actor], Any], service: str, job: str) -> None:
        self.tenant_id = tenant_id
        self.attempt = attempt
        self._open = open_call
        self._actor = system(tenant_id, f"{service}.{job}")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Call]:
        """Opens a Call as the system actor of the tenant; it commits at the end."""
        async with self._open(self._actor) as call:
            yield call


@asynccontextmanager
async def open_call(
    pool: Pool,
    platform: Platform,
    actor: Actor,
    *,
    method: str,
    directory: Callable[[Call], Any] | None,
    wake: Callable[[Left], None] | None = None,
) -> AsyncIterator[Call]:
    """A Call outside any request: jobs, tests, tools."""
    async with pool.begin(actor.tenant_id, actor.locations) as db:
        call = Call(db, actor, dt.datetime.now(dt.UTC), method=method, directory=directory)
        yield call
        left = await call.finish(platform, None, None, writes=True)
    if call.noted:
        platform.tenants_met.add(db.tenant_id)
    if left and wake is not None:
        wake(left)


def patient_ids(message: Message) -> set[str]:
    """The patients a message speaks of: fields named patient_id(s), and the id of a Patient."""
    found: set[str] = set()
    _finder(message.DESCRIPTOR)(message, found)
    return found


_finders: dict[str, Any] = {}


@cache
def _finder(descriptor: Descriptor) -> Callable[[Any, set[str]], None]:
    """Adds a message's patients to a set: Python source made of the descriptor, for every item of every list is read."""
    name = "in_" + descriptor.full_name.replace(".", "_")
    if name in _finders:
        return lambda message, found: _finders[name](message, found)  # a recursive type, still being made
    _finders[name] = None
    lines = []
    for field in descriptor.fields:
        value = f"m.{field.name}"
        if field.type == FieldDescriptor.TYPE_STRING:
            if field.name == "patient_id" or (field.name == "id" and descriptor.name == "Patient"):
                lines.append(f"if x := {value}: found.add(x)")
            elif field.name == "patient_ids":
                lines.append(f"found.update({value})")
        elif field.message_type is not None and _speaks_of_patients(field.message_type, frozenset()):
            _finder(field.message_type)
            inner = "in_" + field.message_type.full_name.replace(".", "_")
            each = f"for x in {value}" if field.is_repeated else f"if m.HasField({field.name!r})"
            lines.append(f"{each}: {inner}({'x' if field.is_repeated else value}, found)")
    exec("\n ".join([f"def {name}(m, found):", *lines, "return None"]), _finders)  # noqa: S102 - our own descriptors
    finder: Callable[[Any, set[str]], None] = _finders[name]
    return finder


def _speaks_of_patients(descriptor: Descriptor, seen: frozenset[str]) -> bool:
    if descriptor.full_name in seen or descriptor.GetOptions().map_entry:
        return False
    seen = seen | {descriptor.full_name}
    return any(
        field.name in ("patient_id", "patient_ids")
        or (field.name == "id" and descriptor.name == "Patient")
        or (field.message_type is not None and _speaks_of_patients(field.message_type, seen))
        for field in descriptor.fields
    )
