"""The methods of supply."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1.partners_pb2 import PARTNER_KIND_LAB, GetPartnerRequest
from archwire.directory.v1.patients_pb2 import GetPatientRequest
from archwire.supply.v1 import supply_pb2 as pb
from archwire.supply.v1.events_pb2 import LabOrderStateChanged
from archwire.supply.v1.supply_pb2_grpc import SupplyServiceServicer

from services.supply import domain, queries
from shared.call import Call
from shared.db import Row, check_version
from shared.errors import Conflict, Denied, Invalid
from shared.paging import page
from shared.proto import enum_name, enum_value, to_proto


async def order_message(call: Call, row: Row) -> pb.LabOrder:
    """A row as the API shows it."""
    if "time_zone" in row.keys():  # noqa: SIM118  a Record is no dict
        today = domain.local_day(call.now, row.time_zone or "UTC")
    else:
        today = await queries.local_day(call, row.location_id)
    late = domain.is_late(row.state, row.expected_on, row.due_date, today)
    return to_proto(pb.LabOrder, row, items=item_messages(row), late=late)


def item_messages(row: Row) -> list[pb.LabItem]:
    """The lines of an order."""
    return [
        pb.LabItem(description=item["description"], arch=enum_value(pb.Arch, item["arch"]), quantity=item["quantity"])
        for item in row["items"]
    ]


async def job_messages(call: Call, rows: list[Row]) -> list[pb.LabJob]:
    """Orders as their lab sees them."""
    parcels = await call.db.all(queries.SHIPMENTS, order_ids=[row.id for row in rows])
    return [
        to_proto(
            pb.LabJob,
            row,
            items=item_messages(row),
            shipments=[to_proto(pb.Shipment, parcel) for parcel in parcels if parcel.lab_order_id == row.id],
        )
        for row in rows
    ]


def own_lab(call: Call) -> str:
    """The lab to which the calling client belongs; raises Denied / NOT_A_LAB_CLIENT for any other caller."""
    lab_id = call.actor.subject.get("partner_id", "") if call.actor.kind == "client" else ""
    if not lab_id:
        raise Denied("NOT_A_LAB_CLIENT", "only a lab's own client may do this")
    return lab_id


async def locked(call: Call, request: Any) -> Row:
    """The order of a request, locked, in the version that the caller has seen."""
    row = await queries.order_for_update(call.db, request.lab_order_id)
    check_version(row, request.version)
    return row


async def move_order(call: Call, order: Row, to_state: str, **changes: Any) -> Row:
    """Moves a locked order, keeps the move and tells others. `changes` are columns that change with the state."""
    state = domain.move(order.state, to_state)
    columns = {name: order[name] for name in ("due_date", "expected_on", "sent_at", "received_at")}
    row = await call.db.one(queries.MOVE_ORDER, order_id=order.id, state=state, now=call.now, **(columns | changes))
    await record(call, row, order.state)
    return row


async def record(call: Call, order: Row, from_state: str) -> None:
    """Keeps a move in the history and publishes it."""
    await call.db.run(
        queries.ADD_TRANSITION,
        location_id=order.location_id,
        lab_order_id=order.id,
        from_state=from_state,
        to_state=order.state,
        actor_id=call.actor.user_id,
        event_time=call.now,
    )
    event = LabOrderStateChanged(
        lab_order_id=order.id,
        lab_id=order.lab_id,
        patient_id=order.patient_id,
        location_id=order.location_id,
        case_id=order.case_id or "",
        appointment_id=order.appointment_id or "",
        from_state=from_state,
        to_state=order.state,
        due_date=order.due_date.isoformat(),
    )
    call.publish(event, key=order.patient_id)


async def advance(call: Call, order: Row, request: Any) -> Row:
    """Moves an order on for staff or for the lab; sending starts the lab's time, shipping adds a parcel."""
    to_state = enum_name(pb.LabOrderState, request.to_state)
    if to_state == "sent":
        lab = await queries.lab(call.db, order.lab_id)
        today = await queries.local_day(call, order.location_id)
        expected_on = domain.expected_on(today, lab.turnaround_days)
        return await move_order(call, order, to_state, sent_at=call.now, expected_on=expected_on)
    row = await move_order(call, order, to_state)
    if to_state == "shipped":
        await call.db.run(
            queries.ADD_SHIPMENT,
            location_id=order.location_id,
            lab_order_id=order.id,
            carrier=request.carrier,
            tracking_number=request.tracking_number,
            shipped_at=call.now,
        )
    return row


