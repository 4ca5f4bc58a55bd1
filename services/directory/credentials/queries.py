"""Statements about credentials, sessions, clients, and the index by which they are found."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.sql import func

from services.directory.credentials.domain import SESSION_IDLE, new_token, token_hash
from services.directory.models import CREDENTIAL_INDEX, Client, Credential, Group, Session, Staff
from shared.db import Db, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged
from shared.vault import vault

# --- the index ----------------------------------------------------------------------------------------------------

_index = CREDENTIAL_INDEX.c
FIND = statement(
    select(_index.group_id, _index.id)
    .where(_index.kind == bindparam("kind"), _index.hash == bindparam("hash"))
    .limit(20)
)
ADD_TO_INDEX = statement(
    insert(CREDENTIAL_INDEX).values(
        kind=bindparam("kind"), hash=bindparam("hash"), group_id=bindparam("group_id"), id=bindparam("id")
    )
)
REMOVE_FROM_INDEX = statement(
    delete(CREDENTIAL_INDEX).where(_index.kind == bindparam("kind"), _index.hash == bindparam("hash"))
)


def email_hash(email: str) -> bytes:
    """The keyed hash under which an address is found; upper and lower case are the same."""
    return vault().fingerprint(email.strip().lower(), "directory.email")


async def index(db: Db, kind: str, hash: bytes, group_id: str, id: str) -> None:
    """Makes a secret findable before its tenant is known."""
    await db.run(ADD_TO_INDEX, kind=kind, hash=hash, group_id=group_id, id=id)


async def index_slug(db: Db, slug: str, group_id: str) -> None:
    """Takes a group's slug; raises GROUP_EXISTS when another group has it."""
    taken = Conflict("GROUP_EXISTS", "another group has this short name", field="slug")
    await db.run(
        ADD_TO_INDEX,
        kind="slug",
        hash=token_hash(slug),
        group_id=group_id,
        id=group_id,
        conflict={"uq_credential_index_kind_hash": taken, "pk_credential_index": taken},
    )


async def enter(db: Db, kind: str, secret: str) -> Any:
    """Finds the tenant of a secret, switches the transaction to it, and returns the index row; None when unknown."""
    found = await db.first(FIND, kind=kind, hash=token_hash(secret))
    if found is not None:
        await db.scope(found.group_id, "*")
    return found


# --- credentials of staff -----------------------------------------------------------------------------------------

ADD = statement(insert(Credential).values(id=bindparam("id"), password_hash=bindparam("password_hash")))
CREDENTIAL_FOR_UPDATE = statement(
    select(Credential.__table__, Staff.email, Staff.active)
    .join(Staff, Staff.id == Credential.id)
    .where(Credential.id == bindparam("id"))
    .with_for_update(of=Credential)
)


def _set(*columns: str) -> Any:
    values = {name: bindparam(name) for name in columns}
    return statement(update(Credential).where(Credential.id == bindparam("staff_id")).values(**values))


SET_FAILURES = _set("failures")
SET_PASSWORD = _set("password_hash", "failures", "token_hash", "token_expire_time")
SET_PASSWORD_TOKEN = _set("token_hash", "token_expire_time")
SET_TOTP = _set("totp_secret", "totp_confirmed", "totp_last_step", "recovery_hashes")
SET_STEP = _set("totp_last_step", "failures")
SET_RECOVERY = _set("recovery_hashes", "failures")


async def add(db: Db, tenant_id: str, staff_id: str, email: str, password_hash: str | None) -> None:
    """Adds the credential of a new staff member and makes the address findable."""
    await db.run(ADD, id=staff_id, password_hash=password_hash)
    await index(db, "email", email_hash(email), tenant_id, staff_id)


async def credential_for_update(db: Db, staff_id: str) -> Any:
    """A staff member's credential with e-mail and `active`, locked until commit, or NotFound."""
    return await db.one(
        CREDENTIAL_FOR_UPDATE, id=staff_id, missing=NotFound("STAFF_NOT_FOUND", "there is no such staff member")
    )


async def set_password_token(db: Db, tenant_id: str, staff_id: str, token: str, expire_time: dt.datetime) -> None:
    """Keeps the hash of a new password token; the one before is void."""
    old = await credential_for_update(db, staff_id)
    if old.token_hash:
        await db.run(REMOVE_FROM_INDEX, kind="password", hash=old.token_hash)
    await db.run(SET_PASSWORD_TOKEN, staff_id=staff_id, token_hash=token_hash(token), token_expire_time=expire_time)
    await index(db, "password", token_hash(token), tenant_id, staff_id)


async def set_password(db: Db, credential: Any, password_hash: str) -> None:
    """Keeps a new password hash, lifts the lock, spends the token."""
    if credential.token_hash:
        await db.run(REMOVE_FROM_INDEX, kind="password", hash=credential.token_hash)
    await db.run(
        SET_PASSWORD,
        staff_id=credential.id,
        password_hash=password_hash,
        failures=[],
        token_hash=None,
        token_expire_time=None,
    )


# --- sessions -----------------------------------------------------------------------------------------------------

