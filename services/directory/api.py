"""The directory's two gRPC services, put together from its features."""

from __future__ import annotations

import datetime as dt

from archwire.directory.v1 import directory_pb2 as pb
from archwire.directory.v1.directory_pb2_grpc import DirectoryServiceServicer

from services.directory import queries
from services.directory.alerts.api import Alerts
from services.directory.credentials.api import Credentials
from services.directory.links.api import Links
from services.directory.partners.api import Partners
from services.directory.patients.api import Patients
from services.directory.places.api import Places
from services.directory.staff.api import StaffMembers
from shared.call import Call
from shared.paging import page
from shared.proto import from_timestamp, to_proto

__all__ = ["Credentials", "Directory"]

FIRST_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class Directory(Places, StaffMembers, Patients, Alerts, Partners, Links, DirectoryServiceServicer):  # type: ignore[misc]
    """Who and where."""

    async def ListAccessLog(self, request: pb.ListAccessLogRequest, call: Call) -> pb.ListAccessLogResponse:
        rows, token = await page(
            call.db,
            queries.ACCESS_LOG,
            request,
            key=("id",),
            patient_id=request.patient_id or None,
            actor_id=request.actor_id,
            start_time=from_timestamp(request.start_time) if request.HasField("start_time") else FIRST_DAY,
            end_time=from_timestamp(request.end_time)
            if request.HasField("end_time")
            else call.now + dt.timedelta(days=1),
        )
        return pb.ListAccessLogResponse(
            entries=[to_proto(pb.AccessLogEntry, row) for row in rows], next_page_token=token
        )
