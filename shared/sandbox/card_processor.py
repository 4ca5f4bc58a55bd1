"""SANDBOX: a card processor that moves no money. It keeps its books in a file of its own, as a real one would
keep them elsewhere: a crash of ours does not make it forget a charge or a key.

Tokens: tok_visa is charged, tok_declined and tok_insufficient_funds are declined, tok_processing_error is
unavailable on the first try of a key and then charged; any other token is declined as invalid.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from shared.errors import Unavailable
from shared.processor import Declined

DECLINES = {"tok_declined": "card_declined", "tok_insufficient_funds": "insufficient_funds"}
FLAKY = "tok_processing_error"
CHARGED = ("tok_visa", FLAKY)
BOOKS = """
CREATE TABLE IF NOT EXISTS movement (
  reference TEXT PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, request TEXT NOT NULL,
  amount_cents INTEGER NOT NULL, charge TEXT, outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL);
"""


class SandboxProcessor:
    """The sandbox with its books at `path`. Several processes may share them."""

    name = "sandbox"

    def __init__(self, path: Path) -> None:
        self.path = path

    async def charge(self, amount_cents: int, token: str, idempotency_key: str) -> str:
        """Charges a token once per key; the same key with another amount or token is declined."""
        return await asyncio.to_thread(self._charge, amount_cents, token, idempotency_key)

    async def refund(self, reference: str, amount_cents: int, idempotency_key: str) -> str:
        """Returns part of a charge, never more than is left of it."""
        return await asyncio.to_thread(self._refund, reference, amount_cents, idempotency_key)

    def history(self) -> list[dict[str, object]]:
        """Every charge and refund that took place, and every decline, oldest first: for tests and people."""
        with self._books() as books:
            rows = books.execute(
                "SELECT reference, kind, key, amount_cents, charge, outcome FROM movement ORDER BY rowid"
            )
            return [dict(row) for row in rows]

    def requests(self, key: str) -> int:
        """How often a key was presented."""
        with self._books() as books:
            return int(books.execute("SELECT count(*) FROM request WHERE key = ?", (key,)).fetchone()[0])

    @contextmanager
    def _books(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        books = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        books.row_factory = sqlite3.Row
        try:
            books.executescript(BOOKS)
            books.execute("BEGIN IMMEDIATE")
            yield books
            books.execute("COMMIT")
        finally:
            books.close()

    def _charge(self, amount_cents: int, token: str, key: str) -> str:
        with self._books() as books:
            tries = self._note(books, "charge", key)
            if (known := self._known(books, key, f"{amount_cents} {token}")) is not None:
                outcome, reference = known
            elif token == FLAKY and tries == 1:
                outcome, reference = "unavailable", ""
            else:
                outcome = "ok" if token in CHARGED else DECLINES.get(token, "invalid_token")
                reference = self._write(books, "charge", key, f"{amount_cents} {token}", amount_cents, None, outcome)
        return self._answer(outcome, reference)

    def _refund(self, charge: str, amount_cents: int, key: str) -> str:
        with self._books() as books:
            self._note(books, "refund", key)
            if (known := self._known(books, key, f"{amount_cents} {charge}")) is not None:
                outcome, reference = known
            else:
                left = books.execute(
                    "SELECT coalesce(sum(CASE kind WHEN 'charge' THEN amount_cents ELSE -amount_cents END), 0) "
                    "FROM movement WHERE outcome = 'ok' AND (reference = ? OR charge = ?)",
                    (charge, charge),
                ).fetchone()[0]
                outcome = "ok" if amount_cents <= left else "charge_too_small"
                reference = self._write(books, "refund", key, f"{amount_cents} {charge}", amount_cents, charge, outcome)
        return self._answer(outcome, reference)

    def _note(self, books: sqlite3.Connection, kind: str, key: str) -> int:
        books.execute("INSERT INTO request (kind, key) VALUES (?, ?)", (kind, key))
        return int(books.execute("SELECT count(*) FROM request WHERE key = ?", (key,)).fetchone()[0])

    def _known(self, books: sqlite3.Connection, key: str, request: str) -> tuple[str, str] | None:
        row = books.execute("SELECT reference, request, outcome FROM movement WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        return ("idempotency_error", "") if row["request"] != request else (row["outcome"], row["reference"])

    def _write(
        self,
        books: sqlite3.Connection,
        kind: str,
        key: str,
        request: str,
        amount: int,
        charge: str | None,
        outcome: str,
    ) -> str:
        reference = f"sandbox_{kind}_{uuid4().hex}"
        books.execute(
            "INSERT INTO movement VALUES (?, ?, ?, ?, ?, ?, ?)",
            (reference, kind, key, request, amount, charge, outcome),
        )
        return reference

    def _answer(self, outcome: str, reference: str) -> str:
        if outcome == "unavailable":
            raise Unavailable("PROCESSOR_UNAVAILABLE", "the card processor did not answer")
        if outcome != "ok":
            raise Declined(outcome)
        return reference
