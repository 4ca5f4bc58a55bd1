"""What contracts does about events of other services, and its deferred work that is not about payments."""

from __future__ import annotations

from archwire.coordination.v1.events_pb2 import CaseStateChanged, PresentationOptionChosen
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.insurance.v1.events_pb2 import EstimateCreated
from archwire.records.v1.events_pb2 import DocumentSigned
from archwire.scheduling.v1.events_pb2 import AppointmentCompleted

from services.contracts import queries as common
from services.contracts.agreements import domain, queries, steps
from services.contracts.quotes import queries as quotes
from shared.call import Call, Work


async def keep_location(event: LocationSaved, call: Call) -> None:
    """Keeps the time zone of a location: a contract's day is computed in it."""
    await common.save_location(call.db, event.location_id, event.time_zone, event.version)


async def keep_estimate(event: EstimateCreated, call: Call) -> None:
    """Keeps what insurance is expected to pay, for quotes."""
    await common.add_estimate(
        call.db,
        id=event.estimate_id,
        location_id=event.location_id,
        coverage_id=event.coverage_id,
        patient_id=event.patient_id,
        total_fee_cents=event.total_fee.amount_cents,
        expected_cents=event.expected.amount_cents,
    )


async def propose_contract(event: PresentationOptionChosen, call: Call) -> None:
    """Draws up the contract of the chosen option.

    A family that chooses again replaces a contract that nobody has signed or paid; a later choice changes nothing.
    """
    quote = await quotes.quote(call.db, event.quote_id)
    earlier = await queries.contract_of_presentation(call.db, event.presentation_id)
    if earlier is not None:
        parties = await queries.parties(call.db, earlier.id)
        touched = any(party.signed_at or party.paid_cents or party.pending_cents for party in parties)
        if earlier.quote_id == quote.id or touched:
            return
        today = await common.local_date(call.db, earlier.location_id, call.now)
        await steps.end(call, earlier, "canceled", today)
    await steps.draw_up(call, quote, party_id=event.party_id, presentation_id=event.presentation_id)


async def take_signature(event: DocumentSigned, call: Call) -> None:
    """A party signed the financial agreement of a contract."""
    if event.kind != "financial_agreement" or not event.contract_id:
        return
    contract = await queries.contract_for_update(call.db, event.contract_id)
    if contract.state in domain.OPEN or contract.state == "active":
        await steps.sign(call, contract, event.party_id, event.document_id, event.contract_version)


async def note_placement(event: AppointmentCompleted, call: Call) -> None:
    """The start visit took place: contracts that wait for placement become active."""
    if event.visit_class != "start":
        return
    for contract in await queries.contracts_to_place(call.db, event.patient_id, event.case_id or None):
        today = await common.local_date(call.db, contract.location_id, call.now)
        placed = await queries.save_contract(call.db, contract, call.now, placed_on=today)
        await steps.advance(call, placed)


async def note_end_of_treatment(event: CaseStateChanged, call: Call) -> None:
    """Treatment is over; payments go on until nothing is owed (orthodontics.md, section 1, rule 2)."""
    if event.to_state != "retention":
        return
    for contract in await queries.active_contracts(call.db, event.case_id):
        today = await common.local_date(call.db, contract.location_id, call.now)
        await steps.complete_when_due(call, await queries.save_contract(call.db, contract, call.now, treated_on=today))


async def earn_revenue(key: str, work: Work) -> None:
    """Recognises the month that has passed since a contract became active."""
    async with work.begin() as call:
        contract = await queries.contract_for_update(call.db, key)
        if contract.state == "active":
            await steps.earn(call, contract)
