"""Finding or creating a member by her phone number, in one step, with or without a line."""

from edge_agent.domain.consents import CONSENT_TEXT_VERSION
from edge_agent.domain.enrolment import MEMBERSHIP, EnrolCommand, Enrolled
from edge_agent.domain.recruiting import (
    Outcome,
    RecruitCommand,
    Recruited,
    WelcomeGift,
    gift_of_known,
    gift_of_new,
    name_for,
)
from edge_agent.ports.known_persons import KnownPersons
from edge_agent.ports.replica import HeldMember
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.members.enrol import Enrol
from edge_agent.services.members.members import Members
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.growth.newcomer import Newcomer
from retail_core.identity.naming import mask_phone, normalise_phone
from retail_core.texts.faults import FaultCode


def digits_of(phone: str) -> str:
    """Return E.164 digits of what was typed (Fault RECRUIT_PHONE)."""
    try:
        return normalise_phone(phone)
    except Fault:
        raise Fault(FaultCode.RECRUIT_PHONE) from None


class Recruit:
    """Asks the shop's own copy, then the cloud, then the summary of known persons."""

    def __init__(
        self,
        members: Members,
        enrol: Enrol,
        known: KnownPersons,
        prices: PriceDesk,
        recorder: Recorder,
    ) -> None:
        self._members = members
        self._enrol = enrol
        self._known = known
        self._prices = prices
        self._recorder = recorder

    def execute(
        self, command: RecruitCommand, *, answer: AnswerOf[Recruited] | None = None
    ) -> Recruited:
        """Find her, or create her if she said yes to the text in force.

        Faults RECRUIT_PHONE, RECRUIT_CONSENT_TEXT, API_OPERATOR_NEEDED, API_BODY_INVALID.
        """
        digits = digits_of(command.phone)
        hashed, rule = self._members.phone_hash(digits), self._rule()
        found = self._members.find("phone", hashed)
        if found.held is not None:
            return self._said(_found(found.held, rule), answer)
        known = not found.asked_cloud and bool(self._known.knows(hashed))
        outcome: Outcome = "known_elsewhere" if known else "created"
        gift = gift_of_new(rule, known=known)
        if command.consent is None or not command.consent.given:
            asked: Outcome = "known_elsewhere" if known else "consent_needed"
            return self._said(Recruited(asked, gift, mask_phone(digits)), answer)
        if command.consent.text_version != CONSENT_TEXT_VERSION:
            raise Fault(FaultCode.RECRUIT_CONSENT_TEXT, version=CONSENT_TEXT_VERSION)
        if command.operator is None:
            raise Fault(FaultCode.API_OPERATOR_NEEDED)
        return self._created(command, digits, (outcome, gift), answer)

    # ---- inside ---------------------------------------------------------------------------------

    def _created(
        self,
        command: RecruitCommand,
        digits: str,
        comes_to: tuple[Outcome, WelcomeGift],
        answer: AnswerOf[Recruited] | None,
    ) -> Recruited:
        outcome, gift = comes_to

        def recruited(enrolled: Enrolled) -> Recruited:
            return Recruited(
                outcome,
                gift,
                mask_phone(digits),
                enrolled.member_id,
                record=enrolled.record,
                enrolled=enrolled,
            )

        enrolled = self._enrol.create(
            EnrolCommand(
                name=name_for(command.name, digits, command.language),
                phone=command.phone,
                language=command.language,
                consents={MEMBERSHIP: True},
                declared_tags=command.declared,
                operator=command.operator,
                till=command.till,
            ),
            digits,
            answer=None if answer is None else lambda made: answer(recruited(made)),
        )
        return recruited(enrolled)

    def _said(self, result: Recruited, answer: AnswerOf[Recruited] | None) -> Recruited:
        return self._recorder.record([], lambda _seq: result, answer)

    def _rule(self) -> Newcomer | None:
        return self._prices.rules().bundle.newcomer


def _found(held: HeldMember, rule: Newcomer | None) -> Recruited:
    return Recruited(
        "found",
        gift_of_known(held.record, held.ver, rule),
        held.record.phone_masked,
        held.member_id,
        held.ver,
        held.record,
    )
