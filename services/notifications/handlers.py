"""What notifications hears, and how messages leave."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid5

from archwire.contracts.v1.events_pb2 import PaymentSucceeded
from archwire.coordination.v1.events_pb2 import PhoneCallLogged, PhoneCallTakenBack, PresentationShared
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.directory.v1.links_pb2 import CreateLinkRequest, LinkSubject
from archwire.directory.v1.patients_pb2 import GetContactRequest, GetPatientRequest
from archwire.notifications.v1.events_pb2 import MessageFailed, MessageSent
from archwire.scheduling.v1.events_pb2 import (
    AppointmentBooked,
    AppointmentCanceled,
    AppointmentRescheduled,
    AppointmentRestored,
)

from services.notifications import domain, queries
from shared import words
from shared.call import Call, Work
from shared.channels import channel_for
from shared.errors import NotFound
from shared.proto import from_timestamp

LINKS = UUID("5e1f4c5e-9d0b-4b58-8a58-0d9a8b3f6f10")  # namespace of the request ids under which links are made


async def keep_location(event: LocationSaved, call: Call) -> None:
    """Keeps a location's time zone."""
    await queries.save_location(call.db, event.location_id, event.time_zone)


async def confirm_appointment(event: AppointmentBooked, call: Call) -> None:
    """Confirms a new appointment and plans its reminders."""
    await _queue(call, event, "appointment_confirmation")
    await _plan_reminders(call, event)


async def announce_move(event: AppointmentRescheduled, call: Call) -> None:
    """Tells the new time; reminders of the old one are withdrawn."""
    await call.db.run(queries.CANCEL_QUEUED, about=event.appointment_id)
    await _queue(call, event, "appointment_changed")
    await _plan_reminders(call, event)


async def announce_cancellation(event: AppointmentCanceled, call: Call) -> None:
    """Withdraws what is queued and tells the family, unless they cancelled themselves."""
    await call.db.run(queries.CANCEL_QUEUED, about=event.appointment_id)
    if event.canceled_by != "patient" and from_timestamp(event.start_time) > call.now:
        await _queue(call, event, "appointment_canceled")


async def announce_return(event: AppointmentRestored, call: Call) -> None:
    """A cancellation was taken back: the family hears of it only if it heard of the cancellation; reminders go out again."""
    if event.previous_state == "canceled":
        told = await call.db.first(queries.TOLD_CANCELED, about=event.appointment_id)
        await call.db.run(queries.CANCEL_QUEUED, about=event.appointment_id)
        if told and from_timestamp(event.start_time) > call.now:
            await _queue(call, event, "appointment_confirmation")
        await _plan_reminders(call, event)


async def send_presentation(event: PresentationShared, call: Call) -> None:
    """Mails the private link; the link itself is made when the mail leaves, so that no event or row holds it."""
    params = {"presentation_id": event.presentation_id, "case_id": event.case_id}
    await _add(
        call,
        event.patient_id,
        event.party_id,
        event.location_id,
        "email",
        "presentation",
        "presentation_shared",
        params,
        call.now,
    )


async def send_receipt(event: PaymentSucceeded, call: Call) -> None:
    """Sends a receipt."""
    params = {"amount_cents": event.amount.amount_cents}
    await _add(
        call,
        event.patient_id,
        event.party_id,
        event.location_id,
        "email",
        "payment",
        "payment_receipt",
        params,
        call.now,
    )


async def log_call(event: PhoneCallLogged, call: Call) -> None:
    """Keeps a call in the family's conversation, which the chart shows; what was said stays with coordination."""
    thread = await queries.open_thread(call.db, event.patient_id, None, event.location_id, call.now, answers=True)
    await queries.add_message(
        call.db, thread, call.now, location_id=event.location_id, channel="phone", purpose=domain.CALL_PURPOSE[event.reason],
        state="logged", body=domain.say_call(event.reason, event.outcome), params={"phone_call_id": event.phone_call_id},
        sent_at=call.occurred_at,
    )  # fmt: skip


async def withdraw_call(event: PhoneCallTakenBack, call: Call) -> None:
    """Marks a call that was logged by mistake."""
    await call.db.run(queries.WITHDRAW_CALL, of_patient=event.patient_id, phone_call_id=event.phone_call_id)


async def _plan_reminders(call: Call, event: Any) -> None:
    for at in domain.reminder_times(from_timestamp(event.start_time), call.now):
        await _queue(call, event, "appointment_reminder", at)


async def _queue(call: Call, event: Any, kind: str, at: dt.datetime | None = None) -> None:
    params = {"start_time": from_timestamp(event.start_time).isoformat()}
    await _add(
        call,
        event.patient_id,
        "",
        event.location_id,
        "sms",
        "appointment",
        kind,
        params,
        at or call.now,
        event.appointment_id,
    )


