"""The member's phone: it makes its own key, claims the membership, shows codes, signs requests."""

import json
import os
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from retail_core.identity import member_code
from tools.demo.client import Client

CODE_LIFE_S = 60


@dataclass(slots=True)
class Phone:
    """A key that never leaves the phone."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    key_id: bytes = b""
    tenant: str = ""

    def claim(self, cloud: Client, claim_code: str) -> str:
        """Bind the public key to the membership with the one-time code; return the member id."""
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        answer = cloud.post(
            "/v1/member/claim", {"claim_code": claim_code, "public_key": public.hex()}
        )
        self.key_id = bytes.fromhex(answer["key_id"])
        self.tenant = answer["tenant_id"]
        return str(answer["member_id"])

    def ask(self, cloud: Client, method: str, path: str, body: Any = None) -> Any:
        """Ask the cloud as the member: the request is signed by the phone's key."""
        content = b"" if body is None else json.dumps(body).encode()
        now_ms, nonce = time.time_ns() // 1_000_000, os.urandom(16).hex()
        digest = sha256(content).hexdigest()
        words = "\n".join(("regulars-p1", method, path, str(now_ms), nonce, digest))
        signature = self.key.sign(words.encode()).hex()
        parts = (self.tenant, self.key_id.hex(), str(now_ms), nonce, signature)
        return cloud.call(method, path, body, {"Authorization": f"Phone {'.'.join(parts)}"})

    def code(self, *, age_s: int = 0) -> str:
        """Return the text of a rotating member code, optionally one that is already old."""
        private = self.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        issued_at = int(time.time()) - age_s
        return member_code.mint(private, self.key_id, issued_at, CODE_LIFE_S, os.urandom(8))
