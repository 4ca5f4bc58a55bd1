"""What is wrong with a file, said so that a person can find the place and nobody learns whose file it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "reject", "warn", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation about an X12 file.

    `code` begins with its layer: ENV_ and GRP_ and SET_ (envelope), SYN_ (syntax), STR_ (order and loops), ELM_ (one
    element), SEM_ (elements that contradict each other). `position` counts segments from 1 in the file, 0 for the whole
    file; `element` counts from 1 as in the standard (CLM02 is 2), 0 for the whole segment. `message` never holds
    data of the file, so it may be logged and shown. `source` says where the rule comes from: `standard` (X12's public
    syntax), `companion` (payers' guides), `peer` (open maps and real samples) or `own`.
    """

    code: str
    severity: Severity
    position: int
    segment: str
    element: int
    message: str
    source: str = "standard"

    @property
    def stops(self) -> bool:
        """True when the file, or the transaction set, cannot be used."""
        return self.severity in ("fatal", "reject")


class Malformed(ValueError):
    """The file cannot be used; `findings` say why, the first is the most telling."""

    def __init__(self, findings: Iterable[Finding]):
        self.findings = tuple(findings)
        super().__init__(", ".join(f"{f.code} at segment {f.position}" for f in self.findings))
