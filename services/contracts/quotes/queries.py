"""Statements of the fee schedule and of quotes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.contracts.models import Fee, Quote
from services.contracts.queries import insert_of
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import page, paged

QUOTE_NOT_FOUND = NotFound("QUOTE_NOT_FOUND", "there is no such quote")

ADD_QUOTE = insert_of(
    Quote,
    "case_id", "patient_id", "location_id", "title", "procedure_concept", "phase", "treatment_months",
    "treatment_fee_cents", "discounts", "discount_cents", "total_fee_cents", "insurance_portion_cents",
    "patient_portion_cents", "down_payment_cents", "financed_cents", "instalment_count", "instalment_cents",
    "draft_day", "first_due_on", "coverage_id", "estimate_id", "benefits_paid_to_family", "pay_in_full_discount_cents",
    "claim_initial_basis_points", "parties", "finance_charge_cents", "created_at",
)  # fmt: skip
QUOTE = statement(select(Quote.__table__).where(Quote.id == bindparam("id")))
QUOTES = paged(select(Quote.__table__), Quote.id)
QUOTES_OF_CASE = paged(select(Quote.__table__).where(Quote.case_id == bindparam("case_id")), Quote.id)
QUOTES_OF_PATIENT = paged(select(Quote.__table__).where(Quote.patient_id == bindparam("patient_id")), Quote.id)
SHARED_QUOTES = statement(
    select(Quote.__table__)
    .where(Quote.case_id == bindparam("case_id"), Quote.patient_id == bindparam("patient_id"))
    .order_by(Quote.id)
    .limit(50)
)

_new_fee = insert(Fee).values(
    {c: bindparam(c) for c in ("procedure_concept", "only_location_id", "fee_cents", "effective_on")}
)
SET_FEE = statement(
    _new_fee.on_conflict_do_update(
        index_elements=["tenant_id", "procedure_concept", "only_location_id", "effective_on"],
        set_={"fee_cents": _new_fee.excluded.fee_cents},
    ).returning(Fee.__table__)
)
_in_force = select(Fee.__table__).where(
    Fee.effective_on <= bindparam("on"),
    or_(Fee.only_location_id.is_(None), Fee.only_location_id == bindparam("location_id")),
)
FEES = statement(
    _in_force.ext(distinct_on(Fee.procedure_concept, Fee.only_location_id))
    .order_by(Fee.procedure_concept, Fee.only_location_id, Fee.effective_on.desc())
    .limit(500)
)
FEE = statement(
    _in_force.where(Fee.procedure_concept == bindparam("procedure_concept"))
    .order_by(Fee.only_location_id.is_(None), Fee.effective_on.desc())
    .limit(1)
)


async def add_quote(db: Db, **columns: Any) -> Row:
    return await db.one(ADD_QUOTE, **columns)


async def quote(db: Db, quote_id: str) -> Row:
    """Returns a quote, or raises NotFound."""
    return await db.one(QUOTE, id=quote_id, missing=QUOTE_NOT_FOUND)


async def quotes(db: Db, request: Any) -> tuple[list[Row], str]:
    """One page of a case's, a patient's or all quotes, oldest first."""
    if request.case_id:
        return await page(db, QUOTES_OF_CASE, request, key=("id",), case_id=request.case_id)
    if request.patient_id:
        return await page(db, QUOTES_OF_PATIENT, request, key=("id",), patient_id=request.patient_id)
    return await page(db, QUOTES, request, key=("id",))


async def shared_quotes(db: Db, case_id: str, patient_id: str) -> list[Row]:
    return await db.all(SHARED_QUOTES, case_id=case_id, patient_id=patient_id)


async def set_fee(db: Db, **columns: Any) -> Row:
    return await db.one(SET_FEE, **columns)


async def fees(db: Db, location_id: str | None, on: dt.date) -> list[Row]:
    """The group's fees in force and those of one location beside them."""
    return await db.all(FEES, location_id=location_id, on=on)


async def fee(db: Db, procedure_concept: str, location_id: str, on: dt.date) -> Row | None:
    """The fee in force at a location: its own before the group's."""
    return await db.first(FEE, procedure_concept=procedure_concept, location_id=location_id, on=on)
