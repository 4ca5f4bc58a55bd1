"""Sign-in, sessions, second factors, passwords, API clients."""

from __future__ import annotations

from typing import Any

import pyotp
from archwire.directory.v1 import credentials_pb2 as pb
from archwire.directory.v1.credentials_pb2_grpc import CredentialsServiceServicer

from services.directory.credentials import domain, passwords, queries
from services.directory.links import queries as links
from services.directory.partners import queries as partners
from services.directory.patients import queries as patients
from services.directory.staff import queries as staff
from services.directory.staff.domain import EVERYWHERE, check_reach, where_held, where_may_grant, within
from shared.call import Call
from shared.db import Db
from shared.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from shared.identity import Actor, policy
from shared.paging import page
from shared.proto import from_timestamp, timestamp, to_proto
from shared.vault import vault

NOBODY = "00000000-0000-0000-0000-000000000000"  # the scope in which failed sign-ins of unknown accounts are audited


class Credentials(CredentialsServiceServicer):  # type: ignore[misc]
    """Who is calling, and what that person or machine may do."""

    # --- sign-in and sessions ---

    async def SignIn(self, request: pb.SignInRequest, call: Call) -> pb.SignInResponse:
        account = await _account(call.db, request)
        await call.db.scope(account.group_id if account else NOBODY, "*")
        credential = await queries.credential_for_update(call.db, account.id) if account else None
        right = await passwords.verified(request.password, credential.password_hash if credential else None)
        if credential is None or not credential.active or domain.locked(credential.failures, call.now):
            return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_REFUSED)
        call.audit(resource="staff", resource_id=credential.id)
        if right and credential.totp_confirmed and not request.code:
            return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_CODE_REQUIRED)
        if not right or (credential.totp_confirmed and not await _use_code(call, credential, request.code)):
            failures = [*domain.recent(credential.failures, call.now), call.now]
            await call.db.run(queries.SET_FAILURES, staff_id=credential.id, failures=failures)
            return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_REFUSED)
        await call.db.run(queries.SET_FAILURES, staff_id=credential.id, failures=[])
        token, principal = await _open_session(call, request, account, second_factor=credential.totp_confirmed)
        return pb.SignInResponse(outcome=pb.SIGN_IN_OUTCOME_SIGNED_IN, session_token=token, principal=principal)

    async def OpenSession(self, request: pb.OpenSessionRequest, call: Call) -> pb.OpenSessionResponse:
        account = await _account(call.db, request)
        await call.db.scope(account.group_id if account else NOBODY, "*")
        credential = await queries.credential_for_update(call.db, account.id) if account else None
        if credential is None or not credential.active:
            raise NotFound("ACCOUNT_NOT_FOUND", "nobody here has that e-mail address")
        call.audit(resource="staff", resource_id=credential.id)
        token, principal = await _open_session(call, request, account, second_factor=request.second_factor)
        return pb.OpenSessionResponse(session_token=token, principal=principal)

    async def ResolveSession(self, request: pb.ResolveSessionRequest, call: Call) -> pb.ResolveSessionResponse:
        found = await queries.enter(call.db, "session", request.session_token)
        session = await call.db.first(queries.SESSION, id=found.id) if found else None
        if session is None or not session.active or not domain.session_alive(session, call.now):
            raise Unauthenticated("SESSION_ENDED", "the session has ended: sign in again")
        if not request.quiet and call.now - session.seen_time >= domain.SESSION_TOUCH:
            await call.db.run(queries.SEE_SESSION, session_id=session.id, now=call.now)
        return pb.ResolveSessionResponse(principal=await _principal(call, session))

    async def SignOut(self, request: pb.SignOutRequest, call: Call) -> pb.SignOutResponse:
        found = await queries.enter(call.db, "session", request.session_token)
        ended = await queries.end_session(call.db, found.id, call.now) if found else None
        if ended is None:
            await call.db.scope(NOBODY, "")
        elif request.everywhere:
            await queries.end_sessions(call.db, ended.staff_id, call.now)
        return pb.SignOutResponse()

    async def EndSessions(self, request: pb.EndSessionsRequest, call: Call) -> pb.EndSessionsResponse:
        if request.staff_id != call.actor.user_id:
            await _check_may_reset(call, request.staff_id)
        return pb.EndSessionsResponse(ended=await queries.end_sessions(call.db, request.staff_id, call.now))

    # --- second factor ---

    async def EnrollTotp(self, request: pb.EnrollTotpRequest, call: Call) -> pb.EnrollTotpResponse:
        credential = await _own(call)
        if credential.totp_confirmed:
            raise Conflict("TOTP_ENROLLED", "an authenticator is in use: have it reset first")
        await _check_own_password(credential, request.password)
        secret = pyotp.random_base32()
        await call.db.run(
            queries.SET_TOTP,
            staff_id=credential.id,
            totp_secret=vault().seal(secret, _totp_context(credential.id)),
            totp_confirmed=False,
            totp_last_step=0,
            recovery_hashes=[],
        )
        return pb.EnrollTotpResponse(secret=secret, provisioning_uri=domain.provisioning_uri(secret, credential.email))

    async def ConfirmTotp(self, request: pb.ConfirmTotpRequest, call: Call) -> pb.ConfirmTotpResponse:
        credential = await _own(call)
        if credential.totp_secret is None or credential.totp_confirmed:
            raise Conflict("NOT_ENROLLING", "ask for an authenticator secret first")
        step = domain.accepted_step(_totp_secret(credential), request.code, call.now, credential.totp_last_step)
        if step is None:
            raise Invalid("WRONG_CODE", "the code is not right: wait for the next one", field="code")
        codes = domain.new_recovery_codes()
        await call.db.run(
            queries.SET_TOTP,
            staff_id=credential.id,
            totp_secret=credential.totp_secret,
            totp_confirmed=True,
            totp_last_step=step,
            recovery_hashes=[domain.recovery_hash(code) for code in codes],
        )
        actor = call.actor
        token = await queries.renew_session(call.db, actor.tenant_id, actor.session_id, credential.id, call.now)
        return pb.ConfirmTotpResponse(recovery_codes=codes, session_token=token)

    async def ResetTotp(self, request: pb.ResetTotpRequest, call: Call) -> pb.ResetTotpResponse:
        credential = await queries.credential_for_update(call.db, request.staff_id)
        await _check_may_reset(call, request.staff_id)
        await call.db.run(
            queries.SET_TOTP,
            staff_id=credential.id,
            totp_secret=None,
            totp_confirmed=False,
            totp_last_step=0,
            recovery_hashes=[],
        )
        await queries.end_sessions(call.db, credential.id, call.now)
        call.audit(resource="staff", resource_id=credential.id)
        return pb.ResetTotpResponse()

    # --- passwords ---

    async def ChangePassword(self, request: pb.ChangePasswordRequest, call: Call) -> pb.ChangePasswordResponse:
        credential = await _own(call)
        await _check_own_password(credential, request.current_password)
        domain.check_password(request.new_password, credential.email)
        await queries.set_password(call.db, credential, await passwords.hashed(request.new_password))
        await queries.end_sessions(call.db, credential.id, call.now, but=call.actor.session_id)
        return pb.ChangePasswordResponse()

    async def CreatePasswordToken(
        self, request: pb.CreatePasswordTokenRequest, call: Call
    ) -> pb.CreatePasswordTokenResponse:
        await _check_may_reset(call, request.staff_id)
        token, expire_time = domain.new_token(), call.now + domain.PASSWORD_TOKEN_LIFETIME
        await queries.set_password_token(call.db, call.actor.tenant_id, request.staff_id, token, expire_time)
        call.audit(resource="staff", resource_id=request.staff_id)
        return pb.CreatePasswordTokenResponse(token=token, expire_time=timestamp(expire_time))

    async def SetPassword(self, request: pb.SetPasswordRequest, call: Call) -> pb.SetPasswordResponse:
        found = await queries.enter(call.db, "password", request.token)
        credential = await queries.credential_for_update(call.db, found.id) if found else None
        good = (
            credential is not None and credential.active and credential.token_hash == domain.token_hash(request.token)
        )
        if not good or credential.token_expire_time <= call.now:
            raise NotFound("TOKEN_INVALID", "the code is not good any more: ask for a new one")
        domain.check_password(request.new_password, credential.email)
        await queries.set_password(call.db, credential, await passwords.hashed(request.new_password))
        await queries.end_sessions(call.db, credential.id, call.now)
        call.audit(resource="staff", resource_id=credential.id)
        return pb.SetPasswordResponse()

    # --- machines and links ---

    async def CreateClient(self, request: pb.CreateClientRequest, call: Call) -> pb.CreateClientResponse:
        if request.all_locations == bool(request.location_ids):
            raise Invalid("CLIENT_SCOPE", "say either all_locations or location_ids", field="location_ids")
        reach: Any = call.actor.locations
        check_reach(reach, "*" if request.all_locations else request.location_ids)
        permissions = client_permissions(call.actor, request)
        if request.role == "lab":
            partner = await partners.partner(call.db, request.partner_id) if request.partner_id else None
            if partner is None or partner.kind != "lab":
                raise Invalid("NOT_A_LAB", "a lab's client belongs to a partner that is a lab", field="partner_id")
        expire_time = from_timestamp(request.expire_time)
        domain.check_expiry(expire_time, call.now, domain.CLIENT_LIFETIME)
        secret = domain.new_token(domain.CLIENT_PREFIX)
        row = await call.db.one(
            queries.ADD_CLIENT,
            name=request.name,
            role=request.role,
            partner_id=request.partner_id or None,
            location_ids=list(request.location_ids),
            all_locations=request.all_locations,
            permissions=permissions,
            secret_hash=domain.token_hash(secret),
            expire_time=expire_time,
        )
        await queries.index(call.db, "client", domain.token_hash(secret), call.actor.tenant_id, row.id)
        call.audit(resource="client", resource_id=row.id)
        return pb.CreateClientResponse(client=to_proto(pb.Client, row), secret=secret)

    async def ListClients(self, request: pb.ListClientsRequest, call: Call) -> pb.ListClientsResponse:
        rows, token = await page(call.db, queries.CLIENTS, request, key=("id",))
        return pb.ListClientsResponse(clients=[to_proto(pb.Client, row) for row in rows], next_page_token=token)

    async def RevokeClient(self, request: pb.RevokeClientRequest, call: Call) -> pb.RevokeClientResponse:
        missing = NotFound("CLIENT_NOT_FOUND", "there is no such client")
        client = await call.db.one(queries.CLIENT, id=request.client_id, missing=missing)
        reach: Any = call.actor.locations
        check_reach(reach, "*" if client.all_locations else client.location_ids)
        row = await call.db.one(queries.REVOKE_CLIENT, client_id=request.client_id, now=call.now, missing=missing)
        await call.db.run(queries.REMOVE_FROM_INDEX, kind="client", hash=row.secret_hash)
        call.audit(resource="client", resource_id=row.id)
        return pb.RevokeClientResponse(client=to_proto(pb.Client, row))

    async def VerifyClient(self, request: pb.VerifyClientRequest, call: Call) -> pb.VerifyClientResponse:
        found = await queries.enter(call.db, "client", request.secret)
        client = await call.db.first(queries.CLIENT, id=found.id) if found else None
        if client is None or client.id != request.client_id or client.revoke_time or client.expire_time <= call.now:
            raise Unauthenticated("CLIENT_REFUSED", "the client's id or secret is not good")
        if client.last_use_time is None or call.now - client.last_use_time >= domain.SESSION_TOUCH:
            await call.db.run(queries.USE_CLIENT, client_id=client.id, now=call.now)
        grant = pb.ResolvedGrant(role=client.role, all_locations=client.all_locations, location_ids=client.location_ids)
        return pb.VerifyClientResponse(
            tenant_id=found.group_id,
            client_id=client.id,
            grants=[grant],
            partner_id=client.partner_id or "",
            name=client.name,
            permissions=client.permissions,
        )

    async def ResolveLink(self, request: pb.ResolveLinkRequest, call: Call) -> pb.ResolveLinkResponse:
        found = await queries.enter(call.db, "link", request.token)
        link = await call.db.first(links.LINK, id=found.id) if found else None
        if link is None or link.revoke_time or link.expire_time <= call.now or await _estranged(call.db, link.subject):
            raise NotFound("LINK_ENDED", "this link is not valid any more: ask the practice for a new one")
        if link.last_use_time is None or call.now - link.last_use_time >= domain.SESSION_TOUCH:
            await call.db.run(links.USE_LINK, link_id=link.id, now=call.now)
        return to_proto(pb.ResolveLinkResponse, link, tenant_id=found.group_id, link_id=link.id)


