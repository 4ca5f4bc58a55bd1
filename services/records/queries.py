"""Every SQL statement of the clinical record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.records.models import Document, Image, Note, Rendition, Signature, Visit
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

ID = Uuid(as_uuid=False)
NO_IMAGE = NotFound("IMAGE_NOT_FOUND", "there is no such image")
NO_SIZE = NotFound("SIZE_NOT_MADE", "the image does not have this size", field="size")
NO_DOCUMENT = NotFound("DOCUMENT_NOT_FOUND", "there is no such document")
NO_NOTE = NotFound("NOTE_NOT_FOUND", "there is no such note")
NO_VISIT = NotFound("VISIT_NOT_FOUND", "there is no such visit")


def _values(*names: str) -> dict[str, Any]:
    return {name: bindparam(name) for name in names}


# --- visits ---

OPEN_VISIT = statement(
    insert(Visit)
    .values(_values("appointment_id", "patient_id", "location_id", "case_id", "provider_id", "type_code", "arrived_at"))
    .on_conflict_do_nothing()
    .returning(Visit.__table__)
)
COMPLETE_VISIT = statement(
    update(Visit)
    .where(Visit.appointment_id == bindparam("appointment"))
    .values(completed_at=bindparam("at"), updated_at=bindparam("now"), version=Visit.version + 1)
)
FORGET_VISIT = statement(
    delete(Visit).where(
        Visit.appointment_id == bindparam("appointment"), ~select(Note.id).where(Note.visit_id == Visit.id).exists()
    )
)
VISIT = statement(select(Visit.patient_id).where(Visit.id == bindparam("id")))
VISITS = paged(
    select(Visit.__table__).where(Visit.patient_id == bindparam("patient_id")),
    Visit.arrived_at,
    Visit.id,
    descending=True,
)

# --- notes ---

ADD_NOTE = statement(
    insert(Note)
    .values(_values("patient_id", "location_id", "visit_id", "author_id", "text", "addendum_to_id"))
    .returning(Note.__table__)
)
NOTE = statement(select(Note.patient_id).where(Note.id == bindparam("id")))
NOTE_FOR_UPDATE = statement(select(Note.__table__).where(Note.id == bindparam("note_id")).with_for_update())
CHANGE_NOTE = statement(
    update(Note)
    .where(Note.id == bindparam("note_id"))
    .values(text=bindparam("text"), updated_at=bindparam("now"), version=Note.version + 1)
    .returning(Note.__table__)
)
SIGN_NOTE = statement(
    update(Note)
    .where(Note.id == bindparam("note_id"))
    .values(
        signed_by_id=bindparam("signer"),
        signed_at=bindparam("now"),
        updated_at=bindparam("now_again"),
        version=Note.version + 1,
    )
    .returning(Note.__table__)
)
NOTES = paged(
    select(Note.__table__).where(Note.patient_id == bindparam("patient_id")), Note.created_at, Note.id, descending=True
)


UNSIGNED_NOTES = paged(
    select(Note.__table__).where(
        Note.signed_at.is_(None),
        or_(bindparam("location_id", type_=ID).is_(None), Note.location_id == bindparam("location_id", type_=ID)),
    ),
    Note.created_at,
    Note.id,
)


async def note_for_update(db: Db, note_id: str) -> Row:
    return await db.one(NOTE_FOR_UPDATE, missing=NO_NOTE, note_id=note_id)


# --- images ---

_IMAGE = (
    "patient_id", "location_id", "case_id", "view", "stage", "format", "taken_at", "width", "height", "triangle_count", "modality",
    "storage_key", "size_bytes", "sha256", "added_by_id", "created_at", "sizes", "frame",
)  # fmt: skip
ADD_IMAGE = statement(insert(Image).values(_values(*_IMAGE)).returning(Image.__table__))
ADD_RENDITION = statement(
    insert(Rendition).values(
        _values("image_id", "location_id", "size", "content_type", "storage_key", "size_bytes", "sha256")
    )
)
RENDITION = statement(
    select(Rendition.__table__).where(Rendition.image_id == bindparam("image_id"), Rendition.size == bindparam("size"))
)
IMAGE = statement(select(Image.__table__).where(Image.id == bindparam("image_id")))
IMAGES = paged(
    select(Image.__table__).where(
        Image.patient_id == bindparam("patient_id"),
        or_(bindparam("stage", type_=Text).is_(None), Image.stage == bindparam("stage", type_=Text)),
    ),
    Image.created_at,
    Image.id,
    descending=True,
)
# The views of a stage are few: locking the patient's gate keeps "complete" from being said twice.
LOCK_GATE = statement(select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("gate", type_=Text), 0))))
NEWEST_OF_STAGE = statement(
    select(Image.view, Image.id)
    .where(Image.patient_id == bindparam("patient_id"), Image.stage == bindparam("stage"))
    .ext(distinct_on(Image.view))
    .order_by(Image.view, Image.created_at.desc())
)


async def image(db: Db, image_id: str) -> Row:
    return await db.one(IMAGE, missing=NO_IMAGE, image_id=image_id)


async def newest_of_stage(db: Db, patient_id: str, stage: str) -> dict[str, str]:
    """View to the id of its newest image."""
    return {row.view: row.id for row in await db.all(NEWEST_OF_STAGE, patient_id=patient_id, stage=stage)}


# --- documents ---

ADD_DOCUMENT = statement(
    insert(Document)
    .values(
        _values(
            "kind",
            "patient_id",
            "location_id",
            "case_id",
            "contract_id",
            "contract_version",
            "party_id",
            "state",
            "template_version",
            "params",
        )
    )
    .on_conflict_do_nothing()
    .returning(Document.__table__)
)
DOCUMENT = statement(select(Document.__table__).where(Document.id == bindparam("document_id")))
DOCUMENT_FOR_UPDATE = statement(
    select(Document.__table__).where(Document.id == bindparam("document_id")).with_for_update()
)
DOCUMENTS = paged(
    select(Document.__table__).where(Document.patient_id == bindparam("patient_id")),
    Document.created_at,
    Document.id,
    descending=True,
)
SHARED_DOCUMENTS = paged(
    select(Document.__table__).where(
        Document.patient_id == bindparam("patient_id"),
        Document.party_id == bindparam("party_id"),
        Document.state != "void",
    ),
    Document.created_at,
    Document.id,
)
MAKE_READY = statement(
    update(Document)
    .where(Document.id == bindparam("document_id"), Document.state == "preparing")
    .values(
        state="ready", title=bindparam("title"), language=bindparam("language"), relationship=bindparam("relationship"),
        storage_key=bindparam("storage_key"), size_bytes=bindparam("size_bytes"), sha256=bindparam("sha256"),
        updated_at=bindparam("now"), version=Document.version + 1,
    )
    .returning(Document.__table__)
)  # fmt: skip
BLOCK = statement(
    update(Document)
    .where(Document.id == bindparam("document_id"), Document.state == "preparing")
    .values(
        state="blocked", block_reason=bindparam("reason"), updated_at=bindparam("now"), version=Document.version + 1
    )
)
MARK_SIGNED = statement(
    update(Document)
    .where(Document.id == bindparam("document_id"))
    .values(state="signed", updated_at=bindparam("now"), version=Document.version + 1)
    .returning(Document.__table__)
)
VOID = statement(
    update(Document)
    .where(Document.id == bindparam("document_id"))
    .values(state="void", updated_at=bindparam("now"), version=Document.version + 1)
    .returning(Document.__table__)
)
_SIGNATURE = (
    "document_id", "patient_id", "location_id", "party_id", "relationship", "signer_name", "method", "sha256", "disclosure_version",
    "witness_id", "session_id", "ip", "signed_at",
)  # fmt: skip
ADD_SIGNATURE = statement(insert(Signature).values(_values(*_SIGNATURE)))
SIGNATURES = statement(
    select(Signature.__table__).where(Signature.document_id == bindparam("document_id")).order_by(Signature.signed_at)
)


async def document(db: Db, document_id: str, *, lock: bool = False) -> Row:
    return await db.one(DOCUMENT_FOR_UPDATE if lock else DOCUMENT, missing=NO_DOCUMENT, document_id=document_id)


# --- what charts lack ---

_OF_PATIENTS = any_(bindparam("patient_ids", type_=ARRAY(ID)))
VIEWS_PRESENT = statement(
    select(Image.patient_id, func.count(func.distinct(Image.view)).label("views"))
    .where(
        Image.patient_id == _OF_PATIENTS,
        Image.stage == "initial",
        Image.view == any_(bindparam("views", type_=ARRAY(Text))),
    )
    .group_by(Image.patient_id)
)
DOCUMENTS_STAND = statement(
    select(
        Document.patient_id,
        func.count().filter(Document.state == "ready").label("to_sign"),
        func.bool_or((Document.kind == "health_history") & (Document.state == "signed")).label("health_history"),
    )
    .where(Document.patient_id == _OF_PATIENTS)
    .group_by(Document.patient_id)
)