ADD_SESSION = statement(
    insert(Session)
    .values(
        staff_id=bindparam("staff_id"),
        token_hash=bindparam("token_hash"),
        second_factor=bindparam("second_factor"),
        ip=bindparam("ip"),
        user_agent=bindparam("user_agent"),
        open_time=bindparam("now"),
        seen_time=bindparam("now"),
        expire_time=bindparam("expire_time"),
    )
    .returning(Session.__table__)
)
SESSION = statement(
    select(
        Session.__table__,
        Staff.first_name,
        Staff.last_name,
        Staff.active,
        select(Group.name).scalar_subquery().label("group_name"),
    )
    .join(Staff, Staff.id == Session.staff_id)
    .where(Session.id == bindparam("id"))
)
SEE_SESSION = statement(update(Session).where(Session.id == bindparam("session_id")).values(seen_time=bindparam("now")))
RENEW_SESSION = statement(
    update(Session)
    .where(Session.id == bindparam("session_id"), Session.staff_id == bindparam("of_staff"), Session.end_time.is_(None))
    .values(token_hash=bindparam("new_hash"), second_factor=True)
    .returning(Session.id)
)
END_SESSION = statement(
    update(Session)
    .where(Session.id == bindparam("session_id"), Session.end_time.is_(None))
    .values(end_time=bindparam("now"))
    .returning(Session.token_hash, Session.staff_id)
)
END_SESSIONS = statement(
    update(Session)
    .where(Session.staff_id == bindparam("of_staff"), Session.end_time.is_(None), Session.id != bindparam("but"))
    .values(end_time=bindparam("now"))
    .returning(Session.token_hash)
)
END_EXPIRED_SESSIONS = statement(
    update(Session)
    .where(
        Session.staff_id == bindparam("of_staff"),
        Session.end_time.is_(None),
        or_(Session.expire_time <= bindparam("now"), Session.seen_time <= bindparam("idle_since")),
    )
    .values(end_time=bindparam("now"))
    .returning(Session.token_hash)
)
NO_SESSION = "00000000-0000-0000-0000-000000000000"


async def renew_session(db: Db, tenant_id: str, session_id: str, staff_id: str, now: dt.datetime) -> str:
    """Gives a session that has just proved a second factor a new token, and ends the person's other sessions."""
    missing = NotFound("SESSION_ENDED", "the session has ended: sign in again")
    session = await db.one(SESSION, id=session_id, missing=missing)
    token = new_token()
    await db.one(RENEW_SESSION, session_id=session_id, of_staff=staff_id, new_hash=token_hash(token), missing=missing)
    await db.run(REMOVE_FROM_INDEX, kind="session", hash=session.token_hash)
    await index(db, "session", token_hash(token), tenant_id, session_id)
    await end_sessions(db, staff_id, now, but=session_id)
    return token


async def end_session(db: Db, session_id: str, now: dt.datetime) -> Any:
    """Ends a session; returns its row, or None when it had ended."""
    ended = await db.first(END_SESSION, session_id=session_id, now=now)
    if ended is not None:
        await db.run(REMOVE_FROM_INDEX, kind="session", hash=ended.token_hash)
    return ended


async def end_expired_sessions(db: Db, staff_id: str, now: dt.datetime) -> None:
    """Takes a person's sessions that are over out of the index."""
    ended = await db.all(END_EXPIRED_SESSIONS, of_staff=staff_id, now=now, idle_since=now - SESSION_IDLE)
    await db.run_many(REMOVE_FROM_INDEX, [{"kind": "session", "hash": row.token_hash} for row in ended])


async def end_sessions(db: Db, staff_id: str, now: dt.datetime, *, but: str = "") -> int:
    """Ends all sessions of a staff member but one; returns how many were open."""
    ended = await db.all(END_SESSIONS, of_staff=staff_id, now=now, but=but or NO_SESSION)
    await db.run_many(REMOVE_FROM_INDEX, [{"kind": "session", "hash": row.token_hash} for row in ended])
    return len(ended)


# --- API clients --------------------------------------------------------------------------------------------------

ADD_CLIENT = statement(
    insert(Client)
    .values(
        name=bindparam("name"),
        role=bindparam("role"),
        partner_id=bindparam("partner_id"),
        location_ids=bindparam("location_ids"),
        all_locations=bindparam("all_locations"),
        permissions=bindparam("permissions"),
        secret_hash=bindparam("secret_hash"),
        expire_time=bindparam("expire_time"),
    )
    .returning(Client.__table__)
)
CLIENT = statement(select(Client.__table__).where(Client.id == bindparam("id")))
CLIENTS = paged(select(Client.__table__), Client.id, descending=True)
REVOKE_CLIENT = statement(
    update(Client)
    .where(Client.id == bindparam("client_id"))
    .values(
        revoke_time=func.coalesce(Client.revoke_time, bindparam("now")),
        version=Client.version + 1,
        updated_at=bindparam("now"),
    )
    .returning(Client.__table__)
)
USE_CLIENT = statement(update(Client).where(Client.id == bindparam("client_id")).values(last_use_time=bindparam("now")))
