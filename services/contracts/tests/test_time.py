"""A contract's days are the location's, and revenue is earned month by month."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from archwire.directory.v1.events_pb2 import LocationSaved

from services.contracts import handlers

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart: never the same day


def located(books, time_zone, version):
    async def hear():
        async with books.call() as call:
            event = LocationSaved(location_id=books.location_id, time_zone=time_zone, version=version)
            await handlers.keep_location(event, call)

    books.run(hear())


def activate(books, **figures):
    contract = books.draw_up(**figures)
    books.sign(contract.id, contract.parties[0].party_id)
    return books.contract(contract.id)


@pytest.mark.R(36)
def test_a_contract_starts_on_the_day_it_is_at_the_location(books):
    for time_zone, version, zone in (
        (EAST, 100, EAST),
        (WEST, 101, WEST),
        (EAST, 100, WEST),
    ):  # the last one is old news
        located(books, time_zone, version)
        started = activate(books)
        assert started.activated_on == dt.datetime.now(ZoneInfo(zone)).date().isoformat()


def test_revenue_is_earned_month_by_month_and_only_once(books):
    contract = activate(books, fee=6_000_00)

    def revenue():
        rows = books.sql(
            "SELECT -sum(amount_cents)::bigint AS cents FROM contracts.ledger_entry WHERE contract_id = $1 AND account = 'revenue'",
            contract.id,
        )
        return rows[0]["cents"]

    assert revenue() == 1_500_00
    books.sql(
        "UPDATE contracts.contract SET activated_on = activated_on - interval '3 months' WHERE id = $1", contract.id
    )
    for _ in range(2):
        books.job(handlers.earn_revenue, contract.id)
        assert revenue() == 1_500_00 + 4_500_00 * 3 // 24
