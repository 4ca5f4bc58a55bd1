"""Rules of messages."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import domain

ZONES = ("America/New_York", "America/Chicago", "America/Phoenix", "Pacific/Honolulu", "America/Anchorage")


@given(
    moment=st.datetimes(min_value=dt.datetime(2024, 1, 1), max_value=dt.datetime(2030, 1, 1)),
    zone=st.sampled_from(ZONES),
)
def test_a_text_never_arrives_in_quiet_hours_and_never_early(moment: dt.datetime, zone: str) -> None:
    asked = moment.replace(tzinfo=dt.UTC)
    due = domain.in_waking_hours(asked, zone)
    assert 8 <= due.astimezone(ZoneInfo(zone)).hour < 21
    assert asked <= due <= asked + dt.timedelta(hours=12)


@pytest.mark.T("T53")
@pytest.mark.parametrize("word", domain.STOP_WORDS)
@pytest.mark.parametrize("form", ["{}", "{}.", " {} ", "{}!!", "Please {}", "{} please"])
def test_every_stop_word_stops(word: str, form: str) -> None:
    for text in (form.format(word), form.format(word.upper()), form.format(word.title())):
        assert domain.says_stop(text)


@pytest.mark.T("T53")
@pytest.mark.parametrize(
    "text",
    [
        "pls stop texting me",
        "Don't text me again",
        "take me off this list",
        "no me envie mensajes",
        "wrong number",
        "do not contact me",
    ],
)
def test_a_plain_wish_stops(text: str) -> None:
    assert domain.says_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "Can we stop by at 3?",
        "See you at the end of the month",
        "I need to cancel Tuesday's visit",
        "Thanks!",
        "The pain will not stop",
    ],
)
def test_an_answer_is_not_a_stop(text: str) -> None:
    assert not domain.says_stop(text)


def test_built_in_texts_use_only_what_their_kind_offers() -> None:
    for (kind, _language), (subject, body) in domain.BUILT_IN.items():
        assert domain.placeholders(subject) | domain.placeholders(body) <= domain.PLACEHOLDERS[kind]
    assert {kind for kind, _ in domain.BUILT_IN} == set(domain.PLACEHOLDERS)
    assert all((kind, "es") in domain.BUILT_IN for kind in domain.PLACEHOLDERS)


def test_times_are_said_in_the_location_s_own_zone() -> None:
    start = dt.datetime(2026, 12, 1, 20, 20, tzinfo=dt.UTC)
    assert domain.say_when(start, "America/New_York", "en") == "Tue, Dec 1 at 3:20 PM"
    assert domain.say_when(start, "America/Chicago", "es") == "mar 1 dic a las 2:20 PM"


def test_marketing_needs_consent_and_nothing_else_does() -> None:
    assert not domain.allowed(None, "marketing")
    assert domain.allowed(None, "appointment")
    assert not domain.allowed(False, "appointment")
    assert domain.allowed(True, "marketing")