def client_permissions(maker: Actor, request: pb.CreateClientRequest) -> list[str]:
    """What a new client may do. Raises NOT_OF_ROLE, and BEYOND_OWN_POWERS when its maker may not give that."""
    of_role = policy().of_roles([request.role])
    if beyond := set(request.permissions) - of_role:
        raise Invalid("NOT_OF_ROLE", f"{request.role} does not hold {min(beyond)}", field="permissions")
    wanted = sorted(request.permissions or of_role)
    where: Any = EVERYWHERE if request.all_locations else request.location_ids
    if within(where_held(maker.grants, policy().clients.get(request.role, ())), where):
        return wanted
    for permission in wanted:
        if not within(maker.locations_of(permission), where):
            raise Denied("BEYOND_OWN_POWERS", f"you do not hold {permission} there yourself", field="permissions")
    return wanted


async def _open_session(call: Call, request: Any, account: Any, *, second_factor: bool) -> tuple[str, pb.Principal]:
    """Opens a session for the account; the one that the browser held before ends."""
    await call.db.run(staff.SIGNED_IN, staff_id=account.id, now=call.now)
    await queries.end_expired_sessions(call.db, account.id, call.now)
    await _end_previous(call, request.previous_session_token, account.group_id)
    token = domain.new_token()
    session = await call.db.one(
        queries.ADD_SESSION,
        staff_id=account.id,
        token_hash=domain.token_hash(token),
        second_factor=second_factor,
        ip=request.ip,
        user_agent=request.user_agent,
        now=call.now,
        expire_time=call.now + domain.SESSION_LIFETIME,
    )
    await queries.index(call.db, "session", domain.token_hash(token), account.group_id, session.id)
    return token, await _principal(call, await call.db.one(queries.SESSION, id=session.id))


