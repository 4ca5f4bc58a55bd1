"""The demo group's messages: a confirmation and a reminder for each visit of the last half-year, and receipts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.notifications import domain
from services.notifications.models import Location, Message, Thread
from shared import words
from shared.demo.seed import Rows
from shared.demo.world import Maker, World


def rows(world: World) -> Rows:
    """Locations, threads and messages."""
    make = Maker(world.now, seed=31)
    yield Location, [{"id": location.id, "time_zone": location.time_zone} for location in world.locations]
    since = world.now - dt.timedelta(days=180)
    threads: dict[str, dict[str, Any]] = {}
    messages: list[dict[str, Any]] = []
    for visit in world.appointments:
        if visit.booked_at < since:
            continue
        patient, party = visit.patient, visit.patient.parties[0][0]
        thread = threads.setdefault(
            patient.id,
            {
                "id": make.id(visit.booked_at),
                "patient_id": patient.id,
                "party_id": None,
                "location_id": visit.location.id,
                "unanswered_count": 0,
                "last_message_at": visit.booked_at,
            },
        )
        values = {
            "first_name": party.first,
            "patient": patient.first,
            "location": visit.location.name,
            "phone": words.phone("+16175550100"),
        }
        values["when"] = domain.say_when(visit.start, visit.location.time_zone, party.language)
        for kind, at in (
            ("appointment_confirmation", visit.booked_at),
            ("appointment_reminder", visit.start - dt.timedelta(days=1)),
        ):
            if at > world.now:
                continue
            thread["last_message_at"] = max(thread["last_message_at"], at)
            subject, body = domain.BUILT_IN[(kind, party.language)]
            messages.append(
                {
                    "id": make.id(at), "thread_id": thread["id"], "patient_id": patient.id, "party_id": None, "location_id": visit.location.id,
                    "inbound": False, "channel": "sms", "purpose": "appointment", "template_kind": kind, "state": "sent",
                    "subject": domain.render(subject, values), "body": domain.render(body, values), "params": {}, "failure_reason": "",
                    "appointment_id": visit.id, "due_at": at, "sent_at": at, "created_at": at,
                }
            )  # fmt: skip
    yield Thread, list(threads.values())
    yield Message, messages
