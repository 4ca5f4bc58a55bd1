"""Statements of claims, claim cases and expected instalments."""

from __future__ import annotations

from sqlalchemy import Text, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.insurance.claims.models import Claim, ClaimCase, ExpectedInstalment
from services.insurance.models import ID
from services.insurance.plans.models import Payer
from services.insurance.queries import named
from shared.db import Db, Row, statement
from shared.errors import Conflict, NotFound
from shared.paging import paged

ASKED = {
    name: Conflict("PREDETERMINATION_EXISTS", "this treatment case asked this payer already")
    for name in ("uq_claim_case_case_id", "uq_claim_number")
}
NO_INSTALMENT = NotFound("INSTALMENT_NOT_FOUND", "no such expected payment")
MISSING = NotFound("CLAIM_NOT_FOUND", "no such claim")
CASE_COLUMNS = (
    "contract_id", "case_id", "coverage_id", "payer_id", "patient_id", "location_id", "placement_on",
    "treatment_months", "expected_cents",
)  # fmt: skip
CLAIM_COLUMNS = (
    "claim_case_id", "contract_id", "coverage_id", "payer_id", "patient_id", "location_id", "number", "kind",
    "charge_cents", "procedure_concept", "service_on", "placement_on", "treatment_months", "file_by",
)  # fmt: skip
INSTALMENT_COLUMNS = ("claim_case_id", "location_id", "sequence", "due_on", "amount_cents")
K, C, I, A = ClaimCase.__table__, Claim.__table__, ExpectedInstalment.__table__, Payer.__table__

ADD_PREDETERMINATION_CASE = statement(insert(K).values(named(*CASE_COLUMNS)).returning(K))
ADD_CASE = statement(insert(K).values(named(*CASE_COLUMNS)).on_conflict_do_nothing().returning(K))
ADOPT_CASE = statement(
    update(K)
    .where(
        K.c.case_id == bindparam("of_case_id"),
        K.c.payer_id == bindparam("of_payer_id"),
        K.c.contract_id.is_(None),
    )
    .values(
        named("contract_id", "placement_on", "treatment_months", "expected_cents")
        | {"version": K.c.version + 1, "updated_at": bindparam("now")}
    )
    .returning(K)
)
CASE = statement(select(K).where(K.c.id == bindparam("id")))
ADD_CLAIM = statement(insert(C).values(named(*CLAIM_COLUMNS)).returning(C))
ADD_INSTALMENT = statement(insert(I).values(named(*INSTALMENT_COLUMNS)))
_INSTALMENTS = (
    select(I, K.c.contract_id, K.c.patient_id, K.c.payer_id, A.c.name.label("payer_name"))
    .join(K, (K.c.tenant_id == I.c.tenant_id) & (K.c.id == I.c.claim_case_id))
    .join(A, (A.c.tenant_id == K.c.tenant_id) & (A.c.id == K.c.payer_id))
)
INSTALMENTS = statement(_INSTALMENTS.where(I.c.claim_case_id == bindparam("claim_case_id")).order_by(I.c.sequence))
INSTALMENTS_DUE = paged(
    _INSTALMENTS.where(I.c.state == bindparam("state"), I.c.due_on <= bindparam("due_before")), I.c.due_on, I.c.id
)
INSTALMENT_FOR_UPDATE = statement(_INSTALMENTS.where(I.c.id == bindparam("id")).with_for_update(of=I))
INSTALMENT = statement(_INSTALMENTS.where(I.c.id == bindparam("id")))
RECORD_INSTALMENT = statement(
    update(I)
    .where(I.c.id == bindparam("instalment_id"))
    .values(named("state", "received_cents") | {"version": I.c.version + 1, "updated_at": bindparam("now")})
)
CLAIM = statement(select(C).where(C.c.id == bindparam("id")))
CLAIM_FOR_UPDATE = statement(select(C).where(C.c.id == bindparam("id")).with_for_update())
REVIEWED = statement(
    update(C)
    .where(C.c.id == bindparam("claim_id"))
    .values(
        provider_id=bindparam("provider_id"),
        note=bindparam("note"),
        state="validated",
        version=C.c.version + 1,
        updated_at=bindparam("now"),
    )
    .returning(C)
)
CLAIM_WENT_ON = statement(
    update(C)
    .where(C.c.id == bindparam("claim_id"))
    .values(named("state", "payer_claim_number") | {"version": C.c.version + 1, "updated_at": bindparam("now")})
    .returning(C)
)
CASE_WENT_ON = statement(
    update(K)
    .where(K.c.id == bindparam("case_id"), or_(K.c.state == "draft", K.c.state == "submitted"))
    .values(state=bindparam("to_state"), version=K.c.version + 1, updated_at=bindparam("now"))
)
_STATE, _PATIENT = bindparam("state", type_=Text), bindparam("patient_id", type_=ID)
_CLAIMS = select(C).where(or_(_STATE.is_(None), C.c.state == _STATE))
CLAIMS = paged(_CLAIMS, C.c.id, descending=True)
CLAIMS_OF_PATIENT = paged(_CLAIMS.where(C.c.patient_id == _PATIENT), C.c.id, descending=True)
CLAIMS_OF_CONTRACT = paged(
    _CLAIMS.where(
        C.c.contract_id == bindparam("contract_id", type_=ID), or_(_PATIENT.is_(None), C.c.patient_id == _PATIENT)
    ),
    C.c.id,
    descending=True,
)
END_CASES = statement(
    update(K)
    .where(K.c.contract_id == bindparam("ended_contract_id"), K.c.state != "ended")
    .values(state="ended", version=K.c.version + 1, updated_at=bindparam("now"))
    .returning(K.c.id)
)
CANCEL_INSTALMENTS = statement(
    update(I)
    .where(I.c.claim_case_id == bindparam("case_id"), I.c.state == "expected", I.c.due_on > bindparam("after"))
    .values(state="cancelled", version=I.c.version + 1, updated_at=bindparam("now"))
)


async def claim(db: Db, id: str) -> Row:
    """Returns a claim, or raises NotFound."""
    return await db.one(CLAIM, id=id, missing=MISSING)


async def claim_for_update(db: Db, id: str) -> Row:
    """Returns a claim, locked until commit, or raises NotFound."""
    return await db.one(CLAIM_FOR_UPDATE, id=id, missing=MISSING)
