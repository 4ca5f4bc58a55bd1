"""The demo group as plain data: people, their two years, and what comes next. Deterministic, relative to today.

Shape after orthodontics.md, Appendix B: families of 1.6 patients, one in six split, 64 % of exams start, 7 % missed
visits, 23 % overtime, 57 % of starts insured, payments on the 1st and the 15th.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.demo import people

PATIENTS = 1500
HISTORY_DAYS = 730
PASSWORD = "archwire-demo-2026"  # noqa: S105  printed by `archwire up`; the demo group holds no real person
UTC = dt.UTC


@dataclass(slots=True)
class Location:
    id: str
    name: str
    code: str
    time_zone: str
    region_id: str
    city: str
    state: str
    postal_code: str
    npi: str
    chairs: list[str]
    open_days: dict[int, str]  # weekday -> id of the doctor who is there


@dataclass(slots=True)
class Staff:
    id: str
    first: str
    last: str
    email: str
    role: str
    locations: str | tuple[str, ...]  # "*" or ids
    npi: str = ""


@dataclass(slots=True)
class Party:
    """A responsible party: an adult who pays and signs."""

    id: str
    first: str
    last: str
    email: str
    phone: str
    birth: dt.date
    street: str
    city: str
    state: str
    postal_code: str
    language: str


@dataclass(slots=True)
class Patient:
    id: str
    chart_number: int
    first: str
    last: str
    birth: dt.date
    sex: str
    language: str
    location: Location
    parties: list[tuple[Party, str, int]]  # party, relationship, share in basis points
    added_on: dt.date


@dataclass(slots=True)
class Plan:
    id: str
    payer_id: str
    payer_name: str
    payer_code: str
    name: str
    percent_basis_points: int
    lifetime_maximum_cents: int
    cadence: str  # monthly, quarterly or lump


@dataclass(slots=True)
class Coverage:
    id: str
    plan: Plan
    patient: Patient
    subscriber: Party
    member_id: str
    used_elsewhere_cents: int


@dataclass(slots=True)
class Instalment:
    id: str
    party: Party
    number: int  # 0 is the down payment
    due_on: dt.date
    cents: int
    paid_at: dt.datetime | None


@dataclass(slots=True)
class Contract:
    id: str
    quote_id: str
    coverage: Coverage | None
    total_cents: int
    discount_cents: int
    insurance_cents: int
    down_cents: int
    treatment_months: int
    signed_at: dt.datetime
    active_on: dt.date
    state: str  # active or completed
    instalments: list[Instalment]

    @property
    def patient_cents(self) -> int:
        return self.total_cents - self.insurance_cents


@dataclass(slots=True)
class Case:
    id: str
    lead_id: str
    patient: Patient
    source: str
    owner: Staff
    state: str
    phase: str
    history: list[tuple[dt.datetime, str, str]]  # at, from, to
    fee_cents: int
    recommended: bool
    started_on: dt.date | None = None
    estimated_end: dt.date | None = None
    debonded_on: dt.date | None = None
    contract: Contract | None = None


@dataclass(slots=True)
class Appointment:
    id: str
    patient: Patient
    case: Case
    location: Location
    type_code: str
    visit_class: str
    pattern: str
    start: dt.datetime
    chair: str
    doctor: str  # "" when the type needs none
    state: str  # booked, confirmed, arrived, seated, done, checked_out, no_show, canceled
    booked_at: dt.datetime

    @property
    def minutes(self) -> int:
        return 5 * len(self.pattern)


@dataclass(slots=True)
class Enquiry:
    """A lead that did not become a patient (yet)."""

    id: str
    location: Location
    first: str
    last: str
    phone: str
    source: str
    at: dt.datetime
    state: str  # new, contacted, lost
    owner: Staff


@dataclass(slots=True)
class World:
    now: dt.datetime
    group_id: str
    group_name: str
    legal_entity: tuple[str, str, str, str]  # id, name, tax id, NPI
    regions: list[tuple[str, str]]
    locations: list[Location]
    staff: list[Staff]
    plans: list[Plan]
    labs: list[tuple[str, str]]
    parties: list[Party] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    coverages: list[Coverage] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    enquiries: list[Enquiry] = field(default_factory=list)

    def owner_at(self, location: Location) -> Staff:
        """The treatment coordinator of a location."""
        return next(s for s in self.staff if s.role == "treatment_coordinator" and location.id in s.locations)


class Maker:
    """Random choices from one seed, and ids in the order of time (uuidv7), so that lists page as real ones do."""

    def __init__(self, now: dt.datetime, seed: int = 20) -> None:
        self.now = now
        self.rng = random.Random(seed)  # noqa: S311  the same world every time

    def id(self, at: dt.datetime | dt.date | None = None) -> str:
        moment = at if isinstance(at, dt.datetime) else dt.datetime.combine(at, dt.time(12), UTC) if at else self.now
        value = (int(moment.timestamp() * 1000) & ((1 << 48) - 1)) << 80 | self.rng.getrandbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return str(UUID(int=value))

    def phone(self, area: str) -> str:
        return f"+1{area}55501{self.rng.randrange(100):02d}"

    def npi(self) -> str:
        """Ten digits with the Luhn check digit over 80840 + the first nine."""
        nine = f"1{self.rng.randrange(10**8):08d}"
        total = 24
        for index, digit in enumerate(reversed(nine)):
            number = int(digit) * (2 if index % 2 == 0 else 1)
            total += number - 9 if number > 9 else number
        return nine + str(-total % 10)


def build(types: Mapping[str, tuple[str, str]], now: dt.datetime, *, patients: int = PATIENTS) -> World:
    """Makes the world. `types` maps an appointment type's code to (visit class, pattern of letters)."""
    from shared.demo import timelines

    make = Maker(now)
    world = _group(make)
    _families(world, make, patients)
    book = timelines.Book(world, make, types)
    for patient in world.patients:
        timelines.live(world, make, book, patient)
    book.place()
    timelines.enquiries(world, make)
    return world


