"""Leads, cases, presentations and tasks, through the doors that people use."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from archwire.common.v1.money_pb2 import Money
from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded, ContractSigned, QuoteCreated
from archwire.insurance.v1.events_pb2 import BenefitsVerified
from archwire.scheduling.v1 import events_pb2 as visits

from shared.proto import timestamp


def due(days: int = 7) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).date().isoformat()


def create_lead(http, location_id, **contact):
    contact = {"first_name": "Maria", "last_name": "Lopez", "phone": "(617) 555-0123"} | contact
    answer = http.post("/v1/leads", json={"location_id": location_id, "contact": contact, "source": "web"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def register(http, lead, **changes):
    body = {
        "version": lead["version"],
        "first_name": "Leo",
        "last_name": "Lopez",
        "birth_date": "2013-05-04",
        "parties": [
            {
                "first_name": name,
                "last_name": "Lopez",
                "email": f"{name.lower()}@family.example",
                "relationship": {"kind": "parent", "may_consent": True, "clinical_access": True, "financial": True},
            }
            for name in ("Maria", "Jorge")
        ],
    }
    return http.post(f"/v1/leads/{lead['id']}/register", json=body | changes)


def open_case(group, http):
    """A registered family: the case, its patient and the responsible parties."""
    lead = create_lead(http, group.location_a, phone=f"+1508{uuid4().int % 10**7:07d}")["lead"]
    answer = register(http, lead)
    assert answer.status_code == 201, answer.text
    return answer.json()["case"], answer.json()["party_ids"]


def get_case(http, case):
    answer = http.get(f"/v1/cases/{case['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()["case"]


class Story:
    """Events of other services about one case."""

    def __init__(self, group, http, eventually, case):
        self.group, self.http, self.eventually, self.case = group, http, eventually, case

    def happens(self, event_type, **fields):
        event = event_type(
            case_id=self.case["id"],
            patient_id=self.case["patient_id"],
            location_id=self.group.location_a,
            **fields,
        )
        self.group.publish(event, key=self.case["patient_id"])

    def visit(self, event_type, visit_class, *, days=3, appointment_id="", **fields):
        start = timestamp(dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
        self.happens(
            event_type,
            appointment_id=appointment_id or str(uuid4()),
            visit_class=visit_class,
            start_time=start,
            **fields,
        )

    def until(self, state):
        return self.eventually(lambda: (now := get_case(self.http, self.case))["state"] == state and now)

    def to_recommended(self):
        self.exam_id = str(uuid4())
        self.visit(visits.AppointmentBooked, "exam", appointment_id=self.exam_id)
        now = self.until("exam_scheduled")
        body = {
            "version": now["version"],
            "outcome": "recommended",
            "phase": "comprehensive_child",
            "treatment_months": 20,
        }
        answer = self.group.http("orthodontist").post(f"/v1/cases/{self.case['id']}/recommend", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["case"]

    def to_active(self):
        self.to_recommended()
        fee = Money(amount_cents=5200_00)
        contract = {"contract_id": str(uuid4()), "total_fee": fee, "treatment_months": 20}
        self.happens(ContractSigned, **contract)
        self.until("accepted")
        self.happens(ContractActivated, activated_on="2026-01-15", phase="comprehensive_child", version=1, **contract)
        return self.until("active")

    def tasks(self, kind):
        found = self.http.get("/v1/tasks", params={"case_id": self.case["id"]}).json()["tasks"]
        return [task for task in found if task["kind"] == kind]


@pytest.fixture
def story(group, http, eventually):
    case, party_ids = open_case(group, http)
    told = Story(group, http, eventually, case)
    told.party_ids = party_ids
    return told


# --- leads --------------------------------------------------------------------------------------------------------


@pytest.mark.R(1)
def test_a_new_lead_has_an_owner_and_a_next_step_for_today(group, http):
    lead = create_lead(http, group.location_a)["lead"]
    assert lead["state"] == "new"
    assert lead["owner_id"] == group.staff("treatment_coordinator")
    assert lead["next_step"]
    assert lead["next_step_due"]


def test_a_second_enquiry_of_the_family_is_pointed_out(group, http):
    first = create_lead(http, group.location_a, phone="617.555.7788")["lead"]
    again = create_lead(http, group.location_a, phone="+1 (617) 555-7788")
    assert again["possible_duplicate_ids"] == [first["id"]]
    assert http.get(f"/v1/leads/{first['id']}").json()["possible_duplicate_ids"] == [again["lead"]["id"]]


def test_a_lead_needs_a_way_to_reach_the_family(group, http):
    body = {"location_id": group.location_a, "contact": {"first_name": "Ann"}, "source": "phone"}
    assert http.post("/v1/leads", json=body).status_code == 422


@pytest.mark.R(36)
def test_leads_of_another_location_do_not_exist(group, http):
    lead = create_lead(http, group.location_a)["lead"]
    other = group.http("treatment_coordinator", location=group.location_b)
    assert other.get(f"/v1/leads/{lead['id']}").status_code == 404
    assert other.get("/v1/leads").json()["leads"] == []
    body = {"location_id": group.location_a, "contact": {"first_name": "Ann", "phone": "6175550000"}, "source": "web"}
    assert other.post("/v1/leads", json=body).status_code == 403


def test_a_lead_is_contacted_planned_and_lost_for_a_reason(group, http):
    lead = create_lead(http, group.location_a)["lead"]
    plan = {"owner_id": lead["owner_id"], "next_step": "Call on Friday", "next_step_due": due(), "contacted": True}
    changed = http.patch(f"/v1/leads/{lead['id']}", json=plan | {"version": lead["version"]})
    assert changed.status_code == 200, changed.text
    lead = changed.json()["lead"]
    assert (lead["state"], lead["next_step"], lead["contact"]["first_name"]) == ("contacted", "Call on Friday", "Maria")
    stale = http.post(f"/v1/leads/{lead['id']}/close", json={"version": 1, "reason": "cost"})
    assert stale.status_code == 412
    closed = http.post(f"/v1/leads/{lead['id']}/close", json={"version": lead["version"], "reason": "cost"})
    assert closed.json()["lead"]["state"] == "lost"
    again = register(http, closed.json()["lead"])
    assert (again.status_code, again.json()["reason"]) == (409, "LEAD_NOT_OPEN")


@pytest.mark.R(1)
def test_a_retried_registration_makes_one_patient_and_one_case(group, http):
    lead = create_lead(http, group.location_a)["lead"]
    request_id = str(uuid4())
    one, two = (register(http, lead, request_id=request_id) for _ in range(2))
    assert one.status_code == two.status_code == 201, two.text
    assert one.json() == two.json()
    case = one.json()["case"]
    assert (case["state"], case["next_step"]) == ("lead", "Book the exam")
    assert len(one.json()["party_ids"]) == 2
    assert http.get(f"/v1/patients/{case['patient_id']}").status_code == 200
    assert len(http.get("/v1/cases", params={"patient_id": case["patient_id"]}).json()["cases"]) == 1


# --- cases --------------------------------------------------------------------------------------------------------


@pytest.mark.R(1)
def test_a_case_moves_from_exam_to_retention_by_what_happens(story, http):
    story.to_active()
    story.visit(visits.AppointmentCompleted, "debond", days=0)
    now = story.until("retention")
    assert now["value"]["amount_cents"] == 5200_00
    assert (now["started_on"], now["first_estimated_end"]) == ("2026-01-15", "2027-09-15")
    history = http.get(f"/v1/cases/{now['id']}").json()["transitions"]
    assert [move["to_state"] for move in history] == [
        "lead", "exam_scheduled", "recommended", "accepted", "active", "retention",
    ]  # fmt: skip
    closed = http.post(
        f"/v1/cases/{now['id']}/close", json={"version": now["version"], "outcome": "retention_complete"}
    ).json()["case"]
    assert (closed["state"], closed["next_step"], closed["next_step_due"]) == ("retention_complete", "", "")


@pytest.mark.R(9)
def test_a_later_estimate_does_not_hide_overtime(story, http):
    now = story.to_active()
    story.happens(
        ContractActivated, contract_id=str(uuid4()), activated_on="2026-06-01", treatment_months=40, version=2
    )
    story.visit(visits.AppointmentCompleted, "adjustment", days=0)
    seen = story.eventually(lambda: (case := get_case(http, now))["last_seen_at"] and case)
    assert seen["first_estimated_end"] == now["first_estimated_end"]


@pytest.mark.R(9)
def test_an_active_patient_without_a_next_visit_is_on_the_work_list(story, http):
    now = story.to_active()

    def listed():
        found = http.get("/v1/cases", params={"attention": "no_next_visit", "page_size": 200}).json()["cases"]
        return now["id"] in {case["id"] for case in found}

    assert now["next_visit_at"]  # the exam is still booked
    assert not listed()
    story.visit(visits.AppointmentCompleted, "exam", days=0, appointment_id=story.exam_id)
    story.eventually(listed)
    story.visit(visits.AppointmentBooked, "adjustment")
    story.eventually(lambda: not listed())


@pytest.mark.R(9)
def test_an_exam_that_was_missed_is_to_be_booked_again(story, http):
    appointment = str(uuid4())
    story.visit(visits.AppointmentBooked, "exam", appointment_id=appointment)
    story.until("exam_scheduled")
    story.visit(visits.AppointmentMissed, "exam", appointment_id=appointment)
    story.eventually(lambda: story.tasks("rebook_exam"))
    now = get_case(http, story.case)
    assert (now["misses_in_row"], now["next_visit_at"]) == (1, None)
    story.visit(visits.AppointmentBooked, "exam")
    story.eventually(lambda: not story.tasks("rebook_exam"))


def test_a_miss_that_was_taken_back_never_was(story, http):
    appointment = str(uuid4())
    story.visit(visits.AppointmentBooked, "exam", appointment_id=appointment)
    story.until("exam_scheduled")
    for _ in range(2):  # also the second time
        story.visit(visits.AppointmentMissed, "exam", appointment_id=appointment)
        story.eventually(lambda: story.tasks("rebook_exam"))
        back = {"state": "booked", "previous_state": "no_show"}
        story.visit(visits.AppointmentRestored, "exam", appointment_id=appointment, **back)
        story.eventually(lambda: not story.tasks("rebook_exam"))
    now = get_case(http, story.case)
    assert now["misses_in_row"] == 0
    assert now["next_visit_at"] is not None


@pytest.mark.R(1)
def test_after_the_exam_the_owner_is_asked_to_present_the_options(story):
    appointment = str(uuid4())
    story.visit(visits.AppointmentBooked, "exam", appointment_id=appointment)
    for _ in range(2):  # an event that comes twice makes one task
        story.visit(visits.AppointmentCompleted, "exam", days=0, appointment_id=appointment)
    (task,) = story.eventually(lambda: story.tasks("present_options"))
    assert task["owner_id"] == story.case["owner_id"]


def test_an_event_that_does_not_fit_becomes_a_task_and_changes_nothing(story, http):
    now = story.case
    body = {"version": now["version"], "outcome": "inactive"}
    assert http.post(f"/v1/cases/{now['id']}/close", json=body).status_code == 200
    story.happens(ContractSigned, contract_id=str(uuid4()), total_fee=Money(amount_cents=1))
    story.eventually(lambda: story.tasks("check_case"))
    assert get_case(http, now)["state"] == "inactive"


def test_a_contract_that_is_cancelled_before_the_start_leaves_a_recommendation(story):
    story.to_recommended()
    contract_id = str(uuid4())
    story.happens(ContractSigned, contract_id=contract_id, total_fee=Money(amount_cents=5000_00))
    story.until("accepted")
    story.happens(ContractEnded, contract_id=contract_id, state="cancelled")
    story.until("recommended")


@pytest.mark.R(3)
def test_verified_benefits_unblock_the_case(story, http):
    now = story.to_recommended()
    plan = {
        "version": now["version"],
        "owner_id": now["owner_id"],
        "blocker": "verification",
        "next_step": "Wait for the insurer",
        "next_step_due": due(),
    }
    assert http.patch(f"/v1/cases/{now['id']}", json=plan).status_code == 200
    blocked = http.get("/v1/cases", params={"blocker": "verification"}).json()["cases"]
    assert [case["id"] for case in blocked] == [now["id"]]
    event = BenefitsVerified(patient_id=now["patient_id"], location_id=story.group.location_a)
    story.group.publish(event, key=now["patient_id"])
    story.eventually(lambda: not get_case(http, now)["blocker"])


def test_an_open_case_cannot_be_left_without_a_next_step(story, http):
    plan = {
        "version": story.case["version"],
        "owner_id": story.case["owner_id"],
        "next_step": "",
        "next_step_due": due(),
    }
    assert http.patch(f"/v1/cases/{story.case['id']}", json=plan).status_code == 422
    assert (
        http.patch(f"/v1/cases/{story.case['id']}", json=plan | {"next_step": "x", "owner_id": ""}).status_code == 422
    )


@pytest.mark.T("T11")
def test_what_the_state_does_not_allow_is_refused(story, http):
    case, path = story.case, f"/v1/cases/{story.case['id']}"
    version = {"version": case["version"]}
    doctor = story.group.http("orthodontist")
    refused = [
        http.post(f"{path}/hold", json=version | {"reason": "medical", "review_on": due()}),
        http.post(f"{path}/resume", json=version),
        http.post(f"{path}/reactivate", json=version),
        http.post(f"{path}/close", json=version | {"outcome": "retention_complete"}),
        doctor.post(f"{path}/recommend", json=version | {"outcome": "observation"}),
    ]
    assert [(answer.status_code, answer.json()["reason"]) for answer in refused] == [(409, "ILLEGAL_TRANSITION")] * 5
    assert get_case(http, case) == case | {"next_visit_at": None}


@pytest.mark.R(10)
def test_what_a_state_counts_as_is_said_once(http):
    states = {each["state"]: each for each in http.get("/v1/case-states").json()["states"]}
    assert len(states) == 18
    assert {name for name, state in states.items() if state["active"]} == {"active"}
    assert not states["medically_paused"]["autopay"]


def test_a_pause_returns_to_where_it_was(story, http):
    now = story.to_active()
    path = f"/v1/cases/{now['id']}"
    held = http.post(f"{path}/hold", json={"version": now["version"], "reason": "medical", "review_on": due(30)})
    held = held.json()["case"]
    assert (held["state"], held["held_from"], held["next_step_due"]) == ("medically_paused", "active", due(30))
    resumed = http.post(f"{path}/resume", json={"version": held["version"]}).json()["case"]
    assert (resumed["state"], resumed["held_from"], resumed["phase"]) == ("active", None, "comprehensive_child")


def test_an_outcome_is_a_doctors_even_when_a_coordinator_writes_it_down(story, http):
    story.visit(visits.AppointmentBooked, "exam")
    now, path = story.until("exam_scheduled"), f"/v1/cases/{story.case['id']}/recommend"
    body = {"version": now["version"], "outcome": "observation"}
    assert story.group.http("front_desk").post(path, json=body).status_code == 403
    assert http.post(path, json=body).json()["reason"] == "PROVIDER_REQUIRED"
    assistant = story.group.staff("clinical_assistant")
    assert http.post(path, json=body | {"provider_id": assistant}).json()["reason"] == "NOT_A_PROVIDER"
    doctor = story.group.staff("orthodontist")
    told = http.post(path, json=body | {"provider_id": doctor})
    assert told.status_code == 200, told.text
    assert (told.json()["case"]["stage"], told.json()["consult"]["provider_id"]) == ("observation", doctor)


def test_a_recommendation_is_given_up_only_with_a_reason(story, http):
    now = story.to_recommended()
    body = {"version": now["version"], "outcome": "inactive"}
    refused = http.post(f"/v1/cases/{now['id']}/close", json=body)
    assert (refused.status_code, refused.json()["reason"]) == (422, "REASON_REQUIRED")
    closed = http.post(f"/v1/cases/{now['id']}/close", json=body | {"reason_not_started": "cost"})
    assert closed.json()["case"]["reason_not_started"] == "cost"


def test_a_patient_has_one_open_case(story, http, group):
    body = {"patient_id": story.case["patient_id"], "location_id": group.location_a}
    answer = http.post("/v1/cases", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (409, "CASE_ALREADY_OPEN")
    assert http.post("/v1/cases", json=body | {"patient_id": group.patient().patient_id}).status_code == 201


# --- presentations ------------------------------------------------------------------------------------------------


def create_presentation(http, case, quotes=2):
    options = [
        {"quote_id": str(uuid4()), "title": f"Option {n}", "recommended": n == 0, "consent_kind": "comprehensive"}
        for n in range(quotes)
    ]
    body = {"case_id": case["id"], "title": "Your smile", "message": "As we said.", "options": options}
    answer = http.post("/v1/presentations", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["presentation"]


def share(http, presentation, party_id):
    body = {"version": presentation["version"], "party_id": party_id}
    return http.post(f"/v1/presentations/{presentation['id']}/share", json=body)


@pytest.mark.R(2)
def test_a_family_opens_and_chooses_by_private_link(story, http, group):
    case = story.to_recommended()
    story.happens(QuoteCreated, quote_id=str(uuid4()), total_fee=Money(amount_cents=4800_00))
    shared = share(http, create_presentation(http, case), story.party_ids[0])
    assert shared.status_code == 200, shared.text
    token = shared.json()["url_path"].split("/")[2]
    family = group.by_link(token)
    seen = family.get("/v1/shared/presentation")
    assert seen.status_code == 200, seen.text
    presentation = seen.json()["presentation"]
    assert [option["title"] for option in presentation["options"]] == ["Option 0", "Option 1"]
    for _ in range(2):
        family.post("/v1/shared/presentation/open", json={})
    chosen = family.post("/v1/shared/presentation/choose", json={"option_id": presentation["options"][1]["id"]})
    assert chosen.status_code == 200, chosen.text
    now = http.get(f"/v1/presentations/{presentation['id']}").json()["presentation"]
    assert now["state"] == "chosen"
    assert now["chosen_party_id"] == story.party_ids[0]
    assert now["chosen_option_id"] == presentation["options"][1]["id"]
    assert now["shares"][0]["open_count"] == 2
    assert get_case(http, case)["next_step"] == "Get the agreement signed"
    again = family.post("/v1/shared/presentation/choose", json={"option_id": presentation["options"][0]["id"]})
    assert (again.status_code, again.json()["reason"]) == (409, "PRESENTATION_NOT_OPEN")
    assert family.get("/v1/cases").status_code == 403


@pytest.mark.R(2)
def test_each_parent_has_a_link_and_sees_only_the_own_share(story, http, group):
    case = story.to_recommended()
    presentation = share(http, create_presentation(http, case), story.party_ids[0]).json()["presentation"]
    second = share(http, presentation, story.party_ids[1]).json()
    assert {party["party_id"] for party in second["presentation"]["shares"]} == set(story.party_ids)
    family = group.by_link(second["url_path"].split("/")[2])
    seen = family.get("/v1/shared/presentation").json()["presentation"]
    assert [party["party_id"] for party in seen["shares"]] == [story.party_ids[1]]


@pytest.mark.R(2)
def test_when_both_parents_choose_at_once_one_choice_holds(story, http, group):
    presentation = create_presentation(http, story.to_recommended())
    families = []
    for party_id in story.party_ids:
        shared = share(http, presentation, party_id).json()
        presentation = shared["presentation"]
        families.append(group.by_link(shared["url_path"].split("/")[2]))

    def choose(number):
        body = {"option_id": presentation["options"][number]["id"]}
        return families[number].post("/v1/shared/presentation/choose", json=body).status_code

    with ThreadPoolExecutor() as at_once:
        statuses = list(at_once.map(choose, range(2)))
    assert sorted(statuses) == [200, 409]
    now = http.get(f"/v1/presentations/{presentation['id']}").json()["presentation"]
    assert now["chosen_party_id"] == story.party_ids[statuses.index(200)]


@pytest.mark.R(19)
def test_a_presentation_goes_to_nobody_but_the_responsible(story, http, group):
    case = story.to_recommended()
    stranger = group.patient().party_id
    answer = share(http, create_presentation(http, case), stranger)
    assert (answer.status_code, answer.json()["reason"]) == (422, "NOT_RESPONSIBLE")


def test_an_option_of_another_presentation_cannot_be_chosen(story, http):
    case = story.to_recommended()
    presentation, other = create_presentation(http, case), create_presentation(http, case)
    body = {
        "version": presentation["version"],
        "party_id": story.party_ids[0],
        "option_id": other["options"][0]["id"],
    }
    answer = http.post(f"/v1/presentations/{presentation['id']}/choose", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (422, "UNKNOWN_OPTION")
    body["option_id"] = presentation["options"][0]["id"]
    assert http.post(f"/v1/presentations/{presentation['id']}/choose", json=body).status_code == 200


def test_a_withdrawn_presentation_can_no_longer_be_chosen(story, http, group):
    case = story.to_recommended()
    shared = share(http, create_presentation(http, case), story.party_ids[0]).json()
    presentation = shared["presentation"]
    body = {"version": presentation["version"]}
    assert http.post(f"/v1/presentations/{presentation['id']}/withdraw", json=body).status_code == 200
    family = group.by_link(shared["url_path"].split("/")[2])
    assert family.get("/v1/shared/presentation").json()["presentation"]["state"] == "withdrawn"
    answer = family.post("/v1/shared/presentation/choose", json={"option_id": presentation["options"][0]["id"]})
    assert answer.status_code == 409
    assert get_case(http, case)["next_step"] == "Present the options"


def test_a_presentation_recommends_one_option_at_most(story, http):
    options = [
        {"quote_id": str(uuid4()), "title": "x", "recommended": True, "consent_kind": "limited"} for _ in range(2)
    ]
    body = {"case_id": story.case["id"], "title": "Your smile", "options": options}
    assert http.post("/v1/presentations", json=body).status_code == 422


# --- follow-ups and tasks -----------------------------------------------------------------------------------------


@pytest.mark.R(1)
@pytest.mark.R(13)
def test_after_a_presentation_the_plan_of_follow_ups_leads_the_case(story, http):
    case = story.to_recommended()
    share(http, create_presentation(http, case), story.party_ids[0])
    planned = http.get("/v1/follow-ups", params={"case_id": case["id"], "state": "planned"}).json()["follow_ups"]
    assert len(planned) == 5
    assert get_case(http, case)["next_step"] == planned[0]["title"]
    touch = {"case_id": case["id"], "channel": "call", "outcome": "no_answer", "note": "Voicemail."}
    logged = http.post("/v1/follow-ups", json=touch)
    assert logged.status_code == 201, logged.text
    assert logged.json()["follow_up"]["id"] == planned[0]["id"]
    assert logged.json()["case"]["next_step"] == planned[1]["title"]
    http.post("/v1/follow-ups", json=touch | {"outcome": "declined", "reason_not_started": "second_opinion"})
    left = http.get("/v1/follow-ups", params={"case_id": case["id"]}).json()["follow_ups"]
    assert [touched["state"] for touched in left] == ["done", "done", "canceled", "canceled", "canceled"]
    now = get_case(http, case)
    assert (now["reason_not_started"], now["next_step"]) == ("second_opinion", "Close the case or set a date")


@pytest.mark.R(1)
def test_tasks_come_by_value_and_age(story, http):
    def task(title, cents):
        body = {"kind": "call", "title": title, "due_on": due(1), "case_id": story.case["id"]}
        answer = http.post("/v1/tasks", json=body | {"value": {"amount_cents": cents, "currency_code": "USD"}})
        assert answer.status_code == 201, answer.text

    for title, cents in (("small", 200_00), ("large", 6000_00), ("middle", 3000_00)):
        task(title, cents)
    mine = {"case_id": story.case["id"], "page_size": 2}
    first = http.get("/v1/tasks", params=mine).json()
    rest = http.get("/v1/tasks", params=mine | {"page_token": first["next_page_token"]}).json()
    assert [each["title"] for each in first["tasks"] + rest["tasks"]] == ["large", "middle", "small"]
    assert rest["next_page_token"] == ""


def test_a_snoozed_task_opens_again_by_itself(story, http, eventually):
    body = {"kind": "call", "title": "Call", "due_on": due(1), "case_id": story.case["id"]}
    task = http.post("/v1/tasks", json=body).json()["task"]
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)).isoformat()
    path = f"/v1/tasks/{task['id']}"
    snoozed = http.post(f"{path}/snooze", json={"version": task["version"], "until": soon})
    assert snoozed.status_code == 200, snoozed.text
    assert snoozed.json()["task"]["state"] == "snoozed"
    (opened,) = eventually(lambda: http.get("/v1/tasks", params={"case_id": story.case["id"]}).json()["tasks"])
    done = http.post(f"{path}/complete", json={"version": opened["version"]}).json()["task"]
    assert done["state"] == "done"
    again = http.post(f"{path}/complete", json={"version": done["version"]})
    assert (again.status_code, again.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    assert http.post(f"{path}/reopen", json={"version": done["version"]}).json()["task"]["state"] == "open"


def test_a_task_cannot_be_put_away_into_the_past(story, http):
    body = {"kind": "call", "title": "Call", "due_on": due(1), "case_id": story.case["id"]}
    task = http.post("/v1/tasks", json=body).json()["task"]
    past = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).isoformat()
    answer = http.post(f"/v1/tasks/{task['id']}/snooze", json={"version": task["version"], "until": past})
    assert (answer.status_code, answer.json()["reason"]) == (422, "BAD_SNOOZE")


@pytest.mark.R(36)
def test_cases_and_tasks_of_another_location_do_not_exist(story, group):
    other = group.http("treatment_coordinator", location=group.location_b)
    assert other.get(f"/v1/cases/{story.case['id']}").status_code == 404
    assert other.get("/v1/cases").json()["cases"] == []
    body = {"kind": "call", "title": "x", "due_on": due(), "case_id": story.case["id"]}
    assert other.post("/v1/tasks", json=body).status_code == 404