async def _account(db: Db, request: Any) -> Any:
    """The index row of the address; None when it is unknown, or in several groups and none is named."""
    found = await db.all(queries.FIND, kind="email", hash=queries.email_hash(request.email))
    if request.group_slug:
        group = await db.first(queries.FIND, kind="slug", hash=domain.token_hash(request.group_slug))
        found = [row for row in found if group and row.group_id == group.group_id]
    return found[0] if len(found) == 1 else None


async def _use_code(call: Call, credential: Any, code: str) -> bool:
    """Spends a code of the authenticator or a recovery code; False when it is neither, or was used."""
    step = domain.accepted_step(_totp_secret(credential), code.replace(" ", ""), call.now, credential.totp_last_step)
    if step is not None:
        await call.db.run(queries.SET_STEP, staff_id=credential.id, totp_last_step=step, failures=[])
        return True
    left = domain.use_recovery_code(code, credential.recovery_hashes)
    if left is not None:
        await call.db.run(queries.SET_RECOVERY, staff_id=credential.id, recovery_hashes=left, failures=[])
    return left is not None


async def _end_previous(call: Call, token: str, group_id: str) -> None:
    """A browser that signs in again gives up its session: the id is never carried over."""
    previous = await call.db.first(queries.FIND, kind="session", hash=domain.token_hash(token)) if token else None
    if previous is not None and previous.group_id == group_id:
        await queries.end_session(call.db, previous.id, call.now)


