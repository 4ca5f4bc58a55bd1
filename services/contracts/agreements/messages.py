"""Contracts and settlements as messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from archwire.contracts.v1.contracts_pb2 import (
    Autopay,
    Contract,
    ContractParty,
    ContractVersion,
    Instalment,
    InstalmentState,
    Settlement,
    SettlementLine,
)
from google.protobuf.message import Message

from services.contracts.agreements import domain, queries
from services.contracts.agreements.steps import Due
from services.contracts.quotes.api import claim_message, disclosure_message
from services.contracts.quotes.disclosure import disclose
from shared.db import Row
from shared.proto import enum_value, money, timestamp, to_proto


def contract_message(
    contract: Row,
    parties: Sequence[Row],
    due: Sequence[Due],
    today: dt.date,
    *,
    versions: Sequence[Row] = (),
    settlement: Row | None = None,
    autopay: Sequence[Row] = (),
    only: str = "",
) -> Contract:
    """A contract; with `only`, the money, schedule and disclosure of that party alone, and no inner papers."""
    seen = [party for party in parties if only in ("", party.party_id)]
    schedules = {party.party_id: [d for d in due if d[0] == party.party_id] for party in seen}
    amounts = [[cents for *_, cents in schedule] for schedule in schedules.values()]
    extra: dict[str, Message] = {}
    if only:
        extra["instalment"] = money(sum(payments[0] for payments in amounts if payments))
        extra["down_payment"] = money(sum(party.down_payment_cents for party in seen))
        extra["patient_portion"] = money(sum(party.portion_cents for party in seen))
    elif settlement is not None:
        extra["settlement"] = settlement_message(settlement)
    return to_proto(
        Contract,
        contract,
        paid=money(sum(party.paid_cents for party in seen)),
        balance=money(sum(queries.balance(party) for party in seen)),
        insurance_balance=money(queries.insurance_balance(contract)),
        parties=[_party(party) for party in seen],
        instalments=[line for party in seen for line in _instalments(party, schedules[party.party_id], today)],
        versions=[] if only else [to_proto(ContractVersion, version) for version in versions],
        autopay=[to_proto(Autopay, row) for row in autopay if only in ("", row.party_id)],
        claim_side=claim_message(contract),
        disclosure=disclosure_message(disclose(amounts, contract.finance_charge_cents)) if due else None,
        **extra,
    )


def _party(party: Row) -> ContractParty:
    return to_proto(
        ContractParty,
        party,
        adjusted=money(party.added_cents - party.relieved_cents),
        balance=money(queries.balance(party)),
        sign_time=timestamp(party.signed_at) if party.signed_at else None,
    )


def _instalments(party: Row, schedule: Sequence[Due], today: dt.date) -> list[Instalment]:
    standing = domain.standing(
        [(on, cents) for _, _, on, cents in schedule],
        before_cents=party.before_cents,
        paid_cents=party.paid_cents,
        relieved_cents=party.relieved_cents,
        today=today,
    )
    lines = []
    for (_, number, on, cents), paid in zip(schedule, standing.paid, strict=True):
        state = "paid" if paid == cents else "due" if on <= today else "upcoming"
        lines.append(
            Instalment(
                party_id=party.party_id,
                number=number,
                due_on=on.isoformat(),
                amount=money(cents),
                paid=money(paid),
                state=enum_value(InstalmentState, state),
            )
        )
    return lines


def settlement_message(row: Row) -> Settlement:
    due = sum(row.dues)
    return to_proto(
        Settlement,
        row,
        earned=money(row.earned_cents),
        balance_due=money(max(0, due)),
        refund_due=money(max(0, -due)),
        lines=[SettlementLine(code=code, amount=money(cents)) for code, cents in row.lines],
    )
