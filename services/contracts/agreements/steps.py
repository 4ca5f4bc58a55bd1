"""What happens to a contract, whoever asks: a person, a family's link or an event. The contract's row is locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from archwire.contracts.v1.events_pb2 import (
    ContractActivated,
    ContractAmended,
    ContractEnded,
    ContractProposed,
    ContractSigned,
    PartyTerms,
)

from services.contracts.agreements import domain, queries
from services.contracts.ledger import domain as postings
from services.contracts.ledger import queries as ledger
from services.contracts.payments import autopay
from services.contracts.queries import local_date
from services.contracts.quotes import domain as quoting
from services.contracts.quotes import queries as quotes
from shared.call import Call
from shared.db import Row
from shared.errors import Invalid
from shared.proto import money

Due = tuple[str, int, dt.date, int]  # party id, number, due date, cents


async def draw_up(
    call: Call, quote: Row, *, party_id: str, activation: str = "down_payment", presentation_id: str = ""
) -> Row:
    """Makes a contract of a quote: `party_id` pays when the quote does not say who, and is named first."""
    plans = quote.parties
    if not plans[0]["party_id"]:
        if not party_id:
            raise Invalid("PARTY_REQUIRED", "say who pays: the quote does not", field="party_id")
        plans = [{**plans[0], "party_id": party_id}]
    contract = await queries.add_contract(
        call.db,
        location_id=quote.location_id,
        quote_id=quote.id,
        case_id=quote.case_id,
        patient_id=quote.patient_id,
        presentation_id=presentation_id or None,
        coverage_id=None if quote.benefits_paid_to_family else quote.coverage_id,
        state="proposed",
        activation=activation,
        procedure_concept=quote.procedure_concept,
        phase=quote.phase,
        treatment_months=quote.treatment_months,
        treatment_fee_cents=quote.treatment_fee_cents,
        discount_cents=quote.discount_cents,
        total_fee_cents=quote.total_fee_cents,
        insurance_portion_cents=quote.insurance_portion_cents,
        patient_portion_cents=quote.patient_portion_cents,
        down_payment_cents=quote.down_payment_cents,
        instalment_count=quote.instalment_count,
        instalment_cents=quote.instalment_cents,
        first_due_on=quote.first_due_on,
        claim_initial_basis_points=quote.claim_initial_basis_points,
        finance_charge_cents=quote.finance_charge_cents,
        created_at=call.now,
        updated_at=call.now,
    )
    scope = {"location_id": contract.location_id, "contract_id": contract.id}
    await queries.add_parties(
        call.db,
        [
            scope
            | {
                "party_id": plan["party_id"],
                "position": position,
                "basis_points": plan["basis_points"],
                "draft_day": plan["draft_day"],
                "portion_cents": plan["portion_cents"],
                "down_payment_cents": plan["down_payment_cents"],
                "before_cents": plan["down_payment_cents"],
            }
            for position, plan in enumerate(plans)
        ],
    )
    await add_version(call, contract, 1, "applied", signers=[plan["party_id"] for plan in plans], reason="")
    plans = sorted(plans, key=lambda plan: plan["party_id"] != party_id)
    signers = [plan["party_id"] for plan in plans]
    call.publish(
        ContractProposed(
            **_terms(contract),
            party_id=signers[0],
            party_ids=signers,
            presentation_id=presentation_id,
            parties=[
                _party_terms(plan["party_id"], plan["portion_cents"], plan["down_payment_cents"], plan["instalments"])
                for plan in plans
            ],
        ),
        key=contract.patient_id,
    )
    return contract


async def sign(call: Call, contract: Row, party_id: str, document_id: str, version: int = 0) -> None:
    """A party signed: the contract as drawn up, or the amendment that waits for it. Other signers change nothing.

    `version` is that of the terms in the document (0: not said); a signature under older terms is no signature here.
    """
    parties = await queries.parties(call.db, contract.id)
    versions = await queries.versions(call.db, contract.id)
    party = next((party for party in parties if party.party_id == party_id), None)
    latest = versions[-1]
    if party is None or party.signed_version >= latest.number or version not in (0, latest.number):
        return
    await queries.save_party(
        call.db,
        party,
        call.now,
        signed_at=party.signed_at or call.now,
        document_id=document_id or None,
        signed_version=latest.number,
    )
    if latest.state == "proposed":
        await _apply_when_signed(call, contract, latest)
    else:
        await advance(call, contract)


async def advance(call: Call, contract: Row) -> Row:
    """Moves a contract that is not running yet to the state that signatures, payments and placement have earned."""
    parties = await queries.parties(call.db, contract.id)
    state = domain.next_state(
        contract.state,
        signed=all(party.signed_at for party in parties),
        paid=all(party.paid_cents >= party.down_payment_cents for party in parties),
        placed=contract.placed_on is not None,
        activation=contract.activation,
    )
    if state == contract.state:
        return contract
    if contract.state == "proposed":
        call.publish(ContractSigned(**_terms(contract)), key=contract.patient_id)
    if state == "active":
        return await _activate(call, contract, parties)
    return await queries.save_contract(call.db, contract, call.now, state=state)


async def _activate(call: Call, contract: Row, parties: Sequence[Row]) -> Row:
    today = await local_date(call.db, contract.location_id, call.now)
    await queries.add_instalments(call.db, contract, 1, await planned(call, contract, parties, today))
    await ledger.post(
        call,
        contract,
        "activation",
        postings.activation(
            contract.treatment_fee_cents,
            contract.discount_cents,
            contract.insurance_portion_cents,
            [(party.party_id, party.portion_cents) for party in parties],
        ),
    )
    contract = await queries.save_contract(
        call.db,
        contract,
        call.now,
        state="active",
        activated_on=today,
        production_cents=contract.treatment_fee_cents,
    )
    await autopay.plan_all(call, contract)
    call.publish(
        ContractActivated(
            **_terms(contract), activated_on=today.isoformat(), phase=contract.phase, version=contract.version_number
        ),
        key=contract.patient_id,
    )
    return await earn(call, contract)


async def planned(call: Call, contract: Row, parties: Sequence[Row], start: dt.date) -> list[Due]:
    """The schedule of a contract that starts on a day, as its quote says."""
    quote = await quotes.quote(call.db, contract.quote_id)
    due: list[Due] = []
    for party, plan in zip(parties, quote.parties, strict=True):
        amounts = plan["instalments"]
        dates = quoting.due_dates(len(amounts), party.draft_day, start, contract.first_due_on)
        due += [(party.party_id, n, on, cents) for n, (on, cents) in enumerate(zip(dates, amounts, strict=True), 1)]
    return due


async def earn(call: Call, contract: Row) -> Row:
    """Recognises what is earned by now and comes back when more will be."""
    if contract.state == "active":
        today = await local_date(call.db, contract.location_id, call.now)
        months = domain.months_between(contract.activated_on, today)
        target = domain.earned(
            contract.production_cents, contract.claim_initial_basis_points, months, contract.treatment_months
        )
        if months < contract.treatment_months:
            call.later("earn_revenue", key=contract.id, at=domain.month_after(contract.activated_on, months + 1))
    else:
        target = contract.production_cents
    change = target - contract.earned_cents
    if not change:
        return contract
    await ledger.post(call, contract, "recognition", postings.recognition(change))
    return await queries.save_contract(call.db, contract, call.now, earned_cents=target)


async def amend(
    call: Call, contract: Row, *, total_fee_cents: int, insurance_cents: int, count: int, reason: str
) -> Row:
    """Makes a new version: applied at once, or proposed when a party's obligation rises."""
    parties = await queries.parties(call.db, contract.id)
    change = _amendment(contract, parties, total_fee_cents, insurance_cents)
    number = (await queries.versions(call.db, contract.id))[-1].number + 1
    signers = [parties[i].party_id for i in change.rising]
    version = await add_version(
        call,
        contract,
        number,
        "proposed" if signers else "applied",
        total_fee_cents=total_fee_cents,
        insurance_portion_cents=insurance_cents,
        patient_portion_cents=change.patient_portion_cents,
        instalment_count=count,
        signers=signers,
        reason=reason,
    )
    _publish_amended(call, contract, version, parties, change)
    if signers:
        return await queries.save_contract(call.db, contract, call.now)
    return await _apply(call, contract, parties, change, version)


