"""Lab orders through the doors of the practice and of the lab."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from archwire.scheduling.v1.events_pb2 import AppointmentRescheduled

from shared.proto import timestamp


def due(days=30):
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).date().isoformat()


def lab_client(group, lab_id):
    """A lab's own client, with its bearer token."""
    year = (dt.datetime.now(dt.UTC) + dt.timedelta(days=300)).isoformat()
    body = {"name": "Lab system", "role": "lab", "partner_id": lab_id, "all_locations": True, "expire_time": year}
    made = group.http("owner").post("/v1/clients", json=body)
    assert made.status_code == 201, made.text
    credentials = {
        "grant_type": "client_credentials",
        "client_id": made.json()["client"]["id"],
        "client_secret": made.json()["secret"],
    }
    anonymous = group.anonymous()
    token = anonymous.post("/oauth/token", data=credentials)
    assert token.status_code == 200, token.text
    anonymous.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    return anonymous


def create_lab(group, kind="lab", turnaround_days=7):
    owner = group.http("owner")
    partner = owner.post("/v1/partners", json={"kind": kind, "name": f"Partner {uuid4().hex[:6]}"})
    assert partner.status_code == 201, partner.text
    return owner.post("/v1/labs", json={"lab_id": partner.json()["partner"]["id"], "turnaround_days": turnaround_days})


@pytest.fixture(scope="module")
def lab(group):
    answer = create_lab(group)
    assert answer.status_code == 201, answer.text
    return answer.json()["lab"]


@pytest.fixture(scope="module")
def at_lab(group, lab):
    return lab_client(group, lab["id"])


@pytest.fixture
def order(group, http, lab):
    return draft(group, http, lab)


