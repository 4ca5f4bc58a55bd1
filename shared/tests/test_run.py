"""What the program says when it cannot do what it is asked: lines that say what to do, exit status 1."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from shared import run


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs a command that must fail; returns what it said."""

    def run_it(*arguments: str, **environ: str) -> list[str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert run.main(arguments) == 1
        said: list[str] = capsys.readouterr().err.splitlines()
        assert all(line.startswith("archwire: ") for line in said), said
        return said

    return run_it


def test_every_wrong_setting_has_its_line(refused):
    said = refused("doctor", ARCHWIRE_PORT="many", ARCHWIRE_ENV="prod", SMTP_URL="mail", DATABASE_URL="mysql://a/b")
    assert sorted(line.split()[1] for line in said) == ["ARCHWIRE_ENV", "ARCHWIRE_PORT", "DATABASE_URL", "SMTP_URL"]


def test_a_taken_port_is_named(refused, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        (line,) = refused("up", "--port", port, "--data", str(tmp_path / "data"))
    assert f"port {port} is in use" in line


@pytest.mark.parametrize("url", ["postgresql://a:b@127.0.0.1:1/x", "postgresql://no.host.invalid/x"])
@pytest.mark.parametrize("command", [("migrate",), ("up", "--port", "0")])
def test_an_absent_database_is_named(refused, tmp_path, command, url):
    (line,) = refused(*command, "--data", str(tmp_path / "data"), DATABASE_URL=url)
    assert "DATABASE_URL: nothing answers there" in line


def test_an_absent_kafka_is_named(refused, tmp_path):
    (line,) = refused("up", "--port", "0", "--data", str(tmp_path / "data"), KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert "KAFKA_BOOTSTRAP_SERVERS" in line


def test_a_data_folder_that_cannot_be_used_is_named(refused, tmp_path: Path):
    (tmp_path / "file").touch()
    (line,) = refused("up", "--port", "0", "--data", str(tmp_path / "file"))
    assert f"data folder {tmp_path / 'file'}" in line


def test_a_document_that_cannot_be_written_is_named(refused):
    (line,) = refused("openapi", "--output", "/nowhere/openapi.json")
    assert "cannot write /nowhere/openapi.json" in line


def test_a_part_names_the_keys_it_lacks(refused, tmp_path: Path):
    said = refused("run", "directory", ARCHWIRE_SECRETS=str(tmp_path))
    assert [line.split()[2] for line in said[:-1]] == ["internal.pem", "vault.key"]
    assert "archwire keys" in said[-1]
    (tmp_path / "internal.pem").write_text("no key")
    (line, _) = refused("run", "gateway", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert "internal.pem" in line
    assert "no key" not in line


def test_keys_are_made_once(capsys, tmp_path: Path):
    keys = tmp_path / "keys"
    for expected in ("made internal.pem, vault.key, audit.key", "all keys are there"):
        assert run.main(["keys", str(keys)]) == 0
        assert expected in capsys.readouterr().out
    assert all(file.stat().st_mode & 0o077 == 0 for file in keys.iterdir())


def test_a_part_names_its_own_database(refused, tmp_path: Path):
    url = "postgresql://a:b@127.0.0.1:1/x"
    (line,) = refused("run", "supply", "--data", str(tmp_path / "data"), ARCHWIRE_SUPPLY_DATABASE_URL=url)
    assert "ARCHWIRE_SUPPLY_DATABASE_URL: nothing answers there" in line


def test_a_worker_knows_its_services(refused):
    (line,) = refused("run", "worker", "billing")
    assert "there is no service billing" in line


def test_a_secret_may_be_in_a_file(refused, tmp_path: Path):
    (line,) = refused("doctor", DATABASE_URL_FILE=str(tmp_path / "none"))
    assert "DATABASE_URL_FILE" in line
    (tmp_path / "url").write_text("mysql://a/b\n")
    (line,) = refused("doctor", DATABASE_URL_FILE=str(tmp_path / "url"))
    assert "DATABASE_URL must be a URL" in line


def test_brokers_that_are_no_addresses_are_refused(refused):
    (line,) = refused("doctor", KAFKA_BOOTSTRAP_SERVERS="kafka")
    assert "KAFKA_BOOTSTRAP_SERVERS must be host:port" in line
