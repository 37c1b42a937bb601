"""Other ways to look at a picture in which a code was not read, the cheap and fruitful first.

Chosen by measurement on 363 public pictures, out of some eighty ways. Ways chosen on one random
half read nearly as much of the other half as ways chosen there (152 codes against 158, 203 against
205), so it is not these very pictures that they fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.qr.decoders import zbar, zxing
from edge_agent.drivers.qr.sightings import Sighting

Picture = NDArray[np.uint8]

# zbar's time grows with the picture; a code it can read is readable at this size.
ZBAR_SIDE_MAX = 800
DOUBLED_SIDE_MAX = 1_600
CLOSE_UPS_MAX = 4
CLOSE_UP_SIDE_MAX = 900
CLOSE_UP_MARGIN = 0.3
CLOSE_UP_SIDE_MIN = 20


@dataclass(frozen=True, slots=True)
class Look:
    """A picture in grey, what was sighted in it so far and could not be read, and zbar."""

    grey: Picture
    unread: Sequence[Sighting]
    zbar: Any


Variant = Callable[[Look], list[Sighting]]


def _histogram(look: Look) -> list[Sighting]:
    return zxing(look.grey, histogram=True, once_over=True)


def _brightened(look: Look) -> list[Sighting]:
    return zxing(cast("Picture", cv2.LUT(look.grey, _gamma(0.4))))


def _darkened(look: Look) -> list[Sighting]:
    return zxing(cast("Picture", cv2.LUT(look.grey, _gamma(3.0))))


def _equalised(look: Look) -> list[Sighting]:
    return zxing(cast("Picture", cv2.createCLAHE(3.0, (8, 8)).apply(look.grey)))


def _doubled(look: Look) -> list[Sighting]:
    scale = min(2.0, max(1.0, 2 * DOUBLED_SIDE_MAX / max(look.grey.shape)))
    large = _sharp(_scaled(look.grey, scale, cv2.INTER_LINEAR), 13, 2.0)
    return [one.at(scale) for one in zxing(large, once_over=True)]


def _sharpened_zbar(look: Look) -> list[Sighting]:
    small, scale = _at_most(look.grey, ZBAR_SIDE_MAX)
    blurred = cv2.GaussianBlur(small, (0, 0), 2.0)
    sharp = cv2.addWeighted(small, 2.5, blurred, -1.5, 0)
    return [one.at(scale) for one in zbar(cast("Picture", sharp), look.zbar)]


def _threshold_zbar(look: Look) -> list[Sighting]:
    small, scale = _at_most(look.grey, ZBAR_SIDE_MAX)
    mean = cv2.ADAPTIVE_THRESH_MEAN_C
    flat = cv2.adaptiveThreshold(small, 255, mean, cv2.THRESH_BINARY, 51, 5)
    return [one.at(scale) for one in zbar(cast("Picture", flat), look.zbar)]


def _close_up_sharp(look: Look) -> list[Sighting]:
    def read(part: Picture) -> list[Sighting]:
        blurred = cv2.GaussianBlur(part, (0, 0), 4.0)
        return zxing(cast("Picture", cv2.addWeighted(part, 3.0, blurred, -2.0, 0)))

    return _close_up(look, 3.0, read)


def _close_up_histogram(look: Look) -> list[Sighting]:
    return _close_up(look, 2.0, lambda part: zxing(part, histogram=True))


def _close_up(
    look: Look, scale: float, read: Callable[[Picture], list[Sighting]]
) -> list[Sighting]:
    """Enlarge what surrounds each unread sighting."""
    found: list[Sighting] = []
    height, width = look.grey.shape
    for one in look.unread[:CLOSE_UPS_MAX]:
        xs, ys = zip(*one.corners, strict=True)
        rim = CLOSE_UP_MARGIN * max(max(xs) - min(xs), max(ys) - min(ys))
        left, top = max(0, int(min(xs) - rim)), max(0, int(min(ys) - rim))
        right, bottom = min(width, int(max(xs) + rim)), min(height, int(max(ys) + rim))
        part = look.grey[top:bottom, left:right]
        if min(part.shape) < CLOSE_UP_SIDE_MIN:
            continue
        by = max(1.0, min(scale, CLOSE_UP_SIDE_MAX / max(part.shape)))
        seen = read(_scaled(part, by, cv2.INTER_CUBIC))
        found += [sighting.at(by, left, top) for sighting in seen]
    return found


VARIANTS: dict[str, Variant] = {
    "histogram": _histogram,
    "brightened": _brightened,
    "doubled": _doubled,
    "sharpened_zbar": _sharpened_zbar,
    "threshold_zbar": _threshold_zbar,
    "close_up_sharp": _close_up_sharp,
    "darkened": _darkened,
    "equalised": _equalised,
    "close_up_histogram": _close_up_histogram,
}


def _gamma(exponent: float) -> Picture:
    return cast("Picture", (np.linspace(0, 1, 256) ** exponent * 255).astype(np.uint8))


def _scaled(grey: Picture, scale: float, how: int) -> Picture:
    size = (max(1, int(grey.shape[1] * scale)), max(1, int(grey.shape[0] * scale)))
    return cast("Picture", cv2.resize(grey, size, interpolation=how))


def _at_most(grey: Picture, side: int) -> tuple[Picture, float]:
    scale = min(1.0, side / max(grey.shape))
    return (_scaled(grey, scale, cv2.INTER_AREA), scale) if scale < 1 else (grey, 1.0)


def _sharp(grey: Picture, size: int, amount: float) -> Picture:
    # A box filter costs the same for any size, and sharpens as well as a bell curve here.
    blurred = cv2.blur(grey, (size, size))
    return cast("Picture", cv2.addWeighted(grey, 1 + amount, blurred, -amount, 0))
