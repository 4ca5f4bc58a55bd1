"""Who is let in, how, for how long, and what the browser is told to keep."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.auth import csrf_token, grants
from gateway.tests.conftest import CLIENT, CODE, LINK, LOCATION, PASSWORD, SECRET, TENANT, USER, UUID
from shared.identity import EVERYWHERE

ANN = {"email": "ann@example.com", "password": PASSWORD}


def set_cookies(answer: httpx.Response) -> dict[str, set[str]]:
    """Attributes by cookie."""
    found = {}
    for text in answer.headers.get_list("set-cookie"):
        first, *rest = (part.strip() for part in text.split(";"))
        found[first.partition("=")[0]] = {part.lower() for part in rest}
    return found


# --- people -------------------------------------------------------------------------------------------------------


@pytest.mark.T("T20")
async def test_signing_in_sets_a_cookie_that_only_this_host_gets_back(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/session", json=ANN)
    assert answer.status_code == 201
    flags = set_cookies(answer)
    assert flags["__Host-session"] == {"path=/", "secure", "httponly", "samesite=lax"}
    assert flags["__Host-csrf"] == {"path=/", "secure", "samesite=lax"}
    assert http.cookies["__Host-session"] not in answer.text
    me = (await http.get("/v1/session")).json()
    assert (me["user_id"], me["group_id"], me["display_name"], me["kind"]) == (USER, TENANT, "Ann Lee", "user")
    assert me["roles"] == [{"role": "treatment_coordinator", "locations": [LOCATION]}]
    assert me["permissions"]["events.stream"] == [LOCATION]
    assert me["csrf_token"] == answer.json()["csrf_token"] == http.cookies["__Host-csrf"]


async def test_wrong_credentials_are_refused_in_the_same_words(http: httpx.AsyncClient, node: Any) -> None:
    node.directory.totp = True
    tries = [
        {"email": "ann@example.com", "password": "wrong"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {**ANN, "totp_code": "000000"},
    ]
    told = []
    for body in tries:
        answer = await http.post("/v1/session", json=body)
        assert answer.status_code == 401
        assert set_cookies(answer) == {}
        told.append({**answer.json(), "trace_id": None})
    assert told[0] == told[1] == told[2]
    assert told[0]["reason"] == "WRONG_CREDENTIALS"


async def test_a_second_factor_is_asked_for_and_accepted(http: httpx.AsyncClient, node: Any) -> None:
    node.directory.totp = True
    first = await http.post("/v1/session", json=ANN)
    assert (first.status_code, first.json()["reason"]) == (401, "TOTP_REQUIRED")
    assert (await http.post("/v1/session", json={**ANN, "totp_code": CODE})).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**ANN, "role": "owner"},
        {**ANN, "email": 5},
        {**ANN, "password": "x" * 201},
        {**ANN, "totp_code": None},
        [],
        "x",
    ],
)
async def test_a_sign_in_body_is_strict_and_never_repeated(http: httpx.AsyncClient, node: Any, body: Any) -> None:
    answer = await http.post("/v1/session", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert PASSWORD not in answer.text
    assert node.directory.calls == []


async def test_a_form_of_another_site_cannot_sign_in(http: httpx.AsyncClient, node: Any) -> None:
    text = '{"email": "ann@example.com", "password": "correct horse"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await http.post("/v1/session", content=text, headers={"Content-Type": kind} if kind else {})
        assert answer.status_code in (415, 422)
    assert node.directory.calls == []


@pytest.mark.T("T20")
async def test_a_session_is_never_one_that_somebody_planted(http: httpx.AsyncClient, node: Any) -> None:
    planted = "planted-" + "x" * 30
    http.cookies.set("__Host-session", planted, domain="gateway.test", path="/")
    await http.post("/v1/session", json=ANN)
    first = http.cookies.get("__Host-session", domain="gateway.test")
    assert first != planted
    await http.post("/v1/session", json=ANN)
    second = http.cookies.get("__Host-session", domain="gateway.test")
    assert second != first
    old = await http.get("/v1/session", headers={"Cookie": f"__Host-session={first}"})
    assert old.status_code == 401  # the session that the browser held before has ended


@pytest.mark.T("T20")
async def test_every_change_by_cookie_needs_the_csrf_token(staff: httpx.AsyncClient, node: Any) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    good = staff.headers.pop("X-CSRF-Token")
    others = csrf_token("session-of-somebody-else")
    changes = [
        ("POST", "/v1/visits"),
        ("PATCH", f"/v1/visits/{UUID}"),
        ("DELETE", f"/v1/visits/{UUID}"),
        ("DELETE", "/v1/session"),
        ("POST", "/v1/session/totp"),
        ("POST", "/v1/session/totp/confirm"),
        ("POST", "/v1/session/password"),
        ("POST", "/v1/uploads"),
    ]
    bodies = {
        "/v1/session/totp": {"password": "p"},
        "/v1/session/totp/confirm": {"code": "123456"},
        "/v1/session/password": {"current_password": "p", "new_password": "p" * 12},
    }
    for verb, path in changes:
        for token in (None, "", "guess", others, "ä"):
            headers = key if token is None else {**key, "X-CSRF-Token": token.encode()}
            answer = await staff.request(verb, path, json=bodies.get(path), headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (403, "CSRF"), (verb, path, token)
    assert node.example.requests == []
    assert (await staff.get(f"/v1/visits/{UUID}")).status_code == 200
    assert (await staff.delete("/v1/session", headers={"X-CSRF-Token": good})).status_code == 204


async def test_signing_out_ends_the_session_at_once(staff: httpx.AsyncClient) -> None:
    secret = staff.cookies["__Host-session"]
    answer = await staff.delete("/v1/session")
    assert answer.status_code == 204
    assert all("max-age=0" in flags for flags in set_cookies(answer).values())
    again = await staff.get("/v1/session", headers={"Cookie": f"__Host-session={secret}"})
    assert (again.status_code, again.json()["reason"]) == (401, "SESSION_ENDED")


@pytest.mark.T("T21")
async def test_an_answer_of_the_directory_is_kept_for_thirty_seconds(
    staff: httpx.AsyncClient, node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await staff.get("/v1/session")
    assert node.directory.calls.count("ResolveSession") == 1
    node.directory.sessions.clear()  # disabled elsewhere
    from gateway import auth

    later = auth.time.monotonic() + 31
    monkeypatch.setattr("gateway.auth.time.monotonic", lambda: later)
    assert (await staff.get("/v1/session")).status_code == 401


async def test_an_open_stream_does_not_keep_a_session_awake(staff: httpx.AsyncClient, node: Any) -> None:
    auth = staff.app.state.auth  # type: ignore[attr-defined]
    scope = {
        "headers": [(b"cookie", f"__Host-session={staff.cookies['__Host-session']}".encode())],
        "client": ("::1", 1),
    }
    for _ in range(2):
        await auth.authenticate(scope, unsafe=False, quiet=True)
    await auth.authenticate(scope, unsafe=False)
    assert [request.quiet for request in node.directory.resolved] == [True, True, False]


async def test_the_authenticator_is_enrolled_and_confirmed(staff: httpx.AsyncClient) -> None:
    enrolled = await staff.post("/v1/session/totp", json={"password": PASSWORD})
    assert enrolled.json() == {"secret": "ABC", "provisioning_uri": "otpauth://totp/x"}
    before = {"Cookie": f"__Host-session={staff.cookies['__Host-session']}"}
    confirmed = await staff.post("/v1/session/totp/confirm", json={"code": CODE})
    assert confirmed.json()["recovery_codes"] == ["a", "b"]
    me = (await staff.get("/v1/session")).json()
    assert me["csrf_token"] == confirmed.json()["csrf_token"] == staff.cookies["__Host-csrf"]
    staff.cookies.clear()
    assert (await staff.get("/v1/session", headers=before)).status_code == 401


async def test_without_credentials_every_route_is_closed(http: httpx.AsyncClient) -> None:
    for verb, path in [
        ("GET", f"/v1/visits/{UUID}"),
        ("POST", "/v1/visits"),
        ("GET", "/v1/session"),
        ("GET", "/v1/events"),
        ("POST", "/v1/uploads"),
    ]:
        answer = await http.request(verb, path)
        assert (answer.status_code, answer.json()["reason"]) == (401, "SIGN_IN_REQUIRED")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for nonsense in ("Basic YTpi", "Bearer", "Bearer ", "Digest x", "Bearer " + "x" * 5000):
        assert (await http.get("/v1/session", headers={"Authorization": nonsense})).status_code == 401


async def test_a_header_goes_before_a_cookie(staff: httpx.AsyncClient) -> None:
    answer = await staff.get("/v1/session", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


def test_two_grants_of_a_role_hold_in_both_places_and_none_in_none() -> None:
    from archwire.directory.v1.credentials_pb2 import ResolvedGrant

    given = [
        ResolvedGrant(role="front_desk", location_ids=["b"]),
        ResolvedGrant(role="front_desk", location_ids=["a"]),
        ResolvedGrant(role="owner", all_locations=True),
        ResolvedGrant(role="orthodontist"),
    ]
    assert grants(given) == {"front_desk": ("a", "b"), "owner": EVERYWHERE, "orthodontist": ()}


# --- machines -----------------------------------------------------------------------------------------------------


async def token_of(http: httpx.AsyncClient) -> str:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    answer = await http.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 900)
    return str(answer.json()["access_token"])


async def test_a_machine_gets_a_token_and_needs_no_csrf(http: httpx.AsyncClient, node: Any) -> None:
    bearer = {"Authorization": f"Bearer {await token_of(http)}"}
    assert SECRET not in bearer["Authorization"]
    me = (await http.get("/v1/session", headers=bearer)).json()
    assert (me["kind"], me["user_id"], me["roles"]) == ("client", CLIENT, [{"role": "integrator", "locations": "*"}])
    made = await http.post("/v1/visits", json={}, headers={**bearer, "Idempotency-Key": str(uuid4())})
    assert made.status_code == 201
    assert node.signer.verify(node.example.tokens[0], "example").kind == "client"


async def test_client_credentials_may_come_by_basic(http: httpx.AsyncClient) -> None:
    basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    answer = await http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": basic}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": SECRET}, 401, "invalid_client"),
    ],
)
async def test_a_machine_is_refused_in_the_words_of_oauth(
    http: httpx.AsyncClient, form: dict[str, str], status: int, error: str
) -> None:
    answer = await http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.T("T21")
async def test_revoking_a_client_ends_its_tokens(
    http: httpx.AsyncClient, node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = {"Authorization": f"Bearer {await token_of(http)}"}
    assert (await http.get("/v1/session", headers=bearer)).status_code == 200
    node.directory.revoked = True
    from gateway import auth

    later = auth.time.monotonic() + 31
    monkeypatch.setattr("gateway.auth.time.monotonic", lambda: later)
    assert (await http.get("/v1/session", headers=bearer)).status_code == 401


async def test_an_access_token_expires(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await token_of(http)
    from gateway import auth

    later = auth.time.time() + 901
    monkeypatch.setattr("gateway.auth.time.time", lambda: later)
    answer = await http.get("/v1/session", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["reason"]) == (401, "TOKEN_EXPIRED")


@pytest.mark.T("T18")
async def test_tokens_that_the_gateway_did_not_seal_are_refused(http: httpx.AsyncClient, node: Any) -> None:
    good = await token_of(http)
    head, *rest = good.split(".")
    claims = {"id": CLIENT, "secret": SECRET, "exp": 10**10, "sub": CLIENT, "tid": TENANT, "aud": ["example"]}
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    direct = base64.urlsafe_b64encode(b'{"alg":"dir","enc":"A128CBC-HS256"}').decode().rstrip("=")
    internal = node.signer.mint(__import__("shared.identity", fromlist=["system"]).system(TENANT, "x"), "example")
    attacks = [
        good[:-4] + "AAAA",
        good + ".x",
        ".".join([none, *rest]),
        ".".join([direct, *rest]),
        ".".join([head, *rest[:3], ""]),
        none + "..",
        jwt.encode({"alg": "Ed25519"}, claims, OKPKey.generate_key("Ed25519"), algorithms=["Ed25519"]),
        internal,  # a token between services is none at the door
        "",
        "a.b.c.d.e",
        "é" * 10,
    ]
    for attack in attacks:
        answer = await http.get("/v1/session", headers={"Authorization": f"Bearer {attack}".encode()})
        assert answer.status_code == 401, attack


# --- families -----------------------------------------------------------------------------------------------------


async def test_a_link_is_exchanged_for_a_cookie_and_leaves_the_address(http: httpx.AsyncClient, node: Any) -> None:
    page = await http.get(f"/l/{LINK}")
    assert page.status_code == 200
    assert set_cookies(page) == {}  # whoever only looks, such as a mail scanner, opens nothing
    assert "form-action 'self'" in page.headers["content-security-policy"]
    entered = await http.post("/l", data={"token": LINK})
    assert (entered.status_code, entered.headers["location"]) == (303, "/shared")
    assert set_cookies(entered)["__Host-link"] == {"path=/", "secure", "httponly", "samesite=lax"}
    me = (await http.get("/v1/session")).json()
    assert (me["kind"], me["purpose"], me["subject"]) == ("link", "presentation", {"presentation_id": UUID})
    refused = await http.post("/v1/visits", json={}, headers={"Idempotency-Key": str(uuid4())})
    assert refused.json()["reason"] == "CSRF"
    await http.get(f"/v1/visits/{UUID}")
    actor = node.signer.verify(node.example.tokens[-1], "example")
    assert (actor.kind, dict(actor.subject), dict(actor.grants)) == ("link", {"presentation_id": UUID}, {})


async def test_a_link_may_come_in_the_header(http: httpx.AsyncClient, node: Any) -> None:
    link = {"Authorization": f"Link {LINK}"}
    assert (await http.get(f"/v1/visits/{UUID}", headers=link)).status_code == 200
    made = await http.post("/v1/visits", json={}, headers={**link, "Idempotency-Key": str(uuid4())})
    assert made.status_code == 201
    by_json = await http.post("/v1/shared/session", json={"token": LINK})
    assert by_json.json()["kind"] == "link"


async def test_a_link_that_has_ended_opens_nothing(http: httpx.AsyncClient, node: Any) -> None:
    node.directory.revoked = True
    for answer in (
        await http.post("/l", data={"token": LINK}),
        await http.post("/l"),
        await http.post("/v1/shared/session", json={"token": LINK}),
        await http.get("/v1/session", headers={"Authorization": f"Link {LINK}"}),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (401, "LINK_ENDED")
        assert set_cookies(answer) == {}


async def test_a_token_in_an_address_is_text_in_the_page(http: httpx.AsyncClient) -> None:
    page = await http.get('/l/"><script>alert(1)<%2Fscript>')
    assert "<script>alert" not in page.text
