"""Statements about patients, responsible parties and what ties them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Integer, Text, any_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.directory.models import ID, Group, Location, Patient, Relationship, ResponsibleParty
from shared.db import Db, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

_PATIENT = select(Patient.__table__, Location.time_zone).join(Location, Location.id == Patient.home_location_id)

_VALUES = {
    name: bindparam(name)
    for name in (
        "first_name",
        "last_name",
        "preferred_name",
        "birth_date",
        "sex",
        "language",
        "email",
        "mobile",
        "address",
        "home_location_id",
        "location_ids",
        "search_text",
    )
}
NEXT_CHART_NUMBER = statement(
    update(Group)
    .values(next_chart_number=Group.next_chart_number + 1)
    .returning((Group.next_chart_number - 1).label("number"))
)
ADD_PATIENT = statement(insert(Patient).values(**_VALUES, chart_number=bindparam("chart_number")).returning(Patient.id))
SAVE_PATIENT = statement(
    update(Patient)
    .where(Patient.id == bindparam("patient_id"))
    .values(**_VALUES, active=bindparam("active"), version=Patient.version + 1, updated_at=bindparam("now"))
)
PATIENT = statement(_PATIENT.where(Patient.id == bindparam("id")))
PATIENT_FOR_UPDATE = statement(_PATIENT.where(Patient.id == bindparam("id")).with_for_update(of=Patient))
# In the order of registration: a page token travels in an address, so it holds no name.
PATIENTS = paged(
    _PATIENT.where(
        or_(
            bindparam("location_id", type_=ID).is_(None),
            bindparam("location_id", type_=ID) == any_(Patient.location_ids),
        ),
        or_(bindparam("include_archived", type_=Boolean), Patient.active),
    ),
    Patient.id,
)
PATIENTS_BY_ID = statement(
    _PATIENT.where(Patient.id == any_(bindparam("patient_ids", type_=ARRAY(ID)))).order_by(Patient.id)
)
LOOK_ALIKES = statement(
    select(Patient.id)
    .where(
        Patient.birth_date == bindparam("birth_date"),
        func.lower(Patient.last_name) == func.lower(bindparam("last_name")),
        Patient.id != bindparam("but"),
    )
    .order_by(Patient.id)
    .limit(10)
)

# --- search: names by the beginnings of words, then misspelt ones by trigrams; numbers exactly -----------------------

_HERE = or_(
    bindparam("location_id", type_=ID).is_(None), bindparam("location_id", type_=ID) == any_(Patient.location_ids)
)
_LIMIT = bindparam("page_limit", type_=Integer)
# LIKE is not leakproof, so that beneath row-level security it cannot use the index; likeness by trigrams is and can. A
# word is like every word that it begins: all but one of its trigrams, of which two letters have three.
BY_NAME = statement(
    _PATIENT.where(
        Patient.active,
        _HERE,
        bindparam("longest", type_=Text).op("<%")(Patient.search_text),
        Patient.search_text.like(bindparam("pattern_1")),
        Patient.search_text.like(bindparam("pattern_2")),
        Patient.search_text.like(bindparam("pattern_3")),
    )
    .order_by(Patient.last_name, Patient.first_name, Patient.id)
    .limit(_LIMIT)
)
# 0.6 is PostgreSQL's own; it misses two letters wrong in two words, and what begins with one letter.
LIKENESS = statement(select(func.set_config("pg_trgm.word_similarity_threshold", "0.4", True)))
_LIKENESS = func.word_similarity(bindparam("words", type_=Text), Patient.search_text)
BY_LIKENESS = statement(
    _PATIENT.where(Patient.active, _HERE, bindparam("words", type_=Text).op("<%")(Patient.search_text))
    .order_by(_LIKENESS.desc(), Patient.last_name, Patient.first_name, Patient.id)
    .limit(_LIMIT)
)
_WITH_PHONE = (
    select(Relationship.patient_id)
    .join(ResponsibleParty, ResponsibleParty.id == Relationship.party_id)
    .where(ResponsibleParty.mobile == bindparam("mobile"), Relationship.end_time.is_(None))
)
BY_NUMBER = statement(
    _PATIENT.where(
        Patient.active,
        _HERE,
        Patient.id.in_(
            select(Patient.id)
            .where(Patient.chart_number == bindparam("chart_number"))
            .union_all(select(Patient.id).where(Patient.mobile == bindparam("mobile")), _WITH_PHONE)
        ),
    )
    .order_by(Patient.last_name, Patient.first_name, Patient.id)
    .limit(_LIMIT)
)

# --- responsible parties ------------------------------------------------------------------------------------------

_PARTY_VALUES = {
    name: bindparam(name)
    for name in ("first_name", "last_name", "birth_date", "language", "email", "mobile", "address")
}
ADD_PARTY = statement(
    insert(ResponsibleParty)
    .values(**_PARTY_VALUES, patient_id=bindparam("patient_id"), location_ids=bindparam("location_ids"))
    .returning(ResponsibleParty.__table__)
)
SAVE_PARTY = statement(
    update(ResponsibleParty)
    .where(ResponsibleParty.id == bindparam("party_id"))
    .values(**_PARTY_VALUES, version=ResponsibleParty.version + 1, updated_at=bindparam("now"))
    .returning(ResponsibleParty.__table__)
)
PARTY = statement(select(ResponsibleParty.__table__).where(ResponsibleParty.id == bindparam("id")))
PARTY_FOR_UPDATE = statement(
    select(ResponsibleParty.__table__).where(ResponsibleParty.id == bindparam("id")).with_for_update()
)
PARTIES = statement(
    select(ResponsibleParty.__table__).where(ResponsibleParty.id == any_(bindparam("ids", type_=ARRAY(ID))))
)

# --- relationships ------------------------------------------------------------------------------------------------

_TIE = (
    "kind",
    "may_consent",
    "clinical_access",
    "financial",
    "share_bp",
    "own_share_only",
    "primary_contact",
    "court_order",
)
ADD_RELATIONSHIP = statement(
    insert(Relationship)
    .values(
        **{name: bindparam(name) for name in _TIE},
        patient_id=bindparam("patient_id"),
        party_id=bindparam("party_id"),
        location_ids=bindparam("location_ids"),
    )
    .returning(Relationship.__table__)
)
SAVE_RELATIONSHIP = statement(
    update(Relationship)
    .where(Relationship.id == bindparam("relationship_id"))
    .values(**{name: bindparam(name) for name in _TIE}, version=Relationship.version + 1, updated_at=bindparam("now"))
    .returning(Relationship.__table__)
)
RELATIONSHIP = statement(select(Relationship.__table__).where(Relationship.id == bindparam("id")))
RELATIONSHIPS = statement(
    select(Relationship.__table__)
    .where(
        Relationship.patient_id == bindparam("patient_id"),
        or_(bindparam("include_ended", type_=Boolean), Relationship.end_time.is_(None)),
    )
    .order_by(Relationship.primary_contact.desc(), Relationship.id)
)
NOT_PRIMARY = statement(
    update(Relationship)
    .where(
        Relationship.patient_id == bindparam("of_patient"),
        Relationship.primary_contact,
        Relationship.end_time.is_(None),
    )
    .values(primary_contact=False, version=Relationship.version + 1, updated_at=bindparam("now"))
)
SET_SHARE = statement(
    update(Relationship)
    .where(Relationship.id == bindparam("relationship_id"))
    .values(
        share_bp=bindparam("share_bp"),
        financial=bindparam("financial"),
        version=Relationship.version + 1,
        updated_at=bindparam("now"),
    )
)
END_RELATIONSHIP = statement(
    update(Relationship)
    .where(Relationship.id == bindparam("relationship_id"))
    .values(end_time=bindparam("now"), version=Relationship.version + 1, updated_at=bindparam("now"))
    .returning(Relationship.__table__)
)
SPREAD_RELATIONSHIPS = statement(
    update(Relationship)
    .where(Relationship.patient_id == bindparam("of_patient"))
    .values(location_ids=bindparam("location_ids"))
)
_seen = func.unnest(
    func.array_cat(ResponsibleParty.location_ids, bindparam("more", type_=ARRAY(ID)), type_=ARRAY(ID))
).column_valued("seen")
# A party is seen from every location of the patients whom it answers for, or answered for.
WIDEN_PARTIES = statement(
    update(ResponsibleParty)
    .where(ResponsibleParty.id == any_(bindparam("party_ids", type_=ARRAY(ID))))
    .values(location_ids=func.array(select(_seen).distinct().scalar_subquery(), type_=ARRAY(ID)))
)
PATIENTS_OF_PARTY = statement(
    select(Patient.id, Patient.first_name, Patient.preferred_name, Patient.home_location_id)
    .join(Relationship, Relationship.patient_id == Patient.id)
    .where(Relationship.party_id == bindparam("party_id"))
    .order_by(Relationship.end_time.is_not(None), Relationship.id)
)
_PLACE = select(
    Location.id.label("location_id"),
    Location.name.label("location_name"),
    Location.phone.label("location_phone"),
    Location.time_zone,
    select(Group.name).scalar_subquery().label("group_name"),
)
PLACE = statement(_PLACE.where(Location.id == bindparam("id")))
PLACE_OF_STAFF = statement(  # any of them: a time zone is needed even by who works everywhere
    _PLACE.where(or_(bindparam("anywhere", type_=Boolean), Location.id == any_(bindparam("ids", type_=ARRAY(ID)))))
    .order_by(Location.name)
    .limit(1)
)


async def patient(db: Db, id: str) -> Any:
    """The patient with the home location's time zone, or NotFound."""
    return await db.one(PATIENT, id=id, missing=NotFound("PATIENT_NOT_FOUND", "there is no such patient"))