LOCATIONS = (
    # name, code, time zone, city, state, zip, area code, weekday -> index of the doctor
    ("Beacon Back Bay", "BOS", "America/New_York", "Boston", "MA", "021163704", "617", {0: 0, 1: 1, 2: 0, 3: 1, 4: 0}),
    ("Beacon Worcester", "WOR", "America/New_York", "Worcester", "MA", "016081415", "508", {1: 0, 3: 0, 4: 1}),
    ("Beacon Lakeview", "CHI", "America/Chicago", "Chicago", "IL", "606573201", "312", {0: 1, 2: 2, 3: 2}),
    ("Beacon Oak Park", "OAK", "America/Chicago", "Oak Park", "IL", "603022713", "708", {0: 2, 1: 2, 2: 1, 4: 2}),
)
PLANS = (
    ("Granite Dental", "10021", "Granite PPO 1500", 5000, 150_000, "monthly"),
    ("Granite Dental", "10021", "Granite PPO 2000", 5000, 200_000, "quarterly"),
    ("Lakeshore Benefit", "10044", "Lakeshore Family", 5000, 100_000, "quarterly"),
    ("Prairie Mutual", "10063", "Prairie Choice", 6000, 250_000, "monthly"),
    ("Union Trust Dental", "10087", "Union Trust Local 12", 10000, 120_000, "lump"),
)
# role, how many per location (or 1 for the group), scope
TEAM = (("treatment_coordinator", 1), ("front_desk", 1), ("clinical_assistant", 2))


def _group(make: Maker) -> World:
    founded = make.now - dt.timedelta(days=HISTORY_DAYS + 700)
    regions = [(make.id(founded), "New England"), (make.id(founded), "Chicagoland")]
    doctors = [make.id(founded) for _ in range(3)]
    locations = [
        Location(make.id(founded), name, code, zone, regions[0 if zone.endswith("York") else 1][0], city, state, zip_code, make.npi(),
                 [make.id(founded) for _ in range(4)], {day: doctors[index] for day, index in days.items()})
        for name, code, zone, city, state, zip_code, _, days in LOCATIONS
    ]  # fmt: skip
    staff = [
        Staff(
            doctor,
            first,
            last,
            f"dr.{last.lower()}@beacon.example",
            "orthodontist",
            tuple(loc.id for loc in locations if doctor in loc.open_days.values()),
            make.npi(),
        )
        for doctor, (first, last) in zip(
            doctors, (("Elena", "Rivera"), ("Marcus", "Chen"), ("Ingrid", "Novak")), strict=True
        )
    ]
    used: set[str] = {s.email for s in staff}

    def hire(role: str, where: str | tuple[str, ...], email: str = "") -> None:
        first, last = make.rng.choice(people.PARENTS), make.rng.choice(people.LAST)
        address = email or f"{first}.{last}@beacon.example".lower()
        if address in used:
            return hire(role, where, email)
        used.add(address)
        staff.append(Staff(make.id(founded), first, last, address, role, where))

    for number, location in enumerate(locations):
        for role, count in TEAM:
            for _ in range(count):
                short = {"treatment_coordinator": "tc", "front_desk": "desk"}.get(role, "")
                hire(role, (location.id,), f"{short}@beacon.example" if short and number == 0 else "")
    both = tuple(loc.id for loc in locations)
    for role, where, email in (
        ("insurance_coordinator", both, "insurance@beacon.example"),
        ("financial_coordinator", both, "finance@beacon.example"),
        ("practice_manager", (locations[0].id, locations[1].id), "manager@beacon.example"),
        ("practice_manager", (locations[2].id, locations[3].id), ""),
        ("records_technician", (locations[0].id, locations[1].id), ""),
        ("records_technician", (locations[2].id, locations[3].id), ""),
        ("regional_manager", "*", "regional@beacon.example"),
        ("owner", "*", "owner@beacon.example"),
        ("privacy_officer", "*", ""),
        ("it_admin", "*", ""),
        ("insurance_coordinator", both, ""),
    ):
        hire(role, where, email)
    payers: dict[str, str] = {}
    plans = [
        Plan(make.id(founded), payers.setdefault(payer, make.id(founded)), payer, code, name, share, maximum, cadence)
        for payer, code, name, share, maximum, cadence in PLANS
    ]
    labs = [(make.id(founded), "Northline Orthodontic Lab"), (make.id(founded), "Clearpath Aligners")]
    entity = (make.id(founded), "Beacon Orthodontics PC", "123456789", make.npi())
    return World(make.now, make.id(founded), "Beacon Orthodontics", entity, regions, locations, staff, plans, labs)


