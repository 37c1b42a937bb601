"""Rewrite a published net so that a processor runs it faster, with the same answers.

Two things were found by profiling; together the embedder takes 10 ms where it took 115 ms.

* Training with weight decay left filters whose weights are 1e-30 or less. Their products fall below
  the smallest normal float, and an Intel core leaves its fast path for each of them. Weights below
  1e-20 are set to zero; on each picture of the evaluation set the embedding stays equal bit by bit.
* PRelu took as long as all convolutions, and every one of its 33 tensors was copied into another
  layout and back for it. slope * x + (1 - slope) * Relu(x) is the same function in operators the
  runtime has in its fast layout; embeddings move by less than 1e-6.
"""

from typing import cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

TINY = 1e-20

Weights = NDArray[np.float32]


def tidy_onnx(content: bytes) -> bytes:
    """Return the ONNX model without tiny weights and without PRelu."""
    model = onnx.load_model_from_string(content)
    flush_tiny(model.graph)
    open_prelu(model.graph)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def flush_tiny(graph: onnx.GraphProto) -> None:
    """Set every float weight below 1e-20 in size to zero."""
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            weights = numpy_helper.to_array(tensor).copy()
            weights[np.abs(weights) < TINY] = 0
            tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))


def open_prelu(graph: onnx.GraphProto) -> None:
    """Replace each PRelu by slope * x + (1 - slope) * Relu(x); slopes must be one a channel."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    opened: list[onnx.NodeProto] = []
    slopes_used = set()
    for node in graph.node:
        if node.op_type != "PRelu":
            opened.append(node)
            continue
        slope = cast("Weights", numpy_helper.to_array(constants[node.input[1]]))
        slopes_used.add(node.input[1])
        opened.extend(_opened(graph, node, slope.reshape(1, -1, 1, 1)))
    kept = [tensor for tensor in graph.initializer if tensor.name not in slopes_used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.node[:]
    graph.node.extend(opened)


def _opened(graph: onnx.GraphProto, node: onnx.NodeProto, slope: Weights) -> list[onnx.NodeProto]:
    source, out = node.input[0], node.output[0]
    for name, values in ((f"{out}.slope", slope), (f"{out}.rest", 1 - slope)):
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return [
        helper.make_node("Relu", [source], [f"{out}.relu"]),
        helper.make_node("Mul", [source, f"{out}.slope"], [f"{out}.whole"]),
        helper.make_node("Mul", [f"{out}.relu", f"{out}.rest"], [f"{out}.upper"]),
        helper.make_node("Add", [f"{out}.upper", f"{out}.whole"], [out]),
    ]
