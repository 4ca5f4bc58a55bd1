"""What telemetry shows, one tree from the request to the handler of its event; and what it never shows (T26)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.support import Group, Platform, eventually

CANARY = uuid4().hex[:10]
NAME, PHONE, EMAIL = f"Zq{CANARY}", "+1617" + str(int(CANARY, 16))[:7], f"c{CANARY}@canary.example"

# The program, with every span written to a file instead of to a collector.
SPANS = """
import os
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from shared import telemetry
class ToFile(SpanExporter):
    def export(self, spans):
        with open(os.environ["SPANS"], "a") as file:
            for span in spans:
                file.write(span.to_json(indent=None) + "\\n")
        return SpanExportResult.SUCCESS
telemetry.export_to(SimpleSpanProcessor(ToFile()), "test")
"""


class Watched(Platform):
    """A platform that samples every request."""

    def __init__(self, data: Path) -> None:
        self.spans = data.parent / "spans.jsonl"
        sampled = {"OTEL_TRACES_SAMPLER_ARG": "1.0", "SPANS": str(self.spans), "ARCHWIRE_LOG_LEVEL": "INFO"}
        super().__init__(data, OWN="1", **sampled)
        self.program = ("-c", f"{SPANS}\nfrom shared.run import main\nraise SystemExit(main())\n")

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.spans.read_text().splitlines()] if self.spans.exists() else []


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    running = Watched(tmp_path_factory.mktemp("watched") / "data")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def group(watched: Watched) -> Group:
    return Group(watched)


@pytest.fixture(scope="module")
def told(group: Group) -> list[str]:
    """Bodies and addresses of answers to requests that are full of canaries, good and bad."""
    http = group.http("treatment_coordinator")
    contact = {"first_name": NAME, "last_name": NAME, "phone": PHONE, "email": EMAIL}
    lead = {"location_id": group.location_a, "source": "web", "contact": contact}
    made = http.post("/v1/leads", json=lead)
    assert made.status_code == 201, made.text
    family = group.patient(first_name=NAME, last_name=NAME)
    assert http.get(f"/v1/patients/{family.patient_id}").json()["patient"]["first_name"] == NAME
    assert http.post("/v1/patients/search", json={"query": NAME}).status_code == 200
    bad = [
        http.post("/v1/leads", json={**lead, "contact": {**contact, "email": f"{NAME} no address"}}),
        http.post("/v1/leads", json={**lead, "contact": {**contact, "phone": [NAME]}}),
        http.post("/v1/leads", json={**lead, "location_id": NAME}),
        http.post("/v1/leads", json={**lead, "source": NAME}),
        http.post("/v1/leads", content=f'{{"contact": {NAME}', headers={"Content-Type": "application/json"}),
        http.get(f"/v1/patients/{uuid4()}"),
    ]
    assert all(400 <= answer.status_code < 500 for answer in bad), [answer.status_code for answer in bad]
    return [answer.text for answer in bad]


def leaks(text: str) -> list[str]:
    return [canary for canary in (NAME, NAME.lower(), PHONE, PHONE[1:], EMAIL) if canary in text]


def test_a_request_its_statements_its_event_and_its_handler_are_one_tree(watched: Watched, told: list[str]) -> None:
    def whole() -> list[dict[str, Any]]:
        spans = watched.read()
        traces = {s["context"]["trace_id"] for s in spans if s["name"] == "coordination.CreateLead"}
        found = [s for s in spans if s["context"]["trace_id"] in traces]
        return found if any(s["kind"].endswith("CONSUMER") for s in found) else []

    spans = eventually(whole)
    ids = {span["context"]["span_id"]: span for span in spans}
    (consumer, *_) = (s for s in spans if s["kind"].endswith("CONSUMER"))
    chain = [consumer]
    while (parent := chain[-1]["parent_id"]) is not None:
        assert parent in ids, f"{chain[-1]['name']} hangs on nothing"
        chain.append(ids[parent])
    names = [span["name"] for span in chain]
    assert "LeadCreated" in names[0]
    assert "coordination.CreateLead" in names
    assert any("/v1/leads" in name for name in names), names
    method = next(s for s in spans if s["name"] == "coordination.CreateLead")
    statements = [s for s in spans if s["parent_id"] == method["context"]["span_id"] and s["kind"].endswith("CLIENT")]
    assert any(re.match(r"insert coordination\.lead", s["name"]) for s in statements), [s["name"] for s in statements]


@pytest.mark.T("T26")
def test_no_name_phone_or_address_is_in_logs_traces_or_errors(watched: Watched, told: list[str]) -> None:
    assert not leaks("\n".join(told))
    assert watched.read()
    assert not leaks(watched.spans.read_text())
    lines = [line for line in watched.log.read_text().splitlines() if line.strip()]
    assert not leaks("\n".join(lines))
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    assert len(entries) >= len(lines) - 5, lines[:5]
    assert [entry for entry in entries if re.fullmatch("[0-9a-f]{32}", entry.get("trace_id", ""))]


@pytest.mark.T("T26")
def test_no_name_phone_or_address_is_in_an_event_or_a_queue(watched: Watched, told: list[str]) -> None:
    async def read() -> bytes:
        connection = await asyncpg.connect(watched.dsn(""))
        try:
            tables = await connection.fetch(
                "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
                " WHERE table_name = ANY($1) OR table_schema = 'bus'",
                ["outbox", "inbox", "dead_letters", "work", "audit", "reply"],
            )
            assert len(tables) > 40
            found = b""
            for table in tables:
                for row in await connection.fetch(f"SELECT * FROM {table['name']}"):
                    found += b" ".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
            return found
        finally:
            await connection.close()

    assert not leaks(asyncio.run(read()).decode("latin-1"))
