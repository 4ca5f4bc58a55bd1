"""The ledger as people read it, and the two adjustments that people make."""

from __future__ import annotations

from typing import Any

from archwire.contracts.v1.contracts_pb2 import (
    Account,
    GetBalanceResponse,
    GetLedgerResponse,
    LedgerEntry,
    PartyBalance,
    RecordInsurancePaymentResponse,
    TransferBalanceResponse,
    WriteOffBalanceResponse,
)

from services.contracts.agreements import domain as agreements
from services.contracts.agreements import queries as contracts
from services.contracts.agreements import steps
from services.contracts.agreements.api import whole
from services.contracts.ledger import domain, queries
from services.contracts.payments.domain import check_payable
from services.contracts.queries import local_date
from services.contracts.quotes.api import cents
from services.contracts.quotes.domain import GRACE_DAYS, next_draft_day
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Conflict
from shared.proto import enum_name, money, to_proto


class Ledger:
    """The part of ContractsService that is about the ledger."""

    async def GetLedger(self, request: Any, call: Call) -> GetLedgerResponse:
        rows, token = await queries.ledger(call.db, request, enum_name(Account, request.account))
        return GetLedgerResponse(entries=[to_proto(LedgerEntry, row) for row in rows], next_page_token=token)

    async def GetBalance(self, request: Any, call: Call) -> GetBalanceResponse:
        balances = await queries.receivables(call.db, request.patient_id)
        parties = [
            line
            for contract in await queries.contracts_of_patient(call.db, request.patient_id)
            for line in await self._parties(call, contract)
        ]
        return GetBalanceResponse(
            patient_balance=money(balances.get(domain.PATIENT, 0)),
            insurance_balance=money(balances.get(domain.INSURANCE, 0)),
            past_due=money(sum(line.past_due.amount_cents for line in parties)),
            parties=parties,
        )

    async def _parties(self, call: Call, contract: Row) -> list[PartyBalance]:
        today = await local_date(call.db, contract.location_id, call.now)
        schedule = await contracts.schedule(call.db, contract)
        lines = []
        for party in await contracts.parties(call.db, contract.id):
            due = [(row.due_on, row.amount_cents) for row in schedule if row.party_id == party.party_id]
            standing = agreements.standing(
                due,
                before_cents=party.before_cents,
                paid_cents=party.paid_cents,
                relieved_cents=party.relieved_cents,
                today=today,
            )
            following = standing.next_index
            lines.append(
                PartyBalance(
                    contract_id=contract.id,
                    party_id=party.party_id,
                    balance=money(contracts.balance(party)),
                    past_due=money(standing.past_due_cents),
                    next_due_on=due[following][0].isoformat() if following is not None else "",
                    next_due=money(due[following][1] - standing.paid[following]) if following is not None else None,
                )
            )
        return lines

    async def RecordInsurancePayment(self, request: Any, call: Call) -> RecordInsurancePaymentResponse:
        contract, _ = await _receivable(call, request)
        amount = cents(request.amount, "amount")
        check_payable(amount, contracts.insurance_balance(contract), 0)
        await queries.post(
            call, contract, "insurance_payment", domain.insurance_payment(amount), reason=request.reference
        )
        contract = await contracts.save_contract(
            call.db, contract, call.now, insurance_paid_cents=contract.insurance_paid_cents + amount
        )
        contract = await steps.complete_when_due(call, contract)
        return RecordInsurancePaymentResponse(contract=await whole(call, contract))

    async def WriteOffBalance(self, request: Any, call: Call) -> WriteOffBalanceResponse:
        contract, parties = await _receivable(call, request)
        party = contracts.party_of(parties, request.party_id)
        amount = _within(cents(request.amount, "amount"), contracts.balance(party) - party.pending_cents)
        await relieve(call, party, amount)
        await queries.post(call, contract, "write_off", domain.write_off(party.party_id, amount), reason=request.reason)
        contract = await contracts.save_contract(
            call.db, contract, call.now, given_up_cents=contract.given_up_cents + amount
        )
        contract = await steps.complete_when_due(call, contract)
        return WriteOffBalanceResponse(contract=await whole(call, contract))

    async def TransferBalance(self, request: Any, call: Call) -> TransferBalanceResponse:
        contract, parties = await _receivable(call, request)
        taker = contracts.party_of(parties, request.to_party_id)
        amount = cents(request.amount, "amount")
        moved = 0
        if request.from_party_id:
            giver = contracts.party_of(parties, request.from_party_id)
            if giver.id == taker.id:
                raise Conflict("SAME_PARTY", "a balance moves from one party to another", field="to_party_id")
            _within(amount, contracts.balance(giver) - giver.pending_cents)
            await relieve(call, giver, amount)
        else:
            moved = _within(amount, contracts.insurance_balance(contract))
        await self._add(call, contract, taker, amount)
        await queries.post(
            call,
            contract,
            "transfer",
            domain.transfer(request.from_party_id or None, taker.party_id, amount),
            reason=request.reason,
        )
        contract = await contracts.save_contract(
            call.db, contract, call.now, insurance_relieved_cents=contract.insurance_relieved_cents + moved
        )
        return TransferBalanceResponse(contract=await whole(call, contract))

    async def _add(self, call: Call, contract: Row, party: Row, amount: int) -> None:
        """The party owes more: an instalment more, on its first draft day at least two weeks away."""
        today = await local_date(call.db, contract.location_id, call.now)
        numbers = [i.number for i in await contracts.schedule(call.db, contract) if i.party_id == party.party_id]
        due_on = next_draft_day(today + GRACE_DAYS, party.draft_day)
        await contracts.add_instalments(
            call.db, contract, contract.version_number, [(party.party_id, max(numbers, default=0) + 1, due_on, amount)]
        )
        await contracts.save_party(call.db, party, call.now, added_cents=party.added_cents + amount)


async def relieve(call: Call, party: Row, amount: int) -> None:
    """The party owes less, from the end of its schedule."""
    await contracts.save_party(call.db, party, call.now, relieved_cents=party.relieved_cents + amount)


async def _receivable(call: Call, request: Any) -> tuple[Row, list[Row]]:
    contract = await contracts.contract_for_update(call.db, request.contract_id)
    check_version(contract, request.version)
    if contract.activated_on is None:
        agreements.check_active(contract.state)
    return contract, await contracts.parties(call.db, contract.id)


def _within(amount: int, balance: int) -> int:
    if amount > balance:
        raise Conflict(
            "ADJUSTMENT_TOO_LARGE", "that is more than is owed", field="amount", balance_cents=max(0, balance)
        )
    return amount
