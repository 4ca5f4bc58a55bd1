"""Files: a directory, or S3. A key is `<tenant>/<kind>/<uuid>`; who may read one is decided by the service that owns it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from shared.errors import Invalid, NotFound

KEY = re.compile(r"[0-9a-f-]{36}/[a-z]+/[0-9a-f-]{36}")
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Stored:
    """A file that was written: its key, size in bytes and hex SHA-256."""

    key: str
    size_bytes: int
    sha256: str


class DirectoryStorage:
    """Files below a folder, mode 0600, written aside and renamed: a file is there whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound("FILE_NOT_FOUND", "there is no such file")
        return self.root / key

    async def put(self, tenant_id: str, kind: str, chunks: AsyncIterator[bytes], *, limit_bytes: int) -> Stored:
        """Stores a stream. Raises Invalid FILE_TOO_LARGE above the limit, and then keeps nothing."""
        key = f"{tenant_id}/{kind}/{uuid4()}"
        path = self._path(key)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
        aside = path.with_suffix(".part")
        digest, size = hashlib.sha256(), 0
        file = os.fdopen(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb")
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise Invalid(
                        "FILE_TOO_LARGE", f"the file is larger than {limit_bytes} bytes", limit_bytes=limit_bytes
                    )
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_sync, file)
            os.replace(aside, path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        finally:
            file.close()
        return Stored(key, size, digest.hexdigest())

    async def write(self, tenant_id: str, kind: str, content: bytes) -> Stored:
        """Stores bytes at hand."""

        async def once() -> AsyncIterator[bytes]:
            yield content

        return await self.put(tenant_id, kind, once(), limit_bytes=len(content))

    async def read(self, key: str) -> bytes:
        """The whole file. Raises NotFound."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise NotFound("FILE_NOT_FOUND", "there is no such file") from None

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The file in chunks. Raises NotFound before the first one."""
        try:
            file = await asyncio.to_thread(open, self._path(key), "rb")
        except FileNotFoundError:
            raise NotFound("FILE_NOT_FOUND", "there is no such file") from None
        with file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk

    async def delete(self, key: str) -> None:
        """Removes a file; without effect when it is gone."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)


def _sync(file: object) -> None:
    file.flush()  # type: ignore[attr-defined]
    os.fsync(file.fileno())  # type: ignore[attr-defined]


_storage: DirectoryStorage | None = None


def use(storage: DirectoryStorage) -> None:
    """Sets the storage of this process; called once by the program."""
    global _storage
    _storage = storage


def storage() -> DirectoryStorage:
    """The storage of this process."""
    if _storage is None:
        raise RuntimeError("no storage: the program sets one at start")
    return _storage
