"""What insurance does when something happens elsewhere."""

from __future__ import annotations

from datetime import date

from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded

from services.insurance import domain
from services.insurance.claims import domain as claims
from services.insurance.claims import queries
from services.insurance.claims.drafts import draft
from services.insurance.eligibility import queries as eligibility
from services.insurance.eligibility import summary
from services.insurance.estimates import queries as estimates
from services.insurance.estimates.api import compute
from services.insurance.plans import queries as plans
from shared.call import Call
from shared.db import Row


async def draft_claim(event: ContractActivated, call: Call) -> None:
    """Drafts the initial (banding) claim of an active contract, and notes which payments to expect.

    A claim case that asked for a predetermination becomes the contract's. A later version of the same contract finds
    its claim case and changes nothing here.
    """
    if not event.coverage_id:
        return
    coverage = await eligibility.coverage(call.db, event.coverage_id)
    plan = await plans.plan(call.db, coverage.plan_id)
    placed = date.fromisoformat(event.activated_on)
    instalments = await _expected(call, event, coverage, plan, placed)
    case = await _claim_case(call, event, coverage, placed, sum(i.amount_cents for i in instalments))
    if case is None:
        return
    charge = claims.initial_charge_cents(
        plan.payment_model, event.total_fee.amount_cents, plan.initial_share_basis_points
    )
    await draft(call, case, kind="initial", suffix="01", charge_cents=charge, concept=event.procedure_concept)
    await call.db.run_many(
        queries.ADD_INSTALMENT,
        [
            {
                "claim_case_id": case.id,
                "location_id": case.location_id,
                "sequence": i.sequence,
                "due_on": i.due_on,
                "amount_cents": i.amount_cents,
            }
            for i in instalments
        ],
    )


async def _claim_case(
    call: Call, event: ContractActivated, coverage: Row, placed: date, expected_cents: int
) -> Row | None:
    """The contract's claim case at this payer; None when it has one already."""
    terms = {
        "contract_id": event.contract_id,
        "placement_on": placed,
        "treatment_months": event.treatment_months,
        "expected_cents": expected_cents,
    }
    if event.case_id:
        asked = {"of_case_id": event.case_id, "of_payer_id": coverage.payer_id}
        if adopted := await call.db.first(queries.ADOPT_CASE, **asked, **terms, now=call.now):
            return adopted
    return await call.db.first(
        queries.ADD_CASE,
        **terms,
        case_id=event.case_id or None,
        coverage_id=coverage.id,
        payer_id=coverage.payer_id,
        patient_id=event.patient_id,
        location_id=event.location_id,
    )


async def end_claim_case(event: ContractEnded, call: Call) -> None:
    """Treatment that ends early stops the payments: carriers pay nothing after its end (orthodontics.md section 3)."""
    if event.state == "completed":
        return
    for case in await call.db.all(queries.END_CASES, ended_contract_id=event.contract_id, now=call.now):
        await call.db.run(queries.CANCEL_INSTALMENTS, case_id=case.id, after=call.now.date(), now=call.now)


async def _expected(
    call: Call, event: ContractActivated, coverage: Row, plan: Row, placed: date
) -> tuple[domain.Instalment, ...]:
    """The payer's payments from the day of placement on, by its rules and the benefits verified last.

    The claim side and the family's side of a fee have different schedules: this never follows the contract's instalments.
    Without verified benefits nothing can be expected.
    """
    verification = await eligibility.latest_answer(call.db, coverage.id)
    if verification is None or verification.benefits["covered"] == "no" or summary.missing(verification.benefits):
        return ()
    estimate = await call.db.first(estimates.LATEST, coverage_id=coverage.id)
    treatment = domain.Treatment(
        fee_cents=event.total_fee.amount_cents,
        months=event.treatment_months,
        start_on=placed,
        not_covered_cents=min(estimate.not_covered_cents, event.total_fee.amount_cents) if estimate else 0,
        used_elsewhere_cents=estimate.used_elsewhere_cents if estimate else 0,
        months_elapsed=estimate.months_elapsed if estimate else 0,
    )
    return compute(plan, verification, treatment).instalments
