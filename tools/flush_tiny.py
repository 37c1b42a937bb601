"""Set weights too small to matter to zero, because many processors choke on them.

Training with weight decay leaves filters whose weights are 1e-30 or less. Their products fall below
the smallest normal float, and an Intel core then leaves the fast path for each of them: the
embedder took 115 ms instead of 18 ms. Below 1e-20 nothing of them arrives in the output: on every
picture of the evaluation set the embeddings are equal bit by bit.
"""

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

TINY = 1e-20


def flush_tiny(content: bytes) -> bytes:
    """Return the ONNX model with every float weight below 1e-20 in size set to zero."""
    model = onnx.load_model_from_string(content)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            weights = numpy_helper.to_array(tensor).copy()
            weights[np.abs(weights) < TINY] = 0
            tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    return bytes(model.SerializeToString(deterministic=True))
