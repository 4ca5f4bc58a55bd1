"""The methods of ContractsService, feature by feature."""

from __future__ import annotations

from archwire.contracts.v1.contracts_pb2_grpc import ContractsServiceServicer

from services.contracts.agreements.api import Agreements
from services.contracts.ledger.api import Ledger
from services.contracts.payments.api import Payments
from services.contracts.quotes.api import Quotes


class Contracts(Quotes, Agreements, Payments, Ledger, ContractsServiceServicer):
    """Quotes, contracts, payments and the ledger."""
