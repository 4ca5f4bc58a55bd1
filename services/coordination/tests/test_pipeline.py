"""The board: nobody on it is without an owner and a next step, and a card says nothing that has not happened."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from archwire.common.v1.money_pb2 import Money
from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded, ContractSigned, QuoteCreated
from archwire.scheduling.v1 import events_pb2 as visits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.coordination.cases import domain as cases
from services.coordination.pipeline import domain
from services.coordination.tasks import domain as tasks
from services.coordination.tests.test_coordination import Story, create_lead, due, get_case, open_case, register
from shared.errors import Conflict

STATES = st.sampled_from(tuple(cases.STATES))
BLOCKERS = st.sampled_from(("", *cases.BLOCKERS))
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2030, 1, 1))


@st.composite
def cards(draw):
    """A case as the service keeps one: its blocker and its column follow from the facts."""
    state, booked, sent = draw(STATES), draw(st.booleans()), draw(st.booleans())
    prepared = sent or draw(st.booleans())
    blocker = domain.blocker_of(state, draw(BLOCKERS), booked=booked)
    presented = sent or (prepared and draw(st.booleans()))
    stage = domain.stage(state, exam_kept=draw(st.booleans()), presented=presented, blocker=blocker)
    return domain.Card(state, stage, blocker, prepared=prepared, sent=sent, booked=booked)


# --- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.R(1)
@given(STATES, st.sampled_from(("", "Call")), st.none() | DAYS, DAYS)
def test_whatever_a_change_leaves_out_an_open_case_has_a_next_step_and_a_date(state, step, due_on, today):
    next_step, on = cases.planned(state, step, due_on, today)
    assert bool(next_step) or not cases.STATES[state].open
    assert on is not None
    assert (step or next_step, due_on or on) == (next_step, on)  # what was said is kept


@given(
    st.sampled_from(tasks.OUTCOMES),
    st.tuples(st.text(min_size=1), DAYS),
    st.none() | st.tuples(st.text(min_size=1), DAYS),
    DAYS,
    st.booleans(),
)
def test_after_every_touch_something_comes_next(outcome, now, coming, today, planned):
    step, on = tasks.after_touch(outcome, now, coming, today, planned=planned)
    assert step
    assert on > today or (step, on) in (coming, now)


@given(cards(), st.sampled_from(domain.STAGES), BLOCKERS)
def test_a_card_arrives_where_it_was_moved_or_stays_with_a_reason(card, target, blocker):
    try:
        move = domain.move_by_hand(card, target, blocker)
    except Conflict:
        return  # made by domain.refusal, which knows the reasons
    settled = domain.blocker_of(card.state, move.blocker, booked=card.booked)
    kept = card.stage not in ("exam_booked",)
    arrived = domain.stage(card.state, exam_kept=kept, presented=move.presented, blocker=settled)
    stuck = target == "pending" and blocker == domain.BOOKED_BY_VISIT and card.booked  # a booking that exists
    assert arrived == target or stuck


@given(cards(), st.sampled_from(("exam_booked", "started", "observation")), BLOCKERS)
def test_nobody_is_moved_by_hand_to_what_only_facts_bring(card, target, blocker):
    if card.stage != target:
        with pytest.raises(Conflict):
            domain.move_by_hand(card, target, blocker)


@given(STATES, BLOCKERS, st.booleans())
def test_a_signed_case_without_a_visit_waits_for_one(state, blocker, booked):
    settled = domain.blocker_of(state, blocker, booked=booked)
    if state == "accepted" and not booked:
        assert settled
    if booked:
        assert settled != domain.BOOKED_BY_VISIT


@pytest.mark.parametrize(("started", "recommended", "rate"), [(0, 0, 0), (1, 3, 3333), (2, 2, 10_000)])
def test_a_rate_is_in_hundredths_of_a_percent(started, recommended, rate):
    assert domain.rate_basis_points(started, recommended) == rate


def test_a_search_takes_its_own_wildcards_literally():
    assert domain.pattern(" 100%  a_b ") == r"%100\%%a\_b%"


# --- through the door ---------------------------------------------------------------------------------------------


@pytest.fixture
def story(group, http, eventually):
    case, party_ids = open_case(group, http)
    told = Story(group, http, eventually, case)
    told.party_ids = party_ids
    return told


def local_day(days):
    """So many days from today, at location A."""
    return (dt.datetime.now(ZoneInfo("America/New_York")) + dt.timedelta(days=days)).date().isoformat()


def columns(http, **params):
    answer = http.get("/v1/pipeline", params=params)
    assert answer.status_code == 200, answer.text
    return {column["stage"]: column for column in answer.json()["columns"]}


def card_of(http, case, **params):
    found = [
        (stage, card)
        for stage, column in columns(http, page_size=100, **params).items()
        for card in column["cards"]
        if card["case_id"] == case["id"]
    ]
    return found[0] if found else ("", None)


def move(http, case, stage, blocker=None):
    body = {"version": get_case(http, case)["version"], "stage": stage} | ({"blocker": blocker} if blocker else {})
    return http.post(f"/v1/cases/{case['id']}/stage", json=body)


def prepare(http, story):
    option = {"quote_id": str(uuid4()), "title": "Braces", "consent_kind": "comprehensive"}
    answer = http.post("/v1/presentations", json={"case_id": story.case["id"], "title": "Options", "options": [option]})
    assert answer.status_code == 201, answer.text
    return answer.json()["presentation"]


@pytest.mark.R(1)
def test_a_family_goes_over_the_board_by_what_happens(story, http, eventually):
    assert card_of(http, story.case)[0] == "new_lead"
    story.to_recommended()
    stage, card = card_of(http, story.case)
    assert (stage, card["owner_id"], card["source"]) == ("exam_kept", story.case["owner_id"], "web")
    shown = prepare(http, story)
    sent = http.post(
        f"/v1/presentations/{shown['id']}/share", json={"version": shown["version"], "party_id": story.party_ids[0]}
    )
    assert sent.status_code == 200, sent.text
    assert card_of(http, story.case)[0] == "presented"
    logged = http.post(
        "/v1/follow-ups", json={"case_id": story.case["id"], "channel": "call", "outcome": "no_answer"}
    ).json()
    assert logged["case"]["blocker"] == "family"
    assert card_of(http, story.case)[0] == "pending"

    fee = Money(amount_cents=5200_00)
    story.happens(ContractSigned, contract_id=str(uuid4()), total_fee=fee, treatment_months=20)
    story.until("accepted")
    # The exam is still booked in this story: it is over now.
    story.visit(visits.AppointmentCompleted, "exam", days=-1, appointment_id=story.exam_id)
    story.visit(visits.AppointmentCanceled, "exam", appointment_id=story.exam_id)
    eventually(lambda: card_of(http, story.case)[1]["blocker"] == "scheduling")
    assert card_of(http, story.case)[0] == "pending"
    refused = move(http, story.case, "start_booked")
    assert (refused.status_code, refused.json()["reason"]) == (409, "START_NOT_BOOKED")
    story.visit(visits.AppointmentBooked, "bonding", days=9)
    eventually(lambda: card_of(http, story.case)[0] == "start_booked")
    assert card_of(http, story.case)[1]["next_step_due"] == local_day(9)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    story.happens(
        ContractActivated, contract_id=str(uuid4()), total_fee=fee, treatment_months=20, activated_on=today, version=1
    )
    eventually(lambda: card_of(http, story.case)[0] == "started")
    assert card_of(http, story.case)[1]["value"]["amount_cents"] == 5200_00


@pytest.mark.T("T11")
def test_a_card_is_not_moved_ahead_of_the_facts(story, http):
    def reason(stage):
        answer = move(http, story.case, stage)
        assert answer.status_code == 409, answer.text
        return answer.json()["reason"]

    assert reason("exam_booked") == "EXAM_NOT_BOOKED"
    assert reason("presented") == "EXAM_NOT_BOOKED"
    assert reason("observation") == "DOCTOR_DECIDES"
    story.to_recommended()
    assert reason("pending") == "PRESENTATION_MISSING"
    assert reason("started") == "PRESENTATION_MISSING"
    assert reason("new_lead") == "STAGE_PASSED"
    prepare(http, story)
    assert reason("start_booked") == "AGREEMENT_NOT_SIGNED"


def test_a_move_by_hand_is_kept_in_the_history_and_can_be_taken_back(story, http):
    story.to_recommended()
    prepare(http, story)
    moved = move(http, story.case, "pending", "financing").json()["case"]
    assert (moved["stage"], moved["blocker"]) == ("pending", "financing")
    assert moved["next_step"] == tasks.FOLLOW_UP_PLAN[0].title
    assert move(http, story.case, "presented").json()["case"]["blocker"] is None
    back = move(http, story.case, "exam_kept", "records").json()["case"]
    assert (back["stage"], back["blocker"], back["presented_at"]) == ("exam_kept", "records", None)
    assert back["next_step"] == "Present the options"
    history = http.get(f"/v1/cases/{story.case['id']}").json()["transitions"]
    assert [(line["trigger"], line["reason"]) for line in history[-5:]] == [
        ("blocker", "financing"), ("presented", ""), ("blocker", ""), ("blocker", "records"),
        ("presentation_taken_back", ""),
    ]  # fmt: skip
    stale = http.post(f"/v1/cases/{story.case['id']}/stage", json={"version": 1, "stage": "presented"})
    assert stale.status_code == 412


def test_a_column_counts_sums_and_pages_within_the_filters(group, http):
    owner = str(uuid4())
    for number in range(5):
        body = {
            "location_id": group.location_a,
            "contact": {"first_name": f"Pager{number}", "phone": f"617555{number:04d}"},
            "source": "school_event",
            "owner_id": owner,
            "next_step_due": due(number),
        }
        assert http.post("/v1/leads", json=body).status_code == 201
    mine = {"owner_id": owner, "page_size": 2}
    first = columns(http, **mine)["new_lead"]
    assert (first["count"], first["aged_count"], first["overdue_count"], first["aged_after_days"]) == (5, 0, 0, 2)
    names, token = [card["contact_first_name"] for card in first["cards"]], first["next_page_token"]
    while token:
        page = columns(http, **mine, stage="new_lead", page_token=token)["new_lead"]
        names, token = names + [card["contact_first_name"] for card in page["cards"]], page["next_page_token"]
    assert names == [f"Pager{number}" for number in range(5)]
    assert columns(http, owner_id=owner, source="web")["new_lead"]["count"] == 0
    assert columns(http, owner_id=owner, blocker="family")["new_lead"]["count"] == 0
    assert columns(http, owner_id=owner, unblocked=True)["new_lead"]["count"] == 5
    assert columns(http, owner_id=owner, location_id=group.location_b)["new_lead"]["count"] == 0
    refused = http.get("/v1/pipeline", params={"page_token": first["next_page_token"]})
    assert refused.json()["reason"] == "STAGE_REQUIRED"


def test_a_family_without_a_quote_is_worth_what_is_usual_at_the_location(story, http, eventually):
    story.to_recommended()
    story.happens(QuoteCreated, quote_id=str(uuid4()), total_fee=Money(amount_cents=4100_00))
    eventually(lambda: ((card_of(http, story.case)[1] or {}).get("value") or {}).get("amount_cents") == 4100_00)
    story.happens(ContractSigned, contract_id=str(uuid4()), total_fee=Money(amount_cents=4800_00))
    story.until("accepted")
    lead = create_lead(http, story.group.location_a)["lead"]
    cards = columns(http, page_size=100)["new_lead"]["cards"]
    card = next(card for card in cards if card["lead_id"] == lead["id"])
    assert card["value_is_usual"]
    assert card["value"]["amount_cents"] > 4000_00


def test_a_case_is_worth_the_doctors_pick_then_what_the_family_chose(story, http, eventually):
    story.to_recommended()
    fees = (5000_00, 5500_00, 6000_00)
    quotes = [str(uuid4()) for _ in fees]
    for quote_id, fee in zip(quotes, fees, strict=True):
        story.happens(QuoteCreated, quote_id=quote_id, total_fee=Money(amount_cents=fee))
    eventually(lambda: (get_case(http, story.case)["value"] or {}).get("amount_cents") == fees[2])
    options = [
        {"quote_id": quote_id, "title": f"{fee}", "consent_kind": "limited", "recommended": fee == fees[1]}
        for quote_id, fee in zip(quotes, fees, strict=True)
    ]
    body = {"case_id": story.case["id"], "title": "Options", "options": options}
    shown = http.post("/v1/presentations", json=body).json()["presentation"]
    assert get_case(http, story.case)["value"]["amount_cents"] == fees[1]
    choice = {"version": shown["version"], "option_id": shown["options"][0]["id"], "party_id": story.party_ids[0]}
    assert http.post(f"/v1/presentations/{shown['id']}/choose", json=choice).status_code == 200
    assert get_case(http, story.case)["value"]["amount_cents"] == fees[0]


def test_the_board_is_searched_by_name(group, http):
    word = f"Zo{uuid4().hex[:6]}"
    lead = create_lead(http, group.location_a, first_name=word)["lead"]
    other = create_lead(http, group.location_a, phone=f"+1508{uuid4().int % 10**7:07d}")["lead"]
    case = register(http, other, first_name="Ida", last_name=f"{word}sen").json()["case"]
    found = http.post("/v1/pipeline/search", json={"query": word}).json()["cards"]
    assert {card["case_id"] or card["lead_id"] for card in found} == {lead["id"], case["id"]}
    third = create_lead(http, group.location_a, phone="(339) 555-4477")["lead"]
    found = http.post("/v1/pipeline/search", json={"query": "339-555-4477"}).json()["cards"]
    assert [card["lead_id"] for card in found] == [third["id"]]


@pytest.mark.R(36)
def test_the_board_of_another_location_is_empty_and_some_roles_have_none(story, group, http):
    elsewhere = group.http("treatment_coordinator", location=group.location_b)
    assert card_of(elsewhere, story.case) == ("", None)
    assert group.http("clinical_assistant").get("/v1/pipeline").status_code == 403
    desk = group.http("front_desk")
    assert card_of(desk, story.case)[0] == "new_lead"
    body = {"version": 1, "stage": "presented"}
    assert desk.post(f"/v1/cases/{story.case['id']}/stage", json=body).status_code == 403
    period = {"recommended_from": due(-1), "recommended_to": due(1)}
    assert desk.get("/v1/pipeline/conversion", params=period).status_code == 403


@pytest.mark.R(10)
def test_conversion_is_told_by_blocker_source_and_coordinator(group, http, eventually):
    owner, told = str(uuid4()), []
    for blocker in ("financing", "financing", "family"):
        case, _ = open_case(group, http)
        story = Story(group, http, eventually, case)
        now = story.to_recommended()
        plan = {"version": now["version"], "owner_id": owner, "next_step": "Ask", "next_step_due": due()}
        assert http.patch(f"/v1/cases/{case['id']}", json=plan | {"blocker": blocker}).status_code == 200
        told.append(story)
    fee = Money(amount_cents=5000_00)
    contract = {"contract_id": str(uuid4()), "total_fee": fee, "treatment_months": 20}
    told[0].happens(ContractSigned, **contract)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    told[0].happens(ContractActivated, activated_on=today, version=1, **contract)
    told[0].until("active")
    lost = get_case(http, told[2].case)
    body = {"version": lost["version"], "outcome": "inactive", "reason_not_started": "cost"}
    assert http.post(f"/v1/cases/{lost['id']}/close", json=body).status_code == 200

    period = {"recommended_from": due(-1), "recommended_to": due(1), "owner_id": owner}
    report = http.get("/v1/pipeline/conversion", params=period).json()
    total = report["total"]
    assert [total[n] for n in ("recommended_count", "started_count", "open_count", "lost_count")] == [3, 1, 1, 1]
    assert (total["rate_basis_points"], total["started_value"]["amount_cents"]) == (3333, 5000_00)
    by_blocker = {row["blocker"]: (row["recommended_count"], row["started_count"]) for row in report["by_blocker"]}
    assert by_blocker == {"financing": (2, 1), "family": (1, 0)}
    assert [(row["source"], row["recommended_count"]) for row in report["by_source"]] == [("web", 3)]
    assert [(row["owner_id"], row["recommended_count"]) for row in report["by_owner"]] == [(owner, 3)]
    backwards = period | {"recommended_to": due(-9)}
    assert http.get("/v1/pipeline/conversion", params=backwards).json()["reason"] == "BAD_PERIOD"


def test_a_task_says_what_its_case_waits_for_and_can_be_given_away(story, http):
    now = get_case(http, story.case)
    plan = {"version": now["version"], "owner_id": now["owner_id"], "blocker": "records", "next_step": "Find the film"}
    assert http.patch(f"/v1/cases/{now['id']}", json=plan | {"next_step_due": due(2)}).status_code == 200
    body = {"case_id": now["id"], "kind": "call", "title": "Call", "due_on": due()}
    task = http.post("/v1/tasks", json=body).json()["task"]
    assert (task["blocker"], task["next_step"], task["next_step_due"]) == ("records", "Find the film", due(2))
    new_owner = str(uuid4())
    change = {"version": task["version"], "title": "Call twice", "owner_id": new_owner, "due_on": due(1)}
    changed = http.patch(f"/v1/tasks/{task['id']}", json=change).json()["task"]
    assert (changed["owner_id"], changed["title"], changed["blocker"]) == (new_owner, "Call twice", "records")
    http.post(f"/v1/tasks/{task['id']}/complete", json={"version": changed["version"]})
    closed = http.patch(f"/v1/tasks/{task['id']}", json=change | {"version": changed["version"] + 1})
    assert closed.json()["reason"] == "ILLEGAL_TRANSITION"


def test_a_wrong_number_is_to_be_found_anew(story, http):
    story.to_recommended()
    touch = {"case_id": story.case["id"], "channel": "call", "outcome": "wrong_number"}
    case = http.post("/v1/follow-ups", json=touch).json()["case"]
    assert (case["next_step"], case["next_step_due"]) == (tasks.FIND_NUMBER.title, local_day(1))


def test_a_machine_that_names_nobody_leaves_the_lead_to_a_coordinator_of_the_location(group):
    machine = group.machine()
    body = {"location_id": group.location_a, "contact": {"first_name": "Ann", "phone": "6175550199"}, "source": "web"}
    answer = machine.post("/v1/leads", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["lead"]["owner_id"] == group.staff("treatment_coordinator")


CALLS = st.lists(
    st.sampled_from(
        (
            "exam_booked",
            "exam_missed",
            "recommend",
            "prepare",
            "present",
            "pend",
            "touch",
            "sign",
            "cancel",
            "close",
            "reopen",
        )
    ),
    max_size=9,
)


@pytest.mark.R(1)
@given(calls=CALLS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_done_to_a_case_it_has_an_owner_a_next_step_and_a_date(group, http, eventually, calls):
    case, _ = open_case(group, http)
    story = Story(group, http, eventually, case)
    doctor, path = group.http("orthodontist"), f"/v1/cases/{case['id']}"
    for call in calls:
        now = get_case(http, case)
        seen = {"version": now["version"]}
        plan = {"outcome": "recommended", "phase": "limited", "treatment_months": 9}
        if call == "exam_booked":
            story.visit(visits.AppointmentBooked, "exam")
        elif call == "exam_missed":
            story.visit(visits.AppointmentMissed, "exam")
        elif call == "recommend":
            doctor.post(f"{path}/recommend", json=seen | plan)
        elif call == "prepare":
            option = {"quote_id": str(uuid4()), "title": "Braces", "consent_kind": "limited"}
            http.post("/v1/presentations", json={"case_id": case["id"], "title": "O", "options": [option]})
        elif call in ("present", "pend"):
            move(http, case, "presented" if call == "present" else "pending")
        elif call == "touch":
            http.post("/v1/follow-ups", json={"case_id": case["id"], "channel": "call", "outcome": "declined"})
        elif call == "sign":
            story.happens(ContractSigned, contract_id=str(uuid4()), total_fee=Money(amount_cents=1))
        elif call == "cancel":
            story.happens(ContractEnded, contract_id=str(uuid4()), state="cancelled")
        elif call == "close":
            http.post(f"{path}/close", json=seen | {"outcome": "inactive", "reason_not_started": "other"})
        else:
            http.post(f"{path}/reactivate", json=seen)
        now = get_case(http, case)
        if cases.STATES[now["state"]].open:
            assert now["owner_id"]
            assert now["next_step"]
            assert now["next_step_due"]
            assert now["stage"]
        else:
            assert not now["stage"]
