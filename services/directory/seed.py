"""The directory's rows of the demo group."""

from __future__ import annotations

import datetime as dt
import uuid
import zlib
from collections.abc import Iterable
from typing import Any

from argon2 import PasswordHasher

from services.directory import models
from services.directory.credentials.domain import token_hash
from services.directory.credentials.queries import email_hash
from services.directory.patients.domain import search_text
from shared.demo.seed import Rows
from shared.demo.world import PASSWORD, Party, Patient, Staff, World

SLUG = "beacon"


def rows(world: World) -> Rows:
    """The group with its places, staff who can sign in, families, and partners."""
    yield models.Group, [_group(world)]
    yield models.Region, [{"id": id, "name": name} for id, name in world.regions]
    entity_id, entity, tax_id, npi = world.legal_entity
    yield models.LegalEntity, [{"id": entity_id, "name": entity, "tax_id": tax_id, "npi": npi}]
    yield models.Location, [_location(place, entity_id) for place in world.locations]
    yield models.Staff, [_staff(person) for person in world.staff]
    yield models.RoleGrant, [grant for person in world.staff for grant in _grants(person)]
    password_hash = PasswordHasher().hash(PASSWORD)
    yield models.Credential, [{"id": person.id, "password_hash": password_hash} for person in world.staff]
    yield models.CREDENTIAL_INDEX, list(_index(world))
    yield models.Patient, [_patient(patient) for patient in world.patients]
    seen = _locations_of_parties(world)
    yield (
        models.ResponsibleParty,
        [_party(party, sorted(seen[party.id])) for party in world.parties if party.id in seen],
    )
    yield models.Relationship, [tie for patient in world.patients for tie in _relationships(patient)]
    yield models.Alert, [alert for patient in world.patients for alert in _alerts(patient, world.staff[0].id)]
    yield models.Partner, list(_partners(world))


def _derived(id: str, name: str) -> str:
    """A further id beside one of the world's: of the same moment, so that lists stay in the order of time."""
    return id[:24] + uuid.uuid5(uuid.UUID(id), name).hex[:12]


def _group(world: World) -> dict[str, Any]:
    following = max((patient.chart_number for patient in world.patients), default=1000) + 1
    return {"id": world.group_id, "name": world.group_name, "slug": SLUG, "next_chart_number": following}


def _location(place: Any, legal_entity_id: str) -> dict[str, Any]:
    address = {"lines": ["1 Harbor Street"], "city": place.city, "state": place.state, "postal_code": place.postal_code}
    return {
        "id": place.id,
        "name": place.name,
        "region_id": place.region_id,
        "legal_entity_id": legal_entity_id,
        "time_zone": place.time_zone,
        "address": address,
        "phone": "+16175550100",
        "email": f"{place.code.lower()}@beacon.example",
        "npi": place.npi,
        "place_of_service": "11",
    }


def _staff(person: Staff) -> dict[str, Any]:
    return {
        "id": person.id,
        "first_name": person.first,
        "last_name": person.last,
        "title": "DMD, MS" if person.role == "orthodontist" else "",
        "email": person.email,
        "phone": "",
        "is_provider": person.role == "orthodontist",
        "npi": person.npi,
    }


def _grants(person: Staff) -> Iterable[dict[str, Any]]:
    for where in [None] if person.locations == "*" else person.locations:
        yield {
            "id": _derived(person.id, f"{person.role} {where}"),
            "staff_id": person.id,
            "role": person.role,
            "location_id": where,
            "region_id": None,
        }


def _index(world: World) -> Iterable[dict[str, Any]]:
    yield {"kind": "slug", "hash": token_hash(SLUG), "group_id": world.group_id, "id": world.group_id}
    for person in world.staff:
        yield {"kind": "email", "hash": email_hash(person.email), "group_id": world.group_id, "id": person.id}


