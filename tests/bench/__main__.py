"""`make bench`: measures everything, prints one table, writes bench.json; exits with 1 when a row misses "at least"."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.bench import events, inside, requests, search, starts
from tests.bench.report import Report

# Which rows a part measures, by parts of their names.
PARTS = (
    (starts.measure, ("start", "seed")),
    (requests.measure, ("one process", "split", "p99 ours", "memory")),
    (events.measure, ("relay", "consume", "end to end", "wake-up")),
    (inside.measure, ("in process, one call", "telemetry", "security")),
    (search.measure, ("search",)),
    (starts.kill, ("kill -9",)),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="rows whose name contains one of these")
    parser.add_argument("--quick", action="store_true", help="smaller counts, no kills: to see that it works")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped, as at Ctrl-C
    report = Report(options.only)
    for measure, names in PARTS:
        if report.wants(*names):
            measure(report, quick=options.quick)
    print(report.table())
    report.write(Path("bench.json"))
    return 0 if report.ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
