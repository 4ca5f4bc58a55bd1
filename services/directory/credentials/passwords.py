"""Argon2id off the event loop, a few at a time: each hash takes 64 MiB and about a tenth of a second."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

CONCURRENT = 4  # 256 MiB at most, however many sign in
_HASHER = PasswordHasher()  # the library's defaults are RFC 9106's second choice
_THREADS = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="argon2")


async def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def verified(password: str, kept: str | None) -> bool:
    """True when the password is the one that was hashed. Takes as long when there is none."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, password, kept)


def _verify(password: str, kept: str | None) -> bool:
    try:
        return _HASHER.verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash("the hash that stands in for accounts that do not exist")
