"""Signing in, second factors, API clients and private links, through HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pyotp
import pytest
from archwire.directory.v1 import credentials_pb2 as pb
from archwire.directory.v1 import links_pb2

from shared.errors import NotFound, Unauthenticated
from shared.proto import timestamp
from tests.support import PASSWORD, Group, Http, Platform


def person(group: Group) -> str:
    """Signs nobody in: the address of a new front desk colleague."""
    owner, email = group.http("owner"), f"{uuid4().hex[:8]}@{group.slug}.example"
    body = {"first_name": "P", "last_name": "Q", "email": email, "initial_password": PASSWORD}
    grants = [{"role": "front_desk", "location_id": group.location_a}]
    assert owner.post("/v1/staff", json=body | {"grants": grants}).status_code == 201
    return email


def try_in(group: Group, email: str, password: str = PASSWORD, *, slug: str = "", totp_code: str = "") -> Any:
    body = {"email": email, "password": password, "group": slug, "totp_code": totp_code}
    return group.anonymous().post("/v1/session", json=body)


def refusal(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["reason"], answer.json()["detail"]


@pytest.mark.T("T19")
def test_every_cause_is_refused_in_the_same_words_and_about_the_same_time(group: Group):
    email = person(group)
    causes = {
        "unknown": lambda: try_in(group, "nobody@nowhere.example"),
        "wrong password": lambda: try_in(group, email, "three brackets and a wirx"),
        "wrong group": lambda: try_in(group, email, slug="another"),
    }
    answers, times = {}, {}
    for cause, attempt in causes.items():
        started = time.perf_counter()
        answers[cause] = refusal(attempt())
        times[cause] = time.perf_counter() - started
    assert len(set(answers.values())) == 1, answers
    assert min(times.values()) > 0.02  # a hash was computed each time


@pytest.mark.T("T19")
def test_five_wrong_passwords_lock_even_the_right_one(group: Group):
    email = person(group)
    assert try_in(group, email).status_code == 201
    refusals = {refusal(try_in(group, email, f"wrong password {i}")) for i in range(5)}
    refusals.add(refusal(try_in(group, email)))
    assert len(refusals) == 1


@pytest.mark.T("T19")
def test_a_second_factor_is_asked_for_and_no_code_works_twice(group: Group):
    email = person(group)
    http, elsewhere = group.sign_in(email), group.sign_in(email)
    before = group.anonymous()
    before.headers.update({name: http.headers[name] for name in ("Cookie", "X-CSRF-Token")})
    assert http.post("/v1/session/totp", json={"password": "not the password"}).json()["reason"] == "WRONG_PASSWORD"
    secret = http.post("/v1/session/totp", json={"password": PASSWORD}).json()["secret"]
    assert http.post("/v1/session/totp/confirm", json={"code": "000000"}).json()["reason"] == "WRONG_CODE"
    code = pyotp.TOTP(secret).now()
    confirmed = http.post("/v1/session/totp/confirm", json={"code": code})
    recovery = confirmed.json()["recovery_codes"]
    assert len(recovery) == 10
    assert http.with_session(confirmed).get("/v1/session").json()["second_factor"]
    assert [old.get("/v1/session").status_code for old in (before, elsewhere)] == [401, 401]

    assert try_in(group, email).json()["reason"] == "TOTP_REQUIRED"
    assert try_in(group, email, totp_code=code).json()["reason"] == "WRONG_CREDENTIALS"  # it confirmed the app
    fresh = pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))
    opened = try_in(group, email, totp_code=fresh)
    assert opened.status_code == 201
    assert opened.json()["second_factor"]
    for wrong in (fresh, "\uff11\uff12\uff13\uff14\uff15\uff16"):
        assert try_in(group, email, totp_code=wrong).json()["reason"] == "WRONG_CREDENTIALS"
    assert try_in(group, email, totp_code=recovery[0].lower()).status_code == 201
    assert try_in(group, email, totp_code=recovery[0]).json()["reason"] == "WRONG_CREDENTIALS"

    [staff] = [s for s in group.http("owner").get("/v1/staff").json()["staff"] if s["email"] == email]
    assert staff["totp_enrolled"]
    group.http("owner").post(f"/v1/staff/{staff['id']}/reset-totp", json={})
    assert try_in(group, email).status_code == 201


@pytest.mark.T("T20")
def test_a_sign_in_gives_a_new_session_and_ends_the_one_before(group: Group, platform: Platform):
    email = person(group)
    first = platform.call("directory", "SignIn", pb.SignInRequest(email=email, password=PASSWORD))
    again = pb.SignInRequest(email=email, password=PASSWORD, previous_session_token=first.session_token)
    second = platform.call("directory", "SignIn", again)
    assert second.session_token not in ("", first.session_token)
    resolve = pb.ResolveSessionRequest(session_token=second.session_token)
    assert platform.call("directory", "ResolveSession", resolve).principal.user_id == second.principal.user_id
    with pytest.raises(Unauthenticated):
        platform.call("directory", "ResolveSession", pb.ResolveSessionRequest(session_token=first.session_token))


@pytest.mark.T("T20")
@pytest.mark.parametrize("column", ["seen_time", "expire_time"])
async def test_an_idle_or_old_session_is_over(group: Group, platform: Platform, column: str):
    opened = platform.call("directory", "SignIn", pb.SignInRequest(email=person(group), password=PASSWORD))
    database = await asyncpg.connect(platform.dsn(""))
    await database.execute("SET session_replication_role = replica")
    await database.execute(
        f"UPDATE directory.session SET {column} = now() - interval '15 minutes' WHERE id = $1::uuid",
        opened.principal.session_id,
    )
    await database.close()
    with pytest.raises(Unauthenticated):
        platform.call("directory", "ResolveSession", pb.ResolveSessionRequest(session_token=opened.session_token))


@pytest.mark.T("T20")
def test_a_changed_password_ends_the_other_sessions_and_sign_out_ends_this_one(group: Group, platform: Platform):
    email = person(group)
    here, there = (
        group.sign_in(email),
        platform.call("directory", "SignIn", pb.SignInRequest(email=email, password=PASSWORD)),
    )
    change = {"current_password": PASSWORD, "new_password": "another wire and bracket"}
    assert here.post("/v1/session/password", json=change).status_code == 204
    with pytest.raises(Unauthenticated):
        platform.call("directory", "ResolveSession", pb.ResolveSessionRequest(session_token=there.session_token))
    assert here.get("/v1/session").status_code == 200
    assert try_in(group, email).status_code == 401
    assert here.delete("/v1/session").status_code == 204
    assert here.get("/v1/session").status_code == 401


async def test_no_secret_is_kept_in_clear(group: Group, platform: Platform):
    email = person(group)
    opened = platform.call("directory", "SignIn", pb.SignInRequest(email=email, password=PASSWORD))
    request = links_pb2.CreateLinkRequest(
        request_id=str(uuid4()), purpose="presentation", subject=links_pb2.LinkSubject()
    )
    made = group.call("directory", "CreateLink", request)
    assert group.call("directory", "CreateLink", request) == made  # a retry still learns the token
    database = await asyncpg.connect(platform.dsn(""))
    tables = await database.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'directory'"
    )
    for table in tables:
        rows = await database.fetchval(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table['name']} t")
        for secret in (opened.session_token, made.token, PASSWORD):
            assert secret not in rows
            assert secret.encode().hex() not in rows, table["name"]
        if table["name"] == "directory.credential_index":
            assert email not in rows
    await database.close()


@pytest.mark.R(35)
def test_a_machine_of_the_group_works_with_its_own_credentials(group: Group):
    admin = group.http("owner", location="*")
    body = {"name": "Bridge", "role": "integrator", "location_ids": [group.location_a], "expire_time": in_days(30)}
    made = admin.post("/v1/clients", json=body).json()
    assert made["secret"].startswith("awc_")
    machine = bearer(group, made)
    family, elsewhere = group.patient(), group.patient(group.location_b)
    assert machine.get(f"/v1/patients/{family.patient_id}").status_code == 200
    assert machine.get(f"/v1/patients/{elsewhere.patient_id}").status_code == 404
    assert machine.get("/v1/clients").status_code == 403

    elsewhere_only = group.http("it_admin", location=group.location_b)
    denied = elsewhere_only.post(f"/v1/clients/{made['client']['id']}/revoke", json={})
    assert (denied.status_code, denied.json()["reason"]) == (403, "OUT_OF_SCOPE")
    assert admin.post(f"/v1/clients/{made['client']['id']}/revoke", json={}).json()["client"]["revoke_time"]
    refused = token(group, made["client"]["id"], made["secret"])
    assert refused.status_code == 401
    listed = admin.get("/v1/clients").json()["clients"]
    assert made["secret"] not in str(listed)
    assert next(c for c in listed if c["id"] == made["client"]["id"])["last_use_time"]


@pytest.mark.R(35)
def test_nobody_makes_a_machine_that_may_do_more_than_its_maker(group: Group):
    admin = group.http("it_admin", location=group.location_a)
    good = {"name": "Bridge", "role": "integrator", "location_ids": [group.location_a], "expire_time": in_days(30)}
    for beyond in ({}, {"permissions": ["staff.read", "patients.read"]}):
        denied = admin.post("/v1/clients", json=good | beyond)
        assert (denied.status_code, denied.json()["reason"]) == (403, "BEYOND_OWN_POWERS")
    made = admin.post("/v1/clients", json=good | {"permissions": ["staff.read", "locations.read"]})
    assert made.status_code == 201
    assert made.json()["client"]["permissions"] == ["locations.read", "staff.read"]
    machine = bearer(group, made.json())
    assert set(machine.get("/v1/session").json()["permissions"]) == {"locations.read", "staff.read"}
    assert machine.get("/v1/staff").status_code == 200
    family = group.patient()
    assert machine.get(f"/v1/patients/{family.patient_id}").json()["reason"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"permissions": ["notes.read"]}, "NOT_OF_ROLE"),
        ({"expire_time": "2020-01-01T00:00:00Z"}, "BAD_EXPIRY"),
        ({"expire_time": "2030-01-01T00:00:00Z"}, "BAD_EXPIRY"),
        ({"all_locations": False}, "CLIENT_SCOPE"),
        ({"role": "owner"}, "INVALID_FIELD"),
        ({"role": "lab"}, "NOT_A_LAB"),
    ],
)
def test_a_client_that_cannot_be_right_is_refused(group: Group, body: dict[str, Any], reason: str):
    good = {"name": "X", "role": "integrator", "all_locations": True, "expire_time": in_days(10)}
    assert group.http("owner").post("/v1/clients", json=good | body).json()["reason"] == reason


def test_a_private_link_is_for_one_purpose_and_ends(group: Group, http: Http, platform: Platform):
    family = group.patient()
    body = {"purpose": "presentation", "subject": {"patient_id": family.patient_id, "party_id": family.party_id}}
    made = http.post("/v1/links", json=body).json()
    who = group.by_link(made["token"]).get("/v1/session").json()
    assert (who["kind"], who["purpose"]) == ("link", "presentation")
    assert who["subject"] == body["subject"]
    assert group.by_link(made["token"]).get(f"/v1/patients/{family.patient_id}").status_code == 403
    listed = http.get(f"/v1/patients/{family.patient_id}/links").json()["links"]
    assert listed[0]["last_use_time"]
    assert made["token"] not in str(listed)
    for _ in range(2):
        assert http.post(f"/v1/links/{made['link']['id']}/revoke", json={}).json()["link"]["revoke_time"]
    with pytest.raises(NotFound):
        platform.call("directory", "ResolveLink", pb.ResolveLinkRequest(token=made["token"]))


def test_a_link_needs_a_known_purpose_a_known_patient_and_an_end(group: Group, http: Http):
    family = group.patient(group.location_b)
    subject = {"patient_id": family.patient_id, "party_id": family.party_id}
    assert http.post("/v1/links", json={"purpose": "presentation", "subject": subject}).status_code == 404
    assert http.post("/v1/links", json={"purpose": "anything", "subject": {}}).json()["reason"] == "UNKNOWN_PURPOSE"
    long = {"purpose": "presentation", "subject": {}, "expire_time": in_days(181)}
    assert http.post("/v1/links", json=long).json()["reason"] == "BAD_EXPIRY"


def test_an_expired_link_is_refused_like_an_unknown_one(group: Group, platform: Platform):
    soon = timestamp(datetime.now(UTC) + timedelta(seconds=1))
    request = links_pb2.CreateLinkRequest(
        request_id=str(uuid4()), purpose="presentation", subject=links_pb2.LinkSubject(), expire_time=soon
    )
    made = group.call("directory", "CreateLink", request)
    time.sleep(1.1)
    reasons = set()
    for secret in (made.token, "x" * 43):
        with pytest.raises(NotFound) as error:
            platform.call("directory", "ResolveLink", pb.ResolveLinkRequest(token=secret))
        reasons.add(str(error.value))
    assert len(reasons) == 1


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def token(group: Group, client_id: str, secret: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return group.anonymous().post("/oauth/token", data=form)


def bearer(group: Group, made: dict[str, Any]) -> Http:
    access = token(group, made["client"]["id"], made["secret"]).json()["access_token"]
    return Http(group.platform.url, headers={"Authorization": f"Bearer {access}"})
