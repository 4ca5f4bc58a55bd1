"""Signing in and out, the second factor, tokens for machines, and the door for families with a private link."""

from __future__ import annotations

import base64
import binascii
import html
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from archwire.directory.v1 import credentials_pb2 as pb
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.auth import CSRF_COOKIE, LINK_COOKIE, SESSION_COOKIE, Caller, address, cookies, csrf_token
from gateway.pages import PAGE_CSP, page
from shared.errors import Denied, Unauthenticated

router = APIRouter()


class Body(BaseModel):
    """A JSON body in which nothing unknown may stand."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(Body):
    email: str = Field(min_length=3, max_length=254, examples=["tc@example.com"])
    password: str = Field(min_length=1, max_length=200)
    totp_code: str = Field("", max_length=20, description="A code of the authenticator app, or a recovery code.")
    group: str = Field("", max_length=40, description="The group's short name, when the address belongs to several.")


class Role(BaseModel):
    role: str = Field(examples=["treatment_coordinator"])
    locations: str | list[str] = Field(description='"*" or the ids of the locations where the role holds.')


class Session(BaseModel):
    """Who I am and what I may do."""

    kind: str = Field(description="user, client or link.")
    user_id: str
    group_id: str
    display_name: str
    group_name: str
    purpose: str = Field(description="What a private link is for; `treatment` for people.")
    subject: dict[str, str] = Field(description="What a private link is about.")
    roles: list[Role]
    permissions: dict[str, str | list[str]] = Field(description='By permission: "*" or the locations where it is held.')
    second_factor: bool
    csrf_token: str = Field(description="To be sent as X-CSRF-Token with every change, when a cookie signs you in.")
    idle_expire_time: datetime | None
    expire_time: datetime | None


class TotpPassword(Body):
    password: str = Field(min_length=1, max_length=200)


class TotpSecret(BaseModel):
    secret: str
    provisioning_uri: str = Field(description="The same as an otpauth address, for a QR code.")


class TotpCode(Body):
    code: str = Field(pattern="^[0-9]{6}$", examples=["123456"])


class RecoveryCodes(BaseModel):
    recovery_codes: list[str] = Field(description="Each works once in place of the app. They are not shown again.")
    csrf_token: str = Field(description="Of the session's new id: the one before is void.")


class PasswordChange(Body):
    current_password: str = Field(min_length=1, max_length=200)
    new_password: str = Field(min_length=12, max_length=200)


class PasswordByToken(Body):
    token: str = Field(min_length=20, max_length=100)
    new_password: str = Field(min_length=12, max_length=200)


class LinkToken(Body):
    token: str = Field(min_length=1, max_length=100)


class TokenError(BaseModel):
    """A refusal in the words of RFC 6749."""

    error: str = Field(examples=["invalid_client"])


class AccessToken(BaseModel):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the kind of token
    expires_in: int = Field(default=900, description="Seconds.")


# --- people -------------------------------------------------------------------------------------------------------


@router.post("/v1/session", status_code=201, tags=["session"], operation_id="sign_in", openapi_extra={"security": []})
async def sign_in(given: SignIn, request: Request, response: Response) -> Session:
    """Signs a person in: sets the cookie `__Host-session`, always a new one.

    401 WRONG_CREDENTIALS for whatever is wrong; 401 TOTP_REQUIRED when the password is right and a code is needed.
    """
    auth, ip = request.app.state.auth, address(request.scope)
    request.app.state.limits.sign_in(ip, given.email)
    previous = cookies(request.scope).get(SESSION_COOKIE, "")
    answer = await auth.directory("SignIn")(
        pb.SignInRequest(
            email=given.email,
            password=given.password,
            code=given.totp_code,
            group_slug=given.group,
            ip=ip,
            user_agent=request.headers.get("user-agent", "")[:300],
            previous_session_token=previous[:100],
        )
    )
    if answer.outcome == pb.SIGN_IN_OUTCOME_CODE_REQUIRED:
        raise Unauthenticated("TOTP_REQUIRED", "send the same again with the code of your authenticator app")
    if answer.outcome != pb.SIGN_IN_OUTCOME_SIGNED_IN:
        raise Unauthenticated("WRONG_CREDENTIALS", "e-mail, password or code is wrong, or the account is locked")
    return _session(open_session(request, response, answer.session_token, answer.principal))


def open_session(request: Request, response: Response, token: str, principal: pb.Principal) -> Caller:
    """Gives the browser the session that the directory has just opened; the one before is forgotten."""
    _set_session(request, response, token)
    caller: Caller = request.app.state.auth.of_session(token, principal, address(request.scope))
    return caller


def _set_session(request: Request, response: Response, token: str) -> str:
    """Sets the cookies of a session's new id, forgets the one before, and returns the new CSRF token."""
    request.app.state.auth.forget(cookies(request.scope).get(SESSION_COOKIE, ""))
    csrf = csrf_token(token)
    set_cookie(response, SESSION_COOKIE, token)
    set_cookie(response, CSRF_COOKIE, csrf, readable=True)
    return csrf


