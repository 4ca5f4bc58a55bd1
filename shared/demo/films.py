"""Two synthetic radiographs as DICOM with 12-bit pixels: drawn like the photographs, and labelled as such."""

from __future__ import annotations

import io
import math

import numpy as np
import pydicom
from PIL import Image, ImageDraw, ImageFilter
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

SIZES = {"pano": (1440, 720), "ceph": (960, 1080)}
MODALITY = {"pano": "PX", "ceph": "DX"}


def draw(view: str, crowding: float = 1.0) -> bytes:
    """A panoramic or lateral cephalometric film, as its sensor would write it."""
    size = SIZES[view]
    picture = Image.new("L", size, 14)
    pen = ImageDraw.Draw(picture)
    if view == "pano":
        _pano(pen, crowding)
    else:
        _ceph(pen)
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(3.2)), dtype=float)
    grain = np.random.default_rng(7).normal(0, 2.2, soft.shape)
    pixels = np.clip((soft + grain) * 14.5 + 120, 0, 4095)
    label = Image.new("L", size, 0)
    words = f"SYNTHETIC - drawn for the demo, no real person - {view}"
    ImageDraw.Draw(label).text((20, size[1] - 36), words, fill=255, font_size=20)
    pixels = np.maximum(pixels, np.asarray(label, dtype=float) * 16).astype("<u2")
    return _dicom(view, pixels)


def _tooth(pen: ImageDraw.ImageDraw, x: float, y: float, width: float, up: int, angle: float, molar: bool) -> None:
    """A crown with its roots; `up` is -1 where the roots point up."""
    turn = math.radians(angle)

    def at(px: float, py: float) -> tuple[float, float]:
        return x + px * math.cos(turn) - py * math.sin(turn), y + px * math.sin(turn) + py * math.cos(turn)

    for root in (-0.24, 0.24) if molar else (0.0,):
        wide = width * (0.2 if molar else 0.3)
        pen.polygon(
            [at(width * root - wide, 0), at(width * root + wide, 0), at(width * root * 1.5, up * 128)], fill=150
        )
        pen.line([at(width * root, up * 4), at(width * root * 1.4, up * 108)], fill=112, width=5)
    crown = [
        at(width / 2 * math.cos(a), -up * 30 + 38 * math.sin(a)) for a in (2 * math.pi * i / 32 for i in range(32))
    ]
    pen.polygon(crown, fill=214)
    pen.polygon([at(-width * 0.2, -up * 18), at(width * 0.2, -up * 18), at(0, up * 12)], fill=150)


def _pano(pen: ImageDraw.ImageDraw, crowding: float) -> None:
    middle, across = 720, 560
    pen.ellipse((90, 40, 1350, 1020), fill=44)
    for hand in (-1, 1):  # the jaw and its joints
        pen.line(
            [(middle + hand * 600, 90), (middle + hand * 590, 330), (middle + hand * 520, 520)], fill=120, width=92
        )
        pen.ellipse((middle + hand * 600 - 46, 60, middle + hand * 600 + 46, 160), fill=138)
    pen.arc((middle - 590, -30, middle + 590, 650), 16, 164, fill=112, width=178)
    pen.arc((middle - 590, 20, middle + 590, 655), 18, 162, fill=168, width=16)
    pen.arc((middle - 500, -260, middle + 500, 330), 25, 155, fill=104, width=84)
    pen.ellipse((middle - 150, 30, middle - 20, 200), fill=24)  # the nose
    pen.ellipse((middle + 20, 30, middle + 150, 200), fill=24)
    widths = (46, 44, 46, 46, 46, 66, 68, 66)
    for up, base in ((-1, 330), (1, 420)):
        for hand in (-1, 1):
            x = 0.0
            for index, width in enumerate(widths):
                away = (x + width / 2) / across
                off = crowding * math.sin(index * 12.9898 + hand * 3 + up)
                y = base - 96 * away**2 + off * 12
                _tooth(pen, middle + hand * (x + width / 2), y, width, up, hand * away * 26 * up + off * 12, index > 4)
                x += width * (1 - 0.07 * crowding)


def _ceph(pen: ImageDraw.ImageDraw) -> None:
    """A skull from the side, facing right."""
    skin = [(640, 130), (735, 250), (752, 360), (826, 478), (800, 512), (806, 560), (820, 590), (796, 622), (806, 660),
            (788, 700), (780, 760), (730, 800), (620, 830), (560, 1010), (240, 1010), (220, 700), (150, 480), (170, 260),
            (300, 110), (480, 70)]  # fmt: skip
    pen.polygon(skin, fill=52)
    pen.ellipse((160, 80, 700, 620), fill=128)
    pen.ellipse((184, 104, 676, 596), fill=84)
    pen.polygon([(690, 300), (712, 400), (690, 470), (560, 470), (520, 380)], fill=96)
    pen.ellipse((560, 330, 690, 430), fill=58)  # the orbit
    pen.ellipse((330, 500, 380, 550), fill=34)
    pen.line([(420, 440), (560, 430), (690, 350)], fill=178, width=14)  # the base of the skull
    pen.polygon([(540, 540), (760, 540), (774, 580), (560, 596)], fill=150)  # the upper jaw
    pen.line([(420, 520), (436, 720), (520, 800)], fill=140, width=80)
    pen.polygon([(470, 740), (520, 830), (700, 850), (764, 800), (756, 700), (600, 720)], fill=150)
    for index in range(4):
        _tooth(pen, 590 + index * 46, 626 - index * 2, 44, -1, 0, index < 3)
        _tooth(pen, 584 + index * 46, 672 + index * 2, 44, 1, 0, index < 3)
    _tooth(pen, 768, 622, 30, -1, 24, False)
    _tooth(pen, 752, 668, 26, 1, -20, False)
    for spine in range(5):
        y = 640 + spine * 76
        pen.rounded_rectangle((300 - spine * 4, y, 410 - spine * 4, y + 56), 14, fill=132)


def _dicom(view: str, pixels: np.ndarray) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=["archwire", view, str(pixels.sum())])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.PatientName, film.PatientID, film.Modality = "SYNTHETIC^DEMO", "DEMO", MODALITY[view]
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    film.WindowCenter, film.WindowWidth = 2000, 4000
    film.PixelData = pixels.tobytes()
    out = io.BytesIO()
    film.save_as(out, enforce_file_format=True)
    return out.getvalue()
