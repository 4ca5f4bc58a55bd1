"""PDFs by Typst: tagged, and the same bytes for the same values (the date is a value, not the clock)."""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from typing import Any

import typst

from shared.words import dollars

TITLES = {
    ("informed_consent", "en"): "Informed consent to orthodontic treatment",
    ("informed_consent", "es"): "Consentimiento informado para tratamiento de ortodoncia",
    ("hipaa_notice", "en"): "Notice of privacy practices: acknowledgment",
    ("hipaa_notice", "es"): "Aviso de prácticas de privacidad: acuse de recibo",
    ("financial_agreement", "en"): "Financial agreement",
    ("financial_agreement", "es"): "Acuerdo financiero",
}


def agreement(kind: str, language: str, values: dict[str, Any]) -> tuple[str, bytes]:
    """The title and the PDF of a consent or financial agreement.

    `values` holds patient, birth_date, signer, location, group, phone, date (YYYY-MM-DD) and, in cents, the amounts of
    the contract. The text is shared/documents/<kind>.<language>.typ. About 40 ms of CPU: call it in a thread.
    """
    title = TITLES[(kind, language)]
    shown = {name: dollars(value) if name.endswith("_cents") else str(value) for name, value in values.items()}
    made_on = dt.datetime.fromisoformat(values["date"]).replace(tzinfo=dt.UTC)
    content = typst.compile(
        files("shared.documents").joinpath(f"{kind}.{language}.typ").read_bytes(),
        sys_inputs={"title": title, "values": json.dumps(shown)},
        timestamp=int(made_on.timestamp()),
    )
    return title, bytes(content)
