"""The demo group's visits of the last two years."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.records.models import Visit
from shared.demo.seed import Rows
from shared.demo.world import Maker, World


def rows(world: World) -> Rows:
    """One visit for every appointment that was kept."""
    make = Maker(world.now, seed=51)
    visits: list[dict[str, Any]] = []
    for booked in world.appointments:
        if booked.state in ("checked_out", "done", "seated", "arrived"):
            arrived = booked.start - dt.timedelta(minutes=4)
            done = booked.start + dt.timedelta(minutes=booked.minutes)
            visits.append(
                {
                    "id": make.id(arrived), "appointment_id": booked.id, "patient_id": booked.patient.id, "location_id": booked.location.id,
                    "case_id": booked.case.id, "provider_id": booked.doctor or None, "type_code": booked.type_code, "arrived_at": arrived,
                    "completed_at": done if booked.state in ("checked_out", "done") else None,
                }
            )  # fmt: skip
    yield Visit, visits