async def _add(
    call: Call, patient_id: str, party_id: str, location_id: str, channel: str, purpose: str, kind: str, params: dict[str, Any],
    at: dt.datetime, appointment_id: str | None = None,
) -> None:  # fmt: skip
    thread = await queries.open_thread(call.db, patient_id, party_id or None, location_id, call.now)
    row = await queries.add_message(
        call.db, thread, call.now, location_id=location_id, channel=channel, purpose=purpose, template_kind=kind, state="queued",
        params=params, appointment_id=appointment_id, due_at=at,
    )  # fmt: skip
    call.later("send_message", key=row.id, at=at)


# --- sending ------------------------------------------------------------------------------------------------------


async def send_message(message_id: str, work: Work) -> None:
    """Sends one queued message: asks the directory whom, checks consent and quiet hours, renders, sends, records.

    The channel gets the message's id as its reference, so that a repeat after a crash is recognised there.
    """
    async with work.begin() as call:
        message = await call.db.first(queries.MESSAGE, id=message_id)
        if message is None or message.state != "queued" or message.due_at > call.now:
            return
        who = (
            GetContactRequest(party_id=message.party_id)
            if message.party_id
            else GetContactRequest(patient_id=message.patient_id)
        )
        try:
            contact = (await call.directory.GetContact(who)).contact
        except NotFound:
            return await _fail(call, message, "no_address")
        address = contact.email if message.channel == "email" else contact.mobile
        if not address:
            return await _fail(call, message, "no_address")
        party_id = message.party_id or contact.party_id or None
        if not domain.allowed(await queries.said(call.db, party_id, message.channel, message.purpose), message.purpose):
            return await _fail(call, message, "opted_out")
        wait_until = domain.in_waking_hours(call.now, contact.time_zone) if message.channel == "sms" else call.now
        if wait_until > call.now:
            await call.db.run(queries.POSTPONE, message_id=message.id, due_at=wait_until)
            call.later("send_message", key=message.id, at=wait_until)
            return None
        subject, body = await _text(call, message, contact)
    await channel_for(message.channel).send(reference=message.id, to=address, subject=subject, body=body)
    async with work.begin() as call:
        current = await call.db.one(queries.MESSAGE_FOR_UPDATE, id=message_id)
        if current.state != "queued":
            return None
        # The private link is a credential: what is kept is the text without it.
        kept = domain.render(body, {}) if message.template_kind not in domain.WITH_LINK else _without_link(body)
        await call.db.run(queries.MARK_SENT, message_id=message_id, subject=subject, body=kept, at=call.now)
        call.publish(
            MessageSent(
                message_id=message_id,
                patient_id=message.patient_id,
                location_id=message.location_id,
                channel=message.channel,
                purpose=message.purpose,
            ),
            key=message.patient_id,
        )
    return None


async def _fail(call: Call, message: Any, reason: str) -> None:
    await call.db.run(queries.MARK_FAILED, message_id=message.id, failure_reason=reason)
    call.publish(
        MessageFailed(
            message_id=message.id,
            patient_id=message.patient_id,
            location_id=message.location_id,
            channel=message.channel,
            reason=reason,
        ),
        key=message.patient_id,
    )


async def _text(call: Call, message: Any, contact: Any) -> tuple[str, str]:
    if not message.template_kind:
        return message.subject, message.body
    language = domain.language(contact.language)
    subject, body = await queries.wording(call.db, message.template_kind, message.channel, language)
    values = domain.names(contact, words.phone(contact.location_phone))
    if not contact.patient_first_name:  # a parent of several: the text is about one of them
        asked = GetPatientRequest(patient_id=message.patient_id)
        patient = (await call.directory.GetPatient(asked)).patient
        values["patient"] = patient.preferred_name or patient.first_name
    if "start_time" in message.params:
        values["when"] = domain.say_when(
            dt.datetime.fromisoformat(message.params["start_time"]), contact.time_zone, language
        )
    if "amount_cents" in message.params:
        values["amount"] = words.dollars(message.params["amount_cents"])
    if message.template_kind in domain.WITH_LINK:
        values["link"] = await _private_link(call, message)
    return domain.render(subject, values), domain.render(body, values)


async def _private_link(call: Call, message: Any) -> str:
    subject = LinkSubject(
        patient_id=message.patient_id,
        party_id=message.party_id or "",
        case_id=message.params.get("case_id", ""),
        presentation_id=message.params.get("presentation_id", ""),
    )
    request = CreateLinkRequest(request_id=str(uuid5(LINKS, message.id)), purpose="presentation", subject=subject)
    made = await call.directory.CreateLink(request)
    return f"{channel_for('email').public_url}/l/{made.token}"


def _without_link(body: str) -> str:
    return " ".join("[private link]" if "/l/" in word else word for word in body.split(" "))
