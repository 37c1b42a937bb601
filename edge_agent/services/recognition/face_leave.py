"""Whether this shop may recognise faces: HQ's signed leave, fetched, checked, kept.

Without it nothing is computed; the switch in the box's own config says only that a camera is there.
The walk-up zone runs out where HQ was not heard for three days: who looks without being asked must
hear of it when that is over.
"""

from uuid import UUID

from edge_agent.domain.consents import FACE_LOCAL, FACE_WALK_UP
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.vault import Vault
from retail_core.errors import Fault
from retail_core.identity.face_enablement import FaceEnablement, open_enablement
from retail_core.texts.faults import FaultCode

KEPT_AS = "face-enablement"
HEARD_AS = "walk-up-heard"
# In lease time: what `face_lease.py` counts.
WALK_UP_UNHEARD_MS = 72 * 3_600 * 1_000


class FaceLeave:
    """Holds the newest leave; asked before every picture, so the answer is at hand."""

    def __init__(
        self, vault: Vault, directory: CloudDirectory, public_key: bytes, tenant: UUID, store: UUID
    ) -> None:
        self._vault = vault
        self._directory = directory
        self._public_key = public_key
        self._place = (tenant, store)
        self._held = self._kept()
        heard = vault.get(HEARD_AS)
        self._heard_ms = None if heard is None else int.from_bytes(heard, "big")
        self._elapsed_ms = self._heard_ms or 0

    @property
    def held(self) -> FaceEnablement | None:
        """What HQ said last, as far as known here."""
        return self._held

    def enabled(self) -> bool:
        """Tell whether HQ lets this shop recognise faces."""
        return self._held is not None and self._held.enabled

    def walk_up(self) -> bool:
        """Tell whether HQ lets this shop look at who walks up, as it said itself."""
        return self.enabled() and self._held is not None and self._held.walk_up

    def offered(self) -> tuple[str, ...]:
        """Return the kinds of consent that somebody here may be asked for."""
        kinds = (FACE_LOCAL,) if self.enabled() else ()
        return (*kinds, FACE_WALK_UP) if self.walk_up() else kinds

    def unheard(self) -> bool:
        """Tell whether HQ was not heard for so long that its word on walking up has run out."""
        return self._heard_ms is None or self._elapsed_ms - self._heard_ms >= WALK_UP_UNHEARD_MS

    def elapsed(self, elapsed_ms: int, *, in_touch: bool) -> None:
        """Hear how lease time stands, and whether HQ is heard: then its word is of now."""
        self._elapsed_ms = max(elapsed_ms, self._elapsed_ms)
        if in_touch and self.walk_up():
            self._heard()

    def refresh(self) -> None:
        """Fetch the leave (Faults of the line, FACE_POLICY_INVALID)."""
        self.take(self._directory.face_enablement())

    def take(self, signed: bytes) -> None:
        """Believe a document that is HQ's, ours, and no older than the one held."""
        said = open_enablement(signed, self._public_key, *self._place)
        if self._held is not None and said.version < self._held.version:
            raise Fault(FaultCode.FACE_POLICY_INVALID)
        if said != self._held:
            self._vault.put(KEPT_AS, signed)
            self._held = said
        if self.walk_up():
            self._heard()

    def _heard(self) -> None:
        if self._heard_ms != self._elapsed_ms:
            self._vault.put(HEARD_AS, self._elapsed_ms.to_bytes(8, "big"))
            self._heard_ms = self._elapsed_ms

    def _kept(self) -> FaceEnablement | None:
        signed = self._vault.get(KEPT_AS)
        if signed is None:
            return None
        try:
            return open_enablement(signed, self._public_key, *self._place)
        except Fault:
            return None  # another store's or another HQ's: off until ours is fetched
