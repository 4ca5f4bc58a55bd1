"""An id in a request is looked at before it is written: who is not the caller's to see cannot be written about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Group


@pytest.mark.T("T04")
def test_nothing_is_written_about_a_patient_of_another_location(group: Group):
    stranger = group.patient(group.location_b)
    about = {"patient_id": stranger.patient_id, "location_id": group.location_a}
    message = {"channel": "email", "purpose": "care", "body": "Hello"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("orthodontist", "/v1/notes", {"text": "?"}),
        (
            "orthodontist",
            "/v1/images",
            {"upload_id": stranger.patient_id, "view": "face_frontal_relaxed", "stage": "initial"},
        ),
        ("front_desk", "/v1/messages", {**message, "subject": "Hi"}),
        ("front_desk", "/v1/communications", message | {"channel": "desk"}),
    ]
    for role, path, body in asked:
        answer = group.http(role).post(path, json=about | body)
        assert (answer.status_code, answer.json()["reason"]) == (404, "PATIENT_NOT_FOUND"), (path, answer.text)


@pytest.mark.T("T04")
def test_a_message_is_for_who_answers_for_the_patient(group: Group):
    family, stranger, desk = group.patient(), group.patient(group.location_b), group.http("front_desk")
    body = {
        "patient_id": family.patient_id,
        "party_id": stranger.party_id,
        "location_id": group.location_a,
        "channel": "email",
        "purpose": "care",
        "body": "Hello",
    }
    for path, more in (("/v1/messages", {"subject": "Hi"}), ("/v1/communications", {"channel": "desk"})):
        answer = desk.post(path, json=body | more)
        assert (answer.status_code, answer.json()["reason"]) == (422, "NOT_RESPONSIBLE"), answer.text


@pytest.mark.T("T04")
def test_a_note_refers_to_its_own_chart(group: Group):
    doctor = group.http("orthodontist")
    one, other = group.patient(), group.patient()
    note = {"patient_id": one.patient_id, "location_id": group.location_a, "text": "first"}
    made = doctor.post("/v1/notes", json=note).json()["note"]
    addendum = {**note, "addendum_to_id": made["id"]}
    assert doctor.post("/v1/notes", json=addendum).status_code == 201
    wrong = doctor.post("/v1/notes", json=addendum | {"patient_id": other.patient_id})
    assert (wrong.status_code, wrong.json()["reason"]) == (404, "NOTE_NOT_FOUND")
    missing = doctor.post("/v1/notes", json={**note, "visit_id": made["id"]})
    assert (missing.status_code, missing.json()["reason"]) == (404, "VISIT_NOT_FOUND")
