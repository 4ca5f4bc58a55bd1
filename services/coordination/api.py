"""The methods of coordination, feature by feature."""

from __future__ import annotations

from archwire.coordination.v1.coordination_pb2_grpc import CoordinationServiceServicer

from services.coordination.calls.api import Calls
from services.coordination.cases.api import Cases
from services.coordination.leads.api import Leads
from services.coordination.pipeline.api import Pipeline
from services.coordination.presentations.api import Presentations
from services.coordination.tasks.api import Tasks


class Coordination(Leads, Cases, Pipeline, Presentations, Tasks, Calls, CoordinationServiceServicer):
    """CoordinationService: each feature brings its own methods."""
