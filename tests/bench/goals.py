"""What is measured and how good it has to be. Absolute times differ between machines; most rows are ratios of one run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """One row. `least` is what must be reached, `aim` what we want; None means that the row only informs."""

    name: str
    unit: str
    least: float | None = None
    aim: float | None = None
    less_is_better: bool = False

    def met(self, value: float) -> bool:
        if self.least is None:
            return True
        return value <= self.least if self.less_is_better else value >= self.least


@dataclass(frozen=True)
class Result:
    """What was measured for a goal: `value` None when it could not be here, and `detail` says why or from what."""

    goal: Goal
    value: float | None
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.value is None or self.goal.met(self.value)

    def as_json(self) -> dict[str, object]:
        goal = self.goal
        value = None if self.value is None else round(self.value, 3)
        return {
            "name": goal.name,
            "value": value,
            "unit": goal.unit,
            "at_least": goal.least,
            "aim": goal.aim,
            "ok": self.ok,
        }


def _more(name: str, unit: str, least: float | None = None, aim: float | None = None) -> Goal:
    return Goal(name, unit, least, aim)


def _less(name: str, unit: str, least: float, aim: float) -> Goal:
    return Goal(name, unit, least, aim, less_is_better=True)


GOALS = {
    goal.name: goal
    for goal in (
        # Python CPU of the reference for a request / ours, all features on
        _more("one process, point", "x", 1.8, 2.3),
        _more("one process, list", "x", 2.0, 2.6),
        _more("one process, write", "x", 2.5, 4.0),
        _more("split, point", "x", 0.65, 0.85),
        _more("split, list", "x", 1.2, 1.5),
        _more("split, write", "x", 1.3, 2.0),
        _more("gRPC / in process, one call", "x", 15, 25),
        _less("p99 ours / reference, point", "ratio", 0.5, 0.2),
        _less("telemetry on / off", "ratio", 1.20, 1.10),
        _less("row-level security on / off", "ratio", 1.35, 1.20),
        _more("relay, batch 500 / one by one", "x", 20, 20),
        _more("relay to PostgreSQL", "events/s", 20_000, 40_000),
        _more("relay to Kafka", "events/s", 10_000, 16_000),
        _more("consume, batch 100 / one by one", "x"),
        _more("consume with inbox", "events/s", 10_000, 20_000),
        _less("end to end p50 at 200 events/s", "ms", 10, 4),
        _less("end to end p99 at 200 events/s", "ms", 50, 20),
        _more("writes with the wake-up / without", "ratio", 0.85, 0.9),
        _less("cold start", "s", 5, 3),
        _less("warm start", "s", 4, 2),
        _less("memory of the embedded platform", "MB", 250, 180),
        _less("patient search among 100,000, p95", "ms", 80, 40),
        _more("seed", "rows/s"),
        _less("broken promises after 50 kill -9 at 500 events/s", "events", 0, 0),
    )
}
