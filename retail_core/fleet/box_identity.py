"""A box's certificate in both sides' words: whose it is, how long it lives, when it is renewed."""

from dataclasses import dataclass
from uuid import UUID

from retail_core import limits

_URI = "urn:regulars:box:"
_PERMILLE = 1_000
# Nothing else that a box's key signs begins so.
_LATE = b"regulars late renewal 1\0"


@dataclass(frozen=True, slots=True)
class BoxName:
    """A device of a tenant, as its certificate names it."""

    tenant: UUID
    device: UUID

    @property
    def uri(self) -> str:
        """Return the certificate's one alternative name."""
        return f"{_URI}{self.tenant}:{self.device}"


@dataclass(frozen=True, slots=True)
class Life:
    """From when to when a certificate holds, milliseconds since 1970."""

    since_ms: int
    until_ms: int

    def renewal_ms(self, permille: int) -> int:
        """Return when to renew: two thirds through, and up to half of what is left later."""
        lasts = self.until_ms - self.since_ms
        first = self.since_ms + lasts * limits.CERTIFICATE_RENEWAL_PERMILLE // _PERMILLE
        return first + (self.until_ms - first) * permille // (2 * _PERMILLE)

    def late_until_ms(self) -> int:
        """Return until when an expired certificate may still ask for the next one."""
        return self.until_ms + limits.CERTIFICATE_LATE_MS


def read_uri(uri: str) -> BoxName | None:
    """Return whom a name names; None for any other than exactly ours."""
    try:
        tenant, device = uri.removeprefix(_URI).split(":")
        name = BoxName(UUID(tenant), UUID(device))
    except ValueError:
        return None
    return name if name.uri == uri else None


def late_words(csr: bytes, fingerprint: bytes) -> bytes:
    """Return what the old key signs when its certificate has expired: for this request alone."""
    return _LATE + fingerprint + csr
