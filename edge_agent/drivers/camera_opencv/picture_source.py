"""What the capture process asks of any source of pictures."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class Broken(Exception):
    """A picture could not be decoded; the next one may be."""


class Gone(Exception):
    """The source cannot be opened, is silent or has ended; open it again later."""


class PictureSource(Protocol):
    """An open source of pictures."""

    paced: bool  # False: as many pictures as one asks for, so the caller keeps the rate

    def read(self) -> Picture:
        """Return the next picture, BGR or planar (two-dimensional); raises Broken or Gone."""
        ...

    def close(self) -> None:
        """Free the device."""
        ...
