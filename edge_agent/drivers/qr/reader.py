"""The QrReader port: zxing-cpp first, then other looks at the picture with either decoder.

In a lane there is another frame in a moment, so one more look a frame is enough and they take
turns; a picture that stands alone (`look_hard`) gets all of them.
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.qr.decoders import load_zbar, zxing
from edge_agent.drivers.qr.sightings import Sighting, merged
from edge_agent.drivers.qr.variants import VARIANTS, Look

Picture = NDArray[np.uint8]

# Where nothing like a code is seen there most often is none: a second look now and then.
EMPTY_EVERY = 3
CODES_MAX = 8
_GREY = 2


class QrCascade:
    """Reads QR codes; one per lane, because it remembers whose turn it is."""

    def __init__(self) -> None:
        self._zbar = load_zbar()
        self._empty = 0
        self._turn = 0

    def read(self, image: Picture) -> tuple[bytes, ...]:
        """Return each payload found as raw bytes, without duplicates; a BGR or grey picture."""
        if image.size == 0:
            return ()
        grey = as_grey(image)
        seen = merged([], zxing(grey))
        if not _read(seen) and self._is_due(sighted=bool(seen)):
            name = list(VARIANTS)[self._turn % len(VARIANTS)]
            self._turn += 1
            seen = merged(seen, VARIANTS[name](Look(grey, seen, self._zbar)))
        payloads = [one.payload for one in _read(seen) if one.payload is not None]
        return tuple(dict.fromkeys(payloads))[:CODES_MAX]

    def look_hard(self, image: Picture) -> list[Sighting]:
        """Return what was read and what was only sighted, after every look that was needed."""
        if image.size == 0:
            return []
        grey = as_grey(image)
        seen = merged([], zxing(grey))
        for variant in VARIANTS.values():
            unread = [one for one in seen if one.payload is None]
            if _read(seen) and not unread:
                break
            seen = merged(seen, variant(Look(grey, unread, self._zbar)))
        return seen

    def _is_due(self, *, sighted: bool) -> bool:
        self._empty = 0 if sighted else self._empty + 1
        return sighted or self._empty % EMPTY_EVERY == 1


def as_grey(image: Picture) -> Picture:
    """Return the grey picture of a BGR or grey one."""
    if image.ndim == _GREY:
        return image
    return cast("Picture", cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def _read(seen: list[Sighting]) -> list[Sighting]:
    return [one for one in seen if one.payload is not None]
