"""Fees and quotes: what a treatment costs and the ways to pay for it."""

from __future__ import annotations

from typing import Any

from archwire.contracts.v1.contracts_pb2 import (
    ClaimSide,
    CreateQuoteResponse,
    Disclosure,
    DiscountKind,
    Fee,
    GetQuoteResponse,
    GetSharedQuotesResponse,
    ListFeesResponse,
    ListQuotesResponse,
    Quote,
    QuoteParty,
    SetFeeResponse,
    TreatmentPhase,
)
from archwire.contracts.v1.events_pb2 import QuoteCreated

from services.contracts import queries as common
from services.contracts.quotes import domain, queries
from services.contracts.quotes.disclosure import disclose
from shared.call import Call
from shared.db import Row
from shared.errors import Denied, Invalid
from shared.identity import EVERYWHERE
from shared.proto import enum_name, enum_value, from_date, money, to_proto


class Quotes:
    """The part of ContractsService that is about fees and quotes."""

    async def SetFee(self, request: Any, call: Call) -> SetFeeResponse:
        where = call.actor.locations
        if where != EVERYWHERE and request.location_id not in where:
            raise Denied("OUT_OF_SCOPE", "the group's fees and those of other locations are not yours to set")
        fee = await queries.set_fee(
            call.db,
            procedure_concept=request.procedure_concept,
            only_location_id=request.location_id or None,
            fee_cents=cents(request.fee, "fee"),
            effective_on=from_date(request.effective_on, "effective_on"),
        )
        return SetFeeResponse(fee=_fee(fee))

    async def ListFees(self, request: Any, call: Call) -> ListFeesResponse:
        on = from_date(request.on, "on") if request.on else call.now.date()
        fees = await queries.fees(call.db, request.location_id or None, on)
        return ListFeesResponse(fees=[_fee(fee) for fee in fees])

    async def CreateQuote(self, request: Any, call: Call) -> CreateQuoteResponse:
        estimate = (
            await common.estimate(call.db, request.estimate_id, request.patient_id) if request.estimate_id else None
        )
        draft_day = request.draft_day or domain.DEFAULT_DRAFT_DAY
        insurance = (
            cents(request.expected_insurance, "expected_insurance")
            if request.HasField("expected_insurance")
            else estimate.expected_cents
            if estimate
            else 0
        )
        discounts: list[dict[str, Any]] = [
            {"kind": enum_name(DiscountKind, discount.kind), "amount_cents": cents(discount.amount, "discounts")}
            for discount in request.discounts
        ]
        plan = domain.plan(
            treatment_fee_cents=await self._fee_cents(request, call),
            discount_cents=sum(cents(discount.amount, "discounts") for discount in request.discounts),
            insurance_cents=0 if request.benefits_paid_to_family else insurance,
            down_payment_cents=cents(request.down_payment, "down_payment"),
            instalment_count=request.instalment_count,
            monthly_cents=cents(request.monthly_amount, "monthly_amount"),
            pay_in_full_discount_cents=cents(request.pay_in_full_discount, "pay_in_full_discount"),
            shares=[domain.Share(s.party_id, s.basis_points, s.draft_day or draft_day) for s in request.parties]
            or [domain.Share("", domain.WHOLE, draft_day)],
        )
        if not plan.instalment_count and cents(request.pay_in_full_discount, "pay_in_full_discount"):
            discounts.append({"kind": "paid_in_full", "amount_cents": request.pay_in_full_discount.amount_cents})
        quote = await queries.add_quote(
            call.db,
            case_id=request.case_id or None,
            patient_id=request.patient_id,
            location_id=request.location_id,
            title=request.title,
            procedure_concept=request.procedure_concept,
            phase=enum_name(TreatmentPhase, request.phase) or domain.phase_of(request.procedure_concept),
            treatment_months=request.treatment_months,
            treatment_fee_cents=plan.treatment_fee_cents,
            discounts=discounts,
            discount_cents=plan.discount_cents,
            total_fee_cents=plan.total_fee_cents,
            insurance_portion_cents=plan.insurance_portion_cents,
            patient_portion_cents=plan.patient_portion_cents,
            down_payment_cents=plan.down_payment_cents,
            financed_cents=plan.patient_portion_cents - plan.down_payment_cents,
            instalment_count=plan.instalment_count,
            instalment_cents=plan.instalment_cents,
            draft_day=draft_day,
            first_due_on=from_date(request.first_due_on, "first_due_on") if request.first_due_on else None,
            coverage_id=(estimate.coverage_id if estimate else request.coverage_id) or None,
            estimate_id=request.estimate_id or None,
            benefits_paid_to_family=request.benefits_paid_to_family,
            pay_in_full_discount_cents=request.pay_in_full_discount.amount_cents,
            claim_initial_basis_points=request.claim_initial_basis_points or domain.DEFAULT_CLAIM_INITIAL,
            parties=[vars(party) for party in plan.parties],
            finance_charge_cents=plan.disclosure.finance_charge_cents,
            created_at=call.now,
        )
        call.publish(
            QuoteCreated(
                quote_id=quote.id,
                case_id=request.case_id,
                patient_id=quote.patient_id,
                location_id=quote.location_id,
                total_fee=money(plan.total_fee_cents),
                patient_portion=money(plan.patient_portion_cents),
                insurance_portion=money(plan.insurance_portion_cents),
                down_payment=money(plan.down_payment_cents),
            ),
            key=quote.patient_id,
        )
        return CreateQuoteResponse(quote=quote_message(quote))

    async def _fee_cents(self, request: Any, call: Call) -> int:
        if request.HasField("treatment_fee"):
            return cents(request.treatment_fee, "treatment_fee")
        today = await common.local_date(call.db, request.location_id, call.now)
        fee = await queries.fee(call.db, request.procedure_concept, request.location_id, today)
        if fee is None:
            raise Invalid("FEE_UNKNOWN", "no fee is given and none is on the schedule", field="treatment_fee")
        return fee.fee_cents

    async def GetQuote(self, request: Any, call: Call) -> GetQuoteResponse:
        return GetQuoteResponse(quote=quote_message(await queries.quote(call.db, request.quote_id)))

    async def ListQuotes(self, request: Any, call: Call) -> ListQuotesResponse:
        rows, token = await queries.quotes(call.db, request)
        return ListQuotesResponse(quotes=[quote_message(row) for row in rows], next_page_token=token)

    async def GetSharedQuotes(self, request: Any, call: Call) -> GetSharedQuotesResponse:
        subject = call.actor.subject
        case_id, patient_id = subject.get("case_id"), subject.get("patient_id")
        rows = await queries.shared_quotes(call.db, case_id, patient_id) if case_id and patient_id else []
        return GetSharedQuotesResponse(quotes=[quote_message(row, only=subject.get("party_id", "")) for row in rows])


