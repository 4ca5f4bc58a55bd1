"""Who is calling: a person by session cookie, a machine by bearer token, a family by private link.

Every answer of the directory is kept for at most 30 s, so that whoever is disabled, revoked or signed out elsewhere is
refused within that time. A cookie proves a person only together with the header X-CSRF-Token on whatever changes
anything; the CSRF token is derived from the session's secret, so nobody can plant one.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable
from hashlib import sha256
from typing import Any

import orjson
from archwire.directory.v1 import credentials_pb2 as pb
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.types import Scope

from gateway.http import header
from gateway.limits import Limits
from shared.errors import Denied, Invalid, NotFound, ServiceError, Unauthenticated
from shared.identity import EVERYWHERE, Actor, Locations, system

SESSION_COOKIE = "__Host-session"
CSRF_COOKIE = "__Host-csrf"
LINK_COOKIE = "__Host-link"
KEPT_S = 30.0
KEPT_AT_MOST = 10_000
ACCESS_TOKEN_S = 900
SEALS = ["dir", "A256GCM"]
LONGEST_SECRET = 1024


class Caller:
    """Somebody known, for at most 30 s: the actor, and the internal tokens made for it meanwhile."""

    __slots__ = ("_mint", "_tokens", "actor", "csrf", "principal", "secret", "until")

    def __init__(self, actor: Actor, mint: Callable[[Actor, str], str], secret: str, principal: Any = None) -> None:
        self.actor = actor
        self.secret = secret
        self.principal = principal  # of a session: names for the portal's greeting
        self.csrf = csrf_token(secret)
        self.until = time.monotonic() + KEPT_S
        self._mint = mint
        self._tokens: dict[str, str] = {}

    def may(self, permission: str) -> bool:
        """True if the permission is held somewhere. The service decides again, and where."""
        return bool(self.actor.locations_of(permission))

    def token(self, service: str) -> str:
        """The internal token for one service."""
        token = self._tokens.get(service)
        if token is None:
            token = self._tokens[service] = self._mint(self.actor, service)
        return token


class Authenticator:
    """Turns the credentials of a request into a Caller."""

    def __init__(self, node: Any, limits: Limits) -> None:
        self._node = node
        self._limits = limits
        self._kept: dict[tuple[str, str, str], Caller] = {}
        private = node.signer.key.as_pem(private=True)
        self._key = OctKey.import_key(sha256(b"archwire access tokens\0" + private).digest())

    # --- requests ---

    async def authenticate(self, scope: Scope, *, unsafe: bool, quiet: bool = False) -> Caller:
        """The caller of a request; `unsafe` when it may change something, `quiet` when nobody has done anything.

        Raises Unauthenticated without credentials or with ones that are no longer good, Denied without the CSRF token,
        TooManyRequests above the caller's limit.
        """
        kind, secret, by_cookie = credentials(scope)
        if not secret or len(secret) > LONGEST_SECRET:
            raise Unauthenticated("SIGN_IN_REQUIRED", "sign in first")
        caller = await self._caller(kind, secret, address(scope), quiet)
        if by_cookie and unsafe and not same(header(scope, b"x-csrf-token"), csrf_token(secret)):
            raise Denied("CSRF", "send the session's CSRF token in the header X-CSRF-Token")
        self._limits.caller(caller.actor.session_id or caller.actor.user_id)
        return caller

    async def _caller(self, kind: str, secret: str, ip: str, quiet: bool) -> Caller:
        place = (kind, sha256(secret.encode()).hexdigest(), ip)
        kept = self._kept.get(place)
        if kept is not None and kept.until > time.monotonic():
            return kept
        if kind == "session":
            caller = await self._session(secret, ip, quiet)
        else:
            caller = await (self._client if kind == "bearer" else self.of_link)(secret, ip)
        if quiet:
            return caller  # not kept: the next real request shall keep the session awake
        if len(self._kept) >= KEPT_AT_MOST:
            self._kept.clear()
        self._kept[place] = caller
        return caller

    def forget(self, secret: str) -> None:
        """Nothing is kept of a secret any more: somebody signed out, or has new rights."""
        digest = sha256(secret.encode()).hexdigest()
        for place in [p for p in self._kept if p[1] == digest]:
            del self._kept[place]

    # --- the directory's answers ---

    def directory(self, rpc: str, tenant_id: str = "") -> Callable[[Any], Awaitable[Any]]:
        """A method of the directory, called by the gateway itself."""
        token = self._node.signer.mint(system(tenant_id, "gateway"), "directory")
        method = getattr(self._node.client("directory"), rpc)
        return lambda request: method(request, token=token)

    async def _session(self, secret: str, ip: str, quiet: bool) -> Caller:
        request = pb.ResolveSessionRequest(session_token=secret, quiet=quiet)
        try:
            principal = (await self.directory("ResolveSession")(request)).principal
        except (NotFound, Invalid) as error:
            raise _unknown(error) from None
        return self.of_session(secret, principal, ip)

    def of_session(self, secret: str, principal: pb.Principal, ip: str) -> Caller:
        """The caller behind a session that the directory has just opened or resolved."""
        actor = Actor(
            tenant_id=principal.tenant_id,
            user_id=principal.user_id,
            kind="user",
            grants=grants(principal.grants),
            session_id=principal.session_id,
            ip=ip,
        )
        return Caller(actor, self._node.signer.mint, secret, principal)

    async def _client(self, token: str, ip: str) -> Caller:
        opened = self.unseal("access", token)
        return await self.verify_client(opened["id"], opened["secret"], ip)

    async def verify_client(self, client_id: str, secret: str, ip: str) -> Caller:
        """The caller behind a machine's own credentials. Raises Unauthenticated."""
        request = pb.VerifyClientRequest(client_id=client_id, secret=secret)
        try:
            found = await self.directory("VerifyClient")(request)
        except (NotFound, Invalid) as error:
            raise _unknown(error) from None
        subject = {"partner_id": found.partner_id} if found.partner_id else {}
        actor = Actor(
            found.tenant_id,
            found.client_id,
            "client",
            grants(found.grants),
            subject,
            ip=ip,
            only=frozenset(found.permissions),
        )
        return Caller(actor, self._node.signer.mint, secret)

    def access_token(self, client_id: str, secret: str) -> str:
        """A bearer token for 15 minutes. It holds the credentials, sealed, so that revoking the client ends it too."""
        return self.seal("access", {"id": client_id, "secret": secret}, ACCESS_TOKEN_S)

    def seal(self, purpose: str, claims: dict[str, str], seconds: int) -> str:
        """Claims that only a gateway of this installation can read, for a purpose and a time."""
        sealed = orjson.dumps({**claims, "for": purpose, "exp": int(time.time()) + seconds})
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, sealed, self._key, algorithms=SEALS)

    def unseal(self, purpose: str, token: str) -> dict[str, str]:
        """The claims of `seal`. Raises Unauthenticated BAD_TOKEN or TOKEN_EXPIRED."""
        try:
            opened: dict[str, str] = orjson.loads(
                jwe.decrypt_compact(token, self._key, algorithms=SEALS).plaintext or b""
            )
            meant, fresh = opened["for"] == purpose, int(opened["exp"]) > time.time()
        except (JoseError, ValueError, KeyError, TypeError):
            meant, fresh = False, True
        if not meant:
            raise Unauthenticated("BAD_TOKEN", "the token is not good")
        if not fresh:
            raise Unauthenticated("TOKEN_EXPIRED", "the token has expired: ask for another")
        return opened

    async def of_link(self, token: str, ip: str) -> Caller:
        """The caller behind a private link. Raises Unauthenticated."""
        try:
            found = await self.directory("ResolveLink")(pb.ResolveLinkRequest(token=token))
        except (NotFound, Invalid) as error:
            raise _unknown(error) from None
        subject = {field.name: value for field, value in found.subject.ListFields()}
        actor = Actor(
            found.tenant_id, found.link_id, "link", {}, subject, found.purpose, session_id=found.link_id, ip=ip
        )
        return Caller(actor, self._node.signer.mint, token)


