"""What tests of contracts do over and over: quote, draw up, sign, pay. Every helper goes through HTTP or the event bus."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
from archwire.records.v1.events_pb2 import DocumentSigned
from google.protobuf.message import Message

from tests.support import Family, Group, Http, eventually


def usd(cents: int) -> dict[str, Any]:
    return {"amount_cents": cents, "currency_code": "USD"}


def announce(group: Group, service: str, event: Message, *, key: str) -> None:
    """Puts an event into another service's outbox, as if that service had sent it."""

    async def write() -> None:
        connection = await asyncpg.connect(group.platform.dsn(""))
        headers = {"tenant": group.id, "actor": "tests", "time": dt.datetime.now(dt.UTC).isoformat(), "traceparent": ""}
        await connection.execute(
            f"INSERT INTO {service}.outbox (key, type, payload, headers) VALUES ($1, $2, $3, $4)",
            key,
            event.DESCRIPTOR.full_name,
            event.SerializeToString(),
            orjson.dumps(headers).decode(),
        )
        await connection.close()

    asyncio.run(write())


def quote(http: Http, family: Family, **changes: Any) -> dict[str, Any]:
    """The worked example of orthodontics.md, section 1, unless changed."""
    body = {
        "patient_id": family.patient_id,
        "case_id": str(uuid4()),
        "location_id": family.location_id,
        "procedure_concept": "ortho.comprehensive.adolescent",
        "treatment_months": 24,
        "treatment_fee": usd(6_000_00),
        "discounts": [{"kind": "family", "amount": usd(200_00)}],
        "expected_insurance": usd(1_000_00),
        "down_payment": usd(1_000_00),
        "instalment_count": 12,
    }
    answer = http.post("/v1/quotes", json=body | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["quote"]


def draw_up(http: Http, family: Family, *, activation: str = "", **changes: Any) -> dict[str, Any]:
    """A contract from a new quote; the family's first party pays unless the quote names parties."""
    body = {"quote_id": quote(http, family, **changes)["id"], "party_id": family.party_id}
    if activation:
        body["activation"] = activation
    answer = http.post("/v1/contracts", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["contract"]


def contract(http: Http, drawn: dict[str, Any]) -> dict[str, Any]:
    answer = http.get(f"/v1/contracts/{drawn['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()["contract"]


def signed(group: Group, drawn: dict[str, Any], party_id: str) -> None:
    """Records announces that a party signed the financial agreement."""
    event = DocumentSigned(
        document_id=str(uuid4()),
        kind="financial_agreement",
        patient_id=drawn["patient_id"],
        location_id=drawn["location_id"],
        case_id=drawn["case_id"],
        contract_id=drawn["id"],
        party_id=party_id,
        sha256="0" * 64,
    )
    announce(group, "records", event, key=drawn["patient_id"])


def pay(http: Http, drawn: dict[str, Any], cents: int, *, method: str = "cash", **more: Any) -> Any:
    """Pays at the desk; returns the HTTP answer."""
    body = {"amount": usd(cents), "method": method, **more}
    return http.post(f"/v1/contracts/{drawn['id']}/payments", json=body)


def settled(http: Http, payment: dict[str, Any]) -> dict[str, Any]:
    """The payment once the processor has answered."""

    def answered() -> dict[str, Any] | None:
        now = http.get(f"/v1/payments/{payment['id']}").json()["payment"]
        return now if now["state"] != "pending" else None

    return eventually(answered)


def active(group: Group, **changes: Any) -> tuple[dict[str, Any], Family]:
    """A contract that runs: signed by its one party, with the down payment paid in cash."""
    http, family = group.http("financial_coordinator"), group.patient()
    drawn = draw_up(group.http("treatment_coordinator"), family, **changes)
    signed(group, drawn, family.party_id)
    eventually(lambda: contract(http, drawn)["state"] != "proposed")
    if down := drawn["down_payment"]["amount_cents"]:
        assert pay(http, drawn, down).status_code == 201
    return eventually(lambda: running if (running := contract(http, drawn))["state"] == "active" else None), family
