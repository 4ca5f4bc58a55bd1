"""The states of a lab order, and when it can be here."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.supply.domain import MOVES, OPEN, STATES, expected_on, initials, is_late, move
from shared.errors import Conflict

# Every legal pair, written down a second time, by hand.
LEGAL = {
    ("drafted", "approved"),
    ("approved", "sent"),
    ("sent", "accepted"),
    ("accepted", "in_production"),
    ("in_production", "shipped"),
    ("shipped", "received"),
    ("received", "checked"),
    ("checked", "delivered"),
    ("delivered", "closed"),
    ("received", "discrepancy"),
    ("checked", "discrepancy"),
    ("delivered", "discrepancy"),
    ("discrepancy", "checked"),
    ("discrepancy", "remake"),
    ("discrepancy", "closed"),
    ("remake", "accepted"),
    *((state, "canceled") for state in ("drafted", "approved", "sent", "accepted", "in_production", "remake")),
}


@pytest.mark.T("T11")
@pytest.mark.R(8)
@pytest.mark.parametrize("state", STATES)
def test_an_order_moves_only_where_it_may(state):
    for to_state in STATES:
        if (state, to_state) in LEGAL:
            assert move(state, to_state) == to_state
        else:
            with pytest.raises(Conflict, match="ILLEGAL_TRANSITION"):
                move(state, to_state)


@given(st.lists(st.sampled_from(STATES), max_size=40))
def test_nothing_is_made_before_the_doctor_approved_it(wishes):
    state, approved = "drafted", False
    for wish in wishes:
        try:
            state = move(state, wish)
        except Conflict:
            continue
        approved = approved or state == "approved"
        assert approved or state in ("drafted", "canceled")


def test_every_state_can_be_reached_and_every_open_one_left():
    assert set(MOVES) | {"drafted"} == set(STATES)
    assert {state for states in MOVES.values() for state in states} >= set(OPEN)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 90))
def test_the_turnaround_counts_working_days(sent_on, days):
    day = expected_on(sent_on, days)
    between = (sent_on + timedelta(days=n) for n in range(1, (day - sent_on).days + 1))
    assert sum(each.weekday() < 5 for each in between) == days
    assert day.weekday() < 5


def test_an_order_is_late_while_it_cannot_be_here_in_time():
    due = date(2026, 3, 10)
    assert is_late("sent", date(2026, 3, 11), due, date(2026, 3, 1))
    assert not is_late("sent", due, due, date(2026, 3, 1))
    assert is_late("shipped", due, due, date(2026, 3, 11))
    assert not is_late("received", date(2026, 3, 11), due, date(2026, 3, 12))


def test_a_lab_sees_initials_only():
    assert initials("ana", " Ruiz") == "A.R."
    assert initials("", "Ruiz") == "R."
