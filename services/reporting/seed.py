"""The demo group's facts, as its two years would have left them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from services.reporting.models import Fact, Location
from shared.demo.seed import Rows
from shared.demo.world import Location as Place
from shared.demo.world import Maker, World


def rows(world: World) -> Rows:
    """Locations and facts."""
    make = Maker(world.now, seed=41)
    yield (
        Location,
        [{"id": place.id, "time_zone": place.time_zone, "region_id": place.region_id} for place in world.locations],
    )
    facts: list[dict[str, Any]] = []

    def add(
        kind: str,
        subject: str,
        place: Place,
        date: dt.date,
        case: Any = None,
        variant: str = "",
        cents: int | None = None,
    ) -> None:
        facts.append(
            {
                "id": make.id(date), "kind": kind, "subject_id": subject, "location_id": place.id, "case_id": case.id if case else None,
                "patient_id": case.patient.id if case else None, "date": date, "cohort_date": added.get(case.id) if case else None,
                "variant": variant, "amount_cents": cents, "recorded_at": min(dt.datetime.combine(date, dt.time(18), dt.UTC), world.now),
            }
        )  # fmt: skip

    def local(place: Place, moment: dt.datetime) -> dt.date:
        return moment.astimezone(ZoneInfo(place.time_zone)).date()

    added: dict[str, dt.date] = {}
    for case in world.cases:
        added[case.id] = local(case.patient.location, case.history[0][0])
        add("lead_added", case.lead_id, case.patient.location, added[case.id], case, case.source)
        if case.contract and case.started_on:
            add(
                "start",
                case.contract.id,
                case.patient.location,
                case.started_on,
                case,
                case.phase,
                case.contract.total_cents,
            )
    for enquiry in world.enquiries:
        add("lead_added", enquiry.id, enquiry.location, local(enquiry.location, enquiry.at), None, enquiry.source)
    for visit in world.appointments:
        date, exam = local(visit.location, visit.start), visit.visit_class == "exam"
        if exam and visit.state != "canceled":
            add("exam_booked", visit.id, visit.location, date, visit.case, "exam")
        kept = "kept" if visit.state in ("done", "checked_out") else "missed" if visit.state == "no_show" else ""
        for kind in ("visit", "exam") if exam else ("visit",):
            if kept:
                add(f"{kind}_{kept}", visit.id, visit.location, date, visit.case, visit.visit_class)
    yield Fact, facts
