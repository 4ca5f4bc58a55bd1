"""Rules of tasks and follow-ups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.errors import Conflict, Invalid

STATES = ("open", "snoozed", "done", "dropped")
KINDS = ("call", "present_options", "rebook_exam", "verify_benefits", "prepare_agreement", "check_case", "other")
MOVES = {
    "complete": {"open": "done", "snoozed": "done"},
    "drop": {"open": "dropped", "snoozed": "dropped"},
    "snooze": {"open": "snoozed", "snoozed": "snoozed"},
    "reopen": {"snoozed": "open", "done": "open", "dropped": "open"},
}
LEAST_VALUE_CENTS = 100_00  # a task without value still gains priority with age
LONGEST_SNOOZE = timedelta(days=366)

CHANNELS = ("call", "text", "email", "portal", "in_person")
OUTCOMES = ("reached", "message_left", "no_answer", "agreed", "declined", "wrong_number")
FOLLOW_UP_STATES = ("planned", "done", "canceled")


@dataclass(frozen=True, slots=True)
class Step:
    """One touch of a follow-up plan, `after_days` after the presentation was shared."""

    after_days: int
    channel: str
    title: str


FOLLOW_UP_PLAN = (
    Step(2, "call", "Ask which questions are open"),
    Step(7, "text", "Remind them of the options"),
    Step(14, "call", "Ask what keeps them from starting"),
    Step(30, "email", "Send the payment choices once more"),
    Step(60, "call", "Agree: start, wait for a date, or close"),
)
AFTER_PLAN = Step(7, "call", "Close the case or set a date")
PUT_OFF_DAYS = {"reached": 7, "message_left": 2, "no_answer": 1}
FIND_NUMBER = Step(1, "call", "Find a number that reaches the family")
ENDS_PLAN = {"agreed": Step(2, "call", "Prepare the agreement"), "declined": AFTER_PLAN}  # by outcome of a touch


def move(state: str, trigger: str) -> str:
    """The task's state after `complete`, `drop`, `snooze` or `reopen`; raises Conflict / ILLEGAL_TRANSITION."""
    try:
        return MOVES[trigger][state]
    except KeyError:
        raise Conflict("ILLEGAL_TRANSITION", "the task's state does not allow this", state=state) from None


def require_open(state: str) -> None:
    """Raises Conflict / ILLEGAL_TRANSITION for a task that is closed."""
    if state not in MOVES["complete"]:
        raise Conflict("ILLEGAL_TRANSITION", "the task is closed", state=state)


def require_snooze(now: datetime, until: datetime) -> None:
    """Raises Invalid / BAD_SNOOZE unless `until` lies within the coming year."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid("BAD_SNOOZE", "a task is put away until a time within the coming year", field="until")


def priority(value_cents: int, age_days: int) -> int:
    """Value times age: what is worth much and has waited long comes first."""
    return max(value_cents, LEAST_VALUE_CENTS) * (max(age_days, 0) + 1)


def leaves_undecided(outcome: str) -> bool:
    """True when the family was asked, one way or another, and has not agreed."""
    return outcome in ("reached", "message_left", "no_answer")


def after_touch(
    outcome: str, now: tuple[str, date], coming: tuple[str, date] | None, today: date, *, planned: bool
) -> tuple[str, date]:
    """The case's next step and its date after a touch: an agreement, a refusal or a wrong number name it, else the plan.

    `now` is what it is, `coming` the plan's next step; `planned` when the touch fulfilled a step of a plan. Without a
    plan the step stays, and what was due is put off: a day when nobody answered, a week when somebody did.
    """
    if outcome == "wrong_number":
        return FIND_NUMBER.title, today + timedelta(days=FIND_NUMBER.after_days)
    if coming:
        return coming
    if planned or outcome in ENDS_PLAN:
        step = ENDS_PLAN.get(outcome, AFTER_PLAN)
        return step.title, today + timedelta(days=step.after_days)
    title, due = now
    return title, due if due > today else today + timedelta(days=PUT_OFF_DAYS[outcome])


def follow_up_plan(shared_on: date) -> list[tuple[Step, date]]:
    """The steps after a presentation with their due dates."""
    return [(step, shared_on + timedelta(days=step.after_days)) for step in FOLLOW_UP_PLAN]
