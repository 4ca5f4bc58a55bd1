"""T01: every method × every role × {own location, other location, other group, nobody}, generated from the permission table.

The expectation comes from shared/policy.yaml alone; what is observed are real calls on the demo group's data. A leak is
an answer that names a row outside the caller's scope, or a success where the table says no.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from gateway.routes import APIS
from shared.identity import Actor, Signer, policy
from shared.rpc import methods_of
from shared.service import NAMES, load
from shared.tables import Located, LocatedMany
from tests import support

ROUTES = [route for api in APIS for route in api.routes]
STAFF = [role for role in policy().roles if role not in ("integrator", "lab")]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Paths of the application that are no RPC, each with a test of its own in gateway/tests.
BY_HAND = re.compile(
    r"/v1/(session|events|uploads|shared/session)|/(oauth|health|docs|l|openapi|metrics|sandbox|static)\b|/$"
)
# A path field whose name is not that of its table.
TABLES = {
    "party_id": "responsible_party",
    "lead_id": "lead",
    "grant_id": "role_grant",
    "case_id": "case_",
    "claim_id": "claim",
}
AT_ONCE = 16


@dataclass
class Territory:
    """The demo group as the matrix sees it: which ids belong to which location, and the group's own ids."""

    group: support.Group
    other: support.Group
    ids: dict[tuple[str, str], dict[str, list[str]]] = field(
        default_factory=dict
    )  # (service, table) -> location -> ids
    foreign_to_a: set[str] = field(default_factory=set)  # rows of other locations only
    everything: set[str] = field(default_factory=set)  # every row of the group

    def example(self, service: str, name: str, location: str) -> tuple[str, bool]:
        """An id for a path field at a location, and whether rows of that kind belong to locations at all."""
        table = TABLES.get(name, name.removesuffix("_id"))
        for place in (service, "directory"):
            for candidate in (table, table.rstrip("_"), f"{table}_"):
                if found := self.ids.get((place, candidate)):
                    if "" in found:  # the whole group's
                        return found[""][0], False
                    return (found.get(location) or [str(uuid4())])[0], True
        return str(uuid4()), False


@pytest.fixture(scope="module")
def territory(demo: support.Platform) -> Territory:
    return asyncio.run(_survey(demo))


async def _survey(demo: support.Platform) -> Territory:
    connection = await asyncpg.connect(demo.dsn(""))
    try:
        group_id, slug = await connection.fetchrow(
            "SELECT tenant_id::text, slug FROM directory.practice_group ORDER BY created_at LIMIT 1"
        )
        names = {
            r["name"]: r["id"]
            for r in await connection.fetch(
                "SELECT id::text, name FROM directory.location WHERE tenant_id = $1::uuid", group_id
            )
        }
        a, b = (next(id for name, id in names.items() if part in name) for part in ("Back Bay", "Lakeview"))
        found = Territory(support.Group.existing(demo, group_id, slug, a, b), support.Group(demo))
        visible: set[str] = set()
        for service in NAMES:
            for mapper in load(service).base.registry.mappers:
                model, table = mapper.class_, mapper.local_table
                if "id" not in table.columns or "tenant_id" not in table.columns:
                    continue
                place = (
                    "location_ids"
                    if issubclass(model, LocatedMany)
                    else "ARRAY[location_id]"
                    if issubclass(model, Located)
                    else "ARRAY[NULL]::uuid[]"
                )
                rows = await connection.fetch(
                    f"SELECT id::text, ({place})::text[] AS places FROM {table} WHERE tenant_id = $1::uuid", group_id
                )
                by_place: dict[str, list[str]] = defaultdict(list)
                for row in rows:
                    found.everything.add(row["id"])
                    for where in row["places"]:
                        by_place[where or ""].append(row["id"])
                    if None in row["places"] or a in row["places"]:
                        visible.add(row["id"])
                if rows:
                    found.ids[(service, table.name)] = by_place
        found.foreign_to_a = found.everything - visible
        return found
    finally:
        await connection.close()


def _call(territory: Territory, route: Any, location: str) -> tuple[str, dict[str, Any], bool]:
    """Path, options and whether the path names a row of a location."""
    values, located = {}, False
    for name in route.in_path:
        values[name], belongs = (
            territory.example(route.service, name, location) if name.endswith("_id") else ("case_acceptance", False)
        )
        located |= belongs
    options: dict[str, Any] = {"headers": {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}}
    if route.has_body:
        options["json"] = {}
    else:
        wanted = {n: values.get(n) for n in route.in_query if n in ("patient_id", "location_id", "case_id")}
        params = {
            n: (territory.group.location_a if location == territory.group.location_a else location)
            if n == "location_id"
            else territory.example(route.service, n, location)[0]
            for n in wanted
        }
        options["params"] = params
        located |= bool(params)
    return route.template.format(**values), options, located


async def _walk(client: httpx.AsyncClient, calls: list[tuple[Any, str, dict[str, Any]]]) -> list[httpx.Response]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(route: Any, path: str, options: dict[str, Any]) -> httpx.Response:
        async with gate:
            return await client.request(route.verb, path, **options)

    return await asyncio.gather(*(one(*call) for call in calls))


