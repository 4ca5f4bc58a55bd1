"""Connections to one database: lent to one borrower at a time, kept for the next.

asyncpg's own pool puts a proxy around each connection and takes it back in a task of its own: twice the CPU of a short
statement. Here the last one given back is the first one lent.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

IDLE_S = 300.0  # a firewall may have forgotten a connection that nobody has used for longer
WAIT_S = 10.0


class Connections:
    """At most `max_size` connections that `connect` opens, one when it is needed."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], max_size: int) -> None:
        self._connect = connect
        self._room = max_size  # how many more may be opened
        self._idle: list[tuple[Any, float]] = []  # and since when, the longest first
        self._lent: set[Any] = set()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._closed = False

    async def acquire(self, timeout: float = WAIT_S) -> Any:
        """A connection for one borrower, until `release`.

        Raises TimeoutError when none is free in time, and what asyncpg raises when the server cannot be reached.
        """
        if self._closed:
            raise asyncpg.InterfaceError("the connections are closed")
        connection = self._take()
        if connection is None:
            if self._room:
                self._room -= 1
            else:
                connection = await self._wait(timeout)
            if connection is None:
                connection = await self._open(timeout)
        self._lent.add(connection)
        return connection

    def release(self, connection: Any) -> None:
        """Takes a connection back. It is in no transaction; a closed one leaves room for another."""
        self._lent.discard(connection)
        if self._closed:
            connection.terminate()
        self._give(None if connection.is_closed() else connection)
        while self._idle and self._idle[0][1] < time.monotonic() - IDLE_S:
            self._idle.pop(0)[0].terminate()
            self._room += 1

    @asynccontextmanager
    async def connection(self, timeout: float = WAIT_S) -> AsyncIterator[Any]:
        """A connection for single statements, each a transaction of its own."""
        connection = await self.acquire(timeout)
        try:
            yield connection
        finally:
            self.release(connection)

    async def close(self) -> None:
        """Closes what is idle; what is lent is closed when it comes back."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close(timeout=5) for connection, _ in idle), return_exceptions=True)

    def terminate(self) -> None:
        """Drops every connection at once, lent ones too, as if the process had died."""
        self._closed = True
        for connection in [*self._lent, *(connection for connection, _ in self._idle)]:
            connection.terminate()

    def _take(self) -> Any:
        """The connection that came back last, if it is any good."""
        while self._idle:
            connection, since = self._idle.pop()
            if not connection.is_closed():
                if since > time.monotonic() - IDLE_S:
                    return connection
                connection.terminate()
            self._room += 1
        return None

    async def _wait(self, timeout: float) -> Any:
        """What a borrower gives back: a connection, or None for leave to open another."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():  # it came in the moment in which we gave up
                self._give(waiter.result())
            raise

    async def _open(self, timeout: float) -> Any:
        try:
            async with asyncio.timeout(timeout):
                return await self._connect()
        except BaseException:
            self._give(None)
            raise

    def _give(self, connection: Any) -> None:
        """A connection, or None for leave to open one, to whoever has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._room += 1
        else:
            self._idle.append((connection, time.monotonic()))
