"""One relay or one consumer as a process that can be killed. It ends when its standard input does."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

from shared.events import open_bus
from shared.tests.world_of_events import World


async def main(role: str, dsn: str, suffix: str, kafka: str) -> None:
    world = World(dsn, lambda pool: open_bus(pool, kafka), suffix)
    async with world.relay() if role == "relay" else world.consumer():
        await asyncio.Event().wait()


if __name__ == "__main__":
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    asyncio.run(main(*sys.argv[1:]))
