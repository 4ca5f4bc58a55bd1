"""Refusals: written down each time, and no way to hold anybody else up."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest

from tests.support import Group


def denials(group: Group, method: str) -> int:
    """How many refusals of a method a group's audit holds."""
    service = method.split(".")[0]

    async def count() -> int:
        connection = await asyncpg.connect(group.platform.dsn(""))
        try:
            return int(
                await connection.fetchval(
                    f"SELECT count(*) FROM {service}.audit WHERE tenant_id = $1::uuid AND method = $2 AND outcome = 'denied'",
                    group.id,
                    method,
                )
            )
        finally:
            await connection.close()

    return asyncio.run(count())


@pytest.mark.T("T36")
def test_many_refusals_at_once_neither_wait_for_each_other_nor_go_unwritten(group: Group):
    manager = group.http("practice_manager")
    whole_groups_fee = {
        "procedure_concept": "ortho.limited",
        "fee": {"amount_cents": 100, "currency_code": "USD"},
        "effective_on": "2027-01-01",
    }

    def ask(_: int) -> Any:
        return manager.post("/v1/fees", json=whole_groups_fee)

    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(ask, range(24)))
    assert Counter((a.status_code, a.json()["reason"]) for a in answers) == {(403, "OUT_OF_SCOPE"): 24}
    assert denials(group, "contracts.SetFee") == 24


@pytest.mark.T("T51")
def test_a_card_number_in_a_note_is_not_stored_and_not_said_again(group: Group):
    number = "4111 1111 1111 1111"
    lead = {
        "location_id": group.location_a,
        "contact": {"first_name": "A", "last_name": "B", "phone": "+16175550123", "note": f"card {number}"},
        "source": "web",
    }
    answer = group.http("front_desk").post("/v1/leads", json=lead)
    assert (answer.status_code, answer.json()["reason"], answer.json()["field"]) == (
        422,
        "CARD_NUMBER",
        "contact.note",
    ), answer.text
    assert number not in answer.text
    log = group.platform.log.read_text()
    assert number not in log
    assert number.replace(" ", "") not in log
