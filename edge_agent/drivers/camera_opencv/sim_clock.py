"""A picture of a clock that a program can read: what a camera shows tells how old it is.

32 blocks across hold the milliseconds of CLOCK_MONOTONIC in black and white, and the 32 below them
the same the other way round; a picture torn between two moments does not read.
"""

import time

import numpy as np

from edge_agent.drivers.camera_opencv.picture_source import Picture

BITS = 32
BLACK, GREY, WHITE = 16, 120, 235
CONTRAST_MIN = 60
TOP, HEIGHT = 2, 8  # in eighths of the picture's height: where the blocks begin, and how many


def now_ms() -> int:
    """Return the clock's reading."""
    return time.monotonic_ns() // 1_000_000 % (1 << BITS)


def draw(width: int, height: int, ms: int) -> Picture:
    """Return a grey picture (height, width) that shows this moment; at least 64 × 64."""
    picture = np.full((height, width), GREY, np.uint8)
    bits = np.array([ms >> place & 1 for place in range(BITS)], bool)
    block, row = width // BITS, height // HEIGHT
    for line, shown in enumerate((bits, ~bits)):
        stripe = np.repeat(np.where(shown, WHITE, BLACK).astype(np.uint8), block)
        top = (TOP + line) * row
        picture[top : top + row, : stripe.size] = stripe
    return picture


def read(picture: Picture) -> int | None:
    """Return the moment a picture shows, BGR or grey; None when it shows none."""
    grey = picture if picture.ndim == 2 else picture[:, :, 1]  # noqa: PLR2004 -- green is near it
    height, width = grey.shape
    block, row = width // BITS, height // HEIGHT
    at = np.arange(BITS) * block + block // 2
    plain, inverse = (grey[(TOP + line) * row + row // 2, at].astype(np.int16) for line in range(2))
    if np.abs(plain - inverse).min() < CONTRAST_MIN:
        return None
    return int(sum(1 << place for place in range(BITS) if plain[place] > inverse[place]))
