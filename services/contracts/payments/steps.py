"""What happens to a payment and to a refund. A contract's row is locked before its payments'."""

from __future__ import annotations

from archwire.contracts.v1.events_pb2 import PaymentFailed, PaymentRefunded, PaymentReversed, PaymentSucceeded

from services.contracts.agreements import domain as agreements
from services.contracts.agreements import queries as contracts
from services.contracts.agreements import steps as agreement
from services.contracts.ledger import domain as postings
from services.contracts.ledger import queries as ledger
from services.contracts.payments import autopay, domain, queries
from services.contracts.queries import local_date
from shared.call import Call
from shared.db import Row
from shared.errors import Invalid
from shared.proto import money


async def take(
    call: Call,
    contract: Row,
    party: Row,
    amount_cents: int,
    method: str,
    *,
    token: str = "",
    reference: str = "",
    autopay_id: str | None = None,
) -> Row:
    """Writes down a payment. Cash and checks are received; a card is charged after this call has committed."""
    agreements.check_open(contract.state)
    domain.check_payable(amount_cents, contracts.balance(party), party.pending_cents)
    if method == "card" and not token:
        raise Invalid("TOKEN_REQUIRED", "a card is paid by a token of the processor", field="token")
    payment = await queries.add_payment(
        call.db,
        location_id=contract.location_id,
        contract_id=contract.id,
        patient_id=contract.patient_id,
        party_id=party.party_id,
        amount_cents=amount_cents,
        method=method,
        kind=domain.kind_of(
            amount_cents,
            paid_cents=party.paid_cents,
            down_payment_cents=party.down_payment_cents,
            portion_cents=party.portion_cents,
        ),
        state="pending" if method == "card" else "succeeded",
        token=token if method == "card" else None,
        reference=reference,
        received_on=await local_date(call.db, contract.location_id, call.now),
        recorded_by=call.actor.user_id if call.actor.kind == "user" else None,
        autopay_id=autopay_id,
        created_at=call.now,
        updated_at=call.now,
    )
    if method == "card":
        await contracts.save_party(call.db, party, call.now, pending_cents=party.pending_cents + amount_cents)
        call.later("charge_payment", key=payment.id)
    else:
        await _receive(call, contract, party, payment)
    return payment


async def charged(call: Call, contract: Row, payment: Row, processor_ref: str) -> None:
    """The processor charged the card."""
    party = contracts.party_of(await contracts.parties(call.db, contract.id), payment.party_id)
    party = await contracts.save_party(
        call.db, party, call.now, pending_cents=party.pending_cents - payment.amount_cents
    )
    payment = await queries.save_payment(
        call.db, payment, call.now, state="succeeded", processor_ref=processor_ref, token=None
    )
    if payment.autopay_id:
        await autopay.answered(call, payment.autopay_id, charged=True)
    await _receive(call, contract, party, payment)


async def declined(call: Call, contract: Row, payment: Row, reason: str) -> None:
    """The processor declined the card."""
    party = contracts.party_of(await contracts.parties(call.db, contract.id), payment.party_id)
    await contracts.save_party(call.db, party, call.now, pending_cents=party.pending_cents - payment.amount_cents)
    await queries.save_payment(call.db, payment, call.now, state="failed", failure_reason=reason, token=None)
    if payment.autopay_id:
        await autopay.answered(call, payment.autopay_id, charged=False)
    call.publish(PaymentFailed(**_facts(contract, payment), reason=reason), key=contract.patient_id)


async def _receive(call: Call, contract: Row, party: Row, payment: Row) -> None:
    await contracts.save_party(call.db, party, call.now, paid_cents=party.paid_cents + payment.amount_cents)
    await ledger.post(
        call, contract, "payment", postings.payment(party.party_id, payment.amount_cents), payment_id=payment.id
    )
    call.publish(PaymentSucceeded(**_facts(contract, payment)), key=contract.patient_id)
    await agreement.complete_when_due(call, await agreement.advance(call, contract))


