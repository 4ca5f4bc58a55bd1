"""The descriptors and message classes of example.proto, compiled when a test first needs them."""

from __future__ import annotations

import tempfile
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools.protoc import main

from gateway.api import Api

POOL = descriptor_pool.Default()
for _name in (
    "archwire.common.v1.money_pb2",
    "archwire.common.v1.options_pb2",
    "buf.validate.validate_pb2",
    "google.protobuf.struct_pb2",
    "google.protobuf.timestamp_pb2",
):
    import_module(_name)  # the pool must know what the example imports


def _compile() -> descriptor_pb2.FileDescriptorSet:
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        known = files("archwire").joinpath("descriptors.binpb")
        out = f"{folder}/example.binpb"
        status = main(
            [
                "protoc",
                f"-I{here}",
                f"-I{files('grpc_tools').joinpath('_proto')}",
                f"--descriptor_set_in={known}",
                "--include_source_info",
                f"--descriptor_set_out={out}",
                str(here / "example.proto"),
            ]
        )
        assert status == 0
        return descriptor_pb2.FileDescriptorSet.FromString(Path(out).read_bytes())


FILES = _compile()
for _file in FILES.file:
    POOL.AddSerializedFile(_file.SerializeToString())

SERVICE = POOL.FindServiceByName("archwire.example.v1.ExampleService")


def message(name: str) -> Any:
    """The class of a message of the example."""
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"archwire.example.v1.{name}"))


def example_api() -> Api:
    """The example's public methods."""
    api = Api("example", (SERVICE,))
    api.expose("POST /v1/visits", "BookVisit", status=201)
    api.expose("GET /v1/visits", "ListVisits")
    api.expose("GET /v1/visits/{visit_id}", "GetVisit")
    api.expose("PATCH /v1/visits/{visit_id}", "UpdateVisit")
    api.expose("DELETE /v1/visits/{visit_id}", "DeleteVisit", status=204)
    api.expose("GET /v1/visits/{visit_id}/photo", "GetVisitPhoto", download=True)
    return api
