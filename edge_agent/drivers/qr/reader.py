"""The QrReader port. OpenCV's own detectors are not used: hostile payloads crash them."""

from typing import Any, cast

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Picture = NDArray[np.uint8]

# zbar's time grows with the picture; a code it can read is readable at this size.
SECOND_SIDE_MAX = 960
SECOND_EVERY = 5
CODES_MAX = 8
FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
PAYLOAD_BYTES_MAX = 4_296


class QrCascade:
    """Reads with zxing-cpp; when that finds nothing, with zbar, which takes ten times as long.

    So zbar is asked when zxing-cpp saw something like a code, and of every fifth picture with
    nothing in it. On 363 public pictures zbar alone read ten; nine of them were such sightings.
    """

    def __init__(self, *, second_opinion: bool = True) -> None:
        self._zbar = _load_zbar() if second_opinion else None
        self._empty = 0

    def read(self, image: Picture) -> tuple[bytes, ...]:
        """Return each payload found as raw bytes, without duplicates; a BGR or grey picture."""
        if image.size == 0:
            return ()
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)  # noqa: PLR2004
        found, sighted = _first(cast("Picture", grey))
        if not found and self._zbar is not None and self._is_due(sighted=sighted):
            found = self._second(cast("Picture", grey))
        sane = [payload for payload in found if 0 < len(payload) <= PAYLOAD_BYTES_MAX]
        return tuple(dict.fromkeys(sane))[:CODES_MAX]

    def _is_due(self, *, sighted: bool) -> bool:
        self._empty = 0 if sighted else self._empty + 1
        return sighted or self._empty % SECOND_EVERY == 1

    def _second(self, grey: Picture) -> list[bytes]:
        longest = max(grey.shape)
        if longest > SECOND_SIDE_MAX:
            ratio = SECOND_SIDE_MAX / longest
            size = (max(1, int(grey.shape[1] * ratio)), max(1, int(grey.shape[0] * ratio)))
            grey = cast("Picture", cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
        pyzbar = cast("Any", self._zbar)
        return [bytes(seen.data) for seen in pyzbar.decode(grey, [pyzbar.ZBarSymbol.QRCODE])]


def _first(grey: Picture) -> tuple[list[bytes], bool]:
    """Return the payloads, and whether anything like a code was there."""
    seen = zxingcpp.read_barcodes(grey, formats=FORMATS, return_errors=True)
    return [bytes(code.bytes) for code in seen if code.valid], bool(seen)


def _load_zbar() -> Any:
    # Imported here: the Python package loads, or misses, Debian's libzbar0 when it is imported.
    try:
        from pyzbar import pyzbar  # noqa: PLC0415 -- see above
    except ImportError as error:
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="libzbar0") from error
    return pyzbar
