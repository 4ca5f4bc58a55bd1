"""Synthetic photographs of a treatment, drawn and labelled as such, with EXIF and GPS that must not survive."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

VIEWS = (
    "face_frontal_relaxed",
    "face_frontal_smile",
    "face_profile",
    "intraoral_frontal",
    "intraoral_right",
    "intraoral_left",
    "intraoral_upper",
    "intraoral_lower",
)
SIZE = (960, 720)
FINE = 2  # drawn twice as large, so that edges are smooth
GUM, GUM_DARK, MOUTH, PALATE = (214, 122, 124), (176, 84, 90), (108, 42, 50), (203, 118, 118)
TOOTH, TOOTH_EDGE, SHINE = (244, 239, 226), (196, 184, 160), (253, 251, 245)
BRACKET, BRACKET_EDGE, WIRE = (158, 170, 186), (92, 104, 122), (112, 124, 142)
GPS = 0x8825


@dataclass(frozen=True)
class Look:
    """How a drawn person looks."""

    skin: tuple[int, int, int]
    shade: tuple[int, int, int]
    hair: tuple[int, int, int]
    shirt: tuple[int, int, int]
    long_hair: bool


LOOKS = (
    Look((236, 202, 176), (214, 172, 144), (92, 62, 40), (78, 110, 150), True),
    Look((168, 118, 86), (140, 94, 66), (34, 26, 24), (120, 140, 108), False),
)


@dataclass(frozen=True)
class Teeth:
    """Where a treatment stands: crowding 1 as it was found, 0 straight; whether brackets are on."""

    crowding: float = 1.0
    braces: bool = False


def draw(view: str, look: int = 0, teeth: Teeth = Teeth()) -> bytes:
    """A JPEG of one view, with camera data and a place in its EXIF."""
    width, height = SIZE
    ground = (222, 228, 236) if view.startswith("face") else GUM
    picture = Image.new("RGB", (width * FINE, height * FINE), ground)
    pen = _Pen(picture)
    if view == "face_profile":
        _profile(pen, LOOKS[look])
    elif view.startswith("face"):
        _face(pen, LOOKS[look], teeth, smile=view == "face_frontal_smile")
    elif view in ("intraoral_upper", "intraoral_lower"):
        _arch(pen, teeth, upper=view == "intraoral_upper")
    else:
        _bite(pen, teeth, side={"intraoral_right": -1, "intraoral_left": 1}.get(view, 0))
    picture = picture.reduce(FINE)
    label = ImageDraw.Draw(picture)
    label.rectangle((0, 676, 960, 720), fill=(24, 32, 48))
    label.text((24, 685), f"SYNTHETIC - drawn for the demo, no real person - {view}", fill="white", font_size=22)
    exif = Image.Exif()
    # Make, model, a name in a comment.
    exif[0x010F], exif[0x0110], exif[0x9286] = "Archwire demo", "Drawn camera", "SAM DOE"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (42.0, 21.0, 0.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


Points = Sequence[tuple[float, float]]


class _Pen:
    """Draws in the units of the finished picture."""

    def __init__(self, picture: Image.Image) -> None:
        self._draw = ImageDraw.Draw(picture)

    def shape(self, points: Points, fill: object, edge: object = None, width: float = 2) -> None:
        scaled = [(x * FINE, y * FINE) for x, y in points]
        self._draw.polygon(scaled, fill=fill)  # type: ignore[arg-type]
        if edge:
            self._draw.line([*scaled, scaled[0]], fill=edge, width=int(width * FINE), joint="curve")  # type: ignore[arg-type]

    def oval(self, x: float, y: float, rx: float, ry: float, fill: object, edge: object = None) -> None:
        self.shape([(x + rx * math.cos(a), y + ry * math.sin(a)) for a in _turn(72)], fill, edge)

    def line(self, points: Points, fill: object, width: float) -> None:
        scaled = [(x * FINE, y * FINE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=int(width * FINE), joint="curve")  # type: ignore[arg-type]


def _turn(steps: int) -> list[float]:
    return [2 * math.pi * i / steps for i in range(steps)]


def _rounded(
    x: float, y: float, width: float, height: float, angle: float = 0, power: float = 0.45
) -> list[tuple[float, float]]:
    """The outline of a tooth: between an ellipse and a rectangle, turned by an angle in degrees."""
    turn = math.radians(angle)
    points = []
    for a in _turn(48):
        px = width / 2 * math.copysign(abs(math.cos(a)) ** power, math.cos(a))
        py = height / 2 * math.copysign(abs(math.sin(a)) ** power, math.sin(a))
        points.append((x + px * math.cos(turn) - py * math.sin(turn), y + px * math.sin(turn) + py * math.cos(turn)))
    return points


def _tooth(pen: _Pen, x: float, y: float, width: float, height: float, angle: float) -> None:
    pen.shape(_rounded(x, y, width, height, angle), TOOTH, TOOTH_EDGE, 1.6)
    pen.shape(_rounded(x - width * 0.16, y - height * 0.08, width * 0.2, height * 0.5, angle, 0.8), SHINE)


def _askew(index: int, salt: int = 0) -> float:
    """How far a tooth is out of line, -1 to 1; always the same for the same tooth."""
    return math.sin(index * 12.9898 + salt * 78.233) * 0.9


# Widths of the teeth from the middle outwards, in shares of the largest.
_UPPER = (1.0, 0.78, 0.86, 0.8, 0.78, 0.74)
_LOWER = (0.62, 0.66, 0.76, 0.8, 0.78, 0.82)


def _bite(pen: _Pen, teeth: Teeth, *, side: int) -> None:
    """The teeth from the front, or from a side: then the view has moved along the arch."""
    pen.shape(_rounded(480, 340, 1240, 860, 0, 0.8), GUM_DARK)
    pen.shape(_rounded(480, 345, 1050, 560, 0, 0.7), GUM)
    pen.shape(_rounded(480, 348, 960, 250, 0, 0.75), MOUTH)
    for upper in (False, True):
        shares = _UPPER if upper else _LOWER
        row: list[tuple[float, float, float, float, float]] = []
        for hand in (-1, 1):
            x = 480.0 + side * 215
            for index, share in enumerate(shares):
                away = abs(x + hand * 45 - 480) / 480
                near = max(0.42, 1.02 - 0.55 * away**1.7)  # the arch turns away from the camera
                width, height = 108 * share * near, (190 if upper else 150) * (0.72 + 0.28 * near)
                off = teeth.crowding * _askew(index + (hand > 0) * 7, int(upper))
                middle = x + hand * width * 0.5
                y = (262 if upper else 428) + off * (26 if upper else 20)
                row.append((middle - hand * off * 9, y, width * (1 + 0.1 * teeth.crowding), height, off * 15))
                x += hand * width * (1 - 0.1 * teeth.crowding)
        for x, y, width, height, angle in sorted(row, key=lambda tooth: -abs(tooth[0] - 480)):
            _tooth(pen, x, y, width, height, angle)
        if teeth.braces:
            row.sort()
            pen.line([(x, y + (6 if upper else -4)) for x, y, *_ in row], WIRE, 5)
            for x, y, width, _, angle in row:
                pen.shape(_rounded(x, y + (6 if upper else -4), min(34, width * 0.5), 30, angle, 0.25), BRACKET, BRACKET_EDGE, 1.5)  # fmt: skip


def _arch(pen: _Pen, teeth: Teeth, *, upper: bool) -> None:
    """A dental arch from above, in the mirror."""
    flip = 1 if upper else -1
    middle = 338.0

    def at(share: float, inset: float = 0) -> tuple[float, float]:
        x = math.copysign(abs(math.sin(share * math.pi / 2)) ** 0.92, share) * (335 - inset)
        y = -(math.cos(share * math.pi / 2) ** 0.8) * (430 - inset) + 215
        return 480 + x, middle + flip * y

    outline = [at(i / 30, -70) for i in range(-30, 31)]
    pen.shape([(20, 0), (940, 0), (940, 720), (20, 720)], GUM_DARK)
    pen.shape(outline, GUM)
    pen.shape([at(i / 30, 44) for i in range(-30, 31)], PALATE if upper else (190, 96, 104))
    if upper:
        for ridge in range(3):
            y = middle + flip * (-105 + ridge * 40)
            pen.line([(395 - ridge * 8, y + flip * 10), (480, y), (565 + ridge * 8, y + flip * 10)], GUM_DARK, 3)
    else:
        pen.shape(_rounded(480, middle - 70, 330, 420, 0, 0.8), (196, 102, 108), GUM_DARK, 2)
        pen.line([(480, middle - 240), (480, middle + 90)], (170, 82, 92), 4)
    sizes = (74, 62, 66, 68, 68, 92, 96) if upper else (48, 52, 62, 68, 70, 96, 98)
    total = sum(sizes) + 20
    spots = []
    for hand in (-1, 1):
        passed = 0.0
        for index, size in enumerate(sizes):
            share = hand * (passed + size / 2) / total
            passed += size
            x, y = at(share)
            x2, y2 = at(share + 0.02)
            angle = math.degrees(math.atan2(y2 - y, x2 - x))
            off = teeth.crowding * _askew(index + (hand > 0) * 7, 3 + upper) * (1 if index < 4 else 0.25)
            deep = 54 if index < 3 else 74 if index < 5 else 98
            spots.append((share, x + off * 9, y + flip * off * 22, size * 1.05, deep, angle + off * 24, index))
    for _, x, y, wide, deep, angle, index in sorted(spots, key=lambda spot: -abs(spot[0])):
        pen.shape(_rounded(x, y, wide, deep, angle), TOOTH, TOOTH_EDGE, 1.6)
        if index >= 3:
            pen.shape(_rounded(x, y, wide * 0.46, deep * 0.4, angle, 0.7), (226, 216, 196))
            pen.line([(x - wide * 0.16, y), (x + wide * 0.16, y)], (176, 162, 136), 2)
        else:
            pen.shape(_rounded(x, y, wide * 0.6, deep * 0.22, angle, 0.8), SHINE)
    if teeth.braces:
        spots.sort()
        ring = [at(share, -24 if abs(share) < 0.6 else -30) for share, *_ in spots]
        pen.line(ring, WIRE, 5)
        for (x, y), (*_, angle, _) in zip(ring, spots, strict=True):
            pen.shape(_rounded(x, y, 30, 16, angle, 0.25), BRACKET, BRACKET_EDGE, 1.5)


def _shoulders(pen: _Pen, look: Look, x: float) -> None:
    pen.shape(_rounded(x, 790, 620, 330, 0, 0.7), look.shirt)
    pen.shape(_rounded(x, 590, 150, 220, 0, 0.5), look.shade)


def _face(pen: _Pen, look: Look, teeth: Teeth, *, smile: bool) -> None:
    if look.long_hair:
        pen.shape(_rounded(480, 380, 430, 640, 0, 0.7), look.hair)
    _shoulders(pen, look, 480)
    for x in (318.0, 642.0):
        pen.oval(x, 345, 26, 46, look.shade)
    pen.shape(_rounded(480, 335, 322, 490, 0, 0.86), look.skin)
    pen.shape([(320, 300), (332, 190), (390, 96), (480, 74), (572, 96), (630, 190), (642, 300), (610, 210), (540, 168), (420, 172), (350, 214)], look.hair)  # fmt: skip
    for x in (412.0, 548.0):
        pen.oval(x, 318, 33, 16, (252, 252, 250), look.shade)
        pen.oval(x, 318, 14, 15, (84, 104, 118))
        pen.oval(x, 318, 6, 7, (20, 22, 26))
        pen.line([(x - 40, 284), (x - 4, 272), (x + 38, 282)], look.hair, 8)
    pen.line([(480, 326), (463, 398), (480, 408), (500, 402)], look.shade, 6)
    if smile:
        mouth = [(480 + 92 * math.cos(a), 462 + 46 * math.sin(a) * (1 if math.sin(a) > 0 else 0.22)) for a in _turn(60)]
        pen.shape(mouth, MOUTH)
        row = []
        for hand in (-1, 1):
            x = 480.0
            for index, share in enumerate(_UPPER[:5]):
                width = 27 * share * (1 - index * 0.07)
                off = teeth.crowding * _askew(index + (hand > 0) * 7, 1)
                row.append((x + hand * width / 2, 471 - index * 2.6 + off * 4, width, 36 - index * 3.4, off * 14))
                x += hand * width * (1 - 0.08 * teeth.crowding)
        for x, y, width, height, angle in row:
            pen.shape(_rounded(x, y, width, height, angle), TOOTH, TOOTH_EDGE, 1)
        if teeth.braces:
            row.sort()
            pen.line([(x, y) for x, y, *_ in row], WIRE, 1.6)
            for x, y, *_ in row:
                pen.shape(_rounded(x, y, 9, 8, 0, 0.25), BRACKET)
        pen.line([*mouth, mouth[0]], (186, 96, 98), 7)
    else:
        pen.shape(_rounded(480, 466, 128, 20, 0, 0.9), (190, 104, 104))
        pen.shape(_rounded(480, 482, 112, 24, 0, 0.9), (202, 118, 116))
        pen.line([(416, 472), (450, 475), (480, 471), (510, 475), (544, 472)], (120, 58, 62), 3)


def _profile(pen: _Pen, look: Look) -> None:
    if look.long_hair:
        pen.shape(_rounded(400, 400, 330, 620, 4, 0.7), look.hair)
    _shoulders(pen, look, 420)
    face = [
        (440, 92), (540, 100), (600, 150), (622, 220), (620, 268), (632, 300), (668, 366), (672, 384), (640, 398),
        (640, 420), (656, 440), (650, 458), (640, 466), (650, 486), (640, 506), (628, 520), (636, 548), (624, 580),
        (590, 604), (530, 596), (480, 570), (430, 540), (350, 480), (300, 380), (300, 240), (350, 130),
    ]  # fmt: skip
    pen.shape(face, look.skin)
    pen.shape([(300, 390), (286, 240), (330, 120), (430, 66), (540, 74), (604, 140), (560, 150), (500, 160), (470, 230), (452, 300), (430, 330), (404, 420), (360, 470)], look.hair)  # fmt: skip
    pen.oval(438, 350, 26, 44, look.shade)
    pen.shape([(566, 300), (604, 290), (610, 312), (596, 326)], (252, 252, 250), look.shade)
    pen.oval(600, 309, 8, 13, (84, 104, 118))
    pen.line([(560, 268), (590, 256), (618, 264)], look.hair, 8)
    pen.line([(598, 466), (640, 464)], (150, 80, 82), 5)
    pen.shape([(640, 430), (656, 442), (648, 460), (612, 464)], (196, 110, 108))
    pen.shape([(640, 468), (651, 486), (638, 500), (614, 470)], (206, 122, 118))
