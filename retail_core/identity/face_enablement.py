"""HQ's leave to recognise faces in one store: a small signed document, off until it says on.

It names what the law asks to be done before: the impact assessment, the signs at the door, and who
approved. A box believes it only with HQ's signature, for its own store, and never an older one.
"""

from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_CONTEXT = b"regulars/face-enablement/1\0"
SIGNATURE_BYTES = 64
# What has to be on record, and what people call it.
MUST = {
    "assessment": "影响评估 assessment",
    "signage": "提示标识 signs",
    "approved_by": "批准人 approved by",
    "approved_on": "批准日期 approved on",
}


class FaceEnablement(msgspec.Struct, frozen=True):
    """What HQ decided for a store; `walk_up` is the walk-up zone mode, decided separately.

    `assessment` references the impact assessment, `signage` the signs put up; `approved_on` is a
    date, yyyy-mm-dd. `version` rises with every decision.
    """

    tenant: str
    store: str
    version: int
    enabled: bool
    walk_up: bool = False
    assessment: str = ""
    signage: str = ""
    approved_by: str = ""
    approved_on: str = ""


def missing(enablement: FaceEnablement) -> tuple[str, ...]:
    """Return what has to be on record before faces may be enabled; empty when they stay off."""
    if not enablement.enabled:
        return ()
    return tuple(name for name in MUST if not getattr(enablement, name).strip())


def incomplete(lacking: tuple[str, ...]) -> Fault:
    """Return the Fault FACE_ENABLEMENT_INCOMPLETE that says what is missing, as people call it."""
    return Fault(
        FaultCode.FACE_ENABLEMENT_INCOMPLETE, missing=", ".join(MUST[name] for name in lacking)
    )


def sign_enablement(enablement: FaceEnablement, seed: bytes) -> bytes:
    """Return a 64-byte Ed25519 signature and the document; Fault FACE_ENABLEMENT_INCOMPLETE."""
    lacking = missing(enablement)
    if lacking:
        raise incomplete(lacking)
    content = msgspec.json.encode(enablement)
    return Ed25519PrivateKey.from_private_bytes(seed).sign(_CONTEXT + content) + content


def open_enablement(signed: bytes, public_key: bytes, tenant: UUID, store: UUID) -> FaceEnablement:
    """Return the document if HQ signed it for this store (Fault FACE_POLICY_INVALID)."""
    signature, content = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _CONTEXT + content)
        said = msgspec.json.decode(content, type=FaceEnablement)
    except (InvalidSignature, ValueError) as error:
        raise Fault(FaultCode.FACE_POLICY_INVALID) from error
    if (said.tenant, said.store) != (str(tenant), str(store)) or missing(said):
        raise Fault(FaultCode.FACE_POLICY_INVALID)
    return said
