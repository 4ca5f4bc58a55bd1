"""Contracts: fee schedules, quotes, contracts, payments and the ledger; the only writer of balances."""

from archwire.contracts.v1.contracts_pb2_grpc import add_ContractsServiceServicer_to_server
from archwire.coordination.v1.events_pb2 import CaseStateChanged, PresentationOptionChosen
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.insurance.v1.events_pb2 import EstimateCreated
from archwire.records.v1.events_pb2 import DocumentSigned
from archwire.scheduling.v1.events_pb2 import AppointmentCompleted

from services.contracts import api, handlers, models
from services.contracts.payments import jobs
from shared.service import Service

SERVICE = Service(
    name="contracts",
    base=models.Base,
    register=lambda server: add_ContractsServiceServicer_to_server(api.Contracts(), server),
    handlers={
        LocationSaved: handlers.keep_location,
        EstimateCreated: handlers.keep_estimate,
        PresentationOptionChosen: handlers.propose_contract,
        DocumentSigned: handlers.take_signature,
        AppointmentCompleted: handlers.note_placement,
        CaseStateChanged: handlers.note_end_of_treatment,
    },
    jobs={
        "charge_payment": jobs.charge_payment,
        "send_refund": jobs.send_refund,
        "draft_instalments": jobs.draft_instalments,
        "earn_revenue": handlers.earn_revenue,
    },
)
