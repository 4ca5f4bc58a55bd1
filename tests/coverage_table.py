"""`make coverage-table`: which tests prove which responsibility, written into README.md from the tests' own markers.

A test says `@pytest.mark.R(6)`; the words are those of RESPONSIBILITIES. `--check` only says whether README is in step
and whether a responsibility has no test.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- coverage: written by `make coverage-table` -->", "<!-- end of coverage -->"
RESPONSIBILITIES = {
    1: "one point of contact: enquiry, consult, follow-up, acceptance",
    2: "present plans and payment options, obtain informed consent",
    3: "verify orthodontic benefits, explain the patient's share",
    4: "estimate, predetermine, chase, appeal",
    5: "payment plans, autopay, split payers, financing, refunds",
    6: "schedule every stage, use the doctor's minutes well",
    7: "keep the clinical record",
    8: "order from labs and vendors, resolve discrepancies",
    9: "watch active cases, reach patients in time",
    10: "financial reports and key figures",
    11: "educate patients",
    12: "diagnostic records complete before planning",
    13: "in-office and virtual consults",
    14: "answer on every channel, log every message",
    15: "submit and follow claims, work denials",
    16: "a searchable knowledge base",
    17: "train staff, track completion",
    18: "recall and reactivation campaigns",
    19: "privacy and consent in every interaction",
    20: "develop referrals",
    21: "audit agreements and charts",
    22: "inventory",
    23: "support the clinical team",
    24: "complaints and disputes to their resolution",
    25: "education material and presentations",
    26: "templates and scripts",
    27: "propose and track improvements",
    28: "relationships with insurers, labs, vendors",
    29: "onboard staff",
    30: "operational reports on a schedule",
    31: "testimonials and feedback with consent",
    32: "scheduled audits with findings",
    33: "cover the front desk",
    34: "complex cases with outside specialists",
    35: "move in from and live beside other systems",
    36: "one group, many locations",
}


class Markers:
    """A pytest plugin that remembers the markers of every collected test."""

    def __init__(self) -> None:
        self.tests: dict[int, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            name = item.nodeid.split("[")[0]
            for marker in item.iter_markers("R"):
                for number in marker.args:
                    self.tests[int(str(number).lstrip("R"))].add(name)


def table(tests: dict[int, set[str]]) -> str:
    """The Markdown table: a line per responsibility, its first tests as links to their files."""
    lines = ["| | responsibility | proven by |", "|---|---|---|"]
    for number, words in RESPONSIBILITIES.items():
        names = sorted(tests.get(number, ()))
        links = [f"[{name.split('::')[-1]}]({name.split('::')[0]})" for name in names[:3]]
        more = [f"and {len(names) - 3} more"] if len(names) > 3 else []
        lines.append(f"| R{number} | {words} | {', '.join([*links, *more]) or '–'} |")
    return "\n".join(lines)


def main() -> int:
    markers = Markers()
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = pytest.main(["--collect-only", "-q"], plugins=[markers])
    if status:
        print(output.getvalue()[-3000:], file=sys.stderr)
        return int(status)
    readme = ROOT / "README.md"
    text = readme.read_text()
    if BEGIN not in text:
        text += f"\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    wanted = f"{before}{BEGIN}\n{table(markers.tests)}\n{END}{after}"
    missing = [f"R{number}" for number in RESPONSIBILITIES if number not in markers.tests]
    print(f"{len(RESPONSIBILITIES) - len(missing)} of {len(RESPONSIBILITIES)} responsibilities have a test")
    if missing:
        print("without: " + ", ".join(missing))
    if "--check" in sys.argv:
        return int(wanted != readme.read_text() or bool(missing))
    readme.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
