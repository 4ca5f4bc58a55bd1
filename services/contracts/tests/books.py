"""The contracts service alone, in this process, on a real PostgreSQL: for tests that stand between its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from archwire.common.v1.money_pb2 import Money
from archwire.contracts.v1 import contracts_pb2 as pb
from archwire.records.v1.events_pb2 import DocumentSigned

from services.contracts import handlers
from shared import config as settings
from shared import migrations, postgres, processor
from shared.call import Work
from shared.identity import Actor, system
from shared.node import Node
from shared.sandbox.card_processor import SandboxProcessor

T = TypeVar("T")


class Books:
    """A group with one location and four people; nothing runs by itself: jobs and events are handled when a test says so."""

    def __init__(self, folder: Path) -> None:
        self.server = postgres.start(folder / "data")
        migrations.migrate(self.server.dsn(), ["contracts"])
        self.loop = asyncio.new_event_loop()
        self.tenant_id, self.location_id = str(uuid4()), str(uuid4())
        self.desk = self._person("front_desk")
        self.coordinator = self._person("treatment_coordinator")
        self.finance = self._person("financial_coordinator")
        self.manager = self._person("practice_manager")
        config = replace(settings.load({}), data=folder)
        self.node = Node(config, lambda service: self.server.dsn(migrations.role(service)))
        self.sandbox = SandboxProcessor(folder / "card_processor.sqlite")
        self.run(self.node.start(["contracts"], work=False))

    def close(self) -> None:
        self.run(self.node.stop())
        self.loop.close()
        self.server.stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def _person(self, role: str) -> Actor:
        return Actor(self.tenant_id, str(uuid4()), "user", {role: (self.location_id,)})

    async def ask(self, who: Actor, rpc: str, **fields: Any) -> Any:
        """Calls an RPC as somebody. Raises ServiceError."""
        request = getattr(pb, f"{rpc}Request")(**fields)
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = str(uuid4())
        token = self.node.signer.mint(who, "contracts")
        return await getattr(self.node.client("contracts"), rpc)(request, token=token)

    def do(self, who: Actor, rpc: str, **fields: Any) -> Any:
        return self.run(self.ask(who, rpc, **fields))

    def call(self) -> Any:
        """A Call as the system."""
        return self.node.open_call("contracts", system(self.tenant_id, "tests"))

    def work(self) -> Work:
        return Work(self.tenant_id, 1, partial(self.node.open_call, "contracts"), "contracts", "tests")

    def job(self, job: Any, key: str) -> None:
        """Runs a job once, with the sandbox as the processor."""
        processor.use(self.sandbox)
        self.run(job(key, self.work()))

    def sql(self, query: str, *arguments: Any) -> list[Any]:
        """Reads as the system."""

        async def read() -> list[Any]:
            async with self.call() as call:
                return await call.db.connection.fetch(query, *arguments)

        return self.run(read())

    def draw_up(
        self,
        *,
        fee: int = 6_000_00,
        insurance: int = 0,
        down: int = 0,
        shares: tuple[int, ...] = (10_000,),
        first_due_on: str = "",
    ) -> Any:
        """A contract of so many parties over 12 instalments."""
        parties = [pb.Share(party_id=str(uuid4()), basis_points=share) for share in shares]
        quote = self.do(
            self.coordinator,
            "CreateQuote",
            patient_id=str(uuid4()),
            location_id=self.location_id,
            procedure_concept="ortho.comprehensive.adolescent",
            treatment_months=24,
            treatment_fee=Money(amount_cents=fee),
            expected_insurance=Money(amount_cents=insurance),
            down_payment=Money(amount_cents=down),
            instalment_count=12,
            first_due_on=first_due_on,
            parties=parties,
        ).quote
        return self.do(self.coordinator, "CreateContract", quote_id=quote.id).contract

    def sign(self, contract_id: str, party_id: str) -> None:
        """A party signed whatever of the contract waits for it."""

        async def hear() -> None:
            async with self.call() as call:
                event = DocumentSigned(kind="financial_agreement", contract_id=contract_id, party_id=party_id)
                await handlers.take_signature(event, call)

        self.run(hear())

    def contract(self, contract_id: str) -> Any:
        return self.do(self.finance, "GetContract", contract_id=contract_id).contract
