"""Methods of leads."""

from __future__ import annotations

import uuid
from typing import Any

from archwire.coordination.v1 import coordination_pb2 as pb
from archwire.coordination.v1.events_pb2 import LeadCreated, LeadRegistered, LeadSaved
from archwire.directory.v1.patients_pb2 import RegisterPatientRequest

from services.coordination.cases import moves
from services.coordination.cases.api import case_message
from services.coordination.domain import calendar_day
from services.coordination.leads import domain, queries
from services.coordination.queries import time_zone
from shared.call import Call
from shared.db import Row, check_version
from shared.paging import page
from shared.proto import enum_name, to_proto, to_protos


def lead_message(row: Row) -> pb.Lead:
    """A row as the API shows it."""
    return to_proto(pb.Lead, row, contact=pb.LeadContact)


def contact_columns(contact: pb.LeadContact) -> dict[str, Any]:
    """The columns of what the family told."""
    born = contact.patient_birth_date
    return {
        "first_name": contact.first_name.strip(),
        "last_name": contact.last_name.strip(),
        "phone": contact.phone,
        "email": contact.email,
        "phone_key": domain.phone_key(contact.phone),
        "email_key": domain.email_key(contact.email),
        "patient_first_name": contact.patient_first_name.strip(),
        "patient_birth_date": calendar_day(born, "contact.patient_birth_date") if born else None,
        "language": contact.language,
        "note": contact.note,
    }


def publish_lead(call: Call, row: Row) -> None:
    """Tells others that a lead has changed."""
    call.publish(LeadSaved(lead_id=row.id, location_id=row.location_id, state=row.state), key=call.actor.tenant_id)


class Leads:
    """Enquiries, until each is a patient with a case or lost for a stated reason."""

    async def CreateLead(self, request: pb.CreateLeadRequest, call: Call) -> pb.CreateLeadResponse:
        due = request.next_step_due
        new = {
            **contact_columns(request.contact),
            "location_id": request.location_id,
            "source": enum_name(pb.LeadSource, request.source),
            "source_detail": request.source_detail,
            "partner_id": request.partner_id or None,
            "owner_id": await moves.owner_at(request.location_id, request.owner_id, call),
            "next_step": request.next_step or domain.FIRST_STEP,
            "next_step_due": calendar_day(due, "next_step_due") if due else None,  # today
            "now": call.now,
        }
        row = await call.db.first(queries.ADD_LEAD, **new, time_zone=None)
        if row is None:  # the location has not been heard of yet
            zone = await time_zone(call, request.location_id)
            row = await call.db.one(queries.ADD_LEAD, **new, time_zone=zone)
        event = LeadCreated(lead_id=row.id, location_id=row.location_id, source=row.source)
        call.publish(event, key=call.actor.tenant_id)
        return pb.CreateLeadResponse(lead=lead_message(row), possible_duplicate_ids=row.duplicate_ids)

    async def GetLead(self, request: pb.GetLeadRequest, call: Call) -> pb.GetLeadResponse:
        row = await queries.lead(call.db, request.lead_id)
        return pb.GetLeadResponse(lead=lead_message(row), possible_duplicate_ids=row.duplicate_ids)

    async def ListLeads(self, request: pb.ListLeadsRequest, call: Call) -> pb.ListLeadsResponse:
        state = enum_name(pb.LeadState, request.state)
        rows, next_page_token = await page(
            call.db,
            queries.LEADS,
            request,
            key=("next_step_due", "id"),
            states=[state] if state else list(domain.OPEN),
            location_id=request.location_id or None,
            owner_id=request.owner_id or None,
        )
        return pb.ListLeadsResponse(
            leads=to_protos(pb.Lead, rows, contact=pb.LeadContact), next_page_token=next_page_token
        )

    async def UpdateLead(self, request: pb.UpdateLeadRequest, call: Call) -> pb.UpdateLeadResponse:
        row = await queries.lead_for_update(call.db, request.lead_id)
        check_version(row, request.version)
        domain.require_open(row.state)
        kept = {name: row[name] for name in queries.CONTACT}
        row = await call.db.one(
            queries.UPDATE_LEAD,
            **(contact_columns(request.contact) if request.HasField("contact") else kept),
            lead_id=row.id,
            state=domain.move(row.state, "contact") if request.contacted else row.state,
            contacted_at=row.contacted_at or (call.now if request.contacted else None),
            owner_id=request.owner_id,
            blocker=enum_name(pb.Blocker, request.blocker),
            next_step=request.next_step,
            next_step_due=calendar_day(request.next_step_due, "next_step_due"),
            now=call.now,
        )
        publish_lead(call, row)
        return pb.UpdateLeadResponse(lead=lead_message(row))

    async def CloseLead(self, request: pb.CloseLeadRequest, call: Call) -> pb.CloseLeadResponse:
        row = await queries.lead_for_update(call.db, request.lead_id)
        check_version(row, request.version)
        domain.move(row.state, "close")
        reason = enum_name(pb.LostReason, request.reason)
        row = await call.db.one(queries.CLOSE_LEAD, lead_id=row.id, reason=reason, now=call.now)
        publish_lead(call, row)
        return pb.CloseLeadResponse(lead=lead_message(row))

    async def RegisterLead(self, request: pb.RegisterLeadRequest, call: Call) -> pb.RegisterLeadResponse:
        lead = await queries.lead_for_update(call.db, request.lead_id)
        check_version(lead, request.version)
        domain.move(lead.state, "register")
        registered = await call.directory.RegisterPatient(registration(request, lead))
        patient_id = registered.patient.id
        case = await moves.open_case(
            call,
            patient_id=patient_id,
            location_id=lead.location_id,
            owner_id=request.owner_id or lead.owner_id,
            lead_id=lead.id,
            source=lead.source,
        )
        lead = await call.db.one(
            queries.REGISTER_LEAD, lead_id=lead.id, to_patient_id=patient_id, to_case_id=case.id, now=call.now
        )
        event = LeadRegistered(
            lead_id=lead.id, case_id=case.id, patient_id=patient_id, location_id=lead.location_id, source=lead.source
        )
        call.publish(event, key=patient_id)
        return pb.RegisterLeadResponse(
            lead=lead_message(lead),
            case=case_message(case),
            party_ids=[related.party.id for related in registered.parties],
            possible_duplicate_ids=registered.possible_duplicate_ids,
        )


def registration(request: pb.RegisterLeadRequest, lead: Row) -> RegisterPatientRequest:
    """What the directory is asked; its request id follows from ours, so that a retry finds the same patient."""
    return RegisterPatientRequest(
        request_id=str(uuid.uuid5(uuid.UUID(request.request_id), "RegisterPatient")),
        home_location_id=lead.location_id,
        first_name=request.first_name,
        last_name=request.last_name,
        birth_date=request.birth_date,
        sex=request.sex,
        language=lead.language if lead.language in ("en", "es") else "",
        email=request.email,
        mobile=request.mobile,
        parties=request.parties,
    )