def _unknown(error: ServiceError) -> Unauthenticated:
    """Credentials that nobody has; ones that cannot be anybody's are no different."""
    if isinstance(error, Invalid):
        return Unauthenticated("BAD_TOKEN", "the token is not good")
    return Unauthenticated(error.reason, error.message)


def grants(resolved: Iterable[Any]) -> dict[str, Locations]:
    """Roles and where they hold; a role granted twice holds in both."""
    found: dict[str, Locations] = {}
    for grant in resolved:
        before = found.get(grant.role, ())
        if grant.all_locations or before == EVERYWHERE:
            found[grant.role] = EVERYWHERE
        else:
            found[grant.role] = tuple(sorted({*before, *grant.location_ids}))
    return found


def credentials(scope: Scope) -> tuple[str, str, bool]:
    """Kind and secret of a request's credentials, and whether a cookie brought them. A header goes before a cookie."""
    scheme, _, value = header(scope, b"authorization").partition(" ")
    if scheme:
        kind = {"bearer": "bearer", "link": "link"}.get(scheme.lower(), "")
        return (kind, value.strip(), False) if kind else ("", "", False)
    found = cookies(scope)
    if secret := found.get(SESSION_COOKIE):
        return "session", secret, True
    return "link", found.get(LINK_COOKIE, ""), True


def cookies(scope: Scope) -> dict[str, str]:
    """The request's cookies; of two with the same name, the first."""
    found: dict[str, str] = {}
    for part in header(scope, b"cookie").split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    return found


def address(scope: Scope) -> str:
    """The address of the other end; the server has already believed, or not, a proxy's headers."""
    client = scope.get("client")
    return client[0] if client else ""


def csrf_token(secret: str) -> str:
    """The CSRF token that belongs to a session."""
    return urlsafe_b64encode(hmac.digest(secret.encode(), b"archwire csrf", "sha256")[:24]).decode()


def same(given: str, expected: str) -> bool:
    """Compares secrets in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
