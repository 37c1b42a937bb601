"""Small real nets with the cards that describe them."""

from pathlib import Path

import msgspec
import onnx
from onnx import TensorProto, helper

from edge_agent.drivers.face_onnx.selftest_child import answer_of
from edge_agent.drivers.face_onnx.session import Session
from retail_core.identity.model_card import ModelCard
from tools.registry import sha256_hex


def net_of(*nodes: onnx.NodeProto) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "twice",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, "h", "w"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def doubling() -> bytes:
    return net_of(helper.make_node("Add", ["input", "input"], ["output"]))


def card_of(folder: Path, content: bytes) -> ModelCard:
    """The card of a net that is put into a folder, with the answer it gives here."""
    (folder / "twice.onnx").write_bytes(content)
    shape = (1, 3, "h", "w")
    fresh = ModelCard(
        role="detector",
        file="twice.onnx",
        sha256=sha256_hex(content),
        size=len(content),
        licence="MIT",
        licence_note="none",
        inputs={"input": shape},
        outputs={"output": shape},
    )
    known = answer_of(Session("twice", folder, fresh), fresh.inputs)
    return msgspec.structs.replace(fresh, known=known)
