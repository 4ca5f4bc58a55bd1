"""Card numbers in free text are refused, however they are written, and little else is."""

from __future__ import annotations

import random
import time

import pytest
from archwire.coordination.v1 import coordination_pb2 as coordination
from archwire.directory.v1 import patients_pb2 as patients
from archwire.insurance.v1 import eligibility_pb2 as insurance
from archwire.records.v1 import records_pb2 as records

from shared.cards import field_with_card_number, has_card_number
from shared.errors import Invalid
from shared.rpc import check

UUID = "0198c0de-7a11-7c0d-9e3f-5b1f0a2c4d6e"
NUMBERS = (
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "3530111333300000",
    "6011000990139424",
    "6304000000000000",
    "6212345678901232",
    "4000000000000000006",
)
FORMS = {
    "plain": "{}",
    "in words": "the mother's card is {}, exp 11/29, please charge it",
    "glued to letters": "visa{}x",
    "full width": "{}",
}


def grouped(number: str, by: str) -> str:
    if by == "amex":
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    return by.join(number[i : i + 4] for i in range(0, len(number), 4))


@pytest.mark.T("T51")
@pytest.mark.parametrize("number", NUMBERS)
def test_a_card_number_is_seen_in_every_usual_form(number: str) -> None:
    wide = "".join(chr(ord("０") + int(digit)) for digit in number)
    forms = [form.format(number) for form in FORMS.values()] + [wide]
    forms += [grouped(number, by) for by in (" ", "-", ".", "\u00a0", " - ", "\u2013", "_", "\n", "\u200b", "amex")]
    forms += [" ".join(number), f"call 617-555-0100 {number}", f"{number} or {number}", f"0 {grouped(number, ' ')}"]
    assert [form for form in forms if not has_card_number(form)] == []


@pytest.mark.T("T51")
def test_five_thousand_random_numbers_are_seen() -> None:
    chance = random.Random(51)
    for _ in range(5_000):
        start = chance.choice(("4", "51", "55", "2221", "2720", "34", "37", "36", "35", "6011", "65", "62"))
        size = {"34": 15, "37": 15, "36": 14}.get(start, 16)
        body = start + "".join(str(chance.randrange(10)) for _ in range(size - 1 - len(start)))
        total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
        number = body + str(-total % 10)
        assert has_card_number(
            chance.choice(("{}", "card {} ok")).format(grouped(number, chance.choice((" ", "-", ""))))
        )


@pytest.mark.T("T51")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "411111111111111",
        "617-555-0100 or 508-555-0199, after 16:30",
        "+16175550100 +15085550199",
        "2026-11-25 2026-12-02 2027-01-13 2027-02-24",
        f"see {UUID}",
        "11111111111111111111111111111111",
        "trace 9012345678901237",
    ],
)
def test_what_only_looks_like_one_is_let_through(text: str) -> None:
    assert not has_card_number(text)


@pytest.mark.T("T51")
def test_a_request_names_the_field_and_never_the_number() -> None:
    number = NUMBERS[0]
    with pytest.raises(Invalid) as refused:
        check(records.SaveNoteRequest(request_id=UUID, patient_id=UUID, location_id=UUID, text=f"paid by {number}"))
    assert (refused.value.reason, refused.value.field) == ("CARD_NUMBER", "text")
    assert number not in f"{refused.value} {refused.value.details}"

    lead = coordination.CreateLeadRequest(contact=coordination.LeadContact(note=grouped(number, " ")))
    assert field_with_card_number(lead) == "contact.note"
    family = patients.RegisterPatientRequest(parties=[patients.PartyInput(), patients.PartyInput(last_name=number)])
    assert field_with_card_number(family) == "parties[1].last_name"
    address = patients.RegisterPatientRequest()
    address.address.lines.extend(["1 Wire Street", number])
    assert field_with_card_number(address) == "address.lines[1]"


@pytest.mark.T("T51")
def test_numbers_that_are_no_prose_are_left_alone() -> None:
    number = NUMBERS[0]
    assert field_with_card_number(insurance.AddCoverageRequest(member_id=number, group_number=number)) is None
    assert field_with_card_number(insurance.ImportEligibilityRequest(x12=number)) is None
    assert field_with_card_number(patients.RegisterPatientRequest(request_id=UUID, mobile="+4111111111111111")) is None


def test_the_longest_text_takes_no_longer_than_its_length() -> None:
    def cpu(text: str) -> float:
        started = time.process_time()
        for _ in range(5):
            has_card_number(text)
        return time.process_time() - started

    for piece in ("1 ", "4 ", "1", "4111-", "1   ", "word "):
        short, long = (min(cpu(piece * times) for _ in range(3)) for times in (500, 4_000))
        assert long < 40 * short + 0.01, piece  # eight times the text: quadratic would be 64 times
