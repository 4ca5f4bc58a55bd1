"""Insurance: payers and plans, verified benefits, estimates, claims and the payments to expect."""

from archwire.contracts.v1.events_pb2 import ContractActivated, ContractEnded
from archwire.insurance.v1.insurance_pb2_grpc import add_InsuranceServiceServicer_to_server

from services.insurance import api, handlers, models
from shared.service import Service

SERVICE = Service(
    name="insurance",
    base=models.Base,
    register=lambda server: add_InsuranceServiceServicer_to_server(api.Insurance(), server),
    handlers={ContractActivated: handlers.draft_claim, ContractEnded: handlers.end_claim_case},
)
