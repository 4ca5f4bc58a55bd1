"""Time, patterns and the search, against the plainest code that says the same."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scheduling import domain
from services.scheduling.visits.domain import MOVES, STATES, Doctor, Pool, Sheet, Spot, bits, ones, runs

ZONES = [
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "America/St_Johns",
    "Pacific/Honolulu",
    "America/Havana",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Africa/Casablanca",
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
dates = st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31))


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.T("T45")
@settings(max_examples=500)
@given(zones, dates, st.integers(0, 287), st.booleans())
def test_a_wall_time_comes_back_or_is_refused(zone, day, unit, end):
    try:
        slot = domain.to_slot(day, unit * 5, zone, end=end)
    except domain.NonexistentTime:
        wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=unit * 5)
        utc = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        assert utc.astimezone(zone).replace(tzinfo=None) != wall  # it does not exist
    else:
        assert domain.to_wall(slot, zone) == (day, unit * 5)


@pytest.mark.T("T45")
@settings(max_examples=300)
@given(zones, dates)
def test_days_follow_each_other_without_gap_or_overlap(zone, day):
    first, last = domain.day_slots(day, zone)
    assert domain.day_slots(day + dt.timedelta(days=1), zone)[0] == last
    assert last - first in (276, 282, 288, 294, 300)
    assert all(domain.to_wall(slot, zone)[0] == day for slot in (first, last - 1))


def test_the_hour_that_is_jumped_over_is_refused_and_the_repeated_one_has_two_ends():
    zone = ZoneInfo("America/New_York")
    with pytest.raises(domain.NonexistentTime):
        domain.to_slot(dt.date(2027, 3, 14), 2 * 60 + 30, zone)
    first = domain.to_slot(dt.date(2027, 11, 7), 90, zone)
    assert domain.to_slot(dt.date(2027, 11, 7), 90, zone, end=True) - first == 12


def test_eight_to_five_is_108_slots_on_the_day_the_clocks_change():
    zone = ZoneInfo("America/Chicago")
    for day in (dt.date(2027, 3, 14), dt.date(2027, 11, 7), dt.date(2027, 6, 1)):
        assert domain.edge(day, 17 * 60, zone, end=True) - domain.edge(day, 8 * 60, zone) == 108


def test_a_rotation_of_every_other_week():
    found = domain.rotation(dt.date(2027, 1, 6), dt.date(2027, 1, 31), [1, 3], every_weeks=2)
    assert [d.day for d in found] == [6, 18, 20]


# --- patterns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("AdAA", "AdAA"),
        ("A8 D3 A9", "AdAA"),
        ("A25 D10 A25", "AAAAADDAAAAA"),
        ("A30 D10 A40 D5 A5", "AAAAAADDAAAAAAAADA"),
        ("A20D6A29D2A3", "AAAADdAAAAAd"),
        ("A10 X20 D3 A2", "AACCCCd"),
        ("T5 C5", "TC"),
    ],
)
def test_patterns_are_read_as_letters_or_as_minutes(text, pattern):
    assert domain.parse_pattern(text) == pattern


@pytest.mark.parametrize("text", ["", "  ", "A0", "AxA", "A10 Q3", "A10 D", "A481", "A" * 97])
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(domain.BadPattern):
        domain.parse_pattern(text)


def test_every_default_type_can_be_read():
    lengths = {code: len(domain.parse_pattern(pattern)) * 5 for code, _, _, pattern, _ in domain.DEFAULT_TYPES}
    assert lengths["exam"] == 60
    assert lengths["bonding"] == 90
    assert lengths["adjustment"] == 20
    assert len(lengths) == len(domain.DEFAULT_TYPES)


@given(st.lists(st.tuples(st.sampled_from("AdDCT"), st.integers(1, 60)), min_size=1, max_size=6))
def test_slices_give_a_pattern_as_long_as_their_minutes(pieces):
    total = sum(minutes for _, minutes in pieces)
    pattern = domain.parse_pattern(" ".join(f"{letter}{minutes}" for letter, minutes in pieces))
    assert len(pattern) == -(-total // 5)
    assert domain.needs_doctor(pattern) == any(letter in "dDT" for letter, _ in pieces)


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.T("T11")
def test_no_state_can_be_reached_twice_round_and_final_ones_are_final():
    assert {s for s in STATES if not MOVES[s]} == {"checked_out", "canceled", "no_show"}
    assert all(new in STATES and new != state for state in STATES for new in MOVES[state])
    assert all("arrived" not in MOVES[s] for s in ("seated", "done", "canceled", "no_show"))


# --- search -----------------------------------------------------------------------------------------------------------

LENGTH = 40
masks = st.integers(0, (1 << LENGTH) - 1)
crowded = st.builds(lambda a, b: a | b, masks, masks)
patterns = st.text("AdDCT", min_size=1, max_size=8)
some = st.builds(lambda a, b: a & b, masks, masks)
lanes = st.lists(some, min_size=1, max_size=3)
doctors = st.one_of(
    st.builds(Doctor, crowded, lanes),
    st.builds(
        lambda present, both: Doctor(present, both[0::2], both[1::2]),
        crowded,
        st.lists(some, min_size=2, max_size=6).filter(lambda all: len(all) % 2 == 0),
    ),
)


@st.composite
def sheets(draw):
    pool = None
    if draw(st.booleans()):
        pool = Pool(draw(st.integers(1, 3)), (1 << LENGTH) - 1)
        for _ in range(draw(st.integers(0, 3))):
            pool.take(draw(masks))
    return Sheet(
        base=0,
        length=LENGTH,
        open=draw(crowded) | draw(masks),
        chairs=dict(zip("abc", draw(st.lists(crowded, min_size=1, max_size=3)), strict=False)),
        doctors=dict(zip("xyz", draw(st.lists(doctors, max_size=3)), strict=False)),
        assistants=pool,
        patient=draw(st.one_of(st.just(-1), crowded)),
    )


def plain_doctor(doctor, pattern, start):
    for n, letter in enumerate(pattern):
        slot = start + n
        free = 0
        if doctor.present >> slot & 1:
            free = len(doctor.lanes) - sum(taken >> slot & 1 for taken in (*doctor.lanes, *doctor.overflow))
        if (letter == "d" and free < 1) or (letter in "DT" and free < len(doctor.lanes)):
            return False
    return True


def plain_assistants(pool, pattern, start):
    if pool is None:
        return True
    taken = [sum(plane >> (start + n) & 1 for plane in pool.taken) for n in range(len(pattern))]
    return all(letter not in "AdD" or count < pool.capacity for letter, count in zip(pattern, taken, strict=True))


def plain_search(sheet, pattern, window):
    """The same question, slot by slot."""
    found = []
    for start in range(LENGTH - len(pattern) + 1):
        slots = range(start, start + len(pattern))
        if not all(sheet.open >> s & window >> s & sheet.patient >> s & 1 for s in slots):
            continue
        if not plain_assistants(sheet.assistants, pattern, start):
            continue
        chair = next((c for c, free in sheet.chairs.items() if all(free >> s & 1 for s in slots)), None)
        doctor = next((d for d, doctor in sheet.doctors.items() if plain_doctor(doctor, pattern, start)), None)
        needed = any(letter in "dDT" for letter in pattern)
        if chair and (doctor or not needed):
            found.append(Spot(start, chair, doctor if needed else None))
    return found


@pytest.mark.R(6)
@settings(max_examples=1000, deadline=None)
@given(sheets(), patterns, crowded)
def test_the_search_finds_what_plain_loops_find(sheet, pattern, window):
    assert list(sheet.spots(pattern, window)) == plain_search(sheet, pattern, window)


@settings(max_examples=500, deadline=None)
@given(sheets(), patterns, crowded, st.integers(0, LENGTH - 1))
def test_a_place_is_a_found_spot_or_a_reason(sheet, pattern, window, start):
    placed = sheet.place(pattern, start, window, chairs=list(sheet.chairs), doctors=list(sheet.doctors))
    expected = next((s for s in plain_search(sheet, pattern, window) if s.start == start), None)
    assert placed == expected if expected else placed.isupper()


@settings(max_examples=500, deadline=None)
@given(doctors, patterns)
def test_the_lanes_a_visit_takes_were_free_and_suffice(doctor, pattern):
    for start in bits(doctor.starts(pattern) & ((1 << (LENGTH - len(pattern) + 1)) - 1)):
        taken = [0] * len(pattern)
        for lane, first, last in doctor.claims(pattern, start):
            assert not doctor.lanes[lane] & ones(first, last)
            for slot in range(first, last):
                taken[slot - start] += 1
        wanted = [1 if letter == "d" else len(doctor.lanes) if letter in "DT" else 0 for letter in pattern]
        assert taken == wanted


@settings(max_examples=500, deadline=None)
@given(sheets(), patterns, st.integers(0, LENGTH - 1))
def test_an_accepted_overlap_is_said_and_never_beyond_twice_the_doctor(sheet, pattern, start):
    everywhere = {"chairs": list(sheet.chairs), "doctors": list(sheet.doctors)}
    strict = sheet.place(pattern, start, **everywhere)
    spot = sheet.place(pattern, start, **everywhere, accept_overlap=True)
    if isinstance(spot, str) or not spot.overlap:
        assert spot == strict or (isinstance(spot, str) and strict == "DOCTOR_TAKEN")
        return
    assert strict == "DOCTOR_TAKEN"
    doctor = sheet.doctors[spot.provider_id]
    unit = doctor.clash(pattern, start)
    assert not plain_doctor(doctor, pattern, start)
    assert unit is not None
    assert plain_doctor(doctor, pattern[: unit - start], start)
    both = [*doctor.lanes, *doctor.overflow]
    for lane, first, last in doctor.claims(pattern, start):
        assert not both[lane] & ones(first, last)
        both[lane] |= ones(first, last)


@given(masks, st.integers(1, 20))
def test_runs_are_where_enough_bits_follow_each_other(free, length):
    assert list(bits(runs(free, length))) == [
        i for i in range(LENGTH) if all(free >> (i + n) & 1 for n in range(length))
    ]


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_ones_are_half_open_and_never_below_zero(first, last):
    assert list(bits(ones(first, last))) == [i for i in range(50) if first <= i < last]
