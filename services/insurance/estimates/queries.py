"""Statements of estimates."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from services.insurance.estimates.models import Estimate
from services.insurance.queries import named
from shared.db import Db, Row, statement
from shared.errors import NotFound
from shared.paging import paged

COLUMNS = (
    "coverage_id", "verification_id", "patient_id", "location_id", "case_id", "total_fee_cents", "not_covered_cents",
    "used_elsewhere_cents", "expected_cents", "treatment_months", "months_elapsed", "start_on", "instalments", "lines",
    "warnings", "created_at",
)  # fmt: skip
E = Estimate.__table__

ADD_ESTIMATE = statement(insert(E).values(named(*COLUMNS)).returning(E))
ESTIMATE = statement(select(E).where(E.c.id == bindparam("id")))
OF_PATIENT = paged(select(E).where(E.c.patient_id == bindparam("patient_id")), E.c.id, descending=True)
LATEST = statement(select(E).where(E.c.coverage_id == bindparam("coverage_id")).order_by(E.c.id.desc()).limit(1))


async def estimate(db: Db, id: str) -> Row:
    """Returns an estimate, or raises NotFound."""
    return await db.one(ESTIMATE, id=id, missing=NotFound("ESTIMATE_NOT_FOUND", "no such estimate"))
