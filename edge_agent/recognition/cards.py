"""Member cards, from a contactless reader."""

from collections import deque

from edge_agent.ports.nfc import CardTap, NfcReader
from edge_agent.recognition.lookup import MemberLookup, StillAskingError
from edge_agent.recognition.proofs import Proofs
from edge_agent.recognition.race import Finding, Race
from edge_agent.recognition.weak_cards import NO_WEAK_CARDS, WeakCards
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.identity.sun import SunRead
from retail_core.texts.faults import FaultCode

# A tap may come before the clerk asks; later it was meant for somebody else.
TAP_FRESH_MS = 3_000
CARRIED_MAX = 2
MS_PER_S = 1000


class CardTaps:
    """Reads member cards; a tap that came when its race was over waits for the next one.

    `weak` says which cards this lane takes that prove nothing.
    """

    def __init__(
        self,
        reader: NfcReader,
        lookup: MemberLookup,
        proofs: Proofs,
        weak: WeakCards = NO_WEAK_CARDS,
    ) -> None:
        self._reader = reader
        self._lookup = lookup
        self._proofs = proofs
        self._weak = weak
        self._carried: deque[CardTap] = deque(maxlen=CARRIED_MAX)

    def run(self, race: Race) -> None:
        """Take taps until a card holds."""
        while not race.is_over():
            tap = self._next(race)
            if tap is None:
                continue
            if race.is_over():
                self._carried.append(tap)
                return
            if tap.detected_mono_ms < race.began_ms - TAP_FRESH_MS:
                continue
            with race.at_work("nfc"):
                race.took({"nfc_read": tap.read_ms})
                self._try(tap, race)

    def carry(self, tap: CardTap) -> None:
        """Take a tap that somebody else got from the reader; the race under way looks at it."""
        self._carried.append(tap)

    def check(self, tap: CardTap, asked_ms: float, *, within_s: float) -> Finding:
        """Return whose card it is; Faults NFC_CARD_UNKNOWN and those of reading it.

        Its counter is not yet taken. StillAskingError when the cloud was not quick enough.
        """
        read = self._proven(tap)
        number = self._weak.uid(tap) if read is None else read.uid
        held = self._lookup.find("card", self._proofs.card_hash(number), within_s=within_s)
        if held is None:
            raise Fault(FaultCode.NFC_CARD_UNKNOWN)
        # A tap that came before the question was not waited for.
        seen_ms = max(tap.detected_mono_ms, asked_ms)
        if read is None:
            return Finding(Factor.CARD_UID, held, seen_ms, seen_ms)
        return Finding(
            Factor.SUN_CARD,
            held,
            seen_ms,
            seen_ms,
            lambda: self._proofs.admit_card(read, tap, held.member_id),
        )

    def _proven(self, tap: CardTap) -> SunRead | None:
        """Return what a card of ours proves, None for one that may only give a number."""
        try:
            return self._proofs.read_card(tap)
        except Fault as fault:
            if fault.code is not FaultCode.NFC_CARD_FOREIGN:
                raise
            return None

    def _next(self, race: Race) -> CardTap | None:
        if self._carried:
            return self._carried.popleft()
        tap = self._reader.next_tap(timeout_ms=race.slice_ms())
        if tap is None and self._reader.state() == "gone":
            race.refuse(FaultCode.NFC_READER_GONE, news=False)
        return tap

    def _try(self, tap: CardTap, race: Race) -> None:
        try:
            finding = self.check(tap, race.began_ms, within_s=race.left_ms() / MS_PER_S)
        except StillAskingError:
            race.refuse(FaultCode.NFC_CARD_UNKNOWN, news=False)
            self._carried.append(tap)
        except Fault as fault:
            race.refuse(fault.code)
        else:
            if not race.found(finding):
                self._carried.append(tap)
