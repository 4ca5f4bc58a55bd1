"""Private links: a family's way to one thing, without an account."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1 import links_pb2 as pb
from google.protobuf.json_format import MessageToDict

from services.directory.credentials import queries as credentials
from services.directory.credentials.domain import LINK_DEFAULT, LINK_LIFETIME, check_expiry, new_token, token_hash
from services.directory.links import queries
from services.directory.patients import queries as patients
from shared.call import Call
from shared.errors import Invalid, NotFound
from shared.identity import policy
from shared.paging import page
from shared.proto import from_timestamp, to_proto


class Links:
    """Making, revoking and listing private links."""

    async def CreateLink(self, request: pb.CreateLinkRequest, call: Call) -> pb.CreateLinkResponse:
        if request.purpose not in policy().links:
            raise Invalid("UNKNOWN_PURPOSE", "there is no such kind of link", field="purpose")
        subject = request.subject
        expire_time = (
            from_timestamp(request.expire_time) if request.HasField("expire_time") else call.now + LINK_DEFAULT
        )
        check_expiry(expire_time, call.now, LINK_LIFETIME)
        if call.actor.kind != "system":
            await _check_reader(call, subject)
        token = new_token()
        row = await call.db.one(
            queries.ADD_LINK,
            purpose=request.purpose,
            subject=MessageToDict(subject, preserving_proto_field_name=True),
            patient_id=subject.patient_id or None,
            token_hash=token_hash(token),
            expire_time=expire_time,
        )
        await credentials.index(call.db, "link", token_hash(token), call.actor.tenant_id, row.id)
        call.audit(patient_id=subject.patient_id, resource="link", resource_id=row.id)
        return pb.CreateLinkResponse(link=to_proto(pb.Link, row), token=token)

    async def RevokeLink(self, request: pb.RevokeLinkRequest, call: Call) -> pb.RevokeLinkResponse:
        missing = NotFound("LINK_NOT_FOUND", "there is no such link")
        link = await call.db.one(queries.LINK, id=request.link_id, missing=missing)
        if link.patient_id:
            await patients.patient(call.db, link.patient_id)
        row: Any = await call.db.one(queries.REVOKE_LINK, link_id=link.id, now=call.now)
        await call.db.run(credentials.REMOVE_FROM_INDEX, kind="link", hash=row.token_hash)
        call.audit(resource="link", resource_id=row.id)
        return pb.RevokeLinkResponse(link=to_proto(pb.Link, row))

    async def ListLinks(self, request: pb.ListLinksRequest, call: Call) -> pb.ListLinksResponse:
        await patients.patient(call.db, request.patient_id)
        rows, token = await page(call.db, queries.LINKS, request, key=("id",), patient_id=request.patient_id)
        return pb.ListLinksResponse(links=[to_proto(pb.Link, row) for row in rows], next_page_token=token)


async def _check_reader(call: Call, subject: pb.LinkSubject) -> None:
    """A link reaches no further than its maker: to a patient of theirs, for somebody who answers for that patient.

    The services behind a link show what belongs to both, whatever else the link names.
    """
    if not (subject.patient_id and subject.party_id):
        raise Invalid("SUBJECT_INCOMPLETE", "a link is about a patient and for a responsible party", field="subject")
    await patients.patient(call.db, subject.patient_id)
    if not await patients.answers_for(call.db, subject.party_id, subject.patient_id):
        raise NotFound("PARTY_NOT_FOUND", "nobody like that answers for this patient")
