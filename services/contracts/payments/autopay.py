"""Autopay: each instalment is drawn from the party's card on its due date, once.

What is drawn is what is due by then and not paid: an early payment at the desk re-aims the next draft by itself, and
an amended schedule moves it. After two declined drafts in a row it waits for another card.
Source: orthodontics.md, section 1, rule 11.
"""

from __future__ import annotations

import datetime as dt

from services.contracts.agreements import domain
from services.contracts.agreements import queries as contracts
from services.contracts.payments import queries
from services.contracts.queries import local_date
from shared.call import Call
from shared.db import Row

RETRY = dt.timedelta(days=7)
DECLINES = 2  # in a row
TOMORROW = dt.timedelta(days=1)


async def start(call: Call, contract: Row, party: Row, token: str, consent_text: str) -> Row:
    """Keeps the consent, in the place of an earlier one, and plans the first draft."""
    domain.check_open(contract.state)
    for earlier in await queries.autopay_of(call.db, contract.id):
        if earlier.party_id == party.party_id:
            await queries.save_autopay(call.db, earlier, call.now, state="stopped", next_draft_on=None)
    autopay = await queries.add_autopay(
        call.db,
        location_id=contract.location_id,
        contract_id=contract.id,
        party_id=party.party_id,
        token=token,
        state="active",
        consent_text=consent_text,
        consented_by=call.actor.user_id,
        created_at=call.now,
        updated_at=call.now,
    )
    return await plan(call, contract, autopay)


async def plan(call: Call, contract: Row, autopay: Row) -> Row:
    """Sets the day of the next draft by the schedule in force: today when something is due already."""
    today = await local_date(call.db, contract.location_id, call.now)
    due, following = await due_by(call, contract, autopay, today)
    return await draft_on(call, autopay, today if due else following)


async def plan_all(call: Call, contract: Row) -> None:
    """Plans the drafts of a contract anew: it has started, or its schedule has changed."""
    for autopay in await queries.autopay_of(call.db, contract.id):
        if autopay.state == "active":
            await plan(call, contract, autopay)


async def stop_all(call: Call, contract: Row) -> None:
    """Stops drawing: the contract has ended, and its settlement is not what the parties agreed to have drawn."""
    for autopay in await queries.autopay_of(call.db, contract.id):
        await queries.save_autopay(call.db, autopay, call.now, state="stopped", next_draft_on=None)


async def draft_on(call: Call, autopay: Row, day: dt.date | None, **changes: object) -> Row:
    """Moves the next draft to a day; without one there is nothing to draw for now."""
    if day is not None:
        call.later("draft_instalments", key=autopay.id, at=max(call.now, domain.month_after(day, 0)))
    return await queries.save_autopay(call.db, autopay, call.now, next_draft_on=day, **changes)


async def due_by(call: Call, contract: Row, autopay: Row, day: dt.date) -> tuple[int, dt.date | None]:
    """What the party has to pay by the end of a day and is not on its way, and the next due date after it."""
    party = contracts.party_of(await contracts.parties(call.db, contract.id), autopay.party_id)
    schedule = [
        (row.due_on, row.amount_cents)
        for row in await contracts.schedule(call.db, contract)
        if row.party_id == autopay.party_id
    ]
    standing = domain.standing(
        schedule,
        before_cents=party.before_cents,
        paid_cents=party.paid_cents,
        relieved_cents=party.relieved_cents,
        today=day + TOMORROW,
    )
    due = min(standing.past_due_cents, contracts.balance(party)) - party.pending_cents if contract.activated_on else 0
    return max(0, due), schedule[standing.next_index][0] if standing.next_index is not None else None


async def answered(call: Call, autopay_id: str, *, charged: bool) -> None:
    """A draft was charged or declined: a declined one is tried again in a week, then autopay pauses."""
    autopay = await queries.autopay_for_update(call.db, autopay_id)
    if autopay.state != "active":
        return
    if charged:
        await queries.save_autopay(call.db, autopay, call.now, failures=0)
        return
    failures = autopay.failures + 1
    if failures >= DECLINES:
        await draft_on(call, autopay, None, failures=failures, state="paused")
    else:
        today = await local_date(call.db, autopay.location_id, call.now)
        await draft_on(call, autopay, today + RETRY, failures=failures)
