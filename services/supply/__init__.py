"""Supply: labs and lab orders."""

from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.scheduling.v1.events_pb2 import AppointmentRescheduled
from archwire.supply.v1.supply_pb2_grpc import add_SupplyServiceServicer_to_server

from services.supply import api, handlers, models
from shared.service import Service

SERVICE = Service(
    name="supply",
    base=models.Base,
    register=lambda server: add_SupplyServiceServicer_to_server(api.Supply(), server),
    handlers={LocationSaved: handlers.keep_location, AppointmentRescheduled: handlers.visit_moved},
)
