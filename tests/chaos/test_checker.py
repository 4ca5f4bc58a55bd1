"""The checker sees what it is there to see: each fault is planted once."""

from __future__ import annotations

import pytest

from tests.chaos.checker import check

ACKNOWLEDGED = [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
COMMITTED = {"a": 3, "b": 2}  # b's second commit was not acknowledged: that is no fault
EFFECTS = {"a": [1, 2, 3], "b": [1, 2]}


def test_a_run_without_faults_is_clean():
    assert check(ACKNOWLEDGED, COMMITTED, EFFECTS).clean


@pytest.mark.parametrize(
    ("fault", "acknowledged", "effects", "event"),
    [
        ("lost", ACKNOWLEDGED, EFFECTS | {"a": [1, 3]}, ("a", 2)),
        ("lost", ACKNOWLEDGED, EFFECTS | {"b": [1]}, ("b", 2)),
        ("twice", ACKNOWLEDGED, EFFECTS | {"a": [1, 2, 2, 3]}, ("a", 2)),
        ("twice", ACKNOWLEDGED, EFFECTS | {"a": [1, 2, 3, 1]}, ("a", 1)),
        ("out_of_order", ACKNOWLEDGED, EFFECTS | {"a": [1, 3, 2]}, ("a", 2)),
        ("invented", ACKNOWLEDGED, EFFECTS | {"a": [1, 2, 3, 4]}, ("a", 4)),
        ("invented", ACKNOWLEDGED, EFFECTS | {"c": [1]}, ("c", 1)),
        ("forgotten", [*ACKNOWLEDGED, ("b", 3)], EFFECTS, ("b", 3)),
    ],
)
def test_a_planted_fault_is_found_and_named(fault, acknowledged, effects, event):
    verdict = check(acknowledged, COMMITTED, effects)
    assert not verdict.clean
    found = {name: events for name, events in vars(verdict).items() if events}
    assert found == {fault: [event]}
