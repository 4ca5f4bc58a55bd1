"""What goes out as JSON, what comes in, and that the two are each other's inverse."""

from __future__ import annotations

import math
import timeit
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.decode import FIRST_SECOND, INTEGERS, LAST_SECOND, decode, decode_texts, is_output_only
from gateway.tests.example import message
from gateway.transcode import MONEY, OPTIONS, STRUCT, TIMESTAMP, encoder, is_map, short_names, to_json
from shared.errors import Invalid

Visit = message("Visit")

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | TEXT, lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXT, x, max_size=3)
)


def values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    """Values of one field, as a message's constructor takes them; times in whole microseconds."""
    if field.enum_type is not None:
        return st.sampled_from([v.number for v in field.enum_type.values if v.number])
    if field.message_type is not None:
        kind = field.message_type.full_name
        if kind == TIMESTAMP:
            return st.builds(
                lambda seconds, micros: {"seconds": seconds, "nanos": micros * 1000},
                st.integers(FIRST_SECOND, LAST_SECOND),
                st.integers(0, 999_999),
            )
        if kind == STRUCT:
            return st.dictionaries(TEXT, JSON, max_size=3)
        if kind == MONEY:
            return st.builds(
                lambda cents, code: {"amount_cents": cents, "currency_code": code},
                st.integers(-(2**63), 2**63 - 1),
                st.sampled_from(["USD", "CAD"]),
            )
        return bodies(field.message_type, depth - 1)
    if field.cpp_type in INTEGERS:
        return st.integers(*INTEGERS[field.cpp_type])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=8)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    return TEXT if field.type == FieldDescriptor.TYPE_STRING else st.floats(allow_nan=False, allow_infinity=False)


def bodies(descriptor: Descriptor, depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a message that a caller may set, no two of a oneof."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    taken = set()
    for f in descriptor.fields:
        group = f.containing_oneof
        if is_output_only(f) or (depth == 0 and f.message_type) or (group and group.name in taken):
            continue
        if group:
            taken.add(group.name)
        if is_map(f):
            fields[f.name] = st.dictionaries(TEXT, values(f.message_type.fields_by_name["value"], depth), max_size=3)
        else:
            fields[f.name] = st.lists(values(f, depth), max_size=3) if f.is_repeated else values(f, depth)
    return st.fixed_dictionaries({}, optional=fields)


@given(bodies(Visit.DESCRIPTOR))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_encoded_is_decoded_to_the_same_message(body: dict[str, Any]) -> None:
    before = Visit(**body)
    as_json = orjson.loads(to_json(before))
    for name in ("id", "version"):  # the caller may not send back what the server sets
        drop(as_json, name)
    after = Visit()
    decode(after, as_json)
    assert after == before


def drop(value: dict[str, Any], name: str) -> None:
    value.pop(name, None)
    for part in value["parts"]:
        drop(part, name)


def test_the_json_of_a_message_is_plain() -> None:
    visit = Visit(
        id="v", state=2, fee={"amount_cents": 5}, overjet=0, company={"amount_cents": 1, "currency_code": "CAD"}
    )
    visit.start_time.FromJsonString("2027-03-01T15:30:00.250Z")
    visit.times.add(seconds=0)
    visit.fees["exam"].amount_cents = 7
    seen = orjson.loads(to_json(visit))
    assert seen["state"] == "seen_by_doctor"
    assert seen["start_time"] == "2027-03-01T15:30:00.250000Z"
    assert seen["times"] == ["1970-01-01T00:00:00Z"]
    assert seen["fee"] == {"amount_cents": 5, "currency_code": "USD"}
    assert seen["company"] == {"amount_cents": 1, "currency_code": "CAD"}
    assert seen["fees"] == {"exam": {"amount_cents": 7, "currency_code": "USD"}}
    assert (seen["overjet"], seen["nickname"], seen["person_id"], seen["extra"]) == (0, None, None, None)
    assert (seen["codes"], seen["parts"], seen["counts"], seen["patient_id"], seen["large"]) == ([], [], {}, "", 0)


def test_an_unspecified_enum_is_null_and_an_unknown_number_says_so() -> None:
    assert orjson.loads(to_json(Visit()))["state"] is None
    assert orjson.loads(to_json(Visit(state=77)))["state"] == "unknown_77"
    assert short_names(Visit.DESCRIPTOR.fields_by_name["state"].enum_type) == {
        0: None,
        1: "booked",
        2: "seen_by_doctor",
    }


@pytest.mark.T("T10")
@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        ([], "WRONG_TYPE", ""),
        ({"colour": 1}, "UNKNOWN_FIELD", "colour"),
        ({"patientId": "x"}, "UNKNOWN_FIELD", "patientId"),
        ({"parts": [{}, {"colour": 1}]}, "UNKNOWN_FIELD", "parts[1].colour"),
        ({"id": "x"}, "OUTPUT_ONLY", "id"),
        ({"parts": [{"version": 3}]}, "OUTPUT_ONLY", "parts[0].version"),
        ({"patient_id": 5}, "WRONG_TYPE", "patient_id"),
        ({"patient_id": None}, "WRONG_TYPE", "patient_id"),
        ({"patient_id": "a\0b"}, "BAD_TEXT", "patient_id"),
        ({"state": 1}, "WRONG_TYPE", "state"),
        ({"state": "BOOKED"}, "UNKNOWN_VALUE", "state"),
        ({"state": "unspecified"}, "UNKNOWN_VALUE", "state"),
        ({"codes": "x"}, "WRONG_TYPE", "codes"),
        ({"codes": None}, "WRONG_TYPE", "codes"),
        ({"codes": ["x", 1]}, "WRONG_TYPE", "codes[1]"),
        ({"states": ["gone"]}, "UNKNOWN_VALUE", "states[0]"),
        ({"small": True}, "WRONG_TYPE", "small"),
        ({"small": 1.5}, "WRONG_TYPE", "small"),
        ({"large": 1e16}, "WRONG_TYPE", "large"),
        ({"small": "1"}, "WRONG_TYPE", "small"),
        ({"small": 2**31}, "OUT_OF_RANGE", "small"),
        ({"unsigned": -1}, "OUT_OF_RANGE", "unsigned"),
        ({"confirmed": 1}, "WRONG_TYPE", "confirmed"),
        ({"ratio": "1"}, "WRONG_TYPE", "ratio"),
        ({"ratio": math.inf}, "WRONG_TYPE", "ratio"),
        ({"digest": "?"}, "WRONG_TYPE", "digest"),
        ({"start_time": 5}, "WRONG_TYPE", "start_time"),
        ({"start_time": "2027-02-30T00:00:00Z"}, "BAD_TIMESTAMP", "start_time"),
        ({"start_time": "2027-02-20"}, "BAD_TIMESTAMP", "start_time"),
        ({"start_time": "2027-02-20T00:00:00"}, "BAD_TIMESTAMP", "start_time"),
        ({"start_time": "20270220T000000Z"}, "BAD_TIMESTAMP", "start_time"),
        ({"start_time": "2027-02-20T00:00:60Z"}, "BAD_TIMESTAMP", "start_time"),
        ({"start_time": "0001-01-01T00:00:00+23:00"}, "BAD_TIMESTAMP", "start_time"),
        ({"times": ["x"]}, "BAD_TIMESTAMP", "times[0]"),
        ({"fee": 5}, "WRONG_TYPE", "fee"),
        ({"fee": {"amount_cents": 1.5}}, "WRONG_TYPE", "fee.amount_cents"),
        ({"fee": {"amount": 1}}, "UNKNOWN_FIELD", "fee.amount"),
        ({"counts": {"exam": "1"}}, "WRONG_TYPE", "counts.exam"),
        ({"counts": []}, "WRONG_TYPE", "counts"),
        ({"person_id": "p", "company": {}}, "ONE_OF", "company"),
        ({"extra": []}, "WRONG_TYPE", "extra"),
    ],
)
def test_a_body_that_is_not_meant_is_refused_with_path_and_reason(body: Any, reason: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode(Visit(), body)
    assert (refusal.value.reason, refusal.value.field) == (reason, field)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    visit = Visit()
    decode(visit, orjson.loads('{"small": 30.0, "large": 1e3}'))
    assert (visit.small, visit.large) == (30, 1000)


def test_nesting_is_bounded() -> None:
    deep: Any = "leaf"
    for _ in range(30):
        deep = {"a": [deep]}
    with pytest.raises(Invalid, match="TOO_DEEP"):
        decode(Visit(), {"extra": deep})
    nested: dict[str, Any] = {}
    for _ in range(900):
        nested = {"parts": [nested]}
    with pytest.raises(Invalid, match="TOO_DEEP"):
        decode(Visit(), nested)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXT, lambda x: st.lists(x) | st.dictionaries(TEXT, x)
    )
)
@settings(max_examples=200, deadline=None)
def test_any_json_is_decoded_or_refused_never_a_crash(body: Any) -> None:
    for value in (body, {f.name: body for f in Visit.DESCRIPTOR.fields if not is_output_only(f)}):
        try:
            decode(Visit(), value)
        except Invalid:
            continue


