"""Methods of coverages and the verification of their benefits."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from archwire.directory.v1.patients_pb2 import GetPatientRequest, ListResponsiblePartiesRequest
from archwire.insurance.v1 import eligibility_pb2 as pb
from archwire.insurance.v1.events_pb2 import BenefitsVerified, CoverageAdded

from services.insurance import domain
from services.insurance.eligibility import queries, summary
from services.insurance.plans import queries as plans
from services.insurance.x12.benefits import ortho_benefits
from services.insurance.x12.eligibility import Answer, Benefit, Eligibility, read_271
from services.insurance.x12.findings import Malformed
from shared.call import Call
from shared.db import Row
from shared.errors import Invalid
from shared.paging import page
from shared.proto import enum_name, from_date, money, to_proto


def verification_message(row: Row) -> pb.Verification:
    """A verification as the API shows it."""
    return to_proto(pb.Verification, row, benefits=summary.to_message(row.benefits))


class Verifications:
    """Who insures a patient, and for what: asked, told, kept."""

    async def AddCoverage(self, request: pb.AddCoverageRequest, call: Call) -> pb.AddCoverageResponse:
        await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))
        await _check_subscriber(request, call)
        await plans.plan(call.db, request.plan_id)
        priority = enum_name(pb.CoveragePriority, request.priority)
        added = await call.db.one(
            queries.ADD_COVERAGE,
            conflict=queries.PRIORITY_TAKEN,
            patient_id=request.patient_id,
            plan_id=request.plan_id,
            location_id=request.location_id,
            relationship=enum_name(pb.CoverageRelationship, request.relationship),
            subscriber_party_id=request.subscriber_party_id or None,
            member_id=request.member_id,
            group_number=request.group_number,
            priority=priority,
            effective_on=from_date(request.effective_on, "effective_on") if request.effective_on else None,
            ends_on=from_date(request.ends_on, "ends_on") if request.ends_on else None,
        )
        event = CoverageAdded(
            coverage_id=added.id, patient_id=request.patient_id, location_id=request.location_id, priority=priority
        )
        call.publish(event, key=request.patient_id)
        row = await queries.coverage(call.db, added.id)
        return pb.AddCoverageResponse(coverage=to_proto(pb.Coverage, row))

    async def ListCoverages(self, request: pb.ListCoveragesRequest, call: Call) -> pb.ListCoveragesResponse:
        if request.patient_id:
            rows, token = await page(
                call.db, queries.COVERAGES_OF_PATIENT, request, key=("id",), patient_id=request.patient_id
            )
        else:
            rows, token = await page(call.db, queries.COVERAGES, request, key=("id",))
        return pb.ListCoveragesResponse(coverages=[to_proto(pb.Coverage, row) for row in rows], next_page_token=token)

    async def BatchGetCoverageStanding(
        self, request: pb.BatchGetCoverageStandingRequest, call: Call
    ) -> pb.BatchGetCoverageStandingResponse:
        today = call.now.date()
        rows = await call.db.all(
            queries.STANDING,
            patient_ids=list(request.patient_ids),
            today=today,
            since=today - timedelta(days=domain.VERIFICATION_DAYS),
        )
        return pb.BatchGetCoverageStandingResponse(standings=[to_proto(pb.CoverageStanding, row) for row in rows])

    async def ImportEligibility(self, request: pb.ImportEligibilityRequest, call: Call) -> pb.ImportEligibilityResponse:
        coverage = await queries.coverage_for_update(call.db, request.coverage_id)
        raw = request.x12.encode()
        read = await asyncio.to_thread(_read, raw)  # a quarter of a megabyte takes a while: others go on meanwhile
        answer = _answer_about(read, coverage.member_id)
        row = await _keep(
            call,
            coverage,
            method="x12",
            outcome="answered" if answer.benefits else "rejected",
            answered_by="",
            reference=answer.trace[:60],
            answered_on=domain.answered_on(call.now, answer.answered_on),
            raw=raw,
            benefits=summary.from_x12(ortho_benefits(answer)),
            findings=[_finding(f) for f in read.findings],
        )
        rows = [_row(row.id, row.location_id, benefit) for benefit in answer.benefits]
        await call.db.run_many(queries.ADD_ROW, rows)
        return pb.ImportEligibilityResponse(verification=verification_message(row))

    async def RecordVerification(
        self, request: pb.RecordVerificationRequest, call: Call
    ) -> pb.RecordVerificationResponse:
        method = enum_name(pb.VerificationMethod, request.method)
        if method == "phone" and not request.answered_by.strip():
            raise Invalid("ANSWERED_BY_MISSING", "write down who answered", field="answered_by")
        coverage = await queries.coverage_for_update(call.db, request.coverage_id)
        row = await _keep(
            call,
            coverage,
            method=method,
            outcome="answered",
            answered_by=request.answered_by.strip(),
            reference=request.reference,
            answered_on=call.now.date(),
            raw=None,
            benefits=summary.from_message(request.benefits),
            findings=[],
        )
        return pb.RecordVerificationResponse(verification=verification_message(row))

    async def GetBenefits(self, request: pb.GetBenefitsRequest, call: Call) -> pb.GetBenefitsResponse:
        coverage = await queries.coverage(call.db, request.coverage_id)
        attempt = await call.db.first(queries.LATEST_ATTEMPT, coverage_id=coverage.id)
        rejected = verification_message(attempt) if attempt and attempt.outcome == "rejected" else None
        answered = await queries.latest_answer(call.db, coverage.id)
        if not answered:
            return pb.GetBenefitsResponse(last_attempt=rejected)
        rows = await call.db.all(queries.ROWS, verification_id=answered.id)
        age_days = domain.answer_age_days(call.now, answered.answered_on)
        return pb.GetBenefitsResponse(
            verification=verification_message(answered),
            last_attempt=rejected,
            rows=[to_proto(pb.BenefitRow, row) for row in rows],
            age_days=age_days,
            usable=age_days <= domain.VERIFICATION_DAYS and not summary.missing(answered.benefits),
        )


async def _check_subscriber(request: pb.AddCoverageRequest, call: Call) -> None:
    """The subscriber is the patient, or one of the patient's responsible parties."""
    is_self = request.relationship == pb.COVERAGE_RELATIONSHIP_SELF
    if is_self != (not request.subscriber_party_id):
        message = "the subscriber is the patient exactly when the relationship is self"
        raise Invalid("SUBSCRIBER_MISMATCH", message, field="subscriber_party_id")
    if not is_self:
        found = await call.directory.ListResponsibleParties(
            ListResponsiblePartiesRequest(patient_id=request.patient_id)
        )
        if request.subscriber_party_id not in {related.party.id for related in found.parties}:
            message = "the subscriber is not a responsible party of the patient"
            raise Invalid("SUBSCRIBER_MISMATCH", message, field="subscriber_party_id")


