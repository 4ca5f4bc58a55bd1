"""The demo group's leads, cases with their history, presentations, follow-ups and tasks."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from services.coordination import models
from services.coordination.cases import domain as cases
from services.coordination.cases.models import Case, Consult, Transition, Visit
from services.coordination.leads import domain as leads
from services.coordination.leads.models import Lead
from services.coordination.pipeline import domain as pipeline
from services.coordination.presentations.models import Option, Presentation, Share
from services.coordination.tasks import domain as tasks
from services.coordination.tasks.models import FollowUp, Task
from shared.demo import world as demo
from shared.demo.seed import Rows
from shared.demo.timelines import PHASES
from shared.demo.world import Appointment, Maker, World

Table = list[dict[str, Any]]
TRIGGERS = {
    "lead": "opened",
    "exam_scheduled": "exam_booked",
    "accepted": "contract_signed",
    "active": "contract_activated",
    "retention": "debonded",
    "retention_complete": "closed_retention_complete",
    "inactive": "closed_inactive",
}
OUTCOMES = ("recommended", "observation", "no_treatment", "referred_out")
REASONS = ("cost", "insurance", "partner", "second_opinion", "timing", "other_practice", "unreachable")
TITLES = {
    "aligner": ("Clear aligners", "aligners", "aligner"),
    "limited": ("Limited treatment", "metal_braces", "limited"),
    "phase_1": ("Phase I", "expander", "phase_1"),
}
BRACES = ("Braces", "metal_braces", "comprehensive")
KEPT = ("done", "checked_out")
USUAL_FEE_CENTS = PHASES["comprehensive_child"][0]
# What was said last of enquiries that are still open, and what the family waits for.
LEAD_STEPS = (
    ("Call the family", ""),
    ("Call again after 4 pm", ""),
    ("Offer two exam times", "scheduling"),
    ("Ask for the insurance card", "verification"),
    ("Wait for the dentist's letter", "specialist"),
)
# What comes next in a pending case, by what keeps it.
PENDING_STEPS = {
    "verification": "Ask the insurer for the lifetime maximum",
    "records": "Book the missing records",
    "predetermination": "Chase the predetermination",
    "specialist": "Ask the dentist for clearance",
    "financing": "Send the financing application",
    "family": "Ask which questions are open",
    "scheduling": "Offer two dates for the start",
    "signature": "Get the agreement signed",
}


def rows(world: World) -> Rows:
    """Everything of coordination, in the order of the foreign keys."""
    books = _Books(world, Maker(world.now, seed=41))
    for case in world.cases:
        books.add(case)
    for enquiry in world.enquiries:
        books.leads.append(_enquiry(enquiry, world.now))
    yield (
        models.Location,
        [
            {"id": place.id, "time_zone": place.time_zone, "usual_fee_cents": USUAL_FEE_CENTS}
            for place in world.locations
        ],
    )
    yield Lead, books.leads
    yield Case, books.cases
    yield Transition, books.transitions
    yield Consult, books.consults
    yield Visit, books.visits
    yield Presentation, books.presentations
    yield Option, books.options
    yield Share, books.shares
    yield FollowUp, books.follow_ups
    yield Task, books.tasks


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(16), dt.UTC)


def _lead(**columns: Any) -> dict[str, Any]:
    """A lead's row; `columns` win over what an enquiry usually has."""
    phone, email = columns.get("phone", ""), columns.get("email", "")
    usual = {
        "email": "",
        "phone_key": leads.phone_key(phone),
        "email_key": leads.email_key(email),
        "patient_first_name": "",
        "patient_birth_date": None,
        "language": "",
        "note": "",
        "source_detail": "",
        "partner_id": None,
        "next_step": leads.FIRST_STEP,
        "blocker": "",
        "lost_reason": "",
        "patient_id": None,
        "case_id": None,
        "contacted_at": None,
    }
    return dict(sorted((usual | columns).items()))


