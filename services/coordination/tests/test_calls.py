"""Calls to families: what came of them, the plan they belong to, and taking them back."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from services.coordination.tests.test_coordination import get_case, open_case


def call_about(http, group, patient_id, reason="confirm_visit", outcome="message_left", **more):
    body = {
        "location_id": group.location_a,
        "patient_id": patient_id,
        "reason": reason,
        "subject_id": str(uuid4()),
        "outcome": outcome,
    }
    return http.post("/v1/phone-calls", json=body | more)


def listed(http, group):
    found = http.get("/v1/phone-calls", params={"location_id": group.location_a, "first_day": "2020-01-01"})
    assert found.status_code == 200, found.text
    return {call["id"]: call for call in found.json()["phone_calls"]}


def messages(http, patient_id):
    return http.get("/v1/messages", params={"patient_id": patient_id}).json()["messages"]


@pytest.mark.R(14)
def test_a_call_is_kept_in_the_familys_conversation_until_it_is_taken_back(group, http, eventually):
    patient = group.patient().patient_id
    made = call_about(http, group, patient)
    assert made.status_code == 201, made.text
    call = made.json()["phone_call"]
    assert listed(http, group)[call["id"]]["outcome"] == "message_left"
    logged = eventually(lambda: [m for m in messages(http, patient) if m["channel"] == "phone"])
    assert [m["state"] for m in logged] == ["logged"]
    assert "left a message" in logged[0]["body"]

    assert http.post(f"/v1/phone-calls/{call['id']}/take-back", json={}).status_code == 200
    assert call["id"] not in listed(http, group)
    eventually(lambda: [m["state"] for m in messages(http, patient) if m["channel"] == "phone"] == ["canceled"])
    assert http.post(f"/v1/phone-calls/{call['id']}/take-back", json={}).status_code == 404


@pytest.mark.R(1)
def test_a_follow_up_is_the_next_touch_of_the_plan_and_can_be_taken_back(group, http):
    case, _ = open_case(group, http)
    before = get_case(http, case)
    made = call_about(http, group, case["patient_id"], "follow_up", "wrong_number", subject_id=case["id"])
    assert made.status_code == 201, made.text
    assert get_case(http, case)["next_step"] != before["next_step"]
    back = http.post(f"/v1/phone-calls/{made.json()['phone_call']['id']}/take-back", json={})
    assert back.status_code == 200, back.text
    now = get_case(http, case)
    assert (now["next_step"], now["next_step_due"]) == (before["next_step"], before["next_step_due"])


def test_a_call_back_moves_the_next_step_to_its_day(group, http):
    case, _ = open_case(group, http)
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=5)).date().isoformat()
    made = call_about(
        http, group, case["patient_id"], "follow_up", "call_back", subject_id=case["id"], call_again_on=day
    )
    assert made.status_code == 201, made.text
    now = get_case(http, case)
    assert (now["next_step"], now["next_step_due"]) == (case["next_step"], day)


def test_a_call_back_needs_its_day_and_nothing_else_has_one(group, http):
    patient, day = group.patient().patient_id, "2099-01-01"
    assert call_about(http, group, patient, outcome="call_back").status_code == 422
    assert call_about(http, group, patient, outcome="reached", call_again_on=day).status_code == 422
    far = call_about(http, group, patient, outcome="call_back", call_again_on=day)
    assert (far.status_code, far.json()["reason"]) == (422, "BAD_DATE")


def test_only_the_last_call_and_only_ones_own_is_taken_back(group, http):
    patient, about = group.patient().patient_id, str(uuid4())
    first = call_about(http, group, patient, subject_id=about).json()["phone_call"]
    second = call_about(http, group, patient, subject_id=about, outcome="reached").json()["phone_call"]
    answer = http.post(f"/v1/phone-calls/{first['id']}/take-back", json={})
    assert (answer.status_code, answer.json()["reason"]) == (409, "NOT_THE_LAST")
    other = group.http("front_desk").post(f"/v1/phone-calls/{second['id']}/take-back", json={})
    assert (other.status_code, other.json()["reason"]) == (403, "NOT_YOURS")


def test_a_follow_up_by_phone_needs_the_right_to_log_follow_ups(group, http):
    case, _ = open_case(group, http)
    money = group.http("financial_coordinator")
    answer = call_about(money, group, case["patient_id"], "follow_up", "reached", subject_id=case["id"])
    assert (answer.status_code, answer.json()["reason"]) == (403, "PERMISSION_DENIED")
    assert call_about(money, group, case["patient_id"], "failed_payment", "reached").status_code == 201


@pytest.mark.T("T04")
def test_nobody_calls_about_a_patient_of_another_location(group, http):
    stranger = group.patient(group.location_b).patient_id
    answer = call_about(http, group, stranger)
    assert (answer.status_code, answer.json()["reason"]) == (404, "PATIENT_NOT_FOUND")
