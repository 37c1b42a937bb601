"""Drop the channels of a net that never say anything, and fill the rest up to whole vectors.

Between the widening and the narrowing convolution of a block nothing else hears a channel. In the
embedder weight decay drove a third to two thirds of them to zero: they come out as zero, or as one
value everywhere, whatever the picture shows. Without them, their constant share put into the next
bias, the answers are the same and half of the work is gone. The runtime's fast layout wants numbers
of channels that are multiples of 16 (the liveness net has 13 and 103): zeros make up the rest.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

VECTOR = 16
# Weights and biases below this are no signal: what they add is lost in the rounding of the rest.
SILENT = 1e-9
WITH_BIAS = 3

Weights = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chain:
    """A convolution, what works on its channels one by one, and the one that mixes them again."""

    first: onnx.NodeProto
    middle: tuple[onnx.NodeProto, ...]
    last: onnx.NodeProto


def fit_channels(graph: onnx.GraphProto) -> None:
    """Leave each chain with the channels that are heard, in a multiple of 16."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for chain in chains(graph):
        weights = {
            name: cast("Weights", numpy_helper.to_array(constants[name]))
            for node in (chain.first, *chain.middle, chain.last)
            for name in node.input[1:]
        }
        for name, values in _fitted(chain, weights).items():
            whole = np.ascontiguousarray(values, np.float32)
            constants[name].CopyFrom(numpy_helper.from_array(whole, name))
        for node in chain.middle:
            if (group := _group(node)) is not None:
                group.i = constants[node.input[1]].dims[0]
    del graph.value_info[:]


def chains(graph: onnx.GraphProto) -> list[Chain]:
    """Find the chains: each tensor between the first and the last is heard by one node."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    heard = heard_by(graph)
    found = []
    for first in filter(_mixes, graph.node):
        channels, node = shapes[first.input[1]][0], first
        middle: list[onnx.NodeProto] = []
        while len(nodes := heard.get(node.output[0], [])) == 1:
            node = nodes[0]
            if _mixes(node):
                found.append(Chain(first, tuple(middle), node))
            if not _apart(node, shapes, channels):
                break
            middle.append(node)
    return found


def heard_by(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """Return the nodes that each tensor goes into."""
    heard: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            heard.setdefault(name, []).append(node)
    return heard


def _fitted(chain: Chain, weights: dict[str, Weights]) -> dict[str, Weights]:
    first, last = chain.first.input[1:], chain.last.input[1:]
    said, mixing = _said(chain, weights), weights[last[0]]
    # A constant can go into a bias only where no border of zeros lies round the picture.
    alone = mixing.shape[2:] == (1, 1)
    unheard = ~_loud(mixing.swapaxes(0, 1))
    gone = unheard | (~np.isnan(said) if alone else said == 0)
    kept = np.flatnonzero(~gone)
    room = -(-max(len(kept), 1) // VECTOR) * VECTOR
    fitted = {name: _rows(weights[name], kept, room) for name in first}
    for node in chain.middle:
        fitted |= {name: _rows(weights[name], kept, room) for name in node.input[1:]}
    fitted[last[0]] = _rows(mixing.swapaxes(0, 1), kept, room).swapaxes(0, 1)
    if alone:
        share = np.where(gone & ~unheard, said, 0).astype(np.float64)
        fitted[last[1]] = (weights[last[1]] + mixing[:, :, 0, 0] @ share).astype(np.float32)
    return fitted


def _said(chain: Chain, weights: dict[str, Weights]) -> Weights:
    """Return what each channel is everywhere, whatever is fed; NaN where that depends."""
    values, bias = (weights[name] for name in chain.first.input[1:])
    said = np.where(_loud(values), np.nan, _quiet(bias))
    for node in chain.middle:
        own = [weights[name] for name in node.input[1:]]
        if node.op_type == "PRelu":
            said = np.where(said < 0, said * own[0].reshape(-1), said)
        else:
            # A constant that is not zero changes at the border: it depends on the place.
            fixed = ~_loud(own[0]) | (said == 0)
            said = np.where(fixed, _quiet(own[1]), np.nan)
    return np.asarray(said, np.float32)


def _loud(weights: Weights) -> NDArray[np.bool_]:
    return np.asarray(np.abs(weights).reshape(len(weights), -1).max(axis=1) >= SILENT)


def _quiet(bias: Weights) -> Weights:
    return np.where(np.abs(bias) < SILENT, 0, bias)


def _rows(weights: Weights, kept: Places, room: int) -> Weights:
    rest = np.zeros((room - len(kept), *weights.shape[1:]), weights.dtype)
    return np.concatenate((weights[kept], rest))


def _group(node: onnx.NodeProto) -> onnx.AttributeProto | None:
    return next((one for one in node.attribute if one.name == "group"), None)


def _mixes(node: onnx.NodeProto) -> bool:
    """Whether it is a convolution with a bias that hears every channel."""
    group = _group(node)
    alone = group is not None and group.i > 1
    return node.op_type == "Conv" and not alone and len(node.input) == WITH_BIAS


def _apart(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]], channels: int) -> bool:
    """Whether it works on each channel alone: PRelu, or a convolution with a bias."""
    if node.op_type == "PRelu":
        return shapes[node.input[1]][0] == channels
    group = _group(node)
    each = node.op_type == "Conv" and group is not None and group.i == channels
    return each and len(node.input) == WITH_BIAS and shapes[node.input[1]][:2] == (channels, 1)