def _enquiry(enquiry: demo.Enquiry, now: dt.datetime) -> dict[str, Any]:
    asked = enquiry.at if enquiry.state == "lost" else now - (now - enquiry.at) / 6  # who is not lost asked lately
    later = min(asked + dt.timedelta(hours=5), now)
    at = enquiry.at.toordinal()
    next_step, blocker = LEAD_STEPS[at % len(LEAD_STEPS) if enquiry.state == "contacted" else 0]
    due = now.date() + dt.timedelta(days=at % 5 - 2) if enquiry.state != "lost" else enquiry.at.date()
    return _lead(
        id=enquiry.id,
        location_id=enquiry.location.id,
        state=enquiry.state,
        first_name=enquiry.first,
        last_name=enquiry.last,
        phone=enquiry.phone,
        source=enquiry.source,
        owner_id=enquiry.owner.id,
        next_step=next_step,
        blocker=blocker,
        next_step_due=due,
        lost_reason="unreachable" if enquiry.state == "lost" else "",
        contacted_at=None if enquiry.state == "new" else later,
        created_at=asked,
        updated_at=asked if enquiry.state == "new" else later,
    )


class _Books:
    """The tables while they fill, a case at a time."""

    def __init__(self, world: World, make: Maker) -> None:
        self.now, self.today, self.make, self.rng = world.now, world.now.date(), make, make.rng
        self.appointments: dict[str, list[Appointment]] = defaultdict(list)
        for appointment in world.appointments:
            self.appointments[appointment.case.id].append(appointment)
        self.doctors = {place.id: next(iter(place.open_days.values())) for place in world.locations}
        self.recent = 0  # families who were recommended treatment lately and decide
        self.leads: Table = []
        self.cases: Table = []
        self.transitions: Table = []
        self.consults: Table = []
        self.visits: Table = []
        self.presentations: Table = []
        self.options: Table = []
        self.shares: Table = []
        self.follow_ups: Table = []
        self.tasks: Table = []

    def add(self, case: demo.Case) -> None:
        """A case with everything that hangs on it."""
        visits = self.appointments[case.id]
        coming = [visit for visit in visits if visit.start > self.now and visit.state in ("booked", "confirmed")]
        self._registered_lead(case)
        row = self._case(case, visits, coming)
        self.cases.append(row)
        self._history(case)
        place = {"case_id": case.id, "location_id": case.patient.location.id}
        self.visits += [{"id": visit.id, "start_time": visit.start, **place} for visit in coming]
        if case.contract is not None:
            self._presentation(case, case.contract)
        if case.state == "recommended":
            self._follow_up(case, row)
        self._tasks(case, row, visits, coming)

    def _registered_lead(self, case: demo.Case) -> None:
        patient, at = case.patient, case.history[0][0]
        parent = patient.parties[0][0]
        self.leads.append(
            _lead(
                id=case.lead_id,
                location_id=patient.location.id,
                state="registered",
                first_name=parent.first,
                last_name=parent.last,
                phone=parent.phone,
                email=parent.email,
                patient_first_name=patient.first,
                patient_birth_date=patient.birth,
                language=patient.language,
                source=case.source,
                owner_id=case.owner.id,
                next_step_due=at.date(),
                patient_id=patient.id,
                case_id=case.id,
                contacted_at=at,
                created_at=at - dt.timedelta(hours=3),
                updated_at=at,
            )
        )

    def _case(self, case: demo.Case, visits: list[Appointment], coming: list[Appointment]) -> dict[str, Any]:
        past = [visit for visit in visits if visit.start <= self.now and visit.state in (*KEPT, "no_show")]
        seen = max((visit.start for visit in past if visit.state in KEPT), default=None)
        misses = 0
        for visit in reversed(past):
            if visit.state != "no_show":
                break
            misses += 1
        entered = {to: at for at, _, to in case.history}
        state_time = case.history[-1][0]
        next_step, due = cases.plan(case.state, max(seen or state_time, state_time).date())
        if case.state == "exam_scheduled":
            due = coming[0].start.date() if coming else self.today
        due = max(due or self.today, self.today - dt.timedelta(days=self.rng.randrange(21)))
        given_up = case.state == "inactive" and "recommended" in entered
        reason = (
            self.rng.choice(REASONS) if given_up or (case.state == "recommended" and self.rng.random() < 0.6) else ""
        )
        kept = max((v.start for v in past if v.visit_class == "exam" and v.state in KEPT), default=None)
        presented = self._presented(case, entered)
        blocker = pipeline.blocker_of(
            case.state, self._blocker(case.state, presented), booked=bool(coming) and case.state == "accepted"
        )
        stage = pipeline.stage(case.state, exam_kept=kept is not None, presented=presented is not None, blocker=blocker)
        if case.state == "exam_scheduled" and kept:
            next_step, due = "Record the outcome of the exam", kept.date()
        elif stage == "start_booked":
            next_step, due = "See the start through", coming[0].start.date()
        elif stage == "pending":
            next_step = PENDING_STEPS[blocker]
        decided = "recommended" in entered
        since = {"exam_kept": entered.get("recommended") or kept, "presented": presented, "pending": presented}
        return {
            "id": case.id,
            "patient_id": case.patient.id,
            "location_id": case.patient.location.id,
            "lead_id": case.lead_id,
            "state": case.state,
            "state_time": state_time,
            "phase": case.phase,
            "owner_id": case.owner.id,
            "blocker": blocker,
            "last_blocker": blocker or (self._past_blocker(case.state) if decided else ""),
            "source": case.source,
            "stage": stage,
            "stage_time": since.get(stage) or state_time,
            "exam_kept_at": kept or entered.get("recommended") or entered.get("observation"),
            "next_step": next_step,
            "next_step_due": due,
            "value_cents": case.contract.total_cents if case.contract else case.fee_cents or None,
            "reason_not_started": reason,
            "recommended_at": entered.get("recommended"),
            "presented_at": presented,
            "started_on": case.started_on if "active" in entered else None,
            "first_estimated_end": case.estimated_end if "active" in entered else None,
            "last_seen_at": seen,
            "misses_in_row": misses,
            "version": len(case.history),
            "created_at": case.history[0][0],
            "updated_at": state_time,
        }

    def _presented(self, case: demo.Case, entered: dict[str, dt.datetime]) -> dt.datetime | None:
        """When the options were presented: on the day of the exam, or at a consultation of its own some days later.

        Of the families who still decide, some have just been presented and a few not yet.
        """
        at = entered.get("recommended")
        if at is None:
            return None
        later = at + dt.timedelta(days=self.rng.choice((0, 0, 0, 1, 2)), hours=1)
        if case.state == "recommended" and self.now - at < dt.timedelta(days=75):
            self.recent += 1
            if self.recent % 4 == 1:
                return None
            if self.recent % 4 == 2:
                later = self.now - dt.timedelta(days=self.rng.randrange(1, 7), hours=3)
        return later if at < later < self.now else None

    def _blocker(self, state: str, presented: dt.datetime | None) -> str:
        waits = {
            "lead": ("", "", "scheduling"),
            "exam_scheduled": ("verification", "", "", ""),
            "recommended": ("family", "family", "financing", "verification", "specialist", "predetermination"),
            "accepted": ("records", "", ""),
        }
        if presented and state == "recommended" and self.now - presented < dt.timedelta(days=8):
            return ""
        if state == "recommended" and not presented:
            return self.rng.choice(("", "records", "verification"))
        return self.rng.choice(waits.get(state, ("",)))

    def _past_blocker(self, state: str) -> str:
        """What stood in the way of those who have started or given up: an undecided parent loses more than a form."""
        if cases.STATES[state].start or cases.STATES[state].acceptance:
            return self.rng.choice(("", "", "", "verification", "verification", "financing", "family", "records"))
        return self.rng.choice(("family", "family", "financing", "financing", "verification", "specialist"))

    def _history(self, case: demo.Case) -> None:
        place = {"case_id": case.id, "location_id": case.patient.location.id}
        doctor = self.doctors[case.patient.location.id]
        for at, before, after in case.history:
            decided = after in OUTCOMES
            trigger = f"outcome_{after}" if decided else TRIGGERS[after]
            staff = doctor if decided else case.owner.id if trigger.startswith(("opened", "closed")) else None
            self.transitions.append(
                {
                    "id": self.make.id(at),
                    **place,
                    "from_state": before,
                    "to_state": after,
                    "trigger": trigger,
                    "staff_id": staff,
                    "reason": "",
                    "event_time": at,
                }
            )
            if decided:
                months = PHASES[case.phase][1] if after == "recommended" else 0
                self.consults.append(
                    {
                        "id": self.make.id(at),
                        **place,
                        "patient_id": case.patient.id,
                        "appointment_id": None,
                        "provider_id": doctor,
                        "outcome": after,
                        "phase": case.phase if after == "recommended" else "",
                        "treatment_months": months,
                        "recall_on": cases.recall_on(at.date()) if after == "observation" else None,
                        "created_at": at,
                    }
                )

    def _presentation(self, case: demo.Case, contract: demo.Contract) -> None:
        title, appliance, consent = TITLES.get(case.phase, BRACES)
        place = {"location_id": case.patient.location.id}
        shared_at = contract.signed_at - dt.timedelta(hours=6)
        presentation_id, option_id = self.make.id(shared_at), self.make.id(shared_at)
        party = case.patient.parties[0][0].id
        self.presentations.append(
            {
                "id": presentation_id,
                **place,
                "case_id": case.id,
                "patient_id": case.patient.id,
                "state": "chosen",
                "title": "Your treatment options",
                "message": "",
                "staff_id": case.owner.id,
                "chosen_option_id": option_id,
                "chosen_party_id": party,
                "chosen_at": contract.signed_at - dt.timedelta(hours=1),
                "version": 3,
                "created_at": shared_at,
                "updated_at": contract.signed_at - dt.timedelta(hours=1),
            }
        )
        self.options.append(
            {
                "id": option_id,
                **place,
                "presentation_id": presentation_id,
                "position": 0,
                "quote_id": contract.quote_id,
                "title": title,
                "appliance": appliance,
                "description": f"About {contract.treatment_months} months.",
                "recommended": True,
                "consent_kind": consent,
            }
        )
        opened = shared_at + dt.timedelta(hours=2)
        self.shares.append(
            {
                "id": self.make.id(shared_at),
                **place,
                "presentation_id": presentation_id,
                "party_id": party,
                "shared_at": shared_at,
                "opened_at": opened,
                "last_opened_at": opened,
                "open_count": self.rng.randrange(1, 5),
            }
        )

    def _follow_up(self, case: demo.Case, row: dict[str, Any]) -> None:
        """The plan after the recommendation: what fell due was done, the first open step is the case's next."""
        planned = None
        for step, due_on in tasks.follow_up_plan(row["recommended_at"].date()):
            done = due_on < self.today
            planned = planned or (None if done else (step.title, due_on))
            self.follow_ups.append(
                {
                    "id": self.make.id(due_on if done else row["recommended_at"]),
                    "location_id": row["location_id"],
                    "case_id": case.id,
                    "patient_id": case.patient.id,
                    "presentation_id": None,
                    "state": "done" if done else "planned",
                    "channel": step.channel,
                    "title": step.title,
                    "due_on": due_on,
                    "staff_id": case.owner.id,
                    "outcome": self.rng.choice(("reached", "message_left", "no_answer")) if done else "",
                    "note": "",
                    "done_at": _noon(due_on) if done else None,
                }
            )
        if planned:
            row["next_step"], row["next_step_due"] = planned

    def _tasks(
        self, case: demo.Case, row: dict[str, Any], visits: list[Appointment], coming: list[Appointment]
    ) -> None:
        """What waits for the owner: options to present, exams to book again, families to call."""
        exams = [visit for visit in visits if visit.visit_class == "exam" and visit.start <= self.now]
        last = exams[-1] if exams else None
        if case.state == "exam_scheduled" and last and last.state in KEPT:
            self._task(case, row, "present_options", "Present options", f"exam:{last.id}", last.start)
        elif case.state == "exam_scheduled" and last and last.state in ("no_show", "canceled") and not coming:
            self._task(case, row, "rebook_exam", "Book the exam again", f"rebook:{last.id}", last.start)
        elif row["blocker"] == "verification":
            at = max(row["state_time"], self.now - dt.timedelta(days=9))
            self._task(case, row, "verify_benefits", "Verify the benefits", None, at)
        elif case.state == "active" and not coming:
            at = self.now - dt.timedelta(days=self.rng.randrange(1, 20))
            self._task(case, row, "call", "Call to book the next visit", None, at)

    def _task(
        self, case: demo.Case, row: dict[str, Any], kind: str, title: str, origin: str | None, at: dt.datetime
    ) -> None:
        self.tasks.append(
            {
                "id": self.make.id(at),
                "location_id": row["location_id"],
                "kind": kind,
                "title": title,
                "owner_id": case.owner.id,
                "due_on": at.date() + dt.timedelta(days=1),
                "value_cents": row["value_cents"] or 0,
                "patient_id": case.patient.id,
                "case_id": case.id,
                "origin": origin,
                "created_at": at,
                "updated_at": at,
            }
        )
