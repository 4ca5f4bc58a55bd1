"""What charts lack before an examination, and notes that wait for a signature."""

from __future__ import annotations

from typing import Any

import pytest

from services.records import domain
from services.records.tests.test_records import add, upload
from shared.demo import pictures


@pytest.mark.R(12)
def test_readiness_counts_what_is_there_and_shows_none_of_it(group: Any) -> None:
    assistant, desk = group.http("clinical_assistant"), group.http("front_desk")
    family, other = group.patient(), group.patient()
    for view in ("face_profile", "face_profile", "face_frontal_smile"):
        assert add(assistant, family, upload(assistant, pictures.draw(view)), view).status_code == 201
    answer = desk.post("/v1/readiness", json={"patient_ids": [family.patient_id, other.patient_id]})
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["readiness"]
    assert (first["views_present"], first["views_needed"]) == (2, len(domain.GATE["initial"]))
    assert (second["views_present"], second["documents_to_sign"], second["health_history_signed"]) == (0, 0, False)
    assert desk.get(f"/v1/patients/{family.patient_id}/images").status_code == 403


@pytest.mark.T("T04")
def test_readiness_of_another_locations_patient_tells_nothing(group: Any) -> None:
    family = group.patient(group.location_b)
    there = group.http("clinical_assistant", location=group.location_b)
    assert add(there, family, upload(there, pictures.draw("face_profile")), "face_profile").status_code == 201
    answer = group.http("front_desk").post("/v1/readiness", json={"patient_ids": [family.patient_id]})
    assert answer.json()["readiness"][0]["views_present"] == 0


@pytest.mark.R(7)
def test_a_note_waits_in_the_list_until_it_is_signed(group: Any) -> None:
    doctor, family = group.http("orthodontist"), group.patient()
    body = {"patient_id": family.patient_id, "location_id": family.location_id, "text": "18x25 NiTi"}
    note = doctor.post("/v1/notes", json=body).json()["note"]

    def waiting() -> list[str]:
        answer = doctor.get("/v1/unsigned-notes", params={"location_id": group.location_a})
        assert "18x25" not in answer.text
        return [one["id"] for one in answer.json()["notes"]]

    assert note["id"] in waiting()
    assert doctor.post(f"/v1/notes/{note['id']}/sign", json={"version": note["version"]}).status_code == 200
    assert note["id"] not in waiting()
