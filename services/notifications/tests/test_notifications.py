"""Messages through their door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.notifications import domain


def delivered(platform: Any, message_id: str) -> dict[str, Any] | None:
    """What the sandbox's mailbox or phone received for a message."""
    path = platform.data / "sandbox" / "outbox" / f"{message_id}.json"
    return json.loads(path.read_text()) if path.exists() else None


def send(http: Any, family: Any, **more: Any) -> Any:
    body = {
        "patient_id": family.patient_id,
        "party_id": family.party_id,
        "location_id": family.location_id,
        "channel": "email",
        "purpose": "care",
        "subject": "Wires",
        "body": "Rinse with salt water.",
        **more,
    }
    return http.post("/v1/messages", json=body)


@pytest.mark.R(14)
def test_a_message_leaves_once_and_is_in_the_chart(group: Any, platform: Any, eventually: Any) -> None:
    http, family = group.http("treatment_coordinator"), group.patient()
    message = send(http, family).json()["message"]
    assert message["state"] == "queued"
    eventually(lambda: http.get(f"/v1/messages/{message['id']}").json()["message"]["state"] == "sent")
    received = delivered(platform, message["id"])
    assert received is not None
    assert (received["subject"], received["body"]) == ("Wires", "Rinse with salt water.")
    log = http.get("/v1/messages", params={"patient_id": family.patient_id}).json()["messages"]
    assert [entry["id"] for entry in log] == [message["id"]]


@pytest.mark.R(14)
@pytest.mark.T("T53")
def test_after_stop_nothing_is_sent_any_more(group: Any) -> None:
    http, family = group.http("treatment_coordinator"), group.patient()
    message = send(http, family, channel="sms", subject="").json()["message"]
    answer = group.machine().post(
        f"/v1/threads/{message['thread_id']}/messages", json={"channel": "sms", "body": "STOP"}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["opted_out"]
    refused = send(http, family, channel="sms", subject="")
    assert (refused.status_code, refused.json()["reason"]) == (409, "OPTED_OUT")
    assert send(http, family).status_code == 201  # e-mail is another channel
    said = group.http("front_desk").get(f"/v1/responsible-parties/{family.party_id}/preferences").json()["preferences"]
    assert {(p["channel"], p["purpose"], p["allowed"], p["evidence"]) for p in said} >= {
        ("sms", "care", False, "reply")
    }


@pytest.mark.R(33)
def test_a_call_is_logged(group: Any) -> None:
    http, family = group.http("front_desk"), group.patient()
    body = {
        "patient_id": family.patient_id,
        "location_id": family.location_id,
        "channel": "phone",
        "purpose": "care",
        "inbound": True,
        "body": "Asked about a loose bracket.",
    }
    logged = http.post("/v1/communications", json=body).json()["message"]
    assert (logged["state"], logged["channel"], logged["inbound"]) == ("logged", "phone", True)


@pytest.mark.R(26)
def test_each_kind_of_message_says_what_it_may_say_and_what_is_sent_without_a_template(group: Any) -> None:
    kinds = group.http("practice_manager").get("/v1/message-template-kinds").json()["kinds"]
    reminder = next(kind for kind in kinds if kind["kind"] == "appointment_reminder")
    assert "when" in reminder["placeholders"]
    assert {text["language"] for text in reminder["built_in"]} == {"en", "es"}
    for kind in kinds:
        for text in kind["built_in"]:
            assert domain.placeholders(text["body"]) <= set(kind["placeholders"]), kind["kind"]


def test_a_template_refuses_what_its_kind_does_not_have(group: Any) -> None:
    http = group.http("practice_manager")
    template = {"kind": "appointment_reminder", "channel": "sms", "language": "en", "body": "{first_name}: {when}"}
    saved = http.post("/v1/message-templates", json=template)
    assert saved.status_code == 201, saved.text
    again = http.post("/v1/message-templates", json=template)
    assert (again.status_code, again.json()["reason"]) == (409, "ALREADY_EXISTS")
    wrong = http.post("/v1/message-templates", json={**template, "body": "{diagnosis}"})
    assert (wrong.status_code, wrong.json()["reason"], wrong.json()["field"]) == (422, "UNKNOWN_PLACEHOLDER", "body")
    stale = http.post("/v1/message-templates", json={**template, "version": 7})
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")


@pytest.mark.R(26)
def test_a_draft_reads_in_the_language_of_the_person_and_says_whether_it_may_go(group: Any) -> None:
    http, family = group.http("front_desk"), group.patient()
    asked = {"party_id": family.party_id, "channel": "sms", "purpose": "care", "template_kind": "please_call"}
    answer = http.get(f"/v1/patients/{family.patient_id}/message-draft", params=asked)
    assert answer.status_code == 200, answer.text
    draft = answer.json()
    assert draft["allowed"]
    assert draft["subject"] == ""
    assert "{" not in draft["body"]
    assert draft["leave_time"]
    declined = {"patient_id": family.patient_id, "channel": "sms", "purpose": "care", "allowed": False}
    said = http.post(f"/v1/responsible-parties/{family.party_id}/preferences", json=declined)
    assert said.status_code == 201, said.text
    assert not http.get(f"/v1/patients/{family.patient_id}/message-draft", params=asked).json()["allowed"]
    unknown = http.get(
        f"/v1/patients/{family.patient_id}/message-draft", params={**asked, "template_kind": "payment_receipt"}
    )
    assert (unknown.status_code, unknown.json()["reason"]) == (422, "UNKNOWN_KIND")


@pytest.mark.R(2)
def test_a_link_to_papers_leaves_and_is_not_kept(group: Any, platform: Any, eventually: Any) -> None:
    http, family = group.http("front_desk"), group.patient()
    body = {"party_id": family.party_id, "location_id": family.location_id, "channel": "email"}
    answer = http.post(f"/v1/patients/{family.patient_id}/document-link", json=body)
    assert answer.status_code == 201, answer.text
    message = answer.json()["message"]
    eventually(lambda: http.get(f"/v1/messages/{message['id']}").json()["message"]["state"] == "sent")
    received = delivered(platform, message["id"])
    assert received is not None
    assert "/l/" in received["body"]
    assert "/l/" not in http.get(f"/v1/messages/{message['id']}").json()["message"]["body"]
    links = http.get(f"/v1/patients/{family.patient_id}/links").json()["links"]
    assert [link["subject"]["party_id"] for link in links] == [family.party_id]
    threads = http.get("/v1/threads", params={"patient_id": family.patient_id}).json()["threads"]
    assert [thread["patient_id"] for thread in threads] == [family.patient_id]
