"""Channels that say nothing go and the answers stay, whichever channels they are."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tools.fit_channels import VECTOR, chains, fit_channels
from tools.tidy_onnx import tidy_onnx

WIDE = 20
SIDE = 6
Weights = dict[str, NDArray[np.float32]]
# How a channel is silenced: its own filters, its own and no bias, the filters after, its listeners.
KINDS = ("loud", "constant", "zero", "stopped", "unheard")


def weights(kinds: list[str], last_side: int) -> Weights:
    """A widening convolution, one a channel, a narrowing one; silenced channel by channel."""
    random = np.random.default_rng(len(kinds))
    made = {
        "wide": random.normal(size=(WIDE, 3, 1, 1)),
        "wide_bias": random.normal(size=WIDE),
        "slope": random.uniform(-0.5, 0.8, (WIDE, 1, 1)),
        "each": random.normal(size=(WIDE, 1, 3, 3)),
        "each_bias": random.normal(size=WIDE),
        "narrow": random.normal(size=(4, WIDE, last_side, last_side)),
        "narrow_bias": random.normal(size=4),
    }
    for channel, kind in enumerate(kinds):
        if kind in {"constant", "zero"}:
            made["wide"][channel] = 1e-12
        if kind == "zero":
            made["wide_bias"][channel] = made["each_bias"][channel] = 0
        if kind == "stopped":
            made["each"][channel] = 0
        if kind == "unheard":
            made["narrow"][:, channel] = 0
    return {name: values.astype(np.float32) for name, values in made.items()}


def net(kinds: list[str], last_side: int = 1, *, overheard: bool = False) -> onnx.ModelProto:
    """One block; `overheard`: somebody else listens to the wide tensor."""
    made = weights(kinds, last_side)
    last_pads = [last_side // 2] * 4
    outputs = {"output": 4, "wide_out": WIDE} if overheard else {"output": 4}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "wide", "wide_bias"], ["w"], kernel_shape=[1, 1]),
            helper.make_node("PRelu", ["w", "slope"], ["r"]),
            helper.make_node("Conv", ["r", "each", "each_bias"], ["e"], group=WIDE, pads=[1] * 4),
            helper.make_node("Conv", ["e", "narrow", "narrow_bias"], ["output"], pads=last_pads),
            *([helper.make_node("Relu", ["w"], ["wide_out"])] if overheard else []),
        ],
        "net",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, SIDE, SIDE])
            for name, channels in outputs.items()
        ],
        [numpy_helper.from_array(values, name) for name, values in made.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)])
    model.ir_version = 6
    return model


def answer(model: onnx.ModelProto) -> NDArray[np.float32]:
    blob = np.random.default_rng(5).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options)
    found: NDArray[np.float32] = session.run(None, {"input": blob})[0]
    return found


def shape_of(model: onnx.ModelProto, name: str) -> tuple[int, ...]:
    found = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    return tuple(found.dims)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(KINDS), min_size=WIDE, max_size=WIDE), st.sampled_from([1, 3]))
def test_the_answers_stay_whichever_channels_are_silent(kinds: list[str], last_side: int) -> None:
    before, after = net(kinds, last_side), net(kinds, last_side)
    fit_channels(after.graph)
    onnx.checker.check_model(after)
    assert shape_of(after, "wide")[0] % VECTOR == 0
    assert np.allclose(answer(before), answer(after), atol=1e-4)
    tidied = onnx.load_model_from_string(tidy_onnx(net(kinds, last_side).SerializeToString()))
    assert np.allclose(answer(before), answer(tidied), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "last_side", "room"),
    [
        ("zero", 1, 16),
        ("stopped", 1, 16),
        ("unheard", 1, 16),
        # A constant that goes through a border of zeros is another at the edge.
        ("constant", 1, 32),
        ("zero", 3, 16),
        ("stopped", 3, 32),
        ("loud", 1, 32),
    ],
)
def test_what_says_nothing_goes_and_the_rest_is_whole_vectors(
    kind: str, last_side: int, room: int
) -> None:
    model = net([kind] * 10 + ["loud"] * 10, last_side)
    fit_channels(model.graph)
    for name in ("wide", "wide_bias", "slope", "each", "each_bias"):
        assert shape_of(model, name)[0] == room
    assert shape_of(model, "narrow")[1] == room


def test_a_tensor_that_somebody_else_hears_is_left_alone() -> None:
    model = net(["zero"] * WIDE, overheard=True)
    assert chains(model.graph) == []
    fit_channels(model.graph)
    assert shape_of(model, "wide")[0] == WIDE


def test_a_steep_slope_is_opened_without_a_factor_that_blows_up() -> None:
    kinds = ["loud"] * WIDE
    model = net(kinds)
    slope = np.full((WIDE, 1, 1), 0.9999, np.float32)
    slope[::2] = 1.2
    for tensor in model.graph.initializer:
        if tensor.name == "slope":
            tensor.CopyFrom(numpy_helper.from_array(slope, "slope"))
    tidied = onnx.load_model_from_string(tidy_onnx(model.SerializeToString()))
    assert np.allclose(answer(model), answer(tidied), atol=1e-4)
