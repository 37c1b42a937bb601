"""Tells HQ how far each till agrees: at once when a permit comes, goes or is overruled.

Otherwise once in a while: a line about each receipt would be as much as the sales themselves.
"""

from uuid import UUID

from edge_agent.domain.agreement import Override, TillTrust
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft
from edge_agent.services.journal.side_queue import SideQueue
from edge_agent.services.tills.write_permit import WritePermit
from retail_core.fusion.agreement import Bars, Channel, score_of
from retail_core.limits import AMOUNT_FEN_MAX
from retail_core.sync.urgency import COUNTED, urgency_of_news
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.tills import ChannelState, DifferenceSeen, TillAgreement, TillDay

TELL_EVERY = 25
EXAMPLES_TOLD = 10
DAYS_TOLD = 31


class AgreementNews:
    """Listens to the permit and appends to the journal."""

    def __init__(
        self,
        permit: WritePermit,
        queue: SideQueue,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._permit = permit
        self._queue = queue
        self._clock = clock
        self._ids = ids
        permit.listen(self.changed)

    def changed(self, till: UUID, before: TillTrust, after: TillTrust) -> None:
        """Tell of a change that HQ should know of."""
        overruled = before.overrides != after.overrides
        moved = before.record.standings != after.record.standings
        if not (overruled or moved or after.record.seen - after.told >= TELL_EVERY):
            return
        said = after.overrides[-1] if overruled else None
        why = "override" if overruled else "standing" if moved else COUNTED
        at = self._clock.now()
        body = agreement_of(self._permit, till, after, why)
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.TILL_AGREEMENT,
            at=at,
            body=encode_body(body),
            till=till,
            operator=None if said is None else said.operator,
        )
        self._queue.put(draft, urgency_of_news(why))
        self._permit.told(till)


def agreement_of(permit: WritePermit, till: UUID, trust: TillTrust, why: str) -> TillAgreement:
    """Return what HQ is told of a till; nothing of members or payments is in it."""
    score, bars = score_of(trust.record), permit.bars[till]
    return TillAgreement(
        why=why,
        window=score.seen,
        agreed=score.agreed,
        score=score.permille,
        seen_ever=trust.record.seen,
        agreed_ever=trust.record.agreed,
        channels=tuple(_channel(trust, bars, one, permit.overrides(till)) for one in Channel),
        kinds=tuple(sorted(trust.kinds.items())),
        days=tuple(TillDay(one.day, one.seen, one.agreed) for one in trust.days[-DAYS_TOLD:]),
        examples=tuple(
            DifferenceSeen(
                one.wall_ms,
                one.difference.kind.value,
                one.difference.name,
                one.difference.sku,
                _fen(one.difference.computed_fen),
                _fen(one.difference.printed_fen),
            )
            for one in permit.examples(till)[:EXAMPLES_TOLD]
        ),
    )


def _fen(amount: int | None) -> int | None:
    """Leave out a sum beyond what HQ takes: it would refuse the whole message."""
    return None if amount is None or abs(amount) > AMOUNT_FEN_MAX else amount


def _channel(
    trust: TillTrust, bars: Bars, channel: Channel, overrides: tuple[Override, ...]
) -> ChannelState:
    said = next((one for one in overrides if one.channel is channel), None)
    score = score_of(trust.record, channel)
    return ChannelState(
        channel=channel.value,
        standing=trust.record.standing(channel).value,
        bar=bars.bars.get(channel, 0),
        score=score.permille,
        seen=score.seen,
        override="" if said is None else "allow" if said.allow else "forbid",
        minutes=0 if said is None else said.minutes,
    )
