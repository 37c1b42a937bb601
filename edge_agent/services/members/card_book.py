"""What the shop remembers of cards: their counters on disk, and what looked like a copied card.

A counter that steps back means that somebody shows a link the card gave away earlier, most likely
on a chip that pretends to be it. The tap is refused anyway; this tells the people who can take the
card in: counted here, and journalled so that HQ sees it.
"""

from collections import deque
from uuid import UUID

from edge_agent.ports.card_counters import CardCounters
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.documents import Documents
from edge_agent.ports.journal import Draft
from edge_agent.services.journal.recorder import Recorder
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ProofSuspect

# One copied link held to the reader again and again is one alert.
TOLD_MAX = 256
OLD_DOCUMENT = "card-counters"


class CardBook:
    """Fulfils `CounterBook`; trouble with the disk is counted and never stops a tap."""

    def __init__(
        self,
        counters: CardCounters,
        recorder: Recorder,
        clock: Clock,
        ids: IdSource,
        tally: FaultTally,
    ) -> None:
        self._counters = counters
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._told: deque[tuple[bytes, int]] = deque(maxlen=TOLD_MAX)

    def adopt(self, documents: Documents) -> None:
        """Take over what an earlier release kept in a document, once."""
        held = documents.get(OLD_DOCUMENT)
        counters = held.get("counters") if held is not None else None
        if isinstance(counters, dict):
            for uid, counter in counters.items():
                self._counters.put(bytes.fromhex(uid), int(counter))
            documents.delete(OLD_DOCUMENT)

    def last(self, uid: bytes) -> int | None:
        """Return a card's highest counter so far."""
        try:
            return self._counters.last(uid)
        except Fault as fault:
            self._tally.count(fault.code)
            return None

    def note(self, uid: bytes, counter: int) -> None:
        """Keep a counter before its member is shown."""
        try:
            self._counters.put(uid, counter)
        except Fault as fault:
            self._tally.count(fault.code)

    def suspect(self, uid_hash: bytes, shown: int, last: int, member_id: UUID | None) -> None:
        """Tell of a card that showed a counter it had gone beyond."""
        self._tally.count(FaultCode.NFC_CARD_SUSPECT)
        if (uid_hash, shown) in self._told:
            return
        self._told.append((uid_hash, shown))
        code = FaultCode.NFC_CARD_SUSPECT.value
        body = encode_body(ProofSuspect(Factor.SUN_CARD.value, code, uid_hash, shown, last))
        draft = Draft(
            self._ids.uuid7(), EventType.PROOF_SUSPECT, self._clock.now(), body, member=member_id
        )
        try:
            self._recorder.record([draft], lambda _seq: None)
        except Fault as fault:
            self._tally.count(fault.code)
