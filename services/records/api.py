"""Methods of RecordsService."""

from __future__ import annotations

import asyncio
from typing import Any

from archwire.directory.v1.patients_pb2 import GetPatientRequest, ListResponsiblePartiesRequest
from archwire.records.v1 import records_pb2 as pb
from archwire.records.v1.events_pb2 import DocumentSigned, ImageAdded, RecordsCompleted
from archwire.records.v1.records_pb2_grpc import RecordsServiceServicer

from services.records import domain, queries
from services.records.media import files, renditions
from services.records.readiness import Readiness
from shared.call import Call
from shared.db import check_version
from shared.errors import Conflict, Invalid, NotFound
from shared.paging import page
from shared.proto import enum_name, enum_value, from_timestamp, timestamp, to_proto
from shared.storage import storage

CONTENT_TYPES = {
    "jpeg": "image/jpeg",
    "dicom": "application/dicom",
    "stl": "model/stl",
    "ply": "application/octet-stream",
}


class Records(Readiness, RecordsServiceServicer):
    """The clinical record of patients."""

    # --- visits and notes ---

    async def ListVisits(self, request: pb.ListVisitsRequest, call: Call) -> pb.ListVisitsResponse:
        rows, token = await page(
            call.db, queries.VISITS, request, key=("arrived_at", "id"), patient_id=request.patient_id
        )
        return pb.ListVisitsResponse(visits=[_visit(row) for row in rows], next_page_token=token)

    async def SaveNote(self, request: pb.SaveNoteRequest, call: Call) -> pb.SaveNoteResponse:
        if not request.note_id:
            await _own_chart(call, request)
            row = await call.db.one(
                queries.ADD_NOTE, patient_id=request.patient_id, location_id=request.location_id, visit_id=request.visit_id or None,
                author_id=call.actor.user_id, text=request.text, addendum_to_id=request.addendum_to_id or None,
            )  # fmt: skip
            return pb.SaveNoteResponse(note=_note(row))
        note = await queries.note_for_update(call.db, request.note_id)
        check_version(note, request.version)
        if note.signed_at is not None:
            raise Conflict("NOTE_SIGNED", "a signed note is only added to: write an addendum", field="addendum_to_id")
        return pb.SaveNoteResponse(
            note=_note(await call.db.one(queries.CHANGE_NOTE, note_id=note.id, text=request.text, now=call.now))
        )

    async def SignNote(self, request: pb.SignNoteRequest, call: Call) -> pb.SignNoteResponse:
        note = await queries.note_for_update(call.db, request.note_id)
        check_version(note, request.version)
        if note.signed_at is not None:
            raise Conflict("NOTE_SIGNED", "the note is signed already")
        row = await call.db.one(
            queries.SIGN_NOTE, note_id=note.id, signer=call.actor.user_id, now=call.now, now_again=call.now
        )
        return pb.SignNoteResponse(note=_note(row))

    async def ListNotes(self, request: pb.ListNotesRequest, call: Call) -> pb.ListNotesResponse:
        rows, token = await page(
            call.db, queries.NOTES, request, key=("created_at", "id"), patient_id=request.patient_id
        )
        return pb.ListNotesResponse(notes=[_note(row) for row in rows], next_page_token=token)

    # --- images ---

    async def AddImage(self, request: pb.AddImageRequest, call: Call) -> pb.AddImageResponse:
        view, stage = enum_name(pb.View, request.view), enum_name(pb.Stage, request.stage)
        await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))
        upload = f"{call.actor.tenant_id}/uploads/{request.upload_id}"
        try:
            content = await storage().read(upload)
        except NotFound:
            raise NotFound("UPLOAD_NOT_FOUND", "there is no such upload", field="upload_id") from None
        unit = enum_name(pb.LengthUnit, request.mesh_unit)
        try:
            checked = await asyncio.to_thread(files.check, content, accepted=domain.FORMATS[view], mesh_unit=unit)
            smaller, frame = await asyncio.to_thread(renditions.make, checked)
        except files.BadFile as error:
            raise Invalid(error.reason, str(error), field="upload_id") from None
        stored = await storage().write(call.actor.tenant_id, "images", checked.content)
        kept = {
            size: (made, await storage().write(call.actor.tenant_id, "images", made.content))
            for size, made in smaller.items()
        }
        await call.db.one(queries.LOCK_GATE, gate=f"{request.patient_id} {stage}")
        before = await queries.newest_of_stage(call.db, request.patient_id, stage)
        row = await call.db.one(
            queries.ADD_IMAGE, patient_id=request.patient_id, location_id=request.location_id, case_id=request.case_id or None, view=view,
            stage=stage, format=checked.format, taken_at=from_timestamp(request.take_time) if request.HasField("take_time") else call.now,
            width=checked.width, height=checked.height, triangle_count=checked.triangle_count, modality=checked.modality,
            storage_key=stored.key, size_bytes=stored.size_bytes, sha256=stored.sha256, added_by_id=call.actor.user_id, created_at=call.now,
            sizes=list(kept), frame=frame,
        )  # fmt: skip
        await call.db.run_many(
            queries.ADD_RENDITION,
            [
                {
                    "image_id": row.id,
                    "location_id": row.location_id,
                    "size": size,
                    "content_type": made.content_type,
                    "storage_key": file.key,
                    "size_bytes": file.size_bytes,
                    "sha256": file.sha256,
                }
                for size, (made, file) in kept.items()
            ],
        )
        about = {
            "patient_id": row.patient_id,
            "location_id": row.location_id,
            "case_id": row.case_id or "",
            "stage": stage,
        }
        call.publish(ImageAdded(image_id=row.id, view=view, **about), key=row.patient_id)
        if domain.missing(stage, before.keys()) and not domain.missing(stage, {*before, view}):
            call.publish(RecordsCompleted(**about), key=row.patient_id)
        return pb.AddImageResponse(image=_image(row))

    async def ListImages(self, request: pb.ListImagesRequest, call: Call) -> pb.ListImagesResponse:
        stage = enum_name(pb.Stage, request.stage) or None
        rows, token = await page(
            call.db, queries.IMAGES, request, key=("created_at", "id"), patient_id=request.patient_id, stage=stage
        )
        return pb.ListImagesResponse(images=[_image(row) for row in rows], next_page_token=token)

    async def GetImage(self, request: pb.GetImageRequest, call: Call) -> pb.GetImageResponse:
        return pb.GetImageResponse(image=_image(await queries.image(call.db, request.image_id)))

    async def GetImageContent(self, request: pb.GetImageContentRequest, call: Call) -> pb.GetImageContentResponse:
        row = await queries.image(call.db, request.image_id)
        file, content_type, name = row, CONTENT_TYPES[row.format], f"{row.view}.{row.format}"
        if size := enum_name(pb.ImageSize, request.size):
            file = await call.db.one(queries.RENDITION, missing=queries.NO_SIZE, image_id=row.id, size=size)
            content_type, name = file.content_type, f"{row.view}-{size}"
        return pb.GetImageContentResponse(
            storage_key=file.storage_key,
            content_type=content_type,
            file_name=name,
            patient_id=row.patient_id,
            sha256=file.sha256,
        )

    async def GetRecordsGate(self, request: pb.GetRecordsGateRequest, call: Call) -> pb.GetRecordsGateResponse:
        stage = enum_name(pb.Stage, request.stage)
        found = await queries.newest_of_stage(call.db, request.patient_id, stage)
        items = [
            pb.GateItem(view=enum_value(pb.View, view), present=view in found, image_id=found.get(view, ""))
            for view in domain.GATE[stage]
        ]
        return pb.GetRecordsGateResponse(
            patient_id=request.patient_id, complete=all(item.present for item in items), items=items
        )

    # --- documents, for staff ---

    async def ListDocuments(self, request: pb.ListDocumentsRequest, call: Call) -> pb.ListDocumentsResponse:
        rows, token = await page(
            call.db, queries.DOCUMENTS, request, key=("created_at", "id"), patient_id=request.patient_id
        )
        return pb.ListDocumentsResponse(documents=[to_proto(pb.Document, row) for row in rows], next_page_token=token)

    async def PrepareDocument(self, request: pb.PrepareDocumentRequest, call: Call) -> pb.PrepareDocumentResponse:
        kind = enum_name(pb.DocumentKind, request.kind)
        asked = ListResponsiblePartiesRequest(patient_id=request.patient_id)
        related = (await call.directory.ListResponsibleParties(asked)).parties
        tie = next((found.relationship for found in related if found.party.id == request.party_id), None)
        if tie is None or not domain.may_sign(kind, may_consent=tie.may_consent, financial=tie.financial):
            raise Invalid("NO_AUTHORITY", "this person may not sign this for the patient", field="party_id")
        params = {
            "at": call.now.isoformat(),
            **({"treatment_months": request.treatment_months} if kind == "informed_consent" else {}),
        }
        row = await call.db.one(
            queries.ADD_DOCUMENT, kind=kind, patient_id=request.patient_id, location_id=request.location_id, case_id=request.case_id or None,
            contract_id=None, contract_version=0, party_id=request.party_id, state="preparing", template_version=domain.TEMPLATE_VERSION,
            params=params,
        )  # fmt: skip
        call.later("make_document", key=row.id)
        return pb.PrepareDocumentResponse(document=to_proto(pb.Document, row))

    async def VoidDocument(self, request: pb.VoidDocumentRequest, call: Call) -> pb.VoidDocumentResponse:
        row = await queries.document(call.db, request.document_id, lock=True)
        check_version(row, request.version)
        if row.state == "signed":
            raise Conflict("ALREADY_SIGNED", "what is signed is kept")
        if row.contract_id:
            raise Conflict("CONTRACT_DOCUMENT", "this belongs to a contract and is withdrawn with it")
        voided = await call.db.one(queries.VOID, document_id=row.id, now=call.now)
        return pb.VoidDocumentResponse(document=to_proto(pb.Document, voided))

    async def GetDocument(self, request: pb.GetDocumentRequest, call: Call) -> pb.GetDocumentResponse:
        return pb.GetDocumentResponse(
            document=await _document(call, await queries.document(call.db, request.document_id))
        )

    async def GetDocumentContent(
        self, request: pb.GetDocumentContentRequest, call: Call
    ) -> pb.GetDocumentContentResponse:
        return pb.GetDocumentContentResponse(**_content(await queries.document(call.db, request.document_id)))

    async def SignDocument(self, request: pb.SignDocumentRequest, call: Call) -> pb.SignDocumentResponse:
        row = await queries.document(call.db, request.document_id, lock=True)
        return pb.SignDocumentResponse(
            document=await _sign(call, request, row, "in_person", witness_id=call.actor.user_id)
        )

    # --- documents, by private link: whose they are comes from the link ---

    async def ListSharedDocuments(
        self, request: pb.ListSharedDocumentsRequest, call: Call
    ) -> pb.ListSharedDocumentsResponse:
        subject = call.actor.subject
        rows, token = await page(
            call.db,
            queries.SHARED_DOCUMENTS,
            request,
            key=("created_at", "id"),
            patient_id=subject["patient_id"],
            party_id=subject["party_id"],
        )
        return pb.ListSharedDocumentsResponse(
            documents=[to_proto(pb.Document, row) for row in rows], next_page_token=token
        )

    async def GetSharedDocument(self, request: pb.GetSharedDocumentRequest, call: Call) -> pb.GetSharedDocumentResponse:
        return pb.GetSharedDocumentResponse(document=await _document(call, await _shared(call, request.document_id)))

    async def GetSharedDocumentContent(
        self, request: pb.GetSharedDocumentContentRequest, call: Call
    ) -> pb.GetSharedDocumentContentResponse:
        return pb.GetSharedDocumentContentResponse(**_content(await _shared(call, request.document_id)))

    async def SignSharedDocument(
        self, request: pb.SignSharedDocumentRequest, call: Call
    ) -> pb.SignSharedDocumentResponse:
        row = await _shared(call, request.document_id, lock=True)
        return pb.SignSharedDocumentResponse(document=await _sign(call, request, row, "link"))


