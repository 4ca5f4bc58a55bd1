"""T01: every public method × every role × {own location, other location, other group, nobody}, from the permission table.

The expectation comes from shared/policy.yaml alone; what is observed are real calls with valid requests on the demo
group's data. A leak is an answer that names a row outside the caller's scope, a write that is taken, or a success where
the table says no.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.identity import Actor, Signer, policy
from shared.rpc import methods_of
from shared.service import NAMES
from tests import support
from tests.security.territory import PROBES, Ask, Probe, Territory, ask, named, survey

pytestmark = pytest.mark.T("T01")

MACHINES = ("integrator", "lab")
STAFF = [role for role in policy().roles if role not in MACHINES]
# Paths of the application that are no RPC, each with a test of its own in gateway/tests.
BY_HAND = re.compile(
    r"\w+ (/v1/(session|events|uploads|password|oidc|shared/session)|/(oauth|oidc|health|docs|l|openapi|metrics|sandbox|static)\b|/$)"
)
# Methods that show more than a location, and why.
WHOLE_GROUP = {"GET /v1/access-log": "a privacy officer answers for the whole group; it shows ids, no names"}
# Writes that succeed without any effect on what the caller does not see, and why.
NOTHING_DONE = {"POST /v1/shifts/delete": "deletes what there is between two days: here nothing"}
AT_ONCE = 16


@dataclass(frozen=True)
class Seat:
    """Somebody who asks: a role, from where, about rows of which place."""

    role: str
    where: str  # own location | other location | other group
    everywhere: bool = False


def holds(role: str, permission: str) -> bool:
    return role in policy().permissions.get(permission, ())


def judge(
    territory: Territory, seat: Seat, asked: Ask, status: int, text: str, sent: frozenset[str] = frozenset()
) -> str:
    """What is wrong with an answer; "" when it is as the table says. `sent` are ids that the caller brought along."""
    probe = asked.probe
    if status >= 500:
        return "5xx"
    if not holds(seat.role, probe.permission):
        return "" if status == 403 and "PERMISSION_DENIED" in text else "not refused"
    if status == 401 or (status == 403 and '"PERMISSION_DENIED"' in text):
        return "wrongly refused"
    if seat.where == "own location":
        if not probe.writes and probe.in_path and status == 404 and named([asked.path]) <= territory.everything:
            return "its own row is hidden"
    elif probe.writes and status < 300 and probe.name not in NOTHING_DONE:
        # A place of another group is none at all; a row of it in the path must not be found.
        foreign = named([asked.path]) & territory.everything if seat.where == "other group" else asked.located
        if foreign and not (seat.everywhere and seat.where == "other location"):
            return "a write was taken"
    beyond = set() if seat.everywhere and seat.where != "other group" else territory.hidden
    beyond = territory.everything if seat.where == "other group" else beyond
    shown = named([text]) - sent - named([asked.path, str(asked.options)])
    if status < 300 and probe.name not in WHOLE_GROUP and (rows := shown & beyond):
        return f"leak of {len(rows)} rows"
    return ""


def walk(url: str, headers: Any, asks: Sequence[Ask]) -> list[httpx.Response]:
    """Asks all, some at once."""
    kept = {n: v for n, v in headers.items() if n in ("cookie", "x-csrf-token", "authorization")}

    async def run() -> list[httpx.Response]:
        gate = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(base_url=url, headers=kept, timeout=60) as client:

            async def one(asked: Ask) -> httpx.Response:
                async with gate:
                    return await client.request(asked.probe.verb, asked.path, **asked.options)

            return await asyncio.gather(*map(one, asks))

    return asyncio.run(run())


def problems(territory: Territory, seat: Seat, http: Any, asks: Sequence[Ask]) -> list[str]:
    """What is wrong with the answers that somebody gets."""
    answers = walk(territory.group.platform.url, http.headers, asks)
    theirs = seat.where == "other group"  # what they themselves sent is all that they may read again
    sent = frozenset(named(text for a in asks for text in (a.path, str(a.options)))) if theirs else frozenset()
    return [
        f"{wrong}: {seat.role}, {seat.where}: {asked.probe.name} {asked.path} -> {answer.status_code} {answer.text[:200]}"
        for asked, answer in zip(asks, answers, strict=True)
        if (wrong := judge(territory, seat, asked, answer.status_code, answer.text, sent))
    ]


@pytest.fixture(scope="module")
def territory(demo: support.Platform) -> Territory:
    return asyncio.run(survey(demo))


@pytest.fixture(scope="module")
def other(demo: support.Platform) -> support.Group:
    return support.Group(demo)


@pytest.fixture(scope="module")
def own(territory: Territory) -> list[Ask]:
    return [ask(territory, probe, territory.home, gently=True) for probe in PROBES]


@pytest.fixture(scope="module")
def away(territory: Territory) -> list[Ask]:
    return [ask(territory, probe, territory.away, gently=False) for probe in PROBES]


def test_every_path_of_the_application_is_covered(demo: support.Platform) -> None:
    document = httpx.get(f"{demo.url}/openapi.json").json()
    verbs = ("get", "post", "put", "patch", "delete")
    listed = {f"{verb.upper()} {path}" for path, of in document["paths"].items() for verb in of if verb in verbs}
    covered = {probe.name for probe in PROBES}
    assert not {name for name in listed - covered if not BY_HAND.match(name)}, "no test covers these"
    assert not covered - listed, "these are not documented"


def test_every_permission_of_a_method_is_in_the_table() -> None:
    known = set(policy().permissions) | {name for names in policy().links.values() for name in names}
    methods = [method for service in NAMES for method in methods_of(service).values()]
    assert not {f"{m.name}: {m.permission}" for m in methods if m.permission not in known}


@pytest.mark.parametrize(
    "credentials",
    [{}, {"cookie": "__Host-session=none"}, {"authorization": "Bearer none"}, {"authorization": "Link none"}],
    ids=["nothing", "session", "bearer", "link"],
)
def test_nobody_is_let_in(demo: support.Platform, own: list[Ask], credentials: dict[str, str]) -> None:
    asks = own if not credentials else own[::5]
    answers = walk(demo.url, credentials, asks)
    assert not [(a.request.method, a.request.url.path, a.status_code) for a in answers if a.status_code != 401]


@pytest.mark.parametrize("role", STAFF)
def test_a_role(territory: Territory, other: support.Group, own: list[Ask], away: list[Ask], role: str) -> None:
    """Somebody of one location, and of another group, against everything."""
    everywhere = role == "owner"
    here, there = territory.group.http(role), other.http(role)
    found = problems(territory, Seat(role, "own location", everywhere), here, own)
    foreign = [a for a in away if not (everywhere and a.probe.writes)]
    found += problems(territory, Seat(role, "other location", everywhere), here, foreign)
    found += problems(territory, Seat(role, "other group"), there, away)
    assert not found, f"{len(found)}:\n" + "\n".join(found[:40])


@pytest.mark.parametrize("role", MACHINES)
def test_a_machine(territory: Territory, other: support.Group, own: list[Ask], away: list[Ask], role: str) -> None:
    """A client of one location, and one of another group."""
    more: dict[str, Any] = {}
    if role == "lab":  # the lab whose order stands for all orders of the location; a lab's id is its partner's
        order, _ = territory.one("supply", "lab_order_id", territory.home)
        shown = territory.group.http("owner").get(f"/v1/lab-orders/{order}").json()
        more = {"partner_id": shown["lab_order"]["lab_id"]}
    here = machine(territory.group, role, location_ids=[territory.home], **more)
    found = problems(territory, Seat(role, "own location"), here, own)
    found += problems(territory, Seat(role, "other location"), here, away)
    if role == "integrator":
        found += problems(territory, Seat(role, "other group"), other.machine(role), away)
    assert not found, f"{len(found)}:\n" + "\n".join(found[:40])


def machine(group: support.Group, role: str, **places: Any) -> support.Http:
    """A new API client's access token."""
    until = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    asked = {"name": "A machine", "role": role, "expire_time": until, **places}
    made = group.http("owner").post("/v1/clients", json=asked)
    assert made.status_code == 201, made.text
    secret = {"client_id": made.json()["client"]["id"], "client_secret": made.json()["secret"]}
    answer = httpx.post(f"{group.platform.url}/oauth/token", data={"grant_type": "client_credentials", **secret})
    assert answer.status_code == 200, answer.text
    return support.Http(group.platform.url, headers={"Authorization": f"Bearer {answer.json()['access_token']}"})