def _read(raw: bytes) -> Eligibility:
    try:
        return read_271(raw)
    except Malformed as error:
        first = error.findings[0]
        raise Invalid(
            "MALFORMED_X12",
            f"segment {first.position}: {first.message}",
            field="x12",
            rule=first.code,
            position=first.position,
            segment=first.segment,
            element=first.element,
        ) from None


def _answer_about(read: Eligibility, member_id: str) -> Answer:
    """The answer that names the coverage's member. A file about somebody else must never be filed here."""

    def plain(text: str) -> str:
        return "".join(c for c in text.upper() if c.isalnum())

    for answer in read.answers:
        if plain(answer.member_id) == plain(member_id):
            return answer
    if len(read.answers) == 1 and not read.answers[0].benefits:
        return read.answers[0]  # a rejection may come without a member
    raise Invalid("MEMBER_MISMATCH", "the answer is about another member than this coverage's", field="x12")


async def _keep(call: Call, coverage: Row, **columns: Any) -> Row:
    """Stores a verification and, when the payer answered, tells others what counts now."""
    row = await call.db.one(
        queries.ADD_VERIFICATION,
        coverage_id=coverage.id,
        patient_id=coverage.patient_id,
        location_id=coverage.location_id,
        verified_by=call.actor.user_id,
        created_at=call.now,
        **columns,
    )
    if row.outcome == "answered":
        kept = row.benefits
        amounts = {
            name: money(kept[f"{name}_cents"])
            for name in ("lifetime_maximum", "lifetime_remaining")
            if f"{name}_cents" in kept
        }
        event = BenefitsVerified(
            verification_id=row.id,
            coverage_id=coverage.id,
            patient_id=coverage.patient_id,
            location_id=coverage.location_id,
            covered=kept["covered"],
            plan_percent_basis_points=kept.get("plan_percent_basis_points", 0),
            **amounts,
        )
        call.publish(event, key=coverage.patient_id)
    return row


def _finding(finding: Any) -> dict[str, Any]:
    kept = asdict(finding)
    del kept["source"]
    return kept


def _row(verification_id: str, location_id: str, benefit: Benefit) -> dict[str, Any]:
    columns = asdict(benefit)
    for name in ("dates", "frequency", "parties"):
        del columns[name]
    where = {"verification_id": verification_id, "location_id": location_id}
    return columns | where | {"service_types": list(benefit.service_types)}
