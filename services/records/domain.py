"""Rules of the record: what a stage needs, what a signature needs, how documents read."""

from __future__ import annotations

from collections.abc import Collection

# Eight photographs: three of the face, five of the teeth. Source: orthodontics.md section 6 (ABO).
PHOTOGRAPHS = (
    "face_frontal_relaxed",
    "face_frontal_smile",
    "face_profile",
    "intraoral_frontal",
    "intraoral_right",
    "intraoral_left",
    "intraoral_upper",
    "intraoral_lower",
)
FILMS = ("pano", "ceph")
SCANS = ("scan_upper", "scan_lower", "scan_bite")
FORMATS = {
    **dict.fromkeys(PHOTOGRAPHS, ("jpeg",)),
    **dict.fromkeys(FILMS, ("dicom", "jpeg")),
    **dict.fromkeys(SCANS, ("stl", "ply")),
    "other": ("jpeg", "dicom", "stl", "ply"),
}
# The gate of each stage: exam → photographs and pano; progress → photographs; debond → photographs, pano, scan.
GATE: dict[str, tuple[str, ...]] = {
    "initial": (*PHOTOGRAPHS, "pano"),
    "progress": PHOTOGRAPHS,
    "final": (*PHOTOGRAPHS, "pano", "scan_upper", "scan_lower"),
    "retention": ("intraoral_frontal", "intraoral_upper", "intraoral_lower"),
}
DISCLOSURE_VERSION = "esign-2026-01"
TEMPLATE_VERSION = "2026-11"


def missing(stage: str, views: Collection[str]) -> list[str]:
    """The views that a stage still needs, in their order."""
    return [view for view in GATE[stage] if view not in views]


def may_sign(kind: str, *, may_consent: bool, financial: bool) -> bool:
    """Whether a person may sign a document for the patient.

    Treatment is consented to by whoever may decide for the patient (45 CFR 164.502(g)); the financial agreement may
    also be signed by whoever pays.
    """
    return may_consent or (kind == "financial_agreement" and financial)
