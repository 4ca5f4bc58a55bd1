"""Metrics: the formulas directly, and the figures through their door."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting import domain

TODAY = dt.date.today()
PERIOD = {
    "from_date": (TODAY - dt.timedelta(days=30)).isoformat(),
    "to_date": (TODAY + dt.timedelta(days=30)).isoformat(),
}


def group_of(kind: str, count: int, *, variant: str = "", cents: int = 0) -> domain.Group:
    return domain.Group("here", kind, variant, False, count, cents)


def compute(key: str, *groups: domain.Group) -> int | None:
    metric = domain.REGISTRY[key]
    below = domain.measure(metric.denominator, groups) if metric.denominator else 1
    return domain.value(metric.unit, domain.measure(metric.numerator, groups), below)


@pytest.mark.R(10)
def test_case_acceptance_leaves_phase_two_out_and_counts_every_exam() -> None:
    groups = (
        group_of("start", 40, variant="comprehensive_child"),
        group_of("start", 5, variant="phase_2"),
        group_of("exam_kept", 64),
    )
    assert compute("case_acceptance", *groups) == 6250


@pytest.mark.R(10)
def test_the_six_figures() -> None:
    groups = (
        group_of("start", 3, cents=1_526_700),
        group_of("exam_kept", 9),
        group_of("exam_missed", 1),
        group_of("visit_kept", 926),
        group_of("visit_missed", 74),
        group_of("lead_added", 11),
    )
    assert compute("average_contract_value", *groups) == 508_900
    assert compute("kept_exam_rate", *groups) == 9000
    assert compute("no_show_rate", *groups) == 740
    assert compute("new_patient_adds", *groups) == 11
    assert compute("adds_to_exams", *groups) == 0  # none of these exams is counted by its cohort
    assert compute("case_acceptance") is None


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_rounded_half_up(numerator: int, denominator: int) -> None:
    value = domain.value("share", numerator, denominator)
    assert value is not None
    assert abs(value * denominator - numerator * 10_000) * 2 <= denominator


@pytest.mark.R(10)
def test_an_enquiry_is_counted_once_with_its_row(group: Any, eventually: Any) -> None:
    http = group.http("treatment_coordinator")
    lead = {
        "location_id": group.location_a,
        "source": "web",
        "contact": {"first_name": "Ann", "last_name": "Lee", "phone": "+16175550100", "language": "en"},
    }
    made = http.post("/v1/leads", json=lead)
    assert made.status_code == 201, made.text
    figures = eventually(lambda: _counted(http.get("/v1/metrics/new_patient_adds", params=PERIOD).json(), 1))
    assert figures["total"]["value"] == 1
    assert [value["location_id"] for value in figures["by_location"]] == [group.location_a]
    rows = http.get("/v1/metrics/new_patient_adds/rows", params={**PERIOD, "part": "numerator"}).json()["rows"]
    assert [(row["subject_id"], row["variant"]) for row in rows] == [(made.json()["lead"]["id"], "web")]
    elsewhere = (
        group.http("treatment_coordinator", location=group.location_b)
        .get("/v1/metrics/new_patient_adds", params=PERIOD)
        .json()
    )
    assert elsewhere["total"]["value"] == 0


def _counted(figures: dict[str, Any], count: int) -> dict[str, Any] | None:
    return figures if figures["total"]["numerator"] == count else None


def test_bad_periods_and_unknown_metrics_are_said_clearly(group: Any) -> None:
    http = group.http("treatment_coordinator")
    backwards = http.get("/v1/metrics/case_acceptance", params={"from_date": "2026-02-01", "to_date": "2026-01-01"})
    assert (backwards.status_code, backwards.json()["reason"], backwards.json()["field"]) == (
        422,
        "BAD_PERIOD",
        "to_date",
    )
    no_day = http.get("/v1/metrics/case_acceptance", params={"from_date": "2026-02-30", "to_date": "2026-03-01"})
    assert (no_day.status_code, no_day.json()["reason"]) == (422, "BAD_DATE")
    assert http.get("/v1/metrics/nothing", params=PERIOD).json()["reason"] == "METRIC_NOT_FOUND"