@router.get("/v1/session", tags=["session"], operation_id="who_am_i")
async def who_am_i(request: Request) -> Session:
    """Who I am, what I may do and where. Also for machines and private links."""
    return _session(await request.app.state.auth.authenticate(request.scope, unsafe=False))


@router.delete("/v1/session", status_code=204, tags=["session"], operation_id="sign_out")
async def sign_out(request: Request, response: Response, everywhere: bool = False) -> None:
    """Ends the session; with `everywhere`, every session of the person."""
    auth = request.app.state.auth
    caller = await auth.authenticate(request.scope, unsafe=True)
    if caller.actor.kind == "user":
        sign_out = pb.SignOutRequest(session_token=caller.secret, everywhere=everywhere)
        await auth.directory("SignOut")(sign_out)
    auth.forget(caller.secret)
    for name in (SESSION_COOKIE, CSRF_COOKIE, LINK_COOKIE):
        response.delete_cookie(name, path="/", secure=True, httponly=name != CSRF_COOKIE, samesite="lax")


@router.post("/v1/session/totp", tags=["session"], operation_id="enroll_totp")
async def enroll_totp(given: TotpPassword, request: Request) -> TotpSecret:
    """Makes a secret for an authenticator app. It counts once a code has been confirmed."""
    enroll = pb.EnrollTotpRequest(request_id=str(uuid4()), password=given.password)
    answer = await _as_person(request, "EnrollTotp", enroll)
    return TotpSecret(secret=answer.secret, provisioning_uri=answer.provisioning_uri)


@router.post("/v1/session/totp/confirm", tags=["session"], operation_id="confirm_totp")
async def confirm_totp(given: TotpCode, request: Request, response: Response) -> RecoveryCodes:
    """Confirms the authenticator app with a first code. The session gets a new id; one's other sessions end."""
    answer = await _as_person(request, "ConfirmTotp", pb.ConfirmTotpRequest(request_id=str(uuid4()), code=given.code))
    csrf = _set_session(request, response, answer.session_token)
    return RecoveryCodes(recovery_codes=list(answer.recovery_codes), csrf_token=csrf)


@router.post("/v1/session/password", status_code=204, tags=["session"], operation_id="change_password")
async def change_password(given: PasswordChange, request: Request) -> None:
    """Changes one's own password and ends one's other sessions."""
    change = pb.ChangePasswordRequest(
        request_id=str(uuid4()), current_password=given.current_password, new_password=given.new_password
    )
    await _as_person(request, "ChangePassword", change)


@router.post(
    "/v1/password", status_code=204, tags=["session"], operation_id="set_password", openapi_extra={"security": []}
)
async def set_password(given: PasswordByToken, request: Request) -> None:
    """Sets a password with the token that an administrator has handed over."""
    ip = address(request.scope)
    request.app.state.limits.sign_in(ip, f"password token {ip}")
    await request.app.state.auth.directory("SetPassword")(
        pb.SetPasswordRequest(token=given.token, new_password=given.new_password)
    )


async def _as_person(request: Request, rpc: str, message: Any) -> Any:
    """Calls the directory as the person who is signed in. Guesses at passwords and codes are counted."""
    caller: Caller = await request.app.state.auth.authenticate(request.scope, unsafe=True)
    if caller.actor.kind != "user":
        raise Denied("PEOPLE_ONLY", "only a person has a password")
    request.app.state.limits.sign_in(address(request.scope), caller.actor.user_id)
    method = getattr(request.app.state.node.client("directory"), rpc)
    return await method(message, token=caller.token("directory"))


# --- machines -----------------------------------------------------------------------------------------------------