def _families(world: World, make: Maker, patients: int) -> None:
    rng, today = make.rng, make.now.date()
    areas = {location[1]: location[6] for location in LOCATIONS}
    number = 1000
    while len(world.patients) < patients:
        location = rng.choices(world.locations, (40, 20, 20, 20))[0]  # the first is open every weekday
        last, spanish = rng.choice(people.LAST), rng.random() < 0.12
        split = rng.random() < 0.17
        parents = [
            _parent(make, location, last if not index else rng.choice(people.LAST), areas[location.code], spanish)
            for index in range(1 + split)
        ]
        world.parties += parents
        shares = [5000, 5000] if rng.random() < 0.6 else [7000, 3000]
        related = [(parent, "parent", shares[i] if split else 10_000) for i, parent in enumerate(parents)]
        insured = rng.random() < 0.6
        plan = rng.choice(world.plans)
        for _ in range(rng.choices((1, 2, 3), (55, 33, 12))[0]):
            number += 1
            added = today - dt.timedelta(days=rng.randrange(0, HISTORY_DAYS + 620))
            adult = rng.random() < 0.14
            age = (
                rng.randrange(19, 48) if adult else rng.choices(range(7, 18), (5, 6, 6, 7, 10, 16, 17, 14, 9, 6, 4))[0]
            )
            birth = added - dt.timedelta(days=365 * age + rng.randrange(365))
            sex = rng.choice(("female", "male"))
            first = rng.choice(people.GIRLS if sex == "female" else people.BOYS)
            patient = Patient(
                make.id(added),
                number,
                first,
                last,
                birth,
                sex,
                "es" if spanish else "en",
                location,
                list(related),
                added,
            )
            world.patients.append(patient)
            if insured:
                used = 100 * rng.randrange(200, 900) if rng.random() < 0.08 else 0
                member = f"{plan.payer_code[-2:]}{rng.randrange(10**8):08d}"
                world.coverages.append(Coverage(make.id(added), plan, patient, parents[0], member, used))


def _parent(make: Maker, location: Location, last: str, area: str, spanish: bool) -> Party:
    rng = make.rng
    first = rng.choice(people.PARENTS)
    born = make.now.date() - dt.timedelta(days=365 * rng.randrange(30, 56) + rng.randrange(365))
    street = f"{rng.randrange(1, 400)} {rng.choice(people.STREETS)} {rng.choice(people.KINDS)}"
    email = f"{first}.{last}{rng.randrange(1000)}@family.example".lower()
    return Party(
        make.id(make.now - dt.timedelta(days=HISTORY_DAYS)),
        first,
        last,
        email,
        make.phone(area),
        born,
        street,
        location.city,
        location.state,
        location.postal_code,
        "es" if spanish else "en",
    )


def local(day: dt.date, minute: int, zone: str) -> dt.datetime:
    """A wall-clock minute of a location's day as UTC."""
    return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), ZoneInfo(zone)).astimezone(UTC)


Booked = defaultdict[tuple[str, dt.date], list[Appointment]]
