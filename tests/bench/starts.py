"""Rows about the whole program: how fast it starts and seeds, and whether it survives."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.bench.report import Report
from tests.bench.requests import free_port, running

KILLS = 50
VERDICT = re.compile(r"seed \d+: .*")
BROKEN = re.compile(r"\('key \d+', \d+\)")
SEEDED = re.compile(r"Seeded .*: ([\d,]+) rows in ([\d.]+) s")


def measure(report: Report, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="aw-") as folder:
        if report.wants("start"):
            data = Path(folder) / "data"
            report.add("cold start", first_answer_s(data), "empty folder to the first 200, every migration")
            report.add("warm start", min(first_answer_s(data) for _ in range(1 if quick else 3)))
        if report.wants("seed"):
            seed(report, Path(folder) / "seeded", patients=150 if quick else 1500)


def first_answer_s(data: Path) -> float:
    """Seconds from `archwire up` to its first 200."""
    port = free_port()
    command = [sys.executable, "-m", "shared.run", "up", "--no-seed", "--port", str(port), "--data", str(data)]
    began = time.perf_counter()
    with running(command, {}) as process:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                    return time.perf_counter() - began
            assert process.poll() is None, "archwire up has ended"
            time.sleep(0.01)


def seed(report: Report, data: Path, *, patients: int) -> None:
    command = [sys.executable, "-m", "shared.run", "seed", "--data", str(data), "--patients", str(patients)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = SEEDED.search(said)
    assert found, said
    rows, seconds = int(found[1].replace(",", "")), float(found[2])
    report.add("seed", rows / seconds, f"{rows:,} rows, {patients:,} patients")


def kill(report: Report, *, quick: bool) -> None:
    """tests/chaos with more kills."""
    name = f"broken promises after {KILLS} kill -9 at 500 events/s"
    if quick:
        report.add(name, None, "not when --quick")
        return
    report.progress(f"{KILLS} times kill -9")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-m", "slow and not kafka", "tests/chaos/test_chaos.py"]
    environ = {**os.environ, "ARCHWIRE_KILLS": str(KILLS), "ARCHWIRE_RATE": "500"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    verdict = VERDICT.search(done.stdout)
    broken = len(set(BROKEN.findall(done.stdout)))
    if done.returncode:
        broken = max(broken, 1)
    report.add(name, broken, verdict[0] if verdict else done.stdout[-300:])
