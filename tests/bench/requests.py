"""Rows of the request path: ours in one process and split over gRPC against the reference, from one load generator."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import asyncpg
import httpx
import psutil

from gateway.limits import DEFAULTS
from shared import postgres
from shared.config import service_dsn
from shared.service import NAMES
from tests.bench import reference
from tests.bench.report import Report
from tests.support import Group, Platform

CONNECTIONS = 16
LEADS = 2000
NO_LIMITS = dict.fromkeys(DEFAULTS, "0/minute")
KINDS = ("point", "list", "write")
CONTACT = {
    "first_name": "Ada",
    "last_name": "Abbott",
    "phone": "+1{number}",
    "email": "ada.{number}@family.example",
    "patient_first_name": "Ben",
    "patient_birth_date": "2014-05-01",
    "language": "en",
    "note": "Asks about clear aligners; prefers afternoons.",
}
# The same leads in both databases: a few thousand open ones, each family once.
FILL = """
INSERT INTO {table} (tenant_id, location_id, owner_id, first_name, last_name, phone, email, phone_key, email_key,
  patient_first_name, patient_birth_date, language, note, source, source_detail, next_step, next_step_due)
SELECT $1::uuid, $2::uuid, $3::uuid, 'Ada', 'Abbott-' || n, '+1617' || lpad(n::text, 7, '0'), 'ada' || n || '@family.example',
  '617' || lpad(n::text, 7, '0'), 'ada' || n || '@family.example', 'Ben', '2014-05-01', 'en',
  'Asks about clear aligners; prefers afternoons.', 'web', 'spring', 'Call the family', current_date + n % 30
FROM generate_series(1, $4) n RETURNING id::text"""


@dataclass
class System:
    """One of the systems compared: where it listens, what it is asked, which processes count."""

    name: str
    port: int
    pids: Sequence[int]
    jobs: dict[str, dict[str, Any]]
    cpu_us: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    p99_ms: list[float] = field(default_factory=list)

    def cpu_s(self) -> float:
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self.pids)


class Load:
    """The load generator's process."""

    def __enter__(self) -> Load:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def run(self, system: System, kind: str, count: int) -> dict[str, Any]:
        job = {"port": system.port, "connections": CONNECTIONS, "count": count, "body": "", **system.jobs[kind]}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(job), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"{system.name}, {kind}: {answer['error']}")
        return answer


def measure(report: Report, *, quick: bool) -> None:
    """Every row about requests, and the memory of the platform that has answered them."""
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, contextlib.ExitStack() as stack:
        platform = Platform(Path(folder) / "data")
        stack.callback(platform.stop)
        platform.start()
        group = Group(platform)
        systems = [
            stack.enter_context(the_reference(platform)),
            ours("one process", platform, group, [platform.pid]),
            *([stack.enter_context(split(platform))] if report.wants("split") else []),
        ]
        load = stack.enter_context(Load())
        for system in systems:
            for kind in KINDS:
                load.run(system, kind, 200 if quick else 600)
        rounds, counts = (3, (1000, 200, 600)) if quick else (7, (3000, 400, 1200))
        for number in range(rounds):
            report.progress(f"requests, round {number + 1} of {rounds}")
            for kind, count in zip(KINDS, counts, strict=True):
                for system in systems if number % 2 else systems[::-1]:
                    _round(load, system, kind, count)
        _compare(report, systems)
        rss = psutil.Process(platform.pid).memory_info().rss / 2**20
        report.add("memory of the embedded platform", rss, "resident, after the load above")


def _round(load: Load, system: System, kind: str, count: int) -> None:
    before = system.cpu_s()
    answer = load.run(system, kind, count)
    system.cpu_us[kind].append((system.cpu_s() - before) / count * 1e6)
    if kind == "point":
        system.p99_ms.append(quantiles(answer["latencies_ms"], n=100)[98])


def _compare(report: Report, systems: Sequence[System]) -> None:
    base = systems[0]
    for system in systems[1:]:
        for kind in KINDS:
            theirs, ours = median(base.cpu_us[kind]), median(system.cpu_us[kind])
            report.add(f"{system.name}, {kind}", theirs / ours, f"{ours:.0f} µs of CPU against {theirs:.0f}")
    theirs, ours = median(base.p99_ms), median(systems[1].p99_ms)
    report.add("p99 ours / reference, point", ours / theirs, f"{ours:.1f} ms against {theirs:.1f}")


# --- the systems ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def the_reference(platform: Platform) -> Iterator[System]:
    """The monolith, in a database of its own on the platform's PostgreSQL."""
    server = postgres.find(platform.data)
    assert server is not None
    dsn, port = server.dsn(database="reference"), free_port()

    async def fill() -> list[str]:
        await create_database(server.dsn(), "reference")
        await reference.create_tables(dsn)
        return await fill_leads(dsn, "lead", str(reference.TENANT), str(reference.TENANT), str(reference.TENANT))

    ids = asyncio.run(fill())
    body = {
        "location_id": str(reference.TENANT),
        "owner_id": str(reference.TENANT),
        "contact": CONTACT,
        "source": "web",
    }
    jobs = jobs_of("/leads", ids, body, {})
    with running([sys.executable, "-m", "tests.bench.reference", dsn, str(port)], {}) as process:
        wait_for(f"http://127.0.0.1:{port}/leads?page_size=1", process)
        yield System("reference", port, [process.pid], jobs)


