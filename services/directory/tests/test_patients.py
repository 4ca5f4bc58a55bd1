"""Patients and their families, through HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from tests.support import Group, Http


def years_ago(years: int) -> str:
    return date.today().replace(year=date.today().year - years, day=1).isoformat()


def parent(first_name: str, **relationship: Any) -> dict[str, Any]:
    relationship = {"kind": "parent", "clinical_access": True, "financial": True} | relationship
    return {"first_name": first_name, "last_name": "Reyes", "relationship": relationship}


def register(http: Http, location: str, **body: Any) -> Any:
    body = {"home_location_id": location, "first_name": "Mia", "last_name": "Reyes", "birth_date": years_ago(12)} | body
    return http.post("/v1/patients", json=body)


@pytest.mark.R(33)
def test_a_split_family_pays_in_shares_that_are_the_whole(group: Group, http: Http):
    made = register(http, group.location_a, parties=[parent("Ana"), parent("Luis", own_share_only=True)]).json()
    ties = [item["relationship"] for item in made["parties"]]
    assert [tie["share_bp"] for tie in ties] == [5000, 5000]
    assert [tie["primary_contact"] for tie in ties] == [True, False]
    patient_id = made["patient"]["id"]
    party_ids = [item["party"]["id"] for item in made["parties"]]

    shares = [{"party_id": party_ids[0], "share_bp": 6000}, {"party_id": party_ids[1], "share_bp": 3000}]
    refused = http.post(f"/v1/patients/{patient_id}/shares", json={"shares": shares})
    assert (refused.status_code, refused.json()["reason"]) == (422, "SHARES_NOT_WHOLE")
    shares[1]["share_bp"] = 4000
    assert http.post(f"/v1/patients/{patient_id}/shares", json={"shares": shares}).status_code == 200

    listed = http.get(f"/v1/patients/{patient_id}/parties").json()["parties"]
    assert {item["party"]["id"]: item["relationship"]["share_bp"] for item in listed} == {
        party_ids[0]: 6000,
        party_ids[1]: 4000,
    }
    third = http.post(f"/v1/patients/{patient_id}/parties", json={"party": parent("Eva", share_bp=1)})
    assert (third.status_code, third.json()["reason"]) == (409, "SHARES_EXCEED_WHOLE")


def test_a_batch_returns_the_patients_one_may_see_and_no_others(group: Group, http: Http):
    mine = register(http, group.location_a, last_name="Batch").json()["patient"]["id"]
    elsewhere = register(group.http("owner"), group.location_b, last_name="Far").json()["patient"]["id"]
    answer = http.post("/v1/patients/batch", json={"patient_ids": [mine, elsewhere, str(uuid4())]})
    assert answer.status_code == 200
    assert [patient["id"] for patient in answer.json()["patients"]] == [mine]
    assert http.post("/v1/patients/batch", json={"patient_ids": []}).status_code == 422


def test_a_retried_registration_makes_one_patient(group: Group, http: Http):
    key = {"request_id": str(uuid4())}
    first = register(http, group.location_a, last_name="Once", **key)
    again = register(http, group.location_a, last_name="Once", **key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    found = http.post("/v1/patients/search", json={"query": "Mia Once"}).json()["patients"]
    assert [patient["id"] for patient in found] == [first.json()["patient"]["id"]]
    other = register(http, group.location_a, last_name="Twice", **key)
    assert (other.status_code, other.json()["reason"]) == (422, "REQUEST_ID_REUSED")


def test_many_at_once_get_chart_numbers_without_a_gap(group: Group, http: Http):
    def one(number: int) -> Any:
        key = {"request_id": keys[number % 4]} if number < 16 else {}
        return register(http, group.location_a, last_name="Rush", first_name=f"N{number % 4}", **key).json()["patient"]

    keys = [str(uuid4()) for _ in range(4)]
    before = register(http, group.location_a).json()["patient"]["chart_number"]
    with ThreadPoolExecutor(12) as threads:
        patients = list(threads.map(one, range(24)))
    assert {patient["chart_number"] for patient in patients} == set(range(before + 1, before + 13))
    assert len({patient["id"] for patient in patients[:16]}) == 4


def test_the_same_person_registered_again_is_pointed_out(group: Group, http: Http):
    first = register(http, group.location_a, last_name="Alike").json()["patient"]["id"]
    second = register(http, group.location_a, last_name="ALIKE", first_name="Maria").json()
    assert second["possible_duplicate_ids"] == [first]


def test_an_adult_answers_for_herself(group: Group, http: Http):
    made = register(http, group.location_a, birth_date=years_ago(30), mobile="+16175559876", language="es").json()
    assert made["patient"]["adult"]
    [own] = made["parties"]
    assert own["relationship"]["kind"] == "self"
    assert own["relationship"]["share_bp"] == 10000
    assert own["party"]["patient_id"] == made["patient"]["id"]
    assert (own["party"]["mobile"], own["party"]["language"]) == ("+16175559876", "es")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"birth_date": "2031-01-01"}, "BAD_BIRTH_DATE"),
        ({"birth_date": "2015-02-30"}, "BAD_DATE"),
        ({"mobile": "617-555-0100"}, "INVALID_FIELD"),
        ({"home_location_id": str(uuid4())}, "UNKNOWN_LOCATION"),
        ({"location_ids": [str(uuid4())]}, "UNKNOWN_LOCATION"),
        ({"parties": [parent("Kid") | {"birth_date": years_ago(16)}]}, "PARTY_NOT_ADULT"),
        ({"parties": [parent("Ana", kind="guarantor")]}, "NO_CLINICAL_ACCESS"),
        ({"chart_number": 1}, "OUTPUT_ONLY"),
        ({"tenant_id": str(uuid4())}, "UNKNOWN_FIELD"),
    ],
)
def test_a_registration_that_cannot_be_right_is_refused(group: Group, http: Http, body: dict[str, Any], reason: str):
    answer = register(http, group.location_a, **body)
    assert (answer.status_code, answer.json()["reason"]) in ((422, reason), (422, "UNKNOWN_FIELD"))


@pytest.mark.R(33)
def test_search_finds_by_word_misspelling_phone_and_chart_number(group: Group, http: Http):
    names = {"first_name": "Zoë", "last_name": "Núñez-Okafor"}
    made = register(http, group.location_a, **names, parties=[parent("Ada") | {"mobile": "+15085550123"}]).json()[
        "patient"
    ]
    for query in (
        "okaf zoe",
        "nu",
        "z n",
        "z nunez",
        "NUNEZ",
        "nunes okafor",
        "zoey nunnes",
        "(508) 555-0123",
        f"#{made['chart_number']}",
    ):
        found = http.post("/v1/patients/search", json={"query": query})
        assert [patient["id"] for patient in found.json()["patients"]] == [made["id"]], query
    assert http.post("/v1/patients/search", json={"query": "Xylophone"}).json()["patients"] == []


def test_a_change_needs_the_version_that_was_read(group: Group, http: Http):
    patient = register(http, group.location_a).json()["patient"]
    kept = ("first_name", "last_name", "birth_date", "home_location_id", "active")
    body = {name: patient[name] for name in kept} | {"preferred_name": "Mimi"}
    path = f"/v1/patients/{patient['id']}"
    changed = http.patch(path, json=body, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["patient"]["preferred_name"], changed.json()["patient"]["version"]) == ("Mimi", 2)
    stale = http.patch(path, json=body, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")


@pytest.mark.T("T01")
def test_another_location_sees_nothing_until_the_patient_is_shared_with_it(group: Group, http: Http):
    other = group.http("front_desk", location=group.location_b)
    made = register(http, group.location_a, last_name="Quimby", parties=[parent("Ana")]).json()
    patient, party_id = made["patient"], made["parties"][0]["party"]["id"]
    path = f"/v1/patients/{patient['id']}"
    assert other.get(path).status_code == 404
    assert other.get(f"{path}/parties").status_code == 404
    assert other.get("/v1/contacts", params={"party_id": party_id}).status_code == 404
    assert other.post("/v1/patients/search", json={"query": "Quimby"}).json()["patients"] == []
    assert patient["id"] not in [p["id"] for p in other.get("/v1/patients").json()["patients"]]
    denied = register(other, group.location_a)
    assert (denied.status_code, denied.json()["reason"]) == (403, "OUT_OF_SCOPE")

    kept = ("first_name", "last_name", "birth_date", "home_location_id", "active")
    body = {name: patient[name] for name in kept} | {"location_ids": [group.location_b]}
    assert http.patch(path, json=body, headers={"If-Match": "1"}).status_code == 200
    assert other.get(path).json()["patient"]["last_name"] == "Quimby"
    assert [item["party"]["id"] for item in other.get(f"{path}/parties").json()["parties"]] == [party_id]
    assert other.get("/v1/contacts", params={"party_id": party_id}).status_code == 200


@pytest.mark.T("T01")
def test_another_group_sees_nothing(group: Group, platform: Any):
    family = group.patient()
    stranger = Group(platform)
    for http in (stranger.http("owner"), stranger.http("treatment_coordinator", location="*")):
        assert http.get(f"/v1/patients/{family.patient_id}").status_code == 404
        assert http.get("/v1/contacts", params={"party_id": family.party_id}).status_code == 404
        assert http.get(f"/v1/locations/{group.location_a}").status_code == 404
        assert http.get("/v1/patients").json()["patients"] == []


@pytest.mark.R(33)
def test_a_court_order_changes_what_a_parent_may(group: Group, http: Http):
    family = group.patient(parties=2)
    listed = http.get(f"/v1/patients/{family.patient_id}/parties").json()["parties"]
    tie = next(item["relationship"] for item in listed if not item["relationship"]["primary_contact"])
    path, change = f"/v1/relationships/{tie['id']}", {"kind": "court_order", "court_order": "No. 26-1182"}
    asked = change | {"financial": True, "clinical_access": False, "primary_contact": True}
    for body, reason in ((change, "STILL_PAYS"), (asked | {"share_bp": 1}, "SHARE_STAYS")):
        refused = http.patch(path, json={"relationship": body}, headers={"If-Match": "1"})
        assert refused.json()["reason"] == reason
    changed = http.patch(path, json={"relationship": asked}, headers={"If-Match": "1"}).json()["relationship"]
    assert (changed["share_bp"], changed["may_consent"], changed["version"]) == (5000, False, 2)
    after = http.get(f"/v1/patients/{family.patient_id}/parties").json()["parties"]
    assert [item["relationship"]["primary_contact"] for item in after] == [True, False]
    assert after[0]["relationship"]["id"] == tie["id"]


def test_siblings_share_a_party_and_an_ended_relationship_stays_on_record(group: Group, http: Http):
    first, second = group.patient(), group.patient(parties=0)
    body = {"party_id": first.party_id, "relationship": {"kind": "step_parent"}}
    path = f"/v1/patients/{second.patient_id}"
    tie = http.post(f"{path}/relationships", json=body).json()["relationship"]
    twice = http.post(f"{path}/relationships", json=body)
    assert (twice.status_code, twice.json()["reason"]) == (409, "RELATIONSHIP_EXISTS")
    ended = http.post(f"/v1/relationships/{tie['id']}/end", json={}, headers={"If-Match": "1"})
    assert ended.json()["relationship"]["end_time"]
    assert http.get(f"{path}/parties").json()["parties"] == []
    assert len(http.get(f"{path}/parties", params={"include_ended": "true"}).json()["parties"]) == 1
    again = http.post(f"/v1/relationships/{tie['id']}/end", json={}, headers={"If-Match": "2"})
    assert (again.status_code, again.json()["reason"]) == (409, "ALREADY_ENDED")


def test_a_minor_is_reached_by_the_primary_contact_and_an_adult_herself(group: Group, http: Http):
    child, adult = group.patient(location=group.location_a), group.patient(age_years=40, parties=0)
    contact = http.get("/v1/contacts", params={"patient_id": child.patient_id}).json()["contact"]
    assert contact["party_id"] == child.party_id
    assert contact["patient_id"] == child.patient_id
    assert contact["email"].endswith("@family.example")
    assert (contact["time_zone"], contact["location_name"]) == ("America/New_York", "Arlington")
    own = http.get("/v1/contacts", params={"patient_id": adult.patient_id}).json()["contact"]
    assert (own["patient_id"], own["party_id"]) == (adult.patient_id, adult.party_id)
    staff = http.get("/v1/contacts", params={"staff_id": group.staff("front_desk")}).json()["contact"]
    assert staff["email"].endswith(f"@{group.slug}.example")
    assert http.get("/v1/contacts").json()["reason"] == "INVALID_FIELD"


@pytest.mark.R(19)
def test_the_access_log_says_who_saw_a_patient(group: Group, http: Http):
    family = group.patient()
    http.get(f"/v1/patients/{family.patient_id}")
    assert http.get("/v1/access-log").status_code == 403
    officer = group.http("privacy_officer", location="*")
    entries = officer.get("/v1/access-log", params={"patient_id": family.patient_id}).json()["entries"]
    seen = [(entry["method"], entry["actor_id"]) for entry in entries]
    assert ("directory.GetPatient", group.staff("treatment_coordinator")) in seen
    assert all(family.patient_id in entry["patient_ids"] for entry in entries)


def test_pages_follow_each_other_without_gap_or_repetition(group: Group, platform: Any):
    other = Group(platform)
    made = [other.patient().patient_id for _ in range(5)]
    http, found, token = other.http("owner"), [], ""
    while True:
        answer = http.get("/v1/patients", params={"page_size": 2, "page_token": token}).json()
        found += [patient["id"] for patient in answer["patients"]]
        if not (token := answer["next_page_token"]):
            break
    assert found == made
    bad = http.get("/v1/patients", params={"page_token": "nonsense"})
    assert (bad.status_code, bad.json()["reason"]) == (422, "BAD_PAGE_TOKEN")
