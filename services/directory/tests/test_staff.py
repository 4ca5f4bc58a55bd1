"""Places, staff, roles and partners, through HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from archwire.directory.v1.credentials_pb2 import ResolveSessionRequest, SignInRequest

from shared.errors import Unauthenticated
from tests.support import PASSWORD, Group, Http, Platform


def create_staff(http: Http, group: Group, **body: Any) -> Any:
    email = f"{uuid4().hex[:8]}@{group.slug}.example"
    return http.post("/v1/staff", json={"first_name": "New", "last_name": "Person", "email": email} | body)


@pytest.mark.R(36)
def test_a_role_in_a_region_holds_in_its_locations_also_later_ones(group: Group):
    owner = group.http("owner")
    region = owner.post("/v1/regions", json={"name": "North"}).json()["region"]["id"]
    grants = [{"role": "front_desk", "region_id": region}]
    staff = create_staff(owner, group, initial_password=PASSWORD, grants=grants).json()["staff"]
    assert group.sign_in(staff["email"]).get("/v1/patients").status_code == 403  # the region has no location yet
    place = {"name": "Salem", "time_zone": "America/New_York", "region_id": region}
    location = owner.post("/v1/locations", json=place).json()["location"]
    family = group.patient(location["id"])
    desk = group.sign_in(staff["email"])
    assert desk.get(f"/v1/patients/{family.patient_id}").status_code == 200
    assert desk.get(f"/v1/patients/{group.patient().patient_id}").status_code == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"time_zone": "Mars/Olympus"}, "UNKNOWN_TIME_ZONE"),
        ({"npi": "1234567890"}, "BAD_NPI"),
        ({"name": "Arlington"}, "LOCATION_EXISTS"),
        ({"region_id": str(uuid4())}, "UNKNOWN_REFERENCE"),
        ({"address": {"state": "Massachusetts"}}, "INVALID_FIELD"),
    ],
)
def test_a_location_that_cannot_be_right_is_refused(group: Group, body: dict[str, Any], reason: str):
    answer = group.http("owner").post("/v1/locations", json={"name": "X", "time_zone": "America/New_York"} | body)
    assert answer.json()["reason"] == reason


def test_a_location_is_changed_by_who_manages_it(group: Group):
    manager = group.http("practice_manager")
    path = f"/v1/locations/{group.location_a}"
    address = {"lines": ["1 Wire Street"], "city": "Arlington", "state": "MA", "postal_code": "02474"}
    body = {
        "name": "Arlington",
        "time_zone": "America/New_York",
        "npi": "1234567893",
        "active": True,
        "address": address,
    }
    changed = manager.patch(path, json=body, headers={"If-Match": "1"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["location"]["address"] == address
    assert changed.json()["location"]["place_of_service"] == "11"
    other = manager.patch(f"/v1/locations/{group.location_b}", json=body, headers={"If-Match": "1"})
    assert other.status_code == 404


@pytest.mark.R(29)
def test_a_new_colleague_sets_the_password_with_a_token_and_signs_in(group: Group):
    manager = group.http("practice_manager")
    grants = [{"role": "front_desk", "location_id": group.location_a}]
    staff = create_staff(manager, group, grants=grants).json()["staff"]
    token = manager.post(f"/v1/staff/{staff['id']}/password-token", json={}).json()["token"]
    door = group.anonymous()
    weak = door.post("/v1/password", json={"token": token, "new_password": "password1234"})
    assert (weak.status_code, weak.json()["reason"]) == (422, "WEAK_PASSWORD")
    assert door.post("/v1/password", json={"token": token, "new_password": PASSWORD}).status_code == 204
    spent = door.post("/v1/password", json={"token": token, "new_password": PASSWORD + "!"})
    assert (spent.status_code, spent.json()["reason"]) == (404, "TOKEN_INVALID")
    me = group.sign_in(staff["email"]).get("/v1/session").json()
    assert me["roles"] == [{"role": "front_desk", "locations": [group.location_a]}]


@pytest.mark.R(36)
@pytest.mark.parametrize(
    ("role", "where", "reason"),
    [
        ("practice_manager", {}, "ROLE_TOO_HIGH"),
        ("owner", {"all_locations": True}, "ROLE_TOO_HIGH"),
        ("front_desk", {"location_id": "b"}, "OUT_OF_SCOPE"),
        ("front_desk", {"all_locations": True}, "OUT_OF_SCOPE"),
        ("lab", {}, "UNKNOWN_ROLE"),
        ("front_desk", {"location_id": "a", "all_locations": True}, "GRANT_SCOPE"),
    ],
)
def test_a_manager_gives_no_role_above_the_own_and_none_elsewhere(
    group: Group, role: str, where: dict[str, Any], reason: str
):
    manager = group.http("practice_manager")
    places = {"a": group.location_a, "b": group.location_b}
    where = {name: places.get(value, value) for name, value in (where or {"location_id": "a"}).items()}
    answer = create_staff(manager, group, grants=[{"role": role} | where])
    assert answer.json()["reason"] == reason
    someone = group.staff("records_technician")
    assert manager.post(f"/v1/staff/{someone}/grants", json={"role": role} | where).json()["reason"] == reason


def test_granting_twice_is_granting_once_and_a_grant_can_be_taken(group: Group):
    owner, someone = group.http("owner"), group.staff("clinical_assistant")
    body = {"role": "front_desk", "location_id": group.location_b}
    for _ in range(2):
        staff = owner.post(f"/v1/staff/{someone}/grants", json=body).json()["staff"]
    grants = {grant["role"]: grant["id"] for grant in staff["grants"]}
    assert sorted(grants) == ["clinical_assistant", "front_desk"]
    left = owner.delete(f"/v1/staff/{someone}/grants/{grants['front_desk']}").json()["staff"]["grants"]
    assert [grant["role"] for grant in left] == ["clinical_assistant"]


@pytest.mark.R(36)
def test_a_role_holds_from_when_until_when_it_was_given(group: Group):
    owner = group.http("owner")
    someone = create_staff(owner, group, initial_password=PASSWORD).json()["staff"]
    path = f"/v1/staff/{someone['id']}/grants"
    body = {"role": "front_desk", "location_id": group.location_a}

    def roles() -> list[str]:
        return [held["role"] for held in group.sign_in(someone["email"]).get("/v1/session").json()["roles"]]

    def at(seconds: float) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()

    assert owner.post(path, json=body | {"expire_time": at(-1)}).json()["reason"] == "GRANT_TIMES"
    assert owner.post(path, json=body | {"start_time": at(60), "expire_time": at(30)}).json()["reason"] == "GRANT_TIMES"
    later = owner.post(path, json=body | {"start_time": at(3600)}).json()["staff"]["grants"]
    assert later[0]["start_time"]
    assert roles() == []
    end = time.time() + 6
    ends = owner.post(path, json=body | {"expire_time": at(6)}).json()["staff"]["grants"]
    assert len(ends) == 1  # the same grant with other times
    assert ends[0]["start_time"] is None
    assert roles() == ["front_desk"]
    time.sleep(max(0, end + 1 - time.time()))
    assert roles() == []


def test_the_only_owner_does_not_end_by_itself(group: Group):
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"role": "owner", "all_locations": True, "expire_time": until}
    answer = group.http("owner").post(f"/v1/staff/{group.owner_id}/grants", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (409, "LAST_OWNER")


@pytest.mark.R(36)
def test_nobody_helps_himself_to_a_role(group: Group):
    body = {"role": "treatment_coordinator", "location_id": group.location_a}
    for role in ("it_admin", "practice_manager"):
        answer = group.http(role).post(f"/v1/staff/{group.staff(role)}/grants", json=body)
        assert (answer.status_code, answer.json()["reason"]) == (403, "OWN_ROLES"), role
    owner, path = group.http("owner"), f"/v1/staff/{group.owner_id}/grants"
    own = owner.post(path, json=body | {"role": "orthodontist"})
    assert own.status_code == 201, own.text
    [taken] = [grant["id"] for grant in own.json()["staff"]["grants"] if grant["role"] == "orthodontist"]
    assert owner.delete(f"{path}/{taken}").status_code == 200


@pytest.mark.T("T23")
def test_credentials_are_reset_within_reach_downwards_and_by_somebody_else(group: Group):
    desk, both = group.staff("front_desk"), group.staff("front_desk", location=[group.location_a, group.location_b])
    lead = group.staff("regional_manager")

    def reset(http: Http, staff_id: str, what: str = "password-token") -> tuple[int, str]:
        answer = http.post(f"/v1/staff/{staff_id}/{what}", json={})
        return answer.status_code, "" if answer.is_success else answer.json()["reason"]

    manager, admin, owner = group.http("practice_manager"), group.http("it_admin"), group.http("owner")
    assert reset(manager, desk) == (201, "")
    assert reset(manager, both) == (403, "OUT_OF_SCOPE")
    assert reset(manager, lead) == (403, "ROLE_TOO_HIGH")
    assert reset(admin, lead) == (201, "")
    assert reset(group.http("it_admin", location="*"), group.owner_id) == (403, "ROLE_TOO_HIGH")
    assert reset(owner, both) == (201, "")
    for http, own in ((manager, group.staff("practice_manager")), (owner, group.owner_id)):
        for what in ("password-token", "reset-totp"):
            assert reset(http, own, what) == (403, "OWN_CREDENTIALS")


def test_a_group_keeps_an_owner(group: Group):
    owner = group.http("owner")
    own = owner.get(f"/v1/staff/{group.owner_id}").json()["staff"]
    disabled = owner.post(f"/v1/staff/{own['id']}/disable", json={}, headers={"If-Match": str(own["version"])})
    assert (disabled.status_code, disabled.json()["reason"]) == (409, "LAST_OWNER")
    [grant] = own["grants"]
    taken = owner.delete(f"/v1/staff/{own['id']}/grants/{grant['id']}")
    assert (taken.status_code, taken.json()["reason"]) == (409, "LAST_OWNER")


@pytest.mark.T("T21")
def test_a_disabled_colleague_is_signed_out_and_cannot_sign_in(group: Group, platform: Platform):
    owner = group.http("owner")
    grants = [{"role": "front_desk", "location_id": group.location_a}]
    staff = create_staff(owner, group, initial_password=PASSWORD, grants=grants).json()["staff"]
    opened = platform.call("directory", "SignIn", SignInRequest(email=staff["email"], password=PASSWORD))
    off = owner.post(f"/v1/staff/{staff['id']}/disable", json={}, headers={"If-Match": str(staff["version"])})
    assert off.json()["staff"]["active"] is False
    again = group.anonymous().post("/v1/session", json={"email": staff["email"], "password": PASSWORD})
    assert (again.status_code, again.json()["reason"]) == (401, "WRONG_CREDENTIALS")
    with pytest.raises(Unauthenticated):
        platform.call("directory", "ResolveSession", ResolveSessionRequest(session_token=opened.session_token))
    assert staff["id"] not in [s["id"] for s in owner.get("/v1/staff").json()["staff"]]


def test_staff_is_listed_by_location_role_and_profession(group: Group):
    owner, doctor = group.http("owner"), group.staff("orthodontist")
    listed = owner.get("/v1/staff", params={"location_id": group.location_a, "providers_only": "true"}).json()["staff"]
    assert [staff["id"] for staff in listed] == [doctor]
    assert (
        owner.get("/v1/staff", params={"role": "orthodontist", "location_id": group.location_b}).json()["staff"] == []
    )
    twice = owner.post("/v1/staff", json={"first_name": "A", "last_name": "B", "email": listed[0]["email"].upper()})
    assert (twice.status_code, twice.json()["reason"]) == (409, "EMAIL_TAKEN")


@pytest.mark.R(28)
def test_a_matter_with_an_insurer_is_open_until_it_is_settled(group: Group, http: Http):
    contacts = [{"name": "Kim Park", "role": "provider relations", "phone": "+18005550100"}]
    body = {"kind": "insurer", "name": "Harbor Dental", "contacts": contacts}
    partner = http.post("/v1/partners", json=body).json()["partner"]
    assert partner["contacts"][0]["name"] == "Kim Park"
    assert http.post("/v1/partners", json=body).json()["reason"] == "PARTNER_EXISTS"
    path = f"/v1/partners/{partner['id']}"
    http.post(f"{path}/entries", json={"kind": "call", "note": "asked for the fee schedule"})
    matter = {"kind": "matter", "note": "ortho claims need the new form", "due_date": "2027-01-15"}
    entry = http.post(f"{path}/entries", json=matter).json()["entry"]
    assert http.get(path).json()["partner"]["open_matters"] == 1
    found = http.get("/v1/partner-entries", params={"open_only": "true", "partner_id": partner["id"]}).json()["entries"]
    assert [item["id"] for item in found] == [entry["id"]]
    for status in (200, 409):
        answer = http.post(
            f"/v1/partner-entries/{entry['id']}/resolve",
            json={"resolution": "form received"},
            headers={"If-Match": "1" if status == 200 else "2"},
        )
        assert answer.status_code == status, answer.text
    assert http.get(path).json()["partner"]["open_matters"] == 0