async def _own_chart(call: Call, request: pb.SaveNoteRequest) -> None:
    """Raises NotFound unless a new note's patient is the caller's to see, and what it refers to is in the same chart."""
    await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))
    for id, stmt, missing in (
        (request.visit_id, queries.VISIT, queries.NO_VISIT),
        (request.addendum_to_id, queries.NOTE, queries.NO_NOTE),
    ):
        if id and (await call.db.one(stmt, missing=missing, id=id)).patient_id != request.patient_id:
            raise missing


async def _shared(call: Call, document_id: str, *, lock: bool = False) -> Any:
    """A document of the link's own patient and party; anybody else's does not exist."""
    row = await queries.document(call.db, document_id, lock=lock)
    subject = call.actor.subject
    if row.patient_id != subject["patient_id"] or row.party_id != subject["party_id"] or row.state == "void":
        raise queries.NO_DOCUMENT
    return row


async def _sign(call: Call, request: Any, row: Any, method: str, *, witness_id: str = "") -> pb.Document:
    """Takes a signature: of exactly these bytes, by somebody with authority, who agreed to sign electronically."""
    if not (request.agrees_to_electronic_records and request.intends_to_sign):
        field = "intends_to_sign" if request.agrees_to_electronic_records else "agrees_to_electronic_records"
        raise Invalid(
            "CONSENT_REQUIRED", "a signature needs the signer's consent to electronic records and intent", field=field
        )
    if row.state == "signed":
        raise Conflict("ALREADY_SIGNED", "the document is signed already")
    if row.state != "ready":
        raise Conflict("NOT_READY", "the document is not ready to be signed", state=row.state)
    if request.sha256 != row.sha256:
        raise Conflict("CHANGED", "this is not the document that was read: open it again", field="sha256")
    await call.db.run(
        queries.ADD_SIGNATURE, document_id=row.id, patient_id=row.patient_id, location_id=row.location_id, party_id=row.party_id,
        relationship=row.relationship, signer_name=request.signer_name, method=method, sha256=row.sha256,
        disclosure_version=domain.DISCLOSURE_VERSION, witness_id=witness_id, session_id=call.actor.session_id, ip=call.actor.ip,
        signed_at=call.now,
    )  # fmt: skip
    signed = await call.db.one(queries.MARK_SIGNED, document_id=row.id, now=call.now)
    call.publish(
        DocumentSigned(
            document_id=row.id, kind=row.kind, patient_id=row.patient_id, location_id=row.location_id, case_id=row.case_id or "",
            contract_id=row.contract_id or "", party_id=row.party_id, sha256=row.sha256, contract_version=row.contract_version,
        ),
        key=row.patient_id,
    )  # fmt: skip
    return await _document(call, signed)


