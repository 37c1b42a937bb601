"""YUV420 as the Pi's camera writes it: a grey plane, then colour at a quarter of the pixels.

`rpicam-vid --codec yuv420` writes its buffers as they are: rows of 64 bytes' multiples (the driver
of the image processor sets that stride for YUV420) and colour rows of half that. Values span 0..255
(the JPEG colour space), not television's 16..235. In here a planar picture is two-dimensional: one
and a half times the picture's height, without the padding.
"""

import numpy as np

from edge_agent.drivers.camera_opencv.picture_source import Picture

ROW_ALIGNED_TO = 64


def row_bytes(width: int) -> int:
    """Return how many bytes a row of grey takes on the pipe."""
    return -(-width // ROW_ALIGNED_TO) * ROW_ALIGNED_TO


def frame_bytes(width: int, height: int) -> int:
    """Return how many bytes a frame takes on the pipe; both sides are even."""
    return row_bytes(width) * height * 3 // 2


def unpadded(raw: bytearray, width: int, height: int) -> Picture:
    """Return the planar picture of one frame off the pipe."""
    row = row_bytes(width)
    flat = np.frombuffer(raw, np.uint8)
    grey = flat[: row * height].reshape(height, row)[:, :width]
    # Both colour planes have the same rows, so they are one block of `height` half rows.
    colour = flat[row * height :].reshape(height, row // 2)[:, : width // 2]
    return np.concatenate((grey.ravel(), colour.ravel())).reshape(height * 3 // 2, width)
