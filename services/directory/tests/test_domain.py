"""The directory's rules, without a database."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.credentials import domain as credentials
from services.directory.patients import domain as patients
from services.directory.patients.domain import Tie
from services.directory.places import domain as places
from services.directory.staff import domain as staff
from shared.errors import Denied, Invalid, ServiceError
from shared.identity import policy

NOW = dt.datetime(2026, 11, 24, 17, 0, tzinfo=dt.UTC)
nine_digits = st.integers(100_000_000, 299_999_999).map(str)


def reason(error: pytest.ExceptionInfo[ServiceError]) -> str:
    return error.value.reason


# --- places ---


def test_the_published_npi_example_is_valid():
    places.check_npi("1234567893")  # the example of the CMS check-digit note


@given(nine_digits)
def test_a_computed_check_digit_is_accepted_and_every_other_refused(nine: str):
    good = places.npi_check_digit(nine)
    places.check_npi(nine + good)
    for digit in set("0123456789") - {good}:
        with pytest.raises(Invalid):
            places.check_npi(nine + digit)


@given(nine_digits, st.integers(0, 8))
def test_two_neighbouring_digits_changed_places_are_noticed_unless_luhn_cannot(nine: str, at: int):
    npi = nine + places.npi_check_digit(nine)
    swapped = npi[:at] + npi[at + 1] + npi[at] + npi[at + 2 :]
    if {npi[at], npi[at + 1]} == {"0", "9"} or swapped == npi:
        return
    with pytest.raises(Invalid):
        places.check_npi(swapped)


@pytest.mark.parametrize("name", ["EST", "Mars/Olympus", "", "America/New York", "../etc/passwd"])
def test_a_time_zone_is_one_of_a_region(name: str):
    places.check_time_zone("America/Chicago")
    with pytest.raises(Invalid):
        places.check_time_zone(name)


# --- patients ---


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        ("2008-11-24", "2026-11-24", 18),
        ("2008-11-25", "2026-11-24", 17),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
    ],
)
def test_age_changes_on_the_birthday(born: str, today: str, years: int):
    assert patients.age_years(dt.date.fromisoformat(born), dt.date.fromisoformat(today)) == years


def test_who_turns_eighteen_is_decided_by_the_clock_of_the_location():
    midnight_in_new_york = dt.datetime(2026, 11, 24, 5, 30, tzinfo=dt.UTC)
    born = dt.date(2008, 11, 24)
    assert patients.is_adult(born, patients.local_date(midnight_in_new_york, "America/New_York"))
    assert not patients.is_adult(born, patients.local_date(midnight_in_new_york, "America/Los_Angeles"))


@given(st.integers(1, 8))
def test_equal_shares_are_the_whole_and_differ_by_one_at_most(count: int):
    shares = patients.equal_shares(count)
    assert sum(shares) == 10_000
    assert max(shares) - min(shares) <= 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10_000)), max_size=8))
def test_the_first_shares_of_a_family_are_the_whole_or_refused(given_ties: list[tuple[bool, int]]):
    ties = [Tie("parent", financial=pays, share_bp=share if pays else 0) for pays, share in given_ties]
    if sum(tie.share_bp for tie in ties) not in (0, 10_000):
        with pytest.raises(Invalid, match="SHARES_NOT_WHOLE"):
            patients.first_ties(ties)
        return
    filled = patients.first_ties(ties)
    assert sum(tie.share_bp for tie in filled) == (10_000 if any(tie.financial for tie in ties) else 0)
    assert sum(tie.primary_contact for tie in filled) == bool(filled)


@given(st.lists(st.integers(0, 10_000), max_size=4), st.integers(0, 10_000))
def test_shares_never_exceed_the_whole_when_a_party_is_added(others: list[int], share: int):
    if sum(others) > 10_000:
        return
    asked = Tie("parent", financial=True, share_bp=share)
    if sum(others) + share > 10_000:
        with pytest.raises(ServiceError, match="SHARES_EXCEED_WHOLE"):
            patients.added_share(asked, others, others_pay=bool(others))
    else:
        assert sum(others) + patients.added_share(asked, others, others_pay=bool(others)).share_bp <= 10_000


@pytest.mark.parametrize(
    ("tie", "adult", "expected"),
    [
        (Tie("self"), False, "SELF_NOT_ADULT"),
        (Tie("court_order"), False, "COURT_ORDER_MISSING"),
        (Tie("guarantor", clinical_access=True), False, "NO_CLINICAL_ACCESS"),
        (Tie("parent", may_consent=True), False, "CONSENT_NEEDS_ACCESS"),
        (Tie("parent", share_bp=1), False, "NOT_PAYING"),
    ],
)
def test_a_relationship_that_makes_no_sense_is_refused(tie: Tie, adult: bool, expected: str):
    with pytest.raises(Invalid) as error:
        patients.check_tie(tie, patient_adult=adult)
    assert reason(error) == expected


@given(st.text(max_size=40))
def test_a_name_is_found_by_the_beginning_of_any_of_its_words(name: str):
    text = patients.search_text(name)
    for word in patients.words(name):
        assert f" {word[:2]}" in text
    assert patients.search_text(name.upper()) == patients.search_text(name.upper().lower())


def test_accents_apostrophes_and_dashes_do_not_hide_a_name():
    assert patients.search_text("Zoë", "O’Brien-Núñez") == " zoe o brien nunez"
    assert patients.patterns("nunez zo") == ["% nunez%", "% zo%", "%"]


@pytest.mark.parametrize(
    ("query", "digits"),
    [("(617) 555-0100", "6175550100"), ("#1001", "1001"), ("+16175550100", "16175550100"), ("Mia 2", "")],
)
def test_a_query_of_digits_is_a_number(query: str, digits: str):
    assert patients.digits(query) == digits


def test_a_number_as_typed_becomes_e164():
    assert patients.phone("6175550100") == patients.phone("16175550100") == "+16175550100"


# --- staff ---


def test_the_staff_roles_are_those_of_the_policy():
    assert set(policy().roles) - {"integrator", "lab"} == staff.STAFF_ROLES


def test_nobody_gives_a_role_above_the_own_one():
    for own, given_roles in staff.MAY_GRANT.items():
        for role in staff.STAFF_ROLES - given_roles:
            with pytest.raises(Denied):
                staff.where_may_grant({own: "*"}, role)


grants = st.dictionaries(
    st.sampled_from(sorted(staff.STAFF_ROLES)),
    st.one_of(st.just("*"), st.lists(st.sampled_from("abc"), max_size=3)),
    max_size=4,
)


@given(grants, st.sampled_from(sorted(staff.STAFF_ROLES)), st.lists(st.sampled_from("abc"), max_size=3))
def test_a_grant_never_reaches_beyond_the_giver(held: dict[str, Any], role: str, wanted: list[str]):
    try:
        staff.check_reach(staff.where_may_grant(held, role), wanted)
    except Denied:
        return
    givers = [where for own, where in held.items() if role in staff.MAY_GRANT.get(own, ())]
    assert "*" in givers or (wanted and set(wanted) <= set().union(*map(set, givers)))


# --- credentials ---


def test_a_code_is_accepted_once_and_only_near_its_time():
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(int(NOW.timestamp()))
    step = credentials.accepted_step(secret, code, NOW, 0)
    assert step == int(NOW.timestamp()) // 30
    assert credentials.accepted_step(secret, code, NOW, step) is None
    assert credentials.accepted_step(secret, code, NOW + dt.timedelta(seconds=30), step - 1) == step
    assert credentials.accepted_step(secret, code, NOW + dt.timedelta(seconds=90), 0) is None
    assert credentials.accepted_step(secret, "", NOW, 0) is None


def test_a_recovery_code_works_once_however_it_is_typed():
    codes = credentials.new_recovery_codes()
    hashes = [credentials.recovery_hash(code) for code in codes]
    left = credentials.use_recovery_code(codes[3].lower().replace("-", " "), hashes)
    assert left is not None
    assert len(left) == 9
    assert credentials.use_recovery_code(codes[3], left) is None


def test_five_failures_in_five_minutes_lock_until_the_first_is_old():
    failures = [NOW + dt.timedelta(seconds=20 * i) for i in range(5)]
    assert not credentials.locked(failures[:4], failures[3])
    assert credentials.locked(failures, failures[4])
    assert not credentials.locked(failures, NOW + dt.timedelta(minutes=5))


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_session_ends_when_idle_and_when_old(seconds: int):
    late = dt.timedelta(seconds=seconds)
    session = SimpleNamespace(end_time=None, expire_time=NOW + credentials.SESSION_LIFETIME, seen_time=NOW)
    assert credentials.session_alive(session, NOW + credentials.SESSION_IDLE + late) == (seconds < 0)
    session.seen_time = session.expire_time
    assert credentials.session_alive(session, session.expire_time + late) == (seconds < 0)


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaa", "password123456", "jane.smith-2026!", "Welcome123456"]
)
def test_a_password_that_is_guessed_first_is_refused(password: str):
    credentials.check_password("three brackets and a wire", "jane.smith@x.example")
    with pytest.raises(Invalid):
        credentials.check_password(password, "jane.smith@x.example")


def test_grants_of_a_region_are_its_locations_and_an_empty_region_is_nowhere():
    rows = [
        SimpleNamespace(role="front_desk", everywhere=False, location_id="b"),
        SimpleNamespace(role="front_desk", everywhere=False, location_id="a"),
        SimpleNamespace(role="regional_manager", everywhere=False, location_id=None),
        SimpleNamespace(role="owner", everywhere=True, location_id=None),
        SimpleNamespace(role="owner", everywhere=False, location_id="a"),
    ]
    assert credentials.resolved_grants(rows) == {"front_desk": ["a", "b"], "owner": "*"}
