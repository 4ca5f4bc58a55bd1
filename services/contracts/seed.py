"""The demo group's fees, quotes and contracts, what was paid, and the ledger that follows from it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from services.contracts import models
from services.contracts.agreements.domain import earned, month_after, months_between
from services.contracts.ledger import domain as postings
from services.contracts.quotes.domain import DEFAULT_CLAIM_INITIAL, DEFAULT_DRAFT_DAY
from shared.demo.seed import Rows
from shared.demo.timelines import PHASES
from shared.demo.world import Case, Contract, Instalment, Maker, Party, World

CONCEPT = {
    "phase_1": "ortho.limited",
    "limited": "ortho.limited",
    "comprehensive_adult": "ortho.comprehensive.adult",
    "aligner": "ortho.aligner",
}
Table = list[dict[str, Any]]


def rows(world: World) -> Rows:
    """Everything of contracts, in the order of the foreign keys."""
    make = Maker(world.now, seed=61)
    founded = world.now.date() - dt.timedelta(days=1_000)
    yield models.Location, [{"id": at.id, "time_zone": at.time_zone, "seen_version": 1} for at in world.locations]
    fees = {_concept(phase): fee for phase, (fee, _) in PHASES.items()}
    yield (
        models.Fee,
        [
            {
                "id": make.id(founded),
                "procedure_concept": c,
                "only_location_id": None,
                "fee_cents": f,
                "effective_on": founded,
            }
            for c, f in fees.items()
        ],
    )
    books = _Books(make, world.now)
    for case in world.cases:
        if case.contract is not None:
            books.add(case, case.contract)
    yield models.Quote, books.quotes
    yield models.Contract, books.contracts
    yield models.ContractParty, books.parties
    yield models.ContractVersion, books.versions
    yield models.Instalment, books.instalments
    yield models.Payment, books.payments
    yield models.Journal, books.journals
    yield models.LedgerEntry, books.entries
    yield models.Base.metadata.tables["contracts.work"], books.work


def _concept(phase: str) -> str:
    return CONCEPT.get(phase, "ortho.comprehensive.adolescent")


class _Books:
    """The rows of all contracts; `add` appends those of one."""

    def __init__(self, make: Maker, now: dt.datetime) -> None:
        self.make, self.now = make, now
        self.quotes: Table = []
        self.contracts: Table = []
        self.parties: Table = []
        self.versions: Table = []
        self.instalments: Table = []
        self.payments: Table = []
        self.journals: Table = []
        self.entries: Table = []
        self.work: Table = []

    def add(self, case: Case, contract: Contract) -> None:
        plans: dict[str, list[Instalment]] = defaultdict(list)
        for instalment in contract.instalments:
            plans[instalment.party.id].append(instalment)
        parties = [(party, share, plans[party.id]) for party, _, share in case.patient.parties if party.id in plans]
        running = contract.state != "pending"
        months = months_between(contract.active_on, self.now.date()) if running else 0
        fee = contract.total_cents + contract.discount_cents
        insurance_paid = self._insurance_paid(contract, months) if running else 0
        if contract.state == "completed":
            earned_cents = fee
        else:
            earned_cents = earned(fee, DEFAULT_CLAIM_INITIAL, months, contract.treatment_months) if running else 0
        self._terms(case, contract, parties)
        self.contracts.append(
            self._agreed(case, contract)
            | {
                "id": contract.id,
                "quote_id": contract.quote_id,
                "presentation_id": None,
                "state": contract.state,
                "activation": "placement",
                "insurance_paid_cents": insurance_paid,
                "production_cents": fee if running else 0,
                "earned_cents": earned_cents,
                "placed_on": contract.active_on if running else None,
                "treated_on": case.debonded_on,
                "activated_on": contract.active_on if running else None,
                "ended_on": case.debonded_on if contract.state == "completed" else None,
                "updated_at": contract.signed_at,
            }
        )
        self.versions.append(self._version(case, contract, [party.id for party, _, _ in parties]))
        for position, (party, share, plan) in enumerate(parties):
            self._party(case, contract, position, party, share, plan, running)
        if running:
            self._running(case, contract, parties, months, earned_cents, insurance_paid)

    def _agreed(self, case: Case, contract: Contract) -> dict[str, Any]:
        """The columns that a quote and its contract share."""
        return {
            "location_id": case.patient.location.id,
            "case_id": case.id,
            "patient_id": case.patient.id,
            "coverage_id": contract.coverage.id if contract.coverage else None,
            "procedure_concept": _concept(case.phase),
            "phase": case.phase,
            "treatment_months": contract.treatment_months,
            "treatment_fee_cents": contract.total_cents + contract.discount_cents,
            "discount_cents": contract.discount_cents,
            "total_fee_cents": contract.total_cents,
            "insurance_portion_cents": contract.insurance_cents,
            "patient_portion_cents": contract.patient_cents,
            "down_payment_cents": contract.down_cents,
            "instalment_count": max(i.number for i in contract.instalments),
            "instalment_cents": sum(i.cents for i in contract.instalments if i.number == 1),
            "first_due_on": None,
            "claim_initial_basis_points": DEFAULT_CLAIM_INITIAL,
            "finance_charge_cents": 0,
            "created_at": contract.signed_at,
        }

    def _terms(self, case: Case, contract: Contract, parties: Sequence[tuple[Party, int, list[Instalment]]]) -> None:
        count = max(i.number for i in contract.instalments)
        self.quotes.append(
            self._agreed(case, contract)
            | {
                "id": contract.quote_id,
                "title": f"{count} months" if count else "Paid in full",
                "discounts": [{"kind": "family", "amount_cents": contract.discount_cents}]
                if contract.discount_cents
                else [],
                "financed_cents": contract.patient_cents - contract.down_cents,
                "draft_day": DEFAULT_DRAFT_DAY,
                "estimate_id": None,
                "benefits_paid_to_family": False,
                "pay_in_full_discount_cents": 0,
                "parties": [
                    {
                        "party_id": party.id,
                        "basis_points": share,
                        "draft_day": _draft_day(plan),
                        "portion_cents": sum(i.cents for i in plan),
                        "down_payment_cents": plan[0].cents,
                        "instalments": [i.cents for i in plan[1:]],
                    }
                    for party, share, plan in parties
                ],
            }
        )

    def _version(self, case: Case, contract: Contract, signers: list[str]) -> dict[str, Any]:
        agreed = self._agreed(case, contract)
        kept = (
            "location_id",
            "total_fee_cents",
            "insurance_portion_cents",
            "patient_portion_cents",
            "instalment_count",
        )
        return {name: agreed[name] for name in (*kept, "created_at")} | {
            "id": self.make.id(contract.signed_at),
            "contract_id": contract.id,
            "number": 1,
            "state": "applied",
            "signers": signers,
            "reason": "",
        }

    def _party(
        self,
        case: Case,
        contract: Contract,
        position: int,
        party: Party,
        share: int,
        plan: list[Instalment],
        running: bool,
    ) -> None:
        scope = {"location_id": case.patient.location.id, "contract_id": contract.id, "party_id": party.id}
        self.parties.append(
            scope
            | {
                "id": self.make.id(contract.signed_at),
                "position": position,
                "basis_points": share,
                "draft_day": _draft_day(plan),
                "portion_cents": sum(i.cents for i in plan),
                "down_payment_cents": plan[0].cents,
                "before_cents": plan[0].cents,
                "paid_cents": sum(i.cents for i in plan if i.paid_at),
                "signed_at": contract.signed_at,
                "signed_version": 1,
            }
        )
        for instalment in plan:
            if running and instalment.number and instalment.cents:
                self.instalments.append(
                    scope
                    | {
                        "id": instalment.id,
                        "version_number": 1,
                        "number": instalment.number,
                        "due_on": instalment.due_on,
                        "amount_cents": instalment.cents,
                    }
                )
            if instalment.paid_at and instalment.cents:
                self._paid(case, contract, instalment, instalment.paid_at, in_full=len(plan) == 1)

    def _paid(self, case: Case, contract: Contract, instalment: Instalment, at: dt.datetime, *, in_full: bool) -> None:
        payment_id = self.make.id(at)
        kind = "instalment" if instalment.number else "paid_in_full" if in_full else "down_payment"
        self.payments.append(
            {
                "id": payment_id,
                "location_id": case.patient.location.id,
                "contract_id": contract.id,
                "patient_id": case.patient.id,
                "party_id": instalment.party.id,
                "amount_cents": instalment.cents,
                "method": "card",
                "kind": kind,
                "state": "succeeded",
                "reference": "",
                "processor_ref": f"sandbox_seed_{payment_id}",
                "received_on": at.date(),
                "created_at": at,
                "updated_at": at,
            }
        )
        self._post(case, contract, "payment", at, postings.payment(instalment.party.id, instalment.cents), payment_id)

    def _running(
        self,
        case: Case,
        contract: Contract,
        parties: Sequence[tuple[Party, int, list[Instalment]]],
        months: int,
        earned_cents: int,
        insurance_paid: int,
    ) -> None:
        start = month_after(contract.active_on, 0)
        fee = contract.total_cents + contract.discount_cents
        portions = [(party.id, sum(i.cents for i in plan)) for party, _, plan in parties]
        activation = postings.activation(fee, contract.discount_cents, contract.insurance_cents, portions)
        self._post(case, contract, "activation", start, activation)
        self._post(case, contract, "recognition", start, postings.recognition(earned_cents))
        self._post(case, contract, "insurance_payment", min(start + dt.timedelta(days=45), self.now), postings.insurance_payment(insurance_paid))  # fmt: skip
        if contract.state == "active" and months < contract.treatment_months:
            self.work.append(
                {"job": "earn_revenue", "key": contract.id, "due_at": month_after(contract.active_on, months + 1)}
            )

    def _insurance_paid(self, contract: Contract, months: int) -> int:
        if contract.state == "completed":
            return contract.insurance_cents
        quarters = months // 3 * 3
        return (
            earned(contract.insurance_cents, DEFAULT_CLAIM_INITIAL, quarters, contract.treatment_months)
            if months
            else 0
        )

    def _post(
        self,
        case: Case,
        contract: Contract,
        kind: str,
        at: dt.datetime,
        entries: Sequence[postings.Posting],
        payment_id: str | None = None,
    ) -> None:
        if not entries:
            return
        journal_id = self.make.id(at)
        self.journals.append(
            {
                "id": journal_id,
                "location_id": case.patient.location.id,
                "kind": kind,
                "contract_id": contract.id,
                "payment_id": payment_id,
                "posted_on": at.date(),
                "posted_by": "seed",
                "reason": "",
                "created_at": at,
            }
        )
        for entry in entries:
            self.entries.append(
                {
                    "id": self.make.id(at),
                    "journal_id": journal_id,
                    "location_id": case.patient.location.id,
                    "patient_id": case.patient.id,
                    "contract_id": contract.id,
                    "party_id": entry.party_id,
                    "account": entry.account,
                    "amount_cents": entry.amount_cents,
                }
            )


def _draft_day(plan: Sequence[Instalment]) -> int:
    return plan[1].due_on.day if len(plan) > 1 else DEFAULT_DRAFT_DAY
