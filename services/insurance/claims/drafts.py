"""Drafting a claim of a claim case, and saying so."""

from __future__ import annotations

from archwire.insurance.v1.events_pb2 import ClaimDrafted

from services.insurance.claims import domain, queries
from services.insurance.plans import queries as plans
from shared.call import Call
from shared.db import Row
from shared.proto import money


async def draft(call: Call, case: Row, *, kind: str, suffix: str, charge_cents: int, concept: str) -> Row:
    """Adds a claim with the dates and months of its case. Raises Conflict when the case has one with this suffix."""
    payer = await plans.payer(call.db, case.payer_id)
    claim = await call.db.one(
        queries.ADD_CLAIM,
        conflict=queries.ASKED,
        claim_case_id=case.id,
        contract_id=case.contract_id,
        coverage_id=case.coverage_id,
        payer_id=case.payer_id,
        patient_id=case.patient_id,
        location_id=case.location_id,
        number=domain.claim_number(case.id, suffix),
        kind=kind,
        charge_cents=charge_cents,
        procedure_concept=concept,
        service_on=case.placement_on,
        placement_on=case.placement_on,
        treatment_months=case.treatment_months,
        file_by=domain.file_by(case.placement_on, payer.timely_filing_days),
    )
    event = ClaimDrafted(
        claim_id=claim.id,
        claim_case_id=case.id,
        contract_id=case.contract_id or "",
        patient_id=case.patient_id,
        location_id=case.location_id,
        kind=kind,
        charge=money(charge_cents),
    )
    call.publish(event, key=case.patient_id)
    return claim
