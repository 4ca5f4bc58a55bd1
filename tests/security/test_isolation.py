"""Whose rows: every public route with the ids of another group."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.api import Route
from gateway.routes import APIS
from tests.support import Group, Http, Platform

ROUTES = [route for api in APIS for route in api.routes]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def ask(http: Http, route: Route, values: tuple[str, ...], **params: str) -> Any:
    """Calls a route with values for its path and an empty body."""
    filled = iter(values)
    path = "/" + "/".join(next(filled) if segment.startswith("{") else segment for segment in route.segments)
    body = {} if route.has_body else None
    headers = {"If-Match": "1"} if route.versioned else {}
    return http.request(route.verb, path, params=params or None, json=body, headers=headers)


def furnish(group: Group) -> set[str]:
    """Gives a group something of everything that the directory holds, and returns every id that its owner can see."""
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
    owner.post("/v1/cases", json={"patient_id": family.patient_id, "location_id": group.location_a, "source": "web"})
    found = {group.id, group.location_a, group.location_b, family.patient_id, *family.party_ids}
    for _ in range(2):  # what the first round finds, the second asks about
        for route, values in list(gets(found)):
            answer = ask(owner, route, values)
            if answer.status_code == 200:
                found |= set(UUID.findall(answer.text))
    return found


def gets(ids: set[str]) -> Iterator[tuple[Route, tuple[str, ...]]]:
    """Every reading route with every id that has one place for an id, or none."""
    for route in ROUTES:
        if route.verb == "GET" and len(route.in_path) < 2:
            yield from ((route, values) for values in (itertools.product(ids) if route.in_path else [()]))


@pytest.mark.T("T07")
def test_no_id_of_one_group_opens_anything_for_another(group: Group, platform: Platform):
    known, stranger = furnish(group), Group(platform).http("owner")
    assert len(known) > 15
    ids = set(random.Random(20).sample(sorted(known), min(len(known), 40)))
    opened, swaps = [], 0
    for route in ROUTES:
        for id in ids if route.in_path else ():
            answer = ask(stranger, route, (id,) * len(route.in_path))
            swaps += 1
            seen = (set(UUID.findall(answer.text)) & known) - {id}
            empty = answer.status_code == 200 and id not in answer.text
            if seen or (answer.status_code < 400 and not empty) or answer.status_code == 500:
                opened.append((route.verb, route.template, answer.status_code, answer.text[:200]))
        for name in (name for name in route.in_query if name.endswith("_id")):
            for id in ids if not route.in_path else ():
                answer = ask(stranger, route, (), **{name: id})
                swaps += 1
                if (set(UUID.findall(answer.text)) & known) - {id}:
                    opened.append((route.verb, route.template, name, answer.text[:200]))
    assert not opened
    assert swaps > 1000
