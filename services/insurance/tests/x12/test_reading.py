"""The X12 reader: real samples, hostile files, and the orthodontic facts of the worked example."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.insurance.x12.benefits import AgeLimit, ortho_benefits
from services.insurance.x12.eligibility import read_271
from services.insurance.x12.envelope import transactions
from services.insurance.x12.findings import Malformed
from services.insurance.x12.tokenizer import segments

SAMPLES = Path(__file__).parent.parent / "samples"
ANSWERS = sorted(path for path in SAMPLES.iterdir() if "271" in path.name)
ORTHO = (SAMPLES / "271-ortho-benefits.edi").read_bytes()

pytestmark = pytest.mark.R(3)


def benefits(content: bytes):
    return ortho_benefits(read_271(content).answers[0])


def changed(old: str, new: str) -> bytes:
    assert old.encode() in ORTHO
    return ORTHO.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_every_271_sample_is_read(path):
    answer = read_271(path.read_bytes()).answers[0]
    assert answer.benefits or answer.rejections
    assert all(benefit.position <= benefit.last_position for benefit in answer.benefits)


def test_every_fact_of_the_worked_example_names_its_segment():
    found = benefits(ORTHO)
    assert (found.covered.value, found.covered.positions) == ("yes", (22,))
    assert (found.plan_percent_basis_points.value, found.plan_percent_basis_points.positions) == (5000, (23,))
    assert (found.lifetime_maximum_cents.value, found.lifetime_maximum_cents.positions) == (2000_00, (26,))
    assert (found.lifetime_remaining_cents.value, found.lifetime_remaining_cents.positions) == (1325_00, (27,))
    assert found.deductible_cents.value == 0
    assert found.age_limit.value == AgeLimit(None, 18, "DEPENDENT CHILDREN TO AGE 19")
    assert found.waiting_until.value == date(2026, 7, 1)
    assert found.waiting_text.value == "12 MONTH WAITING PERIOD"
    assert found.frequency.value == "1 visit per month"
    assert (found.paid_to_date_cents.value, found.paid_to_date_cents.positions) == (675_00, (33,))
    assert found.ambiguous == []


def test_the_place_of_a_fact_is_the_segment_that_says_it():
    lines = [line for line in ORTHO.decode().replace("\n", "").split("~") if line]
    assert lines[benefits(ORTHO).lifetime_remaining_cents.positions[0] - 1].startswith(
        "EB*F*IND*38**ORTHO LIFETIME REMAINING*33"
    )


def test_a_benefit_that_is_not_mentioned_is_unknown_not_no():
    silent = benefits((SAMPLES / "cosyte-271-canonical.edi").read_bytes())
    assert silent.covered.value == "unknown"
    assert silent.lifetime_maximum_cents is None
    refused = b"\n".join(line for line in ORTHO.splitlines() if not line.startswith((b"EB*A*IND*38", b"EB*F*IND*38")))
    assert benefits(refused.replace(b"EB*1**38~", b"EB*I*IND*38~")).covered.value == "no"


def test_a_payer_that_contradicts_itself_is_unknown():
    assert benefits(changed("EB*1**38~", "EB*1**38~\nEB*I*IND*38~")).covered.value == "unknown"


@pytest.mark.parametrize(
    ("remaining", "cents"),
    [("33*1325", 1325_00), ("29*1325", 1325_00)],
)
def test_the_remainder_is_33_or_else_29_beside_a_lifetime_maximum(remaining, cents):
    assert benefits(changed("33*1325", remaining)).lifetime_remaining_cents.value == cents


def test_29_without_a_lifetime_maximum_is_no_lifetime_remainder():
    found = benefits(changed("33*1325", "29*1325").replace(b"32*2000", b"23*2000"))
    assert found.lifetime_remaining_cents is None


def test_the_annual_maximum_of_dental_care_does_not_cap_orthodontics():
    without = b"\n".join(line for line in ORTHO.splitlines() if b"LIFETIME" not in line)
    assert benefits(without).lifetime_maximum_cents is None


def test_several_shares_are_ambiguous_and_the_lowest_counts():
    found = benefits(changed(".5****N", ".8****Y"))
    assert found.plan_percent_basis_points.value == 2000
    assert found.ambiguous == ["plan_percent_basis_points"]


def test_a_share_that_the_payers_own_words_contradict_is_ambiguous():
    found = benefits(changed(".5****Y~", ".2****Y~\nMSG*PLAN PAYS 20% OF ORTHODONTICS~"))
    assert "plan_percent_basis_points" in found.ambiguous


def test_a_rejection_comes_with_advice_in_our_own_words():
    found = benefits((SAMPLES / "271-aaa-subscriber-not-found.edi").read_bytes())
    assert [(r.reason, r.action, r.position) for r in found.rejections] == [("75", "correct", 12)]
    assert "not found" in found.rejections[0].text
    assert found.covered.value == "unknown"


def test_another_payer_is_named():
    other = "EB*R**38~\nLS*2120~\nNM1*SEP*2*OTHER DENTAL PLAN*****PI*54321~\nLE*2120~\nEB*1**38~"
    assert benefits(changed("EB*1**38~", other)).other_payers.value == ("OTHER DENTAL PLAN",)


@pytest.mark.parametrize("odd", ["1E3", "NaN", "12,50", "9" * 40, "--5", " "])
def test_an_odd_amount_is_unknown_and_hides_nothing_else(odd):
    answer = read_271(changed("32*2000", f"32*{odd}"))
    found = ortho_benefits(answer.answers[0])
    assert found.lifetime_maximum_cents is None
    assert found.lifetime_remaining_cents.value == 1325_00
    assert any(f.code == "ELM_NUMBER" and f.segment == "EB" and f.element == 7 for f in answer.findings)


def test_a_day_that_does_not_exist_is_unknown():
    assert benefits(changed("20260701", "20260230")).waiting_until is None


# the tokenizer


def test_delimiters_come_from_the_isa():
    content = (
        ORTHO.replace(b"*", b"|").replace(b":~", b"^\x1d", 1).replace(b"~\n", b"\x1d").replace(b"|^|00501", b"|}|00501")
    )
    assert benefits(content).lifetime_remaining_cents.value == 1325_00


@pytest.mark.parametrize("wrap", [b"\r\n", b"", b"\n   \n", b"\n\t"])
def test_breaks_and_indents_between_segments_do_not_matter(wrap):
    assert read_271(ORTHO.replace(b"\n", wrap)).answers[0].benefits == read_271(ORTHO).answers[0].benefits


def test_a_byte_order_mark_several_interchanges_and_a_missing_last_newline_are_read():
    other = (SAMPLES / "tigershark-5010-271-example-1.edi").read_bytes()
    both = read_271(b"\xef\xbb\xbf" + ORTHO + b"\r\n" + other.rstrip())
    assert len(both.answers) == 2
    assert len({s.delimiters for s in segments(ORTHO + other)}) == 2


def test_a_file_may_come_in_pieces_of_any_size():
    whole = list(segments(ORTHO))
    for size in (1, 7, 105, 106, 107, 4096):
        pieces = [ORTHO[at : at + size] for at in range(0, len(ORTHO), size)]
        assert list(segments(iter(pieces))) == whole


def test_the_offset_of_a_segment_points_at_its_bytes():
    content = ORTHO.replace(b"\n", b"\r\n  ").rstrip()
    assert all(content[s.offset :].startswith(s.id.encode()) for s in segments(content))


@pytest.mark.T("T35")
@pytest.mark.parametrize("name", ["271-ortho-benefits.edi", "tigershark-5010-271-example-1.edi"])
def test_a_file_cut_off_at_any_byte_is_refused_without_a_crash(name):
    content = (SAMPLES / name).read_bytes().rstrip()
    for end in range(len(content) - 1):
        with pytest.raises(Malformed) as refused:
            read_271(content[:end])
        assert refused.value.findings[0].stops
    assert read_271(content[:-1]).answers  # only the last terminator may be missing


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("SE*39*0001", "SE*39*0002", "SET_CONTROL_NUMBER"),
        ("GE*1*201", "GE*1*202", "GRP_CONTROL_NUMBER"),
        ("IEA*1*000000201", "IEA*1*000000209", "ENV_CONTROL_NUMBER"),
        ("GE*1*201~", "", "ENV_UNEXPECTED"),
        ("SE*39*0001~", "", "SET_NO_TRAILER"),
        ("ISA*00*", "IXA*00*", "ENV_NO_ISA"),
        ("*T*:~", "*T**~", "ENV_DELIMITERS"),
        ("EB*1**38~", "EB*1**\x0038~", "SYN_CONTROL_CHARACTER"),
        ("EB*1**38~", "eb*1**38~", "SYN_SEGMENT_ID"),
        ("ST*271*", "ST*278*", "STR_NOT_271"),
    ],
)
def test_a_malformed_file_is_refused_with_rule_and_place(old, new, code):
    with pytest.raises(Malformed) as refused:
        read_271(changed(old, new))
    assert refused.value.findings[0].code == code
    assert refused.value.findings[0].position > 0


@pytest.mark.parametrize(("old", "new"), [("SE*39", "SE*38"), ("GE*1*", "GE*2*"), ("IEA*1*", "IEA*7*")])
def test_a_wrong_count_is_a_warning_because_payers_send_it(old, new):
    found = read_271(changed(old, new))
    assert [f.code[-5:] for f in found.findings] == ["COUNT"]


def test_a_finding_never_holds_data_of_the_file():
    for end in range(106, len(ORTHO), 13):
        with pytest.raises(Malformed) as refused:
            read_271(ORTHO[:end])
        text = str(refused.value) + "".join(f.message for f in refused.value.findings)
        assert not any(secret in text for secret in ("DOE", "W123456789", "20120417"))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_read_or_refused_and_nothing_else(data):
    content = bytearray(ORTHO)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        for answer in read_271(bytes(content)).answers:
            ortho_benefits(answer)
    except Malformed:
        pass  # refused with findings: the only exception there is


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_refused(noise):
    with pytest.raises(Malformed):
        list(transactions(noise, []))
