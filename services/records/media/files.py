"""Checks of photographs (JPEG), films (DICOM) and scans (STL, PLY): plain functions on bytes.

Sizes are checked before anything is parsed. The libraries are imported where they are used: together they would add
most of a second to every start.
"""

from __future__ import annotations

import io
import logging
import struct
import warnings
from dataclasses import dataclass

LARGEST_SIDE = 12_000  # pixels
LARGEST_PIXELS = 80_000_000
SMALLEST_MM, LARGEST_MM = 20.0, 200.0  # an arch; outside of it the unit is wrong
MILLIMETRES = {"": 1.0, "millimetre": 1.0, "metre": 1000.0, "inch": 25.4}
UNCOMPRESSED = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
JPEG_QUALITY = 92


class BadFile(ValueError):
    """A file that is not taken; `reason` is a stable code, the message says what is wrong without any content."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Checked:
    """A file as it will be kept."""

    format: str
    content: bytes
    width: int = 0
    height: int = 0
    triangle_count: int = 0
    modality: str = ""


def check(content: bytes, *, accepted: tuple[str, ...], mesh_unit: str = "") -> Checked:
    """Recognises a file by its content and checks it. Raises BadFile."""
    kind = recognise(content)
    if kind not in accepted:
        wanted = " or ".join(name.upper() for name in accepted)
        reason = "NOT_A_JPEG" if accepted == ("jpeg",) else "WRONG_FORMAT"
        raise BadFile(reason, f"this view takes {wanted}")
    if kind == "jpeg":
        return photograph(content)
    if kind == "dicom":
        return film(content)
    return scan(content, kind, MILLIMETRES[mesh_unit])


def recognise(content: bytes) -> str:
    """jpeg, dicom, stl, ply, or "" for anything else."""
    if content[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if content[128:132] == b"DICM":
        return "dicom"
    if content[:4] in (b"ply\n", b"ply\r"):
        return "ply"
    if len(content) >= 84 and len(content) == 84 + 50 * struct.unpack("<I", content[80:84])[0]:
        return "stl"
    # An STL whose header promises other than what follows is a broken or hostile STL, not something else.
    return (
        "stl"
        if content[:5] == b"solid" or (len(content) >= 84 and content[:80].isascii() and content[:2] != b"MZ")
        else ""
    )


def photograph(content: bytes) -> Checked:
    """A JPEG, turned upright and encoded anew: EXIF, GPS, comments and thumbnails do not survive."""
    from PIL import Image as Picture
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with Picture.open(io.BytesIO(content), formats=["JPEG"]) as picture:
            width, height = picture.size
            if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
                raise BadFile("IMAGE_TOO_LARGE", f"a photograph has at most {LARGEST_SIDE} pixels a side")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except BadFile:
        raise
    except Picture.DecompressionBombError as error:
        raise BadFile("IMAGE_TOO_LARGE", f"a photograph has at most {LARGEST_SIDE} pixels a side") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error) as error:
        raise BadFile("NOT_A_JPEG", "the file is not a whole JPEG") from error
    clean = io.BytesIO()
    # A new picture has no metadata to carry over; the profile is sRGB by convention.
    Picture.frombytes("RGB", upright.size, upright.tobytes()).save(clean, "JPEG", quality=JPEG_QUALITY)
    return Checked("jpeg", clean.getvalue(), width=upright.width, height=upright.height)


def film(content: bytes) -> Checked:
    """A DICOM object, kept as received but for its preamble, in which a program could hide (CVE-2019-11687)."""
    import pydicom

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote values of the object
    if content[:2] in (b"MZ", b"#!") or content[:4] == b"\x7fELF":
        raise BadFile("BAD_DICOM", "the preamble holds a program")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(content), defer_size=1024)
            rows, columns = int(dataset.get("Rows", 0)), int(dataset.get("Columns", 0))
            frames, samples = int(dataset.get("NumberOfFrames", 1) or 1), int(dataset.get("SamplesPerPixel", 1) or 1)
            depth = int(dataset.get("BitsAllocated", 8) or 8) // 8
            modality = str(dataset.get("Modality", ""))[:16]
            syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
            pixels = len(dataset.PixelData) if "PixelData" in dataset else -1
    except Exception as error:  # a parser of hostile input: whatever it raises means the same
        raise BadFile("BAD_DICOM", "the file is not a whole DICOM object") from error
    if not rows or not columns or pixels < 0:
        raise BadFile("TRUNCATED_DICOM" if rows and columns else "BAD_DICOM", "the object holds no picture")
    if max(rows, columns) > LARGEST_SIDE or rows * columns * frames > LARGEST_PIXELS:
        raise BadFile("IMAGE_TOO_LARGE", f"a film has at most {LARGEST_SIDE} pixels a side")
    if syntax in UNCOMPRESSED and pixels < rows * columns * frames * samples * depth:
        raise BadFile("TRUNCATED_DICOM", "the picture is shorter than its header says")
    return Checked("dicom", b"\0" * 128 + content[128:], width=columns, height=rows, modality=modality)


def scan(content: bytes, kind: str, millimetres: float) -> Checked:
    """An STL or PLY mesh. It need not be watertight: an intraoral scan never is."""
    import numpy as np
    import trimesh

    if kind == "stl" and len(content) != 84 + 50 * struct.unpack("<I", content[80:84].ljust(4, b"\0"))[0]:
        raise BadFile("BAD_MESH", "the STL holds another number of triangles than its header says")
    try:
        mesh = trimesh.load_mesh(io.BytesIO(content), file_type=kind, process=False)
        vertices, faces = np.asarray(mesh.vertices, dtype=float), np.asarray(mesh.faces)
    except Exception as error:  # a parser of hostile input: whatever it raises means the same
        raise BadFile("BAD_MESH", f"the file is not a whole {kind.upper()} mesh") from error
    if not len(faces) or not np.isfinite(vertices).all():
        raise BadFile("BAD_MESH", "the mesh has no triangles, or coordinates that are no numbers")
    longest = float(np.ptp(vertices, axis=0).max()) * millimetres
    if not SMALLEST_MM <= longest <= LARGEST_MM:
        raise BadFile("UNIT_ERROR", f"an arch measures {SMALLEST_MM:g} to {LARGEST_MM:g} mm: say the unit of the file")
    return Checked(kind, content, triangle_count=len(faces))
