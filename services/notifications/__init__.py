"""Messages to and from families, and what each person agreed to receive."""

from archwire.contracts.v1.events_pb2 import PaymentSucceeded
from archwire.coordination.v1.events_pb2 import PhoneCallLogged, PhoneCallTakenBack, PresentationShared
from archwire.directory.v1.events_pb2 import LocationSaved
from archwire.notifications.v1.notifications_pb2_grpc import add_NotificationsServiceServicer_to_server
from archwire.scheduling.v1.events_pb2 import (
    AppointmentBooked,
    AppointmentCanceled,
    AppointmentRescheduled,
    AppointmentRestored,
)

from services.notifications import api, handlers, models
from shared.service import Service

SERVICE = Service(
    name="notifications",
    base=models.Base,
    register=lambda server: add_NotificationsServiceServicer_to_server(api.Notifications(), server),
    handlers={
        LocationSaved: handlers.keep_location,
        AppointmentBooked: handlers.confirm_appointment,
        AppointmentRescheduled: handlers.announce_move,
        AppointmentCanceled: handlers.announce_cancellation,
        AppointmentRestored: handlers.announce_return,
        PresentationShared: handlers.send_presentation,
        PhoneCallLogged: handlers.log_call,
        PhoneCallTakenBack: handlers.withdraw_call,
        PaymentSucceeded: handlers.send_receipt,
    },
    jobs={"send_message": handlers.send_message},
)
