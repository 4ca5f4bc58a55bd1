"""Calls of the card processor: outside any transaction, between two that write down what was asked and answered.

The payment's (refund's) id is the processor's idempotency key. Whatever dies between two steps, the job runs again
with the same key, finds what is written, and the card is charged once.
"""

from __future__ import annotations

from services.contracts.agreements import queries as contracts
from services.contracts.payments import autopay, queries, steps
from services.contracts.queries import local_date
from shared.call import Call, Work
from shared.db import Row
from shared.processor import Declined, processor


async def charge_payment(key: str, work: Work) -> None:
    """Charges the card of a pending payment, and records what came of it."""
    async with work.begin() as call:
        _, payment = await _locked(call, key)
        if payment.state != "pending":
            return
        attempt = await queries.start_attempt(call.db, payment, call.now)
    reference, refusal = "", ""
    try:
        reference = await processor().charge(payment.amount_cents, payment.token, payment.id)
    except Declined as declined:
        refusal = declined.code
    async with work.begin() as call:
        contract, payment = await _locked(call, key)
        if payment.state != "pending":
            return
        await queries.end_attempt(call.db, attempt.id, "declined" if refusal else "succeeded", call.now)
        if refusal:
            await steps.declined(call, contract, payment, refusal)
        else:
            await steps.charged(call, contract, payment, reference)


async def send_refund(key: str, work: Work) -> None:
    """Has the processor pay out a pending refund, and records what came of it."""
    async with work.begin() as call:
        refund = await queries.refund(call.db, key)
        payment = await queries.payment(call.db, refund.payment_id)
    if refund.state != "pending":
        return
    reference, refusal = "", ""
    try:
        reference = await processor().refund(payment.processor_ref, refund.amount_cents, refund.id)
    except Declined as declined:
        refusal = declined.code
    async with work.begin() as call:
        contract, payment = await _locked(call, payment.id)
        refund = await queries.refund_for_update(call.db, key)
        if refund.state != "pending":
            return
        if refusal:
            await steps.refund_refused(call, contract, payment, refund, refusal)
        else:
            await steps.refund_sent(call, contract, payment, refund, reference)


async def draft_instalments(key: str, work: Work) -> None:
    """Draws what a party owes by today, and plans the next draft. A day is drawn once, however often this runs."""
    async with work.begin() as call:
        found = await queries.autopay(call.db, key)
        contract = await contracts.contract_for_update(call.db, found.contract_id)
        agreed = await queries.autopay_for_update(call.db, key)
        today = await local_date(call.db, contract.location_id, call.now)
        if agreed.state != "active" or agreed.next_draft_on is None or agreed.next_draft_on > today:
            return
        due, following = await autopay.due_by(call, contract, agreed, today)
        await autopay.draft_on(call, agreed, following)
        if due:
            party = contracts.party_of(await contracts.parties(call.db, contract.id), agreed.party_id)
            await steps.take(call, contract, party, due, "card", token=agreed.token, autopay_id=agreed.id)


async def _locked(call: Call, payment_id: str) -> tuple[Row, Row]:
    """A payment and its contract, both locked, the contract first."""
    found = await queries.payment(call.db, payment_id)
    contract = await contracts.contract_for_update(call.db, found.contract_id)
    return contract, await queries.payment_for_update(call.db, payment_id)
