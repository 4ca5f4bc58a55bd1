"""The embedded PostgreSQL: it starts, stops, and loses nothing when somebody pulls the plug."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from shared import postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aw-") as name:
        yield Path(name) / "data"


def sql(server: postgres.Server, text: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(server.dsn(database="postgres"))
        try:
            return await connection.fetchval(text)
        finally:
            await connection.close()

    return asyncio.run(run())


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z":
                return
            os.kill(pid, 0)
        except (ProcessLookupError, OSError):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")


def test_what_is_committed_is_there_after_a_restart(folder):
    with postgres.start(folder) as server:
        sql(server, "create table kept as select 42 as answer")
    with postgres.start(folder) as server:
        assert sql(server, "select answer from kept") == 42
        assert sql(server, "select current_setting('fsync') || current_setting('synchronous_commit')") == "onon"


def test_kill_9_of_the_server_loses_nothing(folder):
    with postgres.start(folder) as server:
        sql(server, "create table kept as select 42 as answer")
        pid = server.pid
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        assert server.revive()
        assert not server.revive()
        assert sql(server, "select answer from kept") == 42


def test_kill_9_of_its_parent_ends_it_and_the_next_start_works(folder):
    program = (
        "import pathlib, sys, time; from shared import postgres\n"
        "print(postgres.start(pathlib.Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    for round_ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True
        ) as parent:
            pid = int(parent.stdout.readline())
            found = postgres.find(folder)
            assert found is not None
            assert found.pid == pid
            sql(found, f"create table kept_{round_} as select {round_} as answer")
            parent.kill()
        with postgres.start(folder) as server:
            assert server.pid != pid
            assert sql(server, f"select answer from kept_{round_}") == round_
        wait_until_gone(pid)


def test_a_folder_has_one_owner_and_the_message_says_so(folder):
    with postgres.start(folder), pytest.raises(postgres.PostgresError, match="ARCHWIRE_DATA"):
        postgres.start(folder)
    assert postgres.find(folder) is None


def test_two_folders_side_by_side(folder):
    with postgres.start(folder) as one, postgres.start(folder.with_name("other")) as two:
        sql(one, "create table only_here ()")
        assert sql(two, "select to_regclass('only_here')") is None


def test_only_its_user_can_reach_it(folder):
    folder.parent.chmod(0o755)
    with postgres.start(folder) as server:
        assert folder.parent.stat().st_mode & 0o777 == 0o755  # nothing above the data folder is touched
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert server.cluster.stat().st_mode & 0o777 == 0o700
        assert sql(server, "select current_setting('listen_addresses')") == ""


def test_a_long_path_gets_a_short_socket(folder):
    deep = folder / ("d" * 90)
    with postgres.start(deep) as server:
        assert deep not in server.socket_dir.parents
        found = postgres.find(deep)
        assert found is not None
        assert found.dsn() == server.dsn()
        assert sql(server, "select 1") == 1
    server.socket_dir.rmdir()


def test_a_recycled_pid_does_not_keep_it_from_starting(folder):
    with postgres.start(folder) as server:
        left = (server.cluster / "postmaster.pid").read_text().splitlines()
    left[0] = str(os.getpid())
    (server.cluster / "postmaster.pid").write_text("\n".join(left) + "\n")
    with postgres.start(folder) as server:
        assert sql(server, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="about root on Linux")
def test_root_without_namespaces_falls_back_to_nobody(folder, monkeypatch):
    monkeypatch.setattr(postgres, "_namespaces_answer", False)
    with pytest.raises(postgres.PostgresError, match="cannot enter"):
        postgres.start(folder)  # TemporaryDirectory is 0700
    folder.parent.chmod(0o711)
    program = Path(postgres.binaries())
    if any(not p.stat().st_mode & 1 for p in program.parents):
        pytest.skip("the installation itself is below a private folder")
    with postgres.start(folder) as server:
        assert sql(server, "select 1") == 1


def test_settings_are_checked_by_name():
    from shared import config

    with pytest.raises(config.ConfigError, match="ARCHWIRE_PORT") as raised:
        config.load({"ARCHWIRE_PORT": "99999", "DATABASE_URL": "mysql://x", "ARCHWIRE_ENV": "prod"})
    assert str(raised.value).count("\n") == 2
    assert config.load({}).port == 8420
    loaded = config.load({"ARCHWIRE_SCHEDULING_DATABASE_URL": "postgresql://u:opensesame@h/d"})
    assert "scheduling" in loaded.service_urls
    assert "opensesame" not in repr(loaded)
