"""A private link reaches one family's own things: no more than its maker could see, and no longer than they are family."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from archwire.directory.v1.credentials_pb2 import ResolveLinkRequest

from shared.errors import NotFound
from tests.support import Family, Group, Http


def link(http: Http, **subject: str) -> Any:
    return http.post("/v1/links", json={"purpose": "presentation", "subject": subject})


def present(http: Http, family: Family) -> dict[str, str]:
    """A case of the family with a quote, and a presentation of it."""
    at = {"patient_id": family.patient_id, "location_id": family.location_id}
    case = http.post("/v1/cases", json=at).json()["case"]["id"]
    money = {"amount_cents": 5_000_00, "currency_code": "USD"}
    quote = {
        **at,
        "case_id": case,
        "procedure_concept": "ortho.limited",
        "treatment_months": 12,
        "treatment_fee": money,
        "instalment_count": 12,
    }
    quoted = http.post("/v1/quotes", json=quote)
    assert quoted.status_code == 201, quoted.text
    option = {
        "quote_id": quoted.json()["quote"]["id"],
        "title": "Limited",
        "recommended": True,
        "consent_kind": "limited",
    }
    made = http.post("/v1/presentations", json={"case_id": case, "title": "Options", "options": [option]})
    assert made.status_code == 201, made.text
    return {"case_id": case, "presentation_id": made.json()["presentation"]["id"]}


@pytest.mark.T("T04")
def test_a_link_that_names_another_familys_things_shows_none_of_them(group: Group):
    own, theirs = group.patient(), group.patient(group.location_b)
    shown = present(group.http("treatment_coordinator", location=group.location_b), theirs)
    made = link(group.http("treatment_coordinator"), patient_id=own.patient_id, party_id=own.party_id, **shown)
    assert made.status_code == 201, made.text
    family = group.by_link(made.json()["token"])
    assert family.get("/v1/shared/presentation").status_code == 404
    assert family.post("/v1/shared/presentation/open", json={}).status_code == 404
    assert family.post("/v1/shared/presentation/choose", json={"option_id": str(uuid4())}).status_code == 404
    assert family.get("/v1/shared/quotes").json()["quotes"] == []
    assert family.get("/v1/shared/contract").status_code == 404

    right = group.http("treatment_coordinator", location=group.location_b)
    made = link(right, patient_id=theirs.patient_id, party_id=theirs.party_id, **shown)
    family = group.by_link(made.json()["token"])
    assert family.get("/v1/shared/presentation").json()["presentation"]["id"] == shown["presentation_id"]
    assert len(family.get("/v1/shared/quotes").json()["quotes"]) == 1


@pytest.mark.T("T04")
def test_a_link_is_for_somebody_who_answers_for_a_patient_of_its_maker(group: Group):
    here, there, maker = group.patient(), group.patient(group.location_b), group.http("treatment_coordinator")
    asked: list[tuple[dict[str, str], int, str]] = [
        ({}, 422, "SUBJECT_INCOMPLETE"),
        ({"patient_id": here.patient_id}, 422, "SUBJECT_INCOMPLETE"),
        ({"party_id": here.party_id}, 422, "SUBJECT_INCOMPLETE"),
        ({"patient_id": there.patient_id, "party_id": there.party_id}, 404, "PATIENT_NOT_FOUND"),
        ({"patient_id": here.patient_id, "party_id": there.party_id}, 404, "PARTY_NOT_FOUND"),
    ]
    for subject, status, reason in asked:
        answer = link(maker, **subject)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason), subject


@pytest.mark.T("T08")
def test_a_link_ends_when_its_reader_no_longer_answers_for_the_patient(group: Group):
    family, owner = group.patient(parties=2), group.http("owner")
    links = [link(owner, patient_id=family.patient_id, party_id=party).json() for party in family.party_ids]
    related = owner.get(f"/v1/patients/{family.patient_id}/parties").json()["parties"]
    tie = next(r["relationship"] for r in related if r["party"]["id"] == family.party_ids[1])
    ended = owner.post(f"/v1/relationships/{tie['id']}/end", json={}, headers={"If-Match": str(tie["version"])})
    assert ended.status_code == 200, ended.text
    assert group.by_link(links[0]["token"]).get("/v1/session").status_code == 200
    refused = group.by_link(links[1]["token"]).get("/v1/session")
    assert (refused.status_code, refused.json()["reason"]) == (401, "LINK_ENDED")
    with pytest.raises(NotFound):
        group.call("directory", "ResolveLink", ResolveLinkRequest(token=links[1]["token"]))
