"""A reader of QR codes in pictures."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class QrReader(Protocol):
    """Finds QR payloads in one picture."""

    def read(self, image: NDArray[np.uint8]) -> tuple[bytes, ...]:
        """Return each payload found as raw bytes, without duplicates; a BGR or grey picture."""
        ...
