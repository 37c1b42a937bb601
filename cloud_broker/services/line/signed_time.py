"""Tells a box the time, for the question it asked and no other."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.secrets import KeyRing
from retail_core.fleet.signed_time import sign_time


@dataclass(frozen=True, slots=True)
class TimeTeller:
    """Signs the cloud's time with the tenant's key."""

    clock: Clock
    keys: KeyRing

    def tell(self, tenant: UUID, device: UUID, nonce: bytes) -> bytes:
        """Return the signed time; Fault WIRE_MALFORMED for a nonce of another length."""
        seed = self.keys.keys(tenant).bundle_seed
        return sign_time(self.clock.now_ms(), nonce, device.bytes, seed)
