"""Statements of contracts, their parties, versions, schedules and settlements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, Uuid, any_, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.contracts.models import Contract, ContractParty, ContractVersion, Instalment, Settlement
from services.contracts.queries import Save, insert_of
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import page, paged

CONTRACT_NOT_FOUND = NotFound("CONTRACT_NOT_FOUND", "there is no such contract")
PARTY_NOT_FOUND = NotFound("PARTY_NOT_FOUND", "this party is no member of the contract", field="party_id")
SETTLEMENT_NOT_FOUND = NotFound("SETTLEMENT_NOT_FOUND", "there is no such settlement")

ADD_CONTRACT = insert_of(
    Contract,
    "location_id", "quote_id", "case_id", "patient_id", "presentation_id", "coverage_id", "state", "activation",
    "procedure_concept", "phase", "treatment_months", "treatment_fee_cents", "discount_cents", "total_fee_cents",
    "insurance_portion_cents", "patient_portion_cents", "down_payment_cents", "instalment_count", "instalment_cents",
    "first_due_on", "claim_initial_basis_points", "finance_charge_cents", "created_at", "updated_at",
)  # fmt: skip
ADD_PARTY = insert_of(
    ContractParty,
    "location_id", "contract_id", "party_id", "position", "basis_points", "draft_day", "portion_cents",
    "down_payment_cents", "before_cents",
)  # fmt: skip
ADD_VERSION = insert_of(
    ContractVersion,
    "location_id", "contract_id", "number", "state", "total_fee_cents", "insurance_portion_cents",
    "patient_portion_cents", "instalment_count", "signers", "reason", "created_at",
)  # fmt: skip
ADD_INSTALMENT = insert_of(
    Instalment, "location_id", "contract_id", "version_number", "party_id", "number", "due_on", "amount_cents"
)
ADD_SETTLEMENT = insert_of(
    Settlement,
    "location_id", "contract_id", "patient_id", "state", "policy", "end_on", "months_done", "removed", "defaulted", "earned_cents",
    "dues", "lines", "reason", "proposed_by", "created_at", "updated_at",
)  # fmt: skip

save_contract = Save(
    Contract,
    "state", "total_fee_cents", "insurance_portion_cents", "patient_portion_cents", "instalment_count",
    "instalment_cents", "insurance_paid_cents", "insurance_relieved_cents", "given_up_cents", "production_cents",
    "earned_cents", "placed_on", "treated_on", "activated_on", "ended_on", "version_number",
)  # fmt: skip
save_party = Save(
    ContractParty,
    "portion_cents", "before_cents", "added_cents", "relieved_cents", "paid_cents", "pending_cents", "signed_at",
    "document_id", "signed_version",
)  # fmt: skip
save_version = Save(ContractVersion, "state")
save_settlement = Save(Settlement, "state", "decided_by")

_contract = select(Contract.__table__)
_listed = _contract.where(
    or_(bindparam("state", type_=Text) == "", Contract.state == bindparam("state")),
    or_(
        bindparam("location_id", type_=Uuid(as_uuid=False)).is_(None), Contract.location_id == bindparam("location_id")
    ),
)
CONTRACT = statement(_contract.where(Contract.id == bindparam("id")))
CONTRACT_FOR_UPDATE = statement(_contract.where(Contract.id == bindparam("id")).with_for_update())
CONTRACTS = paged(_listed, Contract.id, descending=True)
CONTRACTS_OF_CASE = paged(_listed.where(Contract.case_id == bindparam("case_id")), Contract.id, descending=True)
CONTRACTS_OF_PATIENT = paged(
    _listed.where(Contract.patient_id == bindparam("patient_id")), Contract.id, descending=True
)
# Written as in the partial indexes, which a parameter would not match.
CONTRACT_OF_PRESENTATION = statement(
    _contract.where(Contract.presentation_id == bindparam("presentation_id"), text("state <> 'canceled'"))
    .with_for_update()
)  # fmt: skip
CONTRACT_OF_PARTY = statement(
    _contract.join(
        ContractParty,
        (ContractParty.tenant_id == Contract.tenant_id) & (ContractParty.contract_id == Contract.id),
    )
    .where(
        Contract.case_id == bindparam("case_id"),
        ContractParty.party_id == bindparam("party_id"),
        Contract.state != "canceled",
    )
    .order_by(Contract.id.desc())
    .limit(1)
)
CONTRACTS_TO_PLACE = statement(
    _contract.where(
        Contract.patient_id == bindparam("patient_id"),
        Contract.placed_on.is_(None),
        or_(Contract.state == "proposed", Contract.state == "accepted", Contract.state == "pending"),
        or_(Contract.case_id.is_(None), Contract.case_id == bindparam("case_id")),
    ).with_for_update()
)
ACTIVE_CONTRACTS_OF_CASE = statement(
    _contract.where(Contract.case_id == bindparam("case_id"), Contract.state == "active").with_for_update()
)
PARTIES = statement(
    select(ContractParty.__table__)
    .where(ContractParty.contract_id == bindparam("contract_id"))
    .order_by(ContractParty.position)
)
PARTIES_OF_MANY = statement(
    select(ContractParty.__table__)
    .where(ContractParty.contract_id == any_(bindparam("contract_ids", type_=ARRAY(Uuid(as_uuid=False)))))
    .order_by(ContractParty.contract_id, ContractParty.position)
)
VERSIONS = statement(
    select(ContractVersion.__table__)
    .where(ContractVersion.contract_id == bindparam("contract_id"))
    .order_by(ContractVersion.number)
)
INSTALMENTS = statement(
    select(Instalment.__table__)
    .where(Instalment.contract_id == bindparam("contract_id"), Instalment.version_number == bindparam("version_number"))
    .order_by(Instalment.party_id, Instalment.due_on, Instalment.number)
)
_settlement = select(Settlement.__table__)
SETTLEMENT_OF_CONTRACT = statement(
    _settlement.where(Settlement.contract_id == bindparam("contract_id"), text("state <> 'rejected'"))
)
SETTLEMENT = statement(_settlement.where(Settlement.id == bindparam("id")))
SETTLEMENT_FOR_UPDATE = statement(_settlement.where(Settlement.id == bindparam("id")).with_for_update())


async def add_contract(db: Db, **columns: Any) -> Row:
    return await db.one(ADD_CONTRACT, **columns)


async def add_parties(db: Db, rows: Sequence[dict[str, Any]]) -> None:
    await db.run_many(ADD_PARTY, rows)


async def add_version(db: Db, **columns: Any) -> Row:
    return await db.one(ADD_VERSION, **columns)


async def add_instalments(
    db: Db, contract: Row, version_number: int, due: Sequence[tuple[str, int, dt.date, int]]
) -> None:
    """Adds instalments (party id, number, due date, cents) of a version's schedule."""
    scope = {"location_id": contract.location_id, "contract_id": contract.id, "version_number": version_number}
    await db.run_many(
        ADD_INSTALMENT,
        [scope | {"party_id": party, "number": n, "due_on": on, "amount_cents": cents} for party, n, on, cents in due],
    )


