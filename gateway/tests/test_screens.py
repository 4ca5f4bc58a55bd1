"""Several reads at once: each authorised where it is answered, none worth more than it is alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from archwire.contracts.v1 import contracts_pb2 as contracts
from archwire.coordination.v1 import coordination_pb2 as coordination
from archwire.records.v1 import records_pb2 as records

from gateway.screens import Part
from gateway.tests.conftest import LINK, UUID, Example
from shared.errors import Denied, NotFound

SCREEN = "/v1/shared/screens/presentation"
ANSWERS = {
    "GetSharedPresentation": coordination.GetSharedPresentationResponse(presentation={"id": UUID}),
    "GetSharedQuotes": contracts.GetSharedQuotesResponse(quotes=[{"id": UUID}]),
    "GetSharedContract": NotFound("CONTRACT_NOT_FOUND", "no contract yet"),
    "ListSharedDocuments": records.ListSharedDocumentsResponse(),
}


@pytest.fixture
def family(http: httpx.AsyncClient, node: Any) -> httpx.AsyncClient:
    http.headers["Authorization"] = f"Link {LINK}"
    for service in ("coordination", "contracts", "records"):
        node.others[service] = Example()
        node.others[service].answer = lambda rpc, request: ANSWERS[rpc]
    return http


async def test_parts_stand_side_by_side_and_what_is_missing_says_why(family: httpx.AsyncClient, node: Any) -> None:
    answer = await family.get(SCREEN)
    assert answer.status_code == 200
    told = answer.json()
    assert told["presentation"]["presentation"]["id"] == UUID
    assert told["quotes"]["quotes"][0]["id"] == UUID
    assert (told["contract"], told["omitted"]) == (None, {"contract": "CONTRACT_NOT_FOUND"})
    for service in ("coordination", "contracts", "records"):
        actor = node.signer.verify(node.others[service].tokens[0], service)
        assert (actor.kind, dict(actor.subject)) == ("link", {"presentation_id": UUID})


async def test_without_its_first_part_there_is_no_screen(family: httpx.AsyncClient, node: Any) -> None:
    node.others["coordination"].answer = lambda rpc, request: Denied("PERMISSION_DENIED", "your role may not do this")
    assert (await family.get(SCREEN)).status_code == 403
    assert node.others["contracts"].requests == []


async def test_a_bug_in_one_part_is_not_hidden(family: httpx.AsyncClient, node: Any) -> None:
    node.others["contracts"].answer = lambda rpc, request: RuntimeError("bug")
    assert (await family.get(SCREEN)).status_code == 500


async def test_a_screen_is_closed_without_credentials_and_takes_no_parameters(
    http: httpx.AsyncClient, family: httpx.AsyncClient
) -> None:
    assert (await family.get(SCREEN + "?x=1")).status_code == 422
    del http.headers["Authorization"]
    assert (await http.get(SCREEN)).status_code == 401


def test_a_part_that_does_not_exist_is_told() -> None:
    with pytest.raises(ValueError, match="no RPC GetNothing"):
        _ = Part("x", "directory", "GetNothing").method
