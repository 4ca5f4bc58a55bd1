"""What one process hosts: services with their pools, relays, consumers, workers, and the clients between them.

Embedded mode hosts everything; on Kubernetes a process hosts one service, the workers of one, or the gateway.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any

from shared import channels, processor, storage, telemetry, vault
from shared.audit import Sealer
from shared.call import Left, open_call
from shared.config import Config
from shared.db import Db, Pool
from shared.events import Bus, Consumer, Nudge, Relay, open_bus, outbox_age_s, parked
from shared.identity import Actor, Signer, system
from shared.rpc import Bound, Client, LocalChannel, Methods, NetworkChannel
from shared.service import NAMES, Service, load
from shared.work import Worker

log = logging.getLogger("archwire.node")

OBSERVE_EVERY_S = 15.0


class Node:
    """Services hosted in this process. `dsn` gives the database of a service."""

    def __init__(self, config: Config, dsn: Callable[[str], str], *, signer: Signer | None = None) -> None:
        self.config = config
        self.dsn = dsn
        self.signer = signer or Signer.from_file(config.secrets / "internal.pem")
        self.pools: dict[str, Pool] = {}
        self.methods: dict[str, Methods] = {}  # of every hosted service
        self.answering: dict[str, Methods] = {}  # of those whose RPCs are answered here
        self.workers: dict[str, Worker] = {}
        self.relays: dict[str, Relay] = {}
        self.consumers: dict[str, Consumer] = {}
        self._buses: list[Bus] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._nudges: dict[str, Nudge] = {}
        self._network: NetworkChannel | None = None
        self._clients: dict[str, Client] = {}
        storage.use(storage.DirectoryStorage(config.data / "files"))
        channels.use(config)
        processor.use(processor.choose(config))

    @cached_property
    def vault(self) -> vault.Vault:
        """The vault of the services hosted here. A gateway hosts none and needs no key to it."""
        return vault.Vault.from_file(self.config.secrets / "vault.key")

    async def start(self, names: Sequence[str] = NAMES, *, answer: bool = True, work: bool = True) -> None:
        """Hosts services: `answer` their RPCs, `work` on their outbox, events and jobs. Fails when a database does not answer."""
        await asyncio.gather(*(self._host(load(name)) for name in names))
        self._clients.clear()
        if work:
            await self._start_work()
        if answer:
            self.answering.update((name, self.methods[name]) for name in names)
        gc.collect()
        gc.freeze()  # what was imported stays: no collection need look through it again

    async def _host(self, service: Service) -> None:
        pool = self.pools[service.name] = await Pool.open(self.dsn(service.name))
        self.methods[service.name] = Methods(
            service,
            pool,
            self.signer,
            directory=self._directory,
            wake=partial(self.wake, service.name),
            vault=self.vault,
        )

    async def _start_work(self) -> None:
        for name, methods in self.methods.items():
            pool = self.pools[name]
            bus = open_bus(pool, self.config.kafka)
            self._buses.append(bus)
            worker = self.workers[name] = Worker(methods.service, pool, partial(self.open_call, name))
            worker.start()
            relay = self.relays[name] = Relay(name, pool, bus, heard=worker.wake)
            consumer = Consumer(methods.service, pool, bus, self.handle, after_commit=partial(self.wake, name))
            self.consumers[name] = consumer
            for part in (relay.run(), consumer.run(), Sealer(name, pool, self.config.data, self.config.secrets).run()):
                self._tasks.append(asyncio.create_task(part))
        self._tasks.append(asyncio.create_task(self._observe()))

    async def _observe(self) -> None:
        """Keeps the gauges of the event path up to date: seconds that the oldest event waits, events not yet handled."""
        while True:
            for name, pool in self.pools.items():
                try:
                    telemetry.GAUGES[f'archwire_outbox_age_seconds{{service="{name}"}}'] = round(
                        await outbox_age_s(name, pool), 3
                    )
                    if consumer := self.consumers.get(name):
                        telemetry.GAUGES[f'archwire_consumer_lag{{service="{name}"}}'] = await consumer.lag()
                    telemetry.GAUGES[f'archwire_dead_letters{{service="{name}"}}'] = await parked(name, pool)
                except Exception:
                    log.warning("the gauges of a service wait for its database", extra={"service": name})
            await asyncio.sleep(OBSERVE_EVERY_S)

    def open_call(self, service: str, actor: Actor) -> Any:
        """A Call of a hosted service outside any request (jobs, tools, tests)."""
        methods = self.methods[service]
        vault.use(self.vault)
        return open_call(
            methods.pool,
            methods.platform,
            actor,
            method=actor.user_id,
            directory=lambda call: self._directory(self.signer.mint(call.actor, "directory")),
            wake=partial(self.wake, service),
        )

    async def handle(self, service: Service, db: Db, record: Any) -> Left:
        """Handles one event inside the consumer's transaction: the same Call as a request, as the event's tenant.

        Returns what it left behind.
        """
        kind, handler = self._handlers_of(service.name)[record.type]
        event = kind.FromString(record.payload)
        headers: Mapping[str, str] = record.headers
        actor = system(headers["tenant"], f"{service.name}.events")
        if db.tenant_id != actor.tenant_id:  # events of one group come in runs
            await db.scope(actor.tenant_id, actor.locations)
        methods = self.methods[service.name]
        vault.use(self.vault)
        with telemetry.root_span(
            f"{service.name} {event.DESCRIPTOR.name}", headers.get("traceparent", ""), kind="CONSUMER"
        ):
            call = methods.event_call(
                db,
                actor,
                headers.get("time", ""),
                directory=lambda call: self._directory(self.signer.mint(call.actor, "directory")),
            )
            await handler(event, call)
            return await call.finish(methods.platform, None, None, writes=True)

    @staticmethod
    @cache
    def _handlers_of(name: str) -> dict[str, tuple[Any, Any]]:
        return {kind.DESCRIPTOR.full_name: (kind, handler) for kind, handler in load(name).handlers.items()}  # type: ignore[attr-defined]

    def wake(self, service: str, left: Left) -> None:
        """Something was committed: whoever it was left for looks at it now."""
        if not left:
            return
        relay, worker = self.relays.get(service), self.workers.get(service)
        if relay is None:  # relays and workers are in a process of their own
            self._nudges.setdefault(service, Nudge(service, self.pools[service]))(left)
        elif Left.EVENTS in left:
            relay.wake()
        if worker is not None and Left.WORK in left:
            worker.wake()

    def client(self, service: str) -> Client:
        """The client of a service: in process when it is hosted here, over the network otherwise."""
        client = self._clients.get(service)
        if client is None:
            channel: Any = LocalChannel(self.answering) if service in self.answering else self._over_network()
            client = self._clients[service] = Client(service, channel)
        return client

    def _over_network(self) -> NetworkChannel:
        if self._network is None:
            self._network = NetworkChannel(self.config.addresses)
        return self._network

    def _directory(self, token: str) -> Bound:
        return Bound(self.client("directory"), token)

    async def ready(self) -> dict[str, str]:
        """Per hosted service "ok", or why it cannot answer."""

        async def ask(name: str, pool: Pool) -> tuple[str, str]:
            try:
                async with asyncio.timeout(2):
                    async with pool.begin() as db:
                        await db.connection.execute("SELECT 1")
                return name, "ok"
            except Exception as error:
                return name, getattr(error, "reason", type(error).__name__)

        return dict(await asyncio.gather(*(ask(name, pool) for name, pool in self.pools.items())))

    async def stop(self) -> None:
        """Ends consumers, jobs and relays, then closes the pools. What was not delivered stays in the outbox."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self.workers.values()))
        await asyncio.gather(*(bus.close() for bus in self._buses))
        if self._network is not None:
            await self._network.close()
        await asyncio.gather(*(pool.close() for pool in self.pools.values()))
