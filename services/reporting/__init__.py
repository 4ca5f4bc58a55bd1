"""Key figures: projections of everybody's events, and the metrics over them."""

from archwire.contracts.v1.events_pb2 import ContractActivated
from archwire.coordination.v1.events_pb2 import LeadCreated, LeadRegistered
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.reporting.v1.reporting_pb2_grpc import add_ReportingServiceServicer_to_server
from archwire.scheduling.v1.events_pb2 import (
    AppointmentBooked,
    AppointmentCanceled,
    AppointmentCompleted,
    AppointmentMissed,
    AppointmentRescheduled,
    AppointmentRestored,
)

from services.reporting import api, handlers, models
from shared.service import Service

SERVICE = Service(
    name="reporting",
    base=models.Base,
    register=lambda server: add_ReportingServiceServicer_to_server(api.Reporting(), server),
    handlers={
        LocationSaved: handlers.keep_location,
        LeadCreated: handlers.count_lead,
        LeadRegistered: handlers.name_case,
        AppointmentBooked: handlers.count_booking,
        AppointmentRescheduled: handlers.count_booking,
        AppointmentCanceled: handlers.count_cancellation,
        AppointmentCompleted: handlers.count_kept,
        AppointmentMissed: handlers.count_missed,
        AppointmentRestored: handlers.count_again,
        ContractActivated: handlers.count_start,
    },
)
