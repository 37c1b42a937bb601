"""What a code or a card has to prove, and that each proof counts once."""

import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from threading import Lock
from typing import Protocol
from uuid import UUID

from edge_agent.ports.documents import Documents
from edge_agent.ports.nfc import CardTap
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.identity.replay import ReplayGuard
from retail_core.identity.sun import UID_BYTES, CounterGuard, SunRead, verify_sun
from retail_core.texts.faults import FaultCode

COUNTERS = "card-counters"
SAVE_EVERY_S = 60.0
SAVED_MAX = 5_000


class OneTime(Protocol):
    """A code that held: what stands for it, and the last second it may be accepted."""

    @property
    def proof(self) -> bytes:
        """32 bytes that no other code has."""
        ...

    @property
    def dead_after_s(self) -> int:
        """The last second at which any clock accepts the code."""
        ...


class UseBook(Protocol):
    """Where uses are written down, so that they survive a restart and other stores hear of them."""

    def known(self) -> Iterable[tuple[bytes, int]]:
        """Return (proof, last second of its life) of every use still kept."""
        ...

    def note(self, factor: Factor, proof: bytes, member_id: UUID, dead_after_s: int) -> None:
        """Write a use down before its member is shown; never raises."""
        ...


class Proofs:
    """The lanes' shared memory of used codes and card counters; safe between threads.

    `card_hash` is the tenant's keyed hash of a UID. With `documents`, card counters survive a
    restart, else a copied link would count once more after each; written once a minute and by
    `save`, because a document is no place for a write a tap. With `book`, used codes survive even
    a killed program.
    """

    def __init__(
        self,
        sun_meta_key: bytes,
        sun_master_key: bytes,
        card_hash: Callable[[bytes], bytes],
        documents: Documents | None = None,
        book: UseBook | None = None,
    ) -> None:
        self._sun_meta_key = sun_meta_key
        self._sun_master_key = sun_master_key
        self.card_hash = card_hash
        self._documents = documents
        self._lock = Lock()
        self._book = book
        self._codes = ReplayGuard()
        for proof, dead_after_s in book.known() if book is not None else ():
            self._codes.seen(proof, dead_after_s, 0)
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

    def admit_code(self, factor: Factor, code: OneTime, member_id: UUID, now_s: int) -> None:
        """Take a code for its one use; Fault QR_REPLAYED."""
        with self._lock:
            self._codes.admit(code.proof, code.dead_after_s, now_s)
            if self._book is not None:
                self._book.note(factor, code.proof, member_id, code.dead_after_s)

    def admit_card(self, read: SunRead, member_id: UUID | None = None) -> None:
        """Take a tap's counter, for a member if one is recognised; Fault NFC_COUNTER_REPLAYED."""
        with self._lock:
            self._cards.admit(read)
            self._unsaved = True
            if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
                self._put()
            if self._book is not None and member_id is not None:
                proof = sha256(b"sun" + self.card_hash(read.uid) + read.counter.to_bytes(3, "big"))
                self._book.note(Factor.SUN_CARD, proof.digest(), member_id, 0)

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