async def _apply_when_signed(call: Call, contract: Row, version: Row) -> None:
    parties = await queries.parties(call.db, contract.id)
    if any(party.signed_version < version.number for party in parties if party.party_id in version.signers):
        return
    change = _amendment(contract, parties, version.total_fee_cents, version.insurance_portion_cents, agreed=True)
    version = await queries.save_version(call.db, version, call.now, state="applied")
    await _apply(call, contract, parties, change, version)
    _publish_amended(call, contract, version, parties, change)


def _amendment(
    contract: Row, parties: Sequence[Row], total_fee_cents: int, insurance_cents: int, *, agreed: bool = False
) -> domain.Amendment:
    return domain.amend(
        total_fee_cents=total_fee_cents,
        insurance_portion_cents=insurance_cents,
        given_up_cents=contract.given_up_cents,
        insurance_paid_cents=contract.insurance_paid_cents,
        basis_points=[party.basis_points for party in parties],
        obligations=[queries.balance(party) + party.paid_cents for party in parties],
        paid=[party.paid_cents + party.pending_cents for party in parties],
        agreed=agreed,
    )


async def _apply(call: Call, contract: Row, parties: Sequence[Row], change: domain.Amendment, version: Row) -> Row:
    today = await local_date(call.db, contract.location_id, call.now)
    due: list[Due] = []
    monthly = 0
    for party, portion in zip(parties, change.portions, strict=True):
        amounts = quoting.instalments(max(0, portion - party.paid_cents), version.instalment_count)
        dates = quoting.due_dates(len(amounts), party.draft_day, today)
        due += [(party.party_id, n, on, cents) for n, (on, cents) in enumerate(zip(dates, amounts, strict=True), 1)]
        monthly += amounts[0] if amounts else 0
    contract = await replace_obligations(
        call,
        contract,
        parties,
        kind="amendment",
        number=version.number,
        total_fee_cents=change.total_fee_cents,
        insurance_portion_cents=change.insurance_portion_cents,
        portions=change.portions,
        due=due,
        reason=version.reason,
        instalment_count=version.instalment_count,
        instalment_cents=monthly,
    )
    return await earn(call, contract)


