"""Signing in through the group's own identity provider: OpenID Connect, authorization code with PKCE.

Switched on by ARCHWIRE_OIDC_ISSUER, ARCHWIRE_OIDC_CLIENT_ID, ARCHWIRE_OIDC_CLIENT_SECRET and ARCHWIRE_PUBLIC_URL. The
provider vouches for an e-mail address; who that is and what the person may do stays the directory's business.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from archwire.directory.v1 import credentials_pb2 as pb
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.auth import SESSION_COOKIE, address, cookies, same
from gateway.http import Refused
from gateway.session import open_session, set_cookie
from shared.config import ConfigError
from shared.errors import NotFound, Unauthenticated, Unavailable

COOKIE = "__Host-oidc"
ATTEMPT_S = 600
KEYS_S = 3600
ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
STRONG = {"mfa", "otp", "hwk", "swk", "pop"}  # values of `amr` (RFC 8176) that mean a second factor

router = APIRouter(tags=["session"])


class Provider:
    """One identity provider: what its discovery document says, and its keys, fetched when first needed."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, public_url: str, *, http: httpx.AsyncClient
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.redirect_uri = public_url.rstrip("/") + "/v1/session/oidc/callback"
        self._secret = client_secret
        self._http = http
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._keys_until = 0.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Provider | None:
        """The configured provider, or None. Raises ConfigError when the settings are not whole."""
        names = (
            "ARCHWIRE_OIDC_ISSUER",
            "ARCHWIRE_OIDC_CLIENT_ID",
            "ARCHWIRE_OIDC_CLIENT_SECRET",
            "ARCHWIRE_PUBLIC_URL",
        )
        values = [environ.get(name, "").strip() for name in names]
        if not values[0]:
            return None
        missing = [name for name, value in zip(names, values, strict=True) if not value]
        if missing:
            raise ConfigError(f"ARCHWIRE_OIDC_ISSUER also needs {', '.join(missing)}")
        if urlsplit(values[0]).scheme != "https" and environ.get("ARCHWIRE_ENV") == "production":
            raise ConfigError("ARCHWIRE_OIDC_ISSUER must be an https address")
        issuer, client_id, secret, public_url = values
        return cls(issuer, client_id, secret, public_url, http=httpx.AsyncClient(timeout=5, follow_redirects=False))

    async def about(self) -> dict[str, Any]:
        """The discovery document. Raises Unavailable."""
        if not self._about:
            about = await self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if about.get("issuer") != self.issuer:
                raise Unavailable("IDENTITY_PROVIDER", "the identity provider calls itself by another name")
            self._about = about
        return self._about

    async def tokens(self, code: str, verifier: str) -> dict[str, Any]:
        """Exchanges a code. Raises Unauthenticated when the provider refuses it."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        try:
            answer = await self._http.post(
                (await self.about())["token_endpoint"], data=form, auth=(self.client_id, self._secret)
            )
        except httpx.HTTPError:
            raise Unavailable("IDENTITY_PROVIDER", "the identity provider does not answer") from None
        if answer.status_code != 200:
            raise Unauthenticated("SIGN_IN_FAILED", "the identity provider refused the sign-in")
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an id token, all of it checked. Raises Unauthenticated."""
        for attempt in (1, 2):  # the second with fresh keys: the provider may have changed them
            try:
                token = jwt.decode(id_token, await self._key_set(fresh=attempt == 2), algorithms=ALGORITHMS)
                jwt.JWTClaimsRegistry(
                    leeway=60,
                    iss={"essential": True, "value": self.issuer},
                    aud={"essential": True, "value": self.client_id},
                    sub={"essential": True},
                    exp={"essential": True},
                    iat={"essential": True},
                    nonce={"essential": True, "value": nonce},
                ).validate(token.claims)
            except (JoseError, ValueError, TypeError):
                continue
            audiences = token.claims["aud"]
            if isinstance(audiences, list) and len(audiences) > 1 and token.claims.get("azp") != self.client_id:
                break
            return dict(token.claims)
        raise Unauthenticated("SIGN_IN_FAILED", "the identity provider's token is not good")

    async def _key_set(self, *, fresh: bool) -> KeySet:
        # Unknown keys ask for fresh ones, but no more than once a minute.
        asked_at = self._keys_until - KEYS_S
        if self._keys is None or self._keys_until < time.monotonic() or (fresh and time.monotonic() - asked_at > 60):
            self._keys = KeySet.import_key_set(await self._get((await self.about())["jwks_uri"]))  # type: ignore[arg-type]
            self._keys_until = time.monotonic() + KEYS_S
        return self._keys

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(url)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            raise Unavailable("IDENTITY_PROVIDER", "the identity provider does not answer") from None
        return found


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        raise Refused(404, "NOT_FOUND", "no identity provider is set up")
    return provider


@router.get("/v1/session/oidc", operation_id="begin_oidc", status_code=303, openapi_extra={"security": []})
async def begin(request: Request, next: str = "/") -> Response:
    """Sends the browser to the group's identity provider; afterwards it comes back to the path `next`."""
    provider = _provider(request)
    request.app.state.limits.sign_in(address(request.scope), "oidc " + address(request.scope))
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.redirect_uri,
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    endpoint = (await provider.about())["authorization_endpoint"]
    response = RedirectResponse(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", 303)
    attempt = {"state": state, "nonce": nonce, "verifier": verifier, "next": own_path(next)}
    set_cookie(response, COOKIE, request.app.state.auth.seal("oidc", attempt, ATTEMPT_S))
    return response


@router.get("/v1/session/oidc/callback", include_in_schema=False)
async def callback(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """Where the identity provider sends the browser back: opens a session for the person it vouches for."""
    provider, auth = _provider(request), request.app.state.auth
    attempt = auth.unseal("oidc", cookies(request.scope).get(COOKIE, ""))
    if error or not code or not same(state, attempt["state"]):
        raise Unauthenticated("SIGN_IN_FAILED", "the sign-in was not finished: begin again")
    tokens = await provider.tokens(code, attempt["verifier"])
    claims = await provider.claims(str(tokens.get("id_token", "")), attempt["nonce"])
    if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
        raise Unauthenticated("SIGN_IN_FAILED", "the identity provider does not vouch for an e-mail address")
    request_session = pb.OpenSessionRequest(
        email=claims["email"],
        second_factor=bool(STRONG & set(claims.get("amr") or ())),
        ip=address(request.scope),
        user_agent=request.headers.get("user-agent", "")[:300],
        previous_session_token=cookies(request.scope).get(SESSION_COOKIE, "")[:100],
    )
    try:
        opened = await auth.directory("OpenSession")(request_session)
    except NotFound:
        raise Unauthenticated("SIGN_IN_FAILED", "nobody here has that e-mail address") from None
    response = RedirectResponse(attempt["next"], 303)
    open_session(request, response, opened.session_token, opened.principal)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


def own_path(path: str) -> str:
    """The path when it is one of this site, else "/": nobody is sent elsewhere from here."""
    fine = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if fine and len(path) <= 500 else "/"
