"""Patients, and the people responsible for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archwire.directory.v1 import patients_pb2 as pb
from archwire.directory.v1.events_pb2 import PatientRegistered, PatientUpdated

from services.directory.alerts import queries as alerts
from services.directory.patients import domain, queries
from services.directory.patients.domain import Tie
from services.directory.places import queries as places
from services.directory.places.api import address_json
from services.directory.staff import queries as staff
from shared.call import Call
from shared.db import check_version
from shared.errors import Conflict, Invalid, NotFound
from shared.paging import page
from shared.proto import enum_name, from_date, to_proto

DEFAULT_SEARCH_SIZE = 20
RELATED = Conflict("RELATIONSHIP_EXISTS", "this party is related to the patient already", field="party_id")


class Patients:
    """Registration, search and change of patients; contacts."""

    async def RegisterPatient(self, request: pb.RegisterPatientRequest, call: Call) -> pb.RegisterPatientResponse:
        values = await _patient_values(call, request)
        today = await _today(call, request.home_location_id)
        adult = domain.is_adult(values["birth_date"], today)
        people = list(request.parties)
        if not people and adult:
            people = [_self_party(request)]
        ties = domain.first_ties([_tie(person.relationship) for person in people])
        for tie in ties:
            domain.check_tie(tie, patient_adult=adult)
        number = (await call.db.one(queries.NEXT_CHART_NUMBER)).number
        added = await call.db.one(queries.ADD_PATIENT, **values, chart_number=number)
        patient = await queries.patient(call.db, added.id)
        parties = [
            await _add_party(call, patient, person, tie, today) for person, tie in zip(people, ties, strict=True)
        ]
        alike = await call.db.all(
            queries.LOOK_ALIKES, birth_date=values["birth_date"], last_name=request.last_name, but=patient.id
        )
        event = PatientRegistered(patient_id=patient.id, location_id=patient.home_location_id, adult=adult)
        call.publish(event, key=patient.id)
        return pb.RegisterPatientResponse(
            patient=_message(call, patient), parties=parties, possible_duplicate_ids=[row.id for row in alike]
        )

    async def GetPatient(self, request: pb.GetPatientRequest, call: Call) -> pb.GetPatientResponse:
        return pb.GetPatientResponse(patient=_message(call, await queries.patient(call.db, request.patient_id)))

    async def ListPatients(self, request: pb.ListPatientsRequest, call: Call) -> pb.ListPatientsResponse:
        rows, token = await page(
            call.db,
            queries.PATIENTS,
            request,
            key=("id",),
            location_id=request.location_id or None,
            include_archived=request.include_archived,
        )
        return pb.ListPatientsResponse(patients=[_message(call, row) for row in rows], next_page_token=token)

    async def BatchGetPatients(self, request: pb.BatchGetPatientsRequest, call: Call) -> pb.BatchGetPatientsResponse:
        rows = await call.db.all(queries.PATIENTS_BY_ID, patient_ids=list(request.patient_ids))
        return pb.BatchGetPatientsResponse(patients=[_message(call, row) for row in rows])

    async def SearchPatients(self, request: pb.SearchPatientsRequest, call: Call) -> pb.SearchPatientsResponse:
        limits = {
            "location_id": request.location_id or None,
            "page_limit": request.page_size or DEFAULT_SEARCH_SIZE,
        }
        rows: list[Any] = []
        if number := domain.digits(request.query):
            chart_number = int(number) if len(number) < 10 else 0
            rows = await call.db.all(
                queries.BY_NUMBER, chart_number=chart_number, mobile=domain.phone(number), **limits
            )
        elif words := domain.words(request.query):
            rows = await queries.by_name(call.db, words, domain.patterns(request.query), **limits)
            rows = rows or await queries.by_likeness(call.db, words=" ".join(words), **limits)
        return pb.SearchPatientsResponse(patients=[_message(call, row) for row in rows])

    async def UpdatePatient(self, request: pb.UpdatePatientRequest, call: Call) -> pb.UpdatePatientResponse:
        before = await queries.patient_for_update(call.db, request.patient_id)
        check_version(before, request.version)
        values = await _patient_values(call, request)
        await call.db.run(queries.SAVE_PATIENT, **values, patient_id=before.id, active=request.active, now=call.now)
        if set(values["location_ids"]) != set(before.location_ids):
            related = await queries.relationships(call.db, before.id, include_ended=True)
            await call.db.run(queries.SPREAD_RELATIONSHIPS, of_patient=before.id, location_ids=values["location_ids"])
            await call.db.run(alerts.SPREAD_ALERTS, of_patient=before.id, location_ids=values["location_ids"])
            await _widen(call, [row.party_id for row in related], values["location_ids"])
        patient = await queries.patient(call.db, before.id)
        event = PatientUpdated(patient_id=patient.id, location_id=patient.home_location_id, version=patient.version)
        call.publish(event, key=patient.id)
        return pb.UpdatePatientResponse(patient=_message(call, patient))

    # --- responsible parties ---

    async def AddResponsibleParty(
        self, request: pb.AddResponsiblePartyRequest, call: Call
    ) -> pb.AddResponsiblePartyResponse:
        patient = await queries.patient_for_update(call.db, request.patient_id)
        today = domain.local_date(call.now, patient.time_zone)
        tie = await _tie_beside_others(call, patient, request.party.relationship)
        related = await _add_party(call, patient, request.party, tie, today)
        return pb.AddResponsiblePartyResponse(party=related.party, relationship=related.relationship)

    async def UpdateResponsibleParty(
        self, request: pb.UpdateResponsiblePartyRequest, call: Call
    ) -> pb.UpdateResponsiblePartyResponse:
        check_version(await queries.party_for_update(call.db, request.party_id), request.version)
        values = _party_values(request)
        domain.check_party_adult(values["birth_date"], call.now.date())
        row = await call.db.one(queries.SAVE_PARTY, **values, party_id=request.party_id, now=call.now)
        for patient in await call.db.all(queries.PATIENTS_OF_PARTY, party_id=row.id):
            call.audit(patient_id=patient.id, resource="responsible_party", resource_id=row.id)
        return pb.UpdateResponsiblePartyResponse(party=to_proto(pb.ResponsibleParty, row))

    async def ListResponsibleParties(
        self, request: pb.ListResponsiblePartiesRequest, call: Call
    ) -> pb.ListResponsiblePartiesResponse:
        await queries.patient(call.db, request.patient_id)
        ties = await queries.relationships(call.db, request.patient_id, include_ended=request.include_ended)
        people = await queries.parties(call.db, [tie.party_id for tie in ties])
        return pb.ListResponsiblePartiesResponse(parties=[_related(people[tie.party_id], tie) for tie in ties])

    async def AddRelationship(self, request: pb.AddRelationshipRequest, call: Call) -> pb.AddRelationshipResponse:
        patient = await queries.patient_for_update(call.db, request.patient_id)
        party = await queries.party_for_update(call.db, request.party_id)
        tie = await _tie_beside_others(call, patient, request.relationship)
        row = await _add_relationship(call, patient, party.id, tie)
        await _widen(call, [party.id], patient.location_ids)
        return pb.AddRelationshipResponse(relationship=to_proto(pb.Relationship, row))

    async def SetShares(self, request: pb.SetSharesRequest, call: Call) -> pb.SetSharesResponse:
        patient = await queries.patient_for_update(call.db, request.patient_id)
        shares = {share.party_id: share.share_bp for share in request.shares}
        if len(shares) < len(request.shares):
            raise Invalid("PARTY_TWICE", "a party has one share", field="shares")
        domain.check_whole(shares.values())
        ties = {tie.party_id: tie for tie in await queries.relationships(call.db, patient.id)}
        if unknown := shares.keys() - ties.keys():
            raise Invalid(
                "PARTY_NOT_RELATED", "this party is not related to the patient", field="shares", party_id=min(unknown)
            )
        for party_id, tie in ties.items():
            share = shares.get(party_id, 0)
            if share != tie.share_bp or (share and not tie.financial):
                await call.db.run(
                    queries.SET_SHARE,
                    relationship_id=tie.id,
                    share_bp=share,
                    financial=bool(share),
                    now=call.now,
                )
        rows = await queries.relationships(call.db, patient.id)
        return pb.SetSharesResponse(relationships=[to_proto(pb.Relationship, row) for row in rows])

    async def UpdateRelationship(
        self, request: pb.UpdateRelationshipRequest, call: Call
    ) -> pb.UpdateRelationshipResponse:
        before, patient = await queries.relationship_for_update(call.db, request.relationship_id)
        check_version(before, request.version)
        tie = domain.changed_tie(_tie(request.relationship), before.share_bp)
        today = domain.local_date(call.now, patient.time_zone)
        domain.check_tie(tie, patient_adult=domain.is_adult(patient.birth_date, today))
        if tie.primary_contact and not before.primary_contact:
            await call.db.run(queries.NOT_PRIMARY, of_patient=patient.id, now=call.now)
        row = await call.db.one(queries.SAVE_RELATIONSHIP, **vars(tie), relationship_id=before.id, now=call.now)
        return pb.UpdateRelationshipResponse(relationship=to_proto(pb.Relationship, row))

    async def EndRelationship(self, request: pb.EndRelationshipRequest, call: Call) -> pb.EndRelationshipResponse:
        tie, _ = await queries.relationship_for_update(call.db, request.relationship_id)
        check_version(tie, request.version)
        row = await call.db.one(queries.END_RELATIONSHIP, relationship_id=tie.id, now=call.now)
        return pb.EndRelationshipResponse(relationship=to_proto(pb.Relationship, row))

    # --- contact ---

    async def GetContact(self, request: pb.GetContactRequest, call: Call) -> pb.GetContactResponse:
        if request.staff_id:
            return pb.GetContactResponse(contact=await _contact_of_staff(call, request.staff_id))
        if request.party_id:
            return pb.GetContactResponse(contact=await _contact_of_party(call, request.party_id))
        return pb.GetContactResponse(contact=await _contact_of_patient(call, request.patient_id))


# --- requests to values ---


async def _today(call: Call, location_id: str) -> Any:
    location = await places.named_location(call.db, location_id, "home_location_id")
    return domain.local_date(call.now, location.time_zone)


async def _patient_values(call: Call, request: Any) -> dict[str, Any]:
    birth_date = from_date(request.birth_date, "birth_date")
    domain.check_birth_date(birth_date, await _today(call, request.home_location_id))
    location_ids = sorted({request.home_location_id, *request.location_ids})
    if not set(location_ids) <= (await places.time_zones(call.db)).keys():
        raise Invalid("UNKNOWN_LOCATION", "there is no such location", field="location_ids")
    return {
        "first_name": request.first_name.strip(),
        "last_name": request.last_name.strip(),
        "preferred_name": request.preferred_name.strip(),
        "birth_date": birth_date,
        "sex": enum_name(pb.Sex, request.sex),
        "language": request.language or "en",
        "email": request.email,
        "mobile": request.mobile,
        "address": address_json(request.address),
        "home_location_id": request.home_location_id,
        "location_ids": location_ids,
        "search_text": domain.search_text(request.first_name, request.last_name, request.preferred_name),
    }


def _party_values(person: Any) -> dict[str, Any]:
    return {
        "first_name": person.first_name.strip(),
        "last_name": person.last_name.strip(),
        "birth_date": from_date(person.birth_date, "birth_date") if person.birth_date else None,
        "language": person.language or "en",
        "email": person.email,
        "mobile": person.mobile,
        "address": address_json(person.address),
    }


def _tie(given: pb.RelationshipInput) -> Tie:
    return Tie(
        kind=enum_name(pb.RelationshipKind, given.kind),
        may_consent=given.may_consent,
        clinical_access=given.clinical_access,
        financial=given.financial,
        share_bp=given.share_bp,
        own_share_only=given.own_share_only,
        primary_contact=given.primary_contact,
        court_order=given.court_order,
    )


def _self_party(request: pb.RegisterPatientRequest) -> pb.PartyInput:
    """An adult patient without parties answers for herself."""
    return pb.PartyInput(
        first_name=request.first_name,
        last_name=request.last_name,
        relationship=pb.RelationshipInput(
            kind=pb.RELATIONSHIP_KIND_SELF, may_consent=True, clinical_access=True, financial=True, primary_contact=True
        ),
    )


# --- writing ---


async def _tie_beside_others(call: Call, patient: Any, given: pb.RelationshipInput) -> Tie:
    today = domain.local_date(call.now, patient.time_zone)
    others = await queries.relationships(call.db, patient.id)
    tie = domain.added_share(
        _tie(given), [other.share_bp for other in others], others_pay=any(other.financial for other in others)
    )
    domain.check_tie(tie, patient_adult=domain.is_adult(patient.birth_date, today))
    return tie


async def _add_party(call: Call, patient: Any, person: pb.PartyInput, tie: Tie, today: Any) -> pb.RelatedParty:
    values = _party_values(person)
    if tie.kind == "self":
        own = {
            "birth_date": patient.birth_date,
            "language": patient.language,
            "email": patient.email,
            "mobile": patient.mobile,
            "address": patient.address,
        }
        values |= {name: value for name, value in own.items() if not values[name] or not getattr(person, name)}
    domain.check_party_adult(values["birth_date"], today)
    party = await call.db.one(
        queries.ADD_PARTY,
        **values,
        patient_id=patient.id if tie.kind == "self" else None,
        location_ids=patient.location_ids,
    )
    return _related(party, await _add_relationship(call, patient, party.id, tie))


async def _add_relationship(call: Call, patient: Any, party_id: str, tie: Tie) -> Any:
    if tie.primary_contact:
        await call.db.run(queries.NOT_PRIMARY, of_patient=patient.id, now=call.now)
    return await call.db.one(
        queries.ADD_RELATIONSHIP,
        **vars(tie),
        patient_id=patient.id,
        party_id=party_id,
        location_ids=patient.location_ids,
        conflict={"uq_relationship_current": RELATED},
    )


async def _widen(call: Call, party_ids: Iterable[str], location_ids: list[str]) -> None:
    await call.db.run(queries.WIDEN_PARTIES, party_ids=list(party_ids), more=location_ids)


# --- rows to messages ---


def _message(call: Call, row: Any) -> pb.Patient:
    age = domain.age_years(row.birth_date, domain.local_date(call.now, row.time_zone))
    return to_proto(pb.Patient, row, age_years=age, adult=age >= domain.ADULT_YEARS)


def _related(party: Any, tie: Any) -> pb.RelatedParty:
    return pb.RelatedParty(party=to_proto(pb.ResponsibleParty, party), relationship=to_proto(pb.Relationship, tie))


def _person(row: Any, first_name: str) -> dict[str, Any]:
    return {"display_name": f"{row.first_name} {row.last_name}", "first_name": first_name, "email": row.email}


NO_CONTACT = NotFound("CONTACT_NOT_FOUND", "there is nobody to reach")


async def _contact_of_staff(call: Call, staff_id: str) -> pb.Contact:
    row = await staff.staff(call.db, staff_id)
    where = await call.db.all(staff.RESOLVED_GRANTS, staff_id=staff_id, now=call.now)
    place = await call.db.one(
        queries.PLACE_OF_STAFF,
        anywhere=not any(grant.location_id for grant in where),
        ids=[grant.location_id for grant in where if grant.location_id],
        missing=NO_CONTACT,
    )
    return to_proto(pb.Contact, place, **_person(row, row.first_name), staff_id=row.id, mobile=row.phone, language="en")


async def _contact_of_party(call: Call, party_id: str, patient: Any = None) -> pb.Contact:
    party = await queries.party(call.db, party_id)
    patients = [patient] if patient else await call.db.all(queries.PATIENTS_OF_PARTY, party_id=party_id)
    if not patients:
        raise NO_CONTACT
    about = patients[0]
    place = await call.db.one(queries.PLACE, id=about.home_location_id, missing=NO_CONTACT)
    return to_proto(
        pb.Contact,
        place,
        **_person(party, party.first_name),
        party_id=party.id,
        patient_id=about.id if len(patients) == 1 else "",
        mobile=party.mobile,
        language=party.language,
        address=to_proto(pb.ResponsibleParty, party).address,
        patient_first_name=about.preferred_name or about.first_name if len(patients) == 1 else "",
    )


async def _contact_of_patient(call: Call, patient_id: str) -> pb.Contact:
    patient = await queries.patient(call.db, patient_id)
    today = domain.local_date(call.now, patient.time_zone)
    if not domain.is_adult(patient.birth_date, today):
        ties = await queries.relationships(call.db, patient.id)
        if not ties:
            raise NO_CONTACT
        return await _contact_of_party(call, ties[0].party_id, patient)
    place = await call.db.one(queries.PLACE, id=patient.home_location_id, missing=NO_CONTACT)
    own = await queries.relationships(call.db, patient.id)
    return to_proto(
        pb.Contact,
        place,
        **_person(patient, patient.preferred_name or patient.first_name),
        party_id=next((tie.party_id for tie in own if tie.kind == "self"), ""),
        patient_id=patient.id,
        mobile=patient.mobile,
        language=patient.language,
        address=to_proto(pb.Patient, patient).address,
        patient_first_name=patient.preferred_name or patient.first_name,
    )
