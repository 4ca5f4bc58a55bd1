"""Payments at the desk and by private link, refunds and reversals."""

from __future__ import annotations

from typing import Any

from archwire.contracts.v1.contracts_pb2 import (
    Autopay,
    GetPaymentResponse,
    GetSharedPaymentResponse,
    ListPaymentsResponse,
    Payment,
    PaymentAttempt,
    PaymentMethod,
    PaymentState,
    PaySharedDownPaymentResponse,
    RecordPaymentResponse,
    Refund,
    RefundPaymentResponse,
    ReversalReason,
    ReversePaymentResponse,
    StartAutopayResponse,
    StartSharedAutopayResponse,
    StopAutopayResponse,
)

from services.contracts.agreements import queries as contracts
from services.contracts.agreements.api import subject
from services.contracts.payments import autopay, domain, queries, steps
from services.contracts.quotes.api import cents
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Conflict
from shared.proto import enum_name, timestamp, to_proto


class Payments:
    """The part of ContractsService that is about payments."""

    async def RecordPayment(self, request: Any, call: Call) -> RecordPaymentResponse:
        contract = await contracts.contract_for_update(call.db, request.contract_id)
        party = contracts.party_of(await contracts.parties(call.db, contract.id), request.party_id)
        payment = await steps.take(
            call,
            contract,
            party,
            cents(request.amount, "amount"),
            enum_name(PaymentMethod, request.method),
            token=request.token,
            reference=request.reference,
        )
        return RecordPaymentResponse(payment=await whole(call, payment))

    async def PaySharedDownPayment(self, request: Any, call: Call) -> PaySharedDownPaymentResponse:
        case_id, party_id = subject(call)
        found = await contracts.contract_of_party(call.db, case_id, party_id)
        contract = await contracts.contract_for_update(call.db, found.id)
        party = contracts.party_of(await contracts.parties(call.db, contract.id), party_id)
        due = party.down_payment_cents - party.paid_cents - party.pending_cents
        if due <= 0:
            raise Conflict("OVERPAID", "the down payment is paid, or a payment is on its way", balance_cents=0)
        payment = await steps.take(call, contract, party, due, "card", token=request.token)
        return PaySharedDownPaymentResponse(payment=await whole(call, payment, shared=True))

    async def GetPayment(self, request: Any, call: Call) -> GetPaymentResponse:
        payment = await queries.payment(call.db, request.payment_id)
        return GetPaymentResponse(payment=await whole(call, payment))

    async def ListPayments(self, request: Any, call: Call) -> ListPaymentsResponse:
        rows, token = await queries.payments(call.db, request, enum_name(PaymentState, request.state))
        return ListPaymentsResponse(payments=[to_proto(Payment, row) for row in rows], next_page_token=token)

    async def GetSharedPayment(self, request: Any, call: Call) -> GetSharedPaymentResponse:
        case_id, party_id = subject(call)
        payment = await queries.payment(call.db, request.payment_id)
        contract = await contracts.contract(call.db, payment.contract_id)
        if payment.party_id != party_id or contract.case_id != case_id:
            raise queries.PAYMENT_NOT_FOUND
        return GetSharedPaymentResponse(payment=await whole(call, payment, shared=True))

    async def RefundPayment(self, request: Any, call: Call) -> RefundPaymentResponse:
        contract, payment = await _received(call, request)
        amount = cents(request.amount, "amount")
        domain.check_refundable(payment.state, amount, payment.amount_cents, payment.refunded_cents)
        domain.check_second_person(payment.refunded_cents + amount, payment.recorded_by, call.actor.user_id)
        payment = await steps.refund(call, contract, payment, amount, request.reason)
        return RefundPaymentResponse(payment=await whole(call, payment))

    async def ReversePayment(self, request: Any, call: Call) -> ReversePaymentResponse:
        contract, payment = await _received(call, request)
        reason = enum_name(ReversalReason, request.reason)
        domain.check_reversible(payment.state, payment.method, reason, payment.refunded_cents)
        domain.check_second_person(payment.amount_cents, payment.recorded_by, call.actor.user_id)
        payment = await steps.reverse(call, contract, payment, reason)
        return ReversePaymentResponse(payment=await whole(call, payment))

    async def StartAutopay(self, request: Any, call: Call) -> StartAutopayResponse:
        contract = await contracts.contract_for_update(call.db, request.contract_id)
        party = contracts.party_of(await contracts.parties(call.db, contract.id), request.party_id)
        started = await autopay.start(call, contract, party, request.token, request.consent_text)
        return StartAutopayResponse(autopay=to_proto(Autopay, started))

    async def StartSharedAutopay(self, request: Any, call: Call) -> StartSharedAutopayResponse:
        case_id, party_id = subject(call)
        found = await contracts.contract_of_party(call.db, case_id, party_id)
        contract = await contracts.contract_for_update(call.db, found.id)
        party = contracts.party_of(await contracts.parties(call.db, contract.id), party_id)
        started = await autopay.start(call, contract, party, request.token, request.consent_text)
        return StartSharedAutopayResponse(autopay=to_proto(Autopay, started))

    async def StopAutopay(self, request: Any, call: Call) -> StopAutopayResponse:
        found = await queries.autopay(call.db, request.autopay_id)
        await contracts.contract_for_update(call.db, found.contract_id)
        agreed = await queries.autopay_for_update(call.db, found.id)
        check_version(agreed, request.version)
        stopped = await queries.save_autopay(call.db, agreed, call.now, state="stopped", next_draft_on=None)
        return StopAutopayResponse(autopay=to_proto(Autopay, stopped))


async def _received(call: Call, request: Any) -> tuple[Row, Row]:
    found = await queries.payment(call.db, request.payment_id)
    contract = await contracts.contract_for_update(call.db, found.contract_id)
    payment = await queries.payment_for_update(call.db, found.id)
    check_version(payment, request.version)
    return contract, payment


async def whole(call: Call, payment: Row, *, shared: bool = False) -> Payment:
    """A payment with attempts and refunds; a shared one without what staff noted."""
    if shared:
        return to_proto(Payment, payment, reference="", recorded_by="")
    attempts = await queries.attempts(call.db, payment.id)
    return to_proto(
        Payment,
        payment,
        attempts=[to_proto(PaymentAttempt, a, start_time=timestamp(a.started_at)) for a in attempts],
        refunds=[to_proto(Refund, refund) for refund in await queries.refunds(call.db, payment.id)],
    )
