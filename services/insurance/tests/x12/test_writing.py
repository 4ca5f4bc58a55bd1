"""The dental claim writer and its checker: the worked examples pass, and every known mistake is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.insurance.x12.check_837d import check_837d, npi_is_valid
from services.insurance.x12.dental_claim import (
    Address,
    Attachment,
    DentalClaim,
    Doctor,
    Interchange,
    Line,
    Organization,
    Person,
    write_837d,
)
from services.insurance.x12.findings import Malformed
from services.insurance.x12.tokenizer import Delimiters, segments

SAMPLES = Path(__file__).parent.parent / "samples"
BANDING = (SAMPLES / "837D-banding.edi").read_text()

pytestmark = pytest.mark.R(15)

GROUP = Organization(
    "Test Ortho Group PC", "1234567893", Address(("100 Brace St Ste 2",), "Boston", "MA", "021081234"), "123456789"
)
HOME = Address(("12 Elm St",), "Boston", "MA", "02109")
CLAIM = DentalClaim(
    number="ORT0000123-01",
    lines=(Line("D9X80", 6000_00, "L0000123-1"),),
    billing=GROUP,
    rendering=Doctor("Roe", "Alex", "1987654328"),
    payer_name="Test Dental Plan",
    payer_code="12345",
    subscriber=Person("Doe", "John"),
    member_id="W123456789",
    patient=Person("Doe", "Sam", HOME, date(2012, 4, 17), "M"),
    group_number="GRP123",
    service_date=date(2026, 1, 12),
    placement_date=date(2026, 1, 12),
    months_total=24,
    note="Banding both arches",
    attachments=(Attachment("DA", "ATT0000123A"), Attachment("RB", "ATT0000123B")),
    patient_paid_cents=500_00,
    predetermination_id="PRE0000777",
    diagnosis="M26.212",
)
SENDING = Interchange(
    "ORTHOGRP",
    "Test Ortho Group PC",
    "Claims Desk",
    "6175550100",
    "CLEARHOUSE",
    "Test Clearinghouse",
    101,
    datetime(2026, 1, 15, 9, 30),
)


def codes(content: str | bytes) -> set[str]:
    return {f.code for f in check_837d(content.encode() if isinstance(content, str) else content)}


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("837D-*.edi")), ids=lambda path: path.name)
def test_the_worked_examples_pass(path):
    assert check_837d(path.read_bytes()) == []


def test_a_banding_claim_is_written_as_in_the_worked_example():
    written = write_837d(SENDING, CLAIM)
    lines = [line.rstrip("~") for line in written.content.decode().splitlines()]
    expected = [line.rstrip("~") for line in BANDING.replace("AD:D8080", "AD:D9X80").splitlines() if line]
    differing = {(a, b) for a, b in zip(expected, lines, strict=False) if a != b}
    ours = [line for line in lines if line.split("*")[0] not in ("BHT", "NM1", "SE")]
    theirs = [
        line for line in expected if line.split("*")[0] not in ("BHT", "NM1", "SE") and not line.startswith("REF*D9")
    ]
    assert ours == theirs, differing


def test_a_predetermination_has_no_dates_and_says_pb():
    question = replace(CLAIM, predetermination=True, service_date=None, placement_date=None, predetermination_id="")
    content = write_837d(SENDING, question).content.decode()
    assert "CLM*ORT0000123-01*6000***11:B:1*Y*A*Y*Y**********PB~" in content
    assert "DTP*" not in content
    with pytest.raises(Malformed, match="SEM_PREDETERMINATION"):
        write_837d(SENDING, replace(CLAIM, predetermination=True))


def test_a_claim_for_the_subscriber_has_no_patient_loop():
    own = replace(CLAIM, patient=None, subscriber=Person("Doe", "Ana", HOME, date(1990, 2, 28), "F"))
    content = write_837d(SENDING, own).content.decode()
    assert "SBR*P*18*GRP123" in content
    assert "PAT*" not in content


def test_a_satellite_office_is_named_as_the_facility():
    office = Organization("Satellite", "1987654328", Address(("1 Side St",), "Salem", "MA", "019701234"))
    assert (
        "NM1*77*2*SATELLITE*****XX*1987654328~" in write_837d(SENDING, replace(CLAIM, facility=office)).content.decode()
    )


def test_other_delimiters_are_used_throughout():
    written = write_837d(replace(SENDING, delimiters=Delimiters("|", "<", "^", "\n")), CLAIM).content
    assert next(segments(written)).delimiters == Delimiters("|", "<", "^", "\n")
    assert check_837d(written) == []


def test_free_text_is_made_to_fit_and_the_change_is_recorded():
    written = write_837d(SENDING, replace(CLAIM, note="Zoë's bite: 4*5 ~ old"))
    assert b"NTE*ADD*ZOE'S BITE 4 5 OLD~" in written.content
    assert {f.code for f in written.findings} == {"SYN_TEXT_CHANGED"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"member_id": "W12*34"}, "SYN_DELIMITER"),
        ({"member_id": "W12\n34"}, "SYN_DELIMITER"),
        ({"subscriber": Person("李", "明")}, "SYN_CHARSET"),
        ({"number": "ORT0000123-01-TOO-LONG"}, "ELM_CLAIM_NUMBER"),
        ({"rendering": Doctor("Roe", "Alex", "1987654321")}, "ELM_NPI"),
        ({"billing": replace(GROUP, address=replace(GROUP.address, postal_code="02108"))}, "SEM_ZIP9"),
        ({"billing": replace(GROUP, address=replace(GROUP.address, lines=("PO Box 7",)))}, "SEM_PO_BOX"),
        ({"billing": replace(GROUP, tax_id="12-345")}, "ELM_TAX_ID"),
        ({"frequency": "7"}, "SEM_NO_F8"),
        ({"frequency": "8"}, "SEM_NO_F8"),
        ({"payer_claim_number": "PCN1"}, "SEM_F8"),
        ({"frequency": "2"}, "ELM_PLACE"),
        ({"months_total": None}, "SEM_MONTHS"),
        ({"months_total": 24, "months_remaining": 30}, "SEM_MONTHS"),
        ({"months_total": 300}, "ELM_MONTHS"),
        ({"placement_date": date(2026, 2, 1)}, "SEM_PLACEMENT"),
        ({"service_date": None}, "SEM_NO_SERVICE_DATE"),
        ({"lines": (Line("8080", 6000_00, "L1"),)}, "ELM_PROCEDURE"),
        ({"lines": (Line("D9X80", 0, "L1"),)}, "SEM_TOTAL"),
        ({"lines": (Line("D9X80", -5, "L1"),)}, "ELM_AMOUNT"),
        ({"lines": (Line("D9X80", 5, "L1"), Line("D9X81", 5, "L1"))}, "SEM_LINE_ID"),
        ({"lines": ()}, "STR_MISSING"),
        ({"place_of_service": "1"}, "ELM_PLACE"),
        ({"patient": Person("Doe", "Sam", HOME, None, "M")}, "STR_MISSING"),
        ({"patient": Person("Doe", "Sam", None, date(2012, 4, 17), "M")}, "STR_MISSING"),
        ({"patient": None}, "SEM_SUBSCRIBER"),
    ],
)
def test_the_writer_refuses(change, code):
    with pytest.raises(Malformed) as refused:
        write_837d(SENDING, replace(CLAIM, **change))
    assert code in {f.code for f in refused.value.findings}


MUTATIONS = [
    ("HL*2*1*22*1~", "HL*2*1*22*0~", "STR_HL_CHILD"),
    ("HL*3*2*23*0~", "HL*3*1*23*0~", "STR_HL_PARENT"),
    ("HL*3*2*23*0~", "HL*4*2*23*0~", "STR_HL_NUMBER"),
    ("CLM*ORT0000123-01*6000*", "CLM*ORT0000123-01*6001*", "SEM_TOTAL"),
    ("XX*1234567893~", "XX*1234567894~", "ELM_NPI"),
    ("DTP*452*D8*20260112~", "DTP*452*D8*20260230~", "ELM_DATE"),
    ("DTP*452*D8*20260112~", "DTP*452*D8*2026-01-12~", "ELM_DATE"),
    ("DN1*24~", "DN1*XX~", "ELM_MONTHS"),
    ("DN1*24~", "DN1~", "SEM_MONTHS"),
    ("DN1*24~", "DN1*12*24~", "SEM_MONTHS"),
    (":B:1*", ":B:7*", "SEM_NO_F8"),
    (":B:1*", ":B:3*", "ELM_PLACE"),
    ("CLM*ORT0000123-01*", "CLM*ORT0000123-01-AND-MORE*", "ELM_CLAIM_NUMBER"),
    ("*Y*A*Y*Y~", "*Y*A*Y*Y**********PX~", "ELM_CODE"),
    ("*Y*A*Y*Y~", "*Y*A*Y*Y**********PB~", "SEM_PREDETERMINATION"),
    ("BANDING BOTH", "BANDING \x07 BOTH", "SYN_CONTROL_CHARACTER"),
    ("*MA*021081234~", "*MA*02108~", "SEM_ZIP9"),
    ("*MA*02109~", "*MA*0210~", "ELM_ZIP"),
    ("AD:D8080*", "AD:D808*", "ELM_PROCEDURE"),
    ("AD:D8080*6000*", "AD:D8080*6000.001*", "ELM_AMOUNT"),
    ("AD:D8080*6000*", "AD:D8080*6E3*", "ELM_AMOUNT"),
    ("DMG*D8*20120417*M~", "DMG*D8*20120417*X~", "ELM_CODE"),
    ("DMG*D8*20120417*M~\n", "", "STR_MISSING"),
    ("PAT*19~\n", "", "STR_MISSING"),
    ("DTP*472*D8*20260112~\n", "", "SEM_NO_SERVICE_DATE"),
    ("SBR*P**GRP123", "SBR*P*18*GRP123", "SEM_SUBSCRIBER"),
    ("REF*EI*123456789~", "REF*EI*12345~", "ELM_TAX_ID"),
    ("DN1*24~\n", "DN1*24~\nZZZ*1~\n", "STR_UNEXPECTED"),
    ("DTP*452*D8*20260112~\n", "DTP*452*D8*20260112~\nDTP*452*D8*20260112~\n", "STR_UNEXPECTED"),
    ("SE*38*0001~", "SE*37*0001~", "SET_COUNT"),
    ("SE*38*0001~", "SE*38*0009~", "SET_CONTROL_NUMBER"),
    ("IEA*1*000000101~", "IEA*1*000000102~", "ENV_CONTROL_NUMBER"),
    ("X*005010X224A2~", "X*005010X222A1~", "SET_GUIDE"),
    ("LX*1~", "LX*2~", "SEM_LINE_NUMBER"),
    ("NM1*82*1*ROE*ALEX****XX*1987654328~\nPRV*PE*PXC*1223X0400X~\n", "", "SEM_RENDERING"),
]


@pytest.mark.parametrize(("old", "new", "code"), MUTATIONS, ids=[f"{m[2]}-{n}" for n, m in enumerate(MUTATIONS)])
def test_a_changed_claim_is_refused(old, new, code):
    assert BANDING.count(old) >= 1
    assert code in codes(BANDING.replace(old, new, 1))


def test_removing_any_required_segment_is_noticed():
    lines = BANDING.splitlines(keepends=True)
    optional = ("PRV*", "PWK*", "AMT*", "REF*G3", "REF*D9", "REF*6R", "NTE*", "HI*", "DTP*452")
    for n, line in enumerate(lines):
        rest = "".join(lines[:n] + lines[n + 1 :])
        assert codes(rest), line
        if not line.startswith(optional):
            assert codes(rest) - {"SET_COUNT"}, line


def test_no_truncation_passes_or_crashes():
    for end in range(len(BANDING.rstrip()) - 1):
        assert codes(BANDING[:end])


@pytest.mark.parametrize(
    ("npi", "valid"),
    [("1234567893", True), ("1987654328", True), ("1234567890", False), ("3334445550", False), ("", False)],
)
def test_npi_check_digit(npi, valid):
    assert npi_is_valid(npi) is valid


@settings(max_examples=200, deadline=None)
@given(
    st.text(min_size=1, max_size=30),
    st.text(max_size=60),
    st.lists(st.integers(1, 99_999_99), min_size=1, max_size=4),
    st.integers(1, 120),
)
def test_whatever_is_written_can_be_read_back_and_adds_up(name, note, charges, months):
    lines = tuple(Line("D9X80", cents, f"L{n}") for n, cents in enumerate(charges))
    claim = replace(CLAIM, subscriber=Person(name, "John"), note=note, lines=lines, months_total=months)
    try:
        content = write_837d(SENDING, claim).content
    except Malformed as refused:
        reasons, content = {f.code for f in refused.findings}, b""
    else:
        reasons = {f.code for f in check_837d(content)}
    assert reasons <= ({"SYN_CHARSET", "ELM_MISSING", "ELM_AMOUNT"} if not content else set())
    assert content.isascii()
