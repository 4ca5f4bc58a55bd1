"""Insurance through the gateway: from the payer's answer to the claim's file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from archwire.common.v1.address_pb2 import Address
from archwire.common.v1.money_pb2 import Money
from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded
from archwire.directory.v1 import directory_pb2, patients_pb2, staff_pb2

from services.insurance.x12.check_837d import check_837d
from tests import support

SAMPLES = Path(__file__).parent / "samples"
OLD_ANSWER = (SAMPLES / "271-ortho-benefits.edi").read_text()
ANSWER = OLD_ANSWER.replace("*20260115*", f"*{date.today():%Y%m%d}*")
MEMBER = "W123456789"
COMPREHENSIVE = "ortho.comprehensive.adolescent"
CENTS = "amount_cents"


def usd(cents: int) -> dict[str, Any]:
    return {"amount_cents": cents, "currency_code": "USD"}


@pytest.fixture
def http(group: support.Group) -> support.Http:
    return group.http("insurance_coordinator")


@pytest.fixture(scope="module")
def plan(group: support.Group) -> dict[str, Any]:
    """A plan that pays 25 % at banding and the rest monthly, out of its liability."""
    http = group.http("insurance_coordinator")
    payer = {"name": "Test Dental Plan", "payer_code": "12345", "timely_filing_days": 365}
    payer_id = http.post("/v1/payers", json=payer).json()["payer"]["id"]
    rules = {
        "payer_id": payer_id,
        "name": "Test PPO",
        "group_number": "GRP123",
        "payment_model": "auto_pay",
        "base": "liability",
        "cadence": "monthly",
        "initial_share_basis_points": 2500,
        "work_in_progress": "prorated",
        "benefits_assigned": True,
    }
    answer = http.post("/v1/plans", json=rules)
    assert answer.status_code == 201, answer.text
    return answer.json()["plan"]


def add_coverage(http: support.Http, family: support.Family, plan: dict[str, Any], **changes: Any) -> Any:
    body = {
        "patient_id": family.patient_id,
        "plan_id": plan["id"],
        "location_id": family.location_id,
        "relationship": "child",
        "subscriber_party_id": family.party_id,
        "member_id": MEMBER,
        "priority": "primary",
    }
    return http.post("/v1/coverages", json=body | changes)


def cover(http: support.Http, family: support.Family, plan: dict[str, Any]) -> str:
    answer = add_coverage(http, family, plan)
    assert answer.status_code == 201, answer.text
    return answer.json()["coverage"]["id"]


def import_271(http: support.Http, coverage_id: str, x12: str = ANSWER) -> Any:
    return http.post(f"/v1/coverages/{coverage_id}/eligibility", json={"x12": x12})


def benefits_of(http: support.Http, coverage_id: str) -> dict[str, Any]:
    return http.get(f"/v1/coverages/{coverage_id}/benefits").json()


def estimate(http: support.Http, coverage_id: str, **changes: Any) -> Any:
    body = {"total_fee": usd(6000_00), "treatment_months": 24, "start_on": "2026-08-03"}
    return http.post(f"/v1/coverages/{coverage_id}/estimates", json=body | changes)


def reason(answer: Any) -> str:
    return answer.json()["reason"]


# coverages


def test_a_coverage_is_listed_with_its_plan_and_payer(http, group, plan):
    family = group.patient()
    coverage_id = cover(http, family, plan)
    found = http.get("/v1/coverages", params={"patient_id": family.patient_id}).json()["coverages"]
    assert [(c["id"], c["payer_name"], c["plan_name"]) for c in found] == [
        (coverage_id, "Test Dental Plan", "Test PPO")
    ]


def test_a_payer_code_is_used_once(http, plan):
    answer = http.post("/v1/payers", json={"name": "Again", "payer_code": "12345"})
    assert (answer.status_code, reason(answer)) == (409, "PAYER_EXISTS")
    assert [p["id"] for p in http.get("/v1/plans", params={"payer_id": plan["payer_id"]}).json()["plans"]] == [
        plan["id"]
    ]


def test_a_subscriber_is_a_responsible_party_of_the_patient(http, group, plan):
    family = group.patient()
    for wrong in (
        {"subscriber_party_id": group.patient().party_id},
        {"relationship": "self"},
        {"subscriber_party_id": ""},
    ):
        answer = add_coverage(http, family, plan, **wrong)
        assert (answer.status_code, reason(answer)) == (422, "SUBSCRIBER_MISMATCH")


def test_one_running_coverage_per_priority(http, group, plan):
    family = group.patient()
    cover(http, family, plan)
    assert reason(add_coverage(http, family, plan)) == "PRIORITY_TAKEN"
    assert add_coverage(http, family, plan, priority="secondary").status_code == 201
    assert add_coverage(http, family, plan, ends_on="2025-12-31").status_code == 201


def test_a_retried_coverage_is_added_once(http, group, plan):
    family, key = group.patient(), {"Idempotency-Key": str(uuid4())}
    body = {
        "patient_id": family.patient_id,
        "plan_id": plan["id"],
        "location_id": family.location_id,
        "relationship": "child",
        "subscriber_party_id": family.party_id,
        "member_id": MEMBER,
        "priority": "primary",
    }
    ids = {http.post("/v1/coverages", json=body, headers=key).json()["coverage"]["id"] for _ in range(2)}
    assert len(ids) == 1


# eligibility


@pytest.mark.R(3)
def test_an_electronic_answer_becomes_benefits_with_their_provenance(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    answer = import_271(http, coverage_id)
    assert answer.status_code == 201, answer.text
    found = benefits_of(http, coverage_id)
    shown = found["verification"]["benefits"]
    assert shown["covered"] == "yes"
    assert shown["plan_percent_basis_points"] == 5000
    assert (shown["lifetime_maximum"][CENTS], shown["lifetime_remaining"][CENTS]) == (2000_00, 1325_00)
    assert shown["paid_to_date"][CENTS] == 675_00
    assert (shown["waiting_until"], shown["age_text"]) == ("2026-07-01", "DEPENDENT CHILDREN TO AGE 19")
    where = {p["field"]: p["positions"] for p in shown["provenance"]}
    assert where["lifetime_remaining"] == [27]
    row = next(row for row in found["rows"] if row["position"] == 27)
    assert (row["information"], row["period"], row["amount"][CENTS]) == ("F", "33", 1325_00)
    assert len(found["rows"]) == 12
    assert found["usable"] is True
    assert found["verification"]["method"] == "x12"
    assert found["verification"]["verified_by"] == group.staff("insurance_coordinator")


@pytest.mark.R(3)
def test_a_later_answer_never_overwrites_an_earlier_one(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    first = import_271(http, coverage_id).json()["verification"]["id"]
    later = ANSWER.replace("33*1325", "33*1000")
    second = import_271(http, coverage_id, later).json()["verification"]["id"]
    found = benefits_of(http, coverage_id)
    assert found["verification"]["id"] == second != first
    assert found["verification"]["benefits"]["lifetime_remaining"][CENTS] == 1000_00
    import_271(http, coverage_id, OLD_ANSWER)  # an old file that is imported late counts for nothing
    assert benefits_of(http, coverage_id)["verification"]["id"] == second


def test_a_rejection_gives_advice_and_hides_no_earlier_answer(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    rejected = (SAMPLES / "271-aaa-subscriber-not-found.edi").read_text()
    assert import_271(http, coverage_id, rejected).status_code == 201
    assert benefits_of(http, coverage_id)["verification"] is None
    known = import_271(http, coverage_id).json()["verification"]["id"]
    import_271(http, coverage_id, rejected)
    found = benefits_of(http, coverage_id)
    assert found["verification"]["id"] == known
    advice = found["last_attempt"]["benefits"]["rejections"][0]
    assert (advice["reason"], advice["action"]) == ("75", "correct")


@pytest.mark.R(3)
@pytest.mark.parametrize(
    "name",
    [
        "cosyte-271-canonical.edi",
        "cosyte-271-aaa-subscriber.edi",
        "lfh-subscriber-health-benefit-check.271",
        "tigershark-5010-271-example-1.edi",
    ],
)
def test_real_samples_are_imported_and_say_unknown_about_orthodontics(http, group, plan, name):
    x12 = (SAMPLES / name).read_text()
    member = x12.split("NM1*IL" if "NM1*IL" in x12 else "NM1|IL")[1].replace("|", "*").split("*")[8]
    member = member.split("~")[0]
    answer = add_coverage(http, group.patient(), plan, member_id=member)
    imported = import_271(http, answer.json()["coverage"]["id"], x12)
    assert imported.status_code == 201, imported.text
    assert imported.json()["verification"]["benefits"]["covered"] == "unknown"


@pytest.mark.T("T35")
@pytest.mark.parametrize(
    ("x12", "rule"),
    [
        (ANSWER[:700], "SYN_TRUNCATED"),
        (ANSWER.replace("SE*39*0001", "SE*39*0002"), "SET_CONTROL_NUMBER"),
        (ANSWER.replace("ST*271*", "ST*835*"), "STR_NOT_271"),
        ("hello", "ENV_NO_ISA"),
    ],
)
def test_a_malformed_file_is_refused_with_rule_and_place(http, group, plan, x12, rule):
    coverage_id = cover(http, group.patient(), plan)
    answer = import_271(http, coverage_id, x12)
    assert (answer.status_code, reason(answer)) == (422, "MALFORMED_X12")
    problem = answer.json()
    assert rule in answer.text
    assert problem["field"] == "x12"
    assert "DOE" not in answer.text
    assert MEMBER not in answer.text
    assert benefits_of(http, coverage_id)["last_attempt"] is None


def test_an_answer_about_somebody_else_is_refused(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    answer = import_271(http, coverage_id, ANSWER.replace(MEMBER, "W999999999"))
    assert (answer.status_code, reason(answer)) == (422, "MEMBER_MISMATCH")


def test_a_file_over_the_limit_is_refused(http, group, plan):
    answer = import_271(http, cover(http, group.patient(), plan), ANSWER + " " * 262_144)
    assert answer.status_code == 422


@pytest.mark.R(3)
def test_a_call_is_recorded_with_who_answered(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    body = {
        "method": "phone",
        "answered_by": "Robin at the payer",
        "reference": "CALL-7",
        "benefits": {"covered": "yes", "plan_percent_basis_points": 5000, "lifetime_maximum": usd(1500_00)},
    }
    path = f"/v1/coverages/{coverage_id}/verifications"
    assert reason(http.post(path, json=body | {"answered_by": " "})) == "ANSWERED_BY_MISSING"
    assert http.post(path, json=body | {"method": "x12"}).status_code == 422
    assert http.post(path, json=body).status_code == 201
    found = benefits_of(http, coverage_id)["verification"]
    assert (found["method"], found["answered_by"], found["reference"]) == ("phone", "Robin at the payer", "CALL-7")
    assert found["benefits"]["lifetime_remaining"] is None
    assert found["benefits"]["deductible"] is None


# estimates


@pytest.mark.R(4)
def test_an_estimate_is_explained_line_by_line(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    import_271(http, coverage_id)
    answer = estimate(http, coverage_id)
    assert answer.status_code == 201, answer.text
    found = answer.json()["estimate"]
    assert (found["expected"][CENTS], found["family_portion"][CENTS]) == (1325_00, 4675_00)
    assert sum(i["amount"][CENTS] for i in found["instalments"]) == 1325_00
    assert (found["instalments"][0]["due_on"], found["instalments"][1]["due_on"]) == ("2026-08-03", "2026-09-01")
    left = next(line for line in found["lines"] if line["amount"] and line["amount"][CENTS] == 1325_00)
    assert left["source"].endswith("segment 27")
    assert http.get(f"/v1/estimates/{found['id']}").json()["estimate"] == found
    later = estimate(http, coverage_id, treatment_months=18).json()["estimate"]
    of_patient = http.get("/v1/estimates", params={"patient_id": found["patient_id"]}).json()["estimates"]
    assert of_patient == [later, found]


@pytest.mark.R(4)
def test_an_estimate_warns_of_waiting_period_and_age(http, group, plan):
    coverage_id = cover(http, group.patient(age_years=18), plan)
    import_271(http, coverage_id)
    codes = [w["code"] for w in estimate(http, coverage_id, start_on="2026-02-02").json()["estimate"]["warnings"]]
    assert codes == ["WAITING_PERIOD", "AGE_LIMIT"]


@pytest.mark.R(4)
def test_an_old_answer_is_not_usable_and_the_estimate_says_so(http, group, plan):
    answer = add_coverage(http, group.patient(), plan, effective_on="2026-09-01", ends_on="2026-12-31")
    coverage_id = answer.json()["coverage"]["id"]
    import_271(http, coverage_id, OLD_ANSWER.replace("*20260115*", "*20250115*"))
    assert benefits_of(http, coverage_id)["usable"] is False
    warnings = {w["code"]: w["at_risk"] for w in estimate(http, coverage_id).json()["estimate"]["warnings"]}
    assert {"ANSWER_OLD", "COVERAGE_NOT_BEGUN", "COVERAGE_ENDS"} <= set(warnings)
    assert 0 < warnings["COVERAGE_ENDS"][CENTS] < warnings["ANSWER_OLD"][CENTS] == 1325_00


def test_the_day_sees_whose_benefits_are_verified(http, group, plan):
    verified, unverified, old, none = (group.patient() for _ in range(4))
    import_271(http, cover(http, verified, plan))
    cover(http, unverified, plan)
    import_271(http, cover(http, old, plan), OLD_ANSWER)
    ids = [family.patient_id for family in (verified, unverified, old, none)]
    answer = group.http("front_desk").post("/v1/coverages/standing", json={"patient_ids": ids})
    assert answer.status_code == 200, answer.text
    found = {
        one["patient_id"]: (one["coverages"], one["verified"], one["answered_on"]) for one in answer.json()["standings"]
    }
    assert found == {
        verified.patient_id: (1, 1, date.today().isoformat()),
        unverified.patient_id: (1, 0, ""),
        old.patient_id: (1, 0, ""),
    }


@pytest.mark.R(4)
def test_nothing_is_promised_on_what_nobody_knows(http, group, plan):
    coverage_id = cover(http, group.patient(), plan)
    assert reason(estimate(http, coverage_id)) == "BENEFITS_NOT_VERIFIED"
    path = f"/v1/coverages/{coverage_id}/verifications"
    http.post(path, json={"method": "portal", "benefits": {"covered": "yes"}})
    unknown = estimate(http, coverage_id)
    assert (unknown.status_code, reason(unknown)) == (409, "BENEFITS_UNKNOWN")
    assert "lifetime_maximum" in unknown.text
    http.post(path, json={"method": "portal", "benefits": {"covered": "no"}})
    assert reason(estimate(http, coverage_id)) == "NOT_COVERED"


@pytest.mark.parametrize(
    "wrong",
    [
        {"total_fee": usd(0)},
        {"total_fee": None},
        {"treatment_months": 0},
        {"treatment_months": 61},
        {"start_on": "2026-02-30"},
        {"used_elsewhere": usd(-1)},
        {"not_covered_fee": usd(6000_01)},
    ],
)
def test_an_impossible_treatment_is_refused(http, group, plan, wrong):
    coverage_id = cover(http, group.patient(), plan)
    import_271(http, coverage_id)
    assert estimate(http, coverage_id, **wrong).status_code == 422


# scope


@pytest.mark.R(36)
def test_another_group_and_another_location_find_nothing(http, group, platform, plan):
    coverage_id = cover(http, group.patient(), plan)
    import_271(http, coverage_id)
    stranger = support.Group(platform).http("insurance_coordinator")
    elsewhere = group.http("insurance_coordinator", location=group.location_b)
    for who in (stranger, elsewhere):
        answer = import_271(who, coverage_id)
        assert (answer.status_code, reason(answer)) == (404, "COVERAGE_NOT_FOUND")
        assert who.get(f"/v1/coverages/{coverage_id}/benefits").status_code == 404
        assert who.get("/v1/coverages").json()["coverages"] == []
    assert add_coverage(stranger, group.patient(), plan).status_code == 404


@pytest.mark.R(33)
def test_the_front_desk_adds_a_coverage_but_sees_no_benefits_or_claims(group, plan):
    desk = group.http("front_desk")
    coverage_id = cover(desk, group.patient(), plan)
    assert desk.get(f"/v1/coverages/{coverage_id}/benefits").status_code == 403
    assert desk.get("/v1/claims").status_code == 403
    assert group.http("clinical_assistant").get("/v1/coverages").status_code == 403


# claims


@pytest.fixture(scope="module")
def billing(group: support.Group) -> str:
    """Makes location A able to bill; returns the id of a doctor."""
    codes = [{"concept": COMPREHENSIVE, "code": "D9X80"}, {"concept": "ortho.retention", "code": "D9X68"}]
    loaded = group.http("insurance_coordinator").post("/v1/procedure-codes", json={"procedure_codes": codes})
    assert loaded.json() == {"loaded_count": 2}
    entity = group.call(
        "directory",
        "CreateLegalEntity",
        directory_pb2.CreateLegalEntityRequest(
            request_id=str(uuid4()), name="Test Ortho Group PC", tax_id="123456789", npi="1234567893"
        ),
    ).legal_entity
    place = group.call(
        "directory", "GetLocation", directory_pb2.GetLocationRequest(location_id=group.location_a)
    ).location
    group.call(
        "directory",
        "UpdateLocation",
        directory_pb2.UpdateLocationRequest(
            request_id=str(uuid4()),
            location_id=place.id,
            version=place.version,
            name=place.name,
            legal_entity_id=entity.id,
            time_zone=place.time_zone,
            address=Address(lines=["100 Brace St"], city="Boston", state="MA", postal_code="021081234"),
            phone="+16175550100",
            npi="1234567893",
            place_of_service="11",
            active=True,
        ),
    )
    made = group.call(
        "directory",
        "CreateStaff",
        staff_pb2.CreateStaffRequest(
            request_id=str(uuid4()),
            first_name="Alex",
            last_name="Roe",
            email="dr.roe@example.com",
            is_provider=True,
            npi="1987654328",
            initial_password=support.PASSWORD,
            grants=[staff_pb2.Grant(role="orthodontist", location_id=group.location_a)],
        ),
    )
    return made.staff.id


def family_with_address(group: support.Group) -> support.Family:
    home = Address(lines=["12 Elm St"], city="Boston", state="MA", postal_code="02109")
    request = patients_pb2.RegisterPatientRequest(
        request_id=str(uuid4()),
        home_location_id=group.location_a,
        first_name="Sam",
        last_name="Doé",
        birth_date="2012-04-17",
        sex=patients_pb2.SEX_MALE,
        address=home,
        parties=[
            patients_pb2.PartyInput(
                first_name="John",
                last_name="Doé",
                relationship=patients_pb2.RelationshipInput(kind=patients_pb2.RELATIONSHIP_KIND_PARENT, financial=True),
            )
        ],
    )
    made = group.call("directory", "RegisterPatient", request)
    return support.Family(made.patient.id, tuple(p.party.id for p in made.parties), group.location_a)


def activate(group: support.Group, family: support.Family, coverage_id: str, case_id: str = "") -> str:
    """A contract becomes active elsewhere; returns its id."""
    event = ContractActivated(
        contract_id=str(uuid4()),
        case_id=case_id,
        patient_id=family.patient_id,
        location_id=family.location_id,
        total_fee=Money(amount_cents=6000_00),
        treatment_months=24,
        procedure_concept=COMPREHENSIVE,
        coverage_id=coverage_id,
        activated_on=(date.today() - timedelta(days=1)).isoformat(),
        version=1,
    )
    group.platform.publish(event, key=family.patient_id, tenant_id=group.id)
    return event.contract_id


def claims_of(http: support.Http, contract_id: str) -> list[dict[str, Any]]:
    return http.get("/v1/claims", params={"contract_id": contract_id}).json()["claims"]


@pytest.mark.R(15)
def test_an_active_contract_drafts_its_claim_and_what_to_expect(http, group, plan, billing, eventually):
    family = family_with_address(group)
    coverage_id = cover(http, family, plan)
    import_271(http, coverage_id)
    contract_id = activate(group, family, coverage_id)
    (claim,) = eventually(lambda: claims_of(http, contract_id))
    assert (claim["kind"], claim["state"], claim["charge"][CENTS]) == ("initial", "draft", 6000_00)
    assert claim["service_on"] == claim["placement_on"] == (date.today() - timedelta(days=1)).isoformat()
    case = http.get(f"/v1/claims/{claim['id']}").json()["claim_case"]
    assert case["expected"][CENTS] == sum(i["amount"][CENTS] for i in case["instalments"]) == 1325_00
    assert {i["state"] for i in case["instalments"]} == {"expected"}

    review = {"provider_id": billing, "note": "Banding, both arches"}
    path = f"/v1/claims/{claim['id']}/review"
    stale = http.post(path, json=review, headers={"If-Match": '"7"'})
    assert (stale.status_code, reason(stale)) == (412, "STALE_VERSION")
    reviewed = http.post(path, json=review, headers={"If-Match": f'"{claim["version"]}"'})
    assert reviewed.status_code == 200, reviewed.text
    assert reviewed.json()["claim"]["state"] == "validated"
    written = http.get(f"/v1/claims/{claim['id']}/x12").json()["x12"]
    assert check_837d(written.encode()) == []
    for line in (
        f"CLM*{claim['number']}*6000***11:B:1*Y*A*Y*Y~",
        "DN1*24~",
        "SV3*AD:D9X80*6000**00**1~",
        "NM1*QC*1*DOE*SAM~",
        f"NM1*IL*1*DOE*JOHN****MI*{MEMBER}~",
        "SBR*P**GRP123******CI~",
        "NM1*82*1*ROE*ALEX****XX*1987654328~",
        "NTE*ADD*BANDING, BOTH ARCHES~",
    ):
        assert line in written.splitlines()

    assert claim["file_by"] == (date.today() + timedelta(days=364)).isoformat()
    status = f"/v1/claims/{claim['id']}/status"
    wrong = http.post(status, json={"state": "paid"}, headers={"If-Match": '"2"'})
    assert (wrong.status_code, reason(wrong)) == (409, "WRONG_STATE")
    for version, state in enumerate(("submitted", "accepted", "denied", "submitted", "accepted", "paid"), 2):
        body = {"state": state, "payer_claim_number": "PCN9001" if state == "accepted" else ""}
        went = http.post(status, json=body, headers={"If-Match": f'"{version}"'})
        assert went.status_code == 200, went.text
    assert (went.json()["claim"]["state"], went.json()["claim"]["payer_claim_number"]) == ("paid", "PCN9001")
    assert http.get(f"/v1/claims/{claim['id']}").json()["claim_case"]["state"] == "in_payment"

    ended = ContractEnded(contract_id=contract_id, patient_id=family.patient_id, state="ended_early")
    group.platform.publish(ended, key=family.patient_id, tenant_id=group.id)
    eventually(lambda: http.get(f"/v1/claims/{claim['id']}").json()["claim_case"]["state"] == "ended")
    after = http.get(f"/v1/claims/{claim['id']}").json()["claim_case"]["instalments"]
    assert {i["state"] for i in after[1:]} == {"cancelled"}


@pytest.mark.R(15)
def test_a_claim_that_lacks_something_says_what(http, group, plan, eventually):
    family = group.patient(group.location_b)
    coordinator = group.http("insurance_coordinator", location=group.location_b)
    coverage_id = cover(coordinator, family, plan)
    contract_id = activate(group, family, coverage_id)
    (claim,) = eventually(lambda: claims_of(coordinator, contract_id))
    answer = coordinator.get(f"/v1/claims/{claim['id']}/x12")
    assert (answer.status_code, reason(answer)) == (409, "CLAIM_INCOMPLETE")
    for missing in ("provider", "location.legal_entity", "location.address", "patient.address"):
        assert missing in answer.text
    assert coordinator.get(f"/v1/claims/{claim['id']}").json()["claim_case"]["instalments"] == []


@pytest.mark.R(15)
def test_a_contract_heard_twice_has_one_claim(http, group, plan, eventually):
    family = group.patient()
    coverage_id = cover(http, family, plan)
    contract_id = activate(group, family, coverage_id)
    again = ContractActivated(
        contract_id=contract_id,
        patient_id=family.patient_id,
        location_id=family.location_id,
        total_fee=Money(amount_cents=7000_00),
        treatment_months=30,
        coverage_id=coverage_id,
        activated_on=date.today().isoformat(),
        version=2,
    )
    group.platform.publish(again, key=family.patient_id, tenant_id=group.id)
    other = activate(group, family, coverage_id)
    eventually(lambda: claims_of(http, other))
    assert [c["charge"][CENTS] for c in claims_of(http, contract_id)] == [6000_00]


@pytest.mark.R(4)
def test_a_predetermination_asks_first_and_joins_the_contracts_claim_case(http, group, plan, billing, eventually):
    family, case_id = family_with_address(group), str(uuid4())
    coverage_id = cover(http, family, plan)
    body = {
        "case_id": case_id,
        "total_fee": usd(6000_00),
        "treatment_months": 24,
        "procedure_concept": COMPREHENSIVE,
    }
    path = f"/v1/coverages/{coverage_id}/predeterminations"
    asked = http.post(path, json=body)
    assert asked.status_code == 201, asked.text
    claim = asked.json()["claim"]
    assert reason(http.post(path, json=body)) == "PREDETERMINATION_EXISTS"
    review = {"provider_id": billing}
    http.post(f"/v1/claims/{claim['id']}/review", json=review, headers={"If-Match": '"1"'})
    written = http.get(f"/v1/claims/{claim['id']}/x12").json()["x12"]
    assert f"CLM*{claim['number']}*6000***11:B:1*Y*A*Y*Y**********PB~" in written
    assert "DTP*" not in written
    contract_id = activate(group, family, coverage_id, case_id)
    (initial,) = eventually(lambda: claims_of(http, contract_id))
    assert initial["claim_case_id"] == claim["claim_case_id"]
    assert initial["number"][:14] == claim["number"][:14]


# expected payments


@pytest.mark.R(4)
def test_what_did_not_come_is_found(http, group, plan, eventually):
    family = group.patient()
    coverage_id = cover(http, family, plan)
    import_271(http, coverage_id)
    contract_id = activate(group, family, coverage_id)

    def due(**params: Any) -> list[dict[str, Any]]:
        until = {"due_before": date.today().isoformat(), "page_size": 200}
        found = http.get("/v1/expected-instalments", params=until | params).json()["expected_instalments"]
        return [i for i in found if i["contract_id"] == contract_id]

    (first,) = eventually(due)
    assert (first["amount"][CENTS], first["received"], first["patient_id"]) == (331_25, None, family.patient_id)
    path, seen = f"/v1/expected-instalments/{first['id']}/record", {"If-Match": f'"{first["version"]}"'}
    short = http.post(path, json={"received": usd(300_00)}, headers=seen)
    assert short.status_code == 200, short.text
    assert short.json()["expected_instalment"]["state"] == "short"
    assert reason(http.post(path, json={"received": usd(331_25)}, headers=seen)) == "STALE_VERSION"
    assert due() == []
    again = http.post(path, json={"received": usd(0)}, headers={"If-Match": '"2"'})
    assert again.json()["expected_instalment"]["state"] == "missing"
    assert [i["id"] for i in due(state="missing")] == [first["id"]]