def test_a_private_link_opens_its_own_subject_and_nothing_else(territory: Territory, own: list[Ask]) -> None:
    shares = territory.ids["coordination", "presentation"]
    presentation = next(id for place in shares.values() for id in place)
    patient = territory.patient_of[presentation]
    for subject in ({"presentation_id": presentation, "patient_id": patient}, {"case_id": str(uuid4())}):
        _opens_only(territory, own, patient, territory.group.link("presentation", **subject))


def _opens_only(territory: Territory, own: list[Ask], patient: str, http: support.Http) -> None:
    asks = [a for a in own if not a.probe.writes or "/shared/" not in a.probe.template]
    for asked, answer in zip(asks, walk(territory.group.platform.url, http.headers, asks), strict=True):
        said = f"{asked.probe.name} -> {answer.status_code} {answer.text[:200]}"
        assert answer.status_code < 500, said
        if asked.probe.permission not in policy().links["presentation"]:
            assert answer.status_code == 403, said
        strangers = {id for id in named([answer.text]) if territory.patient_of.get(id, patient) != patient}
        assert not strangers, said


def test_every_rpc_refuses_every_role_that_the_table_does_not_name(territory: Territory) -> None:
    """Behind the gateway: the service is the authority, also for RPCs that no route exposes."""
    platform = territory.group.platform
    signer = Signer.from_file(platform.data / "secrets" / "internal.pem")
    nobody = str(uuid4())
    wrong = []
    for service in NAMES:
        tokens = {
            role: signer.mint(Actor(territory.group.id, nobody, "user", {role: "*"}), service)
            for role in (*policy().roles, "nobody")
        }
        for method in methods_of(service).values():
            for role, token in tokens.items():
                if not holds(role, method.permission):
                    reason = platform.refusal(service, method.name.split(".")[1], method.request(), token)
                    if reason != "PERMISSION_DENIED":
                        wrong.append(f"{method.name} as {role}: {reason}")
    assert not wrong, wrong[:20]


