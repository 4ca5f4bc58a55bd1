"""T07: another group's ids, wherever an id or a token can stand: nothing opens, nothing changes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.service import NAMES, load
from tests.examples import example
from tests.security.territory import PROBES, TABLES, Ask, Probe, named
from tests.security.test_permissions import walk
from tests.support import Group, Platform, eventually

EACH = 25  # ids that each place is tried with, and the one of its own kind
LEAST_SWAPS = 2_000
MAKES = ("Create", "Add", "Save", "Open", "Book", "Hold", "Join", "Log", "Send", "Register", "Record", "Draft", "Set")


def furnish(group: Group) -> set[str]:
    """Gives a group some things that take more than an example, and returns the ids to begin with."""
    owner, family = group.http("owner"), group.patient(parties=2)
    owner.post("/v1/regions", json={"name": "Region"})
    owner.post("/v1/legal-entities", json={"name": "Entity"})
    partner = owner.post("/v1/partners", json={"kind": "lab", "name": "Lab"}).json()["partner"]["id"]
    owner.post(f"/v1/partners/{partner}/entries", json={"kind": "matter", "note": "open"})
    subject = {"patient_id": family.patient_id, "party_id": family.party_id}
    owner.post("/v1/links", json={"purpose": "presentation", "subject": subject})
    group.staff("front_desk")
    lead = {
        "location_id": group.location_a,
        "first_name": "L",
        "last_name": "M",
        "phone": "+16175550111",
        "source": "web",
    }
    owner.post("/v1/leads", json=lead)
    case = {"patient_id": family.patient_id, "location_id": group.location_a}
    assert owner.post("/v1/cases", json=case).status_code == 201
    return {group.id, group.location_a, group.location_b, family.patient_id, *family.party_ids}


class Walk:
    """Every answer that a group's own people get, and every id and token in them."""

    def __init__(self, group: Group) -> None:
        self.ids = furnish(group)
        self.tokens: set[str] = set()
        owner = group.http("owner")
        for _ in range(3):  # what one round makes, the next refers to
            names = asyncio.run(_by_table(group, self.ids))
            asks = [a for p in PROBES if p.request and p.request.name.startswith(MAKES) for a in _making(p, names)]
            for answer in walk(group.platform.url, owner.headers, asks):
                self.ids |= named([answer.text]) if answer.status_code < 300 else set()
        lists = [Ask(p, p.template, {}, False) for p in PROBES if p.verb == "GET" and not p.in_path]
        for answer in walk(group.platform.url, owner.headers, lists):
            self.ids |= named([answer.text])
        short = [replace(a, options={"params": {"page_size": 1}}) for a in lists if "page_size" in a.probe.in_query]
        for answer in walk(group.platform.url, owner.headers, short):
            if answer.status_code == 200 and (token := answer.json().get("next_page_token")):
                self.tokens.add(token)


@pytest.fixture(scope="module")
def walked(group: Group) -> Walk:
    found = Walk(group)
    assert len(found.ids) > 20
    assert found.tokens
    return found


@pytest.fixture(scope="module")
def stranger(platform: Platform) -> Group:
    return Group(platform)


@pytest.fixture(scope="module")
def names(group: Group, walked: Walk) -> dict[str, list[str]]:
    """The ids of the group by the table that they are rows of."""
    return asyncio.run(_by_table(group, walked.ids))


async def _by_table(group: Group, ids: set[str]) -> dict[str, list[str]]:
    connection = await asyncpg.connect(group.platform.dsn(""))
    found: dict[str, list[str]] = {}
    try:
        for service in NAMES:
            for mapper in load(service).base.registry.mappers:
                if {"id", "tenant_id"} <= set(mapper.local_table.columns.keys()):
                    rows = await connection.fetch(
                        f"SELECT id::text FROM {mapper.local_table} WHERE tenant_id = $1::uuid AND id = ANY($2::uuid[])",
                        group.id,
                        sorted(ids),
                    )
                    found.setdefault(mapper.local_table.name, []).extend(row["id"] for row in rows)
    finally:
        await connection.close()
    return {name: rows for name, rows in found.items() if rows}


