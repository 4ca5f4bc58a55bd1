"""Quotes and contracts through HTTP: what a coordinator, a family and a manager do with them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from archwire.coordination.v1.events_pb2 import CaseStateChanged, PresentationOptionChosen
from archwire.insurance.v1.events_pb2 import EstimateCreated
from archwire.scheduling.v1.events_pb2 import AppointmentCompleted

from services.contracts.tests.desk import active, announce, contract, draw_up, pay, quote, settled, signed, usd


def amounts(instalments):
    return [line["amount"]["amount_cents"] for line in instalments]


@pytest.mark.R(2)
def test_a_quote_shows_both_sides_of_the_fee(http, group):
    offered = quote(http, group.patient())
    (party,) = offered["parties"]
    assert offered["total_fee"] == usd(5_800_00)
    assert offered["patient_portion"] == usd(4_800_00)
    assert (party["financed"], party["instalment"], party["last_instalment"]) == (
        usd(3_800_00),
        usd(316_66),
        usd(316_74),
    )
    assert (offered["claim_side"]["charge"], offered["claim_side"]["initial"]) == (usd(6_000_00), usd(1_500_00))
    assert offered["disclosure"]["required"]


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"treatment_fee": usd(0)}, 422, "INVALID"),
        ({"treatment_fee": None, "procedure_concept": "ortho.none"}, 422, "FEE_UNKNOWN"),
        ({"expected_insurance": usd(9_000_00)}, 422, "INSURANCE_TOO_LARGE"),
        ({"treatment_fee": {"amount_cents": 100, "currency_code": "EUR"}}, 422, "CURRENCY_UNKNOWN"),
        ({"estimate_id": str(uuid4())}, 404, "ESTIMATE_NOT_FOUND"),
        ({"parties": [{"party_id": str(uuid4()), "basis_points": 9_999}]}, 422, "SHARES_INCOMPLETE"),
    ],
)
def test_a_quote_that_does_not_add_up_is_refused(http, group, changes, status, reason):
    family = group.patient()
    body = {
        "patient_id": family.patient_id,
        "location_id": family.location_id,
        "procedure_concept": "ortho.limited",
        "treatment_months": 12,
        "treatment_fee": usd(3_000_00),
    }
    answer = http.post("/v1/quotes", json={k: v for k, v in (body | changes).items() if v is not None})
    assert answer.status_code == status, answer.text
    assert answer.json()["reason"].startswith(reason)


def test_a_fee_comes_from_the_schedule_of_the_location_before_the_groups(http, group):
    owner, concept = group.http("owner"), f"ortho.{uuid4().hex[:8]}"
    for location, cents in (("", 5_000_00), (group.location_a, 5_500_00)):
        body = {"procedure_concept": concept, "location_id": location, "fee": usd(cents), "effective_on": "2026-01-01"}
        assert owner.post("/v1/fees", json=body).status_code == 201
    manager, body = group.http("practice_manager"), body | {"effective_on": "2026-02-01"}
    for location, status in ((group.location_a, 201), (group.location_b, 403), ("", 403)):
        assert manager.post("/v1/fees", json=body | {"location_id": location}).status_code == status
    offered = quote(http, group.patient(), treatment_fee=None, procedure_concept=concept)
    assert offered["treatment_fee"] == usd(5_500_00)
    assert (
        len(
            [
                f
                for f in http.get("/v1/fees", params={"location_id": group.location_a}).json()["fees"]
                if f["procedure_concept"] == concept
            ]
        )
        == 2
    )


def test_an_estimate_of_insurance_fills_the_quote(http, group, eventually):
    family, estimate, coverage = group.patient(), str(uuid4()), str(uuid4())
    event = EstimateCreated(
        estimate_id=estimate, coverage_id=coverage, patient_id=family.patient_id, location_id=family.location_id
    )
    event.expected.amount_cents = 1_500_00
    announce(group, "insurance", event, key=family.patient_id)
    body = {
        "patient_id": family.patient_id,
        "location_id": family.location_id,
        "procedure_concept": "ortho.limited",
        "treatment_months": 12,
        "treatment_fee": usd(3_000_00),
        "estimate_id": estimate,
        "instalment_count": 10,
    }
    answer = eventually(lambda: a if (a := http.post("/v1/quotes", json=body)).status_code == 201 else None)
    assert answer.json()["quote"]["insurance_portion"] == usd(1_500_00)
    assert answer.json()["quote"]["coverage_id"] == coverage


@pytest.mark.R(5)
@pytest.mark.R(2)
def test_a_family_chooses_signs_and_pays_by_link_and_the_contract_starts(http, group, eventually):
    family = group.patient()
    offers = [quote(http, family, title=title) for title in ("12 months", "24 months")]
    case_id = offers[0]["case_id"]
    offers[1] = quote(http, family, case_id=case_id, instalment_count=24)
    presentation = str(uuid4())
    link = group.link("presentation", case_id=case_id, patient_id=family.patient_id, party_id=family.party_id)
    assert len(link.get("/v1/shared/quotes").json()["quotes"]) == 2

    for offer in offers:  # the family changes its mind: the first contract gives way
        chosen = PresentationOptionChosen(
            presentation_id=presentation,
            case_id=case_id,
            patient_id=family.patient_id,
            location_id=family.location_id,
            quote_id=offer["id"],
            party_id=family.party_id,
        )
        announce(group, "coordination", chosen, key=family.patient_id)
    found = lambda: http.get("/v1/contracts", params={"case_id": case_id}).json()["contracts"]  # noqa: E731
    eventually(lambda: [c["state"] for c in found()] == ["proposed", "canceled"])
    drawn = link.get("/v1/shared/contract").json()["contract"]
    assert (drawn["instalment_count"], len(drawn["instalments"])) == (24, 24)

    signed(group, drawn, family.party_id)
    eventually(lambda: contract(http, drawn)["state"] == "accepted")
    answer = link.post("/v1/shared/down-payment", json={"token": "tok_processing_error"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["payment"]["state"] == "pending"
    again = link.post("/v1/shared/down-payment", json={"token": "tok_visa"})
    assert (again.status_code, again.json()["reason"]) == (409, "OVERPAID")
    payment = settled(http, answer.json()["payment"])
    assert (payment["state"], payment["kind"], payment["amount"]) == ("succeeded", "down_payment", usd(1_000_00))
    assert [attempt["outcome"] for attempt in payment["attempts"]] == ["started", "succeeded"]

    running = contract(http, drawn)
    assert (running["state"], running["balance"], running["insurance_balance"]) == (
        "active",
        usd(3_800_00),
        usd(1_000_00),
    )
    assert amounts(running["instalments"]) == [158_33] * 23 + [158_41]
    entries = http.get(f"/v1/patients/{family.patient_id}/ledger").json()["entries"]
    family_side = [e["running_balance"]["amount_cents"] for e in entries if e["account"] == "patient_receivable"]
    assert family_side == [-1_000_00, 3_800_00]
    assert sum(e["amount"]["amount_cents"] for e in entries) == 0
    balance = http.get(f"/v1/patients/{family.patient_id}/balance").json()
    assert (balance["patient_balance"], balance["insurance_balance"]) == (usd(3_800_00), usd(1_000_00))
    assert balance["parties"][0]["next_due"] == usd(158_33)


@pytest.mark.R(5)
def test_a_split_family_sees_only_its_own_share(http, group, eventually):
    family = group.patient(parties=2)
    mother, father = family.party_ids
    parties = [
        {"party_id": mother, "basis_points": 6_000, "draft_day": 5},
        {"party_id": father, "basis_points": 4_000, "draft_day": 19},
    ]
    drawn = draw_up(http, family, parties=parties)
    assert [p["portion"] for p in drawn["parties"]] == [usd(2_880_00), usd(1_920_00)]
    links = {
        party: group.link("presentation", case_id=drawn["case_id"], patient_id=family.patient_id, party_id=party)
        for party in family.party_ids
    }
    for party, link in links.items():
        seen = link.get("/v1/shared/contract").json()["contract"]
        assert {p["party_id"] for p in seen["parties"]} == {i["party_id"] for i in seen["instalments"]} == {party}
        (offered,) = link.get("/v1/shared/quotes").json()["quotes"]
        assert [p["party_id"] for p in offered["parties"]] == [party]
        signed(group, drawn, party)
    eventually(lambda: contract(http, drawn)["state"] == "accepted")
    payment = links[mother].post("/v1/shared/down-payment", json={"token": "tok_visa"}).json()["payment"]
    assert payment["amount"] == usd(600_00)
    assert settled(http, payment)["state"] == "succeeded"
    assert links[mother].get(f"/v1/shared/payments/{payment['id']}").status_code == 200
    assert links[father].get(f"/v1/shared/payments/{payment['id']}").status_code == 404
    assert links[father].get("/v1/shared/contract").json()["contract"]["paid"] == usd(0)
    assert contract(http, drawn)["state"] == "accepted"  # the other share is not paid yet
    assert pay(http, drawn, 400_00, party_id=father).status_code == 201
    assert contract(http, drawn)["state"] == "active"


def test_a_contract_that_waits_for_placement_starts_with_the_start_visit(http, group, eventually):
    family = group.patient()
    drawn = draw_up(http, family, activation="placement")
    signed(group, drawn, family.party_id)
    eventually(lambda: contract(http, drawn)["state"] == "accepted")
    assert pay(http, drawn, 1_000_00).status_code == 201
    assert contract(http, drawn)["state"] == "pending"
    visit = AppointmentCompleted(
        appointment_id=str(uuid4()),
        patient_id=family.patient_id,
        location_id=family.location_id,
        case_id=drawn["case_id"],
        visit_class="start",
    )
    announce(group, "scheduling", visit, key=family.patient_id)
    eventually(lambda: contract(http, drawn)["state"] == "active")


def test_a_contract_nobody_has_paid_for_can_be_withdrawn(http, group):
    drawn = draw_up(http, group.patient())
    assert pay(http, drawn, 50_00).status_code == 201
    now = contract(http, drawn)
    refused = http.post(f"/v1/contracts/{drawn['id']}/cancel", json={"version": now["version"]})
    assert (refused.status_code, refused.json()["reason"]) == (409, "PAYMENTS_TO_RETURN")
    other = draw_up(http, group.patient())
    assert http.post(f"/v1/contracts/{other['id']}/cancel", json={"version": 7}).status_code == 412
    gone = http.post(f"/v1/contracts/{other['id']}/cancel", json={"version": other["version"]})
    assert gone.json()["contract"]["state"] == "canceled"
    assert pay(http, other, 50_00).json()["reason"] == "CONTRACT_NOT_OPEN"


@pytest.mark.R(5)
def test_an_amendment_that_asks_more_waits_for_the_signature(group, eventually):
    running, family = active(group)
    http = group.http("financial_coordinator")
    change = {
        "version": running["version"],
        "insurance_portion": usd(400_00),
        "instalment_count": 10,
        "reason": "benefits lapsed",
    }
    amended = http.post(f"/v1/contracts/{running['id']}/amend", json=change).json()["contract"]
    assert [v["state"] for v in amended["versions"]] == ["applied", "proposed"]
    assert (amended["patient_portion"], amended["balance"]) == (usd(4_800_00), usd(3_800_00))
    twice = http.post(f"/v1/contracts/{running['id']}/amend", json=change | {"version": amended["version"]})
    assert twice.json()["reason"] == "AMENDMENT_OPEN"
    signed(group, running, family.party_id)
    now = eventually(lambda: c if (c := contract(http, running))["version_number"] == 2 else None)
    assert (now["patient_portion"], now["balance"], now["insurance_balance"]) == (
        usd(5_400_00),
        usd(4_400_00),
        usd(400_00),
    )
    assert amounts(now["instalments"]) == [440_00] * 10
    assert [v["state"] for v in now["versions"]] == ["applied", "applied"]


def test_an_amendment_that_asks_less_applies_at_once_but_never_below_what_is_paid(group):
    running, _ = active(group)
    http = group.http("financial_coordinator")
    change = {"version": running["version"], "total_fee": usd(1_500_00), "instalment_count": 10, "reason": "shorter"}
    refused = http.post(f"/v1/contracts/{running['id']}/amend", json=change)
    assert (refused.status_code, refused.json()["reason"]) == (422, "BELOW_PAID")
    amended = http.post(f"/v1/contracts/{running['id']}/amend", json=change | {"total_fee": usd(5_000_00)}).json()[
        "contract"
    ]
    assert (amended["version_number"], amended["balance"]) == (2, usd(3_000_00))
    assert amounts(amended["instalments"]) == [300_00] * 10


@pytest.mark.R(5)
def test_a_settlement_needs_two_persons_and_shows_every_line(group):
    figures = {
        "treatment_fee": usd(6_000_00),
        "discounts": [],
        "expected_insurance": usd(0),
        "down_payment": usd(4_100_00),
    }
    running, family = active(group, **figures)
    finance, manager = group.http("financial_coordinator"), group.http("practice_manager")
    body = {
        "version": running["version"],
        "policy": "front_loaded",
        "end_on": "2026-11-30",
        "months_done": 9,
        "reason": "the family moves away",
    }
    settlement = finance.post(f"/v1/contracts/{running['id']}/end", json=body).json()["settlement"]
    assert (settlement["earned"], settlement["refund_due"], settlement["balance_due"]) == (
        usd(3_750_00),
        usd(350_00),
        usd(0),
    )
    assert {line["code"]: line["amount"]["amount_cents"] for line in settlement["lines"]} == {
        "fee": 6_000_00,
        "earned_placement": 1_500_00,
        "earned_treatment": 2_250_00,
        "earned_removal": 0,
        "earned": 3_750_00,
        "written_off": 0,
        "paid_insurance": 0,
        "paid_family": -4_100_00,
        "due": -350_00,
    }
    approve = f"/v1/settlements/{settlement['id']}/approve"
    alone = finance.post(approve, json={"version": settlement["version"]})
    assert (alone.status_code, alone.json()["reason"]) == (403, "SECOND_PERSON_REQUIRED")
    assert manager.post(approve, json={"version": settlement["version"]}).json()["settlement"]["state"] == "applied"
    ended = contract(finance, running)
    assert (ended["state"], ended["ended_on"], ended["balance"]) == ("ended_early", "2026-11-30", usd(-350_00))
    again = manager.post(approve, json={"version": settlement["version"] + 1})
    assert (again.status_code, again.json()["reason"]) == (409, "SETTLEMENT_NOT_OPEN")
    paid = finance.get("/v1/payments", params={"contract_id": running["id"]}).json()["payments"][0]
    refund = {"version": paid["version"], "amount": usd(350_00), "reason": "settlement"}
    assert finance.post(f"/v1/payments/{paid['id']}/refund", json=refund).status_code == 201
    assert finance.get(f"/v1/patients/{family.patient_id}/balance").json()["patient_balance"] == usd(0)


def test_a_settlement_is_computed_anew_when_money_moved(group):
    running, _ = active(group)
    finance, manager = group.http("financial_coordinator"), group.http("practice_manager")
    body = {
        "version": running["version"],
        "policy": "even",
        "end_on": "2026-11-30",
        "months_done": 2,
        "reason": "stops",
    }
    settlement = finance.post(f"/v1/contracts/{running['id']}/end", json=body).json()["settlement"]
    assert pay(finance, running, 100_00).status_code == 201
    refused = manager.post(f"/v1/settlements/{settlement['id']}/approve", json={"version": settlement["version"]})
    assert (refused.status_code, refused.json()["reason"]) == (409, "SETTLEMENT_OUTDATED")
    assert (
        manager.post(f"/v1/settlements/{settlement['id']}/reject", json={"version": settlement["version"]}).status_code
        == 200
    )
    again = body | {"version": contract(finance, running)["version"]}
    assert finance.post(f"/v1/contracts/{running['id']}/end", json=again).status_code == 201


def test_a_contract_completes_when_treatment_is_over_and_all_is_paid(group, eventually):
    running, family = active(group, expected_insurance=usd(0))
    http = group.http("financial_coordinator")
    over = CaseStateChanged(
        case_id=running["case_id"],
        patient_id=family.patient_id,
        location_id=family.location_id,
        from_state="active",
        to_state="retention",
    )
    announce(group, "coordination", over, key=family.patient_id)
    eventually(lambda: contract(http, running)["version"] > running["version"])
    assert contract(http, running)["state"] == "active"  # the family still pays
    assert pay(http, running, running["balance"]["amount_cents"]).status_code == 201
    done = contract(http, running)
    assert (done["state"], done["balance"]) == ("completed", usd(0))


def test_a_contract_that_is_not_paid_ends_as_defaulted(group):
    running, _ = active(group)
    finance, manager = group.http("financial_coordinator"), group.http("practice_manager")
    body = {
        "version": running["version"],
        "policy": "even",
        "end_on": "2026-11-30",
        "months_done": 6,
        "reason": "unpaid",
    }
    settlement = finance.post(f"/v1/contracts/{running['id']}/end", json=body | {"defaulted": True}).json()[
        "settlement"
    ]
    manager.post(f"/v1/settlements/{settlement['id']}/approve", json={"version": settlement["version"]})
    ended = contract(finance, running)
    assert (ended["state"], ended["balance"]["amount_cents"]) == (
        "defaulted",
        settlement["balance_due"]["amount_cents"],
    )


def test_contracts_stay_inside_their_location_and_group(group, http):
    drawn = draw_up(http, group.patient())
    elsewhere = group.http("treatment_coordinator", location=group.location_b)
    assert elsewhere.get(f"/v1/contracts/{drawn['id']}").status_code == 404
    assert elsewhere.get("/v1/contracts", params={"case_id": drawn["case_id"]}).json()["contracts"] == []
    assert pay(elsewhere, drawn, 1_00).status_code == 404
    assert type(group)(group.platform).http("owner").get(f"/v1/contracts/{drawn['id']}").status_code == 404
    for role, path in (
        ("front_desk", f"/v1/patients/{drawn['patient_id']}/ledger"),
        ("clinical_assistant", f"/v1/contracts/{drawn['id']}"),
        ("it_admin", f"/v1/contracts/{drawn['id']}"),
    ):
        assert group.http(role).get(path).status_code == 403
