"""Rebuild dlib's face recognition net (ResNet v1, CC0) as ONNX from its uint8 weights.

A JavaScript package carries them: one file of bytes, and a list that says for each tensor its
shape, scale and least value. The net's layout is dlib's published one: a 7x7 stem, four widths of
two-convolution blocks, and at each change of width a block that halves the picture on both of its
ways and fills the shorter one up with zeros. Each convolution is followed by a scale a channel,
which is folded into it here.
"""

from dataclasses import dataclass, field

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tools.build_yunet import Network

Weights = dict[str, NDArray[np.float32]]

SIDE, DIMENSION = 150, 128
OPSET, IR_VERSION = 13, 8
# What dlib takes off the red, green and blue of a pixel before it divides by 256.
MEAN_RGB = (122.782, 117.001, 104.298)
PIXEL_SCALE = 256.0
# Width in channels and how many blocks of that width follow each other after the change.
STAGES = (("conv64", 64, 3), ("conv128", 128, 2), ("conv256", 256, 2))
STEM_BLOCKS = 3


class Quantization(msgspec.Struct, frozen=True):
    """How a byte becomes a number: byte * scale + min."""

    dtype: str
    scale: float
    min: float


class Tensor(msgspec.Struct, frozen=True):
    """One entry of the list, in the order of the bytes; float32 where nothing was quantised."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: Quantization | None = None


class Group(msgspec.Struct, frozen=True):
    """The list of one file of weights."""

    weights: tuple[Tensor, ...]


@dataclass(slots=True)
class Plane:
    """A tensor under construction: its name, side in pixels and channels."""

    name: str
    side: int
    channels: int = field(default=3)


def read_weights(listed: bytes, content: bytes) -> Weights:
    """Return every tensor as float32; ValueError when the bytes do not match the list."""
    (group,) = msgspec.json.decode(listed, type=tuple[Group, ...])
    found, at = Weights(), 0
    for tensor in group.weights:
        stored = np.dtype(tensor.quantization.dtype if tensor.quantization else "<f4")
        count = int(np.prod(tensor.shape))
        values = np.frombuffer(content, stored, count, at).astype(np.float32)
        if tensor.quantization is not None:
            values = values * np.float32(tensor.quantization.scale)
            values = values + np.float32(tensor.quantization.min)
        found[tensor.name] = values.reshape(tensor.shape)
        at += count * stored.itemsize
    if at != len(content):
        raise ValueError(f"{len(content) - at} bytes are left over")
    return found


def build_dlib(listed: bytes, content: bytes) -> bytes:
    """Return the ONNX model; input [1, 3, 150, 150] RGB 0..255, output [1, 128]."""
    net = Network(read_weights(listed, content))
    plane = _stem(net)
    for number in range(1, STEM_BLOCKS + 1):
        plane = _block(net, f"conv32_{number}", plane)
    for name, channels, blocks in STAGES:
        plane = _halving_block(net, f"{name}_down", plane, channels)
        for number in range(1, blocks + 1):
            plane = _block(net, f"{name}_{number}", plane)
    plane = _halving_block(net, "conv256_down_out", plane, 256)
    mean = net.node("ReduceMean", "mean", plane.name, axes=[2, 3], keepdims=0)
    net.node("MatMul", "output", mean, net.constant("fc.weight", net.weights["fc"]))
    return _model(net)


def _model(net: Network) -> bytes:
    graph = helper.make_graph(
        net.nodes,
        "dlib_face_recognition_resnet_v1",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, DIMENSION])],
        net.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version, model.producer_name, model.producer_version = IR_VERSION, "regulars", ""
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _stem(net: Network) -> Plane:
    mean = np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1)
    centred = net.node("Sub", "centred", "input", net.constant("mean_rgb", mean))
    scale = net.constant("pixel_scale", np.array(PIXEL_SCALE, np.float32))
    pixels = Plane(net.node("Div", "pixels", centred, scale), SIDE)
    wide = _conv(net, "conv32_down", pixels, stride=2, pad=0)
    side = (wide.side - 3) // 2 + 1
    pooled = net.node("MaxPool", "stem", wide.name, kernel_shape=[3, 3], strides=[2, 2])
    return Plane(pooled, side, wide.channels)


def _conv(
    net: Network, name: str, plane: Plane, *, stride: int = 1, pad: int = 1, relu: bool = True
) -> Plane:
    kernel = net.weights[f"{name}/conv/filters"].transpose(3, 2, 0, 1)
    scale = net.weights[f"{name}/scale/weights"]
    bias = net.weights[f"{name}/conv/bias"] * scale + net.weights[f"{name}/scale/biases"]
    reach = kernel.shape[2]
    made = net.node(
        "Conv",
        name,
        plane.name,
        net.constant(f"{name}.weight", kernel * scale.reshape(-1, 1, 1, 1)),
        net.constant(f"{name}.bias", bias),
        kernel_shape=[reach, reach],
        strides=[stride, stride],
        pads=[pad] * 4,
    )
    if relu:
        made = net.node("Relu", f"{name}.relu", made)
    return Plane(made, (plane.side + 2 * pad - reach) // stride + 1, kernel.shape[0])


def _block(net: Network, name: str, plane: Plane) -> Plane:
    inner = _conv(net, f"{name}/conv1", plane)
    return _joined(net, name, _conv(net, f"{name}/conv2", inner, relu=False), plane)


def _halving_block(net: Network, name: str, plane: Plane, channels: int) -> Plane:
    inner = _conv(net, f"{name}/conv1", plane, stride=2, pad=0)
    inner = _conv(net, f"{name}/conv2", inner, relu=False)
    short = net.node(
        "AveragePool", f"{name}.short", plane.name, kernel_shape=[2, 2], strides=[2, 2]
    )
    around = Plane(short, (plane.side - 2) // 2 + 1, plane.channels)
    side = max(inner.side, around.side)
    return _joined(
        net, name, _filled(net, inner, side, channels), _filled(net, around, side, channels)
    )


def _filled(net: Network, plane: Plane, side: int, channels: int) -> Plane:
    """Add rows and columns of zeros below and right, and channels of zeros behind."""
    rows, more = side - plane.side, channels - plane.channels
    if not rows and not more:
        return plane
    name = f"{plane.name}.filled"
    pads = net.constant(f"{name}.pads", np.array([0, 0, 0, 0, 0, more, rows, rows], np.int64))
    return Plane(net.node("Pad", name, plane.name, pads), side, channels)


def _joined(net: Network, name: str, one: Plane, other: Plane) -> Plane:
    total = net.node("Add", f"{name}.sum", one.name, other.name)
    return Plane(net.node("Relu", f"{name}.out", total), one.side, one.channels)
