"""Colour for planar pictures, made only of those that somebody looks at."""

import cv2
import numpy as np

from edge_agent.drivers.camera_opencv.picture_source import Picture


def to_bgr(planar: Picture) -> Picture:
    """Return a planar picture in colour."""
    height, width = planar.shape[0] * 2 // 3, planar.shape[1]
    colour = planar[height:].reshape(2, height // 2, width // 2)
    blue, red = (cv2.resize(each, (width, height)) for each in colour)
    merged = cv2.merge((planar[:height], red, blue))
    return cv2.cvtColor(merged, cv2.COLOR_YCrCb2BGR).astype(np.uint8, copy=False)


def grey_of(planar: Picture) -> Picture:
    """Return the grey plane of a planar picture, not copied."""
    return planar[: planar.shape[0] * 2 // 3]
