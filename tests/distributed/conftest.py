"""The platform of these tests is docker/compose.yaml: every other fixture stands on it unchanged."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.support import Group, Platform

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "archwire-test"
PASSWORD = "development"  # docker/compose.yaml's default


class Containers(Platform):
    """The installation in containers; `data` holds a copy of its keys, for the door behind the gateway."""

    def __init__(self, data: Path, services: Any) -> None:
        super().__init__(data)
        self._services = services
        self.url = f"http://127.0.0.1:{services.port_for('archwire-gateway', 8420)}"
        self.mail_url = f"http://127.0.0.1:{services.port_for('mailpit', 8025)}"
        data.mkdir(mode=0o700)
        self.compose("cp", "archwire-worker:/keys", str(data / "secrets"))

    def dsn(self, service: str) -> str:
        user = f"archwire_{service}" if service else "archwire"
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self._services.port_for('postgres', 5432)}/archwire"

    def compose(self, *arguments: str) -> str:
        """Runs docker compose on the project of these tests; returns what it prints."""
        override = str(ROOT / "tests" / "distributed" / "compose.yaml")
        command = [str(ROOT / "docker" / "compose"), "-f", override, "-p", PROJECT, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def kill(self, part: str) -> None:
        """kill -9 of every process of a part."""
        self.compose("kill", "--signal", "KILL", part)

    def revive(self, part: str) -> None:
        """Starts a part again and returns when it says that it is well."""
        self.compose("up", "--detach", "--no-deps", "--wait", "--wait-timeout", "300", part)


@pytest.fixture(scope="session")
def docker_compose_command() -> str:
    return str(ROOT / "docker" / "compose")


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    return str(ROOT / "tests" / "distributed" / "compose.yaml")  # beside docker/compose.yaml, which the command names


@pytest.fixture(scope="session")
def docker_compose_project_name() -> str:
    return PROJECT


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    """Clears what an interrupted run has left first."""
    (ROOT / "test-output").mkdir(exist_ok=True)
    return ["down --volumes --remove-orphans", "up --detach --wait --wait-timeout 600"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return ["logs --no-color --timestamps >test-output/distributed.log", "down --volumes --remove-orphans"]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, docker_services: Any) -> Iterator[Containers]:
    """The installation in containers, where the embedded suite has its process."""
    support.patience = 5.0
    running = Containers(tmp_path_factory.mktemp("containers") / "data", docker_services)
    try:
        yield running
    finally:
        running.stop()
        support.patience = 1.0


@pytest.fixture
def group(platform: Containers) -> Group:
    """A group for each test: here those of several modules stand side by side."""
    return Group(platform)