async def reverse(call: Call, contract: Row, payment: Row, reason: str) -> Row:
    """Takes a received payment back: a linked journal with the opposite entries."""
    party = contracts.party_of(await contracts.parties(call.db, contract.id), payment.party_id)
    journal_id, entries = await ledger.payment_journal(call.db, payment.id)
    await ledger.post(
        call,
        contract,
        "reversal",
        postings.reversal(entries),
        payment_id=payment.id,
        reversal_of=journal_id,
        reason=reason,
    )
    await contracts.save_party(call.db, party, call.now, paid_cents=party.paid_cents - payment.amount_cents)
    payment = await queries.save_payment(call.db, payment, call.now, state="reversed")
    call.publish(PaymentReversed(**_facts(contract, payment), reason=reason), key=contract.patient_id)
    await agreement.advance(call, contract)
    return payment


async def refund(call: Call, contract: Row, payment: Row, amount_cents: int, reason: str) -> Row:
    """Decides a refund: owed from now on, paid out at once in cash or by check, by the processor for a card."""
    party = contracts.party_of(await contracts.parties(call.db, contract.id), payment.party_id)
    decided = await queries.add_refund(
        call.db,
        location_id=payment.location_id,
        payment_id=payment.id,
        amount_cents=amount_cents,
        state="pending",
        reason=reason,
        refunded_by=call.actor.user_id,
        created_at=call.now,
    )
    await ledger.post(
        call,
        contract,
        "refund",
        postings.refund(party.party_id, amount_cents),
        payment_id=payment.id,
        refund_id=decided.id,
        reason=reason,
    )
    await contracts.save_party(call.db, party, call.now, paid_cents=party.paid_cents - amount_cents)
    refunded = payment.refunded_cents + amount_cents
    payment = await queries.save_payment(
        call.db,
        payment,
        call.now,
        refunded_cents=refunded,
        state="refunded" if refunded == payment.amount_cents else payment.state,
    )
    await agreement.advance(call, contract)
    if payment.method == "card":
        call.later("send_refund", key=decided.id)
    else:
        await refund_sent(call, contract, payment, decided, None)
    return payment


async def refund_sent(call: Call, contract: Row, payment: Row, decided: Row, processor_ref: str | None) -> None:
    """A refund was paid out."""
    await queries.save_refund(call.db, decided, call.now, state="succeeded", processor_ref=processor_ref)
    await ledger.post(
        call,
        contract,
        "refund_paid",
        postings.refund_paid(decided.amount_cents),
        payment_id=payment.id,
        refund_id=decided.id,
    )
    facts = _facts(contract, payment) | {"amount": money(decided.amount_cents)}
    call.publish(PaymentRefunded(**facts), key=contract.patient_id)


async def refund_refused(call: Call, contract: Row, payment: Row, decided: Row, reason: str) -> None:
    """The processor refused a refund: it is owed no longer, and the payment stands as before."""
    party = contracts.party_of(await contracts.parties(call.db, contract.id), payment.party_id)
    journal_id, entries = await ledger.refund_journal(call.db, payment.id, decided.id)
    await ledger.post(
        call,
        contract,
        "reversal",
        postings.reversal(entries),
        payment_id=payment.id,
        refund_id=decided.id,
        reversal_of=journal_id,
        reason=reason,
    )
    await queries.save_refund(call.db, decided, call.now, state="failed")
    await contracts.save_party(call.db, party, call.now, paid_cents=party.paid_cents + decided.amount_cents)
    await queries.save_payment(
        call.db,
        payment,
        call.now,
        refunded_cents=payment.refunded_cents - decided.amount_cents,
        state="succeeded",
    )
    await agreement.advance(call, contract)


def _facts(contract: Row, payment: Row) -> dict[str, object]:
    """The fields that the events of a payment share."""
    return {
        "payment_id": payment.id,
        "contract_id": contract.id,
        "case_id": contract.case_id or "",
        "patient_id": contract.patient_id,
        "party_id": payment.party_id,
        "location_id": contract.location_id,
        "amount": money(payment.amount_cents),
        "kind": payment.kind,
    }
