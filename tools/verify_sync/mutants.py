"""Planted bugs: each must be found, or the simulator's silence means nothing.

They are the shortcuts that other systems take, each in the place where the product does it right.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.services.line import downlink as cloud_downlink
from cloud_broker.services.line.downlink import Outbound
from edge_agent.ports.replica import unheard
from edge_agent.services.line import uplink as box_uplink
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.restored import Restored
from edge_agent.services.line.uplink import Uplink
from retail_core.sync import outbox_plan
from retail_core.sync.cursor import Verdict, judge
from retail_core.sync.outbox_plan import InFlight
from retail_core.sync.ranges import Range, Ranges
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import AckFrame, Change, Rejected
from tests.fakes.cloud_events import FakeJournalRepo
from tests.fakes.replica import FakeReplica
from tools.verify_sync.card import CardReplica
from tools.verify_sync.history import Outcome, history, play
from tools.verify_sync.world import GOOD, Habits

_ack = cloud_downlink.ack


# Where, which name, what instead.
Wrong = tuple[tuple[ModuleType | type, str, object], ...]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: habits, or attributes of modules and classes replaced by others."""

    name: str
    habits: Habits = GOOD
    wrong: Wrong = ()


def _to_highest(
    tenant: UUID,
    place: Place,
    epoch: int,
    ranges: Ranges,
    rejected: Sequence[Rejected] = (),
    ends: Sequence[bytes] = (),
) -> Outbound:
    whole = ((1, ranges[-1][1]),) if ranges else ()
    return _ack(tenant, place, epoch, whole, rejected, ends[-1:])


def _no_proof(_self: Uplink, _ack_frame: AckFrame) -> bool:
    return True


def _same_epoch(_self: CloudSession) -> None:
    """Believe the cloud less, but stay in the epoch that it has other events for."""


def _over_gaps(
    frame_feed_epoch: int, prev_pos: int, pos: int, held_epoch: int, held_pos: int
) -> Verdict:
    found = judge(frame_feed_epoch, prev_pos, pos, held_epoch, held_pos)
    return Verdict.APPLY if found is Verdict.GAP else found


def _position_first(
    self: CardReplica,
    *,
    feed_epoch: int,
    pos: int,
    changes: Sequence[Change],
    unread: Callable[[FaultCode], None] = unheard,
) -> tuple[UUID, ...]:
    """Write the position at once, the effect only with the next one."""
    self.torn = self.members()
    return FakeReplica.apply_changes(
        self, feed_epoch=feed_epoch, pos=pos, changes=changes, unread=unread
    )


def _no_keys(_self: FakeJournalRepo, _source: str, keys: Sequence[bytes]) -> frozenset[bytes]:
    return frozenset(keys)


def _sent_is_sent(_frame: InFlight, _rtt_ms: int, _live_from: int) -> int:
    return 1 << 60


def _lets_go_beyond(ranges: Iterable[Range], low: int, high: int) -> Ranges:
    """Round ranges out to their ends, as a bitmap of blocks would."""
    return tuple((max(low, first - 1), min(high, last + 1)) for first, last in ranges)


def _none_is_live(_live_from: int, _free: Ranges) -> Ranges:
    return ()


def _offers_nothing(_self: Restored, _epoch: int) -> None:
    """Take a restored cloud for the one that was lost."""


def _in_boxes(name: str, right: object, wrong: object) -> Wrong:
    """Replace a function of the core wherever the boxes use it."""
    modules = [one for place, one in sys.modules.items() if place.startswith("edge_agent.")]
    return tuple((one, name, wrong) for one in modules if vars(one).get(name) is right)


MUTANTS = (
    Mutant("ack of the highest sequence", wrong=((cloud_downlink, "ack", _to_highest),)),
    Mutant("deleted at PUBACK", Habits(puback_commits=True)),
    Mutant("acknowledged before the commit", Habits(acks_before_commit=True)),
    Mutant("acknowledged in blocks", wrong=((box_uplink, "clamp", _lets_go_beyond),)),
    Mutant("position before its effect", wrong=((CardReplica, "apply_changes", _position_first),)),
    Mutant("a gap is passed over", wrong=_in_boxes("judge", judge, _over_gaps)),
    Mutant("ack taken without its proof", wrong=((Uplink, "_is_ours", _no_proof),)),
    Mutant("no epoch after a rollback", wrong=((CloudSession, "_begin_anew", _same_epoch),)),
    Mutant("booked without an event key", wrong=((FakeJournalRepo, "claim_keys", _no_keys),)),
    Mutant("a lost cloud is not told again", wrong=((Restored, "_offer_again", _offers_nothing),)),
    Mutant("what was sent is not sent again", wrong=((outbox_plan, "_due_ms", _sent_is_sent),)),
    Mutant("no lane is kept free", wrong=((outbox_plan, "_made_since", _none_is_live),)),
)


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Put a bug into the product for a while."""
    kept = [(place, name, getattr(place, name)) for place, name, _ in mutant.wrong]
    for place, name, wrong in mutant.wrong:
        setattr(place, name, wrong)
    try:
        yield
    finally:
        for place, name, right in kept:
            setattr(place, name, right)


def hunt(mutant: Mutant, seeds: Iterable[int], steps: int) -> Outcome | None:
    """Return the first seed that finds a bug, None when none does."""
    with planted(mutant):
        for seed in seeds:
            outcome = play(seed, history(seed, steps), mutant.habits)
            if outcome.failure:
                return outcome
    return None
