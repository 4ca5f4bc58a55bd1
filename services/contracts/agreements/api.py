"""Contracts: drawn up, read, amended, withdrawn, ended with a settlement that two persons decide."""

from __future__ import annotations

from typing import Any

from archwire.contracts.v1.contracts_pb2 import (
    ActivationPolicy,
    AmendContractResponse,
    ApproveSettlementResponse,
    CancelContractResponse,
    Contract,
    ContractState,
    CreateContractResponse,
    EndContractResponse,
    GetContractResponse,
    GetSharedContractResponse,
    ListContractsResponse,
    RejectSettlementResponse,
    SettlementPolicy,
)

from services.contracts.agreements import domain, queries, settlement, steps
from services.contracts.agreements.messages import contract_message, settlement_message
from services.contracts.payments import queries as payments
from services.contracts.queries import local_date
from services.contracts.quotes import queries as quotes
from services.contracts.quotes.api import cents
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Conflict, Denied
from shared.proto import enum_name, from_date


class Agreements:
    """The part of ContractsService that is about contracts."""

    async def CreateContract(self, request: Any, call: Call) -> CreateContractResponse:
        quote = await quotes.quote(call.db, request.quote_id)
        contract = await steps.draw_up(
            call,
            quote,
            party_id=request.party_id,
            activation=enum_name(ActivationPolicy, request.activation) or "down_payment",
        )
        return CreateContractResponse(contract=await whole(call, contract))

    async def GetContract(self, request: Any, call: Call) -> GetContractResponse:
        return GetContractResponse(contract=await whole(call, await queries.contract(call.db, request.contract_id)))

    async def ListContracts(self, request: Any, call: Call) -> ListContractsResponse:
        rows, token = await queries.contracts(call.db, request, enum_name(ContractState, request.state))
        today = call.now.date()
        parties = await queries.parties_of_many(call.db, [row.id for row in rows])
        found = [contract_message(row, parties[row.id], [], today) for row in rows]
        return ListContractsResponse(contracts=found, next_page_token=token)

    async def GetSharedContract(self, request: Any, call: Call) -> GetSharedContractResponse:
        case_id, party_id = subject(call)
        contract = await queries.contract_of_party(call.db, case_id, party_id)
        return GetSharedContractResponse(contract=await whole(call, contract, only=party_id))

    async def AmendContract(self, request: Any, call: Call) -> AmendContractResponse:
        contract = await _running(call, request.contract_id, request.version)
        if any(version.state == "proposed" for version in await queries.versions(call.db, contract.id)):
            raise Conflict("AMENDMENT_OPEN", "an amendment waits for signatures")
        contract = await steps.amend(
            call,
            contract,
            total_fee_cents=cents(request.total_fee, "total_fee") or contract.total_fee_cents,
            insurance_cents=cents(request.insurance_portion, "insurance_portion")
            if request.HasField("insurance_portion")
            else contract.insurance_portion_cents - contract.insurance_relieved_cents,
            count=request.instalment_count,
            reason=request.reason,
        )
        return AmendContractResponse(contract=await whole(call, contract))

    async def CancelContract(self, request: Any, call: Call) -> CancelContractResponse:
        contract = await queries.contract_for_update(call.db, request.contract_id)
        check_version(contract, request.version)
        parties = await queries.parties(call.db, contract.id)
        domain.check_cancelable(contract.state, sum(party.paid_cents + party.pending_cents for party in parties))
        today = await local_date(call.db, contract.location_id, call.now)
        contract = await steps.end(call, contract, "canceled", today)
        return CancelContractResponse(contract=await whole(call, contract))

    async def EndContract(self, request: Any, call: Call) -> EndContractResponse:
        contract = await _running(call, request.contract_id, request.version)
        policy = enum_name(SettlementPolicy, request.policy)
        figures = _settle(
            contract,
            await queries.parties(call.db, contract.id),
            policy,
            months_done=request.months_done,
            removed=request.removed,
        )
        proposed = await queries.add_settlement(
            call.db,
            location_id=contract.location_id,
            contract_id=contract.id,
            patient_id=contract.patient_id,
            state="proposed",
            policy=policy,
            end_on=from_date(request.end_on, "end_on"),
            months_done=request.months_done,
            removed=request.removed,
            defaulted=request.defaulted,
            earned_cents=figures.earned.cents,
            dues=figures.dues,
            lines=figures.lines,
            reason=request.reason,
            proposed_by=call.actor.user_id,
            created_at=call.now,
            updated_at=call.now,
        )
        return EndContractResponse(settlement=settlement_message(proposed))

    async def ApproveSettlement(self, request: Any, call: Call) -> ApproveSettlementResponse:
        contract, proposed = await _open_settlement(call, request)
        if proposed.proposed_by == call.actor.user_id:
            raise Denied("SECOND_PERSON_REQUIRED", "another person must approve the settlement")
        domain.check_active(contract.state)
        parties = await queries.parties(call.db, contract.id)
        figures = _settle(
            contract, parties, proposed.policy, months_done=proposed.months_done, removed=proposed.removed
        )
        if figures.dues != proposed.dues or any(party.pending_cents for party in parties):
            raise Conflict("SETTLEMENT_OUTDATED", "money moved since it was computed: propose it again")
        number = (await queries.versions(call.db, contract.id))[-1].number + 1
        today = await local_date(call.db, contract.location_id, call.now)
        insurance = min(contract.insurance_paid_cents, max(0, figures.earned.cents - contract.given_up_cents))
        portions = [party.paid_cents + due for party, due in zip(parties, figures.dues, strict=True)]
        terms = {
            "total_fee_cents": figures.earned.cents,
            "insurance_portion_cents": insurance,
            "patient_portion_cents": sum(portions),
            "instalment_count": 0,
        }
        await steps.add_version(call, contract, number, "applied", signers=[], reason=proposed.reason, **terms)
        contract = await steps.replace_obligations(
            call,
            contract,
            parties,
            kind="settlement",
            number=number,
            total_fee_cents=figures.earned.cents,
            insurance_portion_cents=insurance,
            portions=portions,
            due=[(p.party_id, 1, today, due) for p, due in zip(parties, figures.dues, strict=True) if due > 0],
            reason=proposed.reason,
        )
        await steps.end(call, contract, "defaulted" if proposed.defaulted else "ended_early", proposed.end_on)
        applied = await queries.save_settlement(
            call.db, proposed, call.now, state="applied", decided_by=call.actor.user_id
        )
        return ApproveSettlementResponse(settlement=settlement_message(applied))

    async def RejectSettlement(self, request: Any, call: Call) -> RejectSettlementResponse:
        _, proposed = await _open_settlement(call, request)
        rejected = await queries.save_settlement(
            call.db, proposed, call.now, state="rejected", decided_by=call.actor.user_id
        )
        return RejectSettlementResponse(settlement=settlement_message(rejected))


