"""Quotes: parts that add up to the whole, worked examples to the cent, Regulation Z."""

import datetime as dt
import os
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.quotes import domain
from services.contracts.quotes.disclosure import annual_percentage_rate
from services.contracts.quotes.domain import Share
from shared.errors import Invalid

CENTS = st.integers(0, 100_000_00)
MANY = int(os.environ.get("ARCHWIRE_PROPERTY_EXAMPLES", "200"))  # 100000 is the long form


@pytest.mark.R(5)
def test_the_worked_example_of_a_family_with_discount_and_insurance():
    plan = domain.plan(
        treatment_fee_cents=6_000_00,
        discount_cents=200_00,
        insurance_cents=1_000_00,
        down_payment_cents=1_000_00,
        instalment_count=12,
    )
    (party,) = plan.parties
    assert (plan.total_fee_cents, plan.patient_portion_cents, party.financed_cents) == (5_800_00, 4_800_00, 3_800_00)
    assert party.instalments == [316_66] * 11 + [316_74]


def test_the_insurers_view_of_the_same_fee_has_its_own_schedule():
    side = domain.claim_side(6_000_00, 2_500, 24)
    assert (side.initial_cents, side.monthly_cents, side.last_cents, side.months) == (1_500_00, 187_50, 187_50, 24)


def test_a_small_last_payment_is_merged_into_the_one_before():
    assert domain.instalments_of(3_620_00, 300_00) == [300_00] * 11 + [320_00]
    assert domain.instalments_of(3_630_00, 300_00) == [300_00] * 12 + [30_00]
    assert domain.instalments_of(20_00, 300_00) == [20_00]


def test_paid_in_full_takes_the_discount_and_is_due_at_signing():
    plan = domain.plan(treatment_fee_cents=5_000_00, pay_in_full_discount_cents=250_00)
    assert (plan.down_payment_cents, plan.instalment_count, plan.disclosure.required) == (4_750_00, 0, False)


def test_a_forgone_discount_is_a_finance_charge_of_6_71_percent():
    plan = domain.plan(
        treatment_fee_cents=5_000_00,
        down_payment_cents=1_250_00,
        instalment_count=24,
        pay_in_full_discount_cents=250_00,
    )
    shown = plan.disclosure
    assert plan.parties[0].instalments == [156_25] * 24
    assert (shown.required, shown.amount_financed_cents, shown.finance_charge_cents) == (True, 3_500_00, 250_00)
    assert (shown.total_of_payments_cents, shown.apr_basis_points) == (3_750_00, 671)


@pytest.mark.parametrize(("count", "required"), [(4, False), (5, True)])
def test_more_than_four_instalments_need_the_disclosure(count, required):
    plan = domain.plan(treatment_fee_cents=1_000_00, instalment_count=count)
    assert (plan.disclosure.required, plan.disclosure.apr_basis_points) == (required, 0)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"discount_cents": 1_000_01}, "DISCOUNT_TOO_LARGE"),
        ({"insurance_cents": 1_000_01}, "INSURANCE_TOO_LARGE"),
        ({"insurance_cents": 900_00, "down_payment_cents": 100_01, "instalment_count": 3}, "DOWN_PAYMENT_TOO_LARGE"),
        ({"shares": [Share("a", 9_999, 5)]}, "SHARES_INCOMPLETE"),
        ({"shares": [Share("a", 5_000, 5), Share("a", 5_000, 5)]}, "SHARES_INCOMPLETE"),
        ({"monthly_cents": 10_00}, "TOO_MANY_INSTALMENTS"),
    ],
)
def test_figures_that_do_not_fit_together_are_refused(figures, reason):
    with pytest.raises(Invalid) as refused:
        domain.plan(treatment_fee_cents=1_000_00, **figures)
    assert refused.value.reason == reason


def test_draft_days_keep_their_day_and_leave_two_weeks():
    assert domain.due_dates(3, 5, dt.date(2026, 11, 10)) == [
        dt.date(2026, 12, 5),
        dt.date(2027, 1, 5),
        dt.date(2027, 2, 5),
    ]
    assert domain.due_dates(2, 5, dt.date(2026, 11, 28)) == [dt.date(2027, 1, 5), dt.date(2027, 2, 5)]
    assert domain.due_dates(2, 28, dt.date(2026, 1, 1), dt.date(2026, 1, 31)) == [
        dt.date(2026, 1, 31),
        dt.date(2026, 2, 28),
    ]


@pytest.mark.T("T29")
@settings(max_examples=MANY, deadline=None)
@given(total=CENTS, weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(any))
def test_split_parts_are_the_whole_and_within_a_cent_of_their_share(total, weights):
    parts = domain.split(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part * sum(weights) - total * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.T("T29")
@settings(max_examples=MANY, deadline=None)
@given(total=CENTS, months=st.integers(1, 60), monthly=st.integers(1, 100_000))
def test_instalments_are_the_whole_and_positive(total, months, monthly):
    for payments in (domain.instalments(total, months), domain.instalments_of(min(total, 60 * monthly), monthly)):
        assert all(payment > 0 for payment in payments)
    assert sum(domain.instalments(total, months)) == total
    assert sum(domain.instalments_of(total % (60 * monthly), monthly)) == total % (60 * monthly)


@st.composite
def shares(draw):
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=3)))
    edges = [0, *cuts, 10_000]
    return [Share(f"party {i}", high - low, 5) for i, (low, high) in enumerate(pairwise(edges))]


@pytest.mark.T("T29")
@settings(max_examples=MANY, deadline=None)
@given(
    fee=st.integers(1, 100_000_00),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    count=st.integers(0, 60),
    who=shares(),
)
def test_the_parties_and_insurance_pay_the_fee_whatever_the_split(fee, parts, count, who):
    discount = int(fee * parts[0])
    insurance = int((fee - discount) * parts[1])
    down = int((fee - discount - insurance) * parts[2])
    plan = domain.plan(
        treatment_fee_cents=fee,
        discount_cents=discount,
        insurance_cents=insurance,
        down_payment_cents=down,
        instalment_count=count,
        shares=who,
    )
    assert plan.discount_cents + plan.insurance_portion_cents + sum(p.portion_cents for p in plan.parties) == fee
    assert sum(p.down_payment_cents for p in plan.parties) == plan.down_payment_cents
    for party in plan.parties:
        assert 0 <= party.down_payment_cents <= party.portion_cents
        assert sum(party.instalments) == party.financed_cents


@pytest.mark.T("T29")
@settings(max_examples=max(MANY, 1_000), deadline=None)
@given(
    credit=st.integers(100_00, 50_000_00),
    months=st.integers(1, 60),
    charge=st.integers(1, 3_000),
)
def test_apr_agrees_with_newtons_method_within_an_eighth_of_a_point(credit, months, charge):
    payments = domain.instalments(credit + credit * charge // 10_000, months)
    rate = 0.01
    for _ in range(100):  # Regulation Z, appendix J, in floating point
        worth = sum(p / (1 + rate) ** k for k, p in enumerate(payments, 1)) - credit
        slope = sum(-k * p / (1 + rate) ** (k + 1) for k, p in enumerate(payments, 1))
        rate -= worth / slope
    assert abs(annual_percentage_rate(credit, payments) - rate * 12 * 10_000) <= 12.5
