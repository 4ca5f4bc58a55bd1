"""The methods of SchedulingService, feature by feature."""

from __future__ import annotations

from archwire.scheduling.v1.scheduling_pb2_grpc import SchedulingServiceServicer

from services.scheduling.office.api import Office
from services.scheduling.visits.booking import Booking
from services.scheduling.visits.flow import Flow
from services.scheduling.visits.history import History
from services.scheduling.visits.search import Search
from services.scheduling.waitlist.api import Waitlist


class Scheduling(Office, Search, Booking, Flow, History, Waitlist, SchedulingServiceServicer):
    """Everything scheduling answers."""