class Supply(SupplyServiceServicer):
    """SupplyService: labs, their orders, and the jobs that a lab sees."""

    async def CreateLab(self, request: pb.CreateLabRequest, call: Call) -> pb.CreateLabResponse:
        found = await call.directory.GetPartner(GetPartnerRequest(partner_id=request.lab_id))
        if found.partner.kind != PARTNER_KIND_LAB:
            raise Invalid("NOT_A_LAB", "the partner is not a lab", field="lab_id")
        row = await call.db.one(
            queries.ADD_LAB,
            conflict=queries.LAB_EXISTS,
            id=request.lab_id,
            name=found.partner.name,
            turnaround_days=request.turnaround_days,
            now=call.now,
        )
        return pb.CreateLabResponse(lab=to_proto(pb.Lab, row))

    async def UpdateLab(self, request: pb.UpdateLabRequest, call: Call) -> pb.UpdateLabResponse:
        row = await call.db.one(queries.LAB_FOR_UPDATE, id=request.lab_id, missing=queries.LAB_MISSING)
        check_version(row, request.version)
        row = await call.db.one(
            queries.UPDATE_LAB,
            lab_id=row.id,
            turnaround_days=request.turnaround_days,
            active=request.active,
            now=call.now,
        )
        return pb.UpdateLabResponse(lab=to_proto(pb.Lab, row))

    async def ListLabs(self, request: pb.ListLabsRequest, call: Call) -> pb.ListLabsResponse:
        rows, next_page_token = await page(call.db, queries.LABS, request, key=("name", "id"))
        return pb.ListLabsResponse(labs=[to_proto(pb.Lab, row) for row in rows], next_page_token=next_page_token)

    async def CreateLabOrder(self, request: pb.CreateLabOrderRequest, call: Call) -> pb.CreateLabOrderResponse:
        patient = (await call.directory.GetPatient(GetPatientRequest(patient_id=request.patient_id))).patient
        lab = await queries.lab(call.db, request.lab_id)
        if not lab.active:
            raise Conflict("LAB_INACTIVE", "the lab takes no orders")
        today = await queries.local_day(call, request.location_id)
        items = [
            {"description": item.description, "arch": enum_name(pb.Arch, item.arch), "quantity": item.quantity}
            for item in request.items
        ]
        row = await call.db.one(
            queries.ADD_ORDER,
            lab_id=lab.id,
            patient_id=request.patient_id,
            patient_initials=domain.initials(patient.first_name, patient.last_name),
            location_id=request.location_id,
            case_id=request.case_id or None,
            appointment_id=request.appointment_id or None,
            provider_id=request.provider_id,
            kind=enum_name(pb.ApplianceKind, request.kind),
            items=items,
            instructions=request.instructions,
            file_ids=list(request.file_ids),
            refinement=request.refinement,
            fee_cents=request.fee.amount_cents if request.HasField("fee") else None,
            due_date=domain.calendar_day(request.due_date, "due_date"),
            expected_on=domain.expected_on(today, lab.turnaround_days),
            now=call.now,
        )
        await record(call, row, "")
        return pb.CreateLabOrderResponse(lab_order=await order_message(call, row))

    async def GetLabOrder(self, request: pb.GetLabOrderRequest, call: Call) -> pb.GetLabOrderResponse:
        row = await call.db.one(queries.ORDER, id=request.lab_order_id, missing=queries.ORDER_MISSING)
        moved = await call.db.all(queries.TRANSITIONS, order_id=row.id)
        parcels = await call.db.all(queries.SHIPMENTS, order_ids=[row.id])
        wrong = await call.db.all(queries.DISCREPANCIES, order_id=row.id)
        return pb.GetLabOrderResponse(
            lab_order=await order_message(call, row),
            transitions=[to_proto(pb.LabOrderTransition, each) for each in moved],
            shipments=[to_proto(pb.Shipment, each) for each in parcels],
            discrepancies=[to_proto(pb.Discrepancy, each) for each in wrong],
        )

    async def ListLabOrders(self, request: pb.ListLabOrdersRequest, call: Call) -> pb.ListLabOrdersResponse:
        states = [enum_name(pb.LabOrderState, state) for state in request.states]
        rows, next_page_token = await page(
            call.db,
            queries.ORDERS,
            request,
            key=("due_date", "id"),
            states=states or list(domain.OPEN),
            location_id=request.location_id or None,
            lab_id=request.lab_id or None,
            patient_id=request.patient_id or None,
            appointment_id=request.appointment_id or None,
            due_by=domain.calendar_day(request.due_by, "due_by") if request.due_by else None,
        )
        return pb.ListLabOrdersResponse(
            lab_orders=[await order_message(call, row) for row in rows], next_page_token=next_page_token
        )

    async def ApproveLabOrder(self, request: pb.ApproveLabOrderRequest, call: Call) -> pb.ApproveLabOrderResponse:
        row = await move_order(call, await locked(call, request), "approved")
        return pb.ApproveLabOrderResponse(lab_order=await order_message(call, row))

    async def AdvanceLabOrder(self, request: pb.AdvanceLabOrderRequest, call: Call) -> pb.AdvanceLabOrderResponse:
        row = await advance(call, await locked(call, request), request)
        return pb.AdvanceLabOrderResponse(lab_order=await order_message(call, row))

    async def ReceiveLabOrder(self, request: pb.ReceiveLabOrderRequest, call: Call) -> pb.ReceiveLabOrderResponse:
        order = await locked(call, request)
        row = await move_order(call, order, "received", received_at=order.received_at or call.now)
        await call.db.run(queries.RECEIVE_SHIPMENTS, order_id=order.id, now=call.now)
        return pb.ReceiveLabOrderResponse(lab_order=await order_message(call, row))

    async def ReportDiscrepancy(self, request: pb.ReportDiscrepancyRequest, call: Call) -> pb.ReportDiscrepancyResponse:
        row = await move_order(call, await locked(call, request), "discrepancy")
        await call.db.run(
            queries.ADD_DISCREPANCY,
            location_id=row.location_id,
            lab_order_id=row.id,
            kind=enum_name(pb.DiscrepancyKind, request.kind),
            note=request.note,
            staff_id=call.actor.user_id,
            reported_at=call.now,
        )
        return pb.ReportDiscrepancyResponse(lab_order=await order_message(call, row))

    async def RequestRemake(self, request: pb.RequestRemakeRequest, call: Call) -> pb.RequestRemakeResponse:
        order = await locked(call, request)
        lab = await queries.lab(call.db, order.lab_id)
        today = await queries.local_day(call, order.location_id)
        row = await move_order(
            call,
            order,
            "remake",
            due_date=domain.calendar_day(request.due_date, "due_date"),
            expected_on=domain.expected_on(today, lab.turnaround_days),
        )
        await call.db.run(
            queries.SETTLE_DISCREPANCY,
            order_id=row.id,
            payer=enum_name(pb.RemakePayer, request.payer),
            cents=request.credit.amount_cents,
        )
        return pb.RequestRemakeResponse(lab_order=await order_message(call, row))

    async def CancelLabOrder(self, request: pb.CancelLabOrderRequest, call: Call) -> pb.CancelLabOrderResponse:
        row = await move_order(call, await locked(call, request), "canceled")
        return pb.CancelLabOrderResponse(lab_order=await order_message(call, row))

    async def ListLabJobs(self, request: pb.ListLabJobsRequest, call: Call) -> pb.ListLabJobsResponse:
        states = [enum_name(pb.LabOrderState, state) for state in request.states]
        rows, next_page_token = await page(
            call.db,
            queries.JOBS,
            request,
            key=("due_date", "id"),
            lab_id=own_lab(call),
            states=states or list(domain.AT_LAB),
        )
        call.audit(
            patient_ids=[row.patient_id for row in rows]
        )  # a lab's reply names no patient, and yet it shows some
        return pb.ListLabJobsResponse(lab_jobs=await job_messages(call, rows), next_page_token=next_page_token)

    async def GetLabJob(self, request: pb.GetLabJobRequest, call: Call) -> pb.GetLabJobResponse:
        row = await call.db.one(
            queries.JOB, id=request.lab_order_id, lab_id=own_lab(call), missing=queries.ORDER_MISSING
        )
        call.audit(patient_id=row.patient_id, resource="lab_order", resource_id=row.id)
        return pb.GetLabJobResponse(lab_job=(await job_messages(call, [row]))[0])

    async def AdvanceLabJob(self, request: pb.AdvanceLabJobRequest, call: Call) -> pb.AdvanceLabJobResponse:
        order = await call.db.one(
            queries.JOB_FOR_UPDATE, id=request.lab_order_id, lab_id=own_lab(call), missing=queries.ORDER_MISSING
        )
        check_version(order, request.version)
        row = await advance(call, order, request)
        call.audit(patient_id=row.patient_id, resource="lab_order", resource_id=row.id)
        return pb.AdvanceLabJobResponse(lab_job=(await job_messages(call, [row]))[0])
