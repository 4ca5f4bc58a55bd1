"""What happens to each demo patient: enquiry, exam, start, adjustments, debond, retention; and into which slot it falls."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from shared.demo import people
from shared.demo.world import (
    HISTORY_DAYS,
    UTC,
    Appointment,
    Case,
    Contract,
    Coverage,
    Enquiry,
    Instalment,
    Location,
    Maker,
    Party,
    Patient,
    Staff,
    World,
    local,
)

SOURCES = ("referral_dentist", "referral_patient", "web", "phone", "walk_in", "school_event", "insurance_directory")
SOURCE_WEIGHTS = (34, 27, 18, 9, 4, 3, 5)
OPENS, CLOSES, LUNCH = 8 * 12, 17 * 12, (12 * 12, 13 * 12)  # 5-minute units of the local day
PHASES = {  # fee in cents, months
    "phase_1": (310_000, 12),
    "phase_2": (480_000, 18),
    "comprehensive_child": (560_000, 22),
    "comprehensive_adult": (610_000, 20),
    "limited": (340_000, 10),
    "aligner": (590_000, 18),
}


@dataclass(slots=True)
class Wish:
    """An appointment that looks for its slot on a day near `day`."""

    patient: Patient
    case: Case
    type_code: str
    day: dt.date
    state: str  # what becomes of it once its time has passed
    after_school: bool


class Book:
    """Places wishes: one patient in a chair, the doctor in one place (two short checks at once at most)."""

    def __init__(self, world: World, make: Maker, types: Mapping[str, tuple[str, str]]) -> None:
        self.world, self.make, self.types = world, make, types
        self.wishes: list[Wish] = []
        self.chairs: dict[tuple[str, dt.date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.doctor: dict[tuple[str, dt.date], list[int]] = defaultdict(lambda: [0, 0])
        self.exams: dict[str, Appointment] = {}

    def wish(self, patient: Patient, case: Case, type_code: str, day: dt.date, state: str = "checked_out") -> None:
        if day < self.make.now.date() - dt.timedelta(days=HISTORY_DAYS):
            return
        school = self.make.rng.random() < 0.45 and type_code in ("adjustment", "retention", "repair")
        self.wishes.append(Wish(patient, case, type_code, day, state, school))

    def place(self) -> None:
        """Gives every wish a slot, the long visits of a day first."""
        self.wishes.sort(key=lambda w: (w.day, -len(self.types[w.type_code][1])))
        for wish in self.wishes:
            self._place(wish)
        self.world.appointments.sort(key=lambda a: a.start)

    def _place(self, wish: Wish) -> None:
        location = wish.patient.location
        visit_class, pattern = self.types[wish.type_code]
        for later in range(22):
            day = wish.day + dt.timedelta(days=later)
            doctor = location.open_days.get(day.weekday())
            if doctor is None:
                continue
            found = self._slot(location, day, pattern, wish.after_school)
            if found is not None:
                chair, unit = found
                self._take(location, day, pattern, chair, unit)
                self._add(wish, location, day, visit_class, pattern, chair, unit, doctor)
                return

    def _slot(self, location: Location, day: dt.date, pattern: str, after_school: bool) -> tuple[int, int] | None:
        length, rng = len(pattern), self.make.rng
        one, two = self.doctor[(location.id, day)]
        chairs = self.chairs[(location.id, day)]
        whole = (1 << length) - 1
        short = sum(1 << i for i, letter in enumerate(pattern) if letter == "d")
        alone = sum(1 << i for i, letter in enumerate(pattern) if letter in "DT")
        starts = [u for u in range(OPENS, CLOSES - length + 1) if u + length <= LUNCH[0] or u >= LUNCH[1]]
        # Chairs fill one after the other, as a front desk fills them; after school is asked for most.
        begin = (
            rng.randrange(len(starts))
            if not after_school
            else next(i for i, u in enumerate(starts) if u >= 15 * 12 - 6)
        )
        for chair in range(len(chairs)):
            for index in range(len(starts)):
                unit = starts[(begin + index) % len(starts)]
                if not (chairs[chair] >> unit & whole or two >> unit & short or (one | two) >> unit & alone):
                    return chair, unit
        return None

    def _take(self, location: Location, day: dt.date, pattern: str, chair: int, unit: int) -> None:
        key = (location.id, day)
        self.chairs[key][chair] |= ((1 << len(pattern)) - 1) << unit
        for offset, letter in enumerate(pattern):
            bit = 1 << (unit + offset)
            if letter in "DT":
                self.doctor[key][0] |= bit
                self.doctor[key][1] |= bit
            elif letter == "d":
                lane = 1 if self.doctor[key][0] & bit else 0
                self.doctor[key][lane] |= bit

    def _add(
        self,
        wish: Wish,
        location: Location,
        day: dt.date,
        visit_class: str,
        pattern: str,
        chair: int,
        unit: int,
        doctor: str,
    ) -> None:
        rng, now = self.make.rng, self.make.now
        start = local(day, unit * 5, location.time_zone)
        end = start + dt.timedelta(minutes=5 * len(pattern))
        booked = min(
            start - dt.timedelta(days=rng.randrange(4, 50), minutes=rng.randrange(600)),
            now - dt.timedelta(minutes=rng.randrange(30, 5000)),
        )
        state = wish.state
        if end > now:
            state = "confirmed" if start - now < dt.timedelta(days=3) and rng.random() < 0.8 else "booked"
            if start <= now:
                state = "seated"
            elif start - now < dt.timedelta(minutes=10):
                state = "arrived"
        needs = any(letter in "dDT" for letter in pattern)
        appointment = Appointment(
            self.make.id(booked),
            wish.patient,
            wish.case,
            location,
            wish.type_code,
            visit_class,
            pattern,
            start,
            location.chairs[chair],
            doctor if needs else "",
            state,
            booked,
        )
        self.world.appointments.append(appointment)


def live(world: World, make: Maker, book: Book, patient: Patient) -> None:
    """One patient's life with the group, from the day they were added."""
    rng, today = make.rng, make.now.date()
    source = rng.choices(SOURCES, SOURCE_WEIGHTS)[0]
    at = _moment(make, patient.added_on)
    case = Case(
        make.id(at),
        make.id(at),
        patient,
        source,
        world.owner_at(patient.location),
        "lead",
        "",
        [(at, "", "lead")],
        0,
        False,
    )
    world.cases.append(case)
    exam_on = patient.added_on + dt.timedelta(days=rng.randrange(3, 20))
    if rng.random() < 0.07:
        book.wish(patient, case, "exam", exam_on, rng.choice(("no_show", "canceled")))
        exam_on += dt.timedelta(days=rng.randrange(7, 21))
    if rng.random() < 0.1 and exam_on < today:
        return _move(case, exam_on, "inactive", make)  # never came
    _move(case, min(patient.added_on + dt.timedelta(days=1), today), "exam_scheduled", make)
    book.wish(patient, case, "exam", exam_on)
    if exam_on >= today - dt.timedelta(days=2):
        return None
    outcome = rng.choices(("start", "observation", "pending", "no_treatment", "referred_out"), (64, 18, 11, 5, 2))[0]
    age = (exam_on - patient.birth).days // 365
    case.phase = _phase(make, age)
    fee, months = PHASES[case.phase]
    case.fee_cents = fee + 5_000 * rng.randrange(-8, 9)
    if outcome == "observation" or age < 8:
        _move(case, exam_on, "observation", make)
        for visit in range(1, 8):
            book.wish(patient, case, "retention", exam_on + dt.timedelta(days=180 * visit)) if exam_on + dt.timedelta(
                days=180 * visit
            ) < today + dt.timedelta(days=120) else None
        case.phase = ""
        return None
    if outcome in ("no_treatment", "referred_out"):
        case.phase = ""
        return _move(case, exam_on, outcome, make)
    case.recommended = True
    _move(case, exam_on, "recommended", make)
    if outcome == "pending":
        return (
            _move(case, exam_on + dt.timedelta(days=200), "inactive", make)
            if exam_on < today - dt.timedelta(days=200)
            else None
        )
    signed_on = exam_on + dt.timedelta(days=rng.choice((0, 0, 1, 3, 6, 10, 14, 21)))
    if signed_on >= today:
        return None
    start_on = signed_on + dt.timedelta(days=rng.randrange(4, 24))
    _move(case, signed_on, "accepted", make)
    book.wish(patient, case, "records", signed_on + dt.timedelta(days=2))
    book.wish(patient, case, "bonding", start_on)
    if start_on >= today:
        case.contract = _contract(world, make, case, signed_on, start_on, months, None)
        return None
    return _treatment(world, make, book, case, signed_on, start_on, months)


