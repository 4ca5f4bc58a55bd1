"""Taking back what was done by mistake, and doctors who are double-booked on purpose."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from services.scheduling.tests.test_booking import ACTIONS, WAYS, Office, in_database, reason

MORE = {"cancel": {"reason": "other", "canceled_by": "practice"}}
UNTOUCHED = ("version", "update_time")


@pytest.fixture(scope="module")
def office(group):
    return Office(group)


@pytest.fixture(scope="module")
def times(office):
    """Free times far enough apart; each test takes its own."""
    return iter(
        office.slots(
            location_ids=office.a,
            first_day=(office.monday + dt.timedelta(days=7)).isoformat(),
            step_minutes=60,
            limit=200,
        )
    )


def stands(appointment):
    return {name: value for name, value in appointment.items() if name not in UNTOUCHED}


def changes(office, appointment):
    answer = office.http.get(f"/v1/appointments/{appointment['id']}/changes")
    assert answer.status_code == 200, answer.text
    return answer.json()["appointment_changes"]


@pytest.mark.R(23)
@pytest.mark.parametrize("state", [state for state, steps in WAYS.items() if steps])
def test_every_step_is_taken_back_to_where_the_visit_stood(office, times, state):
    appointment = office.booked(next(times)["start_time"])
    passed = [appointment]
    for step in WAYS[state]:
        appointment = office.done(appointment, ACTIONS[step], **MORE.get(ACTIONS[step], {}))
        passed.append(appointment)
    for before in reversed(passed[:-1]):
        appointment = office.done(appointment, "take-back")
        assert stands(appointment) == stands(before)
    assert reason(office.do(appointment, "take-back")) == (409, "NOTHING_TO_TAKE_BACK")
    kinds = [(change["kind"], change["taken_back"]) for change in changes(office, appointment)]
    steps = len(WAYS[state])
    assert kinds == [("taken_back", False)] * steps + [(kind, True) for kind in reversed(WAYS[state])]


def test_a_cancellation_is_taken_back_only_while_the_place_is_free(office, times):
    slot = next(times)
    appointment = office.booked(slot["start_time"], chair_id=slot["chair_id"])
    canceled = office.done(appointment, "cancel", **MORE["cancel"])
    other = office.booked(slot["start_time"], chair_id=slot["chair_id"])
    assert reason(office.do(canceled, "take-back")) == (409, "CHAIR_TAKEN")
    office.done(other, "cancel", **MORE["cancel"])
    assert office.done(canceled, "take-back")["state"] == "booked"
    assert reason(office.book(slot["start_time"], chair_id=slot["chair_id"])) == (409, "CHAIR_TAKEN")


def test_a_move_is_taken_back_with_its_confirmation(office, times):
    first, second = next(times), next(times)
    confirmed = office.done(office.booked(first["start_time"]), "confirm")
    moved = office.done(confirmed, "reschedule", start_time=second["start_time"])
    assert (moved["state"], moved["confirm_time"]) == ("booked", None)
    assert stands(office.done(moved, "take-back")) == stands(confirmed)
    assert office.booked(second["start_time"], chair_id=moved["chair_id"])
    history = changes(office, confirmed)
    assert [change["kind"] for change in history] == ["taken_back", "moved", "confirmed"]
    assert history[1]["from_start_time"] == first["start_time"]
    assert all(change["staff_id"] == history[0]["staff_id"] != "" for change in history)


def test_what_was_done_yesterday_or_meanwhile_is_not_taken_back(office, times, group):
    appointment = office.done(office.booked(next(times)["start_time"]), "confirm")
    stale = {"version": appointment["version"] - 1}
    answer = office.http.post(f"/v1/appointments/{appointment['id']}/take-back", json=stale)
    assert reason(answer) == (412, "STALE_VERSION")
    in_database(
        group,
        "UPDATE scheduling.appointment_change SET changed_at = changed_at - interval '1 day' WHERE appointment_id = $1",
        appointment["id"],
    )
    assert reason(office.do(appointment, "take-back")) == (409, "TOO_LATE")


def test_whoever_may_not_do_it_may_not_take_it_back(office, times, group):
    technician = group.http("records_technician", location=(group.location_a,))
    appointment = office.done(office.booked(next(times)["start_time"]), "check-in")

    def take_back(visit):
        return technician.post(f"/v1/appointments/{visit['id']}/take-back", json={"version": visit["version"]})

    answer = take_back(appointment)
    assert answer.status_code == 200, answer.text
    canceled = office.done(answer.json()["appointment"], "cancel", **MORE["cancel"])
    assert reason(take_back(canceled)) == (403, "PERMISSION_DENIED")


def test_what_others_made_of_it_is_taken_back_too(office, times, group, eventually):
    """The chart has no visit of somebody who was not here; a family whose visit is on again is reminded of it again."""
    patient = group.patient().patient_id
    manager = group.http("practice_manager", location=(group.location_a,))

    def visits():
        return manager.get(f"/v1/patients/{patient}/visits").json()["visits"]

    def reminders(state):
        messages = manager.get("/v1/messages", params={"patient_id": patient, "page_size": 50}).json()["messages"]
        return [m for m in messages if m["template_kind"] == "appointment_reminder" and m["state"] == state]

    booked = office.booked(next(times)["start_time"], patient=patient)
    planned = len(eventually(lambda: reminders("queued")))
    arrived = office.done(booked, "check-in")
    eventually(visits)
    again = office.done(arrived, "take-back")
    eventually(lambda: not visits())
    canceled = office.done(again, "cancel", **MORE["cancel"])
    eventually(lambda: not reminders("queued"))
    office.done(canceled, "take-back")
    assert eventually(lambda: len(reminders("queued")) == planned)


# --- doctors who are double-booked on purpose -------------------------------------------------------------------------


@pytest.mark.R(6)
def test_a_doctor_is_double_booked_only_by_those_who_may_and_who_say_so(office, times, group):
    coordinator = group.http("treatment_coordinator", location=(group.location_a,))
    start = next(times)["start_time"]
    visits = {"type_code": "virtual", "start_time": start, "location_id": office.a}

    def ask(http, **more):
        body = visits | {"patient_id": group.patient().patient_id, "request_id": str(uuid4())} | more
        return http.post("/v1/appointments", json=body)

    first = ask(coordinator).json()["appointment"]
    refused = ask(coordinator)
    assert reason(refused) == (409, "DOCTOR_TAKEN")
    details = refused.json()["details"]
    assert details["provider_id"] == office.doctor
    assert details["local_time"] == first["local_start"]
    assert details["can_overlap"] is True
    assert reason(ask(office.http, accept_doctor_overlap=True)) == (403, "PERMISSION_DENIED")

    second = ask(coordinator, accept_doctor_overlap=True).json()["appointment"]
    assert (first["doctor_overlap"], second["doctor_overlap"]) == (False, True)
    twice = ask(coordinator, accept_doctor_overlap=True)
    assert reason(twice) == (409, "DOCTOR_TAKEN")
    assert twice.json()["details"]["can_overlap"] is False

    # One of the two goes: the doctor is taken by the other one still.
    office.done(first, "cancel", **MORE["cancel"])
    assert reason(ask(office.http)) == (409, "DOCTOR_TAKEN")
    found = office.slots("virtual", location_ids=office.a, first_day=first["day"], last_day=first["day"], limit=200)
    assert start not in [slot["start_time"] for slot in found]
    office.done(second, "cancel", **MORE["cancel"])
    assert ask(office.http).status_code == 201


def test_a_visit_moves_onto_a_taken_doctor_and_away_again(office, times, group):
    coordinator = group.http("treatment_coordinator", location=(group.location_a,))
    taken, free = next(times)["start_time"], next(times)["start_time"]
    office.booked(taken, "virtual")
    visit = office.booked(free, "virtual")

    def move(visit, start, **more):
        body = {"version": visit["version"], "start_time": start, **more}
        return coordinator.post(f"/v1/appointments/{visit['id']}/reschedule", json=body)

    assert reason(move(visit, taken)) == (409, "DOCTOR_TAKEN")
    moved = move(visit, taken, accept_doctor_overlap=True).json()["appointment"]
    assert moved["doctor_overlap"] is True
    away = move(moved, free, accept_doctor_overlap=True).json()["appointment"]
    assert away["doctor_overlap"] is False  # nobody was in the way
    back = office.done(away, "take-back")
    assert (back["start_time"], back["doctor_overlap"]) == (taken, True)
