"""Rules of messages: texts, quiet hours, consent, and what counts as STOP."""

from __future__ import annotations

import datetime as dt
import re
import string
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
    "payment_receipt": frozenset({"first_name", "location", "phone", "amount"}),
}

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
