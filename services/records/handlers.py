"""What the record hears, and how documents are made."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from archwire.contracts.v1.events_pb2 import ContractAmended, ContractProposed, PartyTerms
from archwire.directory.v1.patients_pb2 import (
    GetContactRequest,
    GetPatientRequest,
    ListResponsiblePartiesRequest,
    RelationshipKind,
)
from archwire.records.v1.events_pb2 import DocumentPrepared, VisitRecorded
from archwire.scheduling.v1.events_pb2 import AppointmentCheckedIn, AppointmentCompleted, AppointmentRestored

from services.records import domain, queries
from shared import words
from shared.call import Call, Work
from shared.documents import pdf
from shared.proto import enum_name
from shared.storage import storage


async def open_visit(event: AppointmentCheckedIn, call: Call) -> None:
    """Opens the chart's visit when the patient arrives."""
    row = await call.db.first(
        queries.OPEN_VISIT, appointment_id=event.appointment_id, patient_id=event.patient_id, location_id=event.location_id,
        case_id=event.case_id or None, provider_id=event.provider_id or None, type_code=event.type_code, arrived_at=call.occurred_at,
    )  # fmt: skip
    if row is not None:
        call.publish(
            VisitRecorded(
                visit_id=row.id,
                appointment_id=event.appointment_id,
                patient_id=event.patient_id,
                location_id=event.location_id,
                case_id=event.case_id,
            ),
            key=event.patient_id,
        )


async def complete_visit(event: AppointmentCompleted, call: Call) -> None:
    """Notes when the patient was dismissed."""
    await call.db.run(queries.COMPLETE_VISIT, appointment=event.appointment_id, at=call.occurred_at, now=call.now)


async def reopen_visit(event: AppointmentRestored, call: Call) -> None:
    """The patient is in the chair again, or was never here: then an empty visit goes."""
    if event.previous_state == "done":
        await call.db.run(queries.COMPLETE_VISIT, appointment=event.appointment_id, at=None, now=call.now)
    elif event.previous_state == "arrived":
        await call.db.run(queries.FORGET_VISIT, appointment=event.appointment_id)


async def prepare_agreements(event: ContractProposed, call: Call) -> None:
    """A chosen contract needs an informed consent, and a financial agreement with each party who pays: its own part."""
    for terms in event.parties:
        params = _params(event, terms, call)
        if terms.party_id == event.party_id:
            await _prepare(event, call, "informed_consent", terms.party_id, 1, params)
        await _prepare(event, call, "financial_agreement", terms.party_id, 1, params)


async def prepare_amendment(event: ContractAmended, call: Call) -> None:
    """Whoever will owe more under new terms signs them first."""
    if event.state == "proposed":
        for terms in event.parties:
            params = _params(event, terms, call)
            await _prepare(event, call, "financial_agreement", terms.party_id, event.version, params)


async def _prepare(
    event: ContractProposed | ContractAmended,
    call: Call,
    kind: str,
    party_id: str,
    version: int,
    params: dict[str, Any],
) -> None:
    row = await call.db.first(
        queries.ADD_DOCUMENT, kind=kind, patient_id=event.patient_id, location_id=event.location_id, case_id=event.case_id or None,
        contract_id=event.contract_id, contract_version=version, party_id=party_id, state="preparing",
        template_version=domain.TEMPLATE_VERSION, params=params,
    )  # fmt: skip
    if row is not None:
        call.later("make_document", key=row.id)


def _params(event: ContractProposed | ContractAmended, terms: PartyTerms, call: Call) -> dict[str, Any]:
    """What a document of one party is made from: the fee of all, and its own part."""
    return {
        "total_fee_cents": event.total_fee.amount_cents,
        "insurance_portion_cents": event.insurance_portion.amount_cents,
        "patient_portion_cents": terms.portion.amount_cents,
        "down_payment_cents": terms.down_payment.amount_cents,
        "instalment_count": terms.instalment_count,
        "instalment_cents": terms.instalment.amount_cents,
        "treatment_months": event.treatment_months,
        "at": call.occurred_at.isoformat(),
    }


async def make_document(document_id: str, work: Work) -> None:
    """Makes the PDF of a document: names from the directory, amounts from its parameters; checks who may sign."""
    async with work.begin() as call:
        row = await call.db.first(queries.DOCUMENT, document_id=document_id)
        if row is None or row.state != "preparing":
            return
        contact = (await call.directory.GetContact(GetContactRequest(party_id=row.party_id))).contact
        patient = (await call.directory.GetPatient(GetPatientRequest(patient_id=row.patient_id))).patient
        related = await call.directory.ListResponsibleParties(ListResponsiblePartiesRequest(patient_id=row.patient_id))
    relation = next((found.relationship for found in related.parties if found.party.id == row.party_id), None)
    if relation is None or not domain.may_sign(
        row.kind, may_consent=relation.may_consent, financial=relation.financial
    ):
        async with work.begin() as call:
            await call.db.run(queries.BLOCK, document_id=document_id, reason="NO_AUTHORITY", now=call.now)
        return
    language = contact.language if contact.language in ("en", "es") else "en"
    values = {
        **row.params,
        "date": dt.datetime.fromisoformat(row.params["at"]).astimezone(ZoneInfo(contact.time_zone)).date().isoformat(),
        "patient": f"{patient.first_name} {patient.last_name}",
        "birth_date": patient.birth_date,
        "signer": contact.display_name,
        "location": contact.location_name,
        "group": contact.group_name,
        "phone": words.phone(contact.location_phone),
    }
    title, content = await asyncio.to_thread(pdf.agreement, row.kind, language, values)
    stored = await storage().write(work.tenant_id, "documents", content)
    async with work.begin() as call:
        ready = await call.db.first(
            queries.MAKE_READY, document_id=document_id, relationship=enum_name(RelationshipKind, relation.kind), title=title, language=language, storage_key=stored.key,
            size_bytes=stored.size_bytes, sha256=stored.sha256, now=call.now,
        )  # fmt: skip
        if ready is not None:
            call.publish(
                DocumentPrepared(
                    document_id=ready.id, kind=ready.kind, patient_id=ready.patient_id, location_id=ready.location_id, case_id=ready.case_id or "",
                    contract_id=ready.contract_id or "", party_id=ready.party_id,
                ),
                key=ready.patient_id,
            )  # fmt: skip