def _treatment(
    world: World, make: Maker, book: Book, case: Case, signed_on: dt.date, start_on: dt.date, months: int
) -> None:
    rng, today, patient = make.rng, make.now.date(), case.patient
    case.started_on = start_on
    case.estimated_end = start_on + dt.timedelta(days=30 * months)
    _move(case, start_on, "active", make)
    actual = months + (rng.randrange(1, 7) if rng.random() < 0.3 else rng.randrange(-3, 1))
    debond_on = start_on + dt.timedelta(days=int(30.4 * actual))
    day = start_on
    forgotten = rng.random() < 0.06
    while (day := day + dt.timedelta(days=rng.randrange(35, 52))) < min(
        debond_on - dt.timedelta(days=20), today + dt.timedelta(days=56)
    ):
        if day > today and forgotten:
            break
        state = rng.choices(("checked_out", "no_show", "canceled"), (88, 7, 5))[0]
        kind = rng.choices(("adjustment", "adjustment_long", "progress_records"), (78, 17, 5))[0]
        book.wish(patient, case, kind, day, state)
        if day > today:
            break
        if state == "checked_out" and rng.random() < 0.07:
            book.wish(patient, case, "repair", day + dt.timedelta(days=rng.randrange(6, 25)))
    case.contract = _contract(world, make, case, signed_on, start_on, months, debond_on)
    if debond_on < today + dt.timedelta(days=40):
        book.wish(patient, case, "debond", debond_on)
    if debond_on < today:
        case.debonded_on = debond_on
        _move(case, debond_on, "retention", make)
        book.wish(patient, case, "retainer_delivery", debond_on + dt.timedelta(days=9))
        for months_after in (3, 9, 18):
            day = debond_on + dt.timedelta(days=30 * months_after)
            if day < today + dt.timedelta(days=90):
                book.wish(patient, case, "retention", day)
        if debond_on < today - dt.timedelta(days=600):
            _move(case, debond_on + dt.timedelta(days=590), "retention_complete", make)


