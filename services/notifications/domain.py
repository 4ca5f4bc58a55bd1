"""Rules of messages: texts, quiet hours, consent, and what counts as STOP."""

from __future__ import annotations

import datetime as dt
import re
import string
from typing import Any
from zoneinfo import ZoneInfo

QUIET_BEFORE, QUIET_FROM = 8, 21  # local hours between which texts may arrive (TCPA; security.md 1.5)
REMIND_DAYS_BEFORE = (3, 1)

# Placeholders that each kind of message offers.
PLACEHOLDERS: dict[str, frozenset[str]] = {
    "appointment_confirmation": frozenset({"first_name", "patient", "location", "phone", "when"}),
    "appointment_reminder": frozenset({"first_name", "patient", "location", "phone", "when"}),
    "appointment_changed": frozenset({"first_name", "patient", "location", "phone", "when"}),
    "appointment_canceled": frozenset({"first_name", "patient", "location", "phone", "when"}),
    "presentation_shared": frozenset({"first_name", "patient", "location", "phone", "link"}),
    "documents_to_sign": frozenset({"first_name", "patient", "location", "phone", "link"}),
    "payment_receipt": frozenset({"first_name", "location", "phone", "amount"}),
}
# Kinds that a person sends by hand, from a draft that she may change first.
BY_HAND = ("please_call", "book_visit", "missed_visit", "forms_before_visit", "payment_reminder", "after_visit")
PLACEHOLDERS |= dict.fromkeys(BY_HAND, frozenset({"first_name", "patient", "location", "phone"}))
WITH_LINK = ("presentation_shared", "documents_to_sign")  # a private link is a credential: no row keeps it

