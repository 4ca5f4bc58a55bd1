"""How much anybody may ask: per address before we know who it is, per caller afterwards, least of all at the door.

Token buckets: a minute's worth may come at once, and comes back evenly over a minute. They are kept in memory, per
gateway process: with n replicas a limit is n times as wide.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
import time
from collections.abc import Mapping

from shared.errors import TooManyRequests

# Setting: requests a minute by default. An office is many people behind one address.
DEFAULTS = {
    "ARCHWIRE_LIMIT_ADDRESS": "6000/minute",
    "ARCHWIRE_LIMIT_CALLER": "1200/minute",
    "ARCHWIRE_LIMIT_SIGN_IN_ADDRESS": "60/minute",
    "ARCHWIRE_LIMIT_SIGN_IN_ACCOUNT": "10/minute",
}
BUCKETS_AT_MOST = 100_000


class Buckets:
    """One limit: a bucket per somebody. Full buckets are the same as none, and are forgotten when there are many."""

    __slots__ = ("_buckets", "_per_second", "_size")

    def __init__(self, per_minute: int) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._buckets: dict[str, tuple[float, float]] = {}  # what is left, and since when

    def take(self, who: str) -> None:
        """Takes one from somebody's bucket. Raises TooManyRequests when it is empty, and says when it will not be."""
        if not self._size:
            return
        now = time.monotonic()
        left, since = self._buckets.get(who, (self._size, now))
        left = min(self._size, left + (now - since) * self._per_second)
        if left < 1:
            wait = math.ceil((1 - left) / self._per_second)
            raise TooManyRequests("RATE_LIMITED", "too many requests: slow down", retry_after_s=wait)
        if len(self._buckets) >= BUCKETS_AT_MOST:
            self._forget(now)
        self._buckets[who] = (left - 1, now)

    def _forget(self, now: float) -> None:
        self._buckets = {who: bucket for who, bucket in self._buckets.items() if now - bucket[1] < 60}


class Limits:
    """The limits of one gateway process, from the environment. A limit of "0/minute" is none. Raises ValueError."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address, self._caller, self._door, self._account = (
            Buckets(_per_minute(name, environ.get(name, "") or default)) for name, default in DEFAULTS.items()
        )

    def address(self, ip: str) -> None:
        """One more request from an address."""
        self._address.take(_network(ip))

    def caller(self, caller: str) -> None:
        """One more request of a session, a client or a link."""
        self._caller.take(caller)

    def sign_in(self, ip: str, account: str) -> None:
        """One more attempt to prove who one is."""
        self._door.take(_network(ip))
        self._account.take(account.strip().lower()[:254])


def _network(ip: str) -> str:
    """Whose an address is: everybody has 2^64 IPv6 addresses at least, so their first half counts."""
    if ":" not in ip:
        return ip
    try:
        address = ipaddress.IPv6Address(ip.partition("%")[0])
    except ValueError:
        return ip
    return str(address.ipv4_mapped or (int(address) >> 64))


def _per_minute(name: str, text: str) -> int:
    match = re.fullmatch(r"(\d{1,9})/minute", text)
    if match is None:
        raise ValueError(f'{name} must be a number of requests such as "600/minute", not {text!r}')
    return int(match[1])
