"""Rules about proving who one is: secrets, sessions, second factors, locks."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import pyotp

from shared.errors import Invalid

SESSION_IDLE = dt.timedelta(minutes=15)
SESSION_LIFETIME = dt.timedelta(hours=12)
SESSION_TOUCH = dt.timedelta(minutes=1)  # a session's last use is noted to the minute
FAILURES_TO_LOCK = 5
LOCK_WINDOW = dt.timedelta(minutes=5)
PASSWORD_TOKEN_LIFETIME = dt.timedelta(hours=24)
CLIENT_LIFETIME = dt.timedelta(days=365)
LINK_LIFETIME = dt.timedelta(days=180)
LINK_DEFAULT = dt.timedelta(days=30)
CLIENT_PREFIX = "awc_"  # so that a scanner finds a leaked secret
RECOVERY_CODES = 10
STEP_S = 30
ISSUER = "Archwire"

_GUESSED = ("password", "passwort", "123456", "qwerty", "letmein", "welcome", "orthodont", "archwire", "braces")


def new_token(prefix: str = "") -> str:
    """A secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a random secret. Its 256 bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, such as ABCD-EFGH-IJKL-MNOP."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def recovery_hash(code: str) -> str:
    """What is kept of a recovery code; case, spaces and dashes do not count."""
    return hashlib.sha256(code.upper().replace("-", "").replace(" ", "").encode()).hexdigest()


def use_recovery_code(code: str, hashes: Sequence[str]) -> list[str] | None:
    """The hashes that are left after `code` was used, or None when it is none of them."""
    used = recovery_hash(code)
    left = [kept for kept in hashes if not hmac.compare_digest(kept, used)]
    return left if len(left) < len(hashes) else None


def check_password(password: str, email: str, *, field: str = "new_password") -> None:
    """Raises WEAK_PASSWORD for what is guessed first. Length, not classes of characters (NIST SP 800-63B)."""
    lower = password.lower()
    name = email.lower().split("@")[0]
    plain = lower
    for guess in _GUESSED:
        plain = plain.replace(guess, "")
    if len(password) < 12 or len(set(lower)) < 5 or (len(name) > 3 and name in lower) or len(plain) < 6:
        raise Invalid("WEAK_PASSWORD", "choose 12 or more characters that are hard to guess", field=field)


def locked(failures: Iterable[dt.datetime], now: dt.datetime) -> bool:
    """True after five failures within five minutes, until the first of them is five minutes old."""
    return len(recent(failures, now)) >= FAILURES_TO_LOCK


def recent(failures: Iterable[dt.datetime], now: dt.datetime) -> list[dt.datetime]:
    """The failures that still count."""
    return [at for at in failures if now - at < LOCK_WINDOW]


def accepted_step(secret: str, code: str, now: dt.datetime, last_step: int) -> int | None:
    """The time step of a good code: this one, or one either side, later than the last one used. None for a bad one."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    found = None
    for step in (current - 1, current, current + 1):  # all three, whatever matches: equal time
        if hmac.compare_digest(totp.at(step * STEP_S).encode(), code.encode()) and step > last_step:
            found = step
    return found


def provisioning_uri(secret: str, email: str) -> str:
    """The otpauth address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def session_alive(session: Any, now: dt.datetime) -> bool:
    """Neither ended, nor idle for 15 minutes, nor 12 hours old."""
    return session.end_time is None and now < session.expire_time and now - session.seen_time < SESSION_IDLE


def resolved_grants(rows: Iterable[Any]) -> dict[str, str | list[str]]:
    """Role → "*" or its locations, from rows of role, everywhere and location_id. A role that holds nowhere is left out."""
    grants: dict[str, str | set[str]] = {}
    for row in rows:
        if row.everywhere:
            grants[row.role] = "*"
        elif row.location_id and grants.get(row.role) != "*":
            grants.setdefault(row.role, set()).add(row.location_id)  # type: ignore[union-attr]
    return {role: where if isinstance(where, str) else sorted(where) for role, where in sorted(grants.items())}


def check_expiry(expire_time: dt.datetime, now: dt.datetime, longest: dt.timedelta) -> None:
    """Raises BAD_EXPIRY unless `expire_time` is later than now and within `longest`."""
    if not now < expire_time <= now + longest:
        raise Invalid("BAD_EXPIRY", f"must be later than now and within {longest.days} days", field="expire_time")
