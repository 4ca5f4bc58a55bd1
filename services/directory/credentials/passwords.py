"""Argon2id off the event loop, a few at a time: each hash takes 64 MiB and about a tenth of a second."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

CONCURRENT = 4  # 256 MiB at most, however many sign in
_HASHER = PasswordHasher()  # the library's defaults are RFC 9106's second choice
# The hash of a password that nobody knows: an unknown account takes as long as a known one.
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$5YUxR3fqY4544JUZ/FJX2Q$wbfJU12iG/gij7oKtJipDbsUuDyTDU/lB6z6hTaGkdg"
_THREADS = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="argon2")


async def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def verified(password: str, kept: str | None) -> bool:
    """True when the password is the one that was hashed. Takes as long when there is none."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, password, kept)


def _verify(password: str, kept: str | None) -> bool:
    try:
        return _HASHER.verify(kept or _NOBODYS, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
