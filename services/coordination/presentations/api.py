"""Methods of presentations, in the office and by private link."""

from __future__ import annotations

import uuid
from datetime import timedelta

from archwire.coordination.v1 import coordination_pb2 as pb
from archwire.coordination.v1.events_pb2 import PresentationOptionChosen, PresentationShared
from archwire.directory.v1.links_pb2 import CreateLinkRequest, LinkSubject
from archwire.directory.v1.patients_pb2 import ListResponsiblePartiesRequest

from services.coordination.cases import domain as cases
from services.coordination.cases.moves import owner, plan_case
from services.coordination.cases.queries import VALUE, case_for_update
from services.coordination.presentations import domain, queries
from services.coordination.queries import local_day
from services.coordination.tasks import queries as tasks
from services.coordination.tasks.saved import close_tasks, start_follow_up
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Denied, Invalid
from shared.paging import page
from shared.proto import enum_name, to_proto

DAYS_TO_SIGN = 2


async def messages(call: Call, rows: list[Row], party_id: str | None = None) -> list[pb.Presentation]:
    """Rows as the API shows them; with a `party_id`, only that reader's own share."""
    options, shares = await queries.parts(call.db, rows)
    return [
        to_proto(
            pb.Presentation,
            row,
            options=[to_proto(pb.PresentationOption, option) for option in options[row.id]],
            shares=[
                to_proto(pb.PresentationShare, share)
                for share in shares[row.id]
                if party_id is None or share.party_id == party_id
            ],
        )
        for row in rows
    ]


async def message(call: Call, row: Row, party_id: str | None = None) -> pb.Presentation:
    """One row as the API shows it."""
    return (await messages(call, [row], party_id))[0]


async def require_party(call: Call, patient_id: str, party_id: str) -> None:
    """Raises Invalid / NOT_RESPONSIBLE unless the party answers for the patient today."""
    related = await call.directory.ListResponsibleParties(ListResponsiblePartiesRequest(patient_id=patient_id))
    if party_id not in {found.party.id for found in related.parties}:
        raise Invalid("NOT_RESPONSIBLE", "the party does not answer for this patient", field="party_id")


async def of_link(call: Call, *, lock: bool = False) -> tuple[Row, str]:
    """The presentation of a private link, of the link's own patient, and its reader.

    Raises Denied / NOT_A_PRESENTATION_LINK for a link about something else, NotFound when it is another patient's.
    """
    subject = call.actor.subject
    if not (subject.get("presentation_id") and subject.get("patient_id") and subject.get("party_id")):
        raise Denied("NOT_A_PRESENTATION_LINK", "the link is for something else")
    read = queries.presentation_for_update if lock else queries.presentation
    row = await read(call.db, subject["presentation_id"])
    if row.patient_id != subject["patient_id"]:
        raise queries.MISSING
    return row, subject["party_id"]


