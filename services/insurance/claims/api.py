"""Methods of claims."""

from __future__ import annotations

from datetime import date

from archwire.insurance.v1 import claims_pb2 as pb
from archwire.insurance.v1.eligibility_pb2 import FileFinding
from archwire.insurance.v1.events_pb2 import ClaimStateChanged

from services.insurance.claims import domain, file, queries
from services.insurance.claims.drafts import draft
from services.insurance.eligibility.queries import coverage as coverage_of
from shared.call import Call
from shared.db import check_version
from shared.errors import Conflict, Invalid
from shared.paging import page
from shared.proto import enum_name, from_date, to_proto


class Claims:
    """What is asked of payers, and what they are expected to pay."""

    async def DraftPredetermination(
        self, request: pb.DraftPredeterminationRequest, call: Call
    ) -> pb.DraftPredeterminationResponse:
        if (charge_cents := request.total_fee.amount_cents) <= 0:
            raise Invalid("AMOUNT_TOO_LOW", "the fee is more than zero", field="total_fee")
        coverage = await coverage_of(call.db, request.coverage_id)
        case = await call.db.one(
            queries.ADD_PREDETERMINATION_CASE,
            conflict=queries.ASKED,
            contract_id=None,
            case_id=request.case_id,
            coverage_id=coverage.id,
            payer_id=coverage.payer_id,
            patient_id=coverage.patient_id,
            location_id=coverage.location_id,
            placement_on=None,
            treatment_months=request.treatment_months,
            expected_cents=0,
        )
        concept = request.procedure_concept
        claim = await draft(
            call, case, kind="predetermination", suffix="PD", charge_cents=charge_cents, concept=concept
        )
        return pb.DraftPredeterminationResponse(claim=to_proto(pb.Claim, claim))

    async def ListClaims(self, request: pb.ListClaimsRequest, call: Call) -> pb.ListClaimsResponse:
        state = enum_name(pb.ClaimState, request.state) or None
        patient_id = request.patient_id or None
        if request.contract_id:
            only = {"contract_id": request.contract_id, "patient_id": patient_id}
            rows, token = await page(call.db, queries.CLAIMS_OF_CONTRACT, request, key=("id",), state=state, **only)
        elif patient_id:
            only = {"patient_id": patient_id}
            rows, token = await page(call.db, queries.CLAIMS_OF_PATIENT, request, key=("id",), state=state, **only)
        else:
            rows, token = await page(call.db, queries.CLAIMS, request, key=("id",), state=state)
        return pb.ListClaimsResponse(claims=[to_proto(pb.Claim, row) for row in rows], next_page_token=token)

    async def GetClaim(self, request: pb.GetClaimRequest, call: Call) -> pb.GetClaimResponse:
        claim = await queries.claim(call.db, request.claim_id)
        case = await call.db.one(queries.CASE, id=claim.claim_case_id)
        instalments = await call.db.all(queries.INSTALMENTS, claim_case_id=case.id)
        shown = [to_proto(pb.ExpectedInstalment, row) for row in instalments]
        return pb.GetClaimResponse(
            claim=to_proto(pb.Claim, claim), claim_case=to_proto(pb.ClaimCase, case, instalments=shown)
        )

    async def ListExpectedInstalments(
        self, request: pb.ListExpectedInstalmentsRequest, call: Call
    ) -> pb.ListExpectedInstalmentsResponse:
        rows, token = await page(
            call.db,
            queries.INSTALMENTS_DUE,
            request,
            key=("due_on", "id"),
            state=enum_name(pb.InstalmentState, request.state) or "expected",
            due_before=from_date(request.due_before, "due_before") if request.due_before else date.max,
        )
        shown = [to_proto(pb.ExpectedInstalment, row) for row in rows]
        return pb.ListExpectedInstalmentsResponse(expected_instalments=shown, next_page_token=token)

    async def RecordInstalment(self, request: pb.RecordInstalmentRequest, call: Call) -> pb.RecordInstalmentResponse:
        row = await call.db.one(queries.INSTALMENT_FOR_UPDATE, id=request.instalment_id, missing=queries.NO_INSTALMENT)
        check_version(row, request.version)
        if row.state == "cancelled":
            raise Conflict("INSTALMENT_CANCELLED", "treatment or coverage ended before this payment")
        if (received_cents := request.received.amount_cents) < 0:
            raise Invalid("AMOUNT_TOO_LOW", "must not be less than zero", field="received")
        await call.db.run(
            queries.RECORD_INSTALMENT,
            instalment_id=row.id,
            state=domain.instalment_state(row.amount_cents, received_cents),
            received_cents=received_cents,
            now=call.now,
        )
        row = await call.db.one(queries.INSTALMENT, id=row.id)
        return pb.RecordInstalmentResponse(expected_instalment=to_proto(pb.ExpectedInstalment, row))

    async def ReviewClaim(self, request: pb.ReviewClaimRequest, call: Call) -> pb.ReviewClaimResponse:
        claim = await queries.claim_for_update(call.db, request.claim_id)
        check_version(claim, request.version)
        if claim.state not in ("draft", "validated"):
            raise Conflict("CLAIM_NOT_DRAFT", "the claim has left already", state=claim.state)
        await file.write(call, claim, request.provider_id, request.note)
        row = await call.db.one(
            queries.REVIEWED, claim_id=claim.id, provider_id=request.provider_id, note=request.note, now=call.now
        )
        return pb.ReviewClaimResponse(claim=to_proto(pb.Claim, row))

    async def RecordClaimStatus(self, request: pb.RecordClaimStatusRequest, call: Call) -> pb.RecordClaimStatusResponse:
        claim = await queries.claim_for_update(call.db, request.claim_id)
        check_version(claim, request.version)
        state = enum_name(pb.ClaimState, request.state)
        if not domain.may_follow(claim.state, state):
            message = f"a claim that is {claim.state} cannot become {state}"
            raise Conflict("WRONG_STATE", message, state=claim.state, may_follow=list(domain.NEXT_STATES[claim.state]))
        number = request.payer_claim_number or claim.payer_claim_number
        row = await call.db.one(
            queries.CLAIM_WENT_ON, claim_id=claim.id, state=state, payer_claim_number=number, now=call.now
        )
        if claim.kind == "initial" and (case_state := domain.CASE_STATES.get(state)):
            await call.db.run(queries.CASE_WENT_ON, case_id=claim.claim_case_id, to_state=case_state, now=call.now)
        event = ClaimStateChanged(
            claim_id=claim.id,
            claim_case_id=claim.claim_case_id,
            contract_id=claim.contract_id or "",
            patient_id=claim.patient_id,
            location_id=claim.location_id,
            kind=claim.kind,
            from_state=claim.state,
            to_state=state,
        )
        call.publish(event, key=claim.patient_id)
        return pb.RecordClaimStatusResponse(claim=to_proto(pb.Claim, row))

    async def GetClaimX12(self, request: pb.GetClaimX12Request, call: Call) -> pb.GetClaimX12Response:
        claim = await queries.claim(call.db, request.claim_id)
        call.audit(patient_id=claim.patient_id, resource="claim", resource_id=claim.id)
        written = await file.write(call, claim)
        findings = [
            FileFinding(
                code=f.code,
                severity=f.severity,
                position=f.position,
                segment=f.segment,
                element=f.element,
                message=f.message,
            )
            for f in written.findings
        ]
        return pb.GetClaimX12Response(x12=written.content.decode(), findings=findings)
