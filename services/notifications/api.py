"""Methods of NotificationsService."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1.patients_pb2 import GetContactRequest, GetPatientRequest, ListResponsiblePartiesRequest
from archwire.notifications.v1 import notifications_pb2 as pb
from archwire.notifications.v1.events_pb2 import ContactPreferenceChanged
from archwire.notifications.v1.notifications_pb2_grpc import NotificationsServiceServicer

from services.notifications import domain, queries
from shared import words
from shared.call import Call
from shared.errors import Conflict, Invalid
from shared.paging import page
from shared.proto import enum_name, timestamp, to_proto

PURPOSES = ("appointment", "presentation", "payment", "care", "marketing")


class Notifications(NotificationsServiceServicer):
    """Messages to and from families."""

    async def ListMessages(self, request: pb.ListMessagesRequest, call: Call) -> pb.ListMessagesResponse:
        if not (request.patient_id or request.location_id or request.thread_id):
            raise Invalid("FILTER_REQUIRED", "name a patient, a location or a thread", field="patient_id")
        rows, token = await page(
            call.db,
            queries.MESSAGES,
            request,
            key=("created_at", "id"),
            patient_id=request.patient_id or None,
            location_id=request.location_id or None,
            thread_id=request.thread_id or None,
            state=enum_name(pb.MessageState, request.state) or None,
        )
        return pb.ListMessagesResponse(messages=[_message(row) for row in rows], next_page_token=token)

    async def GetMessage(self, request: pb.GetMessageRequest, call: Call) -> pb.GetMessageResponse:
        return pb.GetMessageResponse(message=_message(await queries.message(call.db, request.message_id)))

    async def SendMessage(self, request: pb.SendMessageRequest, call: Call) -> pb.SendMessageResponse:
        channel, purpose = enum_name(pb.Channel, request.channel), enum_name(pb.Purpose, request.purpose)
        party_id = request.party_id or None
        await _related(call, request)
        if not domain.allowed(await queries.said(call.db, party_id, channel, purpose), purpose):
            raise Conflict("OPTED_OUT", "this person declined this kind of message", field="channel")
        thread = await queries.open_thread(
            call.db, request.patient_id, party_id, request.location_id, call.now, answers=True
        )
        row = await queries.add_message(
            call.db, thread, call.now, location_id=request.location_id, channel=channel, purpose=purpose, state="queued",
            subject=request.subject, body=request.body,
        )  # fmt: skip
        call.later("send_message", key=row.id)
        return pb.SendMessageResponse(message=_message(row))

    async def GetMessageDraft(self, request: pb.GetMessageDraftRequest, call: Call) -> pb.GetMessageDraftResponse:
        channel, purpose = enum_name(pb.Channel, request.channel), enum_name(pb.Purpose, request.purpose)
        if request.template_kind and request.template_kind not in domain.BY_HAND:
            raise Invalid("UNKNOWN_KIND", f"a draft is of one of {', '.join(domain.BY_HAND)}", field="template_kind")
        related = await _related(call, request)
        party_id = request.party_id or (related[0].party.id if related else "")
        who = GetContactRequest(party_id=party_id) if party_id else GetContactRequest(patient_id=request.patient_id)
        contact = (await call.directory.GetContact(who)).contact
        language = domain.language(contact.language)
        subject = body = ""
        if request.template_kind:
            texts = await queries.wording(call.db, request.template_kind, channel, language)
            values = domain.names(contact, words.phone(contact.location_phone))
            values["patient"] = await _called(call, request.patient_id)
            subject, body = (domain.render(text, values) for text in texts)
        return pb.GetMessageDraftResponse(
            patient_id=request.patient_id,
            party_id=party_id,
            subject=subject if channel == "email" else "",
            body=body,
            language=language,
            allowed=domain.allowed(await queries.said(call.db, party_id or None, channel, purpose), purpose),
            reachable=bool(contact.email if channel == "email" else contact.mobile),
            leave_time=timestamp(domain.in_waking_hours(call.now, contact.time_zone) if channel == "sms" else call.now),
        )

    async def SendDocumentLink(self, request: pb.SendDocumentLinkRequest, call: Call) -> pb.SendDocumentLinkResponse:
        channel = enum_name(pb.Channel, request.channel)
        await _related(call, request)
        if not domain.allowed(await queries.said(call.db, request.party_id, channel, "presentation"), "presentation"):
            raise Conflict("OPTED_OUT", "this person declined this kind of message", field="channel")
        thread = await queries.open_thread(
            call.db, request.patient_id, request.party_id, request.location_id, call.now, answers=True
        )
        row = await queries.add_message(
            call.db, thread, call.now, location_id=request.location_id, channel=channel, purpose="presentation",
            template_kind="documents_to_sign", state="queued",
        )  # fmt: skip
        call.later("send_message", key=row.id)
        return pb.SendDocumentLinkResponse(message=_message(row))

    async def LogCommunication(self, request: pb.LogCommunicationRequest, call: Call) -> pb.LogCommunicationResponse:
        await _related(call, request, formerly=True)
        thread = await queries.open_thread(
            call.db,
            request.patient_id,
            request.party_id or None,
            request.location_id,
            call.now,
            answers=not request.inbound,
        )
        row = await queries.add_message(
            call.db, thread, call.now, location_id=request.location_id, channel=enum_name(pb.Channel, request.channel),
            purpose=enum_name(pb.Purpose, request.purpose), state="logged", inbound=request.inbound, body=request.body, sent_at=call.now,
        )  # fmt: skip
        return pb.LogCommunicationResponse(message=_message(row))

    async def ReceiveMessage(self, request: pb.ReceiveMessageRequest, call: Call) -> pb.ReceiveMessageResponse:
        found = await queries.thread(call.db, request.thread_id)
        channel = enum_name(pb.Channel, request.channel)
        thread = await queries.open_thread(
            call.db, found.patient_id, found.party_id, found.location_id, call.now, inbound=True
        )
        row = await queries.add_message(
            call.db,
            thread,
            call.now,
            channel=channel,
            purpose="care",
            state="received",
            inbound=True,
            body=request.body,
            sent_at=call.now,
        )
        stop = domain.says_stop(request.body) and found.party_id is not None
        if stop:
            for purpose in PURPOSES:
                await _prefer(
                    call, found.patient_id, found.party_id, channel, purpose, allowed=False, evidence=f"reply {row.id}"
                )
        return pb.ReceiveMessageResponse(message=_message(row), opted_out=stop)

    async def ListThreads(self, request: pb.ListThreadsRequest, call: Call) -> pb.ListThreadsResponse:
        rows, token = await page(
            call.db,
            queries.THREADS,
            request,
            key=("last_message_at", "id"),
            location_id=request.location_id or None,
            patient_id=request.patient_id or None,
            unanswered_only=request.unanswered_only,
        )
        threads = [to_proto(pb.Thread, row, last_message_time=timestamp(row.last_message_at)) for row in rows]
        return pb.ListThreadsResponse(threads=threads, next_page_token=token)

    async def ListTemplates(self, request: pb.ListTemplatesRequest, call: Call) -> pb.ListTemplatesResponse:
        rows, token = await page(call.db, queries.TEMPLATES, request, key=("kind", "id"))
        return pb.ListTemplatesResponse(templates=[to_proto(pb.Template, row) for row in rows], next_page_token=token)

    async def ListTemplateKinds(self, request: pb.ListTemplateKindsRequest, call: Call) -> pb.ListTemplateKindsResponse:
        return pb.ListTemplateKindsResponse(
            kinds=[
                pb.TemplateKind(
                    kind=kind,
                    placeholders=sorted(names),
                    built_in=[
                        pb.BuiltInText(language=language, subject=subject, body=body)
                        for (known, language), (subject, body) in domain.BUILT_IN.items()
                        if known == kind
                    ],
                )
                for kind, names in domain.PLACEHOLDERS.items()
            ]
        )

    async def SaveTemplate(self, request: pb.SaveTemplateRequest, call: Call) -> pb.SaveTemplateResponse:
        if request.kind not in domain.PLACEHOLDERS:
            raise Invalid("UNKNOWN_KIND", f"a template is for one of {', '.join(domain.PLACEHOLDERS)}", field="kind")
        for field in ("subject", "body"):
            try:
                unknown = domain.placeholders(getattr(request, field)) - domain.PLACEHOLDERS[request.kind]
            except ValueError:
                raise Invalid("UNKNOWN_PLACEHOLDER", "a brace is not closed", field=field) from None
            if unknown:
                offers = sorted(domain.PLACEHOLDERS[request.kind])
                raise Invalid(
                    "UNKNOWN_PLACEHOLDER",
                    "this kind of message does not have this placeholder",
                    field=field,
                    offers=offers,
                )
        row = await queries.save_template(call.db, request, enum_name(pb.Channel, request.channel), call.now)
        if row is None:
            raise Conflict("ALREADY_EXISTS", "there is such a template: say which version you replace", field="version")
        return pb.SaveTemplateResponse(template=to_proto(pb.Template, row))

    async def ListPreferences(self, request: pb.ListPreferencesRequest, call: Call) -> pb.ListPreferencesResponse:
        await _known(call, request.party_id)
        rows = await call.db.all(queries.PREFERENCES, party_id=request.party_id)
        return pb.ListPreferencesResponse(preferences=[_preference(row) for row in rows])

    async def SetPreference(self, request: pb.SetPreferenceRequest, call: Call) -> pb.SetPreferenceResponse:
        await _known(call, request.party_id)
        row = await _prefer(
            call, request.patient_id, request.party_id, enum_name(pb.Channel, request.channel), enum_name(pb.Purpose, request.purpose),
            allowed=request.allowed, evidence=f"staff {call.actor.user_id}",
        )  # fmt: skip
        return pb.SetPreferenceResponse(preference=_preference(row))


async def _related(call: Call, request: Any, *, formerly: bool = False) -> list[Any]:
    """Those who answer for the patient, the primary contact first.

    Raises unless the patient is the caller's to see, and the party, if any, answers (or answered) for the patient.
    """
    asked = ListResponsiblePartiesRequest(patient_id=request.patient_id, include_ended=formerly)
    related = (await call.directory.ListResponsibleParties(asked)).parties
    if request.party_id and request.party_id not in {found.party.id for found in related}:
        raise Invalid("NOT_RESPONSIBLE", "the party does not answer for this patient", field="party_id")
    return list(related)


async def _called(call: Call, patient_id: str) -> str:
    """How a patient is called in a text: by the preferred name."""
    patient = (await call.directory.GetPatient(GetPatientRequest(patient_id=patient_id))).patient
    return str(patient.preferred_name or patient.first_name)


async def _known(call: Call, party_id: str) -> None:
    """Raises NotFound unless the caller may see the party: consent belongs to no location, its party does."""
    await call.directory.GetContact(GetContactRequest(party_id=party_id))


async def _prefer(
    call: Call, patient_id: str, party_id: str, channel: str, purpose: str, *, allowed: bool, evidence: str
) -> Any:
    row = await call.db.one(
        queries.ADD_CONSENT, patient_id=patient_id, party_id=party_id, channel=channel, purpose=purpose, allowed=allowed,
        evidence=evidence, said_by=call.actor.user_id, said_at=call.now,
    )  # fmt: skip
    call.publish(
        ContactPreferenceChanged(
            patient_id=patient_id, party_id=party_id, channel=channel, purpose=purpose, allowed=allowed
        ),
        key=patient_id,
    )
    return row


def _message(row: Any) -> pb.Message:
    extra = {"sent_time": timestamp(row.sent_at)} if row.sent_at else {}
    return to_proto(pb.Message, row, due_time=timestamp(row.due_at), **extra)


def _preference(row: Any) -> pb.Preference:
    return to_proto(pb.Preference, row, evidence=row.evidence.split(" ")[0], said_time=timestamp(row.said_at))
