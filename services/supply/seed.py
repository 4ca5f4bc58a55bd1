"""The demo group's labs and lab orders: aligners at the start, retainers at the debond."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.supply import domain, models
from shared.demo.seed import Rows
from shared.demo.world import Appointment, Maker, World

Table = list[dict[str, Any]]
TURNAROUND_DAYS = (7, 12)  # of the two demo labs
CHAIN = (
    "drafted",
    "approved",
    "sent",
    "accepted",
    "in_production",
    "shipped",
    "received",
    "checked",
    "delivered",
    "closed",
)
WANTED = {  # appointment type → what must be there
    "retainer_delivery": ("retainer", 0, [{"description": "Hawley retainer", "arch": "both", "quantity": 2}]),
    "bonding": ("aligners", 1, [{"description": "Aligner set", "arch": "both", "quantity": 24}]),
}


def rows(world: World) -> Rows:
    """Labs, then an order for each visit that needs an appliance, as far along as its day."""
    books = _Books(world)
    for visit in world.appointments:
        if visit.type_code in WANTED and (visit.type_code != "bonding" or visit.case.phase == "aligner"):
            books.add(visit)
    yield models.Location, [{"id": place.id, "time_zone": place.time_zone} for place in world.locations]
    yield (
        models.Lab,
        [
            {"id": id, "name": name, "turnaround_days": days}
            for (id, name), days in zip(world.labs, TURNAROUND_DAYS, strict=True)
        ],
    )
    yield models.LabOrder, books.orders
    yield models.Transition, books.transitions
    yield models.Shipment, books.shipments


class _Books:
    """The tables while they fill, an order at a time."""

    def __init__(self, world: World) -> None:
        self.world, self.make = world, Maker(world.now, seed=71)
        self.orders: Table = []
        self.transitions: Table = []
        self.shipments: Table = []

    def add(self, visit: Appointment) -> None:
        """The order for one visit: made in time, a step every few days before it."""
        kind, lab, items = WANTED[visit.type_code]
        days = [-25, -24, -23, -22, -19, -8, -5, -4, 0, 1]
        moments = [visit.start + dt.timedelta(days=day, minutes=7 * step) for step, day in enumerate(days)]
        reached = [(state, at) for state, at in zip(CHAIN, moments, strict=True) if at < self.world.now]
        if not reached:
            return
        id, entered = self.make.id(reached[0][1]), dict(reached)
        place = {"location_id": visit.location.id}
        sent_at = entered.get("sent")
        expected = domain.expected_on((sent_at or reached[0][1]).date(), TURNAROUND_DAYS[lab])
        self.orders.append(
            {
                "id": id,
                **place,
                "lab_id": self.world.labs[lab][0],
                "patient_id": visit.patient.id,
                "patient_initials": domain.initials(visit.patient.first, visit.patient.last),
                "case_id": visit.case.id,
                "appointment_id": visit.id,
                "provider_id": visit.doctor or next(iter(visit.location.open_days.values())),
                "kind": kind,
                "items": items,
                "instructions": "",
                "file_ids": [],
                "refinement": 0,
                "fee_cents": (85_00, 1290_00)[lab],
                "due_date": domain.due_before_visit(visit.start.date()),
                "expected_on": expected,
                "state": reached[-1][0],
                "sent_at": sent_at,
                "received_at": entered.get("received"),
                "version": len(reached),
                "created_at": reached[0][1],
                "updated_at": reached[-1][1],
            }
        )
        before = ""
        for state, at in reached:
            self.transitions.append(
                {
                    "id": self.make.id(at),
                    **place,
                    "lab_order_id": id,
                    "from_state": before,
                    "to_state": state,
                    "actor_id": visit.case.owner.id,
                    "event_time": at,
                }
            )
            before = state
        if shipped_at := entered.get("shipped"):
            self.shipments.append(
                {
                    "id": self.make.id(shipped_at),
                    **place,
                    "lab_order_id": id,
                    "carrier": "ups",
                    "tracking_number": f"1Z{self.make.rng.randrange(10**9):09d}",
                    "shipped_at": shipped_at,
                    "received_at": entered.get("received"),
                }
            )
