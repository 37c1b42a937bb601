"""Papers of erasures: signed, given out as a file that people can read, and proved from that file.

Signed with Ed25519 (RFC 8032) over a context and the paper's JSON, so that no paper passes for one
of another kind.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Parts = tuple[bytes, bytes, bytes]
"""The content that was signed, the signature, and the raw public key."""


class Versioned(Protocol):
    """A paper that says which version of its kind it is."""

    @property
    def v(self) -> int:
        """The version."""
        ...


P = TypeVar("P", bound=Versioned)


@dataclass(frozen=True, slots=True)
class PaperKind(Generic[P]):
    """One kind of paper; `name` is what its file calls it, `untrue` the fault of a bad one."""

    name: str
    paper: type[P]
    version: int
    context: bytes
    untrue: FaultCode

    def sign(self, paper: P, seed: bytes) -> Parts:
        """Sign with a raw 32-byte seed."""
        content = msgspec.json.encode(paper)
        key = Ed25519PrivateKey.from_private_bytes(seed)
        return content, key.sign(self.context + content), key.public_key().public_bytes_raw()

    def opened(self, parts: Parts) -> P:
        """Return the paper, if the key named beside it signed it (Fault `untrue`)."""
        content, signature, public_key = parts
        try:
            key = Ed25519PublicKey.from_public_bytes(public_key)
            key.verify(signature, self.context + content)
            paper = msgspec.json.decode(content, type=self.paper)
        except (InvalidSignature, ValueError) as error:
            raise Fault(self.untrue) from error
        if paper.v != self.version:
            raise Fault(self.untrue)
        return paper

    def to_file(self, parts: Parts) -> bytes:
        """Return it as a JSON file: the content readable, the signed bytes beside it."""
        content, signature, public_key = parts
        shown = {
            self.name: msgspec.json.decode(content),
            "content": content.hex(),
            "signature": signature.hex(),
            "public_key": public_key.hex(),
        }
        return msgspec.json.format(msgspec.json.encode(shown)) + b"\n"

    def from_file(self, file: bytes) -> Parts:
        """Read what `to_file` wrote; only the signed bytes count (Fault `untrue`)."""
        try:
            shown = msgspec.json.decode(file, type=dict[str, object])
            content, signature, public_key = (
                bytes.fromhex(str(shown[name])) for name in ("content", "signature", "public_key")
            )
            if msgspec.json.decode(content) != shown[self.name]:
                raise Fault(self.untrue)
        except (KeyError, ValueError, TypeError) as error:
            raise Fault(self.untrue) from error
        return content, signature, public_key
