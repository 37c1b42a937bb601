"""Arrays of numbers by name, and the libraries that compute with them once there is a number.

A box without camera and faces has none, and the libraries take 12 MB: there `np` and `simsimd` are
what loads them when somebody first computes. Drivers, which compute in any case, import them
themselves.
"""

from typing import TYPE_CHECKING, Any

from retail_core.late import Late

if TYPE_CHECKING:
    import numpy as np
    import simsimd
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Kind = np.dtype[Any]
    UInt8s = NDArray[np.uint8]
    Int8s = NDArray[np.int8]
    Int16s = NDArray[np.int16]
    Int64s = NDArray[np.int64]
    Float16s = NDArray[np.float16]
    Float32s = NDArray[np.float32]
    Float64s = NDArray[np.float64]
else:
    np, simsimd = Late("numpy"), Late("simsimd")

    class Array:
        """What an annotation says of an array at run time, when nobody asks."""

    Kind = UInt8s = Int8s = Int16s = Int64s = Float16s = Float32s = Float64s = Array

__all__ = [
    "Array",
    "Float16s",
    "Float32s",
    "Float64s",
    "Int8s",
    "Int16s",
    "Int64s",
    "Kind",
    "UInt8s",
    "np",
    "simsimd",
]
