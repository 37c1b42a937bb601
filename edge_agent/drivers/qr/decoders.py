"""The two decoders behind one shape. OpenCV's own are not used: hostile payloads crash them."""

from typing import Any, cast

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge_agent.drivers.qr.sightings import Sighting
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Picture = NDArray[np.uint8]

ZXING, ZBAR = "zxing", "zbar"
PAYLOAD_BYTES_MAX = 4_296
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_LOCAL = zxingcpp.Binarizer.LocalAverage
_GLOBAL = zxingcpp.Binarizer.GlobalHistogram
_CONTROL_CHARACTERS = b"\t\n\r"
_CORNERS_MIN = 3


def zxing(grey: Picture, *, histogram: bool = False, once_over: bool = False) -> list[Sighting]:
    """Read with zxing-cpp; `once_over` leaves out its smaller copies and its negative."""
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(grey),
        formats=_FORMATS,
        try_invert=not once_over,
        try_downscale=not once_over,
        binarizer=_GLOBAL if histogram else _LOCAL,
        text_mode=zxingcpp.TextMode.Plain,
        return_errors=True,
    )
    return [_of_zxing(code) for code in found]


def zbar(grey: Picture, library: Any) -> list[Sighting]:
    """Read with zbar; only printable ASCII counts, because it guesses at characters."""
    found = library.decode(np.ascontiguousarray(grey), [library.ZBarSymbol.QRCODE])
    return [
        Sighting(_corners_of_zbar(code), ZBAR, bytes(code.data), code.data.decode("ascii"))
        for code in found
        if len(code.polygon) >= _CORNERS_MIN and is_sane(code.data) and _is_plain(code.data)
    ]


def load_zbar() -> Any:
    """Return the library; raises Fault SETUP_PACKAGE_MISSING without Debian's libzbar0."""
    # Imported here: the Python package loads, or misses, the C library when it is imported.
    try:
        from pyzbar import pyzbar  # noqa: PLC0415 -- see above
    except ImportError as error:
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="libzbar0") from error
    return pyzbar


def qr_in_greys(width: int, height: int, greys: bytes) -> str:
    """Return what the first QR code in a picture of one byte a pixel says, empty without one."""
    picture = np.frombuffer(greys, np.uint8).reshape(height, width)
    return next((one.text for one in zxing(picture) if one.text), "")


def is_sane(payload: bytes) -> bool:
    """Tell whether a QR code can hold this much, and holds anything."""
    return 0 < len(payload) <= PAYLOAD_BYTES_MAX


def _is_plain(payload: bytes) -> bool:
    rest = payload.translate(None, _CONTROL_CHARACTERS)
    return rest.isascii() and rest.decode("ascii").isprintable()


def _of_zxing(code: Any) -> Sighting:
    place = code.position
    four = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    corners = tuple((float(point.x), float(point.y)) for point in four)
    payload = bytes(code.bytes)
    if code.valid and is_sane(payload):
        return Sighting(corners, ZXING, payload, cast("str", code.text))
    return Sighting(corners, ZXING)


def _corners_of_zbar(code: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(point.x), float(point.y)) for point in code.polygon)
