"""Partners, their people, and what is logged with them."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1 import partners_pb2 as pb
from google.protobuf.json_format import MessageToDict

from services.directory.partners import queries
from services.directory.places.api import address_json
from shared.call import Call
from shared.db import Db, check_version
from shared.errors import Conflict, Invalid, NotFound
from shared.paging import page
from shared.proto import enum_name, from_date, to_proto


class Partners:
    """Labs, referrers, insurers' people, vendors, specialists."""

    async def CreatePartner(self, request: pb.CreatePartnerRequest, call: Call) -> pb.CreatePartnerResponse:
        kind = enum_name(pb.PartnerKind, request.kind)
        added = await call.db.one(queries.ADD, **_values(request), kind=kind, conflict=queries.CONFLICTS)
        return pb.CreatePartnerResponse(partner=await _message(call.db, added.id))

    async def UpdatePartner(self, request: pb.UpdatePartnerRequest, call: Call) -> pb.UpdatePartnerResponse:
        check_version(await queries.partner_for_update(call.db, request.partner_id), request.version)
        await call.db.run(
            queries.SAVE,
            **_values(request),
            partner_id=request.partner_id,
            active=request.active,
            now=call.now,
            conflict=queries.CONFLICTS,
        )
        return pb.UpdatePartnerResponse(partner=await _message(call.db, request.partner_id))

    async def GetPartner(self, request: pb.GetPartnerRequest, call: Call) -> pb.GetPartnerResponse:
        return pb.GetPartnerResponse(partner=await _message(call.db, request.partner_id))

    async def ListPartners(self, request: pb.ListPartnersRequest, call: Call) -> pb.ListPartnersResponse:
        rows, token = await page(
            call.db,
            queries.PARTNERS,
            request,
            key=("name", "id"),
            kind=enum_name(pb.PartnerKind, request.kind),
            include_inactive=request.include_inactive,
        )
        return pb.ListPartnersResponse(partners=[to_proto(pb.Partner, row) for row in rows], next_page_token=token)

    async def AddPartnerEntry(self, request: pb.AddPartnerEntryRequest, call: Call) -> pb.AddPartnerEntryResponse:
        kind = enum_name(pb.PartnerEntryKind, request.kind)
        if request.due_date and kind != "matter":
            raise Invalid("NOT_A_MATTER", "only a matter is settled by a day", field="due_date")
        await queries.partner(call.db, request.partner_id)
        row = await call.db.one(
            queries.ADD_ENTRY,
            partner_id=request.partner_id,
            kind=kind,
            note=request.note,
            due_date=from_date(request.due_date, "due_date") if request.due_date else None,
            staff_id=call.actor.user_id,
        )
        return pb.AddPartnerEntryResponse(entry=to_proto(pb.PartnerEntry, row))

    async def ResolvePartnerEntry(
        self, request: pb.ResolvePartnerEntryRequest, call: Call
    ) -> pb.ResolvePartnerEntryResponse:
        missing = NotFound("PARTNER_ENTRY_NOT_FOUND", "there is no such entry")
        entry = await call.db.one(queries.ENTRY_FOR_UPDATE, id=request.entry_id, missing=missing)
        check_version(entry, request.version)
        if entry.kind != "matter":
            raise Conflict("NOT_A_MATTER", "only a matter can be settled")
        if entry.resolve_time is not None:
            raise Conflict("ALREADY_RESOLVED", "this matter is settled")
        row = await call.db.one(queries.RESOLVE_ENTRY, entry_id=entry.id, resolution=request.resolution, now=call.now)
        return pb.ResolvePartnerEntryResponse(entry=to_proto(pb.PartnerEntry, row))

    async def ListPartnerEntries(
        self, request: pb.ListPartnerEntriesRequest, call: Call
    ) -> pb.ListPartnerEntriesResponse:
        rows, token = await page(
            call.db,
            queries.ENTRIES,
            request,
            key=("created_at", "id"),
            partner_id=request.partner_id or None,
            open_only=request.open_only,
        )
        return pb.ListPartnerEntriesResponse(
            entries=[to_proto(pb.PartnerEntry, row) for row in rows], next_page_token=token
        )


def _values(request: Any) -> dict[str, Any]:
    return {
        "name": request.name,
        "phone": request.phone,
        "email": request.email,
        "website": request.website,
        "address": address_json(request.address),
        "account_number": request.account_number,
        "notes": request.notes,
        "contacts": [MessageToDict(contact, preserving_proto_field_name=True) for contact in request.contacts],
    }


async def _message(db: Db, id: str) -> pb.Partner:
    return to_proto(pb.Partner, await queries.partner(db, id))