@router.post(
    "/oauth/token",
    response_model=AccessToken,
    responses={400: {"model": TokenError}, 401: {"model": TokenError}},
    tags=["session"],
    operation_id="issue_token",
    openapi_extra={"security": []},
)
async def issue_token(
    request: Request,
    grant_type: Annotated[str, Form(examples=["client_credentials"])] = "",
    client_id: Annotated[str, Form(max_length=100)] = "",
    client_secret: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """A bearer token for a machine (RFC 6749, client credentials), good for 15 minutes.

    The credentials stand in the form, or in HTTP Basic. Errors are `{"error": "invalid_client"}` and the like.
    """
    if grant_type != "client_credentials":
        return _oauth({"error": "unsupported_grant_type"}, 400)
    basic = _basic(request.headers.get("authorization", ""))
    client_id, secret = basic or (client_id, client_secret)
    request.app.state.limits.sign_in(address(request.scope), client_id)
    auth = request.app.state.auth
    try:
        if not _is_uuid(client_id) or not 0 < len(secret) <= 100:
            raise Unauthenticated("CLIENT_REFUSED", "unknown client or wrong secret")
        await auth.verify_client(client_id, secret, address(request.scope))
    except Unauthenticated:
        return _oauth({"error": "invalid_client"}, 401)
    return _oauth(AccessToken(access_token=auth.access_token(client_id, secret)).model_dump(), 200)


def _oauth(content: dict[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": 'Basic realm="archwire"'} if status == 401 else {})
    return JSONResponse(content, status, headers)


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


# --- families -----------------------------------------------------------------------------------------------------


@router.get("/l/{token}", response_class=HTMLResponse, include_in_schema=False)
async def open_link(token: str) -> Response:
    """What a private link opens: a page that sends the token on in a body, so that no later address holds it."""
    form = (
        '<form method="post" action="/l" id="open">'
        f'<input type="hidden" name="token" value="{html.escape(token[:100])}">'
        '<button type="submit">Open your page</button></form><script src="/assets/link.js"></script>'
    )
    return HTMLResponse(page("Your private page", form), headers={"Content-Security-Policy": PAGE_CSP})


@router.post("/l", include_in_schema=False)
async def enter_by_link(request: Request, token: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Exchanges a link's token for a cookie and shows the family's page."""
    caller = await _by_link(request, token)
    response = RedirectResponse("/shared", 303)
    _set_link(response, caller)
    return response


@router.post("/v1/shared/session", tags=["session"], operation_id="enter_by_link", openapi_extra={"security": []})
async def shared_session(given: LinkToken, request: Request, response: Response) -> Session:
    """Exchanges a private link's token for the cookie `__Host-link`."""
    caller = await _by_link(request, given.token)
    _set_link(response, caller)
    return _session(caller)


async def _by_link(request: Request, token: str) -> Caller:
    ip = address(request.scope)
    request.app.state.limits.sign_in(ip, f"link {ip}")
    if not token:
        raise Unauthenticated("LINK_ENDED", "the link is not good any more")
    caller: Caller = await request.app.state.auth.of_link(token, ip)
    return caller


def _set_link(response: Response, caller: Caller) -> None:
    set_cookie(response, LINK_COOKIE, caller.secret)
    set_cookie(response, CSRF_COOKIE, caller.csrf, readable=True)


# --- what they share ----------------------------------------------------------------------------------------------


def set_cookie(response: Response, name: str, value: str, *, readable: bool = False) -> None:
    """A cookie that only this host gets back, over TLS; `readable` by the portal's script."""
    response.set_cookie(name, value, path="/", secure=True, httponly=not readable, samesite="lax")


def _session(caller: Caller) -> Session:
    actor, principal = caller.actor, caller.principal
    return Session(
        kind=actor.kind,
        user_id=actor.user_id,
        group_id=actor.tenant_id,
        display_name=principal.display_name if principal else "",
        group_name=principal.group_name if principal else "",
        purpose=actor.purpose,
        subject=dict(actor.subject),
        roles=[Role(role=role, locations=_listed(where)) for role, where in actor.grants.items()],
        permissions={name: _listed(actor.locations_of(name)) for name in sorted(actor.permissions)},
        second_factor=bool(principal and principal.second_factor),
        csrf_token=caller.csrf,
        idle_expire_time=_time(principal, "idle_expire_time"),
        expire_time=_time(principal, "expire_time"),
    )


def _listed(locations: str | tuple[str, ...]) -> str | list[str]:
    return locations if isinstance(locations, str) else list(locations)


def _time(principal: Any, name: str) -> datetime | None:
    if principal is None or not principal.HasField(name):
        return None
    moment: datetime = getattr(principal, name).ToDatetime(tzinfo=UTC)
    return moment
