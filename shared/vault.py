"""Secrets at rest: sealed texts that only this installation can read, and fingerprints by which a value is found again.

Both take a context, such as "directory.credential.totp:<id>": what was sealed for one row opens nowhere else.
"""

from __future__ import annotations

import hmac
import secrets
from contextvars import ContextVar, Token
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Vault:
    """Two keys derived from the installation's master key of 32 bytes: one seals (AES-256-GCM), one fingerprints."""

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise ValueError("the master key has 32 bytes")
        self._cipher = AESGCM(hmac.digest(master, b"archwire seal v1", "sha256"))
        self._fingerprint = hmac.digest(master, b"archwire fingerprint v1", "sha256")

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        """Reads the master key (hex), or makes it (mode 0600) when the file does not exist."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return cls(bytes.fromhex(path.read_text().strip()))

    def seal(self, text: str, context: str) -> bytes:
        """Encrypts a text for one context."""
        return self.seal_bytes(text.encode(), context)

    def unseal(self, sealed: bytes, context: str) -> str:
        """Decrypts what was sealed for the same context. Raises ValueError for anything else."""
        return self.unseal_bytes(sealed, context).decode()

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        """Encrypts bytes for one context."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, context.encode())

    def unseal_bytes(self, sealed: bytes, context: str) -> bytes:
        """Decrypts bytes that were sealed for the same context. Raises ValueError for anything else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except InvalidTag:
            raise ValueError("it was not sealed for this context by this installation") from None

    def fingerprint(self, text: str, context: str) -> bytes:
        """A keyed SHA-256 of a text: equal texts have equal ones, and nobody without the key can guess from them."""
        return hmac.digest(self._fingerprint, f"{context}\0{text}".encode(), "sha256")


_vault: ContextVar[Vault] = ContextVar("vault")


def use(vault: Vault) -> Token[Vault]:
    """Sets the vault of the work at hand, and of whatever it starts."""
    return _vault.set(vault)


def leave(token: Token[Vault]) -> None:
    """Takes back what `use` set: a process may host installations side by side, as tests do."""
    _vault.reset(token)


def vault() -> Vault:
    """The vault of the work at hand."""
    try:
        return _vault.get()
    except LookupError:
        raise RuntimeError("the vault is not open: a node opens it") from None