def _client(territory: Territory, http: Any) -> httpx.AsyncClient:
    headers = {
        name: value for name, value in http.headers.items() if name in ("cookie", "x-csrf-token", "authorization")
    }
    return httpx.AsyncClient(base_url=territory.group.platform.url, headers=headers, timeout=60)


def _holds(role: str, permission: str) -> bool:
    return role in policy().permissions.get(permission, ())


@pytest.mark.T("T01")
def test_every_path_of_the_application_is_covered(demo: support.Platform) -> None:
    document = httpx.get(f"{demo.url}/openapi.json").json()
    generated = {(route.verb.lower(), route.template) for route in ROUTES}
    listed = {
        (verb, path)
        for path, verbs in document["paths"].items()
        for verb in verbs
        if verb in ("get", "post", "put", "patch", "delete")
    }
    uncovered = {f"{verb} {path}" for verb, path in listed - generated if not BY_HAND.match(path)}
    assert not uncovered, f"no test covers {sorted(uncovered)}"
    assert not generated - listed


@pytest.mark.T("T01")
def test_every_permission_of_a_method_is_in_the_table() -> None:
    known = set(policy().permissions) | {name for names in policy().links.values() for name in names}
    unknown = {
        f"{m.name}: {m.permission}"
        for s in NAMES
        for m in methods_of(s).values()
        if m.permission not in known and not m.permission.startswith("platform.")
    }
    assert not {u for u in unknown if not u.endswith(": ")} - SYSTEM_ONLY, unknown


# Methods that nobody but the platform itself may call: their permission is in no role.
SYSTEM_ONLY: set[str] = set()


@pytest.mark.T("T01")
def test_nobody_is_let_in_without_credentials(territory: Territory) -> None:
    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=territory.group.platform.url, timeout=60) as client:
            return await _walk(
                client, [(route, *_call(territory, route, territory.group.location_a)[:2]) for route in ROUTES]
            )

    wrong = [(r.request.method, r.request.url.path, r.status_code) for r in asyncio.run(run()) if r.status_code != 401]
    assert not wrong


@pytest.mark.T("T01")
@pytest.mark.parametrize("role", STAFF)
def test_the_matrix(territory: Territory, role: str) -> None:
    """One role of location A against everything: of A, of B, and as the same role of another group."""
    own, away = territory.group.location_a, territory.group.location_b
    everywhere = role == "owner"
    here = territory.group.http(role)
    calls_own = [(route, *_call(territory, route, own)) for route in ROUTES]
    calls_away = [(route, *_call(territory, route, away)) for route in ROUTES]

    async def run(http: Any, calls: list[Any]) -> list[httpx.Response]:
        async with _client(territory, http) as client:
            return await _walk(client, [call[:3] for call in calls])

    problems: list[str] = []

    def check(calls: list[Any], answers: list[httpx.Response], where: str) -> None:
        for (route, path, _, located), answer in zip(calls, answers, strict=True):
            said = f"{where}: {role} {route.verb} {path} -> {answer.status_code} {answer.text[:160]}"
            if answer.status_code >= 500:
                problems.append(f"5xx {said}")
            elif not _holds(role, route.permission):
                if answer.status_code != 403:
                    problems.append(f"not refused {said}")
            elif where == "own" and (
                answer.status_code == 401
                or (answer.status_code == 403 and answer.json().get("reason") == "PERMISSION_DENIED")
            ):
                problems.append(f"wrongly refused {said}")
            elif (
                where in ("other location", "other group")
                and located
                and route.in_path
                and answer.status_code < 300
                and not (where == "other location" and everywhere)
            ):
                # A list below a foreign id may be empty; it may not name anything.
                if UUID.findall(answer.text) and set(UUID.findall(answer.text)) & territory.everything - {
                    path.split("/")[3]
                }:
                    problems.append(f"leak {said}")
            named = set(UUID.findall(answer.text)) - set(UUID.findall(path + str(answer.request.url)))
            outside = named & (
                territory.everything if where == "other group" else set() if everywhere else territory.foreign_to_a
            )
            if outside and answer.status_code < 300:
                problems.append(f"leak of {len(outside)} rows {said}")

    check(calls_own, asyncio.run(run(here, calls_own)), "own")
    check(calls_away, asyncio.run(run(here, calls_away)), "other location")
    check(calls_away, asyncio.run(run(territory.other.http(role), calls_away)), "other group")
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:40])


@pytest.mark.T("T01")
def test_every_rpc_refuses_every_role_that_the_table_does_not_name(territory: Territory) -> None:
    """Behind the gateway: the service is the authority, also for RPCs that no route exposes."""
    platform = territory.group.platform
    signer = Signer.from_file(platform.data / "secrets" / "internal.pem")
    wrong = []
    for service in NAMES:
        for method in methods_of(service).values():
            for role in (*policy().roles, "nobody"):
                if _holds(role, method.permission):
                    continue
                actor = Actor(territory.group.id, str(uuid4()), "user", {role: "*"})
                refused = platform.refusal(
                    service, method.name.split(".")[1], method.request(), signer.mint(actor, service)
                )
                if refused != "PERMISSION_DENIED":
                    wrong.append(f"{method.name} as {role}: {refused}")
    assert not wrong, wrong[:20]
