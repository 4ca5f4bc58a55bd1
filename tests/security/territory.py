"""Whose every row is: what the tests of isolation know about a group before they ask as somebody else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
from archwire.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor

from gateway.routes import APIS
from gateway.screens import SCREENS
from shared.service import NAMES, load
from shared.tables import Located, LocatedMany
from tests import support
from tests.examples import example

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

# Fields whose name is not that of their table.
TABLES = {
    "case": "treatment_case",
    "party": "responsible_party",
    "from_party": "responsible_party",
    "to_party": "responsible_party",
    "subscriber_party": "responsible_party",
    "grant": "role_grant",
    "owner": "staff",
    "actor": "staff",
    "home_location": "location",
    "template": "day_template",
    "entry": "partner_entry",
    "instalment": "expected_instalment",
    "option": "presentation_option",
    "addendum_to": "note",
}

# What stands in a path and is no id.
PLAIN = {"day": "2027-03-01", "metric": "case_acceptance"}


@dataclass(frozen=True)
class Probe:
    """One public method as a test asks it."""

    service: str
    verb: str
    template: str
    permission: str
    in_path: tuple[str, ...]
    in_query: tuple[str, ...] = ()
    in_headers: tuple[str, ...] = ()
    request: Descriptor | None = None
    writes: bool = False

    @property
    def has_body(self) -> bool:
        return self.request is not None and self.verb not in ("GET", "DELETE")

    @property
    def name(self) -> str:
        return f"{self.verb} {self.template}"


def _of_screen(screen: Any) -> Probe:
    first = screen.parts[0]
    permission = first.method.GetOptions().Extensions[options_pb2.permission]
    return Probe(first.service, screen.verb, screen.template, permission, screen.in_path)


PROBES = [
    *(
        Probe(
            r.service, r.verb, r.template, r.permission, r.in_path, r.in_query, r.in_headers, r.rpc.input_type, r.keyed
        )
        for api in APIS
        for r in api.routes
    ),
    *map(_of_screen, SCREENS),
]


@dataclass
class Territory:
    """A group's rows: by kind and place, who may see them, and which patient they are about."""

    group: support.Group
    home: str  # the location whose people ask
    away: str  # the location whose rows they ask about
    ids: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)  # (service, table) -> place -> ids
    hidden: set[str] = field(default_factory=set)  # rows that nobody of `home` alone may see
    everything: set[str] = field(default_factory=set)
    patient_of: dict[str, str] = field(default_factory=dict)

    def one(self, service: str, name: str, place: str) -> tuple[str, bool]:
        """An id for a field at a place, and whether rows of its kind belong to places. "" in `ids` is the whole group."""
        kind = name.removesuffix("s").removesuffix("_id")
        table = TABLES.get(kind, kind)
        if table == "location":
            return place, True
        for owner in (service, *NAMES):
            if found := self.ids.get((owner, table)):
                if "" in found:
                    return found[""][0], False
                fit = [id for id in found.get(place, ()) if place == self.home or id in self.hidden]
                return (fit or [str(uuid4())])[0], True
        return str(uuid4()), False


async def survey(demo: support.Platform) -> Territory:
    """The demo group's rows, seen from its location in Back Bay."""
    connection = await asyncpg.connect(demo.dsn(""))
    try:
        id, slug = await connection.fetchrow(
            "SELECT tenant_id::text, slug FROM directory.practice_group ORDER BY created_at LIMIT 1"
        )
        rows = await connection.fetch("SELECT id::text, name FROM directory.location WHERE tenant_id = $1::uuid", id)
        home, away = (next(r["id"] for r in rows if part in r["name"]) for part in ("Back Bay", "Lakeview"))
        found = Territory(support.Group.existing(demo, id, slug, home, away), home, away)
        visible: set[str] = set()
        for service in NAMES:
            for mapper in load(service).base.registry.mappers:
                if {"id", "tenant_id"} <= set(mapper.local_table.columns.keys()):
                    visible |= await _survey_table(connection, found, service, mapper)
        found.hidden = found.everything - visible
        return found
    finally:
        await connection.close()


async def _survey_table(connection: Any, found: Territory, service: str, mapper: Any) -> set[str]:
    model, table = mapper.class_, mapper.local_table
    places = (
        "location_ids"
        if issubclass(model, LocatedMany)
        else "ARRAY[location_id]"
        if issubclass(model, Located)
        else "ARRAY[NULL]::uuid[]"
    )
    patient = "patient_id::text" if "patient_id" in table.columns else "id::text" if table.name == "patient" else "NULL"
    # An order that was sent goes first: a lab sees no other.
    order = "sent_at NULLS LAST, id" if table.name == "lab_order" else "id"
    rows = await connection.fetch(
        f"SELECT id::text, ({places})::text[] AS places, {patient} AS patient FROM {table} WHERE tenant_id = $1::uuid "
        f"ORDER BY {order}",
        found.group.id,
    )
    by_place: dict[str, list[str]] = defaultdict(list)
    seen = set()
    for row in rows:
        found.everything.add(row["id"])
        if row["patient"]:
            found.patient_of[row["id"]] = row["patient"]
        for place in row["places"]:
            by_place[place or ""].append(row["id"])
        if None in row["places"] or found.home in row["places"]:
            seen.add(row["id"])
    if rows:
        found.ids[service, table.name] = by_place
    return seen


@dataclass(frozen=True)
class Ask:
    """One request of a test, and whether it names rows that belong to places."""

    probe: Probe
    path: str
    options: dict[str, Any]
    located: bool


def ask(territory: Territory, probe: Probe, place: str, *, gently: bool) -> Ask:
    """A valid request that names rows of a place; `gently`: one that cannot change anything."""
    located = False

    def id(name: str) -> str:
        nonlocal located
        found, belongs = territory.one(probe.service, name, place)
        located |= belongs
        return found

    values = {
        name: PLAIN[name] if name in PLAIN else str(uuid4()) if probe.writes and gently else id(name)
        for name in probe.in_path
    }
    options: dict[str, Any] = {"headers": {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'} if probe.writes else {}}
    if probe.has_body and probe.request is not None:
        body = example(probe.request, id, without=probe.in_path + probe.in_headers)
        # What belongs to the whole group is not asked for in earnest: it would be changed, and rightly.
        options["json"] = {} if gently or not located else body
    else:
        names = ("patient_id", "location_id", "case_id", "contract_id", "party_id")
        options["params"] = {name: id(name) for name in probe.in_query if name in names}
    return Ask(probe, probe.template.format(**values), options, located)


def named(texts: Iterable[str]) -> set[str]:
    """Every id in some texts."""
    return {id for text in texts for id in UUID.findall(text)}
