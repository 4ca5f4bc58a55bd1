"""A gateway in front of services that are not there: what it sends them, and what it makes of their answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from archwire.directory.v1 import credentials_pb2 as pb
from joserfc.jwk import OKPKey

from gateway.app import create_app
from gateway.limits import Limits
from gateway.tests.example import example_api, message
from shared import storage
from shared.errors import NotFound, Unauthenticated
from shared.identity import Signer, policy

TENANT = "0198c0de-0000-7000-8000-00000000000a"
LOCATION = "0198c0de-0000-7000-8000-0000000000a1"
USER = "0198c0de-0000-7000-8000-0000000000b1"
CLIENT = "0198c0de-0000-7000-8000-0000000000c1"
PASSWORD, CODE, SECRET, LINK = "correct horse", "123456", "awc_secret", "L" * 43
UUID = "0198c0de-7a11-7c0d-9e3f-5b1f0a2c4d6e"


class Directory:
    """Stands for the directory: one person, one machine, one link."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {}  # token -> session id
        self.revoked = False
        self.totp = False
        self.role = "treatment_coordinator"
        self.calls: list[str] = []
        self.resolved: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def principal(self, token: str) -> pb.Principal:
        grant = pb.ResolvedGrant(role=self.role, location_ids=[LOCATION])
        return pb.Principal(
            tenant_id=TENANT, user_id=USER, session_id=self.sessions[token], grants=[grant], display_name="Ann Lee"
        )

    async def SignIn(self, request: Any, *, token: str) -> Any:
        self.calls.append("SignIn")
        if request.email.lower() != "ann@example.com" or request.password != PASSWORD:
            return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_REFUSED)
        if self.totp and not request.code:
            return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_CODE_REQUIRED)
        if self.totp and request.code != CODE:
            return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_REFUSED)
        self.sessions.pop(request.previous_session_token, None)
        secret = f"session-{len(self.calls)}-" + "s" * 30
        self.sessions[secret] = f"id-{len(self.calls)}"
        principal = self.principal(secret)
        return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_SIGNED_IN, session_token=secret, principal=principal)

    async def OpenSession(self, request: Any, *, token: str) -> Any:
        if request.email.lower() != "ann@example.com":
            raise NotFound("ACCOUNT_NOT_FOUND", "nobody here has that e-mail address")
        self.second_factor = request.second_factor
        secret = "session-oidc-" + "s" * 30
        self.sessions[secret] = "id-oidc"
        return pb.OpenSessionResponse(session_token=secret, principal=self.principal(secret))

    async def ResolveSession(self, request: Any, *, token: str) -> Any:
        self.calls.append("ResolveSession")
        self.resolved.append(request)
        if request.session_token not in self.sessions:
            raise Unauthenticated("SESSION_ENDED", "the session has ended: sign in again")
        return pb.ResolveSessionResponse(principal=self.principal(request.session_token))

    async def SignOut(self, request: Any, *, token: str) -> Any:
        self.sessions.pop(request.session_token, None)
        return pb.SignOutResponse()

    async def EnrollTotp(self, request: Any, *, token: str) -> Any:
        return pb.EnrollTotpResponse(secret="ABC", provisioning_uri="otpauth://totp/x")

    async def ConfirmTotp(self, request: Any, *, token: str) -> Any:
        fresh = "session-renewed-" + "s" * 30
        self.sessions = {fresh: self.sessions.popitem()[1]}
        return pb.ConfirmTotpResponse(recovery_codes=["a", "b"], session_token=fresh)

    async def VerifyClient(self, request: Any, *, token: str) -> Any:
        self.calls.append("VerifyClient")
        if self.revoked or (request.client_id, request.secret) != (CLIENT, SECRET):
            raise NotFound("CLIENT_REFUSED", "unknown client or wrong secret")
        grant = pb.ResolvedGrant(role="integrator", all_locations=True)
        held = policy().of_roles(["integrator"])
        return pb.VerifyClientResponse(tenant_id=TENANT, client_id=CLIENT, grants=[grant], permissions=sorted(held))

    async def ResolveLink(self, request: Any, *, token: str) -> Any:
        self.calls.append("ResolveLink")
        if self.revoked or request.token != LINK:
            raise NotFound("LINK_ENDED", "the link is not good any more")
        found = pb.ResolveLinkResponse(tenant_id=TENANT, link_id=UUID, purpose="presentation")
        found.subject.presentation_id = UUID
        return found


class Example:
    """Stands for the example service: remembers what it was asked and answers what it is told to."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.tokens: list[str] = []
        self.answer: Callable[[str, Any], Any] = lambda rpc, request: message(rpc + "Response")()

    def __getattr__(self, rpc: str) -> Any:
        async def method(request: Any, *, token: str) -> Any:
            self.requests.append(request)
            self.tokens.append(token)
            answer = self.answer(rpc, request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return method


class Node:
    """Stands for the node: the two services above."""

    def __init__(self) -> None:
        self.signer = Signer(OKPKey.generate_key("Ed25519"))
        self.config = SimpleNamespace(kafka="", addresses={}, env="test")
        self.directory, self.example = Directory(), Example()
        self.others: dict[str, Any] = {"example": self.example}
        self.pools = {"directory": object()}
        self.parts = {"directory": "ok", "example": "ok"}

    def client(self, service: str) -> Any:
        return self.directory if service == "directory" else self.others.setdefault(service, Example())

    async def ready(self) -> dict[str, str]:
        return self.parts


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Node:
    storage.use(storage.DirectoryStorage(tmp_path))
    monkeypatch.setattr("gateway.auth.Caller.may", lambda self, permission: permission != "visits.delete")
    return Node()


@pytest.fixture
def limits() -> Limits:
    return Limits({"ARCHWIRE_LIMIT_SIGN_IN_ACCOUNT": "1000/minute", "ARCHWIRE_LIMIT_SIGN_IN_ADDRESS": "1000/minute"})


@pytest.fixture
async def http(node: Node, limits: Limits) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway that has not signed in."""
    app = create_app(node, apis=[example_api()], limits=limits)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        client.app = app  # type: ignore[attr-defined]
        yield client


@pytest.fixture
async def staff(http: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that has signed in, with cookies and CSRF token."""
    answer = await http.post("/v1/session", json={"email": "ann@example.com", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return http


async def until(condition: Callable[[], bool]) -> None:
    """Waits, briefly, for something to come true."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")
