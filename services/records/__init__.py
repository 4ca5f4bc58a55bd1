"""The clinical record: visits, notes, photographs, films, scans, documents and who signed them."""

from archwire.contracts.v1.events_pb2 import ContractAmended, ContractProposed
from archwire.records.v1.records_pb2_grpc import add_RecordsServiceServicer_to_server
from archwire.scheduling.v1.events_pb2 import AppointmentCheckedIn, AppointmentCompleted, AppointmentRestored

from services.records import api, handlers, models
from shared.service import Service

SERVICE = Service(
    name="records",
    base=models.Base,
    register=lambda server: add_RecordsServiceServicer_to_server(api.Records(), server),
    handlers={
        AppointmentCheckedIn: handlers.open_visit,
        AppointmentCompleted: handlers.complete_visit,
        AppointmentRestored: handlers.reopen_visit,
        ContractProposed: handlers.prepare_agreements,
        ContractAmended: handlers.prepare_amendment,
    },
    jobs={"make_document": handlers.make_document},
)