def fingerprint(group: Group) -> dict[str, str]:
    """What every table holds of a group, but for what reading leaves behind."""

    async def read() -> dict[str, str]:
        connection = await asyncpg.connect(group.platform.dsn(""))
        try:
            return {
                str(table): await connection.fetchval(
                    f"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' ORDER BY id)), '') FROM {table} t WHERE tenant_id = $1::uuid",
                    group.id,
                )
                for service in NAMES
                for mapper in load(service).base.registry.mappers
                if {"id", "tenant_id"} <= set((table := mapper.local_table).columns.keys()) and table.name != "session"
            }
        finally:
            await connection.close()

    return asyncio.run(read())


def fitting(names: dict[str, list[str]]) -> Callable[[str], str]:
    """An id of the kind that a field wants."""

    def one(name: str) -> str:
        kind = name.removesuffix("s").removesuffix("_id")
        return (names.get(TABLES.get(kind, kind)) or [str(uuid4())])[-1]

    return one


def _making(probe: Probe, names: dict[str, list[str]]) -> Iterator[Ask]:
    if probe.has_body and probe.request is not None and "/shared/" not in probe.template:
        one = fitting(names)
        path = probe.template.format(**{n: one(n) if n.endswith("_id") else "example" for n in probe.in_path})
        body = example(probe.request, one, without=probe.in_path + probe.in_headers)
        yield Ask(probe, path, {"headers": {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}, "json": body}, True)


def swaps(probe: Probe, names: dict[str, list[str]], every: list[str], tokens: list[str]) -> Iterator[Ask]:
    """A method with another group's ids: in its path each id there is, in query and body those of the right kind."""
    one = fitting(names)
    headers = {"Idempotency-Key": "", "If-Match": '"1"'} if probe.writes else {}
    body = example(probe.request, one, without=probe.in_path + probe.in_headers) if probe.has_body else None  # type: ignore[arg-type]
    some = random.Random(probe.name).sample(every, min(EACH, len(every)))
    own = tuple(one(name) if name.endswith("_id") else "case_acceptance" for name in probe.in_path)
    for values in {own, *((id,) * len(own) for id in some if own)}:
        path = probe.template.format(**dict(zip(probe.in_path, values, strict=True)))
        options: dict[str, Any] = {"headers": {**headers, "Idempotency-Key": str(uuid4())} if headers else {}}
        if body is not None:
            options["json"] = body
        yield Ask(probe, path, options, bool(values))
    for name in probe.in_query if not probe.has_body else ():
        values = [one(name), *some] if name.endswith("_id") else tokens if name == "page_token" else []
        for value in values:
            path = probe.template.format(**{n: one(n) for n in probe.in_path})
            yield Ask(probe, path, {"params": {name: value}, "headers": headers}, False)


@pytest.mark.T("T07")
def test_no_id_or_token_of_one_group_opens_anything_for_another(
    group: Group, stranger: Group, walked: Walk, names: dict[str, list[str]]
) -> None:
    """Its owner, who holds nearly every permission, replays ids of every kind in every place that takes one."""
    every = sorted({group.id, *(id for rows in names.values() for id in rows[-2:])})
    assert len(every) >= 35
    tokens = sorted(walked.tokens)[:10]
    before = settled(group)
    asks = [a for probe in PROBES for a in swaps(probe, names, every, tokens)]
    assert len(asks) > LEAST_SWAPS
    wrong = []
    known = walked.ids
    sent = frozenset(id for a in asks for id in named([a.path, str(a.options)]))
    for asked, answer in zip(asks, walk(stranger.platform.url, stranger.http("owner").headers, asks), strict=True):
        opened = asked.probe.writes and asked.located and answer.status_code < 300
        told = (named([answer.text]) & known) - sent
        found = asked.located and answer.status_code < 300 and named([answer.text]) & named([asked.path])
        if answer.status_code >= 500 or opened or told or (found and not asked.probe.writes):
            wrong.append(f"{asked.probe.name} {asked.path} {asked.options} -> {answer.status_code} {answer.text[:200]}")
    assert not wrong, f"{len(wrong)} of {len(asks)}:\n" + "\n".join(wrong[:20])
    assert fingerprint(group) == before


def settled(group: Group) -> dict[str, str]:
    """The fingerprint once handlers and jobs have done what our own walk set off."""
    seen: list[dict[str, str]] = [{}]

    def still() -> bool:
        seen.append(fingerprint(group))
        return seen[-1] == seen[-2]

    eventually(still)
    return seen[-1]
