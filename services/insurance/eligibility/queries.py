"""Statements of coverages and verifications."""

from __future__ import annotations

from sqlalchemy import ARRAY, Date, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.insurance.eligibility.models import BenefitRow, Coverage, Verification
from services.insurance.models import ID
from services.insurance.plans.models import Payer, Plan
from services.insurance.queries import named
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

MISSING = NotFound("COVERAGE_NOT_FOUND", "no such coverage")
PRIORITY_TAKEN = {
    "uq_coverage_priority": Conflict("PRIORITY_TAKEN", "another coverage that runs has this priority", field="priority")
}
COVERAGE_COLUMNS = (
    "patient_id", "plan_id", "location_id", "relationship", "subscriber_party_id", "member_id", "group_number",
    "priority", "effective_on", "ends_on",
)  # fmt: skip
VERIFICATION_COLUMNS = (
    "coverage_id", "patient_id", "location_id", "method", "outcome", "verified_by", "answered_by", "reference",
    "answered_on", "raw", "benefits", "findings", "created_at",
)  # fmt: skip
ROW_COLUMNS = (
    "verification_id", "location_id", "position", "last_position", "information", "level", "service_types",
    "insurance_type", "plan_name", "period", "amount_cents", "percent_basis_points", "quantity_qualifier", "quantity",
    "network", "procedure", "messages",
)  # fmt: skip
C, V, B = Coverage.__table__, Verification.__table__, BenefitRow.__table__
P, A = Plan.__table__, Payer.__table__

_SHOWN = [c for c in V.c if c.name != "raw"]  # the raw file is evidence, it is not needed to show a summary
_COVERAGE = (
    select(C, P.c.payer_id, P.c.name.label("plan_name"), A.c.name.label("payer_name"), A.c.payer_code)
    .join(P, (P.c.tenant_id == C.c.tenant_id) & (P.c.id == C.c.plan_id))
    .join(A, (A.c.tenant_id == P.c.tenant_id) & (A.c.id == P.c.payer_id))
)
ADD_COVERAGE = statement(insert(C).values(named(*COVERAGE_COLUMNS)).returning(C.c.id))
COVERAGE = statement(_COVERAGE.where(C.c.id == bindparam("id")))
COVERAGE_FOR_UPDATE = statement(_COVERAGE.where(C.c.id == bindparam("id")).with_for_update(of=C))
COVERAGES = paged(_COVERAGE, C.c.id)
COVERAGES_OF_PATIENT = paged(_COVERAGE.where(C.c.patient_id == bindparam("patient_id", type_=ID)), C.c.id)
ADD_VERIFICATION = statement(insert(V).values(named(*VERIFICATION_COLUMNS)).returning(*_SHOWN))
ADD_ROW = statement(insert(B).values(named(*ROW_COLUMNS)))
VERIFICATION = statement(select(*_SHOWN).where(V.c.id == bindparam("id")))
_OF_COVERAGE = select(*_SHOWN).where(V.c.coverage_id == bindparam("coverage_id")).limit(1)
LATEST_ATTEMPT = statement(_OF_COVERAGE.order_by(V.c.id.desc()))
LATEST_ANSWER = statement(_OF_COVERAGE.where(V.c.outcome == "answered").order_by(V.c.answered_on.desc(), V.c.id.desc()))
ROWS = statement(select(B).where(B.c.verification_id == bindparam("verification_id")).order_by(B.c.position))


_ANSWER = (
    select(V.c.coverage_id, func.max(V.c.answered_on).label("answered_on"))
    .where(V.c.outcome == "answered", V.c.patient_id == any_(bindparam("patient_ids", type_=ARRAY(ID))))
    .group_by(V.c.coverage_id)
    .subquery()
)
STANDING = statement(
    select(
        C.c.patient_id,
        func.count().label("coverages"),
        func.count().filter(_ANSWER.c.answered_on >= bindparam("since", type_=Date)).label("verified"),
        func.min(_ANSWER.c.answered_on)
        .filter(_ANSWER.c.answered_on >= bindparam("since", type_=Date))
        .label("answered_on"),
    )
    .join(_ANSWER, _ANSWER.c.coverage_id == C.c.id, isouter=True)
    .where(
        C.c.patient_id == any_(bindparam("patient_ids", type_=ARRAY(ID))),
        or_(C.c.ends_on.is_(None), C.c.ends_on >= bindparam("today", type_=Date)),
    )
    .group_by(C.c.patient_id)
)


async def coverage(db: Db, id: str) -> Row:
    """Returns a coverage with the names of its plan and payer, or raises NotFound."""
    return await db.one(COVERAGE, id=id, missing=MISSING)


async def coverage_for_update(db: Db, id: str) -> Row:
    """Returns a coverage, locked until commit, or raises NotFound."""
    return await db.one(COVERAGE_FOR_UPDATE, id=id, missing=MISSING)


async def latest_answer(db: Db, coverage_id: str) -> Row | None:
    """Returns the payer's latest answer, or None: an old file that is imported late does not hide a newer one."""
    return await db.first(LATEST_ANSWER, coverage_id=coverage_id)
