"""Who calls: actors, the permission table, and the short-lived signed token that carries them between services.

Tenant and locations come from the verified token only. A role is granted per location ("*" for the whole group); a
permission's locations are the union over the roles that hold it. An empty union means nothing, never everything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.errors import Denied, NotFound, Unauthenticated

ISSUER = "archwire"
LIFETIME_S = 90
EVERYWHERE = "*"
Locations = str | tuple[str, ...]  # "*" or location ids


@dataclass(frozen=True, slots=True)
class Policy:
    """The permission table of shared/policy.yaml."""

    roles: Mapping[str, str]
    permissions: Mapping[str, frozenset[str]]  # permission -> roles that hold it
    links: Mapping[str, frozenset[str]]  # purpose -> permissions of a private link
    clients: Mapping[str, frozenset[str]]  # role of a machine -> roles that give it away without holding all of it

    def of_roles(self, roles: Sequence[str]) -> frozenset[str]:
        """Every permission that one of the roles holds."""
        return frozenset(name for name, holders in self.permissions.items() if not holders.isdisjoint(roles))


@lru_cache(maxsize=1)
def policy() -> Policy:
    """The permission table, read once. Raises ValueError when it names a role that it does not define."""
    table = yaml.safe_load(files("shared").joinpath("policy.yaml").read_text())
    permissions = {name: frozenset(roles or ()) for name, roles in (table["permissions"] or {}).items()}
    unknown = {role for holders in permissions.values() for role in holders} - set(table["roles"])
    if unknown:
        raise ValueError(f"policy.yaml grants to unknown roles: {sorted(unknown)}")
    links = {purpose: frozenset(names or ()) for purpose, names in (table["links"] or {}).items()}
    clients = {role: frozenset(makers or ()) for role, makers in (table["clients"] or {}).items()}
    return Policy(table["roles"], permissions, links, clients)


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of one method.

    `kind` is user, client (a machine), link (a family's private link) or system (events, jobs, the gateway itself).
    `grants` maps role to locations; `only` narrows what the roles hold to some permissions, as for a machine that needs
    little. `locations` and `permissions` are filled per call by `for_permission`.
    """

    tenant_id: str
    user_id: str
    kind: str
    grants: Mapping[str, Locations] = field(default_factory=dict)
    subject: Mapping[str, str] = field(default_factory=dict)  # what a link is about: presentation_id, party_id …
    purpose: str = "treatment"  # a link's purpose, or why a person looks
    session_id: str = ""
    ip: str = ""
    only: frozenset[str] | None = None
    locations: Locations = ()
    _scoped: dict[str, Actor] = field(default_factory=dict, init=False, repr=False, compare=False)  # by permission

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.grants)

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission the caller holds somewhere."""
        if self.kind == "system":
            return frozenset(policy().permissions)
        if self.kind == "link":
            return policy().links.get(self.purpose, frozenset())
        held = policy().of_roles(self.roles)
        return held if self.only is None else held & self.only

    def locations_of(self, permission: str) -> Locations:
        """Where the caller holds a permission: "*", or ids, or () for nowhere."""
        if self.kind == "system":
            return EVERYWHERE
        if self.kind == "link":
            return EVERYWHERE if permission in policy().links.get(self.purpose, ()) else ()
        if self.only is not None and permission not in self.only:
            return ()
        holders = policy().permissions.get(permission, frozenset())
        found: set[str] = set()
        for role, locations in self.grants.items():
            if role in holders:
                if locations == EVERYWHERE:
                    return EVERYWHERE
                found.update(locations)
        return tuple(sorted(found))

    def for_permission(self, permission: str) -> Actor:
        """The actor with the locations of one permission; raises Denied when it is held nowhere."""
        if (known := self._scoped.get(permission)) is not None:
            return known
        locations = self.locations_of(permission) if permission else ()
        if not locations:
            raise Denied("PERMISSION_DENIED", "your role may not do this", permission=permission)
        scoped = self._scoped[permission] = replace(self, locations=locations)
        return scoped


def system(tenant_id: str, name: str) -> Actor:
    """The runtime acting for a group: an event handler, a job, the gateway before anybody has signed in."""
    return Actor(tenant_id=tenant_id, user_id=name, kind="system", purpose="operations", locations=EVERYWHERE)


class Subject(dict[str, str]):
    """What a link is about. Asking for what it is not about is like asking for what does not exist."""

    def __missing__(self, key: str) -> str:
        raise NotFound("NOT_IN_LINK", f"this link names no {key}")


class Signer:
    """Mints and verifies internal tokens with the installation's Ed25519 key."""

    def __init__(self, key: OKPKey) -> None:
        self.key = key
        self._minted: dict[tuple[Any, ...], tuple[float, str]] = {}
        self._verified: dict[tuple[str, str], tuple[float, Actor]] = {}

    @classmethod
    def from_file(cls, path: Path) -> Signer:
        """Reads the key, or makes it (mode 0600) when the file does not exist."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
        return cls(OKPKey.import_key(path.read_bytes()))

    def mint(self, actor: Actor, audience: str) -> str:
        """A token for one service, good for 90 s. The same actor gets the same token for 30 s: signing is off the hot path."""
        now = time.time()
        cache_key = (
            actor.session_id or actor.user_id,
            actor.tenant_id,
            actor.kind,
            actor.ip,
            audience,
            actor.purpose,
            str(actor.grants),
            str(actor.subject),
            actor.only,
        )
        cached = self._minted.get(cache_key)
        if cached and cached[0] > now:
            return cached[1]
        claims: dict[str, Any] = {
            "iss": ISSUER,
            # A service forwards its caller's token to the directory, the only service it may call.
            "aud": [audience, "directory"],
            "sub": actor.user_id,
            "tid": actor.tenant_id,
            "knd": actor.kind,
            "grt": {
                role: locations if locations == EVERYWHERE else list(locations)
                for role, locations in actor.grants.items()
            },
            "sbj": dict(actor.subject),
            "pur": actor.purpose,
            "sid": actor.session_id,
            "ip": actor.ip,
            "onl": None if actor.only is None else sorted(actor.only),
            "iat": int(now),
            "nbf": int(now) - 5,
            "exp": int(now) + LIFETIME_S,
        }
        token = jwt.encode({"alg": "Ed25519", "typ": "archwire+jwt"}, claims, self.key, algorithms=["Ed25519"])
        _remember(self._minted, cache_key, (now + 30, token))
        return token

    def verify(self, token: str, audience: str) -> Actor:
        """The actor of a token, or Unauthenticated. Fixed algorithm, issuer, type, audience; expiry always checked."""
        now = time.time()
        known = self._verified.get((token, audience))
        if known and known[0] > now:
            return known[1]
        try:
            decoded = jwt.decode(token, self.key, algorithms=["Ed25519"])
            claims = decoded.claims
            registry = jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": ISSUER},
                aud={"essential": True, "value": audience},
                sub={"essential": True},
                exp={"essential": True},
                nbf={"essential": True},
            )
            registry.validate(claims)
            if set(decoded.header) != {"alg", "typ"} or decoded.header["typ"] != "archwire+jwt":
                raise ValueError("header")
            grants = {role: where if where == EVERYWHERE else tuple(where) for role, where in claims["grt"].items()}
            actor = Actor(
                claims["tid"],
                claims["sub"],
                claims["knd"],
                grants,
                Subject(claims["sbj"]),
                claims["pur"],
                claims["sid"],
                claims["ip"],
                None if claims["onl"] is None else frozenset(claims["onl"]),
            )
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unauthenticated("BAD_TOKEN", "the token is not good") from error
        _remember(self._verified, (token, audience), (float(claims["exp"]), actor))
        return actor


def _remember(cache: dict[Any, Any], key: Any, value: Any, limit: int = 10_000) -> None:
    if len(cache) >= limit:
        cache.clear()
    cache[key] = value
