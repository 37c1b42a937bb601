"""The models on this machine are those of the manifest, rebuilt to the byte."""

from pathlib import Path

import onnx
import pytest

from edge_agent.drivers.face_onnx.engine import FaceModels
from edge_agent.drivers.face_onnx.manifest import read_manifest
from retail_core.errors import Fault
from retail_core.identity.model_card import model_id
from retail_core.texts.faults import FaultCode
from tools import build_models
from tools.registry import DOWNLOADS, sha256_of

pytestmark = pytest.mark.integration


def test_every_model_has_the_manifests_hash_and_its_licence(models_dir: Path) -> None:
    for model in read_manifest(models_dir).models.values():
        file = models_dir / model.file
        assert sha256_of(file) == model.sha256
        assert file.stat().st_size == model.size
        assert (models_dir / model.licence_file).stat().st_size > 500


def test_models_are_rebuilt_to_the_byte(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_bytes((models_dir / "manifest.toml").read_bytes())
    arguments = ["--models", str(tmp_path), "--downloads", str(DOWNLOADS), "--quiet"]
    assert build_models.main(arguments) == 0
    for model in read_manifest(models_dir).models.values():
        assert (tmp_path / model.file).read_bytes() == (models_dir / model.file).read_bytes()
        onnx.checker.check_model(onnx.load(tmp_path / model.file))


def test_the_embedders_id_is_that_of_its_weights(face_models: FaceModels, models_dir: Path) -> None:
    assert face_models.model_id == model_id(*read_manifest(models_dir).by_role("embedder"))


def test_a_changed_model_is_not_loaded(models_dir: Path, tmp_path: Path) -> None:
    for path in models_dir.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = bytearray((tmp_path / "yunet.onnx").read_bytes())
    content[1000] ^= 0xFF
    (tmp_path / "yunet.onnx").write_bytes(content)
    with pytest.raises(Fault) as caught:
        FaceModels.load(tmp_path)
    assert caught.value.code is FaultCode.MODEL_HASH
    (tmp_path / "yunet.onnx").unlink()
    with pytest.raises(Fault) as caught:
        FaceModels.load(tmp_path)
    assert caught.value.code is FaultCode.MODEL_MISSING
