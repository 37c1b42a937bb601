"""Secrets of connectors at rest: sealed under a key that only the tenant's key file leads to."""

import hmac
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

NONCE_BYTES: Final = 12
_PURPOSE: Final = b"regulars connector secrets 1"


def seal(tenant_key: bytes, source: UUID, content: bytes, nonce: bytes) -> bytes:
    """Return content sealed for one source; `nonce` is 12 random bytes, never used twice."""
    box = AESGCM(hmac.digest(tenant_key, _PURPOSE, "sha256"))
    return nonce + box.encrypt(nonce, content, source.bytes)


def unseal(tenant_key: bytes, source: UUID, sealed: bytes) -> bytes:
    """Return what was sealed. Fault SOURCE_INVALID where the tenant's key is another one."""
    box = AESGCM(hmac.digest(tenant_key, _PURPOSE, "sha256"))
    try:
        return box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], source.bytes)
    except InvalidTag:
        raise Fault(FaultCode.SOURCE_INVALID, field="secret", reason="sealed") from None
