"""The methods of insurance, feature by feature."""

from __future__ import annotations

from archwire.insurance.v1.insurance_pb2_grpc import InsuranceServiceServicer

from services.insurance.claims.api import Claims
from services.insurance.eligibility.api import Verifications
from services.insurance.estimates.api import Estimates
from services.insurance.plans.api import Plans


class Insurance(Plans, Verifications, Estimates, Claims, InsuranceServiceServicer):
    """InsuranceService: each feature brings its own methods."""