def _phase(make: Maker, age: int) -> str:
    rng = make.rng
    if age <= 9:
        return "phase_1"
    if rng.random() < 0.24:
        return "aligner"
    if age >= 19:
        return rng.choice(("comprehensive_adult", "comprehensive_adult", "limited"))
    return rng.choices(("comprehensive_child", "phase_2", "limited"), (82, 12, 6))[0]


def _contract(
    world: World, make: Maker, case: Case, signed_on: dt.date, start_on: dt.date, months: int, debond_on: dt.date | None
) -> Contract:
    """The contract as signed, with what has been paid by now."""
    rng, today, patient = make.rng, make.now.date(), case.patient
    coverage = next((c for c in _coverages(world)[patient.id]), None)
    discount = 20_000 if rng.random() < 0.15 else 0
    total = case.fee_cents - discount
    insurance = 0
    if coverage is not None:
        plan = coverage.plan
        insurance = min(
            total * plan.percent_basis_points // 10_000, plan.lifetime_maximum_cents - coverage.used_elsewhere_cents
        )
    patient_cents = total - insurance
    in_full = rng.random() < 0.22
    down = patient_cents if in_full else min(patient_cents, 5_000 * (patient_cents // 5_000 // 5))
    count = 0 if in_full else rng.choice((12, 18, 18, 20, 24))
    instalments = []
    for party, amounts in _split(patient, down, patient_cents - down, count):
        draft_day = 1 if rng.random() < 0.5 else 15
        late = rng.random() < 0.05
        for number, cents in enumerate(amounts):
            if number == 0:
                instalments.append(Instalment(make.id(signed_on), party, 0, signed_on, cents, _moment(make, signed_on)))
                continue
            month = signed_on.month - 1 + number
            due = dt.date(signed_on.year + month // 12, month % 12 + 1, draft_day)
            paid = _moment(make, due) if due < today and not (late and due > today - dt.timedelta(days=75)) else None
            instalments.append(Instalment(make.id(due), party, number, due, cents, paid))
    done = debond_on is not None and debond_on < today and all(i.paid_at for i in instalments)
    return Contract(make.id(signed_on), make.id(signed_on), coverage, total, discount, insurance, down, months, _moment(make, signed_on), start_on, "completed" if done else "active" if start_on < today else "pending", instalments)  # fmt: skip


def _split(patient: Patient, down: int, rest: int, count: int) -> list[tuple[Party, list[int]]]:
    """Each party's down payment and instalments; the cents that do not divide go to the last one (and the last party)."""
    parts, downs, rests = [], down, rest
    for index, (party, _, share) in enumerate(patient.parties):
        last = index == len(patient.parties) - 1
        my_down = downs if last else down * share // 10_000
        my_rest = rests if last else rest * share // 10_000
        downs, rests = downs - my_down, rests - my_rest
        each = my_rest // count if count else 0
        parts.append((party, [my_down, *([each] * (count - 1) + [my_rest - each * (count - 1)] if count else [])]))
    return parts


_cache: dict[int, dict[str, list[Coverage]]] = {}


def _coverages(world: World) -> dict[str, list[Coverage]]:
    found = _cache.get(id(world))
    if found is None:
        _cache.clear()
        found = _cache[id(world)] = defaultdict(list)
        for coverage in world.coverages:
            found[coverage.patient.id].append(coverage)
    return found


def enquiries(world: World, make: Maker) -> None:
    """People who asked and did not become patients."""
    rng = make.rng
    for _ in range(260):
        location = rng.choice(world.locations)
        at = _moment(make, make.now.date() - dt.timedelta(days=rng.randrange(0, HISTORY_DAYS)))
        age_days = (make.now - at).days
        state = "lost" if age_days > 60 else rng.choice(("new", "contacted", "contacted"))
        owner: Staff = world.owner_at(location)
        world.enquiries.append(Enquiry(make.id(at), location, rng.choice(people.GIRLS + people.BOYS), rng.choice(people.LAST), make.phone("617" if location.state == "MA" else "312"), rng.choices(SOURCES, SOURCE_WEIGHTS)[0], at, state, owner))  # fmt: skip


def _move(case: Case, day: dt.date, state: str, make: Maker) -> None:
    at = max(_moment(make, day), case.history[-1][0] + dt.timedelta(minutes=5))
    if at < make.now:
        case.history.append((at, case.state, state))
        case.state = state


def _moment(make: Maker, day: dt.date) -> dt.datetime:
    """Some working minute of a day, never in the future."""
    moment = dt.datetime.combine(day, dt.time(14), UTC) + dt.timedelta(minutes=make.rng.randrange(0, 420))
    return min(moment, make.now - dt.timedelta(minutes=make.rng.randrange(5, 300)))
