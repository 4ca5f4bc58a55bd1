"""Statements of payers, plans and procedure codes."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from services.insurance.models import ID
from services.insurance.plans.models import Payer, Plan, ProcedureCode
from services.insurance.queries import named
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

PAYER_MISSING = NotFound("PAYER_NOT_FOUND", "no such payer")
PLAN_MISSING = NotFound("PLAN_NOT_FOUND", "no such plan")
PAYER_EXISTS = {"uq_payer_payer_code": Conflict("PAYER_EXISTS", "a payer has this code already", field="payer_code")}
PAYER_COLUMNS = ("name", "payer_code", "phone", "timely_filing_days")
PLAN_COLUMNS = (
    "payer_id", "name", "group_number", "payment_model", "base", "cadence",
    "initial_share_basis_points", "maximum_months", "work_in_progress", "benefits_assigned",
)  # fmt: skip
A, P, C = Payer.__table__, Plan.__table__, ProcedureCode.__table__

ADD_PAYER = statement(insert(A).values(named(*PAYER_COLUMNS)).returning(A))
PAYER = statement(select(A).where(A.c.id == bindparam("id")))
PAYERS = paged(select(A), A.c.name, A.c.id)
ADD_PLAN = statement(insert(P).values(named(*PLAN_COLUMNS)).returning(P))
PLAN = statement(select(P).where(P.c.id == bindparam("id")))
PLANS = paged(select(P), P.c.name, P.c.id)
PLANS_OF_PAYER = paged(select(P).where(P.c.payer_id == bindparam("payer_id", type_=ID)), P.c.name, P.c.id)
_LOADED = insert(C).values(named("concept", "code"))
LOAD_CODE = statement(
    _LOADED.on_conflict_do_update(constraint="uq_procedure_code_concept", set_={"code": _LOADED.excluded.code})
)
CODES = paged(select(C), C.c.concept)
CODE = statement(select(C.c.code).where(C.c.concept == bindparam("concept")))


async def payer(db: Db, id: str) -> Row:
    """Returns a payer, or raises NotFound."""
    return await db.one(PAYER, id=id, missing=PAYER_MISSING)


async def plan(db: Db, id: str) -> Row:
    """Returns a plan, or raises NotFound."""
    return await db.one(PLAN, id=id, missing=PLAN_MISSING)


async def procedure_code(db: Db, concept: str) -> str:
    """Returns the group's code for a concept, empty when none is loaded."""
    row = await db.first(CODE, concept=concept)
    return row.code if row else ""
