"""The canonical treatment states as data, and every legal move between them.

Source: orthodontics.md, section 5. A state carries the flags that reports, autopay and claims need, so that nobody
maps states by hand; a move has a trigger, which is an event of another service or a named method, never an edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from services.coordination.domain import add_months
from shared.errors import Conflict, Invalid

NOT_SEEN_AFTER = timedelta(weeks=12)
MISSES_ALLOWED = 2
RECALL_MONTHS = 6


@dataclass(frozen=True, slots=True)
class State:
    """What a state means; `next_step` and `within_days` are the plan with which a case enters an open state."""

    next_step: str = ""
    within_days: int = 0
    active: bool = False  # counts as in active treatment
    observation: bool = False  # counts as observation (recall)
    start: bool = False  # treatment has started
    acceptance: bool = False  # treatment was accepted
    retention: bool = False  # counts as in retention
    autopay: bool = False  # instalments may be drawn
    claims: bool = False  # claims for treatment may be sent
    paused: bool = False  # returns to where it was held from

    @property
    def open(self) -> bool:
        """True while somebody has to see to it: the case has an owner, a next step and a due date."""
        return bool(self.next_step)


STARTED = {"start": True, "acceptance": True}
STATES = {
    "lead": State("Book the exam", 1),
    "exam_scheduled": State("See the exam through", 14),
    "recommended": State("Present the options", 1),
    "observation": State("Book the observation check", 180, observation=True),
    "no_treatment": State(),
    "referred_out": State(),
    "accepted": State("Book the start", 2, acceptance=True),
    "active": State("See that the next visit is booked", 28, active=True, autopay=True, claims=True, **STARTED),
    "between_phases": State("Review for Phase II", 180, observation=True, autopay=True, **STARTED),
    "retention": State("Check retention", 180, retention=True, autopay=True, **STARTED),
    "retention_complete": State(**STARTED),
    "inactive": State(),
    "transfer_out": State(**STARTED),
    "discontinued": State(**STARTED),
    "dismissed": State(),
    "on_hold": State("Ask whether to resume", 30, autopay=True, paused=True, **STARTED),
    "medically_paused": State("Ask for medical clearance", 30, paused=True, **STARTED),
    "maintenance_only": State("Review the account", 14, paused=True, **STARTED),
}
OPEN = tuple(name for name, state in STATES.items() if state.open)
CLOSED = tuple(name for name, state in STATES.items() if not state.open)
ACTIVE = tuple(name for name, state in STATES.items() if state.active)
PAUSED = tuple(name for name, state in STATES.items() if state.paused)
PHASES = ("phase_1", "phase_2", "comprehensive_child", "comprehensive_adult", "limited", "aligner")
BLOCKERS = (
    "verification", "records", "predetermination", "specialist", "financing", "family", "signature", "other", "scheduling",
)  # fmt: skip

_OUTLAST_DECISION = ("verification", "records", "predetermination", "specialist")
_BEFORE_START = ("lead", "exam_scheduled", "recommended", "observation")
_DECIDABLE = ("exam_scheduled", "recommended", "observation", "between_phases")
_IN_TREATMENT = ("active", *PAUSED)
_HELD_FROM = "@held_from"  # the state that a paused case was held from
_FINISHED = "@finished"  # between phases after Phase I, else retention


def _to(target: str, *sources: str) -> dict[str, str]:
    return dict.fromkeys(sources, target)


def _stay(*states: str) -> dict[str, str]:
    return {state: state for state in states}


# trigger → state before → state after. Contracts' events are facts, so they also reach a case whose
# exam outcome nobody has typed in yet; an amended contract leaves a running case where it is.
MOVES: dict[str, dict[str, str]] = {
    "exam_booked": _to("exam_scheduled", "lead") | _stay("exam_scheduled", "observation", "recommended"),
    "outcome_recommended": _to("recommended", *_DECIDABLE),
    "outcome_observation": _to("observation", "exam_scheduled", "recommended", "observation"),
    "outcome_no_treatment": _to("no_treatment", "exam_scheduled", "recommended", "observation"),
    "outcome_referred_out": _to("referred_out", "exam_scheduled", "recommended", "observation"),
    "contract_signed": _to("accepted", *_BEFORE_START, "between_phases", "retention")
    | _stay("accepted", *_IN_TREATMENT),
    "contract_activated": _to("active", *_BEFORE_START, "accepted", "between_phases", "retention")
    | _stay(*_IN_TREATMENT),
    "contract_cancelled": _to("recommended", "accepted") | _to("discontinued", *_IN_TREATMENT),
    "contract_ended_early": _to("discontinued", *_IN_TREATMENT, "between_phases") | _to("recommended", "accepted"),
    "contract_defaulted": _to("maintenance_only", *_IN_TREATMENT),
    "debonded": _to(_FINISHED, *_IN_TREATMENT),
    "held_family": _to("on_hold", "active", "between_phases", *PAUSED),
    "held_medical": _to("medically_paused", "active", "between_phases", *PAUSED),
    "held_account": _to("maintenance_only", "active", "between_phases", *PAUSED),
    "resumed": _to(_HELD_FROM, *PAUSED),
    "closed_inactive": _to("inactive", *_BEFORE_START, "between_phases", "retention"),
    "closed_transfer_out": _to(
        "transfer_out", "observation", "accepted", *_IN_TREATMENT, "between_phases", "retention"
    ),
    "closed_discontinued": _to("discontinued", *_IN_TREATMENT, "between_phases"),
    "closed_dismissed": _to("dismissed", *OPEN),
    "closed_retention_complete": _to("retention_complete", "retention"),
    "reactivated": _to("lead", "inactive", "no_treatment", "referred_out", "transfer_out", "discontinued", "dismissed")
    | _to("retention", "retention_complete"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands. `held_from` is set exactly while it is paused; `phase` is empty when not known."""

    state: str
    phase: str = ""
    held_from: str = ""