def draft(group, http, lab, **changes):
    body = {
        "lab_id": lab["id"],
        "patient_id": group.patient(first_name="Ana", last_name="Ruiz").patient_id,
        "location_id": group.location_a,
        "provider_id": group.staff("orthodontist"),
        "kind": "retainer",
        "items": [{"description": "Hawley retainer, blue", "arch": "upper", "quantity": 1}],
        "instructions": "Labial bow 0.7.",
        "fee": {"amount_cents": 95_00, "currency_code": "USD"},
        "due_date": due(),
    }
    answer = http.post("/v1/lab-orders", json=body | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["lab_order"]


def act(http, order, action, **body):
    return http.post(f"/v1/lab-orders/{order['id']}/{action}", json={"version": order["version"]} | body)


def sent(group, http, order):
    approved = act(group.http("orthodontist"), order, "approve").json()["lab_order"]
    answer = act(http, approved, "advance", to_state="sent")
    assert answer.status_code == 200, answer.text
    return answer.json()["lab_order"]


def job(at_lab, order, to_state, **body):
    version = at_lab.get(f"/v1/lab-jobs/{order['id']}").json()["lab_job"]["version"]
    return at_lab.post(f"/v1/lab-jobs/{order['id']}/advance", json={"version": version, "to_state": to_state} | body)


def shipped(group, http, at_lab, order):
    order = sent(group, http, order)
    for to_state in ("accepted", "in_production", "shipped"):
        answer = job(at_lab, order, to_state, carrier="ups", tracking_number="1Z9")
        assert answer.status_code == 200, answer.text
    return http.get(f"/v1/lab-orders/{order['id']}").json()["lab_order"]


@pytest.mark.R(8)
def test_an_order_goes_from_the_doctor_to_the_lab_and_back(group, http, at_lab, order):
    order = shipped(group, http, at_lab, order)
    received = act(http, order, "receive").json()["lab_order"]
    for to_state in ("checked", "delivered", "closed"):
        answer = act(http, received, "advance", to_state=to_state)
        assert answer.status_code == 200, answer.text
        received = answer.json()["lab_order"]
    whole = http.get(f"/v1/lab-orders/{order['id']}").json()
    assert [move["to_state"] for move in whole["transitions"]] == [
        "drafted", "approved", "sent", "accepted", "in_production", "shipped", "received", "checked", "delivered", "closed",
    ]  # fmt: skip
    assert whole["shipments"][0]["carrier"] == "ups"
    assert whole["shipments"][0]["received_at"]


@pytest.mark.R(8)
def test_a_discrepancy_is_remade_at_the_labs_cost(group, http, at_lab, order):
    order = act(http, shipped(group, http, at_lab, order), "receive").json()["lab_order"]
    wrong = act(http, order, "report-discrepancy", kind="fit", note="Rocks on the left.").json()["lab_order"]
    remade = act(http, wrong, "remake", payer="lab", credit={"amount_cents": 40_00}, due_date=due(60))
    assert remade.status_code == 200, remade.text
    assert (remade.json()["lab_order"]["state"], remade.json()["lab_order"]["due_date"]) == ("remake", due(60))
    assert job(at_lab, order, "accepted").status_code == 200
    (discrepancy,) = http.get(f"/v1/lab-orders/{order['id']}").json()["discrepancies"]
    assert (discrepancy["kind"], discrepancy["remake_payer"]) == ("fit", "lab")
    assert discrepancy["credit"]["amount_cents"] == 40_00


def test_only_a_doctor_approves(http, order):
    assert act(http, order, "approve").status_code == 403


@pytest.mark.T("T11")
def test_what_the_state_does_not_allow_is_refused(group, http, order):
    refused = [
        act(http, order, "advance", to_state="sent"),
        act(http, order, "receive"),
        act(http, order, "report-discrepancy", kind="broken"),
        act(http, order, "remake", payer="lab", due_date=due()),
    ]
    assert [(answer.status_code, answer.json()["reason"]) for answer in refused] == [(409, "ILLEGAL_TRANSITION")] * 4
    canceled = act(http, order, "cancel").json()["lab_order"]
    assert act(group.http("orthodontist"), canceled, "approve").status_code == 409


@pytest.mark.T("T09")
@pytest.mark.R(19)
def test_a_lab_sees_its_own_jobs_without_the_chart(group, http, at_lab, lab, order):
    other = create_lab(group).json()["lab"]
    rival = lab_client(group, other["id"])
    assert at_lab.get(f"/v1/lab-jobs/{order['id']}").status_code == 404  # not sent yet
    order = sent(group, http, order)
    listed = at_lab.get("/v1/lab-jobs").json()["lab_jobs"]
    mine = next(each for each in listed if each["id"] == order["id"])
    assert mine["patient_initials"] == "A.R."
    assert not {"patient_id", "case_id", "provider_id", "location_id", "fee"} & set(mine)
    assert rival.get("/v1/lab-jobs").json()["lab_jobs"] == []
    assert rival.get(f"/v1/lab-jobs/{order['id']}").status_code == 404
    steal = {"version": order["version"], "to_state": "accepted"}
    assert rival.post(f"/v1/lab-jobs/{order['id']}/advance", json=steal).status_code == 404
    for path in ("/v1/lab-orders", f"/v1/lab-orders/{order['id']}", "/v1/labs", f"/v1/patients/{order['patient_id']}"):
        assert at_lab.get(path).status_code == 403
    assert http.get("/v1/lab-jobs").status_code == 403


@pytest.mark.T("T09")
def test_a_lab_of_another_group_sees_nothing(group, http, order, platform):
    from tests.support import Group

    order = sent(group, http, order)
    elsewhere = Group(platform)
    stranger = lab_client(elsewhere, create_lab(elsewhere).json()["lab"]["id"])
    assert stranger.get(f"/v1/lab-jobs/{order['id']}").status_code == 404


@pytest.mark.R(8)
@pytest.mark.R(23)
def test_an_order_that_cannot_be_here_in_time_is_late(group, http, lab):
    assert draft(group, http, lab, due_date=due(2))["late"]
    assert not draft(group, http, lab)["late"]


@pytest.mark.R(23)
def test_when_the_visit_moves_the_due_date_moves(group, http, lab, eventually):
    appointment_id = str(uuid4())
    order = draft(group, http, lab, appointment_id=appointment_id)
    start = dt.datetime.now(dt.UTC).replace(hour=17, minute=0) + dt.timedelta(days=50)
    event = AppointmentRescheduled(
        appointment_id=appointment_id,
        patient_id=order["patient_id"],
        location_id=group.location_a,
        start_time=timestamp(start),
    )
    group.publish(event, key=order["patient_id"])
    day_before = (start - dt.timedelta(days=1)).date().isoformat()
    eventually(lambda: http.get(f"/v1/lab-orders/{order['id']}").json()["lab_order"]["due_date"] == day_before)
    found = http.get("/v1/lab-orders", params={"appointment_id": appointment_id}).json()["lab_orders"]
    assert [each["id"] for each in found] == [order["id"]]


def test_a_shipment_names_its_carrier(group, http, at_lab, order):
    order = sent(group, http, order)
    for to_state in ("accepted", "in_production"):
        job(at_lab, order, to_state)
    assert job(at_lab, order, "shipped").status_code == 422


def test_only_a_lab_becomes_a_lab_and_only_once(group, lab):
    answer = create_lab(group, kind="vendor")
    assert (answer.status_code, answer.json()["reason"]) == (422, "NOT_A_LAB")
    again = group.http("owner").post("/v1/labs", json={"lab_id": lab["id"], "turnaround_days": 5})
    assert (again.status_code, again.json()["reason"]) == (409, "LAB_EXISTS")


def test_a_lab_that_is_closed_takes_no_orders(group, http, lab):
    closed = create_lab(group).json()["lab"]
    body = {"version": closed["version"], "turnaround_days": 7, "active": False}
    assert group.http("owner").patch(f"/v1/labs/{closed['id']}", json=body).status_code == 200
    order = draft(group, http, lab)
    again = {key: order[key] for key in ("patient_id", "location_id", "provider_id", "kind", "items", "due_date")}
    answer = http.post("/v1/lab-orders", json=again | {"lab_id": closed["id"]})
    assert (answer.status_code, answer.json()["reason"]) == (409, "LAB_INACTIVE")


@pytest.mark.R(8)
def test_a_labs_actual_turnaround_is_measured(group, http, at_lab, lab, order):
    act(http, shipped(group, http, at_lab, order), "receive")
    mine = next(each for each in http.get("/v1/labs").json()["labs"] if each["id"] == lab["id"])
    assert mine["received_orders"] >= 1
    assert mine["actual_turnaround_tenths"] == 0  # within the hour


@pytest.mark.R(36)
def test_orders_of_another_location_do_not_exist(group, order):
    other = group.http("treatment_coordinator", location=group.location_b)
    assert other.get(f"/v1/lab-orders/{order['id']}").status_code == 404
    assert other.get("/v1/lab-orders").json()["lab_orders"] == []
