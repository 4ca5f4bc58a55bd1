"""Alerts on a patient's chart. Those of the office and the medical ones are the same rows, for different eyes."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1 import alerts_pb2 as pb

from services.directory.alerts import queries
from services.directory.patients import queries as patients
from shared.call import Call
from shared.db import check_version
from shared.errors import NotFound
from shared.proto import enum_name, to_proto

OFFICE = ("financial_hold", "contact_restriction", "custody", "other")
MEDICAL = ("allergy", "condition", "medication", "premedication")


class Alerts:
    """Raised, changed and ended; never deleted."""

    async def ListAlerts(self, request: pb.ListAlertsRequest, call: Call) -> pb.ListAlertsResponse:
        return pb.ListAlertsResponse(alerts=await _list(call, request, OFFICE))

    async def SaveAlert(self, request: pb.SaveAlertRequest, call: Call) -> pb.SaveAlertResponse:
        return pb.SaveAlertResponse(alert=await _save(call, request, OFFICE))

    async def EndAlert(self, request: pb.EndAlertRequest, call: Call) -> pb.EndAlertResponse:
        return pb.EndAlertResponse(alert=await _end(call, request, OFFICE))

    async def ListMedicalAlerts(self, request: pb.ListMedicalAlertsRequest, call: Call) -> pb.ListMedicalAlertsResponse:
        return pb.ListMedicalAlertsResponse(alerts=await _list(call, request, MEDICAL))

    async def SaveMedicalAlert(self, request: pb.SaveMedicalAlertRequest, call: Call) -> pb.SaveMedicalAlertResponse:
        return pb.SaveMedicalAlertResponse(alert=await _save(call, request, MEDICAL))

    async def EndMedicalAlert(self, request: pb.EndMedicalAlertRequest, call: Call) -> pb.EndMedicalAlertResponse:
        return pb.EndMedicalAlertResponse(alert=await _end(call, request, MEDICAL))


async def _list(call: Call, request: Any, kinds: tuple[str, ...]) -> list[pb.Alert]:
    await patients.patient(call.db, request.patient_id)
    rows = await call.db.all(
        queries.ALERTS, patient_id=request.patient_id, kinds=list(kinds), include_ended=request.include_ended
    )
    return [to_proto(pb.Alert, row) for row in rows]


async def _save(call: Call, request: Any, kinds: tuple[str, ...]) -> pb.Alert:
    values = {"kind": enum_name(pb.AlertKind, request.kind), "text": request.text.strip()}
    patient = await patients.patient_for_update(call.db, request.patient_id)
    if not request.alert_id:
        row = await call.db.one(
            queries.ADD_ALERT,
            **values,
            patient_id=patient.id,
            raised_by_id=call.actor.user_id,
            location_ids=patient.location_ids,
        )
        return to_proto(pb.Alert, row)
    before = await queries.standing(call.db, request.alert_id, kinds)
    if before.patient_id != patient.id:
        raise NotFound("ALERT_NOT_FOUND", "there is no such alert")
    check_version(before, request.version)
    return to_proto(pb.Alert, await call.db.one(queries.CHANGE_ALERT, **values, alert_id=before.id, now=call.now))


async def _end(call: Call, request: Any, kinds: tuple[str, ...]) -> pb.Alert:
    alert = await queries.standing(call.db, request.alert_id, kinds)
    check_version(alert, request.version)
    return to_proto(pb.Alert, await call.db.one(queries.END_ALERT, alert_id=alert.id, now=call.now))
