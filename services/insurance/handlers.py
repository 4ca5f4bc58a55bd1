"""What insurance does when something happens elsewhere."""

from __future__ import annotations

from datetime import date

from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded
from archwire.insurance.v1.events_pb2 import ClaimDrafted

from services.insurance import domain
from services.insurance.claims import domain as claims
from services.insurance.claims import queries
from services.insurance.eligibility import queries as eligibility
from services.insurance.eligibility import summary
from services.insurance.estimates import queries as estimates
from services.insurance.estimates.api import compute
from services.insurance.plans import queries as plans
from shared.call import Call
from shared.db import Row
from shared.proto import money


async def draft_claim(event: ContractActivated, call: Call) -> None:
    """Drafts the initial (banding) claim of an active contract, and notes which payments to expect.

    A later version of the same contract finds its claim case and changes nothing here.
    """
    if not event.coverage_id:
        return
    coverage = await eligibility.coverage(call.db, event.coverage_id)
    plan = await plans.plan(call.db, coverage.plan_id)
    placed = date.fromisoformat(event.activated_on)
    instalments = await _expected(call, event, coverage, plan, placed)
    common = {
        "contract_id": event.contract_id,
        "coverage_id": coverage.id,
        "payer_id": coverage.payer_id,
        "patient_id": event.patient_id,
        "location_id": event.location_id,
        "placement_on": placed,
        "treatment_months": event.treatment_months,
    }
    expected = sum(i.amount_cents for i in instalments)
    case = await call.db.first(queries.ADD_CASE, **common, case_id=event.case_id or None, expected_cents=expected)
    if case is None:
        return
    charge = claims.initial_charge_cents(
        plan.payment_model, event.total_fee.amount_cents, plan.initial_share_basis_points
    )
    claim = await call.db.one(
        queries.ADD_CLAIM,
        **common,
        claim_case_id=case.id,
        number=claims.claim_number(case.id, 1),
        kind="initial",
        charge_cents=charge,
        procedure_concept=event.procedure_concept,
        service_on=placed,
    )
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
    drafted = ClaimDrafted(
        claim_id=claim.id,
        claim_case_id=case.id,
        contract_id=event.contract_id,
        patient_id=event.patient_id,
        location_id=event.location_id,
        kind="initial",
        charge=money(charge),
    )
    call.publish(drafted, key=event.patient_id)


async def end_claim_case(event: ContractEnded, call: Call) -> None:
    """Treatment that ends early stops the payments: carriers pay nothing after its end (orthodontics.md section 3)."""
    if event.state == "completed":
        return
    for case in await call.db.all(queries.END_CASES, ended_contract_id=event.contract_id, now=call.now):
        await call.db.run(queries.CANCEL_INSTALMENTS, case_id=case.id, after=call.now.date())


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
