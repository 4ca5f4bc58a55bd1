"""Contracts: states, schedules, amendments, settlements to the cent, journals that balance."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.agreements import domain, settlement
from services.contracts.ledger import domain as ledger
from services.contracts.payments import domain as payments
from shared.errors import Conflict, Denied, Invalid

DAY = dt.date(2026, 3, 5)
DUE = [(DAY, 100_00), (dt.date(2026, 4, 5), 100_00), (dt.date(2026, 5, 5), 100_00)]


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ({"signed": False, "paid": True, "placed": True}, "proposed"),
        ({"signed": True, "paid": False, "placed": False}, "accepted"),
        ({"signed": True, "paid": True, "placed": False}, "active"),
        ({"signed": True, "paid": True, "placed": False, "activation": "placement"}, "pending"),
        ({"signed": True, "paid": True, "placed": True, "activation": "placement"}, "active"),
    ],
)
def test_a_contract_starts_when_it_is_signed_and_paid_and_the_policy_is_met(happened, state):
    assert domain.next_state("proposed", **{"activation": "down_payment", **happened}) == state


def test_a_contract_that_runs_or_has_ended_does_not_go_back():
    for state in ("active", "completed", "ended_early", "defaulted", "canceled"):
        assert domain.next_state(state, signed=False, paid=False, placed=False, activation="down_payment") == state


def test_a_payment_made_early_pays_the_oldest_instalments_first():
    standing = domain.standing(DUE, before_cents=50_00, paid_cents=200_00, relieved_cents=0, today=dt.date(2026, 3, 20))
    assert (standing.paid, standing.past_due_cents, standing.next_index) == ([100_00, 50_00, 0], 0, 1)


def test_what_is_given_up_shortens_the_schedule_from_its_end():
    standing = domain.standing(DUE, before_cents=0, paid_cents=0, relieved_cents=150_00, today=dt.date(2026, 3, 20))
    assert (standing.paid, standing.past_due_cents) == ([0, 50_00, 100_00], 100_00)


@given(
    paid=st.integers(0, 500_00),
    relieved=st.integers(0, 100_00),
    days=st.integers(-40, 120),
)
def test_no_instalment_is_paid_twice(paid, relieved, days):
    standing = domain.standing(
        DUE, before_cents=50_00, paid_cents=paid, relieved_cents=relieved, today=DAY + dt.timedelta(days=days)
    )
    assert all(0 <= part <= amount for part, (_, amount) in zip(standing.paid, DUE, strict=True))
    assert sum(standing.paid) == min(300_00, max(0, paid - 50_00) + relieved)


def test_an_amendment_keeps_what_was_paid_and_names_who_must_sign_again():
    change = domain.amend(
        total_fee_cents=6_000_00,
        insurance_portion_cents=500_00,
        given_up_cents=0,
        insurance_paid_cents=250_00,
        basis_points=[6_000, 4_000],
        obligations=[3_000_00, 2_500_00],
        paid=[1_000_00, 0],
    )
    assert (change.portions, change.rising) == ([3_300_00, 2_200_00], [0])
    with pytest.raises(Invalid, match="BELOW_PAID"):
        domain.amend(
            total_fee_cents=1_500_00,
            insurance_portion_cents=0,
            given_up_cents=0,
            insurance_paid_cents=0,
            basis_points=[6_000, 4_000],
            obligations=[3_000_00, 2_500_00],
            paid=[1_000_00, 0],
        )


@pytest.mark.R(5)
@pytest.mark.parametrize(
    ("policy", "earned", "refund"),
    [("front_loaded", 3_750_00, 350_00), ("even", 3_217_50, 882_50), ("half_yearly", 3_300_00, 800_00)],
)
def test_the_worked_settlements_of_leaving_after_9_of_24_months(policy, earned, refund):
    settled = settlement.settle(
        settlement.POLICIES[policy],
        total_fee_cents=6_000_00,
        months_done=9,
        treatment_months=24,
        removed=False,
        given_up_cents=0,
        insurance_paid_cents=0,
        basis_points=[10_000],
        paid=[4_100_00],
    )
    assert (settled.earned.cents, settled.due_cents, dict(settled.lines)["due"]) == (earned, -refund, -refund)


@given(
    policy=st.sampled_from(sorted(settlement.POLICIES)),
    fee=st.integers(1, 20_000_00),
    months=st.integers(1, 60),
    done=st.integers(0, 60),
    removed=st.booleans(),
)
def test_no_more_than_the_fee_is_ever_earned_and_time_never_earns_less(policy, fee, months, done, removed):
    def at(month):
        return settlement.earned(
            settlement.POLICIES[policy], fee, months_done=month, treatment_months=months, removed=removed
        ).cents

    assert 0 <= at(done) <= fee
    assert at(done) <= at(done + 1)


def test_a_whole_treatment_earns_the_whole_fee_evenly():
    for name in ("front_loaded", "even"):
        assert (
            settlement.earned(
                settlement.POLICIES[name], 6_000_00, months_done=24, treatment_months=24, removed=True
            ).cents
            == 6_000_00
        )


CENTS = st.integers(0, 10_000_00)


@given(fee=CENTS, discount=CENTS, insurance=CENTS, amount=CENTS)
def test_every_journal_adds_up_to_zero(fee, discount, insurance, amount):
    gross = fee + discount + insurance
    journals = [
        ledger.activation(gross, discount, insurance, [("a", fee // 2), ("b", fee - fee // 2)]),
        ledger.payment("a", amount),
        ledger.insurance_payment(amount),
        ledger.refund("a", amount),
        ledger.refund_paid(amount),
        ledger.write_off("a", amount),
        ledger.transfer(None, "a", amount),
        ledger.transfer("b", "a", amount),
        ledger.obligations_changed(-insurance, [("a", amount), ("b", -fee)]),
        ledger.recognition(amount),
    ]
    journals += [ledger.reversal(journal) for journal in journals]
    for journal in journals:
        assert sum(posting.amount_cents for posting in journal) == 0
        assert {posting.account for posting in journal} <= set(ledger.ACCOUNTS)


def test_money_cannot_be_paid_twice_or_returned_by_whoever_took_it():
    payments.check_payable(100_00, 150_00, 50_00)
    with pytest.raises(Conflict) as overpaid:
        payments.check_payable(100_01, 150_00, 50_00)
    assert (overpaid.value.reason, overpaid.value.details) == ("OVERPAID", {"balance_cents": 100_00})
    payments.check_second_person(500_00, "amy", "amy")
    payments.check_second_person(500_01, "amy", "bob")
    with pytest.raises(Denied):
        payments.check_second_person(500_01, "amy", "amy")
    with pytest.raises(Conflict):
        payments.check_reversible("succeeded", "card", "entered_in_error", 0)