def _patient(patient: Patient) -> dict[str, Any]:
    registered = dt.datetime.combine(patient.added_on, dt.time(15), dt.UTC)
    return {
        "id": patient.id,
        "chart_number": patient.chart_number,
        "first_name": patient.first,
        "last_name": patient.last,
        "preferred_name": "",
        "birth_date": patient.birth,
        "sex": patient.sex,
        "language": patient.language,
        "email": "",
        "mobile": "",
        "address": _address(patient.parties[0][0]),
        "home_location_id": patient.location.id,
        "location_ids": [patient.location.id],
        "search_text": search_text(patient.first, patient.last),
        "created_at": registered,
        "updated_at": registered,
    }


def _locations_of_parties(world: World) -> dict[str, set[str]]:
    seen: dict[str, set[str]] = {}
    for patient in world.patients:
        for party, _, _ in patient.parties:
            seen.setdefault(party.id, set()).add(patient.location.id)
    return seen


def _party(party: Party, location_ids: list[str]) -> dict[str, Any]:
    return {
        "id": party.id,
        "first_name": party.first,
        "last_name": party.last,
        "birth_date": party.birth,
        "language": party.language,
        "email": party.email,
        "mobile": party.phone,
        "address": _address(party),
        "location_ids": location_ids,
    }


def _address(party: Party) -> dict[str, Any]:
    return {"lines": [party.street], "city": party.city, "state": party.state, "postal_code": party.postal_code}


def _relationships(patient: Patient) -> Iterable[dict[str, Any]]:
    split = len(patient.parties) > 1
    for number, (party, kind, share_bp) in enumerate(patient.parties):
        yield {
            "id": _derived(patient.id, party.id),
            "patient_id": patient.id,
            "party_id": party.id,
            "kind": kind,
            "may_consent": True,
            "clinical_access": True,
            "financial": share_bp > 0,
            "share_bp": share_bp,
            "own_share_only": split,
            "primary_contact": number == 0,
            "court_order": "",
            "location_ids": [patient.location.id],
        }


# Out of a hundred patients, about as many as an office has: the kind, what it says, and how many.
ALERTS = (
    ("allergy", "Latex: use nitrile gloves and latex-free elastics", 3),
    ("allergy", "Nickel: no stainless steel or NiTi wires, ask the doctor", 2),
    ("allergy", "Penicillin", 3),
    ("condition", "Asthma: inhaler within reach", 3),
    ("condition", "Epilepsy: no strobing scanner light", 1),
    ("premedication", "Antibiotic before bands are placed (heart defect)", 1),
    ("financial_hold", "Ask the financial coordinator before new appliances", 2),
    ("contact_restriction", "Text messages only, no calls during school hours", 2),
    ("other", "Interpreter: Portuguese", 1),
)


def _alerts(patient: Patient, raised_by_id: str) -> Iterable[dict[str, Any]]:
    """The alerts that a patient has: the same ones each time, chosen by her id."""
    registered = dt.datetime.combine(patient.added_on, dt.time(15), dt.UTC)
    found = []
    for number, (kind, text, percent) in enumerate(ALERTS):
        if zlib.crc32(f"{patient.id} {number}".encode()) % 100 < percent:
            found.append((kind, text))
    if len(patient.parties) > 1:
        found.append(("custody", "Parents live apart: tell each only of the own share"))
    for kind, text in found:
        yield {
            "id": _derived(patient.id, text),
            "patient_id": patient.id,
            "kind": kind,
            "text": text,
            "raised_by_id": raised_by_id,
            "location_ids": [patient.location.id],
            "created_at": registered,
            "updated_at": registered,
        }


def _partners(world: World) -> Iterable[dict[str, Any]]:
    payers = {plan.payer_id: plan.payer_name for plan in world.plans}
    for kind, named in (
        ("lab", world.labs),
        ("insurer", [(_derived(id, "partner"), name) for id, name in payers.items()]),
    ):
        for id, name in named:
            yield {
                "id": id,
                "kind": kind,
                "name": name,
                "phone": "+18005550100",
                "email": "",
                "website": "",
                "address": {},
                "account_number": "",
                "notes": "",
                "contacts": [{"name": "Account service", "role": "first contact", "phone": "+18005550100"}],
            }
