"""Alerts on a chart, through HTTP."""

from __future__ import annotations

import pytest

from tests.support import Group


@pytest.mark.R(33)
def test_an_alert_is_raised_changed_and_ended_by_version(group: Group) -> None:
    http, family = group.http("front_desk"), group.patient()
    listed = f"/v1/patients/{family.patient_id}/alerts"
    body = {"patient_id": family.patient_id, "kind": "custody", "text": "Only the mother fetches the child"}
    raised = http.post("/v1/alerts", json=body)
    assert raised.status_code == 201, raised.text
    alert = raised.json()["alert"]
    changed = http.post("/v1/alerts", json={**body, "alert_id": alert["id"], "version": 1, "text": "Both may fetch"})
    assert changed.json()["alert"]["version"] == 2
    stale = http.post("/v1/alerts", json={**body, "alert_id": alert["id"], "version": 1, "text": "Nobody"})
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    assert [found["text"] for found in http.get(listed).json()["alerts"]] == ["Both may fetch"]

    end = http.post(f"/v1/alerts/{alert['id']}/end", headers={"If-Match": '"2"'})
    assert end.status_code == 200, end.text
    assert http.get(listed).json()["alerts"] == []
    assert len(http.get(listed, params={"include_ended": True}).json()["alerts"]) == 1
    again = http.post(f"/v1/alerts/{alert['id']}/end", headers={"If-Match": '"3"'})
    assert (again.status_code, again.json()["reason"]) == (409, "ALREADY_ENDED")


@pytest.mark.R(19)
@pytest.mark.T("T02")
def test_the_desk_sees_no_medical_alert_and_cannot_reach_one_as_its_own(group: Group) -> None:
    desk, assistant, family = group.http("front_desk"), group.http("clinical_assistant"), group.patient()
    body = {"patient_id": family.patient_id, "kind": "allergy", "text": "Latex"}
    raised = assistant.post("/v1/medical-alerts", json=body)
    assert raised.status_code == 201, raised.text
    alert = raised.json()["alert"]
    assert [a["kind"] for a in assistant.get(f"/v1/patients/{family.patient_id}/medical-alerts").json()["alerts"]] == [
        "allergy"
    ]
    assert desk.get(f"/v1/patients/{family.patient_id}/medical-alerts").status_code == 403
    assert desk.get(f"/v1/patients/{family.patient_id}/alerts").json()["alerts"] == []
    assert desk.post(f"/v1/alerts/{alert['id']}/end", headers={"If-Match": '"1"'}).status_code == 404
    assert desk.post("/v1/alerts", json=body).status_code == 422  # an allergy is not an alert of the office
    assert assistant.post("/v1/medical-alerts", json={**body, "kind": "custody"}).status_code == 422


@pytest.mark.T("T04")
def test_an_alert_is_seen_where_its_patient_is(group: Group) -> None:
    owner, family = group.http("owner"), group.patient()
    body = {"patient_id": family.patient_id, "kind": "other", "text": "Interpreter: Portuguese"}
    assert group.http("front_desk").post("/v1/alerts", json=body).status_code == 201
    there = group.http("front_desk", location=group.location_b)
    assert there.get(f"/v1/patients/{family.patient_id}/alerts").status_code == 404
    patient = owner.get(f"/v1/patients/{family.patient_id}").json()["patient"]
    names = ("first_name", "last_name", "birth_date", "home_location_id")
    both = {name: patient[name] for name in names} | {"location_ids": [group.location_a, group.location_b]}
    moved = owner.patch(
        f"/v1/patients/{family.patient_id}",
        json={**both, "active": True},
        headers={"If-Match": f'"{patient["version"]}"'},
    )
    assert moved.status_code == 200, moved.text
    assert len(there.get(f"/v1/patients/{family.patient_id}/alerts").json()["alerts"]) == 1
