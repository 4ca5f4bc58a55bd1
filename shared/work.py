"""Deferred work: rows that a Call left in its own transaction, run after it committed, at least once.

A worker leases a due row (its `due_at` moves one lease ahead), runs the job, deletes the row. A worker that dies loses
its lease and another takes the row. `Unavailable` backs off and tries again for a day; any other failure is retried
ten times and then kept with its reason for `archwire replay`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from shared import telemetry
from shared.call import Work
from shared.db import Pool
from shared.errors import Unavailable
from shared.service import Service

log = logging.getLogger("archwire.work")

LEASE_S = 60
POLL_S = 1.0
ATTEMPTS = 10
LONGEST_BACKOFF_S = 900
KEEP_REPLIES_DAYS = 7  # a webhook can come again on its third day (security.md D11)
FORGET_EVERY_S = 3600.0


class Worker:
    """Runs the jobs of one service."""

    def __init__(self, service: Service, pool: Pool, open_call: Callable[[Any], Any], *, concurrency: int = 4) -> None:
        table = f'"{service.name}".work'  # one of the nine names
        self.service = service
        self.pool = pool
        self._open = open_call
        self._concurrency = concurrency
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lease = (
            f"UPDATE {table} SET due_at = now() + make_interval(secs => $1), attempts = attempts + 1 WHERE id IN ("
            f"SELECT id FROM {table} WHERE failed_at IS NULL AND due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
            "RETURNING id, tenant_id, job, key, attempts, traceparent"
        )
        self._done = f"DELETE FROM {table} WHERE id = $1"
        self._again = f"UPDATE {table} SET due_at = now() + make_interval(secs => $2), reason = $3 WHERE id = $1"
        self._failed = f"UPDATE {table} SET failed_at = now(), reason = $2 WHERE id = $1"
        self._next = (
            f"SELECT extract(epoch FROM min(due_at) - now())::float8 AS wait FROM {table} WHERE failed_at IS NULL"
        )

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"work {self.service.name}")

    def wake(self) -> None:
        """Looks for due rows now instead of at the next poll."""
        self._woken.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        pause, forget_at = 0.1, time.monotonic() + FORGET_EVERY_S
        while True:
            self._woken.clear()
            try:
                if time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + FORGET_EVERY_S
                    await self.forget_replies()
                busy = await self.step()
                pause = 0.1
            except Exception:  # the database is away: say so, wait, go on
                log.exception("deferred work waits", extra={"service": self.service.name})
                busy, pause = False, min(pause * 2, 5.0)
                await asyncio.sleep(pause)
            if not busy:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), timeout=POLL_S)

    async def step(self) -> bool:
        """Runs what is due, once; returns whether there was anything."""
        async with self.pool.connection() as connection:  # each of these statements is a transaction of its own
            rows = await connection.fetch(self._lease, LEASE_S, self._concurrency)
        await asyncio.gather(*(self._one(row) for row in rows))
        return bool(rows)

    async def forget_replies(self) -> None:
        """Deletes the replies kept for request ids that are too old to come again, group by group."""
        schema = self.service.name
        async with self.pool.begin() as db:
            tenants = await db.connection.fetch(f'SELECT tenant_id FROM "{schema}".audit_tenant')
        for tenant in tenants:
            async with self.pool.begin(tenant["tenant_id"], "*") as db:
                await db.connection.execute(
                    f'DELETE FROM "{schema}".reply WHERE created_at < now() - make_interval(days => $1)',
                    KEEP_REPLIES_DAYS,
                )

    async def _one(self, row: Any) -> None:
        job = self.service.jobs.get(row.job)
        name = f"{self.service.name}.{row.job}"
        try:
            with telemetry.root_span(name, row.traceparent or "", kind="CONSUMER"):
                if job is None:
                    raise LookupError(f"there is no job {name}")
                async with asyncio.timeout(LEASE_S - 5):
                    await job(row.key, Work(row.tenant_id, row.attempts, self._open, self.service.name, row.job))
        except Exception as error:
            reason = getattr(error, "reason", type(error).__name__)
            again = isinstance(error, Unavailable | TimeoutError) or row.attempts < ATTEMPTS
            log.warning(
                "a job failed", extra={"job": name, "reason": reason}, exc_info=not isinstance(error, Unavailable)
            )
            statement, arguments = (
                (self._again, (min(2.0 ** min(row.attempts, 12) * 0.25, LONGEST_BACKOFF_S), reason))
                if again
                else (self._failed, (reason,))
            )
            async with self.pool.connection() as connection:
                await connection.execute(statement, row.id, *arguments)
            return
        async with self.pool.connection() as connection:
            await connection.execute(self._done, row.id)