class Presentations:
    """Treatment options side by side; their prices are contracts' quotes."""

    async def CreatePresentation(
        self, request: pb.CreatePresentationRequest, call: Call
    ) -> pb.CreatePresentationResponse:
        case = await case_for_update(call.db, request.case_id)
        cases.require_open(case.state)
        row = await call.db.one(
            queries.ADD_PRESENTATION,
            location_id=case.location_id,
            case_id=case.id,
            patient_id=case.patient_id,
            title=request.title,
            message=request.message,
            staff_id=owner("", call),
            now=call.now,
        )
        options = [
            {
                "location_id": case.location_id,
                "presentation_id": row.id,
                "position": position,
                "quote_id": option.quote_id,
                "title": option.title,
                "appliance": option.appliance,
                "description": option.description,
                "recommended": option.recommended,
                "consent_kind": option.consent_kind,
            }
            for position, option in enumerate(request.options)
        ]
        await call.db.run_many(queries.ADD_OPTION, options)
        await value_case(call, case)
        return pb.CreatePresentationResponse(presentation=await message(call, row))

    async def GetPresentation(self, request: pb.GetPresentationRequest, call: Call) -> pb.GetPresentationResponse:
        row = await queries.presentation(call.db, request.presentation_id)
        return pb.GetPresentationResponse(presentation=await message(call, row))

    async def ListPresentations(self, request: pb.ListPresentationsRequest, call: Call) -> pb.ListPresentationsResponse:
        rows, next_page_token = await page(
            call.db,
            queries.PRESENTATIONS,
            request,
            key=("created_at", "id"),
            case_id=request.case_id or None,
            location_id=request.location_id or None,
            state=enum_name(pb.PresentationState, request.state),
        )
        return pb.ListPresentationsResponse(presentations=await messages(call, rows), next_page_token=next_page_token)

    async def SharePresentation(self, request: pb.SharePresentationRequest, call: Call) -> pb.SharePresentationResponse:
        row = await queries.presentation_for_update(call.db, request.presentation_id)
        check_version(row, request.version)
        state = domain.move(row.state, "share")
        case = await case_for_update(call.db, row.case_id)
        cases.require_open(case.state)
        await require_party(call, row.patient_id, request.party_id)
        link = await call.directory.CreateLink(link_request(request, row))

        await call.db.run(
            queries.SAVE_SHARE,
            location_id=row.location_id,
            presentation_id=row.id,
            party_id=request.party_id,
            shared_at=call.now,
        )
        first = row.state != state
        row = await call.db.one(queries.SET_STATE, presentation_id=row.id, state=state, now=call.now)
        if first:
            await start_follow_up(call, case, row.id)
            await close_tasks(call, case.id, "present_options")
        event = PresentationShared(
            presentation_id=row.id,
            case_id=row.case_id,
            patient_id=row.patient_id,
            location_id=row.location_id,
            party_id=request.party_id,
        )
        call.publish(event, key=row.patient_id)
        return pb.SharePresentationResponse(presentation=await message(call, row), url_path=f"/l/{link.token}")

    async def ChooseOption(self, request: pb.ChooseOptionRequest, call: Call) -> pb.ChooseOptionResponse:
        row = await queries.presentation_for_update(call.db, request.presentation_id)
        check_version(row, request.version)
        await require_party(call, row.patient_id, request.party_id)
        row = await choose(call, row, request.option_id, request.party_id)
        return pb.ChooseOptionResponse(presentation=await message(call, row))

    async def WithdrawPresentation(
        self, request: pb.WithdrawPresentationRequest, call: Call
    ) -> pb.WithdrawPresentationResponse:
        row = await queries.presentation_for_update(call.db, request.presentation_id)
        check_version(row, request.version)
        state = domain.move(row.state, "withdraw")
        row = await call.db.one(queries.SET_STATE, presentation_id=row.id, state=state, now=call.now)
        case = await case_for_update(call.db, row.case_id)
        if await tasks.cancel_follow_ups(call.db, case.id) and cases.STATES[case.state].open:
            next_step, due_on = cases.plan(case.state, await local_day(call, case.location_id))
            await plan_case(call, case, next_step=next_step, next_step_due=due_on)
        return pb.WithdrawPresentationResponse(presentation=await message(call, row))

    async def GetSharedPresentation(
        self, request: pb.GetSharedPresentationRequest, call: Call
    ) -> pb.GetSharedPresentationResponse:
        row, party_id = await of_link(call)
        return pb.GetSharedPresentationResponse(presentation=await message(call, row, party_id))

    async def OpenSharedPresentation(
        self, request: pb.OpenSharedPresentationRequest, call: Call
    ) -> pb.OpenSharedPresentationResponse:
        row, party_id = await of_link(call)
        await call.db.run(queries.OPENED, presentation=row.id, party=party_id, now=call.now)
        return pb.OpenSharedPresentationResponse(presentation=await message(call, row, party_id))

    async def ChooseSharedOption(
        self, request: pb.ChooseSharedOptionRequest, call: Call
    ) -> pb.ChooseSharedOptionResponse:
        row, party_id = await of_link(call, lock=True)
        row = await choose(call, row, request.option_id, party_id)
        return pb.ChooseSharedOptionResponse(presentation=await message(call, row, party_id))


def link_request(request: pb.SharePresentationRequest, row: Row) -> CreateLinkRequest:
    """The link to make; its request id follows from ours, so that a retry gets the same link."""
    return CreateLinkRequest(
        request_id=str(uuid.uuid5(uuid.UUID(request.request_id), "CreateLink")),
        purpose="presentation",
        subject=LinkSubject(
            presentation_id=row.id, case_id=row.case_id, patient_id=row.patient_id, party_id=request.party_id
        ),
    )


async def value_case(call: Call, case: Row) -> None:
    """A case that is not signed is worth what was chosen, else what the doctor picked, else its latest quote."""
    if cases.STATES[case.state].acceptance:
        return
    if fee := await call.db.first(queries.FEE_ON_OFFER, case_id=case.id):
        await call.db.run(VALUE, case_id=case.id, cents=fee.total_fee_cents, now=call.now)


async def choose(call: Call, row: Row, option_id: str, party_id: str) -> Row:
    """Records the choice on a locked presentation: the plan of follow-ups ends, the signature is next."""
    domain.move(row.state, "choose")
    options, _ = await queries.parts(call.db, [row])
    chosen = next((option for option in options[row.id] if option.id == option_id), None)
    if chosen is None:
        raise Invalid("UNKNOWN_OPTION", "the presentation has no such option", field="option_id")
    case = await case_for_update(call.db, row.case_id)
    cases.require_open(case.state)
    row = await call.db.one(
        queries.CHOOSE, presentation_id=row.id, option_id=option_id, party_id=party_id, now=call.now
    )
    await value_case(call, case)
    await tasks.cancel_follow_ups(call.db, case.id)
    await close_tasks(call, case.id, "present_options")
    today = await local_day(call, case.location_id)
    await plan_case(
        call,
        case,
        presented_at=case.presented_at or call.now,
        blocker="signature",
        next_step="Get the agreement signed",
        next_step_due=today + timedelta(days=DAYS_TO_SIGN),
        reason_not_started="",
    )
    event = PresentationOptionChosen(
        presentation_id=row.id,
        case_id=row.case_id,
        patient_id=row.patient_id,
        location_id=row.location_id,
        quote_id=chosen.quote_id,
        party_id=party_id,
        consent_kind=chosen.consent_kind,
    )
    call.publish(event, key=row.patient_id)
    return row