# What is sent until the group writes its own. No diagnosis, no treatment: a text can be read by anybody.
BUILT_IN: dict[tuple[str, str], tuple[str, str]] = {
    ("appointment_confirmation", "en"): ("Your appointment at {location}", "Hi {first_name}, {patient}'s appointment at {location} is booked for {when}. Questions? Call {phone}. Reply STOP to opt out."),
    ("appointment_confirmation", "es"): ("Su cita en {location}", "Hola {first_name}, la cita de {patient} en {location} es el {when}. ¿Preguntas? Llame al {phone}. Responda STOP para no recibir mensajes."),
    ("appointment_reminder", "en"): ("Reminder: {location}", "Hi {first_name}, a reminder of {patient}'s appointment at {location}: {when}. To change it call {phone}. Reply STOP to opt out."),
    ("appointment_reminder", "es"): ("Recordatorio: {location}", "Hola {first_name}, le recordamos la cita de {patient} en {location}: {when}. Para cambiarla llame al {phone}. Responda STOP para no recibir mensajes."),
    ("appointment_changed", "en"): ("Your appointment has moved", "Hi {first_name}, {patient}'s appointment at {location} is now {when}. Questions? Call {phone}."),
    ("appointment_changed", "es"): ("Su cita ha cambiado", "Hola {first_name}, la cita de {patient} en {location} ahora es el {when}. ¿Preguntas? Llame al {phone}."),
    ("appointment_canceled", "en"): ("Your appointment is cancelled", "Hi {first_name}, {patient}'s appointment at {location} on {when} is cancelled. To book a new one call {phone}."),
    ("appointment_canceled", "es"): ("Su cita está cancelada", "Hola {first_name}, la cita de {patient} en {location} del {when} está cancelada. Para otra cita llame al {phone}."),
    ("presentation_shared", "en"): ("Your options at {location}", "Hi {first_name}, {patient}'s options from {location} are ready to read, choose and sign: {link} The link is private and ends by itself. Questions? Call {phone}."),
    ("presentation_shared", "es"): ("Sus opciones en {location}", "Hola {first_name}, las opciones de {patient} de {location} están listas para leer, elegir y firmar: {link} El enlace es privado y caduca. ¿Preguntas? Llame al {phone}."),
    ("documents_to_sign", "en"): ("Papers to sign at {location}", "Hi {first_name}, papers for {patient} from {location} are ready to read and sign: {link} The link is private and ends by itself. Questions? Call {phone}."),
    ("documents_to_sign", "es"): ("Papeles para firmar en {location}", "Hola {first_name}, los papeles de {patient} de {location} están listos para leer y firmar: {link} El enlace es privado y caduca. ¿Preguntas? Llame al {phone}."),
    ("please_call", "en"): ("Please call {location}", "Hi {first_name}, please call us about {patient} when you have a moment: {phone}. {location}"),
    ("please_call", "es"): ("Llame a {location}", "Hola {first_name}, llámenos sobre {patient} cuando tenga un momento: {phone}. {location}"),
    ("book_visit", "en"): ("Time for {patient}'s next visit", "Hi {first_name}, {patient} is due for the next visit at {location}. Call {phone} and we find a time that suits you."),
    ("book_visit", "es"): ("Es hora de la próxima visita de {patient}", "Hola {first_name}, a {patient} le toca la próxima visita en {location}. Llame al {phone} y buscamos una hora que le convenga."),
    ("missed_visit", "en"): ("We missed {patient} today", "Hi {first_name}, we missed {patient} at {location} today. Call {phone} to find a new time, so that treatment stays on track."),
    ("missed_visit", "es"): ("Hoy no vimos a {patient}", "Hola {first_name}, hoy no vimos a {patient} en {location}. Llame al {phone} para otra hora, y que todo siga a tiempo."),
    ("forms_before_visit", "en"): ("Before {patient}'s visit", "Hi {first_name}, please bring {patient}'s insurance card and sign the papers we sent before the visit. Questions? Call {phone}. {location}"),
    ("forms_before_visit", "es"): ("Antes de la visita de {patient}", "Hola {first_name}, traiga la tarjeta del seguro de {patient} y firme los papeles que enviamos antes de la visita. ¿Preguntas? Llame al {phone}. {location}"),
    ("payment_reminder", "en"): ("About your account at {location}", "Hi {first_name}, a payment on your account at {location} is due. Call {phone} to pay or to find a plan that works."),
    ("payment_reminder", "es"): ("Sobre su cuenta en {location}", "Hola {first_name}, hay un pago pendiente en su cuenta de {location}. Llame al {phone} para pagar o buscar un plan."),
    ("after_visit", "en"): ("After today's visit", "Hi {first_name}, {patient} did well today. Some soreness for two or three days is normal; soft food helps. If something pokes or breaks call {phone}. {location}"),
    ("after_visit", "es"): ("Después de la visita de hoy", "Hola {first_name}, a {patient} le fue bien hoy. Algo de molestia por dos o tres días es normal; la comida suave ayuda. Si algo pincha o se rompe llame al {phone}. {location}"),
    ("payment_receipt", "en"): ("Receipt from {location}", "Hi {first_name}, thank you: {location} received {amount}. Questions? Call {phone}."),
    ("payment_receipt", "es"): ("Recibo de {location}", "Hola {first_name}, gracias: {location} recibió {amount}. ¿Preguntas? Llame al {phone}."),
}  # fmt: skip

# Definitive by rule (47 CFR 64.1200), alone or with punctuation; then plain words for the same wish, English and Spanish.
STOP_WORDS = (
    "stop",
    "quit",
    "end",
    "revoke",
    "opt out",
    "optout",
    "cancel",
    "unsubscribe",
    "stopall",
    "alto",
    "parar",
    "cancelar",
    "basta",
)
STOP_PHRASES = re.compile(
    r"\b(stop|quit|don'?t|do not|no longer|no more)\b.{0,20}\b(text|texting|texts|messag\w*|sms|contact\w*|e-?mail\w*)\b"
    r"|\b(remove|take) me\b|\bno (me )?(envie|envíe|mande|escriba)\w*\b|\bwrong number\b|\bn[uú]mero equivocado\b",
    re.IGNORECASE,
)


