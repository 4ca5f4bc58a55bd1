"""Collects results, says what is going on, and prints the table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.goals import GOALS, Goal, Result


class Report:
    """The results of one run. `only` are parts of names; nothing means every row."""

    def __init__(self, only: Sequence[str] = ()) -> None:
        self._only = only
        self._began = time.monotonic()
        self.results: dict[str, Result] = {}

    def wants(self, *parts: str) -> bool:
        """True if a row is wanted whose name contains one of the parts."""
        return any(self._wanted(goal) for goal in GOALS.values() if any(part in goal.name for part in parts))

    def add(self, name: str, value: float | None, detail: str = "") -> None:
        """Notes a row; without a value it was skipped, and `detail` says why."""
        result = Result(GOALS[name], value, detail)
        if self._wanted(result.goal):
            self.results[name] = result
            self.progress(_line(result))

    def progress(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:4.0f} s] {text}", file=sys.stderr, flush=True)

    def table(self) -> str:
        ordered = [self.results[name] for name in GOALS if name in self.results]
        head = f"{'':52}{'measured':>10} {'unit':9}{'at least':>10}{'aim':>9}"
        return "\n".join([head, *map(_line, ordered)])

    def write(self, path: Path) -> None:
        rows = [self.results[name].as_json() for name in GOALS if name in self.results]
        path.write_text(json.dumps(rows, indent=1) + "\n")

    @property
    def ok(self) -> bool:
        return bool(self.results) and all(result.ok for result in self.results.values())

    def _wanted(self, goal: Goal) -> bool:
        return not self._only or any(part.lower() in goal.name.lower() for part in self._only)


def _line(result: Result) -> str:
    goal = result.goal
    value = "skipped" if result.value is None else _number(result.value)
    mark = " " if result.ok else "!"
    least, aim = (
        "" if x is None else ("<= " if goal.less_is_better else "") + _number(x) for x in (goal.least, goal.aim)
    )
    return f"{mark} {goal.name:50}{value:>10} {goal.unit:9}{least:>10}{aim:>9}  {result.detail}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
