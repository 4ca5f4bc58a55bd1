"""What is sealed opens only here and only for what it was sealed for."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.vault import Vault

ROW, OTHER = "directory.credential.totp_secret:1", "directory.credential.totp_secret:2"


def test_a_sealed_text_opens_for_its_context_and_no_other(tmp_path: Path):
    vault = Vault.from_file(tmp_path / "vault.key")
    sealed = vault.seal("JBSWY3DP", ROW)
    assert vault.unseal(sealed, ROW) == "JBSWY3DP"
    assert b"JBSWY3DP" not in sealed
    assert vault.seal("JBSWY3DP", ROW) != sealed
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong, context in ((sealed, OTHER), (changed, ROW), (b"", ROW)):
        with pytest.raises(ValueError):
            vault.unseal(wrong, context)


def test_another_installation_opens_nothing_and_finds_nothing(tmp_path: Path):
    here, there = Vault.from_file(tmp_path / "a.key"), Vault.from_file(tmp_path / "b.key")
    with pytest.raises(ValueError):
        there.unseal(here.seal("x", ROW), ROW)
    assert here.fingerprint("a@b.example", "email") != there.fingerprint("a@b.example", "email")


def test_a_fingerprint_is_the_same_after_a_restart_and_differs_by_context(tmp_path: Path):
    first, again = Vault.from_file(tmp_path / "vault.key"), Vault.from_file(tmp_path / "vault.key")
    assert first.fingerprint("a@b.example", "email") == again.fingerprint("a@b.example", "email")
    assert first.fingerprint("a@b.example", "email") != first.fingerprint("a@b.example", "phone")
    assert (tmp_path / "vault.key").stat().st_mode & 0o077 == 0
