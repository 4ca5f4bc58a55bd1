"""The sandbox's outbox: what families would have received, for whoever may read their messages. Not in production."""

from __future__ import annotations

import asyncio
import html
import json
import re
from pathlib import Path
from typing import Any

from archwire.directory.v1 import directory_pb2
from archwire.notifications.v1 import notifications_pb2 as pb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from gateway.pages import PAGE_CSP, page
from shared.errors import Denied, NotFound

router = APIRouter()
SHOWN = 50
LINK = re.compile(r"(https?://[^\s<]+)")


@router.get("/sandbox/outbox", include_in_schema=False)
async def outbox(request: Request) -> HTMLResponse:
    """The latest messages that the sandbox "delivered" at the caller's locations, newest first."""
    node = request.app.state.node
    if node.config.production:
        raise NotFound("NOT_FOUND", "there is no sandbox in production")
    caller = await request.app.state.auth.authenticate(request.scope, unsafe=False)
    if not caller.may("messages.read"):
        raise Denied("PERMISSION_DENIED", "your role may not read messages", permission="messages.read")
    places = await node.client("directory").ListLocations(
        directory_pb2.ListLocationsRequest(page_size=200), token=caller.token("directory")
    )
    messages: list[Any] = []
    for place in places.locations:
        asked = pb.ListMessagesRequest(location_id=place.id, state=pb.MESSAGE_STATE_SENT, page_size=SHOWN)
        messages += (
            await node.client("notifications").ListMessages(asked, token=caller.token("notifications"))
        ).messages
    messages.sort(key=lambda message: message.sent_time.seconds, reverse=True)
    folder = node.config.data / "sandbox" / "outbox"
    found = await asyncio.to_thread(_read, folder, [message.id for message in messages[: 2 * SHOWN]])
    rows = "".join(_row(entry) for entry in found[:SHOWN]) or "<p>Nothing has been sent yet.</p>"
    body = (
        f"<h1>Sandbox outbox</h1><p>No message left this machine: this is what families would have received.</p>{rows}"
    )
    return HTMLResponse(
        page("Sandbox outbox", body), headers={"Content-Security-Policy": PAGE_CSP, "Cache-Control": "no-store"}
    )


def _read(folder: Path, ids: list[str]) -> list[dict[str, str]]:
    paths = (folder / f"{message_id}.json" for message_id in ids)
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def _row(entry: dict[str, str]) -> str:
    text = LINK.sub(r'<a href="\1">\1</a>', html.escape(entry["body"]))
    head = html.escape(" · ".join(filter(None, (entry["channel"], entry["to"], entry["sent"]))))
    subject = f"<strong>{html.escape(entry['subject'])}</strong><br>" if entry["channel"] == "email" else ""
    return f"<article><small>{head}</small><p>{subject}{text}</p></article><hr>"