async def _document(call: Call, row: Any) -> pb.Document:
    signatures = await call.db.all(queries.SIGNATURES, document_id=row.id)
    return to_proto(
        pb.Document, row, signatures=[to_proto(pb.Signature, s, sign_time=timestamp(s.signed_at)) for s in signatures]
    )


def _content(row: Any) -> dict[str, str]:
    if not row.storage_key:
        raise Conflict("NOT_READY", "the document is being prepared", state=row.state)
    return {
        "storage_key": row.storage_key,
        "content_type": "application/pdf",
        "file_name": f"{row.kind}.pdf",
        "patient_id": row.patient_id,
    }


def _visit(row: Any) -> pb.Visit:
    extra = {"complete_time": timestamp(row.completed_at)} if row.completed_at else {}
    return to_proto(pb.Visit, row, arrive_time=timestamp(row.arrived_at), **extra)


def _note(row: Any) -> pb.Note:
    return to_proto(pb.Note, row, **({"sign_time": timestamp(row.signed_at)} if row.signed_at else {}))


def _image(row: Any) -> pb.Image:
    return to_proto(
        pb.Image,
        row,
        take_time=timestamp(row.taken_at),
        sizes=[enum_value(pb.ImageSize, size) for size in row.sizes],
        frame=pb.Frame(**row.frame) if row.frame else None,
    )
