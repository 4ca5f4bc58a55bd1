"""Benefit estimates: the worked examples of orthodontics.md section 2 to the cent, and what always holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.insurance.domain import (
    BenefitFacts,
    PlanRules,
    Treatment,
    age,
    estimate,
    first_of_month,
    months_between,
)

pytestmark = [pytest.mark.R(3), pytest.mark.R(4)]

START = date(2026, 1, 12)
HALF = BenefitFacts(5000, 1500_00)


def amounts(rules: PlanRules, facts: BenefitFacts, treatment: Treatment) -> list[int]:
    return [i.amount_cents for i in estimate(rules, facts, treatment).instalments]


def test_a_percentage_of_each_charge_until_the_maximum():
    found = estimate(PlanRules("charge", "monthly", 2000), HALF, Treatment(6000_00, 24, START))
    assert [i.amount_cents for i in found.instalments] == [600_00, *[100_00] * 9]
    assert found.lines[-1].amount_cents == 4500_00  # the family, in all


def test_b_initial_and_quarters_of_the_charge_without_records_and_retainers():
    treatment = Treatment(5600_00, 24, START, not_covered_cents=600_00)
    assert amounts(PlanRules("charge", "quarterly", 2500), HALF, treatment) == [625_00, 234_38, 234_37, 234_38, 171_87]


def test_b_paid_monthly_is_78_125_a_month_until_875_are_paid():
    treatment = Treatment(5600_00, 24, START, not_covered_cents=600_00)
    paid = amounts(PlanRules("charge", "monthly", 2500), HALF, treatment)
    assert paid[0] == 625_00
    assert set(paid[1:-1]) == {78_12, 78_13}
    assert sum(paid[1:]) == 875_00


def test_c_the_same_total_at_the_pace_of_the_liability():
    treatment = Treatment(5000_00, 24, START)
    quarters = amounts(PlanRules("liability", "quarterly", 2500), HALF, treatment)
    assert quarters == [375_00, *[140_63, 140_62] * 4]
    months = amounts(PlanRules("liability", "monthly", 2500), HALF, treatment)
    assert (months[0], len(months), sum(months)) == (375_00, 25, 1500_00)
    assert set(months[1:]) == {46_87, 46_88}


def test_d_work_in_progress_pays_the_months_that_are_left():
    treatment = Treatment(4000_00, 24, START, months_elapsed=4)
    assert amounts(PlanRules("liability", "monthly", 0), HALF, treatment) == [62_50] * 20
    excluded = estimate(PlanRules("liability", "monthly", 0, work_in_progress="excluded"), HALF, treatment)
    assert (excluded.expected_cents, [w.code for w in excluded.warnings]) == (0, ["WORK_IN_PROGRESS"])


def test_eight_equal_quarters_and_no_initial_payment():
    treatment = Treatment(6000_00, 30, START)
    assert amounts(PlanRules("liability", "quarterly", 0, maximum_months=24), HALF, treatment) == [187_50] * 8


def test_a_lump_sum_is_paid_at_banding():
    assert amounts(PlanRules("liability", "lump"), HALF, Treatment(6000_00, 24, START)) == [1500_00]


def test_what_other_offices_were_paid_is_not_paid_again():
    facts = BenefitFacts(5000, 2000_00, 1325_00)
    assert estimate(PlanRules("liability", "lump"), facts, Treatment(6000_00, 24, START)).expected_cents == 1325_00
    used = Treatment(6000_00, 24, START, used_elsewhere_cents=325_00)
    assert estimate(PlanRules("liability", "lump"), facts, used).expected_cents == 1000_00


def test_a_deductible_lowers_what_the_plan_counts():
    facts = replace(HALF, deductible_cents=100_00)
    assert estimate(PlanRules("charge", "lump"), facts, Treatment(2000_00, 12, START)).expected_cents == 950_00


def test_instalments_fall_due_on_the_first_of_a_month():
    due = [
        i.due_on
        for i in estimate(PlanRules("charge", "quarterly", 2500), HALF, Treatment(5000_00, 24, START)).instalments
    ]
    assert due[:3] == [START, date(2026, 4, 1), date(2026, 7, 1)]
    assert first_of_month(date(2026, 12, 15), 1) == date(2027, 1, 1)


def test_age_counts_on_each_instalment_date():
    born = date(2007, 10, 2)  # 19 on 2 October 2026
    facts = replace(HALF, maximum_age=18)
    treatment = Treatment(6000_00, 24, START, birth_date=born)
    rules = PlanRules("liability", "monthly", 2500)
    warning = estimate(rules, facts, treatment).warnings[0]
    late = [i for i in estimate(rules, facts, treatment).instalments if i.due_on > date(2026, 10, 2)]
    assert (warning.code, warning.at_risk_cents) == ("AGE_LIMIT", sum(i.amount_cents for i in late))
    assert estimate(rules, facts, replace(treatment, birth_date=date(2013, 1, 1))).warnings == ()


def test_a_waiting_period_puts_everything_at_risk():
    facts = replace(HALF, waiting_until=date(2026, 7, 1))
    found = estimate(PlanRules("charge", "lump"), facts, Treatment(6000_00, 24, START))
    assert [(w.code, w.at_risk_cents) for w in found.warnings] == [("WAITING_PERIOD", 1500_00)]
    later = estimate(PlanRules("charge", "lump"), facts, Treatment(6000_00, 24, date(2026, 7, 1)))
    assert later.warnings == ()


def test_every_line_of_the_explanation_says_where_its_number_comes_from():
    facts = BenefitFacts(5000, 2000_00, 1325_00, sources={"plan_percent_basis_points": "271, segment 23"})
    lines = estimate(PlanRules("liability", "monthly", 2500), facts, Treatment(6000_00, 24, START)).lines
    assert [line.text for line in lines] == [
        "Fee for the treatment",
        "Its share is 50 %",
        "The most that it pays in a lifetime",
        "Of that, the payer says, is left",
        "First payment at banding (25 %)",
        "Then 24 monthly payments of about $41.41",
        "Insurance is expected to pay",
        "The family pays",
    ]
    assert lines[1].source == "271, segment 23"
    assert lines[-2].amount_cents + lines[-1].amount_cents == 6000_00


@pytest.mark.parametrize("wrong", [{"months": 0}, {"fee_cents": -1}, {"not_covered_cents": 7000_00}])
def test_impossible_treatments_are_refused(wrong):
    with pytest.raises(ValueError):
        estimate(PlanRules(), HALF, replace(Treatment(6000_00, 24, START), **wrong))


def test_months_and_years_are_whole():
    assert age(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age(date(2008, 2, 29), date(2026, 3, 1)) == 18
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert months_between(date(2026, 1, 15), date(2026, 2, 14)) == 0
    assert months_between(date(2026, 3, 1), date(2026, 1, 1)) == 0


cents = st.integers(0, 20_000_00)


@settings(max_examples=400, deadline=None)
@given(
    rules=st.builds(
        PlanRules,
        base=st.sampled_from(["charge", "liability"]),
        cadence=st.sampled_from(["monthly", "quarterly", "lump"]),
        initial_share_basis_points=st.integers(0, 10_000),
        maximum_months=st.integers(0, 48),
        work_in_progress=st.sampled_from(["prorated", "excluded", "full"]),
    ),
    facts=st.builds(
        BenefitFacts,
        plan_percent_basis_points=st.integers(0, 10_000),
        lifetime_maximum_cents=st.none() | cents,
        lifetime_remaining_cents=st.none() | cents,
        deductible_cents=st.integers(0, 500_00),
    ),
    treatment=st.builds(
        Treatment,
        fee_cents=cents,
        months=st.integers(1, 60),
        start_on=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        used_elsewhere_cents=cents,
        months_elapsed=st.integers(0, 60),
    ),
)
def test_instalments_add_up_to_the_total_and_never_exceed_what_remains(rules, facts, treatment):
    found = estimate(rules, facts, treatment)
    paid = [i.amount_cents for i in found.instalments]
    assert sum(paid) == found.expected_cents <= treatment.fee_cents
    assert all(amount > 0 for amount in paid)
    if (known := facts.lifetime_remaining_cents) is None:
        known = facts.lifetime_maximum_cents
    if known is not None:
        assert found.expected_cents <= max(known - treatment.used_elsewhere_cents, 0)
    due = [i.due_on for i in found.instalments]
    assert due == sorted(due)
    assert found.lines[-1].amount_cents == treatment.fee_cents - found.expected_cents
