"""Methods of payers, plans and procedure codes."""

from __future__ import annotations

from archwire.insurance.v1 import plans_pb2 as pb

from services.insurance.plans import queries
from shared.call import Call
from shared.paging import page
from shared.proto import enum_name, to_proto


class Plans:
    """Who pays, by which rules, under which codes."""

    async def CreatePayer(self, request: pb.CreatePayerRequest, call: Call) -> pb.CreatePayerResponse:
        columns = {name: getattr(request, name) for name in queries.PAYER_COLUMNS}
        row = await call.db.one(queries.ADD_PAYER, conflict=queries.PAYER_EXISTS, **columns)
        return pb.CreatePayerResponse(payer=to_proto(pb.Payer, row))

    async def ListPayers(self, request: pb.ListPayersRequest, call: Call) -> pb.ListPayersResponse:
        rows, token = await page(call.db, queries.PAYERS, request, key=("name", "id"))
        return pb.ListPayersResponse(payers=[to_proto(pb.Payer, row) for row in rows], next_page_token=token)

    async def CreatePlan(self, request: pb.CreatePlanRequest, call: Call) -> pb.CreatePlanResponse:
        await queries.payer(call.db, request.payer_id)
        columns = {name: getattr(request, name) for name in queries.PLAN_COLUMNS}
        columns |= {
            "payment_model": enum_name(pb.PaymentModel, request.payment_model),
            "base": enum_name(pb.BenefitBase, request.base),
            "cadence": enum_name(pb.Cadence, request.cadence),
            "work_in_progress": enum_name(pb.WorkInProgress, request.work_in_progress),
        }
        row = await call.db.one(queries.ADD_PLAN, **columns)
        return pb.CreatePlanResponse(plan=to_proto(pb.Plan, row))

    async def ListPlans(self, request: pb.ListPlansRequest, call: Call) -> pb.ListPlansResponse:
        key = ("name", "id")
        if request.payer_id:
            rows, token = await page(call.db, queries.PLANS_OF_PAYER, request, key=key, payer_id=request.payer_id)
        else:
            rows, token = await page(call.db, queries.PLANS, request, key=key)
        return pb.ListPlansResponse(plans=[to_proto(pb.Plan, row) for row in rows], next_page_token=token)

    async def LoadProcedureCodes(
        self, request: pb.LoadProcedureCodesRequest, call: Call
    ) -> pb.LoadProcedureCodesResponse:
        codes = {pair.concept: pair.code for pair in request.procedure_codes}
        rows = [{"concept": concept, "code": code} for concept, code in sorted(codes.items())]
        await call.db.run_many(queries.LOAD_CODE, rows)
        return pb.LoadProcedureCodesResponse(loaded_count=len(rows))

    async def ListProcedureCodes(
        self, request: pb.ListProcedureCodesRequest, call: Call
    ) -> pb.ListProcedureCodesResponse:
        rows, token = await page(call.db, queries.CODES, request, key=("concept",))
        codes = [to_proto(pb.ProcedureCode, row) for row in rows]
        return pb.ListProcedureCodesResponse(procedure_codes=codes, next_page_token=token)