async def add_settlement(db: Db, **columns: Any) -> Row:
    """Proposes a settlement; raises SETTLEMENT_OPEN when the contract has one."""
    open_already = Conflict("SETTLEMENT_OPEN", "a settlement was proposed already")
    return await db.one(ADD_SETTLEMENT, conflict={"uq_settlement_open": open_already}, **columns)


async def contract(db: Db, contract_id: str) -> Row:
    """Returns a contract, or raises NotFound."""
    return await db.one(CONTRACT, id=contract_id, missing=CONTRACT_NOT_FOUND)


async def contract_for_update(db: Db, contract_id: str) -> Row:
    """Returns a contract, locked until commit together with all that belongs to it, or raises NotFound."""
    return await db.one(CONTRACT_FOR_UPDATE, id=contract_id, missing=CONTRACT_NOT_FOUND)


async def contracts(db: Db, request: Any, state: str) -> tuple[list[Row], str]:
    """One page of a case's, a patient's or all contracts, newest first."""
    filters = {"state": state, "location_id": request.location_id or None}
    if request.case_id:
        return await page(db, CONTRACTS_OF_CASE, request, key=("id",), case_id=request.case_id, **filters)
    if request.patient_id:
        return await page(db, CONTRACTS_OF_PATIENT, request, key=("id",), patient_id=request.patient_id, **filters)
    return await page(db, CONTRACTS, request, key=("id",), **filters)


