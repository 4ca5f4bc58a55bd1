"""The smaller sizes of an image, made once when it is added: plain functions on a file that was checked.

Whoever looks at twenty photographs of one patient should not load eighty megabytes. What cannot be made (a film
compressed in a way that nothing here reads) is left out: the file itself is kept all the same.
"""

from __future__ import annotations

import gzip
import io
import warnings
from dataclasses import dataclass
from typing import Any

from services.records.media.files import Checked

SIDES = {"thumbnail": 320, "screen": 1600}  # pixels
WEBP = {"quality": 82, "method": 2}
LIGHT = (-0.35, 0.5, 0.79)  # from above, a little from the left, as a chair lamp
MOST_POINTS = 12_000_000  # of a scan's picture: about two seconds
BRIGHTEST = 235  # a scan has no colour of its own: enamel is not paper-white


@dataclass(frozen=True)
class Rendition:
    """One size, as it will be kept."""

    content_type: str
    content: bytes


def make(checked: Checked) -> tuple[dict[str, Rendition], dict[str, Any] | None]:
    """The sizes of an image by name, and what shows the measured pixels of a film (the API's Frame), else None."""
    if checked.format == "jpeg":
        from PIL import Image as Picture

        with Picture.open(io.BytesIO(checked.content), formats=["JPEG"]) as picture:
            picture.draft("RGB", (SIDES["screen"], SIDES["screen"]))  # decodes at a half, a quarter …: much faster
            return _sizes(picture.convert("RGB")), None
    if checked.format == "dicom":
        return _film(checked.content)
    return _sizes(_scan(checked.content, checked.format)), None


def _sizes(picture: Any) -> dict[str, Rendition]:
    found = {}
    for size, side in SIDES.items():
        copy = picture.copy()
        copy.thumbnail((side, side))
        out = io.BytesIO()
        copy.save(out, "WEBP", **WEBP)
        found[size] = Rendition("image/webp", out.getvalue())
    return found


def _film(content: bytes) -> tuple[dict[str, Rendition], dict[str, Any] | None]:
    import numpy as np
    import pydicom
    from PIL import Image as Picture

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(content))
            pixels = dataset.pixel_array
    except Exception:  # whatever a decoder of a hostile or unknown compression raises means the same
        return {}, None
    if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
        pixels = pixels[0]
    if pixels.ndim == 3:
        return _sizes(Picture.fromarray(pixels.astype(np.uint8)).convert("RGB")), None
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    intercept = float(dataset.get("RescaleIntercept", 0) or 0)
    center, width = _window(dataset, pixels * slope + intercept)
    frame = {
        "width": int(pixels.shape[1]),
        "height": int(pixels.shape[0]),
        "signed": bool(pixels.dtype.kind == "i"),
        "slope": slope,
        "intercept": intercept,
        "window_center": center,
        "window_width": width,
        "inverted": dataset.get("PhotometricInterpretation", "") == "MONOCHROME1",
    }
    grey = np.clip((pixels * slope + intercept - (center - width / 2)) / width, 0, 1) * 255
    shown = Picture.fromarray((255 - grey if frame["inverted"] else grey).astype(np.uint8))
    measured = pixels.astype("<i2" if frame["signed"] else "<u2").tobytes()
    made = _sizes(shown) | {"frame": Rendition("application/gzip", gzip.compress(measured, 4, mtime=0))}
    return made, frame


def _window(dataset: Any, values: Any) -> tuple[float, float]:
    """The first window that the sensor proposes, else what shows all but the darkest and brightest hundredth."""
    import numpy as np

    def first(name: str) -> float | None:
        told = dataset.get(name)
        told = told[0] if isinstance(told, (list, tuple)) or hasattr(told, "append") else told
        return None if told is None else float(told)

    center, width = first("WindowCenter"), first("WindowWidth")
    if center is not None and width is not None and width >= 1:
        return center, width
    low, high = np.percentile(values, (1, 99))
    return float(low + high) / 2, float(max(high - low, 1))


def _scan(content: bytes, kind: str) -> Any:
    """A scan as seen along its shortest extent, which for an arch is from above, shaded by one light."""
    import numpy as np
    import trimesh
    from PIL import Image as Picture

    mesh = trimesh.load_mesh(io.BytesIO(content), file_type=kind, process=False)
    points = np.asarray(mesh.vertices, dtype=float)
    points = points - points.mean(axis=0)
    axes = np.linalg.eigh(np.cov(points.T))[1][:, ::-1]  # the longest first
    if np.linalg.det(axes) < 0:
        axes[:, 0] = -axes[:, 0]
    corners = (points @ axes)[np.asarray(mesh.faces)]  # faces x 3 corners x 3 coordinates
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    shade = 40 + (BRIGHTEST - 40) * np.clip(np.abs(normals @ np.asarray(LIGHT)), 0, 1)
    side = 800
    low, high = corners.reshape(-1, 3).min(axis=0), corners.reshape(-1, 3).max(axis=0)
    scale = (side - 40) / float(max(high[0] - low[0], high[1] - low[1]))
    picture = np.full((side, side), 18, np.uint8)
    depth = np.full((side, side), -np.inf)
    flat = (corners[:, :, :2] - (low[:2] + high[:2]) / 2) * scale + side / 2
    steps = _steps(flat)
    for a in range(steps + 1):  # points all over each triangle, close enough to leave no hole; nearer ones win
        for b in range(steps + 1 - a):
            weights = np.array([a, b, steps - a - b]) / steps
            at = np.einsum("fcd,c->fd", flat, weights).astype(int)
            near = np.einsum("fc,c->f", corners[:, :, 2], weights)
            order = np.argsort(near)
            x, y, z, grey = at[order, 0], side - 1 - at[order, 1], near[order], shade[order]
            wins = z >= depth[y, x]
            picture[y[wins], x[wins]] = grey[wins]
            depth[y[wins], x[wins]] = z[wins]
    return Picture.fromarray(picture)


def _steps(flat: Any) -> int:
    """How finely triangles are sampled: so that the points of nearly every one are less than a pixel apart."""
    import numpy as np

    longest = np.linalg.norm(flat - np.roll(flat, 1, axis=1), axis=2).max(axis=1)
    wanted = np.ceil(1.5 * np.percentile(longest, 99.5))
    return int(max(1, min(wanted, (2 * MOST_POINTS / len(flat)) ** 0.5)))
