"""The embedder's view of a face: turned and scaled so that the five points lie where it expects."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.yunet import Picture, Points

CROP_SIDE = 112
# Where eyes, nose and mouth corners lie in a 112 x 112 crop of this family of embedders.
TEMPLATE = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ],
    dtype=np.float64,
)


def similarity(source: Points, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 2x3 matrix of the least-squares turn, scale and shift from source to target.

    With points as complex numbers it is one division: w - w0 = a (z - z0),
    a = sum(conj(z - z0) (w - w0)) / sum |z - z0|^2.
    """
    z = source[:, 0].astype(np.float64) + 1j * source[:, 1]
    w = target[:, 0] + 1j * target[:, 1]
    z_mean, w_mean = z.mean(), w.mean()
    spread = float(np.sum(np.abs(z - z_mean) ** 2))
    a = np.vdot(z - z_mean, w - w_mean) / max(spread, 1e-9)
    shift = w_mean - a * z_mean
    return np.array([[a.real, -a.imag, shift.real], [a.imag, a.real, shift.imag]])


def align(image: Picture, points: Points) -> Picture:
    """Cut the 112 x 112 crop out of a BGR picture."""
    matrix = similarity(points, TEMPLATE)
    crop = cv2.warpAffine(image, matrix, (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR)
    return cast("Picture", crop)