def test_parameters_are_read_by_the_type_of_their_field() -> None:
    request = message("ListVisitsRequest")()
    texts = {"states": ["booked", "seen_by_doctor"], "from_time": ["2027-03-01T00:00:00-05:00"], "confirmed": ["true"]}
    for name, given_texts in {**texts, "page_size": ["20"], "page_token": ["7"]}.items():
        decode_texts(request, name, given_texts)
    assert (list(request.states), request.confirmed, request.page_size, request.page_token) == ([1, 2], True, 20, "7")
    assert request.from_time.ToJsonString() == "2027-03-01T05:00:00Z"


@pytest.mark.parametrize(
    ("name", "texts", "reason"),
    [
        ("colour", ["x"], "UNKNOWN_FIELD"),
        ("page_size", ["ten"], "WRONG_TYPE"),
        ("page_size", ["1", "2"], "DUPLICATE_PARAMETER"),
        ("page_size", ["١"], "WRONG_TYPE"),
        ("page_size", ["9999999999"], "OUT_OF_RANGE"),
        ("confirmed", ["yes"], "WRONG_TYPE"),
        ("states", ["booked", "x"], "UNKNOWN_VALUE"),
        ("from_time", ["today"], "BAD_TIMESTAMP"),
    ],
)
def test_a_bad_parameter_is_refused(name: str, texts: list[str], reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode_texts(message("ListVisitsRequest")(), name, texts)
    assert (refusal.value.reason, refusal.value.field.split("[")[0]) == (reason, name)


def test_a_list_of_fifty_is_encoded_several_times_faster_than_by_the_library() -> None:
    from google.protobuf.json_format import MessageToDict

    response = message("ListVisitsResponse")()
    for n in range(50):
        response.visits.add(id=f"{n}", patient_id="p" * 36, state=1, fee={"amount_cents": n}, codes=["a"], large=n)
    encode = encoder(response.DESCRIPTOR)

    def whole() -> bytes:
        return orjson.dumps(MessageToDict(response, always_print_fields_with_no_presence=True))

    ours = min(timeit.repeat(lambda: orjson.dumps(encode(response), option=OPTIONS), number=20, repeat=5))
    assert ours * 2 < min(timeit.repeat(whole, number=20, repeat=5))
