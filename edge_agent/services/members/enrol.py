"""Enrolling a member at the till: consents first, then on disk, then known to this shop."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

import msgspec

from edge_agent.domain.consents import (
    CONSENT_TEXT_VERSION,
    FACE_GUARDIAN,
    FACE_WALK_UP,
    age_word,
    face_refused_for_age,
    known_kind,
    text_hash,
)
from edge_agent.domain.enrolment import (
    CLAIM_RANDOM_BYTES,
    CLAIM_TTL_S,
    MEMBERSHIP,
    EnrolCommand,
    Enrolled,
    claim_code,
    record_of,
)
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.members.members import Members
from edge_agent.services.members.reissue import link_of
from edge_agent.services.recognition.consents import FACES
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core import limits
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.growth.birthdays import check_birthday, to_say
from retail_core.identity.card_number import is_card_number
from retail_core.identity.naming import mask_phone, normalise_phone
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import CardIssued, ConsentGiven, MemberEnrolled

CHANNEL_TILL = "till"
CARD_KIND = "ntag424"
PRINTED_KIND = "printed"
TIER_WITHOUT_RULES = "standard"
TAGS_MAX = 32
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class CardBound:
    """A card that from now on names a member."""

    member_id: UUID
    seq: int


class Enrol:
    """Enrols members and binds cards; `claim_base` is where a phone opens its claim.

    `numbers` are patterns of the numbers printed on the house's own cards.
    """

    def __init__(  # noqa: PLR0913 -- the parts of one counter
        self,
        recorder: Recorder,
        replica: Replica,
        members: Members,
        clock: Clock,
        ids: IdSource,
        shop: Shop,
        *,
        claim_base: str,
        numbers: tuple[str, ...] = (),
    ) -> None:
        self._recorder = recorder
        self._replica = replica
        self._members = members
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._claim_base = claim_base
        self._numbers = numbers
        self._desk = PriceDesk(replica, shop)

    def execute(
        self, command: EnrolCommand, *, answer: AnswerOf[Enrolled] | None = None
    ) -> Enrolled:
        """Enrol a member; one who already has this phone number is returned instead.

        Raises Fault API_BODY_INVALID for a name, phone or consents that cannot be.
        """
        check_enrolment(replace(command, consents=canonical(command.consents)))
        digits = normalise_phone(command.phone)
        found = self._members.find("phone", self._members.phone_hash(digits)).held
        if found is not None:
            known = Enrolled(found.member_id, existing=True)
            return self._recorder.record([], lambda _seq: known, answer)
        return self.create(command, digits, answer=answer)

    def create(
        self, command: EnrolCommand, digits: str, *, answer: AnswerOf[Enrolled] | None = None
    ) -> Enrolled:
        """Enrol somebody whose number (E.164 digits) was looked up and found nobody.

        Raises Fault API_BODY_INVALID for a name or consents that cannot be.
        """
        command = replace(command, consents=canonical(command.consents))
        check_enrolment(command)
        at, member_id = self._clock.now(), self._ids.uuid7()
        code = claim_code(self._ids.random_bytes(CLAIM_RANDOM_BYTES))
        body = self._body(command, digits, code, at)
        drafts = [
            self._draft(EventType.MEMBER_ENROLLED, encode_body(body), (at, member_id), command),
            *self._consents(command, at, member_id),
        ]
        enrolled = Enrolled(
            member_id=member_id,
            existing=False,
            claim_code=code,
            claim_uri=link_of(self._claim_base, code),
            claim_expires_s=CLAIM_TTL_S,
            consent_events=_by_kind(command.consents, drafts[1:]),
            record=record_of(body, self._shop.store),
        )
        kept = self._recorder.record(drafts, lambda _seq: enrolled, answer)
        self._replica.put_member(member_id, 0, record_of(body, self._shop.store))
        return kept

    def bind_card(
        self,
        member_id: UUID,
        uid: bytes,
        *,
        kind: str = CARD_KIND,
        operator: UUID | None = None,
        answer: AnswerOf[CardBound] | None = None,
    ) -> CardBound:
        """Bind a card whose chip has proved its UID.

        Raises Fault SALE_MEMBER_UNKNOWN, or NFC_CARD_TAKEN when it names another member.
        """
        uid_hash = self._members.card_hash(uid)
        held = self._desk.member(member_id)
        assert held is not None  # noqa: S101 -- asked with an id, it raises or returns
        owner = self._members.find("card", uid_hash).held
        if owner is not None and owner.member_id != member_id:
            raise Fault(FaultCode.NFC_CARD_TAKEN)
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.CARD_ISSUED,
            at=self._clock.now(),
            body=encode_body(CardIssued(kind, uid_hash)),
            operator=operator,
            member=member_id,
        )
        bound = self._recorder.record([draft], lambda seq: CardBound(member_id, seq), answer)
        self._hold_card(held, uid_hash)
        return bound

    def bind_number(
        self,
        member_id: UUID,
        number: str,
        *,
        operator: UUID | None = None,
        answer: AnswerOf[CardBound] | None = None,
    ) -> CardBound:
        """Bind a card by the number printed on it; it finds her at the counter and proves nothing.

        Raises Fault NFC_CARD_FOREIGN for a number that is none of the house's, and as `bind_card`.
        """
        if not any(is_card_number(number, pattern) for pattern in self._numbers):
            raise Fault(FaultCode.NFC_CARD_FOREIGN)
        uid = number.encode()
        return self.bind_card(member_id, uid, kind=PRINTED_KIND, operator=operator, answer=answer)

    # ---- inside ---------------------------------------------------------------------------------

    def _body(self, command: EnrolCommand, digits: str, code: str, at: Instant) -> MemberEnrolled:
        tiers = tuple(self._desk.rules().bundle.tier_names)
        return MemberEnrolled(
            wallet=self._ids.uuid7().bytes,
            name=command.name.strip(),
            tier=tiers[0] if tiers else TIER_WITHOUT_RULES,
            phone_hash=self._members.phone_hash(digits),
            phone_masked=mask_phone(digits),
            claim_hash=sha256(code.encode()).digest(),
            claim_expires_ms=at.wall_ms + CLAIM_TTL_S * _MS_PER_S,
            declared_tags=command.declared_tags,
            birthday=None if command.birthday is None else to_say(command.birthday),
        )

    def _consents(self, command: EnrolCommand, at: Instant, member_id: UUID) -> list[Draft]:
        return [
            self._draft(
                EventType.CONSENT_GIVEN,
                encode_body(
                    ConsentGiven(
                        kind=kind,
                        text_version=CONSENT_TEXT_VERSION,
                        text_hash=text_hash(kind, command.language),
                        language=command.language,
                        channel=CHANNEL_TILL,
                        given=given,
                        age=age_word(command.is_14_or_older),
                    )
                ),
                (at, member_id),
                command,
            )
            for kind, given in command.consents.items()
        ]

    def _draft(
        self, type_: EventType, body: bytes, when_who: tuple[Instant, UUID], command: EnrolCommand
    ) -> Draft:
        at, member_id = when_who
        return Draft(
            event_id=self._ids.uuid7(),
            type=type_,
            at=at,
            body=body,
            till=command.till,
            operator=command.operator,
            member=member_id,
        )

    def _hold_card(self, held: HeldMember, uid_hash: bytes) -> None:
        if uid_hash not in held.record.cards:
            record = msgspec.structs.replace(held.record, cards=(*held.record.cards, uid_hash))
            self._replica.put_member(held.member_id, held.ver, record)


def canonical(consents: Mapping[str, bool]) -> dict[str, bool]:
    """Return consents by the kind that is journalled; `face_local` is how some tills spell it."""
    by_kind = {_kind(kind): given for kind, given in consents.items()}
    # A guardian speaks first: the child's own word stands on hers. Who walks up speaks last: that
    # word stands on the one that templates rest on.
    order = {FACE_GUARDIAN: -1, FACE_WALK_UP: 1}
    return dict(sorted(by_kind.items(), key=lambda item: order.get(item[0], 0)))


def _kind(spelt: str) -> str:
    return spelt if known_kind(spelt) else spelt.replace("_", ".", 1)


def check_enrolment(command: EnrolCommand) -> None:
    """Refuse an enrolment that could not be booked.

    Fault API_BODY_INVALID names the field; BIRTHDAY_INVALID; FACE_MINOR when faces lack an age and
    a guardian.
    """
    if not 0 < len(command.name.strip()) <= limits.NAME_CHARS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="name")
    if not command.consents.get(MEMBERSHIP, False):
        raise Fault(FaultCode.API_BODY_INVALID, detail="consents.membership")
    if not all(known_kind(kind) for kind in command.consents):
        raise Fault(FaultCode.API_BODY_INVALID, detail="consents")
    if len(command.declared_tags) > TAGS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="declared_tags")
    if command.birthday is not None:
        check_birthday(command.birthday)
    faces = any(given and kind in FACES for kind, given in command.consents.items())
    guarded = command.consents.get(FACE_GUARDIAN, False)
    age = age_word(command.is_14_or_older)
    if faces and face_refused_for_age(age, guardian=guarded):
        raise Fault(FaultCode.FACE_MINOR)


def _by_kind(consents: Mapping[str, bool], drafts: list[Draft]) -> dict[str, UUID]:
    return {
        kind: draft.event_id
        for (kind, given), draft in zip(consents.items(), drafts, strict=True)
        if given
    }
