"""Generates the Python modules of the protos: the hatch build hook, and `make proto`.

The output, `proto/gen/archwire/…`, is git-ignored and imported as `archwire.…`. Beside the modules stands
`archwire/descriptors.binpb`: every file with its comments, from which OpenAPI and the lint image come.
`buf/validate/validate.proto` is not a file on PyPI, so its descriptor is taken out of the protovalidate wheel.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `make proto` runs without hatchling
    BuildHookInterface = object  # type: ignore[misc,assignment]

ROOT = Path(__file__).resolve().parent
OUT = ROOT / "gen"


def validate_descriptors() -> bytes:
    """The descriptor set of buf/validate/validate.proto and what it imports."""
    from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
    from protovalidate._gen.buf.validate import validate_pb

    files = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
        module.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.append(descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary()))
    return files.SerializeToString()


def protoc(*arguments: str, root: Path = ROOT) -> None:
    """Runs protoc on every file under `root`/archwire with the given outputs; exits with its message on error."""
    import grpc_tools
    from grpc_tools.protoc import main

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    protos = sorted(str(p.relative_to(root)) for p in root.glob("archwire/*/v1/*.proto"))
    with tempfile.NamedTemporaryFile(suffix=".binpb") as set_in:
        set_in.write(validate_descriptors())
        set_in.flush()
        status = main(
            [
                "protoc",
                f"-I{root}",
                f"-I{well_known}",
                f"--descriptor_set_in={set_in.name}",
                *arguments,
                "buf/validate/validate.proto",
                *protos,
            ]
        )
    if status:
        raise SystemExit(f"protoc failed with status {status}")


def generate(out: Path = OUT) -> None:
    """Writes the modules, their type stubs and the descriptor set with comments, then puts them in place of `out`."""
    made = Path(tempfile.mkdtemp(prefix="gen-", dir=out.parent))
    try:
        protoc(f"--python_out={made}", f"--grpc_python_out={made}", f"--pyi_out={made}")
        protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={made}/archwire/descriptors.binpb")
        for folder in {p.parent for p in made.rglob("*_pb2.py")}:
            while folder != made:
                (folder / "__init__.py").touch()
                folder = folder.parent
        made.chmod(0o755)
        if out.exists():
            out.rename(made.with_suffix(".old"))
        made.rename(out)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(made.with_suffix(".old"), ignore_errors=True)


class GenerateHook(BuildHookInterface):  # type: ignore[valid-type,misc]
    """Called by hatchling before it builds a wheel or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        generate()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    generate()
