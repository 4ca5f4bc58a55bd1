"""Lints the protos and compares them with an earlier version, offline: `make lint`, `make proto-breaking`.

buf reads descriptor images that our own protoc wrote. Files which are not ours are marked as imports in the image, as
buf's own compiler would mark them, so that neither Google's nor buf's style is our concern.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2

sys.path.insert(0, str(Path(__file__).resolve().parent))
from generate import ROOT, protoc

# buf.alpha.image.v1.ImageFile.buf_extension (8042) { is_import (1): true }, for files that are not ours.
IS_IMPORT = bytes([0xD2, 0xF6, 0x03, 0x02, 0x08, 0x01])


def image(root: Path, out: Path) -> Path:
    """Writes the image of the protos below `root` and returns its path."""
    protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={out}", root=root)
    files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    for file in files.file:
        if not file.name.startswith("archwire/"):
            file.MergeFromString(IS_IMPORT)
    out.write_bytes(files.SerializeToString())
    return out


def earlier(ref: str, folder: Path) -> Path:
    """Unpacks the protos of a git revision into `folder` and returns their root."""
    subprocess.run(["tar", "-x", "-C", str(folder)], input=_git("archive", ref, "proto").stdout, check=True)
    return folder / "proto"


def base() -> str | None:
    """The git revision to compare with: PROTO_BASE, the newest release, or the last commit; None when there is none."""
    if given := os.environ.get("PROTO_BASE"):
        return given
    released = _git("describe", "--tags", "--abbrev=0", "--match", "v*")
    ref = released.stdout.decode().strip() if released.returncode == 0 else "HEAD~1"
    return ref if _git("ls-tree", ref, "proto/archwire/").stdout else None


def buf(*arguments: str) -> int:
    program = Path(sys.executable).parent / "buf"
    return subprocess.run([str(program), *arguments], check=False).returncode


def lint(root: Path = ROOT) -> int:
    """Style and comments of every file. Returns buf's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        return buf("lint", str(image(root, Path(folder) / "image.binpb")), "--config", str(ROOT / "buf.yaml"))


def breaking(root: Path = ROOT, against: Path | None = None) -> int:
    """Whether callers of the earlier version still work. Returns buf's exit status, 0 when there is nothing earlier."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if against is None:
            ref = base()
            if ref is None:
                print("there is no earlier version of the protos to compare with")
                return 0
            print(f"comparing the protos with {ref}")
            against = earlier(ref, folder)
        before, now = image(against, folder / "before.binpb"), image(root, folder / "now.binpb")
        config = str(ROOT / "buf.yaml")
        return buf("breaking", str(now), "--against", str(before), "--config", config, "--exclude-imports")


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT.parent), *arguments], capture_output=True, check=False)


if __name__ == "__main__":
    raise SystemExit({"lint": lint, "breaking": breaking}[sys.argv[1]]())
