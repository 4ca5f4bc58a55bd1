"""Benefits in their three forms: as read from a file, as kept (JSON), as the API shows them.

Kept: the proto's field names, money as `…_cents`, `covered` as its short name, unknown values absent, and `provenance`
as {field: [positions]}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from archwire.insurance.v1 import eligibility_pb2 as pb

from services.insurance.domain import BenefitFacts
from services.insurance.x12.benefits import Fact, OrthoBenefits
from shared.proto import enum_name, enum_value, from_date, money

MONEY = ("lifetime_maximum", "lifetime_remaining", "deductible", "deductible_remaining", "paid_to_date")
NUMBERS = ("plan_percent_basis_points", "minimum_age", "maximum_age")
TEXTS = ("age_text", "waiting_until", "waiting_text", "frequency")
LISTS = ("other_payers", "notes", "ambiguous")
LONGEST_TEXT = 500
MOST_TEXTS = 100


def from_x12(found: OrthoBenefits) -> dict[str, Any]:
    """What a file says, as kept."""
    kept: dict[str, Any] = {"rejections": [asdict(r) for r in found.rejections]}
    provenance: dict[str, list[int]] = {}

    def keep(name: str, value: Any, fact: Fact[Any]) -> None:
        if value is not None and value != "":
            kept[name] = value
            if fact.positions:
                provenance[name.removesuffix("_cents")] = list(fact.positions)

    for name in ("covered", "plan_percent_basis_points", *(f"{m}_cents" for m in MONEY), "waiting_text", "frequency"):
        if fact := getattr(found, name):
            keep(name, fact.value, fact)
    if fact := found.waiting_until:
        keep("waiting_until", fact.value.isoformat(), fact)
    if limit := found.age_limit:
        keep("minimum_age", limit.value.minimum, limit)
        keep("maximum_age", limit.value.maximum, limit)
        keep("age_text", limit.value.text[:LONGEST_TEXT], limit)
    for name in ("other_payers", "notes"):
        if fact := getattr(found, name):
            keep(name, [text[:LONGEST_TEXT] for text in fact.value[:MOST_TEXTS]], fact)
    kept["ambiguous"] = [name.removesuffix("_cents") for name in found.ambiguous]
    return kept | {"provenance": provenance}


def from_message(message: pb.Benefits) -> dict[str, Any]:
    """What a person was told, as kept. Raises Invalid for a day that does not exist."""
    kept: dict[str, Any] = {"covered": enum_name(pb.CoveredState, message.covered) or "unknown"}
    kept |= {f"{name}_cents": getattr(message, name).amount_cents for name in MONEY if message.HasField(name)}
    kept |= {name: getattr(message, name) for name in NUMBERS if message.HasField(name)}
    kept |= {name: getattr(message, name) for name in TEXTS if getattr(message, name)}
    kept |= {name: list(getattr(message, name)) for name in ("other_payers", "notes") if getattr(message, name)}
    if message.waiting_until:
        from_date(message.waiting_until, "benefits.waiting_until")
    return kept


def to_message(kept: Mapping[str, Any]) -> pb.Benefits:
    """The kept benefits as the API shows them."""
    return pb.Benefits(
        covered=enum_value(pb.CoveredState, kept.get("covered", "unknown")),
        **{name: money(kept[f"{name}_cents"]) for name in MONEY if f"{name}_cents" in kept},
        **{name: kept[name] for name in (*NUMBERS, *TEXTS, *LISTS) if name in kept},
        rejections=[
            pb.Rejection(reason=r["reason"], action=r["action"], advice=r["text"], position=r["position"])
            for r in kept.get("rejections", ())
        ],
        provenance=[
            pb.Provenance(field=name, positions=positions) for name, positions in kept.get("provenance", {}).items()
        ],
    )


NEEDED = ("plan_percent_basis_points",)


def missing(kept: Mapping[str, Any]) -> list[str]:
    """What an estimate needs and nobody knows."""
    unknown = [name for name in NEEDED if name not in kept]
    if "lifetime_remaining_cents" not in kept and "lifetime_maximum_cents" not in kept:
        unknown.append("lifetime_maximum")
    return unknown


def facts(kept: Mapping[str, Any], how: str) -> BenefitFacts:
    """The kept benefits as the estimate takes them; `how` begins every source, such as "271 of 2026-01-15"."""
    deductible = kept.get("deductible_remaining_cents", kept.get("deductible_cents", 0))
    places = {
        name: how + (f", segment {', '.join(map(str, positions))}" if positions else "")
        for name, positions in kept.get("provenance", {}).items()
    }
    names = ("plan_percent_basis_points", "lifetime_maximum", "lifetime_remaining", "deductible")
    return BenefitFacts(
        plan_percent_basis_points=kept["plan_percent_basis_points"],
        lifetime_maximum_cents=kept.get("lifetime_maximum_cents"),
        lifetime_remaining_cents=kept.get("lifetime_remaining_cents"),
        deductible_cents=deductible,
        minimum_age=kept.get("minimum_age"),
        maximum_age=kept.get("maximum_age"),
        age_text=kept.get("age_text", ""),
        waiting_until=date.fromisoformat(kept["waiting_until"]) if "waiting_until" in kept else None,
        waiting_text=kept.get("waiting_text", ""),
        other_payers=tuple(kept.get("other_payers", ())),
        ambiguous=tuple(kept.get("ambiguous", ())),
        sources={name: places.get(name, how) for name in names},
    )
