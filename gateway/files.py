"""Files in and out: uploads go to the storage of the caller's group, downloads come from where an RPC says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from gateway.edge import UPLOAD_LIMIT
from gateway.http import Refused, header
from shared.errors import Denied, Invalid
from shared.storage import storage

PERMISSION = "uploads.create"
KIND = "uploads"  # of storage keys: <tenant>/uploads/<upload_id>
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}")

router = APIRouter()


class Upload(BaseModel):
    upload_id: str = Field(description="To be given to the method that takes the file, such as adding an image.")
    size_bytes: int
    sha256: str = Field(description="Of the bytes received, in hexadecimal digits.")
    content_type: str = Field(description="As the caller has named it; whoever takes the file looks for itself.")


@router.post(
    "/v1/uploads",
    status_code=201,
    tags=["files"],
    operation_id="upload_file",
    openapi_extra={
        "x-permission": PERMISSION,
        "requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
async def upload_file(request: Request) -> Upload:
    """Takes a file of up to 50 MB as the request's body and keeps it until a method takes it over.

    Permission: `uploads.create`.
    """
    caller = await request.app.state.auth.authenticate(request.scope, unsafe=True)
    if not caller.may(PERMISSION):
        raise Denied("PERMISSION_DENIED", "your role may not do this", permission=PERMISSION)
    content_type = header(request.scope, b"content-type").split(";")[0].strip().lower()
    if not MEDIA_TYPE.fullmatch(content_type) or content_type.startswith("multipart/"):
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "send the bytes as the body, and their media type as Content-Type")
    stored = await storage().put(caller.actor.tenant_id, KIND, _not_empty(request), limit_bytes=UPLOAD_LIMIT)
    upload_id = stored.key.rpartition("/")[2]
    return Upload(upload_id=upload_id, size_bytes=stored.size_bytes, sha256=stored.sha256, content_type=content_type)


async def _not_empty(request: Request) -> AsyncIterator[bytes]:
    """The body's chunks. Raises Invalid when there are none."""
    empty = True
    async for chunk in request.stream():
        if chunk:
            empty = False
            yield chunk
    if empty:
        raise Invalid("EMPTY_FILE", "the body is empty", field="body")


async def send_file(key: str, content_type: str, name: str, *, sha256: str = "", known: str = "") -> Response:
    """A stored file as a download: never shown as a page, and its type never guessed. Raises NotFound.

    With `sha256` the caller's own browser may keep the file, and asks every time whether it may still be shown: the
    question is authorised and audited as the file is, and answered without bytes when `known` (If-None-Match) is it.
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "file"
    headers = {
        "Content-Disposition": f'attachment; filename="{safe[:100]}"',
        "Cache-Control": "private, no-cache" if sha256 else "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if sha256:
        headers["ETag"] = f'"{sha256}"'
        if sha256 in known:
            return Response(status_code=304, headers=headers)
    chunks: Any = storage().stream(key)
    first = await anext(chunks, b"")  # NotFound is raised here, before the answer has begun
    media_type = content_type if MEDIA_TYPE.fullmatch(content_type) else "application/octet-stream"
    return StreamingResponse(_with(first, chunks), media_type=media_type, headers=headers)


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
