"""How messages leave: SMTP when SMTP_URL is set, else the sandbox's mailbox; SMS has the sandbox only, for now.

The sandbox is labelled as one: what it "delivers" lands in `<data>/sandbox/outbox`, a JSON file a message, which the
gateway's viewer shows at /sandbox/outbox outside production.
"""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from shared.config import Config
from shared.errors import Unavailable


class Channel(Protocol):
    """A way out. `public_url` is the gateway's address as families reach it, for links."""

    @property
    def public_url(self) -> str: ...

    async def send(self, *, reference: str, to: str, subject: str, body: str) -> None:
        """Hands a message over. `reference` is its id: a repeat has the same. Raises Unavailable to be tried again."""


@dataclass(frozen=True)
class SandboxChannel:
    """A mailbox and phone that belong to nobody. Writing the same reference again changes nothing."""

    folder: Path
    kind: str
    public_url: str

    async def send(self, *, reference: str, to: str, subject: str, body: str) -> None:
        entry = {
            "sandbox": True,
            "channel": self.kind,
            "to": to,
            "subject": subject,
            "body": body,
            "sent": formatdate(usegmt=True),
        }
        await asyncio.to_thread(self._write, self.folder / f"{reference}.json", json.dumps(entry, ensure_ascii=False))

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_suffix(".part")
        aside.touch(mode=0o600)
        aside.write_text(text)
        os.replace(aside, path)


@dataclass(frozen=True)
class SmtpChannel:
    """E-mail over SMTP. The Message-ID comes from the reference, so that mail servers drop a repeat."""

    url: str
    public_url: str

    async def send(self, *, reference: str, to: str, subject: str, body: str) -> None:
        try:
            await asyncio.to_thread(self._send, reference, to, subject, body)
        except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            raise Unavailable("SMTP_UNAVAILABLE", "the mail server cannot be reached") from error
        except smtplib.SMTPResponseException as error:
            if 400 <= error.smtp_code < 500:
                raise Unavailable("SMTP_UNAVAILABLE", "the mail server asks to try later") from error
            raise

    def _send(self, reference: str, to: str, subject: str, body: str) -> None:
        parts = urlsplit(self.url)
        message = EmailMessage()
        message["From"] = unquote(parts.username or "") or f"no-reply@{urlsplit(self.public_url).hostname}"
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{reference}@archwire>"
        message.set_content(body)
        connect = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with connect(
            parts.hostname or "localhost", parts.port or (465 if parts.scheme == "smtps" else 25), timeout=20
        ) as server:
            if parts.password:
                server.starttls() if parts.scheme == "smtp" else None
                server.login(unquote(parts.username or ""), unquote(parts.password))
            server.send_message(message)


_channels: dict[str, Channel] = {}


def use(config: Config) -> None:
    """Chooses the channels of this process; called once by the program."""
    public_url = os.environ.get("ARCHWIRE_PUBLIC_URL", f"http://127.0.0.1:{config.port}")
    outbox = config.data / "sandbox" / "outbox"
    _channels["sms"] = SandboxChannel(outbox, "sms", public_url)
    _channels["email"] = (
        SmtpChannel(config.smtp_url, public_url) if config.smtp_url else SandboxChannel(outbox, "email", public_url)
    )


def channel_for(kind: str) -> Channel:
    """The way out for sms or email."""
    return _channels[kind]
