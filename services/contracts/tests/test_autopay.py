"""Autopay draws what is due, on its day, once; and gives up politely."""

from __future__ import annotations

import datetime as dt

import pytest

from services.contracts.payments import jobs
from services.contracts.tests.desk import active, contract, usd

CONSENT = "Draw my monthly instalment from this card until the plan is paid. Call us to stop it."


def running(books, token):
    """A contract of 12 x 500.00 of which three instalments are due, with autopay."""
    start = (dt.date.today().replace(day=5) - dt.timedelta(days=80)).replace(day=5)
    drawn = books.draw_up(fee=6_000_00, first_due_on=start.isoformat())
    books.sign(drawn.id, drawn.parties[0].party_id)
    started = books.do(books.desk, "StartAutopay", contract_id=drawn.id, token=token, consent_text=CONSENT).autopay
    due = [i for i in books.contract(drawn.id).instalments if i.due_on <= books.contract(drawn.id).activated_on]
    return drawn, started, due


def draft(books, contract_id, autopay_id):
    """Runs the day's draft (twice: a job runs at least once) and the charge that it may have left."""
    for _ in range(2):
        books.job(jobs.draft_instalments, autopay_id)
    payments = books.do(books.finance, "ListPayments", contract_id=contract_id).payments
    for payment in payments:
        if payment.state == 1:
            books.job(jobs.charge_payment, payment.id)
    return books.do(books.finance, "ListPayments", contract_id=contract_id).payments


@pytest.mark.R(5)
def test_what_is_due_is_drawn_once_and_the_next_draft_is_the_next_instalment(books):
    drawn, started, due = running(books, "tok_visa")
    assert started.next_draft_on == books.contract(drawn.id).activated_on
    (payment,) = draft(books, drawn.id, started.id)
    assert (payment.state, payment.amount.amount_cents) == (2, 500_00 * len(due))
    after = books.contract(drawn.id)
    following = next(i for i in after.instalments if i.due_on > after.activated_on)
    assert after.autopay[0].next_draft_on == following.due_on
    assert len(draft(books, drawn.id, started.id)) == 1


@pytest.mark.R(5)
def test_two_declined_drafts_in_a_row_pause_it(books):
    drawn, started, _ = running(books, "tok_declined")
    assert [p.state for p in draft(books, drawn.id, started.id)] == [3]
    (agreed,) = books.contract(drawn.id).autopay
    activated = dt.date.fromisoformat(books.contract(drawn.id).activated_on)
    assert (agreed.failures, agreed.next_draft_on) == (1, (activated + dt.timedelta(days=7)).isoformat())
    books.sql("UPDATE contracts.autopay SET next_draft_on = next_draft_on - 7 WHERE id = $1", started.id)
    assert [p.state for p in draft(books, drawn.id, started.id)] == [3, 3]
    (agreed,) = books.contract(drawn.id).autopay
    assert (agreed.state, agreed.failures, agreed.next_draft_on) == (2, 2, "")
    assert len(draft(books, drawn.id, started.id)) == 2


def test_another_card_takes_its_place(books):
    drawn, first, _ = running(books, "tok_declined")
    second = books.do(books.desk, "StartAutopay", contract_id=drawn.id, token="tok_visa", consent_text=CONSENT).autopay
    assert [a.id for a in books.contract(drawn.id).autopay] == [second.id]
    assert draft(books, drawn.id, first.id)[:] == []
    assert [p.state for p in draft(books, drawn.id, second.id)] == [2]


@pytest.mark.R(5)
def test_a_family_starts_autopay_by_link_and_staff_stop_it(group):
    agreed, family = active(group)
    link = group.link("presentation", case_id=agreed["case_id"], patient_id=family.patient_id, party_id=family.party_id)
    answer = link.post("/v1/shared/autopay", json={"token": "tok_visa", "consent_text": CONSENT})
    assert answer.status_code == 201, answer.text
    started = answer.json()["autopay"]
    assert started["next_draft_on"] == agreed["instalments"][0]["due_on"]
    assert [a["id"] for a in link.get("/v1/shared/contract").json()["contract"]["autopay"]] == [started["id"]]
    http = group.http("front_desk")
    assert http.post(f"/v1/autopay/{started['id']}/stop", json={"version": 99}).status_code == 412
    stopped = http.post(f"/v1/autopay/{started['id']}/stop", json={"version": started["version"]}).json()["autopay"]
    assert stopped["state"] == "stopped"
    assert contract(group.http("financial_coordinator"), agreed)["autopay"] == []
    assert agreed["balance"] == usd(3_800_00)
