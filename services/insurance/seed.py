"""Insurance's rows of the demo group. Procedure codes are invented: the real ones are licensed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from services.insurance import domain
from services.insurance.claims.domain import claim_number
from services.insurance.claims.models import Claim, ClaimCase, ExpectedInstalment
from services.insurance.eligibility.models import Coverage, Verification
from services.insurance.eligibility.summary import facts
from services.insurance.plans.models import Payer, Plan, ProcedureCode
from shared.demo.seed import Rows
from shared.demo.world import Case, World

CODES = {
    "ortho.limited": "D9X30",
    "ortho.comprehensive.child": "D9X70",
    "ortho.comprehensive.transitional": "D9X71",
    "ortho.comprehensive.adolescent": "D9X80",
    "ortho.comprehensive.adult": "D9X90",
    "ortho.periodic_visit": "D9X67",
    "ortho.retention": "D9X68",
}
CONCEPT = {
    "phase_1": "ortho.limited",
    "limited": "ortho.limited",
    "comprehensive_adult": "ortho.comprehensive.adult",
}


def rows(world: World) -> Rows:
    """Payers and plans, every family's coverage with its verification, and the claims of insured contracts."""
    payers = {plan.payer_id: plan for plan in world.plans}
    yield (
        Payer,
        [
            {"id": id, "name": p.payer_name, "payer_code": p.payer_code, "phone": "", "timely_filing_days": 365}
            for id, p in payers.items()
        ],
    )
    yield (
        Plan,
        [{"id": p.id, "payer_id": p.payer_id, "name": p.name, "group_number": ""} | _rules(p) for p in world.plans],
    )
    start = min(world.patients, key=lambda p: p.added_on).id
    yield ProcedureCode, [{"id": _derived(start, c), "concept": c, "code": code} for c, code in CODES.items()]
    yield Coverage, [_coverage(c) for c in world.coverages]
    yield Verification, [_verification(world, c) for c in world.coverages]
    insured = [case for case in world.cases if _is_claimed(case, world.now.date())]
    yield ClaimCase, [_claim_case(case, world.now) for case in insured]
    yield Claim, [_claim(world, case) for case in insured]
    yield ExpectedInstalment, [row for case in insured for row in _instalments(case, world.now)]


def _derived(id: str, name: str) -> str:
    """A further id beside one of the world's: of the same moment, so that lists stay in the order of time."""
    return id[:24] + uuid.uuid5(uuid.UUID(id), name).hex[:12]


def _rules(plan: Any) -> dict[str, Any]:
    lump = plan.cadence == "lump"
    return {
        "payment_model": "lump_sum" if lump else "auto_pay",
        "base": "liability",
        "cadence": plan.cadence,
        "initial_share_basis_points": 10_000 if lump else 2_500,
        "maximum_months": 0 if lump else 24,
        "work_in_progress": "prorated",
        "benefits_assigned": True,
    }


def _coverage(coverage: Any) -> dict[str, Any]:
    patient = coverage.patient
    return {
        "id": coverage.id,
        "location_id": patient.location.id,
        "patient_id": patient.id,
        "plan_id": coverage.plan.id,
        "relationship": "child",
        "subscriber_party_id": coverage.subscriber.id,
        "member_id": coverage.member_id,
        "group_number": "",
        "priority": "primary",
        "effective_on": None,
        "ends_on": None,
    }


def _benefits(coverage: Any) -> dict[str, Any]:
    plan, used = coverage.plan, coverage.used_elsewhere_cents
    return {
        "covered": "yes",
        "plan_percent_basis_points": plan.percent_basis_points,
        "lifetime_maximum_cents": plan.lifetime_maximum_cents,
        "lifetime_remaining_cents": max(plan.lifetime_maximum_cents - used, 0),
        "deductible_cents": 0,
        "paid_to_date_cents": used,
    }


def _verification(world: World, coverage: Any) -> dict[str, Any]:
    who = next(s for s in world.staff if s.role == "insurance_coordinator")
    days = int(coverage.id[-2:], 16) % 60
    return {
        "id": _derived(coverage.id, "verification"),
        "location_id": coverage.patient.location.id,
        "coverage_id": coverage.id,
        "patient_id": coverage.patient.id,
        "method": "portal",
        "outcome": "answered",
        "verified_by": who.id,
        "answered_by": "",
        "reference": "",
        "answered_on": world.now.date() - dt.timedelta(days=days),
        "raw": None,
        "benefits": _benefits(coverage),
        "findings": [],
        "created_at": world.now - dt.timedelta(days=days),
    }


def _is_claimed(case: Case, today: dt.date) -> bool:
    contract = case.contract
    return bool(contract and contract.coverage and contract.insurance_cents and contract.active_on <= today)


def _expected(case: Case) -> tuple[domain.Instalment, ...]:
    contract = case.contract
    rules = _rules(contract.coverage.plan)
    names = ("base", "cadence", "initial_share_basis_points", "maximum_months")
    treatment = domain.Treatment(contract.total_cents, contract.treatment_months, contract.active_on)
    known = facts(_benefits(contract.coverage), "portal")
    return domain.estimate(domain.PlanRules(**{n: rules[n] for n in names}), known, treatment).instalments


def _common(case: Case) -> dict[str, Any]:
    contract = case.contract
    return {
        "location_id": case.patient.location.id,
        "contract_id": contract.id,
        "coverage_id": contract.coverage.id,
        "payer_id": contract.coverage.plan.payer_id,
        "patient_id": case.patient.id,
        "placement_on": contract.active_on,
        "treatment_months": contract.treatment_months,
    }


def _claim_case(case: Case, now: dt.datetime) -> dict[str, Any]:
    instalments = _expected(case)
    paid = all(i.due_on < now.date() - dt.timedelta(days=10) for i in instalments)
    return _common(case) | {
        "id": _derived(case.contract.id, "claim_case"),
        "case_id": case.id,
        "state": "completed" if paid else "in_payment",
        "expected_cents": sum(i.amount_cents for i in instalments),
    }


def _claim(world: World, case: Case) -> dict[str, Any]:
    location = case.patient.location
    case_id = _derived(case.contract.id, "claim_case")
    return _common(case) | {
        "id": _derived(case.contract.id, "claim"),
        "claim_case_id": case_id,
        "number": claim_number(case_id, "01"),
        "kind": "initial",
        "state": "paid" if case.contract.active_on < world.now.date() - dt.timedelta(days=30) else "accepted",
        "charge_cents": case.contract.total_cents,
        "procedure_concept": CONCEPT.get(case.phase, "ortho.comprehensive.adolescent"),
        "service_on": case.contract.active_on,
        "provider_id": next(iter(location.open_days.values())),
        "file_by": case.contract.active_on + dt.timedelta(days=365),
    }


def _instalments(case: Case, now: dt.datetime) -> list[dict[str, Any]]:
    """What is due ten days or more ago has come, but for a few: a silent stop is what the worklist is for."""
    case_id = _derived(case.contract.id, "claim_case")
    stopped = int(case_id[-2:], 16) < 6
    found = []
    for i in _expected(case):
        due = i.due_on < now.date() - dt.timedelta(days=10)
        late = stopped and i.due_on > now.date() - dt.timedelta(days=70)
        found.append(
            {
                "id": _derived(case.contract.id, f"instalment {i.sequence}"),
                "location_id": case.patient.location.id,
                "claim_case_id": case_id,
                "sequence": i.sequence,
                "due_on": i.due_on,
                "amount_cents": i.amount_cents,
                "state": "expected" if not due else "missing" if late else "received",
                "received_cents": None if not due else 0 if late else i.amount_cents,
            }
        )
    return found
