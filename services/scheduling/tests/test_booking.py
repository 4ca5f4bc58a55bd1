"""Booking through the gateway: search, book, clash, move, cancel, hold, the day's flow, other locations."""

from __future__ import annotations

import asyncio
import datetime as dt
from uuid import uuid4

import asyncpg
import pytest

from services.scheduling.visits.domain import MOVES, STATES
from tests.support import eventually


class Office:
    """Location A with two chairs and a doctor who is there every weekday from 8 to 5; B with one of each."""

    def __init__(self, group):
        self.group = group
        self.manager = group.http("practice_manager", location=(group.location_a, group.location_b))
        self.http = group.http("front_desk", location=(group.location_a, group.location_b))
        self.a, self.b = group.location_a, group.location_b
        for location in (self.a, self.b):
            eventually(lambda place=location: self.http.get(f"/v1/locations/{place}/schedule").status_code == 200)
        self.chairs = [self.chair(self.a, "1"), self.chair(self.a, "2")]
        self.chair(self.b, "1")
        self.doctor = self.provider(self.a, self.b)
        self.other_doctor = self.provider(self.b)
        self.monday = next_monday()
        self.shifts(self.doctor, self.a)
        self.shifts(self.other_doctor, self.b)

    def chair(self, location, name):
        answer = self.manager.post(f"/v1/locations/{location}/chairs", json={"name": name})
        assert answer.status_code == 201, answer.text
        return answer.json()["chair"]["id"]

    def provider(self, *locations):
        id = str(uuid4())
        answer = self.manager.put(f"/v1/providers/{id}", json={"location_ids": list(locations)})
        assert answer.status_code == 200, answer.text
        return id

    def shifts(self, doctor, location, **more):
        days = {"first_day": self.monday.isoformat(), "last_day": (self.monday + dt.timedelta(days=60)).isoformat()}
        hours = {"from_minute": 480, "to_minute": 1020, "weekdays": [1, 2, 3, 4, 5]}
        return self.manager.post(
            "/v1/shifts", json={"provider_id": doctor, "location_id": location, **days, **hours, **more}
        )

    def patient_of(self, *locations):
        born = {"first_name": "Two", "last_name": "Places", "birth_date": "2000-01-31", "sex": "female"}
        where = {"home_location_id": locations[0], "location_ids": list(locations)}
        answer = self.group.http("owner").post("/v1/patients", json=born | where)
        assert answer.status_code == 201, answer.text
        return answer.json()["patient"]["id"]

    def slots(self, type_code="adjustment", **query):
        answer = self.http.get(
            "/v1/slots", params={"type_code": type_code, "first_day": self.monday.isoformat(), **query}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["slots"]

    def book(self, start, type_code="adjustment", location=None, patient=None, path="/v1/appointments", **more):
        body = {
            "location_id": location or self.a,
            "patient_id": patient or self.group.patient().patient_id,
            "type_code": type_code,
            "start_time": start,
            **more,
        }
        return self.http.post(path, json=body)

    def booked(self, start, *args, **more):
        answer = self.book(start, *args, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["appointment"]

    def do(self, appointment, action, **body):
        return self.http.post(
            f"/v1/appointments/{appointment['id']}/{action}", json={"version": appointment["version"], **body}
        )

    def done(self, appointment, action, **body):
        answer = self.do(appointment, action, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()["appointment"]


def next_monday():
    today = dt.datetime.now(dt.UTC).date()
    return today + dt.timedelta(days=8 - today.isoweekday())


@pytest.fixture(scope="module")
def office(group):
    return Office(group)


@pytest.fixture(scope="module")
def times(office):
    """Free times for adjustments, far enough apart to share a chair; each test takes its own."""
    return iter(
        office.slots(
            location_ids=office.a,
            first_day=(office.monday + dt.timedelta(days=7)).isoformat(),
            step_minutes=60,
            limit=200,
        )
    )


def in_database(group, sql, *arguments):
    async def run():
        connection = await asyncpg.connect(group.platform.dsn(""))
        await connection.execute(sql, *arguments)
        await connection.close()

    asyncio.run(run())


def reason(answer):
    return answer.status_code, answer.json().get("reason")


@pytest.mark.R(6)
def test_a_new_group_has_the_usual_types_and_a_new_location_its_hours(office):
    types = {t["code"]: t for t in office.http.get("/v1/appointment-types").json()["appointment_types"]}
    assert types["adjustment"]["pattern"] == "AdAA"
    assert types["bonding"]["duration_minutes"] == 90
    assert types["exam"]["visit_class"] == "exam"
    schedule = office.http.get(f"/v1/locations/{office.b}/schedule").json()["location_schedule"]
    assert schedule["time_zone"] == "America/Chicago"
    assert len(schedule["hours"]) == 5


@pytest.mark.R(6)
def test_the_first_times_of_all_locations_come_in_order_with_chair_and_doctor(office):
    slots = office.slots("bonding", limit=30, step_minutes=30)
    starts = [slot["start_time"] for slot in slots]
    assert starts == sorted(starts)
    assert {slot["location_id"] for slot in slots} == {office.a, office.b}
    first = slots[0]
    assert first["local_start"].startswith(f"{office.monday}T08:00:00-0")  # New York opens an hour before Chicago
    assert first["provider_id"] == office.doctor
    assert first["chair_id"] == office.chairs[0]
    assert first["reasons"] == ["open"]


@pytest.mark.R(6)
def test_a_booked_time_is_taken_and_alternatives_are_named(office, times):
    start = next(times)["start_time"]
    one = office.booked(start, chair_id=office.chairs[0])
    assert one["state"] == "booked"
    assert one["provider_id"] == office.doctor
    clash = office.book(start, chair_id=office.chairs[0])
    assert reason(clash) == (409, "CHAIR_TAKEN")
    alternatives = clash.json()["details"]["alternatives"]
    assert len(alternatives) == 3
    assert office.book(alternatives[0]["start_time"]).status_code == 201


def test_two_short_checks_fit_into_five_minutes_of_a_doctor_but_a_long_one_needs_the_whole(office, times):
    start = next(times)["start_time"]
    office.booked(start)
    office.booked(start)
    third = office.chair(office.a, uuid4().hex[:6])
    assert reason(office.book(start, chair_id=third)) == (409, "DOCTOR_TAKEN")
    later = next(times)["start_time"]
    office.booked(later, "debond")  # needs the doctor from minute 35 to 45
    at_35 = (dt.datetime.fromisoformat(later) + dt.timedelta(minutes=30)).isoformat()
    assert reason(office.book(at_35)) == (409, "DOCTOR_TAKEN")
    assert office.book(later).status_code == 201


def test_a_patient_is_in_one_place_even_across_locations(office, times):
    slot = next(times)
    patient = office.patient_of(office.a, office.b)
    office.booked(slot["start_time"], patient=patient)
    assert reason(office.book(slot["start_time"], patient=patient)) == (409, "PATIENT_TAKEN")
    at_b = office.group.http("front_desk", location=office.b)  # sees nothing of A
    body = {"location_id": office.b, "patient_id": patient, "type_code": "records", "start_time": slot["start_time"]}
    answer = at_b.post("/v1/appointments", json=body)
    assert reason(answer) == (409, "PATIENT_TAKEN")


def test_closed_hours_days_without_a_doctor_and_crooked_times_are_refused(office):
    day = office.monday + dt.timedelta(days=70)  # no shifts any more
    assert reason(office.book(f"{office.monday}T06:00:00Z")) == (409, "OUTSIDE_HOURS")
    assert reason(office.book(f"{day}T15:00:00Z")) == (409, "NO_DOCTOR")
    assert office.book(f"{day}T15:00:00Z", "records").status_code == 201
    assert reason(office.book(f"{day}T15:01:00Z", "records")) == (422, "NOT_ON_GRID")
    assert reason(office.book("2024-01-02T15:00:00Z", "records")) == (422, "NOT_IN_RANGE")
    assert reason(office.book("2090-01-02T15:00:00Z", "records")) == (422, "NOT_IN_RANGE")
    assert reason(office.book("9999-12-31T15:00:00Z", "records")) == (422, "OUT_OF_RANGE")
    assert reason(office.book(f"{day}T15:00:00Z", "no_such_type")) == (404, "APPOINTMENT_TYPE_NOT_FOUND")


@pytest.mark.R(33)
def test_a_retried_booking_is_one_booking(office, times):
    start, patient, key = next(times)["start_time"], office.group.patient().patient_id, str(uuid4())
    answers = [office.book(start, patient=patient, request_id=key).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    listed = office.http.get(f"/v1/patients/{patient}/appointments").json()["appointments"]
    assert [a["id"] for a in listed] == [answers[0]["appointment"]["id"]]


def test_a_moved_appointment_frees_its_time_and_takes_the_other(office, times):
    old, new = next(times), next(times)
    appointment = office.booked(old["start_time"], chair_id=office.chairs[0])
    confirmed = office.done(appointment, "confirm")
    moved = office.done(confirmed, "reschedule", start_time=new["start_time"])
    assert moved["start_time"] == new["start_time"]
    assert moved["state"] == "booked"  # the confirmation was for the old time
    assert office.book(old["start_time"], chair_id=office.chairs[0]).status_code == 201
    assert reason(office.do(confirmed, "reschedule", start_time=old["start_time"])) == (412, "STALE_VERSION")
    assert reason(office.do(moved, "reschedule", start_time=old["start_time"], chair_id=office.chairs[0])) == (
        409,
        "CHAIR_TAKEN",
    )
    by_five = dt.datetime.fromisoformat(new["start_time"]) + dt.timedelta(minutes=5)
    assert office.do(moved, "reschedule", start_time=by_five.isoformat()).status_code == 200  # it is not in its own way


def test_an_appointment_moves_to_another_location(office):
    slot = office.slots(location_ids=office.b)[0]
    appointment = office.booked(
        office.slots(location_ids=office.a, first_day=(office.monday + dt.timedelta(days=21)).isoformat())[0][
            "start_time"
        ]
    )
    moved = office.done(appointment, "reschedule", start_time=slot["start_time"], location_id=office.b)
    assert moved["location_id"] == office.b
    assert moved["provider_id"] == office.other_doctor
    assert moved["local_start"][-6:] in ("-06:00", "-05:00")


def test_a_canceled_time_is_free_at_once(office, times):
    start = next(times)["start_time"]
    appointment = office.booked(start, chair_id=office.chairs[0])
    canceled = office.done(appointment, "cancel", reason="illness", canceled_by="patient")
    assert (canceled["state"], canceled["cancel_reason"], canceled["canceled_by"]) == ("canceled", "illness", "patient")
    assert office.book(start, chair_id=office.chairs[0]).status_code == 201
    assert office.do(appointment, "cancel", reason="expired", canceled_by="patient").status_code == 422


def test_a_hold_keeps_the_time_and_becomes_a_booking(office, times):
    start = next(times)["start_time"]
    hold = office.booked(start, path="/v1/holds", chair_id=office.chairs[0], hold_minutes=5)
    assert hold["state"] == "held"
    assert reason(office.book(start, chair_id=office.chairs[0])) == (409, "CHAIR_TAKEN")
    assert office.done(hold, "book")["state"] == "booked"


def test_a_hold_that_ran_out_is_over_for_its_owner_the_next_booker_and_the_job(office, times, group):
    slot, other = next(times), next(times)
    holds = [office.booked(s["start_time"], path="/v1/holds", chair_id=office.chairs[0]) for s in (slot, other)]
    in_database(
        group,
        "UPDATE scheduling.appointment SET hold_expire_time = now() WHERE id = ANY ($1)",
        [h["id"] for h in holds],
    )
    assert reason(office.do(holds[0], "book")) == (409, "HOLD_EXPIRED")
    assert office.book(slot["start_time"], chair_id=office.chairs[0]).status_code == 201
    in_database(group, "UPDATE scheduling.work SET due_at = now() WHERE key = $1", holds[1]["id"])
    for hold in holds:
        found = f"/v1/appointments/{hold['id']}"
        eventually(lambda path=found: office.http.get(path).json()["appointment"]["cancel_reason"] == "expired")
    assert office.book(other["start_time"], chair_id=office.chairs[0]).status_code == 201


def test_nobody_sees_or_books_another_location(office, times, group):
    appointment = office.booked(next(times)["start_time"])
    at_b = group.http("front_desk", location=office.b)
    assert at_b.get(f"/v1/appointments/{appointment['id']}").status_code == 404
    assert (
        at_b.get("/v1/appointments", params={"location_id": office.a, "first_day": appointment["day"]}).json()[
            "appointments"
        ]
        == []
    )
    body = {
        "location_id": office.a,
        "patient_id": str(uuid4()),
        "type_code": "records",
        "start_time": appointment["start_time"],
    }
    assert at_b.post("/v1/appointments", json=body).status_code == 404
    assert {s["location_id"] for s in at_b.get("/v1/slots", params={"type_code": "records"}).json()["slots"]} == {
        office.b
    }


@pytest.mark.T("T04")
def test_only_the_own_patients_are_booked_held_or_put_on_the_waitlist(office, times):
    start, stranger = next(times)["start_time"], office.patient_of(office.b)
    at_a = office.group.http("front_desk", location=office.a)
    body = {"location_id": office.a, "patient_id": stranger, "type_code": "records", "start_time": start}
    for path in ("/v1/appointments", "/v1/holds"):
        assert reason(at_a.post(path, json=body)) == (404, "PATIENT_NOT_FOUND")
    waits = {"patient_id": stranger, "type_code": "records", "location_ids": [office.a]}
    assert reason(at_a.post("/v1/waitlist", json=waits)) == (404, "PATIENT_NOT_FOUND")
    assert at_a.post("/v1/appointments", json=body | {"patient_id": office.patient_of(office.a)}).status_code == 201


@pytest.mark.R(23)
def test_the_day_sheet_is_the_local_day(office, times):
    appointment = office.booked(next(times)["start_time"], note="likes dinosaurs")
    sheet = office.http.get(f"/v1/locations/{office.a}/day-sheet", params={"day": appointment["day"]}).json()
    assert appointment["id"] in [a["id"] for a in sheet["appointments"]]
    assert sheet["hours"][0]["opens_minute"] == 480
    assert [s["provider_id"] for s in sheet["shifts"]] == [office.doctor]
    assert len(sheet["chairs"]) >= 2
    listed = office.http.get(
        "/v1/appointments", params={"location_id": office.a, "first_day": appointment["day"], "states": "booked"}
    )
    assert appointment["id"] in [a["id"] for a in listed.json()["appointments"]]


# --- states -----------------------------------------------------------------------------------------------------------

ACTIONS = {
    "booked": "book",
    "confirmed": "confirm",
    "arrived": "check-in",
    "seated": "seat",
    "doctor_ready": "call-doctor",
    "doctor_in": "doctor-arrived",
    "done": "dismiss",
    "checked_out": "check-out",
    "canceled": "cancel",
    "no_show": "no-show",
}
WAYS = {
    "held": [],
    "booked": [],
    "confirmed": ["confirmed"],
    "arrived": ["arrived"],
    "seated": ["arrived", "seated"],
    "doctor_ready": ["arrived", "seated", "doctor_ready"],
    "doctor_in": ["arrived", "seated", "doctor_ready", "doctor_in"],
    "done": ["arrived", "seated", "done"],
    "checked_out": ["arrived", "seated", "done", "checked_out"],
    "canceled": ["canceled"],
    "no_show": ["no_show"],
}


@pytest.mark.T("T11")
@pytest.mark.R(23)
def test_every_illegal_change_of_state_is_refused_and_every_legal_one_works(office):
    days = iter(
        office.slots(
            location_ids=office.a,
            first_day=(office.monday + dt.timedelta(days=28)).isoformat(),
            last_day=(office.monday + dt.timedelta(days=50)).isoformat(),
            step_minutes=30,
            limit=200,
        )
    )
    more = {"cancel": {"reason": "other", "canceled_by": "practice"}}

    def reach(state):
        path = "/v1/holds" if state == "held" else "/v1/appointments"
        appointment = office.booked(next(days)["start_time"], path=path)
        for step in WAYS[state]:
            appointment = office.done(appointment, ACTIONS[step], **more.get(ACTIONS[step], {}))
        return appointment

    for state in STATES:
        appointment = reach(state)
        for new, action in ACTIONS.items():
            answer = office.do(appointment, action, **more.get(action, {}))
            if new in MOVES[state]:
                assert answer.status_code == 200, (state, new, answer.text)
                assert answer.json()["appointment"]["state"] == new
                appointment = reach(state)
            else:
                assert reason(answer) == (409, "ILLEGAL_STATE"), (state, new)


# --- what a day is made of --------------------------------------------------------------------------------------------


def test_a_doctor_is_in_one_place_at_a_time(office):
    answer = office.shifts(office.doctor, office.b, from_minute=600)
    assert reason(answer) == (409, "DOCTOR_TAKEN")


@pytest.mark.T("T45")
def test_a_shift_at_a_time_that_the_clocks_jump_over_is_refused(office):
    answer = office.manager.post(
        "/v1/shifts",
        json={
            "provider_id": office.doctor,
            "location_id": office.a,
            "first_day": "2027-03-14",
            "last_day": "2027-03-14",
            "from_minute": 150,
            "to_minute": 600,
        },
    )
    assert reason(answer) == (422, "NONEXISTENT_TIME")


def test_a_closed_day_has_no_times_and_names_who_must_be_moved(office):
    day = office.monday + dt.timedelta(days=52)
    slot = office.slots(location_ids=office.a, first_day=day.isoformat())[0]
    appointment = office.booked(slot["start_time"])
    closed = office.manager.post(
        f"/v1/locations/{office.a}/closures", json={"day": slot["local_start"][:10], "reason": "Holiday"}
    )
    assert closed.status_code == 201, closed.text
    assert closed.json()["affected_appointment_ids"] == [appointment["id"]]
    assert (
        office.slots(location_ids=office.a, first_day=slot["local_start"][:10])[0]["local_start"][:10]
        > slot["local_start"][:10]
    )


def test_a_template_keeps_its_time_for_its_class_until_release(office):
    day = (office.monday + dt.timedelta(days=45)).isoformat()
    pieces = [
        {"chair_id": c, "start_minute": 480, "duration_minutes": 240, "visit_class": "start", "release_days": 7}
        for c in [row["id"] for row in office.http.get(f"/v1/locations/{office.a}/chairs").json()["chairs"]]
    ]
    saved = office.manager.post(f"/v1/locations/{office.a}/day-templates", json={"name": "Starts", "slots": pieces})
    assert saved.status_code == 201, saved.text
    template = saved.json()["day_template"]["id"]
    applied = office.manager.post(
        f"/v1/locations/{office.a}/template-days", json={"template_id": template, "days": [day]}
    )
    assert applied.status_code == 200, applied.text
    query = {"location_ids": office.a, "first_day": day, "last_day": day, "limit": 1}
    assert office.slots("bonding", **query)[0]["local_start"][11:16] == "08:00"
    assert office.slots("bonding", **query)[0]["reasons"] == ["template"]
    assert office.slots("adjustment", **query)[0]["local_start"][11:16] == "12:00"
    assert office.slots("adjustment", ignore_template=True, **query)[0]["reasons"] == ["released"]


def test_too_few_assistants_stop_a_booking(office):
    schedule = office.http.get(f"/v1/locations/{office.b}/schedule").json()["location_schedule"]
    office.chair(office.b, "2")
    saved = office.manager.put(
        f"/v1/locations/{office.b}/schedule",
        json={"version": schedule["version"], "hours": schedule["hours"], "assistants": 1},
    )
    assert saved.status_code == 200, saved.text
    start = office.slots(location_ids=office.b, first_day=(office.monday + dt.timedelta(days=9)).isoformat())[0][
        "start_time"
    ]
    office.booked(start, location=office.b)
    assert reason(office.book(start, location=office.b)) == (409, "ASSISTANTS_TAKEN")


def test_a_type_is_limited_to_its_windows(office):
    body = {
        "name": "Morning start",
        "visit_class": "start",
        "pattern": "A20 D5 A5",
        "windows": [{"weekdays": [2], "from_minute": 540, "to_minute": 720}],
    }
    saved = office.manager.put("/v1/appointment-types/morning_start", json=body)
    assert saved.status_code == 200, saved.text
    assert saved.json()["appointment_type"]["pattern"] == "AAAADA"
    slots = office.slots("morning_start", location_ids=office.a, limit=200)
    assert {dt.datetime.fromisoformat(s["local_start"]).isoweekday() for s in slots} == {2}
    assert {s["local_start"][11:16] for s in slots} <= {f"{h:02}:{m:02}" for h in range(9, 12) for m in range(0, 60, 5)}
    assert reason(office.manager.put("/v1/appointment-types/morning_start", json=body)) == (409, "CODE_TAKEN")
    assert reason(office.manager.put("/v1/appointment-types/bad_one", json={**body, "pattern": "Z9"})) == (
        422,
        "BAD_PATTERN",
    )


@pytest.mark.R(6)
def test_the_waitlist_keeps_who_would_come_earlier(office):
    patient = office.group.patient().patient_id
    body = {
        "patient_id": patient,
        "type_code": "adjustment",
        "location_ids": [office.a],
        "weekdays": [1, 2],
        "priority": 2,
    }
    joined = office.http.post("/v1/waitlist", json=body)
    assert joined.status_code == 201, joined.text
    entry = joined.json()["waitlist_entry"]
    assert entry["state"] == "waiting"
    listed = office.http.get("/v1/waitlist", params={"location_id": office.a}).json()["waitlist_entries"]
    assert [e["id"] for e in listed] == [entry["id"]]
    assert office.http.get("/v1/waitlist", params={"location_id": office.b}).json()["waitlist_entries"] == []
    left = office.http.post(f"/v1/waitlist/{entry['id']}/leave", json={"version": entry["version"], "placed": True})
    assert left.json()["waitlist_entry"]["state"] == "placed"


def test_assistants_see_times_and_the_front_desk_makes_no_doctors(office):
    assert office.group.http("clinical_assistant").get("/v1/slots", params={"type_code": "exam"}).status_code == 200
    body = {"location_ids": [office.a]}
    assert office.group.http("front_desk").put(f"/v1/providers/{uuid4()}", json=body).status_code == 403


def test_a_doctor_that_somebody_else_has_changed_is_read_again_first(office):
    doctor = office.provider(office.a)
    body = {"location_ids": [office.a], "capacity": 3}
    assert office.manager.put(f"/v1/providers/{doctor}", json=body, headers={"If-Match": "1"}).status_code == 200
    late = office.manager.put(f"/v1/providers/{doctor}", json=body, headers={"If-Match": "1"})
    assert (late.status_code, late.json()["reason"]) == (412, "STALE_VERSION")
