"""How much anybody may ask: per address before we know who it is, per caller afterwards, least of all at the door.

Counted in memory, per gateway process: with n replicas a limit is n times as wide.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from shared.errors import TooManyRequests

# Setting: what it limits by default. An office is many people behind one address.
DEFAULTS = {
    "ARCHWIRE_LIMIT_ADDRESS": "6000/minute",
    "ARCHWIRE_LIMIT_CALLER": "1200/minute",
    "ARCHWIRE_LIMIT_SIGN_IN_ADDRESS": "60/minute",
    "ARCHWIRE_LIMIT_SIGN_IN_ACCOUNT": "10/minute",
}


class Limits:
    """The limits of one gateway process. Raises TooManyRequests with `retry_after_s`; a limit of "0/minute" is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        texts = {name: environ.get(name, "") or default for name, default in DEFAULTS.items()}
        self._items = {name: None if text.startswith("0") else parse(text) for name, text in texts.items()}

    def address(self, ip: str) -> None:
        """One more request from an address."""
        self._hit("ARCHWIRE_LIMIT_ADDRESS", ip)

    def caller(self, caller: str) -> None:
        """One more request of a session, a client or a link."""
        self._hit("ARCHWIRE_LIMIT_CALLER", caller)

    def sign_in(self, ip: str, account: str) -> None:
        """One more attempt to prove who one is."""
        self._hit("ARCHWIRE_LIMIT_SIGN_IN_ADDRESS", ip)
        self._hit("ARCHWIRE_LIMIT_SIGN_IN_ACCOUNT", account.strip().lower()[:254])

    def _hit(self, name: str, who: str) -> None:
        item: RateLimitItem | None = self._items[name]
        if item is not None and not self._window.hit(item, name, who):
            reset = self._window.get_window_stats(item, name, who).reset_time
            wait = max(1, min(round(reset - time.time()), item.get_expiry()))
            raise TooManyRequests("RATE_LIMITED", "too many requests: slow down", retry_after_s=wait)