async def _estranged(db: Db, subject: Any) -> bool:
    """True if a link's party answers for its patient no longer: access ends with the relationship."""
    patient_id, party_id = subject.get("patient_id"), subject.get("party_id")
    return bool(patient_id and party_id) and not await patients.answers_for(db, party_id, patient_id)


async def _principal(call: Call, session: Any) -> pb.Principal:
    grants = domain.resolved_grants(await call.db.all(staff.RESOLVED_GRANTS, staff_id=session.staff_id, now=call.now))
    return pb.Principal(
        tenant_id=session.tenant_id,
        user_id=session.staff_id,
        session_id=session.id,
        grants=[
            pb.ResolvedGrant(role=role, all_locations=where == "*", location_ids=[] if where == "*" else where)
            for role, where in grants.items()
        ],
        display_name=f"{session.first_name} {session.last_name}",
        group_name=session.group_name,
        second_factor=session.second_factor,
        idle_expire_time=timestamp(call.now + domain.SESSION_IDLE),
        expire_time=timestamp(session.expire_time),
    )


async def _own(call: Call) -> Any:
    """The caller's own credential, locked until commit."""
    if call.actor.kind != "user":
        raise Denied("NOT_A_PERSON", "only a signed-in person has a password")
    return await queries.credential_for_update(call.db, call.actor.user_id)


async def _check_own_password(credential: Any, password: str) -> None:
    if not await passwords.verified(password, credential.password_hash):
        raise Denied("WRONG_PASSWORD", "the password is not right", field="password")


async def _check_may_reset(call: Call, staff_id: str) -> None:
    """Who resets credentials can become their owner: so nobody beyond the own reach, and nobody with a higher role.

    Nobody resets the own ones either: a session that somebody took must not be enough to keep the account.
    """
    await staff.staff(call.db, staff_id)
    if call.actor.kind == "system":
        return
    if staff_id == call.actor.user_id:
        raise Denied("OWN_CREDENTIALS", "change your own password, or ask somebody else to reset it")
    await staff.check_reach(call.db, call.actor.locations, staff_id, call.now)
    grants = call.actor.grants
    for held in await call.db.all(staff.RESOLVED_GRANTS, staff_id=staff_id, now=call.now):
        if held.everywhere or held.location_id:
            by_it = "it_admin" in grants and held.role not in ("owner", "privacy_officer")
            reach: Any = grants["it_admin"] if by_it else where_may_grant(grants, held.role)
            check_reach(reach, "*" if held.everywhere else [held.location_id])


def _totp_context(staff_id: str) -> str:
    return f"directory.credential.totp_secret:{staff_id}"


def _totp_secret(credential: Any) -> str:
    return vault().unseal(credential.totp_secret, _totp_context(credential.id))
