"""Untrusted files: what is taken, what is refused, and what does not survive."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.records.media import files, renditions
from shared.demo import pictures

SAMPLES = Path(__file__).parent / "samples"
SCAN = Path(files.__file__).parents[3] / "shared/demo/files/meshio-bun_zipper_res4.ply"


def check(content: bytes, *accepted: str, unit: str = "") -> files.Checked:
    return files.check(content, accepted=accepted, mesh_unit=unit)


@pytest.mark.R(7)
@pytest.mark.parametrize("view", pictures.VIEWS)
def test_a_photograph_loses_its_metadata(view: str) -> None:
    original = pictures.draw(view)
    assert b"SAM DOE" in original
    kept = check(original, "jpeg")
    assert b"SAM DOE" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert not picture.getexif()
        assert picture.size == (kept.width, kept.height) == pictures.SIZE


def test_a_photograph_is_turned_upright() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=exif)
    assert (check(out.getvalue(), "jpeg").width, check(out.getvalue(), "jpeg").height) == (20, 40)


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"\xff\xd8\xff\xe0 cut"]
)
def test_what_is_not_a_jpeg_is_refused(content: bytes) -> None:
    with pytest.raises(files.BadFile) as error:
        check(content, "jpeg")
    assert error.value.reason == "NOT_A_JPEG"


@pytest.mark.T("T32")
def test_a_picture_that_declares_too_many_pixels_is_refused_unread() -> None:
    bomb = bytearray(pictures.draw("face_profile"))
    frame = bomb.index(b"\xff\xc0")
    bomb[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(files.BadFile) as error:
        check(bytes(bomb), "jpeg")
    assert error.value.reason == "IMAGE_TOO_LARGE"


@pytest.mark.R(7)
@pytest.mark.parametrize(
    "name",
    [
        "pydicom-CT_small.dcm",
        "pydicom-MR_small.dcm",
        "pydicom-SC_rgb_jpeg_dcmtk.dcm",
        "pydicom-examples_rgb_color.dcm",
        "pydicom-chrGerm.dcm",
    ],
)
def test_real_dicom_is_taken_with_its_preamble_cleared(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    kept = check(content, "dicom")
    assert kept.width > 0
    assert kept.content[:128] == b"\0" * 128
    assert kept.content[128:] == content[128:]


def test_dicom_without_a_picture_is_refused() -> None:
    dataset = pydicom.dcmread(SAMPLES / "pydicom-MR_small.dcm")
    del dataset.PixelData
    out = io.BytesIO()
    dataset.save_as(out)
    with pytest.raises(files.BadFile) as error:
        check(out.getvalue(), "dicom")
    assert error.value.reason == "TRUNCATED_DICOM"


@pytest.mark.R(7)
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("pydicom-CT_small.dcm", ["thumbnail", "screen", "frame"]),
        ("pydicom-examples_rgb_color.dcm", ["thumbnail", "screen"]),
        ("pydicom-chrGerm.dcm", ["thumbnail", "screen", "frame"]),
    ],
)
def test_a_film_is_rendered_as_far_as_it_can_be_read(name: str, sizes: list[str]) -> None:
    made, frame = renditions.make(check((SAMPLES / name).read_bytes(), "dicom"))
    assert list(made) == sizes
    assert (frame is not None) == ("frame" in sizes)


def test_a_film_without_a_proposed_window_shows_nearly_all_of_its_values() -> None:
    _, frame = renditions.make(check((SAMPLES / "pydicom-CT_small.dcm").read_bytes(), "dicom"))
    assert frame is not None
    values = pydicom.dcmread(SAMPLES / "pydicom-CT_small.dcm").pixel_array - 1024.0
    low, high = (frame["window_center"] + side * frame["window_width"] / 2 for side in (-1, 1))
    assert 0.97 < ((values >= low) & (values <= high)).mean() < 0.99


@pytest.mark.R(7)
def test_a_scan_is_seen_from_its_flattest_side() -> None:
    made, _ = renditions.make(check(SCAN.read_bytes(), "stl", "ply", unit="metre"))
    with Image.open(io.BytesIO(made["screen"].content)) as picture:
        grey = picture.convert("L")
        lit = sum(grey.histogram()[40:]) / (grey.width * grey.height)
    assert 0.2 < lit < 0.8  # a whole body before a dark ground, without holes


@pytest.mark.T("T32")
@pytest.mark.parametrize("program", [b"MZ", b"\x7fELF", b"#!"])
def test_a_program_in_the_preamble_is_refused(program: bytes) -> None:
    content = (SAMPLES / "pydicom-CT_small.dcm").read_bytes()
    with pytest.raises(files.BadFile):
        check(program + content[len(program) :], "dicom")


@given(cut=st.integers(132, 39_060))  # what follows is padding behind the picture
def test_truncated_dicom_is_refused_never_a_crash(cut: int) -> None:
    content = (SAMPLES / "pydicom-CT_small.dcm").read_bytes()
    with pytest.raises(files.BadFile) as error:
        check(content[:cut], "dicom")
    assert error.value.reason in ("TRUNCATED_DICOM", "BAD_DICOM")


@pytest.mark.R(7)
def test_a_scan_is_taken_in_its_unit() -> None:
    content = SCAN.read_bytes()
    assert check(content, "stl", "ply", unit="metre").triangle_count == 948
    with pytest.raises(files.BadFile) as error:
        check(content, "stl", "ply")
    assert error.value.reason == "UNIT_ERROR"


@pytest.mark.T("T32")
def test_an_stl_that_lies_about_its_triangles_is_refused() -> None:
    with pytest.raises(files.BadFile) as error:
        check(b"\0" * 80 + struct.pack("<I", 2**32 - 1), "stl", "ply")
    assert error.value.reason == "BAD_MESH"


@given(st.binary(max_size=400))
def test_noise_is_refused_never_a_crash(noise: bytes) -> None:
    for head in (b"", b"ply\n", b"\xff\xd8\xff", b"\0" * 128 + b"DICM", b"solid x\n"):
        with pytest.raises(files.BadFile):
            check(head + noise, "jpeg", "dicom", "stl", "ply")
