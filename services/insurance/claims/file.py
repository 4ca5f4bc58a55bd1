"""Brings together what a claim file needs: names and numbers from the directory, codes and rules from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from archwire.common.v1.address_pb2 import Address as AddressMessage
from archwire.directory.v1.directory_pb2 import GetLocationRequest, ListLegalEntitiesRequest
from archwire.directory.v1.patients_pb2 import GetPatientRequest, ListResponsiblePartiesRequest, Sex
from archwire.directory.v1.staff_pb2 import GetStaffRequest, ListStaffRequest

from services.insurance.claims import domain
from services.insurance.eligibility import queries as eligibility
from services.insurance.plans import queries as plans
from services.insurance.x12 import dental_claim as x12
from services.insurance.x12.findings import Malformed
from shared.call import Call
from shared.db import Row
from shared.errors import Conflict
from shared.proto import enum_name

RECEIVER = ("SANDBOX", "Sandbox clearinghouse")  # no clearinghouse is connected yet: every file is a test file


@dataclass(slots=True)
class _Names:
    """What the directory knows about the people and places of one claim."""

    patient: Any
    subscriber: Any
    location: Any
    entity: Any
    doctor: Any


async def write(call: Call, claim: Row, provider_id: str = "", note: str = "") -> x12.Written:
    """Writes a claim as an 837D file; `provider_id` and `note` stand in for what was not saved yet.

    Asks the directory first, so it must come before the first write. Raises Conflict: CLAIM_INCOMPLETE (`missing` lists
    what is), or CLAIM_REFUSED with the rule and the segment when a payer could refuse the file.
    """
    coverage = await eligibility.coverage(call.db, claim.coverage_id)
    names = await _names(call, claim, coverage, provider_id or claim.provider_id or "")
    plan = await plans.plan(call.db, coverage.plan_id)
    code = await plans.procedure_code(call.db, claim.procedure_concept)
    if missing := _missing(names, code):
        raise Conflict("CLAIM_INCOMPLETE", "something that every claim needs is not known", missing=missing)
    location, entity = names.location, names.entity
    sending = x12.Interchange(
        sender_id=entity.tax_id,
        sender_name=entity.name,
        contact_name="Insurance desk",
        contact_phone=location.phone[-10:],
        receiver_id=RECEIVER[0],
        receiver_name=RECEIVER[1],
        control_number=claim.control_number,
        created=call.now.astimezone(ZoneInfo(location.time_zone)),
    )
    try:
        return x12.write_837d(sending, _dental_claim(claim, coverage, plan, code, names, note or claim.note))
    except Malformed as error:
        first = error.findings[0]
        raise Conflict(
            "CLAIM_REFUSED",
            f"segment {first.position}: {first.message}",
            rule=first.code,
            position=first.position,
            segment=first.segment,
            element=first.element,
        ) from None


async def _names(call: Call, claim: Row, coverage: Row, provider_id: str) -> _Names:
    directory = call.directory
    patient = (await directory.GetPatient(GetPatientRequest(patient_id=claim.patient_id))).patient
    subscriber = None
    if coverage.subscriber_party_id:
        asked = ListResponsiblePartiesRequest(patient_id=claim.patient_id)
        related = (await directory.ListResponsibleParties(asked)).parties
        subscriber = next((r.party for r in related if r.party.id == coverage.subscriber_party_id), None)
    location = (await directory.GetLocation(GetLocationRequest(location_id=claim.location_id))).location
    entities = (await directory.ListLegalEntities(ListLegalEntitiesRequest(page_size=200))).legal_entities
    entity = next((e for e in entities if e.id == location.legal_entity_id), None)
    return _Names(patient, subscriber, location, entity, await _doctor(call, claim.location_id, provider_id))


async def _doctor(call: Call, location_id: str, provider_id: str) -> Any:
    """The rendering doctor; unless one is named, the only doctor of the location. Never a guess among several."""
    if provider_id:
        return (await call.directory.GetStaff(GetStaffRequest(staff_id=provider_id))).staff
    found = await call.directory.ListStaff(ListStaffRequest(location_id=location_id, providers_only=True))
    return found.staff[0] if len(found.staff) == 1 else None


def _missing(names: _Names, code: str) -> list[str]:
    location, entity, patient = names.location, names.entity, names.patient
    known = {
        "procedure_code": code,
        "provider": names.doctor,
        "provider.npi": names.doctor and names.doctor.npi,
        "location.legal_entity": entity,
        "legal_entity.tax_id": entity and entity.tax_id,
        "legal_entity.npi": entity and entity.npi,
        "location.address": location.address.lines and location.address.city and location.address.state,
        "location.address.postal_code": len(location.address.postal_code) == 9,
        "location.phone": len(location.phone) >= 10,
        "patient.birth_date": patient.birth_date,
        "patient.address": _home(names),
    }
    return [name for name, value in known.items() if not value]


def _home(names: _Names) -> AddressMessage | None:
    """The patient's address, or the subscriber's: a child without one lives with the subscriber."""
    for person in (names.patient, names.subscriber):
        if person is not None and person.address.lines and person.address.postal_code:
            return person.address
    return None


def _dental_claim(claim: Row, coverage: Row, plan: Row, code: str, names: _Names, note: str) -> x12.DentalClaim:
    patient = x12.Person(
        names.patient.last_name,
        names.patient.first_name,
        _address(_home(names)),
        date.fromisoformat(names.patient.birth_date),
        domain.SEX.get(enum_name(Sex, names.patient.sex), "U"),
    )
    subscriber = names.subscriber and x12.Person(names.subscriber.last_name, names.subscriber.first_name)
    location, entity = names.location, names.entity
    return x12.DentalClaim(
        number=claim.number,
        lines=(x12.Line(code, claim.charge_cents, f"{claim.number}-1"),),
        billing=x12.Organization(entity.name, entity.npi, _address(location.address), entity.tax_id),
        rendering=x12.Doctor(names.doctor.last_name, names.doctor.first_name, names.doctor.npi),
        payer_name=coverage.payer_name,
        payer_code=coverage.payer_code,
        subscriber=subscriber or patient,
        member_id=coverage.member_id,
        patient=patient if subscriber else None,
        relationship=domain.RELATIONSHIP.get(coverage.relationship, "G8"),
        group_number=coverage.group_number or plan.group_number,
        responsibility=domain.RESPONSIBILITY[coverage.priority],
        place_of_service=location.place_of_service or "11",
        assigned=plan.benefits_assigned,
        service_date=claim.service_on,
        placement_date=claim.placement_on,
        months_total=claim.treatment_months,
        months_remaining=claim.remaining_months or None,
        note=note,
        **domain.written_kind(claim.kind),
    )


def _address(message: AddressMessage | None) -> x12.Address:
    if message is None:
        raise AssertionError("checked by _missing")
    return x12.Address(tuple(message.lines), message.city, message.state, message.postal_code)
