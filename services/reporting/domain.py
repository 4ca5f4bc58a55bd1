"""The metric registry: one versioned definition for each figure. Formulas: orthodontics.md, section 8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """Counts facts of some kinds, or adds up their amounts."""

    kinds: tuple[str, ...]
    without_variants: tuple[str, ...] = ()
    amount: bool = False
    by_cohort: bool = False  # placed by the day the case's lead was added, not by its own date


@dataclass(frozen=True)
class Metric:
    """A definition. Without a denominator it is a plain count."""

    key: str
    name: str
    formula: str
    caution: str
    unit: str  # count, share or money
    numerator: Count
    denominator: Count | None
    higher_is_better: bool
    source: str
    definition_version: int = 1


REGISTRY: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("new_patient_adds", "New-patient adds", "enquiries added in the period", "A family that asks twice counts twice until the leads are merged.", "count",
               Count(("lead_added",)), None, True, "A8"),
        Metric("adds_to_exams", "Adds to exams", "kept first exams of the cases added in the period ÷ enquiries added in the period",
               "By cohort of the day of the enquiry, not by month totals: recent days are still ripening.", "share",
               Count(("exam_kept",), by_cohort=True), Count(("lead_added",)), True, "A1: above 90 % is the goal, 81 % the US mean"),
        Metric("kept_exam_rate", "Kept exam rate", "exams kept ÷ (exams kept + exams missed)", "Cancelled exams are apart.", "share",
               Count(("exam_kept",)), Count(("exam_kept", "exam_missed")), True, "F7"),
        Metric("case_acceptance", "Case acceptance", "(starts − Phase II starts) ÷ exams seen",
               "Exams include those that end in observation.", "share",
               Count(("start",), without_variants=("phase_2",)), Count(("exam_kept",)), True, "A1: 70 to 80 %"),
        Metric("average_contract_value", "Average contract value", "contract fees after discounts ÷ contracts started", "By type it differs widely: compare like with like.", "money",
               Count(("start",), amount=True), Count(("start",)), True, "A9"),
        Metric("no_show_rate", "No-show rate", "missed visits ÷ (kept + missed visits)", "Cancellations are apart.", "share",
               Count(("visit_missed",)), Count(("visit_kept", "visit_missed")), False, "B3: 7.4 %"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Facts of one kind and variant at one location, as the database adds them up."""

    location_id: str
    kind: str
    variant: str
    by_cohort: bool
    count: int
    amount_cents: int


def measure(count: Count, groups: Iterable[Group]) -> int:
    """One side of a metric over the groups at hand."""
    return sum(
        group.amount_cents if count.amount else group.count
        for group in groups
        if group.by_cohort == count.by_cohort
        and group.kind in count.kinds
        and group.variant not in count.without_variants
    )


def value(unit: str, numerator: int, denominator: int) -> int | None:
    """The value in the metric's unit, rounded half up; None when there is nothing to divide by."""
    if denominator == 0:
        return None
    scaled = numerator * 10_000 if unit == "share" else numerator
    return (2 * scaled + denominator) // (2 * denominator)
