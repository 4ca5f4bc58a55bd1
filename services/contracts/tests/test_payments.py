"""Payments, refunds, reversals and adjustments through HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.contracts.tests.desk import active, contract, draw_up, pay, settled, usd


def balance(http, running):
    return contract(http, running)["balance"]["amount_cents"]


@pytest.mark.R(5)
def test_a_retried_payment_is_recorded_once(group):
    running, _ = active(group)
    http = group.http("front_desk")
    body = {"request_id": str(uuid4()), "amount": usd(40_00), "method": "check", "reference": "1042"}
    answers = [http.post(f"/v1/contracts/{running['id']}/payments", json=body) for _ in range(3)]
    assert {(a.status_code, a.json()["payment"]["id"]) for a in answers} == {(201, answers[0].json()["payment"]["id"])}
    assert balance(group.http("owner"), running) == 3_760_00
    other = http.post(f"/v1/contracts/{running['id']}/payments", json=body | {"amount": usd(41_00)})
    assert other.status_code == 422


@pytest.mark.R(5)
def test_the_desk_sees_what_is_owed_and_the_ledger_says_how_it_was_paid(group):
    running, family = active(group)
    desk = group.http("front_desk")
    pay(desk, running, 40_00, method="check", reference="1042")
    told = desk.get(f"/v1/patients/{family.patient_id}/balance").json()
    assert told["patient_balance"]["amount_cents"] == told["parties"][0]["balance"]["amount_cents"] == 3_760_00
    path, params = f"/v1/patients/{family.patient_id}/ledger", {"account": "patient_receivable"}
    assert desk.get(path, params=params).status_code == 403
    entries = group.http("financial_coordinator").get(path, params=params).json()["entries"]
    assert [(e["kind"], e["payment_method"]) for e in entries if e["payment_id"]] == [
        ("payment", "cash"),
        ("payment", "check"),
    ]
    assert entries[-1]["running_balance"]["amount_cents"] == 3_760_00


def test_nobody_can_pay_more_than_is_owed_even_twice_at_once(group):
    running, _ = active(group)
    http = group.http("financial_coordinator")
    card = pay(http, running, 3_000_00, method="card", token="tok_visa")
    assert card.status_code == 201
    refused = pay(http, running, 800_01)
    assert (refused.status_code, refused.json()["reason"]) == (409, "OVERPAID")
    assert refused.json()["details"]["balance_cents"] == 800_00
    assert settled(http, card.json()["payment"])["state"] == "succeeded"
    assert pay(http, running, 800_00).status_code == 201
    assert pay(http, running, 1).json()["details"]["balance_cents"] == 0


@pytest.mark.parametrize(
    ("token", "reason"), [("tok_declined", "card_declined"), ("tok_insufficient_funds", "insufficient_funds")]
)
def test_a_declined_card_changes_no_balance_and_may_be_tried_again(group, token, reason):
    running, _ = active(group)
    http = group.http("financial_coordinator")
    payment = settled(http, pay(http, running, 500_00, method="card", token=token).json()["payment"])
    assert (payment["state"], payment["failure_reason"]) == ("failed", reason)
    assert balance(http, running) == 3_800_00
    again = settled(http, pay(http, running, 500_00, method="card", token="tok_visa").json()["payment"])
    assert (again["state"], balance(http, running)) == ("succeeded", 3_300_00)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"amount": usd(0), "method": "cash"}, 422, ""),
        ({"amount": usd(100), "method": "card"}, 422, "TOKEN_REQUIRED"),
        ({"amount": usd(100), "method": "card", "token": "4242424242424242"}, 422, ""),
        ({"amount": usd(100), "method": "shells"}, 422, ""),
        ({"amount": usd(100), "method": "cash", "party_id": str(uuid4())}, 404, "PARTY_NOT_FOUND"),
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(group, http, body, status, reason):
    drawn = draw_up(http, group.patient())
    answer = http.post(f"/v1/contracts/{drawn['id']}/payments", json=body)
    assert answer.status_code in (status, 400), answer.text
    assert reason in answer.text


@pytest.mark.R(5)
def test_a_larger_refund_needs_a_second_person_and_goes_back_to_the_card(group, eventually):
    running, _ = active(group)
    finance, manager = group.http("financial_coordinator"), group.http("practice_manager")
    payment = settled(finance, pay(finance, running, 900_00, method="card", token="tok_visa").json()["payment"])
    path = f"/v1/payments/{payment['id']}/refund"
    body = {"version": payment["version"], "amount": usd(600_00), "reason": "charged by mistake"}
    alone = finance.post(path, json=body)
    assert (alone.status_code, alone.json()["reason"]) == (403, "SECOND_PERSON_REQUIRED")
    assert manager.post(path, json=body | {"version": 99}).status_code == 412
    refunded = manager.post(path, json=body).json()["payment"]
    assert (refunded["state"], refunded["refunded"]) == ("succeeded", usd(600_00))
    eventually(
        lambda: finance.get(f"/v1/payments/{payment['id']}").json()["payment"]["refunds"][0]["state"] == "succeeded"
    )
    assert balance(finance, running) == 3_500_00
    too_much = manager.post(path, json=body | {"version": refunded["version"], "amount": usd(300_01)})
    assert (too_much.status_code, too_much.json()["details"]["refundable_cents"]) == (409, 300_00)
    rest = manager.post(path, json=body | {"version": refunded["version"], "amount": usd(300_00)}).json()["payment"]
    assert rest["state"] == "refunded"


def test_a_returned_check_is_taken_back_by_a_linked_reversal(group):
    running, family = active(group)
    http = group.http("financial_coordinator")
    payment = pay(http, running, 316_66, method="check", reference="1043").json()["payment"]
    body = {"version": payment["version"], "reason": "returned_check"}
    wrong = http.post(f"/v1/payments/{payment['id']}/reverse", json=body | {"reason": "chargeback"})
    assert wrong.json()["reason"] == "REASON_DOES_NOT_FIT"
    reversed_ = http.post(f"/v1/payments/{payment['id']}/reverse", json=body).json()["payment"]
    assert (reversed_["state"], balance(http, running)) == ("reversed", 3_800_00)
    again = http.post(f"/v1/payments/{payment['id']}/reverse", json=body | {"version": reversed_["version"]})
    assert (again.status_code, again.json()["reason"]) == (409, "PAYMENT_NOT_SETTLED")
    page = {"page_size": 2, "account": "patient_receivable"}
    entries = []
    while True:
        answer = http.get(f"/v1/patients/{family.patient_id}/ledger", params=page).json()
        entries += answer["entries"]
        if not answer["next_page_token"]:
            break
        page["page_token"] = answer["next_page_token"]
    paid, back = [e for e in entries if abs(e["amount"]["amount_cents"]) == 316_66]
    assert (back["reversal_of"], back["amount"]["amount_cents"]) == (paid["journal_id"], 316_66)
    assert entries[-1]["running_balance"] == usd(3_800_00)


@pytest.mark.R(5)
def test_what_insurance_does_not_pay_moves_to_the_family_and_may_be_given_up(group):
    running, family = active(group)
    http, path = group.http("financial_coordinator"), f"/v1/contracts/{running['id']}"

    def post(what, **body):
        answer = http.post(f"{path}/{what}", json={"version": contract(http, running)["version"], **body})
        return answer.status_code, answer.json()

    assert post("insurance-payments", amount=usd(600_00), reference="EFT 77")[0] == 201
    status, answer = post("transfers", to_party_id=family.party_id, amount=usd(400_01), reason="lapsed")
    assert (status, answer["reason"], answer["details"]["balance_cents"]) == (409, "ADJUSTMENT_TOO_LARGE", 400_00)
    status, answer = post("transfers", to_party_id=family.party_id, amount=usd(400_00), reason="lapsed")
    assert status == 201
    assert (answer["contract"]["insurance_balance"], answer["contract"]["balance"]) == (usd(0), usd(4_200_00))
    assert len(answer["contract"]["instalments"]) == 13
    status, answer = post("write-offs", party_id=family.party_id, amount=usd(400_00), reason="hardship")
    assert (status, answer["contract"]["balance"]) == (201, usd(3_800_00))
    balances = http.get(f"/v1/patients/{family.patient_id}/balance").json()
    assert (balances["patient_balance"], balances["insurance_balance"]) == (usd(3_800_00), usd(0))
