"""What a code or a card has to prove, and that each proof counts once."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from threading import Lock
from typing import Protocol
from uuid import UUID

from edge_agent.ports.nfc import CardTap
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.identity.replay import ReplayGuard
from retail_core.identity.sun import UID_BYTES, CounterGuard, SunRead, verify_sun
from retail_core.texts.faults import FaultCode

# How many cards' last taps are remembered, to tell a late tap from a copied one.
RECENT_MAX = 256


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


class CounterBook(Protocol):
    """Where card counters are kept, and who is told of a card that seems to be copied."""

    def last(self, uid: bytes) -> int | None:
        """Return a card's highest counter so far."""
        ...

    def note(self, uid: bytes, counter: int) -> None:
        """Keep a counter, safe from a power cut, before its member is shown; never raises."""
        ...

    def suspect(self, uid_hash: bytes, shown: int, last: int, member_id: UUID | None) -> None:
        """Tell of a card that showed a counter it had gone beyond; never raises."""
        ...


class Proofs:
    """The lanes' shared memory of used codes and card counters; safe between threads.

    `card_hash` is the tenant's keyed hash of a UID. With `cards`, card counters survive whatever
    ends the program, else a copied link would count once more; with `book`, used codes do too.
    """

    def __init__(
        self,
        sun_meta_key: bytes,
        sun_master_key: bytes,
        card_hash: Callable[[bytes], bytes],
        cards: CounterBook | None = None,
        book: UseBook | None = None,
    ) -> None:
        self._sun_meta_key = sun_meta_key
        self._sun_master_key = sun_master_key
        self.card_hash = card_hash
        self._counters = cards
        self._lock = Lock()
        self._book = book
        self._codes = ReplayGuard()
        for proof, dead_after_s in book.known() if book is not None else ():
            self._codes.seen(proof, dead_after_s, 0)
        self._cards = CounterGuard()
        self._recent: OrderedDict[bytes, int] = OrderedDict()

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

    def admit_card(self, read: SunRead, tap: CardTap, member_id: UUID | None = None) -> None:
        """Take a tap's counter, for a member if one is recognised; Fault NFC_COUNTER_REPLAYED."""
        with self._lock:
            if self._counters is not None and self._cards.last(read.uid) is None:
                stored = self._counters.last(read.uid)
                if stored is not None:
                    self._cards.seen(SunRead(read.uid, stored))
            last = self._cards.last(read.uid)
            try:
                self._cards.admit(read)
            except Fault:
                self._refused(read, tap, last or 0, member_id)
                raise
            self._recent[read.uid] = tap.detected_mono_ms
            if len(self._recent) > RECENT_MAX:
                self._recent.popitem(last=False)
            if self._counters is not None:
                self._counters.note(read.uid, read.counter)
            if self._book is not None and member_id is not None:
                proof = sha256(b"sun" + self.card_hash(read.uid) + read.counter.to_bytes(3, "big"))
                self._book.note(Factor.SUN_CARD, proof.digest(), member_id, 0)

    def _refused(self, read: SunRead, tap: CardTap, last: int, member_id: UUID | None) -> None:
        """Tell of a copied card, unless this tap only waited while a later one was taken."""
        late = tap.detected_mono_ms <= self._recent.get(read.uid, -1)
        if self._counters is not None and not late:
            self._counters.suspect(self.card_hash(read.uid), read.counter, last, member_id)