async def patient_for_update(db: Db, id: str) -> Any:
    """The patient, locked until commit, or NotFound."""
    return await db.one(PATIENT_FOR_UPDATE, id=id, missing=NotFound("PATIENT_NOT_FOUND", "there is no such patient"))


async def party(db: Db, id: str) -> Any:
    """The responsible party, or NotFound."""
    return await db.one(PARTY, id=id, missing=NotFound("PARTY_NOT_FOUND", "there is no such responsible party"))


async def party_for_update(db: Db, id: str) -> Any:
    """The responsible party, locked until commit, or NotFound."""
    return await db.one(
        PARTY_FOR_UPDATE, id=id, missing=NotFound("PARTY_NOT_FOUND", "there is no such responsible party")
    )


async def relationships(db: Db, patient_id: str, *, include_ended: bool = False) -> list[Any]:
    """The relationships of a patient, primary contact first."""
    return await db.all(RELATIONSHIPS, patient_id=patient_id, include_ended=include_ended)


async def answers_for(db: Db, party_id: str, patient_id: str) -> bool:
    """True if the party answers for the patient today."""
    return any(tie.party_id == party_id for tie in await relationships(db, patient_id))


async def relationship_for_update(db: Db, id: str) -> tuple[Any, Any]:
    """The relationship and its patient, who is locked until commit; or NotFound, or ALREADY_ENDED."""
    missing = NotFound("RELATIONSHIP_NOT_FOUND", "there is no such relationship")
    found = await db.one(RELATIONSHIP, id=id, missing=missing)
    locked = await patient_for_update(db, found.patient_id)
    tie = await db.one(RELATIONSHIP, id=id, missing=missing)
    if tie.end_time is not None:
        raise Conflict("ALREADY_ENDED", "this relationship has ended")
    return tie, locked


async def parties(db: Db, ids: Sequence[str]) -> dict[str, Any]:
    """Responsible parties by id."""
    return {row.id: row for row in await db.all(PARTIES, ids=list(ids))}


async def by_name(db: Db, words: Sequence[str], patterns: Sequence[str], **search: Any) -> list[Any]:
    """Patients with a word in their names that begins with each pattern's, by name."""
    longest = max(words, key=len)
    if len(longest) == 1:
        await db.first(LIKENESS)
    first, second, third = patterns
    return await db.all(BY_NAME, longest=longest, pattern_1=first, pattern_2=second, pattern_3=third, **search)


async def by_likeness(db: Db, **search: Any) -> list[Any]:
    """Patients whose names are spelt much like `words`, most alike first."""
    await db.first(LIKENESS)
    return await db.all(BY_LIKENESS, **search)