async def replace_obligations(
    call: Call,
    contract: Row,
    parties: Sequence[Row],
    *,
    kind: str,
    number: int,
    total_fee_cents: int,
    insurance_portion_cents: int,
    portions: Sequence[int],
    due: Sequence[Due],
    reason: str,
    **changes: object,
) -> Row:
    """Puts new obligations in the place of the old ones; what was posted and paid stays.

    `portions` include what each party has paid. The ledger gets the differences, the schedule starts anew.
    """
    insurance_change = insurance_portion_cents - contract.insurance_portion_cents + contract.insurance_relieved_cents
    party_changes = []
    for party, portion in zip(parties, portions, strict=True):
        party_changes.append((party.party_id, portion - party.paid_cents - queries.balance(party)))
        await queries.save_party(
            call.db,
            party,
            call.now,
            portion_cents=portion,
            before_cents=party.paid_cents,
            added_cents=0,
            relieved_cents=0,
        )
    await queries.add_instalments(call.db, contract, number, due)
    await ledger.post(
        call, contract, kind, postings.obligations_changed(insurance_change, party_changes), reason=reason
    )
    contract = await queries.save_contract(
        call.db,
        contract,
        call.now,
        total_fee_cents=total_fee_cents,
        insurance_portion_cents=insurance_portion_cents,
        insurance_relieved_cents=0,
        patient_portion_cents=sum(portions),
        production_cents=contract.production_cents + insurance_change + sum(cents for _, cents in party_changes),
        version_number=number,
        **changes,
    )
    await autopay.plan_all(call, contract)
    return contract


