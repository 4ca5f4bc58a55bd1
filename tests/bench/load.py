"""The load generator, a process of its own: reads jobs from standard input, one JSON a line, and answers each with one.

A job: port, connections, expected status, and raw HTTP requests (`head`s and one `body` template) that are sent over
keep-alive connections, each after the answer to the one before. Answer: seconds, and every latency in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from uuid import uuid4

import uvloop


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last is complete."""

    def __init__(self, requests: list[bytes], status: bytes, latencies: list[float]) -> None:
        self.requests, self.status, self.latencies = requests, status, latencies
        self.ended = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        if not self.requests:
            self.ended.done() or self.ended.set_result(None)
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(self.requests.pop())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().index(b"content-length:", 0, head) + 15
        length = int(self.buffer[at : self.buffer.index(b"\r", at)])
        if len(self.buffer) < head + 4 + length:
            return
        self.latencies.append((time.perf_counter() - self.began) * 1e3)
        if self.buffer[9:12] != self.status:
            self.ended.done() or self.ended.set_exception(RuntimeError(self.buffer[:2000].decode()))
            self.transport.close()
            return
        self.buffer = b""
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.done() or self.ended.set_exception(RuntimeError("the server closed the connection"))


def requests_of(job: dict) -> list[bytes]:
    """`{key}` in a head or the body is a new UUID, `{number}` a number of ten digits."""
    made = []
    for n in range(job["count"]):
        key, number = str(uuid4()), f"{random.randrange(10**10):010d}"
        body = job["body"].replace("{number}", number).encode()
        head = job["heads"][n % len(job["heads"])].replace("{key}", key)
        made.append(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body if body else f"{head}\r\n".encode())
    return made


async def run(job: dict) -> dict:
    requests, latencies = requests_of(job), []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    opened = [
        await loop.create_connection(
            lambda: Connection(requests, str(job["status"]).encode(), latencies), "127.0.0.1", job["port"]
        )
        for _ in range(job["connections"])
    ]
    await asyncio.gather(*(protocol.ended for _, protocol in opened))
    return {"seconds": time.perf_counter() - began, "latencies_ms": latencies}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            answer = uvloop.run(run(json.loads(line)))
        except Exception as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
