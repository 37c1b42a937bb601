"""Rebuild the YuNet face detector as ONNX with free height and width.

The published detector exists as a C++ library whose float32 weights are exported data symbols. They
are read out of the ELF file as bytes, nothing of it is executed, and put into a graph written here
layer by layer. Two facts about the library's memory layout matter:

* the first convolution's 27 taps (row, column, channel) are padded to 32 floats per filter;
* a depthwise kernel is stored tap by tap, shape (9, channels).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = dict[str, NDArray[np.float32]]

STRIDES = (8, 16, 32)
HEADS = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
SCORE_HEADS = ("cls", "obj")
STEM_FILTERS, STEM_TAPS, STEM_PADDED = 16, 27, 32
OPSET, IR_VERSION = 11, 6

_ELF64_LE = b"\x7fELF\x02\x01"
_SHT_DYNSYM = 11
_PT_LOAD = 1
_SYMBOL = struct.Struct("<IBBHQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")


# ---- weights out of the library ------------------------------------------------------------------


def read_weights(library: bytes) -> Weights:
    """Return every exported `*_weight` and `*_bias` as a flat float32 array."""
    if not library.startswith(_ELF64_LE):
        raise ValueError("not a little-endian 64-bit ELF file")
    found: Weights = {}
    for name, address, size in _symbols(library):
        if size and name.endswith(("_weight", "_bias")):
            start = _file_offset(library, address)
            found[name] = np.frombuffer(library, "<f4", size // 4, start).astype(np.float32)
    return found


def _table(library: bytes, layout: struct.Struct, at: int, count_at: int) -> list[tuple[int, ...]]:
    (start,) = struct.unpack_from("<Q", library, at)
    stride, count = struct.unpack_from("<HH", library, count_at)
    return [layout.unpack_from(library, start + i * stride) for i in range(count)]


def _symbols(library: bytes) -> Iterator[tuple[str, int, int]]:
    sections = _table(library, _SECTION, 0x28, 0x3A)
    for section in sections:
        if section[1] != _SHT_DYNSYM:
            continue
        names_at = sections[section[6]][4]
        body = library[section[4] : section[4] + section[5]]
        for name_at, _info, _other, _index, address, size in _SYMBOL.iter_unpack(body):
            start = names_at + name_at
            yield library[start : library.index(0, start)].decode("ascii"), address, size


def _file_offset(library: bytes, address: int) -> int:
    for kind, _flags, offset, virtual, _physical, in_file, _memory, _align in _table(
        library, _SEGMENT, 0x20, 0x36
    ):
        if kind == _PT_LOAD and virtual <= address < virtual + in_file:
            return offset + address - virtual
    raise ValueError(f"address {address:#x} is not in the file")


# ---- the graph -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Network:
    """An ONNX graph under construction; every tensor is named after its layer."""

    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant tensor; return its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator whose output carries its name; return that name."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def conv(
        self, name: str, source: str, kernel: NDArray[np.float32], bias: str, **attributes: Any
    ) -> str:
        """Add a same-padded convolution, kernel of shape (out, in / groups, k, k)."""
        side = kernel.shape[2]
        return self.node(
            "Conv",
            name,
            source,
            self.constant(f"{name}.weight", kernel),
            self.constant(f"{name}.bias", self.weights[bias]),
            kernel_shape=[side, side],
            pads=[side // 2] * 4,
            **attributes,
        )

    def unit(self, name: str, source: str, *, relu: bool = True) -> str:
        """Add a pointwise and a depthwise 3x3 convolution, the net's only building block."""
        channels = self.weights[f"{name}_pw_bias"].size
        mix = self.weights[f"{name}_pw_weight"].reshape(channels, -1, 1, 1)
        taps = self.weights[f"{name}_dw_weight"].reshape(3, 3, channels)
        mixed = self.conv(f"{name}.pw", source, mix, f"{name}_pw_bias")
        kernel = taps.transpose(2, 0, 1)[:, None]
        out = self.conv(f"{name}.dw", mixed, kernel, f"{name}_dw_bias", group=channels)
        return self.node("Relu", f"{name}.relu", out) if relu else out

    def stage(self, number: int, source: str, *, pool: bool) -> str:
        """Add two units of the backbone, after halving the picture if asked."""
        name = f"backbone__model{number}"
        if pool:
            size = {"kernel_shape": [2, 2], "strides": [2, 2]}
            source = self.node("MaxPool", f"{name}.pool", source, **size)
        return self.unit(f"{name}_dp2", self.unit(f"{name}_dp1", source))


def _stem(net: Network) -> str:
    padded = net.weights["backbone__model0_pw_weight"].reshape(STEM_FILTERS, STEM_PADDED)
    kernel = padded[:, :STEM_TAPS].reshape(STEM_FILTERS, 3, 3, 3).transpose(0, 3, 1, 2)
    first = net.conv("stem", "input", kernel, "backbone__model0_pw_bias", strides=[2, 2])
    return net.unit("backbone__model0_dp", net.node("Relu", "stem.relu", first))


def _pyramid(net: Network, coarse_to_fine: list[str]) -> list[str]:
    """Blend each level with the coarser one; return finest first."""
    empty = net.constant("resize.roi", np.zeros(0, np.float32))
    twice = net.constant("resize.scales", np.array([1, 1, 2, 2], np.float32))
    levels: list[str] = []
    for depth, source in enumerate(coarse_to_fine):
        name = f"neck__lateral_convs__{len(coarse_to_fine) - 1 - depth}"
        blended = source
        if levels:
            rule = {
                "mode": "nearest",
                "coordinate_transformation_mode": "asymmetric",
                "nearest_mode": "floor",
            }
            up = net.node("Resize", f"{name}.up", levels[-1], empty, twice, **rule)
            blended = net.node("Add", f"{name}.add", source, up)
        levels.append(net.unit(name, blended))
    return levels[::-1]


def _head(net: Network, head: str, width: int, level: int, source: str) -> onnx.ValueInfoProto:
    name = f"{head}_{STRIDES[level]}"
    raw = net.unit(f"bbox_head__multi_level_{head}__{level}", source, relu=False)
    last = net.node("Transpose", f"{name}.nhwc", raw, perm=[0, 2, 3, 1])
    shape = net.constant(f"{name}.shape", np.array([1, -1, width], np.int64))
    if head in SCORE_HEADS:
        net.node("Sigmoid", name, net.node("Reshape", f"{name}.flat", last, shape))
    else:
        net.node("Reshape", name, last, shape)
    anchors = f"anchors_{STRIDES[level]}"
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, anchors, width])


def build_yunet(library: bytes) -> bytes:
    """Return the detector as ONNX bytes; raises ValueError or KeyError for another library.

    Input `input`: BGR 0..255 float, (1, 3, height, width), both sides multiples of 32. Outputs
    `cls`, `obj` (scores), `bbox` (4) and `kps` (10) for strides 8, 16 and 32, one row an anchor.
    """
    net = Network(read_weights(library))
    shallow = net.stage(2, net.stage(1, _stem(net), pool=True), pool=False)
    fine = net.stage(3, shallow, pool=True)
    middle = net.stage(4, fine, pool=True)
    coarse = net.stage(5, middle, pool=True)
    levels = _pyramid(net, [coarse, middle, fine])
    outputs = [
        _head(net, head, width, level, source)
        for head, width in HEADS
        for level, source in enumerate(levels)
    ]
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])
    graph = helper.make_graph(net.nodes, "yunet", [picture], outputs, net.constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="regulars")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