def allows(state: str, trigger: str) -> bool:
    """True when the trigger is legal in the state (it may leave the state as it is)."""
    return state in MOVES[trigger]


def move(standing: Standing, trigger: str, phase: str = "") -> Standing:
    """Where the case stands after the trigger; a given `phase` replaces the one known.

    Raises Conflict / ILLEGAL_TRANSITION when the state does not allow it.
    """
    if not allows(standing.state, trigger):
        raise Conflict("ILLEGAL_TRANSITION", "the case's state does not allow this", state=standing.state)
    target = MOVES[trigger][standing.state]
    if target == _HELD_FROM:
        target = standing.held_from
    elif target == _FINISHED:
        target = "between_phases" if standing.phase == "phase_1" else "retention"
    held_from = (standing.held_from or standing.state) if STATES[target].paused else ""
    return Standing(target, phase or standing.phase, held_from)


def plan(state: str, today: date) -> tuple[str, date | None]:
    """The next step and its due date with which a case enters a state; empty and None for a closed one."""
    entered = STATES[state]
    return entered.next_step, today + timedelta(days=entered.within_days) if entered.open else None


def known_phase(phase: str) -> str:
    """The phase, or the empty text for a kind of treatment that has no name here."""
    return phase if phase in PHASES else ""


def starts(state: str) -> bool:
    """True when an activated contract starts a treatment in this state, rather than amending a running one.

    Only a start sets the estimate of the end: a later one would hide that treatment takes longer than promised.
    """
    return MOVES["contract_activated"].get(state) == "active" and state != "active"


def planned(state: str, next_step: str, due: date | None, today: date) -> tuple[str, date]:
    """The plan as it is to be kept: what an open case lacks of it comes from the plan of its state."""
    standard, standard_due = plan(state, today)
    return next_step or standard, due or standard_due or today


def blocker_after(blocker: str, state: str) -> str:
    """What still blocks a case that enters a state: facts to be gathered outlast a decision, not the start."""
    entered = STATES[state]
    return blocker if blocker in _OUTLAST_DECISION and entered.open and not entered.start else ""


def recall_on(today: date) -> date:
    """When an observed patient is seen again unless the doctor says otherwise."""
    return add_months(today, RECALL_MONTHS)


def require_open(state: str) -> None:
    """Raises Conflict / CASE_CLOSED for a closed case."""
    if not STATES[state].open:
        raise Conflict("CASE_CLOSED", "the case is closed", state=state)


def require_reason(state: str, outcome: str, reason: str) -> None:
    """A case that was recommended treatment becomes inactive only with the reason why it never started.

    Raises Invalid / REASON_REQUIRED.
    """
    if state == "recommended" and outcome == "inactive" and not reason:
        raise Invalid("REASON_REQUIRED", "say why treatment has not started", field="reason_not_started")
