"""What a program must know of a model to use it, and the bundle in which HQ signs it.

Weights, thresholds, calibration and the standing of the licence travel together: the bundle is one
JSON document with a 64-byte Ed25519 signature in front, made with the key that signs the rules of
prices. A box uses a model only as the bundle describes it.
"""

from typing import Literal, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core.errors import Fault
from retail_core.identity.face_match import FacePolicy
from retail_core.texts.faults import FaultCode

MODEL_ID_HASH_CHARS = 12
SIGNATURE_BYTES = 64
_CONTEXT = b"regulars-models-1\x00"

Shape = tuple[int | str, ...]
Profile = Literal["mobilefacenet", "dlib"]


class KnownAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one output is for the self-test's input: its Euclidean length and its first values."""

    norm: float
    first: tuple[float, ...]


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ONNX file: its proof, its shapes, how it is judged, and what the law says of it.

    `standing` is `sign-off` where a chain has to decide for itself whether it may use the weights.
    `known` are answers for the self-test; an embedder has a `profile` and a `policy`.
    `answers_as` is the SHA-256 of a file whose answers this one gives but for rounding: it goes by
    that file's id, so that templates and decisions about the licence stand when a file is made
    faster.
    """

    role: Literal["detector", "embedder", "liveness"]
    file: str
    sha256: str
    size: int
    licence: str
    licence_note: str
    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    thresholds: dict[str, float] = {}
    standing: Literal["clear", "sign-off"] = "sign-off"
    profile: Profile | None = None
    policy: FacePolicy | None = None
    known: dict[str, KnownAnswer] = {}
    answers_as: str = ""


class SignOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who decided for the chain that a model may be used, and on which day (ISO date)."""

    by: str
    on: str


class ModelBundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything HQ says of the models; `signed_off` by model id."""

    version: int
    models: dict[str, ModelCard]
    signed_off: dict[str, SignOff] = {}

    def awaiting(self, name: str) -> bool:
        """Tell whether the chain has still to decide about a model it uses."""
        card = self.models[name]
        return card.standing == "sign-off" and model_id(name, card) not in self.signed_off


Card = TypeVar("Card", bound=ModelCard)


def model_id(name: str, card: ModelCard) -> str:
    """Name an embedder together with its weights: templates of two ids are never compared."""
    return f"{name}@{(card.answers_as or card.sha256)[:MODEL_ID_HASH_CHARS]}"


def by_role(models: dict[str, Card], role: str, profile: str | None = None) -> tuple[str, Card]:
    """Return (name, card) of the first model with this role and profile; Fault MODEL_MISSING."""
    for name, card in models.items():
        if card.role == role and profile in {None, card.profile}:
            return name, card
    raise Fault(FaultCode.MODEL_MISSING, name=profile or role)


def sign_models(bundle: ModelBundle, private_key: bytes) -> bytes:
    """Return the signed document; `private_key` is the raw 32-byte seed."""
    content = msgspec.json.encode(bundle, order="deterministic")
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(_CONTEXT + content) + content


def open_models(signed: bytes, public_key: bytes) -> ModelBundle:
    """Return the bundle if the raw 32-byte public key signed it; Fault MODEL_BUNDLE_INVALID."""
    signature, content = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _CONTEXT + content)
        return msgspec.json.decode(content, type=ModelBundle)
    except InvalidSignature:
        raise Fault(FaultCode.MODEL_BUNDLE_INVALID, reason="signature") from None
    except msgspec.DecodeError as error:
        raise Fault(FaultCode.MODEL_BUNDLE_INVALID, reason=str(error)) from None
