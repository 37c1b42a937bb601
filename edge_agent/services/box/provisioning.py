"""The box's certificate: got once with a code, renewed in its last third, never without one.

A new key is tried over a second connection before the old one goes; whatever fails leaves the old
one in place, and the next turn begins again.
"""

from edge_agent.ports.box_identity import CertificateDesk, IdentityStore
from edge_agent.ports.clock import Clock, IdSource
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.box_identity import Life
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# What a person has to settle is not asked for every hour.
_SETTLED = frozenset({FaultCode.CERT_REVOKED, FaultCode.CERT_TOO_LATE, FaultCode.CERT_UNKNOWN})
_PERMILLE = 1_000


def first_certificate(store: IdentityStore, desk: CertificateDesk, code: str, board: str) -> None:
    """Trade a code for a certificate; the key was made here and stays here. Faults F1xx."""
    request = store.draw()
    store.take(desk.enrol(board, code, request))
    store.swap()


class IdentityKeeper:
    """Renews the box's certificate; `turn` is called now and then."""

    def __init__(
        self,
        store: IdentityStore,
        desk: CertificateDesk,
        clock: Clock,
        ids: IdSource,
        tally: FaultTally,
    ) -> None:
        self._store = store
        self._desk = desk
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._again_ms = 0
        self._due: tuple[Life, int] | None = None

    def turn(self) -> None:
        """Renew what is due; a box that does not know the time waits until it does."""
        now, held = self._clock.now(), self._store.held()
        if held is None or now.quality is TimeQuality.UNKNOWN or now.mono_ms < self._again_ms:
            return
        if now.wall_ms < self._due_ms(held.life):
            return
        try:
            self._renew(held.life, now.wall_ms)
        except Fault as fault:
            self._tally.count(FaultCode.CERT_RENEWAL_FAILED)
            wait_ms = DAY_MS if fault.code in _SETTLED else HOUR_MS
            self._again_ms = now.mono_ms + wait_ms // 2 + wait_ms * self._permille() // _PERMILLE

    def _renew(self, life: Life, wall_ms: int) -> None:
        request = self._store.draw()
        if wall_ms < life.until_ms:
            chain = self._desk.renew(request)
        else:
            chain = self._desk.renew_late(self._store.late_ask(request))
        self._store.take(chain)
        self._desk.try_drawn()
        self._store.swap()

    def _due_ms(self, life: Life) -> int:
        """Return when this certificate is renewed; drawn, so that boxes do not come at once."""
        if self._due is None or self._due[0] != life:
            self._due = (life, life.renewal_ms(self._permille()))
        return self._due[1]

    def _permille(self) -> int:
        return int.from_bytes(self._ids.random_bytes(2), "big") % (_PERMILLE + 1)