def cents(amount: Any, field: str) -> int:
    """The cents of a Money, 0 when it is absent. Raises Invalid for a currency that is not the group's."""
    if amount.currency_code not in ("", "USD"):
        raise Invalid("CURRENCY_UNKNOWN", "amounts are in USD", field=field)
    return amount.amount_cents


def quote_message(row: Row, *, only: str | None = None) -> Quote:
    """A quote; with `only`, without the shares of other parties than that one."""
    plans = [party for party in row.parties if only is None or party["party_id"] in ("", only)]
    figures = disclose([party["instalments"] for party in row.parties], row.finance_charge_cents)
    return to_proto(
        Quote,
        row,
        discounts=[
            {"kind": enum_value(DiscountKind, d["kind"]), "amount": money(d["amount_cents"])} for d in row.discounts
        ],
        parties=[_party(party) for party in plans],
        claim_side=claim_message(row),
        disclosure=disclosure_message(figures),
    )


def _party(plan: dict[str, Any]) -> QuoteParty:
    payments = plan["instalments"]
    return QuoteParty(
        party_id=plan["party_id"],
        basis_points=plan["basis_points"],
        draft_day=plan["draft_day"],
        portion=money(plan["portion_cents"]),
        down_payment=money(plan["down_payment_cents"]),
        financed=money(plan["portion_cents"] - plan["down_payment_cents"]),
        instalment_count=len(payments),
        instalment=money(payments[0] if payments else 0),
        last_instalment=money(payments[-1] if payments else 0),
    )


def claim_message(row: Row) -> ClaimSide:
    """The insurer's view of a quote or contract."""
    side = domain.claim_side(row.treatment_fee_cents, row.claim_initial_basis_points, row.treatment_months)
    return ClaimSide(
        charge=money(side.charge_cents),
        initial=money(side.initial_cents),
        monthly=money(side.monthly_cents),
        last=money(side.last_cents),
        months=side.months,
    )


def disclosure_message(figures: Any) -> Disclosure:
    return Disclosure(
        required=figures.required,
        amount_financed=money(figures.amount_financed_cents),
        finance_charge=money(figures.finance_charge_cents),
        total_of_payments=money(figures.total_of_payments_cents),
        apr_basis_points=figures.apr_basis_points,
    )


def _fee(row: Row) -> Fee:
    return to_proto(Fee, row, location_id=row.only_location_id or "")