class Split(Platform):
    """Gateway, two services and the workers as processes of their own, over gRPC, on a database of their own."""

    def __init__(self, data: Path, owner_dsn: str) -> None:
        super().__init__(data)
        self._owner_dsn = owner_dsn
        self.processes: list[subprocess.Popen[bytes]] = []
        self._running = contextlib.ExitStack()

    def dsn(self, service: str) -> str:
        return service_dsn(self._owner_dsn, service) if service else self._owner_dsn

    def start(self) -> Split:
        port = free_port()
        addresses = {name: f"127.0.0.1:{free_port()}" for name in NAMES}
        environ = {
            "DATABASE_URL": self._owner_dsn,
            "ARCHWIRE_DATA": str(self.data),
            "ARCHWIRE_LOG_LEVEL": "WARNING",
            "ARCHWIRE_PORT": str(port),
            **{f"ARCHWIRE_{name.upper()}_ADDRESS": address for name, address in addresses.items()},
        }
        for part in ("directory", "coordination", "worker", "gateway"):
            own = {"ARCHWIRE_LISTEN": addresses.get(part, "127.0.0.1:0")}
            command = [sys.executable, "-m", "shared.run", "run", part]
            self.processes.append(self._running.enter_context(running(command, environ | own)))
        self.url = f"http://127.0.0.1:{port}"
        wait_for(f"{self.url}/health/live", self.processes[-1], 120)
        return self

    def stop(self) -> None:
        super().stop()
        self._running.close()


@contextlib.contextmanager
def split(platform: Platform) -> Iterator[System]:
    """The distributed installation, on the platform's PostgreSQL."""
    server = postgres.find(platform.data)
    assert server is not None
    divided = Split(platform.data.parent / "split", server.dsn(database="split"))
    environ = {"DATABASE_URL": divided.dsn(""), "ARCHWIRE_DATA": str(divided.data)}
    asyncio.run(create_database(server.dsn(), "split"))
    with running([sys.executable, "-m", "shared.run", "migrate"], environ) as migrating:
        assert migrating.wait(120) == 0
    group = Group(divided)
    try:
        divided.start()
        yield ours("split", divided, group, [process.pid for process in divided.processes])
    finally:
        divided.stop()


def ours(name: str, platform: Platform, group: Group, pids: Sequence[int]) -> System:
    """The platform, as a treatment coordinator uses it."""
    headers = group.http("treatment_coordinator").headers
    ids = asyncio.run(fill_leads(platform.dsn(""), "coordination.lead", group.id, group.location_a, group.owner_id))
    body = {"location_id": group.location_a, "owner_id": group.owner_id, "contact": CONTACT, "source": "web"}
    proof = {"Cookie": headers["Cookie"], "X-CSRF-Token": headers["X-CSRF-Token"]}
    jobs = jobs_of("/v1/leads", ids, body, proof, {"Idempotency-Key": "{key}"})
    return System(name, httpx.URL(platform.url).port or 0, pids, jobs)


def jobs_of(
    path: str, ids: Sequence[str], body: Any, headers: dict[str, str], for_writes: dict[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """What the load generator sends for a point read, a list of 50 and a write."""

    def head(verb: str, target: str, **more: str) -> str:
        lines = {"Host": "127.0.0.1", "Accept": "application/json", **headers, **more}
        return f"{verb} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    write = head("POST", path, **{"Content-Type": "application/json", **(for_writes or {})})
    return {
        "point": {"heads": [head("GET", f"{path}/{id}") for id in ids], "status": 200},
        "list": {"heads": [head("GET", f"{path}?page_size=50")], "status": 200},
        "write": {"heads": [write], "body": json.dumps(body), "status": 201},
    }


async def create_database(owner_dsn: str, name: str) -> None:
    connection = await asyncpg.connect(owner_dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


async def fill_leads(dsn: str, table: str, tenant_id: str, location_id: str, owner_id: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(FILL.format(table=table), tenant_id, location_id, owner_id, LEADS)
    await connection.execute(f"ANALYZE {table}")
    await connection.close()
    return [row[0] for row in rows]


# --- processes --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(command: Sequence[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process, ended as Ctrl-C does."""
    process = subprocess.Popen(command, env={**os.environ, **NO_LIMITS, **environ}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], within_s: float = 60) -> None:
    until = time.monotonic() + within_s
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        assert process.poll() is None, f"{url}: its process has ended"
        assert time.monotonic() < until, f"{url} does not answer"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