@pytest.fixture
def hole(demo: support.Platform) -> Iterator[None]:
    """Patients without row-level security."""

    def run(sql: str) -> None:
        async def alter() -> None:
            connection = await asyncpg.connect(demo.dsn(""))
            await connection.execute(sql)
            await connection.close()

        asyncio.run(alter())

    run("ALTER TABLE directory.patient DISABLE ROW LEVEL SECURITY")
    yield
    run("ALTER TABLE directory.patient ENABLE ROW LEVEL SECURITY")


@pytest.mark.usefixtures("hole")
def test_the_matrix_sees_a_hole(territory: Territory, away: list[Ask]) -> None:
    """The checker itself: with the wall of one table taken down, it finds the leak."""
    asks = [a for a in away if a.probe.template.startswith("/v1/patients") and not a.probe.writes]
    found = problems(territory, Seat("front_desk", "other location"), territory.group.http("front_desk"), asks)
    assert any("leak" in said for said in found)


def test_the_judge_tells_right_from_wrong(territory: Territory) -> None:
    probe = next(p for p in PROBES if p.name == "POST /v1/appointments")
    read = next(p for p in PROBES if p.name == "GET /v1/patients/{patient_id}")
    hidden, shown = next(iter(territory.hidden)), Seat("front_desk", "other location")
    denied = '{"reason":"PERMISSION_DENIED"}'

    def said(probe: Probe, status: int, text: str = "", seat: Seat = shown) -> str:
        return judge(territory, seat, Ask(probe, "/", {}, True), status, text)

    assert said(probe, 500) == "5xx"
    assert said(probe, 201) == "a write was taken"
    assert said(probe, 403, denied) == "wrongly refused"
    assert said(probe, 200, seat=Seat("it_admin", "own location")) == "not refused"
    assert said(read, 200, hidden) == "leak of 1 rows"
    assert not said(read, 200, "nothing of theirs")
    assert not said(probe, 404)
    assert not said(probe, 403, denied, Seat("it_admin", "own location"))
