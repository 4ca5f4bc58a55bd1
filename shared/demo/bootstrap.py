"""The first group of an installation: created by the platform, handed to its owner by a one-time code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from uuid import uuid4

from archwire.directory.v1.directory_pb2 import CreateGroupRequest

from shared.config import Config
from shared.identity import system
from shared.node import Node


async def create_group(config: Config, dsn: Callable[[str], str], name: str, owner_email: str, owner_name: str) -> str:
    """Creates a group and returns what to tell its owner. Raises ServiceError when it cannot be created."""
    first, _, last = owner_name.strip().partition(" ")
    tenant_id = str(uuid4())
    node = Node(config, dsn)
    await node.start(["directory"], work=False)
    try:
        made = await node.client("directory").CreateGroup(
            CreateGroupRequest(
                request_id=str(uuid4()),
                name=name,
                slug=slug(name),
                owner_email=owner_email,
                owner_first_name=first,
                owner_last_name=last or name,
            ),
            token=node.signer.mint(system(tenant_id, "operator"), "directory"),
        )
    finally:
        await node.stop()
    return (
        f"{name} is group {made.group.id} ({made.group.slug}).\n"
        f"{owner_email} sets a password within 24 hours with this one-time code:\n\n  {made.password_token}\n\n"
        f"curl http://127.0.0.1:{config.port}/v1/password -H 'Content-Type: application/json' "
        f'-d \'{{"token": "{made.password_token}", "new_password": "…"}}\''
    )


def slug(name: str) -> str:
    """A short name from a long one: "Smile & Söhne" becomes "smile-sohne"."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    text = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return (text if len(text) > 1 and text[0].isalpha() else f"group-{text}".strip("-"))[:40]
