"""Coordination: leads, cases, presentations, tasks and follow-ups."""

from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded, ContractSigned, QuoteCreated
from archwire.coordination.v1.coordination_pb2_grpc import add_CoordinationServiceServicer_to_server
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.insurance.v1.events_pb2 import BenefitsVerified
from archwire.records.v1.events_pb2 import RecordsCompleted
from archwire.scheduling.v1.events_pb2 import (
    AppointmentBooked,
    AppointmentCanceled,
    AppointmentCompleted,
    AppointmentMissed,
    AppointmentRescheduled,
    AppointmentRestored,
)

from services.coordination import api, handlers, models
from services.coordination.tasks.api import wake_task
from shared.service import Service

SERVICE = Service(
    name="coordination",
    base=models.Base,
    register=lambda server: add_CoordinationServiceServicer_to_server(api.Coordination(), server),
    handlers={
        LocationSaved: handlers.keep_location,
        AppointmentBooked: handlers.visit_booked,
        AppointmentRescheduled: handlers.visit_booked,
        AppointmentCanceled: handlers.visit_canceled,
        AppointmentMissed: handlers.visit_missed,
        AppointmentRestored: handlers.visit_restored,
        AppointmentCompleted: handlers.visit_completed,
        BenefitsVerified: handlers.benefits_verified,
        RecordsCompleted: handlers.records_completed,
        QuoteCreated: handlers.quote_created,
        ContractSigned: handlers.contract_signed,
        ContractActivated: handlers.contract_activated,
        ContractEnded: handlers.contract_ended,
    },
    jobs={"wake_task": wake_task},
)
