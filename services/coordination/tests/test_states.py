"""The treatment states: what they mean, and that nothing reaches a state it may not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordination.cases import domain
from services.coordination.cases.domain import MOVES, STATES, Standing, move
from services.coordination.domain import add_months, local_day
from services.coordination.leads import domain as leads
from services.coordination.presentations import domain as presentations
from services.coordination.tasks import domain as tasks
from shared.errors import Conflict, Invalid

PHASES = st.sampled_from(("", *domain.PHASES))

# Every pair of states between which a case may move, written down a second time, by hand.
BEFORE = {"exam_scheduled", "recommended", "observation"}
HELD = {"on_hold", "medically_paused", "maintenance_only"}
LEGAL = (
    {("lead", "exam_scheduled"), ("lead", "inactive"), ("lead", "accepted"), ("lead", "active")}
    | {(a, b) for a in BEFORE for b in {"recommended", "observation", "no_treatment", "referred_out"}}
    | {(a, b) for a in BEFORE for b in ("accepted", "active", "inactive")}
    | {
        ("observation", "transfer_out"),
        ("accepted", "active"),
        ("accepted", "recommended"),
        ("accepted", "transfer_out"),
    }
    | {
        ("between_phases", b)
        for b in ("recommended", "accepted", "active", "inactive", "transfer_out", "discontinued", *HELD)
    }
    | {("active", b) for b in ("between_phases", "retention", "discontinued", "transfer_out", *HELD)}
    | {(a, b) for a in HELD for b in ("active", "between_phases", "retention", "discontinued", "transfer_out", *HELD)}
    | {("retention", b) for b in ("retention_complete", "accepted", "active", "inactive", "transfer_out")}
    | {(a, "dismissed") for a in domain.OPEN}
    | {(a, "lead") for a in ("inactive", "no_treatment", "referred_out", "transfer_out", "discontinued", "dismissed")}
    | {("retention_complete", "retention")}
)


def standings(state: str) -> list[Standing]:
    """Every way in which a case can be in a state."""
    held = ("active", "between_phases") if STATES[state].paused else ("",)
    return [Standing(state, phase, held_from) for phase in ("", *domain.PHASES) for held_from in held]


@pytest.mark.T("T11")
@pytest.mark.R(1)
def test_only_the_legal_pairs_of_states_can_follow_each_other():
    reached = set()
    for state in STATES:
        for trigger in MOVES:
            for standing in standings(state):
                if not domain.allows(state, trigger):
                    with pytest.raises(Conflict, match="ILLEGAL_TRANSITION"):
                        move(standing, trigger)
                elif (after := move(standing, trigger)).state != state:
                    reached.add((state, after.state))
    assert reached == {(a, b) for a, b in LEGAL if a != b}


@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), PHASES), max_size=40))
def test_no_sequence_of_events_leaves_an_illegal_state(triggers):
    case = Standing("lead")
    for trigger, phase in triggers:
        before = case
        try:
            case = move(case, trigger, phase)
        except Conflict:
            assert case == before
        assert case.state in STATES
        assert bool(case.held_from) == STATES[case.state].paused
        assert case.held_from in ("", "active", "between_phases")
        step, due = domain.plan(case.state, date(2026, 1, 31))
        assert bool(step) == bool(due) == STATES[case.state].open


@given(st.lists(st.sampled_from(["held_family", "held_medical", "held_account"]), min_size=1, max_size=5))
def test_a_paused_case_resumes_where_it_was_held_from(holds):
    for start in ("active", "between_phases"):
        case = Standing(start, "phase_1")
        for hold in holds:
            case = move(case, hold)
        assert move(case, "resumed") == Standing(start, "phase_1")


def test_debonding_ends_phase_one_between_phases_and_anything_else_in_retention():
    assert move(Standing("active", "phase_1"), "debonded").state == "between_phases"
    assert {move(Standing("active", phase), "debonded").state for phase in domain.PHASES[1:]} == {"retention"}


def test_every_state_is_reached_from_a_new_case_and_every_move_names_known_states():
    known, wave = {"lead"}, {"lead"}
    while wave:
        wave = {b for a, b in LEGAL if a in wave} - known
        known |= wave
    assert known == set(STATES)
    for table in MOVES.values():
        assert set(table) <= set(STATES)
        assert {target for target in table.values() if not target.startswith("@")} <= set(STATES)


def test_flags_agree_with_each_other():
    for name, state in STATES.items():
        assert state.acceptance or not state.start, name
        assert state.start or not (state.active or state.retention), name
        assert state.active or not state.claims, name
        assert state.open or not state.autopay, name


def test_days_are_those_of_the_location():
    late = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert local_day(late, "America/Chicago") == date(2026, 3, 1)
    assert local_day(late, "Europe/Berlin") == date(2026, 3, 2)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_adding_months_never_skips_a_month(day, months):
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    last_of_month = (later + timedelta(days=1)).month != later.month
    assert later.day == day.day or (later.day < day.day and last_of_month)


@pytest.mark.T("T11")
@pytest.mark.parametrize(
    ("moves", "refuse", "reason"),
    [
        (leads._MOVES, leads.move, "LEAD_NOT_OPEN"),
        (presentations.MOVES, presentations.move, "PRESENTATION_NOT_OPEN"),
        (tasks.MOVES, tasks.move, "ILLEGAL_TRANSITION"),
    ],
)
def test_what_is_not_a_legal_move_is_refused(moves, refuse, reason):
    states = {state for table in moves.values() for state in (*table, *table.values())}
    for trigger, table in moves.items():
        for state in states:
            if state in table:
                assert refuse(state, trigger) == table[state]
            else:
                with pytest.raises(Conflict) as refused:
                    refuse(state, trigger)
                assert refused.value.reason == reason


@pytest.mark.parametrize(
    "written", ["(617) 555-0100", "617.555.0100", "+1 617 555 0100", "1-617-555-0100", "617-555-0100 x12"]
)
def test_one_phone_number_is_found_however_it_is_written(written):
    assert leads.phone_key(written) == "6175550100"
    assert leads.e164(written) == "+16175550100"


def test_what_is_worth_much_and_old_comes_first():
    assert tasks.priority(5000_00, 0) > tasks.priority(0, 10)
    assert tasks.priority(0, 60) > tasks.priority(5000_00, 0)
    assert tasks.priority(0, -3) == tasks.priority(0, 0)


def test_a_recommended_case_is_not_given_up_without_a_reason():
    with pytest.raises(Invalid):
        domain.require_reason("recommended", "inactive", "")
    domain.require_reason("recommended", "inactive", "cost")
