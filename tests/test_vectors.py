"""What the browser and the services must agree on: the portal's src/domain/vectors.test.ts reads the same file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from services.scheduling.domain import edge, moment_of, needs_doctor, stretches, zone
from shared.words import dollars

VECTORS = json.loads((Path(__file__).parents[1] / "gateway/portal/src/domain/vectors.json").read_text())


@pytest.mark.parametrize("given", VECTORS["times"], ids=lambda v: f"{v['zone']} {v['day']} {v['minute']}")
def test_a_wall_time_is_the_same_moment(given):
    slot = edge(dt.date.fromisoformat(given["day"]), given["minute"], zone(given["zone"]))
    assert moment_of(slot) == dt.datetime.fromisoformat(given["utc"])


@pytest.mark.parametrize("given", VECTORS["days"], ids=lambda v: f"{v['day']} {v['days']}")
def test_days_are_counted_alike(given):
    assert str(dt.date.fromisoformat(given["day"]) + dt.timedelta(days=given["days"])) == given["then"]


@pytest.mark.parametrize("given", VECTORS["patterns"], ids=lambda v: v["pattern"])
def test_a_pattern_means_the_same(given):
    assert len(given["pattern"]) * 5 == given["minutes"]
    assert needs_doctor(given["pattern"]) == given["doctor"]
    assert [list(run) for run in stretches(given["pattern"])] == given["stretches"]


@pytest.mark.parametrize("given", VECTORS["money"], ids=lambda v: str(v["cents"]))
def test_money_is_written_alike(given):
    assert dollars(given["cents"]) == given["text"]