def subject(call: Call) -> tuple[str, str]:
    """The case and the party that a private link is for. Raises NotFound when it is for something else."""
    about = call.actor.subject
    if not about.get("case_id") or not about.get("party_id"):
        raise queries.CONTRACT_NOT_FOUND
    return about["case_id"], about["party_id"]


async def whole(call: Call, contract: Row, *, only: str = "") -> Contract:
    """A contract with parties, schedule, versions and settlement; with `only`, as that party may see it."""
    today = await local_date(call.db, contract.location_id, call.now)
    parties = await queries.parties(call.db, contract.id)
    if contract.state in domain.OPEN:
        due = await steps.planned(call, contract, parties, today)
    else:
        due = [(i.party_id, i.number, i.due_on, i.amount_cents) for i in await queries.schedule(call.db, contract)]
    return contract_message(
        contract,
        parties,
        due,
        today,
        versions=await queries.versions(call.db, contract.id),
        settlement=await queries.settlement_of(call.db, contract.id),
        autopay=await payments.autopay_of(call.db, contract.id),
        only=only,
    )


async def _running(call: Call, contract_id: str, version: int) -> Row:
    contract = await queries.contract_for_update(call.db, contract_id)
    check_version(contract, version)
    domain.check_active(contract.state)
    return contract


async def _open_settlement(call: Call, request: Any) -> tuple[Row, Row]:
    found = await queries.settlement(call.db, request.settlement_id)
    contract = await queries.contract_for_update(call.db, found.contract_id)
    proposed = await queries.settlement_for_update(call.db, found.id)
    check_version(proposed, request.version)
    if proposed.state != "proposed":
        raise Conflict("SETTLEMENT_NOT_OPEN", "the settlement was decided already", state=proposed.state)
    return contract, proposed


def _settle(contract: Row, parties: list[Row], policy: str, *, months_done: int, removed: bool) -> settlement.Settled:
    return settlement.settle(
        settlement.POLICIES[policy],
        total_fee_cents=contract.total_fee_cents,
        months_done=months_done,
        treatment_months=contract.treatment_months,
        removed=removed,
        given_up_cents=contract.given_up_cents,
        insurance_paid_cents=contract.insurance_paid_cents,
        basis_points=[party.basis_points for party in parties],
        paid=[party.paid_cents for party in parties],
    )
