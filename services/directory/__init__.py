"""Who and where: groups, locations, staff, patients, partners, credentials. The only service that others call."""

from __future__ import annotations

from typing import Any

from archwire.directory.v1.credentials_pb2_grpc import add_CredentialsServiceServicer_to_server
from archwire.directory.v1.directory_pb2_grpc import add_DirectoryServiceServicer_to_server

from services.directory import api, models
from shared.service import Service


def register(server: Any) -> None:
    """Puts both gRPC services on a server."""
    add_DirectoryServiceServicer_to_server(api.Directory(), server)
    add_CredentialsServiceServicer_to_server(api.Credentials(), server)


SERVICE = Service(name="directory", base=models.Base, register=register)
