"""Methods of estimates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from archwire.directory.v1.patients_pb2 import GetPatientRequest
from archwire.insurance.v1 import eligibility_pb2 as pb
from archwire.insurance.v1.events_pb2 import EstimateCreated

from services.insurance import domain
from services.insurance.eligibility import queries as eligibility
from services.insurance.eligibility import summary
from services.insurance.estimates import queries
from services.insurance.plans import queries as plans
from shared.call import Call
from shared.db import Row
from shared.errors import Conflict, Invalid
from shared.paging import page
from shared.proto import from_date, money, to_proto


def estimate_message(row: Row) -> pb.Estimate:
    """An estimate as the API shows it."""
    lines = [_with_money(pb.EstimateLine, line, "amount") for line in row.lines]
    return to_proto(
        pb.Estimate,
        row,
        family_portion=money(row.total_fee_cents - row.expected_cents),
        instalments=[_with_money(pb.EstimateInstalment, i, "amount") for i in row.instalments],
        lines=lines,
        warnings=[_with_money(pb.EstimateWarning, w, "at_risk") for w in row.warnings],
    )


class Estimates:
    """What insurance will pay, explained line by line."""

    async def CreateEstimate(self, request: pb.CreateEstimateRequest, call: Call) -> pb.CreateEstimateResponse:
        coverage = await eligibility.coverage(call.db, request.coverage_id)
        plan = await plans.plan(call.db, coverage.plan_id)
        verification = await _usable_verification(call, coverage)
        found = await call.directory.GetPatient(GetPatientRequest(patient_id=coverage.patient_id))
        born = found.patient.birth_date
        treatment = domain.Treatment(
            fee_cents=_amount(request, "total_fee", lowest=1),
            months=request.treatment_months,
            start_on=from_date(request.start_on, "start_on"),
            not_covered_cents=_amount(request, "not_covered_fee"),
            used_elsewhere_cents=_amount(request, "used_elsewhere"),
            months_elapsed=request.months_elapsed,
            birth_date=date.fromisoformat(born) if born else None,
            covered_from=coverage.effective_on,
            covered_until=coverage.ends_on,
            answer_age_days=domain.answer_age_days(call.now, verification.answered_on),
        )
        if treatment.not_covered_cents > treatment.fee_cents:
            raise Invalid("MORE_THAN_FEE", "the part that is not covered exceeds the fee", field="not_covered_fee")
        estimate = compute(plan, verification, treatment)
        row = await call.db.one(
            queries.ADD_ESTIMATE,
            coverage_id=coverage.id,
            verification_id=verification.id,
            patient_id=coverage.patient_id,
            location_id=coverage.location_id,
            case_id=request.case_id or None,
            total_fee_cents=treatment.fee_cents,
            not_covered_cents=treatment.not_covered_cents,
            used_elsewhere_cents=treatment.used_elsewhere_cents,
            expected_cents=estimate.expected_cents,
            treatment_months=treatment.months,
            months_elapsed=treatment.months_elapsed,
            start_on=treatment.start_on,
            instalments=[asdict(i) | {"due_on": i.due_on.isoformat()} for i in estimate.instalments],
            lines=[asdict(line) for line in estimate.lines],
            warnings=[asdict(warning) for warning in estimate.warnings],
            created_at=call.now,
        )
        event = EstimateCreated(
            estimate_id=row.id,
            coverage_id=coverage.id,
            patient_id=coverage.patient_id,
            location_id=coverage.location_id,
            total_fee=money(row.total_fee_cents),
            expected=money(row.expected_cents),
        )
        call.publish(event, key=coverage.patient_id)
        return pb.CreateEstimateResponse(estimate=estimate_message(row))

    async def ListEstimates(self, request: pb.ListEstimatesRequest, call: Call) -> pb.ListEstimatesResponse:
        rows, token = await page(call.db, queries.OF_PATIENT, request, key=("id",), patient_id=request.patient_id)
        return pb.ListEstimatesResponse(estimates=[estimate_message(row) for row in rows], next_page_token=token)

    async def GetEstimate(self, request: pb.GetEstimateRequest, call: Call) -> pb.GetEstimateResponse:
        row = await queries.estimate(call.db, request.estimate_id)
        return pb.GetEstimateResponse(estimate=estimate_message(row))


def compute(plan: Row, verification: Row, treatment: domain.Treatment) -> domain.Estimate:
    """Applies the plan's rules to verified benefits, which must not miss anything (`summary.missing`)."""
    rules = domain.PlanRules(
        base=plan.base,
        cadence=plan.cadence,
        initial_share_basis_points=plan.initial_share_basis_points,
        maximum_months=plan.maximum_months,
        work_in_progress=plan.work_in_progress,
    )
    how = {"x12": "271", "phone": "call", "portal": "portal"}[verification.method]
    source = f"{how} of {verification.answered_on}"
    return domain.estimate(rules, summary.facts(verification.benefits, source), treatment)


async def _usable_verification(call: Call, coverage: Row) -> Row:
    """The benefits that count, or the reason why nobody may promise anything yet."""
    verification = await eligibility.latest_answer(call.db, coverage.id)
    if verification is None:
        raise Conflict("BENEFITS_NOT_VERIFIED", "the benefits of this coverage were never verified")
    age_days = (call.now - verification.created_at).days
    if age_days > domain.VERIFICATION_DAYS:
        raise Conflict("VERIFICATION_TOO_OLD", "the benefits must be verified again", age_days=age_days)
    if verification.benefits["covered"] == "no":
        raise Conflict("NOT_COVERED", "the plan does not cover orthodontics")
    if unknown := summary.missing(verification.benefits):
        message = "the payer did not say what an estimate needs: ask, and record the answer"
        raise Conflict("BENEFITS_UNKNOWN", message, missing=unknown)
    return verification


def _amount(request: pb.CreateEstimateRequest, field: str, lowest: int = 0) -> int:
    amount = getattr(request, field).amount_cents
    if amount < lowest:
        raise Invalid("AMOUNT_TOO_LOW", f"must be at least {lowest} cents", field=field)
    return amount


def _with_money(kind: Any, kept: dict[str, Any], field: str) -> Any:
    """A kept item as its message: `…_cents` becomes money, and an unknown amount stays absent."""
    values = dict(kept)
    amount = values.pop(f"{field}_cents")
    return kind(**values, **({} if amount is None else {field: money(amount)}))