async def contract_of_presentation(db: Db, presentation_id: str) -> Row | None:
    """The contract chosen in a presentation, locked."""
    return await db.first(CONTRACT_OF_PRESENTATION, presentation_id=presentation_id)


async def contract_of_party(db: Db, case_id: str, party_id: str) -> Row:
    """The newest contract of a case of which the party is a member, or raises NotFound."""
    return await db.one(CONTRACT_OF_PARTY, case_id=case_id, party_id=party_id, missing=CONTRACT_NOT_FOUND)


async def contracts_to_place(db: Db, patient_id: str, case_id: str | None) -> list[Row]:
    """The contracts that the patient's start visit belongs to, locked."""
    return await db.all(CONTRACTS_TO_PLACE, patient_id=patient_id, case_id=case_id)


async def active_contracts(db: Db, case_id: str) -> list[Row]:
    """The contracts of a case that run, locked."""
    return await db.all(ACTIVE_CONTRACTS_OF_CASE, case_id=case_id)


async def parties(db: Db, contract_id: str) -> list[Row]:
    """The parties of a contract in their order."""
    return await db.all(PARTIES, contract_id=contract_id)


async def parties_of_many(db: Db, contract_ids: Sequence[str]) -> dict[str, list[Row]]:
    """The parties of several contracts, by contract."""
    found: dict[str, list[Row]] = {contract_id: [] for contract_id in contract_ids}
    for row in await db.all(PARTIES_OF_MANY, contract_ids=list(contract_ids)):
        found[row.contract_id].append(row)
    return found


async def versions(db: Db, contract_id: str) -> list[Row]:
    return await db.all(VERSIONS, contract_id=contract_id)


async def schedule(db: Db, contract: Row) -> list[Row]:
    """The instalments in force, by party and due date."""
    return await db.all(INSTALMENTS, contract_id=contract.id, version_number=contract.version_number)


async def settlement_of(db: Db, contract_id: str) -> Row | None:
    """The settlement of a contract that is open or was applied."""
    return await db.first(SETTLEMENT_OF_CONTRACT, contract_id=contract_id)


async def settlement(db: Db, settlement_id: str) -> Row:
    """Returns a settlement, or raises NotFound."""
    return await db.one(SETTLEMENT, id=settlement_id, missing=SETTLEMENT_NOT_FOUND)


async def settlement_for_update(db: Db, settlement_id: str) -> Row:
    """Returns a settlement, locked until commit."""
    return await db.one(SETTLEMENT_FOR_UPDATE, id=settlement_id, missing=SETTLEMENT_NOT_FOUND)


def party_of(parties: Sequence[Row], party_id: str) -> Row:
    """The party with this id; the only one when none is named. Raises NotFound."""
    if not party_id and len(parties) == 1:
        return parties[0]
    for party in parties:
        if party.party_id == party_id:
            return party
    raise PARTY_NOT_FOUND


def balance(party: Row) -> int:
    """What a party still has to pay; less than zero is a credit."""
    return party.portion_cents + party.added_cents - party.relieved_cents - party.paid_cents


def insurance_balance(contract: Row) -> int:
    """What is still expected of insurance."""
    return contract.insurance_portion_cents - contract.insurance_paid_cents - contract.insurance_relieved_cents
