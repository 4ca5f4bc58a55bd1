"""The directory hears no events; its one job forgets secrets."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1 import credentials_pb2, directory_pb2, links_pb2

from services.directory.credentials import queries
from shared.call import Work

# Where a kept reply holds a secret that shall be seen once.
SECRETS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "directory.CreateGroup": (directory_pb2.CreateGroupResponse, ("password_token",)),
    "directory.CreateLink": (links_pb2.CreateLinkResponse, ("token",)),
    "directory.CreateClient": (credentials_pb2.CreateClientResponse, ("secret",)),
    "directory.CreatePasswordToken": (credentials_pb2.CreatePasswordTokenResponse, ("token",)),
    "directory.EnrollTotp": (credentials_pb2.EnrollTotpResponse, ("secret", "provisioning_uri")),
    "directory.ConfirmTotp": (credentials_pb2.ConfirmTotpResponse, ("recovery_codes",)),
}


async def forget_secrets(request_id: str, work: Work) -> None:
    """Takes the secret out of the reply that is kept for a retry, once a retry is no longer to be expected."""
    async with work.begin() as call:
        for kept in await call.db.all(queries.KEPT_REPLIES, tenant_id=work.tenant_id, request_id=request_id):
            if kept.method not in SECRETS or kept.reply is None:
                continue
            kind, fields = SECRETS[kept.method]
            reply = kind.FromString(kept.reply)
            for field in fields:
                reply.ClearField(field)
            await call.db.run(
                queries.REPLACE_REPLY,
                of_tenant=work.tenant_id,
                of_caller=kept.caller,
                of_method=kept.method,
                of_request=request_id,
                reply=reply.SerializeToString(),
            )
