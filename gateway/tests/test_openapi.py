"""The document is valid, complete and says what the protos say."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.api import Api, Routes
from gateway.openapi import build
from gateway.tests.example import FILES, example_api

BASE = {"openapi": "3.1.0", "info": {"title": "Example", "version": "1"}, "paths": {}}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build([example_api()], BASE, protos=FILES.file)


def test_the_document_of_the_example_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_the_whole_document_is_valid_and_its_names_are_unique() -> None:
    from gateway.app import document as whole

    document = whole()
    OpenAPIV31SpecValidator(document).validate()
    operations = [o for item in document["paths"].values() for o in item.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"], operation
        assert "security" in operation
        assert "HTTPValidationError" not in str(operation)
    guarded = [o for o in operations if o["tags"][0] not in ("session", "health")]
    assert all(o["x-permission"] for o in guarded)


def test_an_operation_is_named_described_and_guarded(document: dict[str, Any]) -> None:
    book = document["paths"]["/v1/visits"]["post"]
    assert book["operationId"] == "example_book_visit"
    assert book["summary"] == "Books a visit"
    assert book["x-permission"] == "visits.book"
    assert "visits.book" in book["description"]
    assert "CHAIR_TAKEN" in book["responses"]["409"]["description"]
    assert set(book["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "415", "422", "429", "503"}
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in book["parameters"]
    change = document["paths"]["/v1/visits/{visit_id}"]["patch"]
    assert {"$ref": "#/components/parameters/IfMatch"} in change["parameters"]
    assert "412" in change["responses"]
    assert change["responses"]["200"]["headers"]["ETag"]


def test_rules_of_the_proto_are_constraints_of_the_schema(document: dict[str, Any]) -> None:
    body = document["components"]["schemas"]["example.BookVisitRequest"]
    fields = body["properties"]
    assert body["additionalProperties"] is False
    assert set(body["required"]) == {"patient_id", "duration_minutes", "kind", "state", "tags"}
    assert "request_id" not in fields
    assert fields["patient_id"]["format"] == "uuid"
    assert fields["birth_date"]["pattern"] == "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    assert (fields["duration_minutes"]["minimum"], fields["duration_minutes"]["maximum"]) == (5, 480)
    assert fields["kind"]["enum"] == ["exam", "bonding"]
    tags = fields["tags"]
    assert (tags["minItems"], tags["maxItems"], tags["uniqueItems"], tags["items"]["maxLength"]) == (1, 5, True, 10)
    given = document["components"]["schemas"]["example.VisitInput"]["properties"]
    assert "id" not in given
    answered = document["components"]["schemas"]["example.Visit"]
    assert answered["properties"]["id"]["readOnly"]
    assert set(answered["required"]) == set(answered["properties"])
    assert document["components"]["schemas"]["example.VisitState"]["enum"] == ["booked", "seen_by_doctor"]


def test_other_fields_of_a_read_are_parameters(document: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in document["paths"]["/v1/visits"]["get"]["parameters"]}
    assert set(parameters) == {"patient_id", "states", "from_time", "confirmed", "page_size", "page_token"}
    assert parameters["states"]["schema"]["items"] == {"$ref": "#/components/schemas/example.VisitState"}
    assert parameters["page_size"]["schema"]["maximum"] == 200
    assert not any(p["required"] for p in parameters.values())


@pytest.mark.parametrize(
    ("path", "rpc", "complaint"),
    [
        ("GET /v1/visits", "ListVisit", "no RPC ListVisit"),
        ("GET /v1/visits/{id}", "GetVisit", "no plain field id"),
        ("FETCH /v1/visits", "ListVisits", "VERB /path"),
        ("GET /v1/visits/{visit_id}", "DeleteVisit", "may not change anything"),
        ("GET /v1/visits/{visit_id}/picture", "GetVisitPhoto", "is a download"),
    ],
)
def test_a_line_that_cannot_work_fails_at_import_and_says_why(path: str, rpc: str, complaint: str) -> None:
    api = example_api()
    with pytest.raises(ValueError, match=complaint):
        api.expose(path, rpc)


def test_a_path_is_exposed_once() -> None:
    api: Api = example_api()
    api.expose("GET /v1/visits", "ListVisits")
    with pytest.raises(ValueError, match="exposed twice"):
        Routes([api])


def test_a_literal_segment_goes_before_a_field() -> None:
    api = example_api()
    api.expose("GET /v1/visits/mine", "ListVisits")
    routes = Routes([api])
    assert routes.find("/v1/visits/mine")[0]["GET"].rpc.name == "ListVisits"  # type: ignore[index]
    assert routes.find("/v1/visits/7")[0]["GET"].rpc.name == "GetVisit"  # type: ignore[index]
    assert routes.find("/v1/visits/7")[1] == ("7",)  # type: ignore[index]
    for nowhere in ("/v1/visits/", "/v1/visits/7/", "/v1", "//v1/visits", "/v1/visits/7/x", "/v1/{}/7"):
        assert routes.find(nowhere) is None
