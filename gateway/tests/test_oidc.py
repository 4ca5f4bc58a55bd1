"""Signing in through an identity provider: a small issuer, and everything that may be wrong with its answers."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.oidc import Provider, own_path
from shared.config import ConfigError

ISSUER = "https://issuer.test/realm"


class Issuer:
    """An OpenID provider in memory: signs whatever claims it is told to."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": "1"})
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, list[str]] = {}
        self.exchanged: dict[str, list[str]] = {}
        self.token: str | None = None
        self.key_fetches = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/.well-known/openid-configuration"):
            endpoints = {name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            return httpx.Response(200, json={"issuer": ISSUER, **endpoints})
        if path.endswith("jwks_uri"):
            self.key_fetches += 1
            return httpx.Response(200, json={"keys": [self.key.as_dict(private=False)]})
        self.exchanged = parse_qs(request.content.decode())
        challenge = urlsafe_b64encode(hashlib.sha256(self.exchanged["code_verifier"][0].encode()).digest()).decode()
        if self.exchanged["code"] != ["good"] or [challenge.rstrip("=")] != self.asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"id_token": self.token or self.sign()})

    def sign(self, key: Any = None, alg: str = "ES256", **other: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "archwire",
            "sub": "1",
            "iat": now,
            "exp": now + 60,
            "nonce": self.asked["nonce"][0],
            "email": "Ann@example.com",
            "email_verified": True,
            "amr": ["pwd", "otp"],
            **self.claims,
            **other,
        }
        return jwt.encode({"alg": alg, "kid": "1"}, claims, key or self.key, algorithms=[alg])


@pytest.fixture
def issuer(http: httpx.AsyncClient) -> Issuer:
    issuer = Issuer()
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuer))
    http.app.state.oidc = Provider(ISSUER, "archwire", "secret", "https://gateway.test", http=client)  # type: ignore[attr-defined]
    return issuer


async def begin(http: httpx.AsyncClient, issuer: Issuer, path: str = "/today") -> str:
    """Goes to the issuer; returns the state."""
    answer = await http.get("/v1/session/oidc", params={"next": path})
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{ISSUER}/authorization_endpoint"
    issuer.asked = parse_qs(where.query)
    assert issuer.asked["code_challenge_method"] == ["S256"]
    assert issuer.asked["redirect_uri"] == ["https://gateway.test/v1/session/oidc/callback"]
    return issuer.asked["state"][0]


async def come_back(http: httpx.AsyncClient, state: str, code: str = "good") -> httpx.Response:
    return await http.get("/v1/session/oidc/callback", params={"code": code, "state": state})


async def test_a_person_of_the_provider_gets_a_session(http: httpx.AsyncClient, issuer: Issuer, node: Any) -> None:
    answer = await come_back(http, await begin(http, issuer))
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    assert (await http.get("/v1/session")).json()["display_name"] == "Ann Lee"
    assert node.directory.second_factor is True
    assert "__Host-oidc" not in http.cookies


@pytest.mark.T("T18")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.test"},
        {"aud": "other"},
        {"aud": ["archwire", "other"]},
        {"aud": ["archwire", "other"], "azp": "other"},
        {"exp": 1},
        {"iat": int(time.time()) + 3600},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": "stranger@example.com"},
    ],
)
async def test_claims_that_do_not_prove_it_open_nothing(
    http: httpx.AsyncClient, issuer: Issuer, claims: dict[str, Any]
) -> None:
    state = await begin(http, issuer)
    issuer.claims = claims
    answer = await come_back(http, state)
    assert (answer.status_code, answer.json()["reason"]) == (401, "SIGN_IN_FAILED")
    assert "__Host-session" not in http.cookies


@pytest.mark.T("T18")
async def test_tokens_that_the_provider_did_not_sign_open_nothing(http: httpx.AsyncClient, issuer: Issuer) -> None:
    state = await begin(http, issuer)
    good = issuer.sign()
    head, body, signature = good.split(".")
    hs256 = urlsafe_b64encode(b'{"alg":"HS256","kid":"1"}').decode().rstrip("=") + "." + body
    with_public_key = hmac.digest(issuer.key.as_pem(private=False), hs256.encode(), "sha256")
    none = urlsafe_b64encode(b'{"alg":"none","kid":"1"}').decode().rstrip("=")
    attacks = [
        issuer.sign(ECKey.generate_key("P-256", parameters={"kid": "1"})),
        f"{hs256}.{urlsafe_b64encode(with_public_key).decode().rstrip('=')}",
        f"{none}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}",
        "",
    ]
    for attack in attacks:
        issuer.token = attack or "x"
        answer = await come_back(http, state)
        assert answer.status_code == 401, attack
    assert "__Host-session" not in http.cookies
    assert issuer.key_fetches <= 2  # bad tokens cannot make us hammer the provider


async def test_an_attempt_belongs_to_the_browser_that_began_it(http: httpx.AsyncClient, issuer: Issuer) -> None:
    state = await begin(http, issuer)
    assert (await come_back(http, "another-state")).status_code == 401
    assert (await come_back(http, state, code="bad")).status_code == 401
    http.cookies.clear()
    assert (await come_back(http, state)).json()["reason"] == "BAD_TOKEN"


async def test_new_keys_of_the_provider_are_fetched(
    http: httpx.AsyncClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await come_back(http, await begin(http, issuer))
    issuer.key = ECKey.generate_key("P-256", parameters={"kid": "1"})
    later = time.monotonic() + 61
    monkeypatch.setattr("gateway.oidc.time.monotonic", lambda: later)
    assert (await come_back(http, await begin(http, issuer))).status_code == 303
    assert issuer.key_fetches == 2


async def test_without_a_provider_there_is_no_such_door(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/session/oidc")).status_code == 404
    assert (await http.get("/v1/session/oidc/callback")).status_code == 404


def test_nobody_is_sent_elsewhere_afterwards() -> None:
    assert own_path("/today?x=1") == "/today?x=1"
    for elsewhere in (
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "evil",
        "",
        "/\r\nSet-Cookie: x",
        "/" + "x" * 600,
    ):
        assert own_path(elsewhere) == "/"


def test_half_a_configuration_is_told() -> None:
    assert Provider.from_environ({}) is None
    with pytest.raises(ConfigError, match="ARCHWIRE_OIDC_CLIENT_ID"):
        Provider.from_environ({"ARCHWIRE_OIDC_ISSUER": ISSUER})
    whole = dict.fromkeys(("ARCHWIRE_OIDC_CLIENT_ID", "ARCHWIRE_OIDC_CLIENT_SECRET", "ARCHWIRE_PUBLIC_URL"), "x")
    with pytest.raises(ConfigError, match="https"):
        Provider.from_environ({**whole, "ARCHWIRE_OIDC_ISSUER": "http://issuer.test", "ARCHWIRE_ENV": "production"})
