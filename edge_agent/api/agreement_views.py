"""How far tills agree, as the technician is shown it."""

from collections.abc import Mapping
from uuid import UUID

from edge_agent.api.models.agreement import (
    AgreementAnswered,
    ChannelView,
    DayView,
    DifferenceView,
    TillAgreementView,
)
from edge_agent.api.views import fault_reason
from edge_agent.services.tills.write_permit import Channel, WritePermit
from retail_core.errors import Fault

EXAMPLES_SHOWN = 20


def agreement_view(permit: WritePermit, names: Mapping[UUID, str]) -> AgreementAnswered:
    """Return every till that is compared, by name."""
    tills = (till_view(permit, till, names.get(till, str(till))) for till in permit.tills())
    return AgreementAnswered(tills=tuple(sorted(tills, key=lambda one: one.name)))


def till_view(permit: WritePermit, till: UUID, name: str) -> TillAgreementView:
    """Return one till; raises Fault API_NOT_FOUND."""
    trust, score = permit.trust(till), permit.score(till)
    return TillAgreementView(
        till=till,
        name=name,
        score=score.permille,
        seen=score.seen,
        agreed=score.agreed,
        seen_ever=trust.record.seen,
        agreed_ever=trust.record.agreed,
        results=trust.record.results,
        channels=tuple(_channel(permit, till, channel) for channel in Channel),
        kinds=dict(trust.kinds),
        days=tuple(DayView(day=one.day, seen=one.seen, agreed=one.agreed) for one in trust.days),
        examples=tuple(
            DifferenceView(
                at_ms=one.wall_ms,
                kind=one.difference.kind.value,
                name=one.difference.name,
                sku=one.difference.sku,
                computed_fen=one.difference.computed_fen,
                printed_fen=one.difference.printed_fen,
                computed_milli=one.difference.computed_milli,
                printed_milli=one.difference.printed_milli,
            )
            for one in permit.examples(till)[:EXAMPLES_SHOWN]
        ),
    )


def _channel(permit: WritePermit, till: UUID, channel: Channel) -> ChannelView:
    may, bar = permit.may(till, channel), permit.bars[till].bars.get(channel, 0)
    fields = {"seen": may.seen, "score": may.score, "bar": bar, "channel": channel.value}
    return ChannelView(
        channel=channel,
        allowed=may.allowed,
        reason=None if may.reason is None else fault_reason(Fault(may.reason, **fields)),
        standing=permit.trust(till).record.standing(channel).value,
        score=may.score,
        seen=may.seen,
        bar=bar,
        overridden=may.overridden,
        minutes_left=permit.minutes_left(till, channel),
    )
