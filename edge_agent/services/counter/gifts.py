"""Handing a gift over: under this box's own lease of its right, on disk, then answered.

The lease and the event go to disk in one transaction, so a gift leaves the counter once: a box that
does not hold its right cannot hand it over, and a kill in between leaves both or neither.
"""

from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Beside, Draft
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.leases import Right, RightKind
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.growth import GiftHanded
from retail_core.wire.kinds import EventType
from retail_core.wire.standing import GiftDue


@dataclass(frozen=True, slots=True)
class HandingOver:
    """Who hands which gift to whom, and at which till."""

    gift: UUID
    member: UUID
    till: UUID | None = None
    operator: UUID | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """A gift that left the counter; `seq` is its place in this shop's journal."""

    handed: UUID
    gift: UUID
    member: UUID
    kind: str
    sku: str
    name: str
    seq: int
    wall_ms: int


class HandOver:
    """Hands gifts over; safe to call from several threads."""

    def __init__(  # what it reads, what it writes, and the lease between
        self,
        recorder: Recorder,
        leases: LeaseDesk,
        replica: Replica,
        prices: PriceDesk,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._recorder = recorder
        self._leases = leases
        self._replica = replica
        self._prices = prices
        self._clock = clock
        self._ids = ids

    def execute(self, asked: HandingOver, answer: AnswerOf[Handed]) -> Handed:
        """Hand a gift over (Faults P106, M137, M138, M144, L131)."""
        held = self._replica.member(asked.member)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
        gift = _due(held, asked.gift)
        today = self._prices.business_date(self._clock.now())
        if today is not None and gift.last_day < today:
            # As with coupons; a box that does not know the day goes by its lease alone.
            raise Fault(FaultCode.GIFT_OVER)
        right = Right(RightKind.COUPON, asked.gift)
        if self._leases.admitted() and not self._leases.spendable(right):
            raise Fault(FaultCode.GIFT_NOT_HERE)
        reserved = self._leases.reserve(right, 1)

        def record(draws: tuple[Draw, ...], beside: Beside) -> Handed:
            return self._record(asked, gift, draws, beside, answer)

        try:
            return self._leases.commit([reserved.id], record)  # lint: allow RG04 a lease
        finally:
            self._leases.void(reserved.id)

    def _record(
        self,
        asked: HandingOver,
        gift: GiftDue,
        draws: tuple[Draw, ...],
        beside: Beside,
        answer: AnswerOf[Handed],
    ) -> Handed:
        (draw,) = draws
        at, handed = self._clock.now(), self._ids.uuid7()
        body = GiftHanded(
            handed=handed.bytes,
            gift=gift.id,
            kind=gift.kind,
            sku=gift.sku,
            name=gift.name,
            business_date=self._prices.business_date(at),
            epoch=draw.key.epoch,
            nth=draw.key.nth,
        )
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.GIFT_HANDED,
            at=at,
            body=encode_body(body),
            till=asked.till,
            operator=asked.operator,
            member=asked.member,
        )

        def result_at(seq: int) -> Handed:
            return Handed(
                handed,
                asked.gift,
                asked.member,
                gift.kind,
                gift.sku,
                gift.name,
                seq,
                at.wall_ms,
            )

        return self._recorder.record([draft], result_at, answer, beside=beside)


def _due(held: HeldMember, gift: UUID) -> GiftDue:
    """Return a gift that is hers (Fault M137); one that is only promised is not here yet (M138)."""
    for one in held.record.gifts:
        if one.id == gift.bytes:
            if not one.ready:
                raise Fault(FaultCode.GIFT_NOT_HERE)
            return one
    raise Fault(FaultCode.GIFT_UNKNOWN)
