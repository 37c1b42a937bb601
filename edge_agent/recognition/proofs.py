"""What a code or a card has to prove, and that each proof counts once."""

import time
from collections.abc import Callable
from threading import Lock

from edge_agent.ports.documents import Documents
from edge_agent.ports.nfc import CardTap
from retail_core.errors import Fault
from retail_core.identity.member_code import MemberCode, ReplayGuard
from retail_core.identity.sun import UID_BYTES, CounterGuard, SunRead, verify_sun
from retail_core.texts.faults import FaultCode

COUNTERS = "card-counters"
SAVE_EVERY_S = 60.0
SAVED_MAX = 5_000


class Proofs:
    """The lanes' shared memory of used codes and card counters; safe between threads.

    `card_hash` is the tenant's keyed hash of a UID. With `documents`, card counters survive a
    restart, else a copied link would count once more after each; written once a minute and by
    `save`, because a document is no place for a write a tap.
    """

    def __init__(
        self,
        sun_meta_key: bytes,
        sun_master_key: bytes,
        card_hash: Callable[[bytes], bytes],
        documents: Documents | None = None,
    ) -> None:
        self._sun_meta_key = sun_meta_key
        self._sun_master_key = sun_master_key
        self.card_hash = card_hash
        self._documents = documents
        self._lock = Lock()
        self._codes = ReplayGuard()
        self._cards = CounterGuard(_stored(documents))
        self._saved_s = time.monotonic()
        self._unsaved = False

    def read_card(self, tap: CardTap) -> SunRead:
        """Return what a tap proves; Faults NFC_CARD_FOREIGN, NFC_MAC."""
        if tap.ndef_uri is None:
            raise Fault(FaultCode.NFC_CARD_FOREIGN)
        read = verify_sun(tap.ndef_uri, self._sun_meta_key, self._sun_master_key)
        # A link copied onto another chip; a short UID is a random one and says nothing.
        if len(tap.uid) == UID_BYTES and tap.uid != read.uid:
            raise Fault(FaultCode.NFC_CARD_FOREIGN)
        return read

    def admit_code(self, code: MemberCode, now_s: int) -> None:
        """Take a code for its one use; Fault QR_REPLAYED."""
        with self._lock:
            self._codes.admit(code, now_s)

    def admit_card(self, read: SunRead) -> None:
        """Take a tap's counter; Fault NFC_COUNTER_REPLAYED."""
        with self._lock:
            self._cards.admit(read)
            self._unsaved = True
            if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
                self._put()

    def save(self) -> None:
        """Keep the card counters now; called when the lane stops."""
        with self._lock:
            self._put()

    def _put(self) -> None:
        if self._documents is None or not self._unsaved:
            return
        newest = list(self._cards.counters().items())[-SAVED_MAX:]
        self._documents.put(COUNTERS, {"counters": {uid.hex(): last for uid, last in newest}})
        self._saved_s, self._unsaved = time.monotonic(), False


def _stored(documents: Documents | None) -> dict[bytes, int]:
    document = documents.get(COUNTERS) if documents is not None else None
    counters = document.get("counters") if document is not None else None
    if not isinstance(counters, dict):
        return {}
    return {bytes.fromhex(uid): int(count) for uid, count in counters.items()}
