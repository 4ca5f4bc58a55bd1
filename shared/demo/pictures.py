"""The eight synthetic photographs of the story: drawn, labelled as such, with EXIF and GPS that must not survive."""

from __future__ import annotations

import io
import math

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
SKIN, GUM, TOOTH, LINE = (224, 190, 165), (196, 106, 108), (245, 240, 228), (90, 60, 50)
GPS = 0x8825


def draw(view: str) -> bytes:
    """A JPEG of one view, with camera data and a place in its EXIF."""
    picture = Image.new("RGB", SIZE, (232, 236, 240))
    pen = ImageDraw.Draw(picture)
    if view.startswith("face"):
        _face(pen, profile=view == "face_profile", smile=view == "face_frontal_smile")
    elif view in ("intraoral_upper", "intraoral_lower"):
        _arch(pen, upper=view == "intraoral_upper")
    else:
        _teeth(pen, shift={"intraoral_right": -70, "intraoral_left": 70}.get(view, 0))
    pen.rectangle((0, 660, 960, 720), fill=(30, 41, 59))
    pen.text((24, 676), f"SYNTHETIC - drawn for the demo, no real person - {view}", fill="white", font_size=24)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x9286] = (
        "Archwire demo",
        "Drawn camera",
        "SAM DOE",
    )  # make, model, a name in a comment
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (42.0, 21.0, 0.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


def _face(pen: ImageDraw.ImageDraw, *, profile: bool, smile: bool) -> None:
    pen.ellipse((300, 60, 660, 640), fill=SKIN, outline=LINE, width=4)
    if profile:
        pen.polygon([(640, 300), (708, 372), (640, 392)], fill=SKIN, outline=LINE)
        pen.ellipse((540, 260, 580, 284), fill="white", outline=LINE)
        pen.line((600, 480, 656, 476), fill=GUM, width=10)
        return
    for x in (400, 520):
        pen.ellipse((x, 260, x + 50, 288), fill="white", outline=LINE, width=3)
        pen.ellipse((x + 17, 264, x + 35, 284), fill=(70, 90, 110))
    pen.line((480, 300, 468, 392, 496, 396), fill=LINE, width=4)
    if smile:
        pen.chord((396, 430, 564, 540), 0, 180, fill=TOOTH, outline=GUM, width=8)
        for x in range(416, 560, 24):
            pen.line((x, 486, x, 520), fill=(210, 204, 190), width=2)
    else:
        pen.line((412, 480, 548, 480), fill=GUM, width=12)


def _teeth(pen: ImageDraw.ImageDraw, *, shift: int) -> None:
    pen.rectangle((60, 90, 900, 630), fill=GUM)
    for row, top in ((0, 220), (1, 370)):
        for index in range(9):
            width = 84 - abs(index - 4 + shift // 30) * 6
            left = 90 + index * 88 + (44 - width // 2)
            pen.rounded_rectangle(
                (left, top + row * 6, left + width, top + 138), 20, fill=TOOTH, outline=(200, 190, 170), width=3
            )


def _arch(pen: ImageDraw.ImageDraw, *, upper: bool) -> None:
    pen.rectangle((60, 60, 900, 640), fill=GUM)
    for index in range(14):
        angle = math.pi * (index + 0.5) / 14
        x, y = 480 + 300 * math.cos(angle), 240 + 320 * math.sin(angle)
        y = y if upper else 680 - y
        size = 30 + abs(index - 6.5) * 3
        pen.ellipse((x - size, y - size, x + size, y + size), fill=TOOTH, outline=(200, 190, 170), width=3)
