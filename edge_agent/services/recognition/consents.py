"""What members agreed to: every word goes to the journal, and into the ledger beside the templates.

The journal tells the cloud and forgets after a fortnight; the ledger remembers, and its tables let
no template rest without a standing word. Whoever records a consent event, the ledger hears of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from edge_agent.domain.consents import (
    CONSENT_TEXT_VERSION,
    FACE_GUARDIAN,
    FACE_LOCAL,
    FACE_ROAMING,
    FACE_WALK_UP,
    MEMBERSHIP,
    Consent,
    face_refused_for_age,
    known_kind,
    text_hash,
)
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.consent_ledger import ConsentLedger
from edge_agent.ports.gallery_store import Erasure
from edge_agent.ports.journal import Draft, Journal, Record
from edge_agent.ports.replica import Replica
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.recognition.erasing import Eraser
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ConsentGiven

FACES = (FACE_LOCAL, FACE_ROAMING, FACE_WALK_UP)
CHANNEL_CLOUD = "cloud"


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says at a counter: yes or no to one kind of consent."""

    member_id: UUID
    kind: str
    given: bool
    language: str
    channel: str
    age: str = ""
    operator: UUID | None = None
    till: UUID | None = None


class Consents:
    """The ledger's front: adds words, answers whether one stands, erases what lost its word."""

    def __init__(
        self,
        recorder: Recorder,
        ledger: ConsentLedger,
        eraser: Eraser,
        clock: Clock,
        ids: IdSource,
        tally: FaultTally,
    ) -> None:
        self._recorder = recorder
        self._ledger = ledger
        self._eraser = eraser
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._listeners: list[Callable[[Consent], None]] = []
        recorder.listen(self.recorded)

    def listen(self, listener: Callable[[Consent], None]) -> None:
        """Call `listener` with every word that has gone into the ledger."""
        self._listeners.append(listener)

    def may_walk_up(self) -> frozenset[UUID]:
        """Return who may be recognised on walking up."""
        return self._ledger.walk_up()

    def event_for(self, member_id: UUID, kind: str) -> UUID | None:
        """Return the event of the member's latest word on this kind, None unless it was a yes."""
        word = self._ledger.word(member_id, kind)
        return word.consent_id if word is not None and word.given else None

    def words(self, member_id: UUID) -> tuple[Consent, ...]:
        """Return everything a member said here, oldest first."""
        return self._ledger.words(member_id)

    def holds(self, member_id: UUID) -> bool:
        """Tell whether templates of this member rest here."""
        return self._eraser.holds(member_id)

    def say(self, word: Word, *, answer: AnswerOf[Consent] | None = None) -> Consent:
        """Record a word; a withdrawal has erased what rested on it when this returns.

        Raises Fault API_BODY_INVALID for an unknown kind or a membership, FACE_MINOR.
        """
        if not known_kind(word.kind) or word.kind == MEMBERSHIP:
            raise Fault(FaultCode.API_BODY_INVALID, detail="kind")
        guarded = self.event_for(word.member_id, FACE_GUARDIAN) is not None
        if word.given and word.kind in FACES and face_refused_for_age(word.age, guardian=guarded):
            raise Fault(FaultCode.FACE_MINOR)
        body = ConsentGiven(
            kind=word.kind,
            text_version=CONSENT_TEXT_VERSION,
            text_hash=text_hash(word.kind, word.language),
            language=word.language,
            channel=word.channel,
            given=word.given,
            age=word.age,
        )
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.CONSENT_GIVEN,
            at=self._clock.now(),
            body=encode_body(body),
            till=word.till,
            operator=word.operator,
            member=word.member_id,
        )
        said = consent_of(draft, body)
        return self._recorder.record([draft], lambda _seq: said, answer)

    def recorded(self, records: Iterable[Record]) -> None:
        """Hear of fresh journal records: each consent among them goes into the ledger."""
        for record in records:
            if record.draft.type == EventType.CONSENT_GIVEN:
                self._keep(record.draft)

    def catch_up(self, journal: Journal) -> None:
        """Make up for a power cut between journal, ledger and erasure."""
        for record in journal.records(type_=EventType.CONSENT_GIVEN):
            if not self._ledger.knows(record.draft.event_id):
                self._keep(record.draft)
        self._eraser.finish()

    def heard(self, member_id: UUID, replica: Replica) -> None:
        """Take up what the cloud says of a member: gone, or a word on faces withdrawn elsewhere.

        A withdrawal older than a word given here since, or taken up already, changes nothing.
        """
        held = replica.member(member_id)
        if held is None:
            self._eraser.erase(member_id, "gone")
            return
        record = held.record
        self._taken_back(member_id, FACE_WALK_UP, record.walk_up_withdrawn_ms)
        self._taken_back(member_id, FACE_GUARDIAN, record.guardian_withdrawn_ms)
        self._taken_back(member_id, FACE_LOCAL, record.withdrawn_ms)

    def _taken_back(self, member_id: UUID, kind: str, withdrawn_ms: int) -> None:
        word = self._ledger.word(member_id, kind)
        if not withdrawn_ms or word is None or not word.given or word.wall_ms > withdrawn_ms:
            return
        taken = _withdrawal_of(word, withdrawn_ms)
        if self._ledger.knows(taken.consent_id):
            return
        self._entered(taken, self._ledger.add_consent(taken))

    def _keep(self, draft: Draft) -> None:
        body = decode_body(draft.type, draft.body)
        if not isinstance(body, ConsentGiven) or draft.member is None:
            return
        consent = consent_of(draft, body)
        try:
            erasure = self._ledger.add_consent(consent)
        except Fault as fault:
            self._tally.count(fault.code)
            return
        self._entered(consent, erasure)

    def _entered(self, consent: Consent, erasure: Erasure | None) -> None:
        # The tables know which word her face rested on: any other one leaves it where it is.
        if not consent.given and not self._eraser.holds(consent.member_id):
            self._eraser.erased(consent.member_id, erasure)
        for listener in self._listeners:
            listener(consent)


def consent_of(draft: Draft, body: ConsentGiven) -> Consent:
    """Return a journalled word as the ledger keeps it."""
    assert draft.member is not None  # noqa: S101 -- nobody records a word of nobody
    return Consent(
        consent_id=draft.event_id,
        member_id=draft.member,
        kind=body.kind,
        given=body.given,
        text_version=body.text_version,
        text_hash=body.text_hash,
        language=body.language,
        channel=body.channel,
        wall_ms=draft.at.wall_ms,
        operator=draft.operator,
        till=draft.till,
        age=body.age,
    )


def _withdrawal_of(word: Consent, withdrawn_ms: int) -> Consent:
    """Return the cloud's withdrawal as a word; its id makes taking it up twice impossible."""
    of = b"" if word.kind == FACE_LOCAL else word.kind.encode()
    told = b"withdrawn" + of + word.member_id.bytes + withdrawn_ms.to_bytes(8, "big")
    return Consent(
        consent_id=UUID(bytes=sha256(told).digest()[:16]),
        member_id=word.member_id,
        kind=word.kind,
        given=False,
        text_version=word.text_version,
        text_hash=word.text_hash,
        language=word.language,
        channel=CHANNEL_CLOUD,
        wall_ms=withdrawn_ms,
    )
