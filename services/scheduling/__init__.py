"""Scheduling: chairs, doctors' minutes, visits, the day and the waitlist."""

from archwire.directory.v1.events_pb2 import GroupCreated, LocationSaved, StaffSaved
from archwire.scheduling.v1.scheduling_pb2_grpc import add_SchedulingServiceServicer_to_server

from services.scheduling import api, handlers, models
from services.scheduling.visits import flow
from shared.service import Service

SERVICE = Service(
    name="scheduling",
    base=models.Base,
    register=lambda server: add_SchedulingServiceServicer_to_server(api.Scheduling(), server),
    handlers={
        GroupCreated: handlers.add_default_types,
        LocationSaved: handlers.keep_location,
        StaffSaved: handlers.keep_provider,
    },
    jobs={"expire_hold": flow.expire_hold},
)
