"""The keys of an installation: three files that gateway, services and workers have in common.

On one machine they are made at first use, in `<data>/secrets`. With ARCHWIRE_SECRETS they come from that folder, such as
a mounted secret, and are never made: a process with keys of its own would sign and seal what no other understands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from shared import audit
from shared.identity import Signer
from shared.vault import Vault

SIGNER, VAULT, AUDIT = "internal.pem", "vault.key", "audit.key"
READ: dict[str, Callable[[Path], Any]] = {SIGNER: Signer.from_file, VAULT: Vault.from_file, AUDIT: audit.key}


def make(folder: Path) -> list[str]:
    """Makes the keys that are not there yet (mode 0600); returns their names. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = [name for name in READ if not (folder / name).exists()]
    for name in missing:
        READ[name](folder / name)
    return missing


def problems(folder: Path, names: Iterable[str]) -> list[str]:
    """What is wrong with the keys of a folder that is only read, one line each; never what is in them."""
    found = []
    for name in names:
        try:
            with (folder / name).open("rb"):
                pass
            READ[name](folder / name)
        except OSError as error:
            found.append(f"ARCHWIRE_SECRETS: {name} in {folder} cannot be read ({error.strerror})")
        except ValueError:
            found.append(f"ARCHWIRE_SECRETS: {name} in {folder} is not a key that `archwire keys` makes")
    return found
