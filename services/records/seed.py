"""The demo group's visits of the last two years, and the photographs and films of some treatments."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.records.domain import PHOTOGRAPHS
from services.records.media import files, renditions
from services.records.models import Image, Note, Rendition, Visit
from shared.demo import films, pictures
from shared.demo.seed import Files, Rows
from shared.demo.world import Case, Maker, World

ALBUMS = 14  # treatments with images
TEETH = {"initial": pictures.Teeth(1.0), "progress": pictures.Teeth(0.4, braces=True), "final": pictures.Teeth(0.0)}
FILMS = {"initial": ("pano", "ceph"), "final": ("pano",)}


def rows(world: World) -> Rows:
    """One visit for every appointment that was kept; the images of a few treatments, which share their files."""
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
    yield Note, [note for visit in visits if (note := _note(visit, world.now)) is not None]
    images: list[dict[str, Any]] = []
    smaller: list[dict[str, Any]] = []
    taker = next(staff for staff in world.staff if staff.role == "records_technician").id
    for number, case in enumerate(_photographed(world)):
        for stage, day in _timepoints(case, world.now.date()):
            taken = dt.datetime.combine(day, dt.time(15), dt.UTC)
            for view in (*PHOTOGRAPHS, *FILMS.get(stage, ())):
                kept, made, frame = _file(view, stage, number % len(pictures.LOOKS))
                images.append(
                    {
                        "id": make.id(taken), "patient_id": case.patient.id, "location_id": case.patient.location.id, "case_id": case.id,
                        "view": view, "stage": stage, "format": kept.format, "taken_at": taken, "width": kept.width, "height": kept.height,
                        "modality": kept.modality, "added_by_id": taker, "created_at": taken, "sizes": list(made), "frame": frame,
                        **_stored(world, kept.content),
                    }
                )  # fmt: skip
                smaller += [
                    {
                        "id": make.id(taken), "image_id": images[-1]["id"], "location_id": case.patient.location.id, "size": size,
                        "content_type": one.content_type, **_stored(world, one.content),
                    }
                    for size, one in made.items()
                ]  # fmt: skip
    yield Image, images
    yield Rendition, smaller


def stored(world: World) -> Files:
    """The files that the rows name."""
    for number, case in enumerate(_photographed(world)):
        for stage, _ in _timepoints(case, world.now.date()):
            for view in (*PHOTOGRAPHS, *FILMS.get(stage, ())):
                kept, made, _ = _file(view, stage, number % len(pictures.LOOKS))
                for content in (kept.content, *(one.content for one in made.values())):
                    yield _stored(world, content)["storage_key"], content


def _photographed(world: World) -> list[Case]:
    """Treatments that have run for a while at the first location, finished ones among them."""
    old = world.now.date() - dt.timedelta(days=240)
    here = [
        case
        for case in world.cases
        if case.patient.location is world.locations[0] and case.contract and case.started_on and case.started_on < old
    ]
    finished = [case for case in here if case.debonded_on]
    return sorted([*finished[: ALBUMS // 3], *(c for c in here if not c.debonded_on)], key=lambda c: c.id)[:ALBUMS]


def _timepoints(case: Case, today: dt.date) -> Iterator[tuple[str, dt.date]]:
    """The stages that were recorded, with their days."""
    started = case.started_on or today
    yield "initial", started - dt.timedelta(days=16)
    yield "progress", started + ((case.debonded_on or today) - started) / 2
    if case.debonded_on:
        yield "final", case.debonded_on


@cache
def _file(
    view: str, stage: str, look: int
) -> tuple[files.Checked, dict[str, renditions.Rendition], dict[str, Any] | None]:
    """A drawn image as the chart keeps it. Drawn once: treatments share it."""
    teeth = TEETH[stage]
    if view in films.SIZES:
        kept = files.film(films.draw(view, teeth.crowding))
    else:
        kept = files.photograph(pictures.draw(view, look, teeth))
    return kept, *renditions.make(kept)


def _stored(world: World, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    key = f"{world.group_id}/images/{uuid5(NAMESPACE_URL, digest)}"
    return {"storage_key": key, "size_bytes": len(content), "sha256": digest}


# What a doctor writes at the chair, by type of visit; invented, like everything of the demo.
NOTES = {
    "exam": (
        "Class II div 1, overjet 6 mm, overbite 50 %, crowding U 4 mm / L 3 mm. Good hygiene. Recommended: full appliances,"
        " class II elastics, about 22 months. Alternatives and no treatment discussed.",
    ),
    "records": ("Photographs, pano and scan taken. Reviewed: no pathology, third molars present.",),
    "bonding": (
        "Bonded U/L 6-6. 014 NiTi U/L. Instructions: hygiene, food, wax, emergencies. Soreness explained. Next: 8 weeks.",
    ),
    "adjustment": (
        '18x25 NiTi U/L. Elastics class II 3/16" full time. Hygiene fair, demonstrated again. Next: check torque 1.1.',
        "016x022 SS U, 18x25 NiTi L. Power chain 3-3 U. Wears elastics about 14 h. Hygiene good. Next: finishing bends.",
        "Changed modules, 016 NiTi L. UR4 rebonded. Reminded of hard food. Next: 8 weeks.",
    ),
    "debond": (
        "Debonded U/L, adhesive removed, polished. No decalcification. Retainers scanned. Next: retainer delivery.",
    ),
    "retention": ("Retainers fit, worn nightly. Fixed 3-3 L intact. Alignment stable. Next: 6 months.",),
}
NOTED_DAYS = 400
UNSIGNED_HOURS = 48  # the newest notes wait for their signature


def _note(visit: dict[str, Any], now: dt.datetime) -> dict[str, Any] | None:
    """The doctor's note of a finished visit of the last year or so; None when nothing is written about its type."""
    texts = next((found for code, found in NOTES.items() if visit["type_code"].startswith(code)), None)
    done = visit["completed_at"]
    if texts is None or done is None or not visit["provider_id"] or done < now - dt.timedelta(days=NOTED_DAYS):
        return None
    signed = done < now - dt.timedelta(hours=UNSIGNED_HOURS)
    return {
        "id": str(uuid5(NAMESPACE_URL, f"note {visit['id']}")),
        "patient_id": visit["patient_id"],
        "location_id": visit["location_id"],
        "visit_id": visit["id"],
        "author_id": visit["provider_id"],
        "text": texts[int(visit["id"].replace("-", "")[-6:], 16) % len(texts)],
        "signed_by_id": visit["provider_id"] if signed else None,
        "signed_at": done + dt.timedelta(minutes=20) if signed else None,
        "created_at": done,
        "updated_at": done + dt.timedelta(minutes=20) if signed else done,
    }