def placeholders(body: str) -> set[str]:
    """The placeholders a text uses. Raises ValueError when a brace is not closed."""
    return {name for _, name, _, _ in string.Formatter().parse(body) if name is not None}


def language(wanted: str) -> str:
    """The language in which somebody is written to: the wanted one when there are texts in it."""
    return wanted if wanted in ("en", "es") else "en"


def names(contact: Any, phone: str) -> dict[str, str]:
    """What fills the placeholders that every kind has: from a contact of the directory and its location's phone."""
    return {
        "first_name": contact.first_name,
        "patient": contact.patient_first_name or contact.first_name,
        "location": contact.location_name,
        "phone": phone,
    }


def render(body: str, values: dict[str, str]) -> str:
    """The text with its placeholders filled; a missing value is an empty text."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match.group(1), ""), body)


def in_waking_hours(moment: dt.datetime, time_zone: str) -> dt.datetime:
    """The moment, or the next local 8:00 when it falls into the recipient's quiet hours (21:00 to 8:00)."""
    local = moment.astimezone(ZoneInfo(time_zone))
    if QUIET_BEFORE <= local.hour < QUIET_FROM:
        return moment
    day = local.date() + dt.timedelta(days=1 if local.hour >= QUIET_FROM else 0)
    return dt.datetime.combine(day, dt.time(QUIET_BEFORE), ZoneInfo(time_zone)).astimezone(dt.UTC)


def reminder_times(start: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
    """When to remind: three days and one day before, unless that has passed or the visit is booked within the hour."""
    times = [start - dt.timedelta(days=days) for days in REMIND_DAYS_BEFORE]
    return [moment for moment in times if moment > now + dt.timedelta(hours=1)]


def says_stop(text: str) -> bool:
    """Whether a reply asks to receive no more messages."""
    plain = re.sub(r"[^\w ]+", " ", text.lower()).split()
    joined = (
        " ".join(plain)
        .removeprefix("please ")
        .removeprefix("pls ")
        .removeprefix("por favor ")
        .removesuffix(" please")
        .removesuffix(" por favor")
    )
    return joined in STOP_WORDS or bool(STOP_PHRASES.search(text))


def allowed(said: bool | None, purpose: str) -> bool:
    """Whether a message of a purpose may go: the person's last word, else yes for everything but marketing."""
    return purpose != "marketing" if said is None else said


def say_when(start: dt.datetime, time_zone: str, language: str) -> str:
    """A time as a family reads it, in the location's own zone: "Tue, Dec 1 at 3:20 PM"."""
    local = start.astimezone(ZoneInfo(time_zone))
    hour = f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"
    if language == "es":
        days = ("lun", "mar", "mié", "jue", "vie", "sáb", "dom")
        months = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
        return f"{days[local.weekday()]} {local.day} {months[local.month - 1]} a las {hour}"
    return f"{local:%a, %b} {local.day} at {hour}"


CALL_PURPOSE = {
    "confirm_visit": "appointment",
    "missed_visit": "appointment",
    "follow_up": "presentation",
    "failed_payment": "payment",
}
_CALLED = {
    "confirm_visit": "Called to confirm the visit",
    "missed_visit": "Called about a missed visit",
    "follow_up": "Called about the treatment plan",
    "failed_payment": "Called about a payment that failed",
}
_CAME_OF_IT = {
    "reached": "reached",
    "message_left": "left a message",
    "no_answer": "no answer",
    "wrong_number": "wrong number",
    "call_back": "asked to be called again",
}


def say_call(reason: str, outcome: str) -> str:
    """What the conversation says of a call: "Called to confirm the visit: left a message."."""
    return f"{_CALLED[reason]}: {_CAME_OF_IT[outcome]}."
