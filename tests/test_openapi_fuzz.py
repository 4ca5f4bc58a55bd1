"""T63: requests made from /openapi.json, valid and not: never a 5xx, and every answer is as the document says.

FUZZ_EXAMPLES is how many requests each operation gets (default 4; the nightly run asks for more).
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.app import document
from tests.support import Group

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# Streams without end, the end of the session itself, and pages for browsers.
LEFT_OUT = ("/v1/events", "/v1/session", "/v1/shared/session", "/oauth/token", "/v1/password", "/v1/oidc", "/sandbox")
DOCUMENT = document()
OPERATIONS = [
    (verb, path)
    for path, verbs in DOCUMENT["paths"].items()
    for verb in verbs
    if verb in ("get", "post", "put", "patch", "delete") and not path.startswith(LEFT_OUT)
]


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.T("T63")
@pytest.mark.parametrize(("verb", "path"), OPERATIONS, ids=lambda part: part)
def test_an_operation_answers_as_documented(schema: Any, group: Group, verb: str, path: str) -> None:
    owner = group.http("owner")
    headers = {name: owner.headers[name] for name in ("cookie", "x-csrf-token")}
    operation = schema[path][verb.upper()]

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=max(EXAMPLES // 2, 1), deadline=None, database=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.call_and_validate(base_url=group.platform.url, headers=headers, checks=CHECKS, timeout=30)

        try:
            ask()
        except Unsatisfiable:  # nothing can be wrong with a request that takes nothing
            assert mode is GenerationMode.NEGATIVE
            assert not list(operation.iter_parameters())


def test_every_operation_is_asked() -> None:
    assert len(OPERATIONS) > 190
