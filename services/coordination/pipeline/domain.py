"""The board: in which column a case stands, when it has been there too long, and which moves by hand are true.

Facts put a card into its column. A person may move it only where the move says nothing that has not happened.
Source of the columns: the coordinator's day, in which a pending family has one blocker, an owner and a next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.errors import Conflict

# Column → days after which a card is conspicuous there; 0: never.
AGED_AFTER_DAYS = {
    "new_lead": 2,
    "exam_booked": 21,
    "exam_kept": 3,
    "presented": 7,
    "pending": 14,
    "start_booked": 21,
    "started": 0,
    "observation": 0,  # watched for years; a recall that is past shows as overdue
}
STAGES = tuple(AGED_AFTER_DAYS)
PHONE_DIGITS = 7  # fewer are a chart number
STARTED_FOR_DAYS = 30  # so long a start stays on the board
BOOKED_BY_VISIT = "scheduling"  # the blocker that a booking clears
UNDECIDED = "family"

REFUSALS = {
    "CASE_CLOSED": "the case is not on the board",
    "DOCTOR_DECIDES": "observation is an outcome of an exam: record the outcome",
    "STAGE_PASSED": "what has happened is not taken back by moving the card",
    "EXAM_NOT_BOOKED": "book the exam first",
    "EXAM_NOT_KEPT": "the exam has not been kept",
    "OUTCOME_MISSING": "record the outcome of the exam first",
    "PRESENTATION_MISSING": "prepare a presentation first",
    "AGREEMENT_NOT_SIGNED": "the agreement is not signed",
    "START_NOT_BOOKED": "book the start first",
    "TREATMENT_NOT_STARTED": "treatment starts when the contract becomes active",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a case: `prepared` when it has a presentation, `sent` when the family has it, `booked` with a visit."""

    state: str
    stage: str
    blocker: str = ""
    prepared: bool = False
    sent: bool = False
    booked: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """What a move by hand changes: whether it counts as presented, and the blocker."""

    presented: bool
    blocker: str


def stage(state: str, *, exam_kept: bool, presented: bool, blocker: str) -> str:
    """The column of a case; empty when it has none (closed, paused, in retention)."""
    if state == "lead":
        return "new_lead"
    if state == "exam_scheduled":
        return "exam_kept" if exam_kept else "exam_booked"
    if state == "recommended":
        return "exam_kept" if not presented else "pending" if blocker else "presented"
    if state == "accepted":
        return "pending" if blocker else "start_booked"
    return {"active": "started", "observation": "observation"}.get(state, "")


def days_in(since: datetime, now: datetime) -> int:
    """Whole days in a column."""
    return max((now - since).days, 0)


def aged(stage: str, days: int) -> bool:
    """True when a card has been in its column for longer than the column allows."""
    return 0 < AGED_AFTER_DAYS[stage] < days


def blocker_of(state: str, blocker: str, *, booked: bool) -> str:
    """The blocker that fits the facts: a signed case without a visit waits for one, and a booking is what it waited for."""
    if state == "accepted" and not booked:
        return blocker or BOOKED_BY_VISIT
    return "" if booked and blocker == BOOKED_BY_VISIT else blocker


def missing(card: Card, target: str) -> str:
    """The first fact that the target column needs and the case lacks, as a reason of REFUSALS; empty when none."""
    needs = (
        ("exam_booked", card.state != "lead", "EXAM_NOT_BOOKED"),
        ("exam_kept", card.stage not in ("new_lead", "exam_booked"), "EXAM_NOT_KEPT"),
        ("presented", card.state not in ("exam_scheduled", "observation"), "OUTCOME_MISSING"),
        ("presented", card.prepared or card.stage != "exam_kept", "PRESENTATION_MISSING"),
        ("start_booked", card.state != "recommended", "AGREEMENT_NOT_SIGNED"),
        ("start_booked", card.booked, "START_NOT_BOOKED"),
        ("started", card.state == "active", "TREATMENT_NOT_STARTED"),
    )
    place = STAGES.index(target)
    return next((reason for needed, met, reason in needs if STAGES.index(needed) <= place and not met), "")


def move_by_hand(card: Card, target: str, blocker: str) -> Move:
    """What moving the card to another column changes; `blocker` is used in pending, else that the family decides.

    Raises Conflict with a reason of REFUSALS.
    """
    if not card.stage:
        raise refusal("CASE_CLOSED")
    if target == card.stage:
        return Move(card.stage not in ("new_lead", "exam_booked", "exam_kept"), card.blocker)
    if "observation" in (target, card.stage):
        raise refusal("DOCTOR_DECIDES")
    if reason := missing(card, target):
        raise refusal(reason)
    taken_back = target == "exam_kept" and card.state == "recommended" and not card.sent
    if target not in ("presented", "pending", "start_booked") and not taken_back:
        raise refusal("STAGE_PASSED")
    if card.stage == "started" or (target == "presented" and card.state == "accepted"):
        raise refusal("STAGE_PASSED")
    if target == "pending":
        return Move(True, blocker or (UNDECIDED if card.state == "recommended" else "other"))
    return Move(not taken_back, blocker if taken_back else "")


def refusal(reason: str) -> Conflict:
    """The error for a reason."""
    return Conflict(reason, REFUSALS[reason])


def pattern(query: str) -> str:
    """The LIKE pattern that finds a query in a contact's names; its own wildcards mean themselves."""
    words = query.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").split()
    return f"%{'%'.join(words)}%"


def rate_basis_points(started: int, recommended: int) -> int:
    """Started of recommended in hundredths of a percent, rounded down; 0 of none.

    Treatment-recommended conversion: it leaves observation out (orthodontics.md, section 8).
    """
    return started * 10_000 // recommended if recommended else 0
