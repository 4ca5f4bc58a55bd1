"""What charts lack before an examination, and what doctors have left to sign: counts and references, no contents."""

from __future__ import annotations

from archwire.records.v1 import readiness_pb2 as pb

from services.records import domain, queries
from shared.call import Call
from shared.paging import page
from shared.proto import to_proto


class Readiness:
    """Lists for the day's work, across patients."""

    async def BatchGetReadiness(self, request: pb.BatchGetReadinessRequest, call: Call) -> pb.BatchGetReadinessResponse:
        patients, views = list(request.patient_ids), list(domain.GATE["initial"])
        seen = await call.db.all(queries.VIEWS_PRESENT, patient_ids=patients, views=views)
        present = {row.patient_id: row.views for row in seen}
        documents = {row.patient_id: row for row in await call.db.all(queries.DOCUMENTS_STAND, patient_ids=patients)}
        found = []
        for patient_id in patients:
            paper = documents.get(patient_id)
            found.append(
                pb.Readiness(
                    patient_id=patient_id,
                    views_present=present.get(patient_id, 0),
                    views_needed=len(views),
                    documents_to_sign=paper.to_sign if paper else 0,
                    health_history_signed=bool(paper and paper.health_history),
                )
            )
        return pb.BatchGetReadinessResponse(readiness=found)

    async def ListUnsignedNotes(self, request: pb.ListUnsignedNotesRequest, call: Call) -> pb.ListUnsignedNotesResponse:
        rows, token = await page(
            call.db, queries.UNSIGNED_NOTES, request, key=("created_at", "id"), location_id=request.location_id or None
        )
        notes = [to_proto(pb.UnsignedNote, row) for row in rows]
        return pb.ListUnsignedNotesResponse(notes=notes, next_page_token=token)
