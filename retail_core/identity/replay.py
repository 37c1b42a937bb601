"""One use for each proof: what was used is remembered until no clock would accept it any more."""

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PROOF_BYTES = 32


class ReplayGuard:
    """Remembers used proofs until they are dead; bounded, the soonest to die goes first."""

    def __init__(self, capacity: int = limits.REPLAY_CODES_MAX) -> None:
        self._capacity = capacity
        self._dead_after_s: dict[bytes, int] = {}

    def seen(self, proof: bytes, dead_after_s: int, now_s: int) -> bool:
        """Return whether a proof was used before, and remember it."""
        held = self._dead_after_s
        for key in [key for key, dead_s in held.items() if dead_s < now_s]:
            del held[key]
        if proof in held:
            return True
        if len(held) >= self._capacity:
            del held[min(held, key=held.__getitem__)]
        held[proof] = dead_after_s
        return False

    def admit(self, proof: bytes, dead_after_s: int, now_s: int) -> None:
        """Take a proof for its one use; Fault QR_REPLAYED when it had it."""
        if self.seen(proof, dead_after_s, now_s):
            raise Fault(FaultCode.QR_REPLAYED)

    def __len__(self) -> int:
        return len(self._dead_after_s)