async def complete_when_due(call: Call, contract: Row) -> Row:
    """Completes a contract whose treatment is over and of which nothing is owed or on its way."""
    if contract.state != "active" or contract.treated_on is None or queries.insurance_balance(contract):
        return contract
    parties = await queries.parties(call.db, contract.id)
    if any(queries.balance(party) or party.pending_cents for party in parties):
        return contract
    return await end(call, contract, "completed", await local_date(call.db, contract.location_id, call.now))


async def end(call: Call, contract: Row, state: str, ended_on: dt.date, **changes: object) -> Row:
    """Ends a contract: nothing more will be earned than is by now, and nothing is drawn from cards."""
    await autopay.stop_all(call, contract)
    contract = await queries.save_contract(call.db, contract, call.now, state=state, ended_on=ended_on, **changes)
    call.publish(
        ContractEnded(
            contract_id=contract.id,
            case_id=contract.case_id or "",
            patient_id=contract.patient_id,
            location_id=contract.location_id,
            state=state,
            ended_on=ended_on.isoformat(),
        ),
        key=contract.patient_id,
    )
    return await earn(call, contract)


async def add_version(call: Call, contract: Row, number: int, state: str, **terms: object) -> Row:
    """Keeps a version: the contract's terms, changed by `terms`."""
    values = {
        name: getattr(contract, name)
        for name in ("total_fee_cents", "insurance_portion_cents", "patient_portion_cents", "instalment_count")
    }
    return await queries.add_version(
        call.db,
        **{**values, **terms},
        location_id=contract.location_id,
        contract_id=contract.id,
        number=number,
        state=state,
        created_at=call.now,
    )


def _publish_amended(call: Call, contract: Row, version: Row, parties: Sequence[Row], change: domain.Amendment) -> None:
    owed = {party.party_id: (portion, party) for party, portion in zip(parties, change.portions, strict=True)}
    terms = []
    for signer in version.signers:
        portion, party = owed[signer]
        amounts = quoting.instalments(max(0, portion - party.paid_cents), version.instalment_count)
        terms.append(_party_terms(signer, portion, 0, amounts))
    call.publish(
        ContractAmended(
            contract_id=contract.id,
            case_id=contract.case_id or "",
            patient_id=contract.patient_id,
            location_id=contract.location_id,
            version=version.number,
            state=version.state,
            party_ids=version.signers,
            total_fee=money(version.total_fee_cents),
            insurance_portion=money(version.insurance_portion_cents),
            patient_portion=money(version.patient_portion_cents),
            parties=terms,
            treatment_months=contract.treatment_months,
        ),
        key=contract.patient_id,
    )


def _party_terms(party_id: str, portion: int, down_payment: int, instalments: Sequence[int]) -> PartyTerms:
    return PartyTerms(
        party_id=party_id,
        portion=money(portion),
        down_payment=money(down_payment),
        instalment_count=len(instalments),
        instalment=money(instalments[0] if instalments else 0),
    )


def _terms(contract: Row) -> dict[str, object]:
    """The fields that ContractProposed, ContractSigned and ContractActivated share."""
    return {
        "contract_id": contract.id,
        "quote_id": contract.quote_id,
        "case_id": contract.case_id or "",
        "patient_id": contract.patient_id,
        "location_id": contract.location_id,
        "total_fee": money(contract.total_fee_cents),
        "insurance_portion": money(contract.insurance_portion_cents),
        "patient_portion": money(contract.patient_portion_cents),
        "down_payment": money(contract.down_payment_cents),
        "instalment_count": contract.instalment_count,
        "instalment": money(contract.instalment_cents),
        "treatment_months": contract.treatment_months,
        "procedure_concept": contract.procedure_concept,
        "coverage_id": contract.coverage_id or "",
    }
