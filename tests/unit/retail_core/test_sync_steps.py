"""Outbox plan, ranges and cursor step by step: a plain model of sets must always agree."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retail_core.sync.backoff import resend_after_ms
from retail_core.sync.cursor import Verdict, judge
from retail_core.sync.outbox_plan import LIVE, InFlight, plan_ranges
from retail_core.sync.ranges import Ranges, covers, from_seqs, normalise, subtract

EVENTS_MAX = 4


class Outbox(RuleBasedStateMachine):
    """A box that sells, sends and is acknowledged in any order; `waiting` is the model."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: set[int] = set()
        self.held: Ranges = ()
        self.flying: tuple[InFlight, ...] = ()
        self.next_seq, self.now_ms, self.credit = 1, 0, 2

    @rule(count=st.integers(1, 12))
    def sells(self, count: int) -> None:
        new = range(self.next_seq, self.next_seq + count)
        self.waiting |= set(new)
        self.held = normalise((*self.held, (new[0], new[-1])))
        self.next_seq += count

    @rule(ms=st.integers(0, 40_000))
    def waits(self, ms: int) -> None:
        self.now_ms += ms

    @rule(credit=st.integers(0, 4))
    def is_granted(self, credit: int) -> None:
        self.credit = credit

    @rule()
    def is_killed(self) -> None:
        self.flying = ()

    @rule(low=st.integers(1, 60), more=st.integers(0, 20))
    def is_acknowledged(self, low: int, more: int) -> None:
        """Any range may come: an old ack, a part of a frame, more than one frame."""
        self.waiting -= set(range(low, low + more + 1))
        self.held = subtract(self.held, [(low, low + more)])

    @rule(rtt_ms=st.integers(0, 2_000))
    def sends(self, rtt_ms: int) -> None:
        before = self.flying
        plan = plan_ranges(self.held, before, self.credit, self.now_ms, rtt_ms, EVENTS_MAX)
        alive = [
            frame
            for frame in before
            if self._of(frame)
            and self.now_ms < frame.sent_ms + resend_after_ms(frame.attempt, rtt_ms)
        ]
        assert plan.in_flight == (*alive, *plan.send)
        room = max(0, self.credit - len(alive))
        free = self.waiting - {seq for frame in alive for seq in self._of(frame)}
        sent = [self._of(frame) for frame in plan.send]
        assert len(sent) <= room
        assert all(some and some <= free and len(some) <= EVENTS_MAX for some in sent)
        assert sum(map(len, sent)) == len(set().union(*sent)), "an event twice in one plan"
        if room and free:
            assert sent, "something waits, there is room, and nothing goes"
        if plan.send and not any(frame.lane == LIVE for frame in alive):
            assert plan.send[0].lane == LIVE
            assert max(free) in sent[0], "the newest does not go first"
        backlog = [frame for frame in plan.send if frame.lane != LIVE]
        taken = self._of(plan.send[0]) if plan.send and plan.send[0].lane == LIVE else set()
        if backlog and free - taken:
            assert min(free - taken) in self._of(backlog[0]), "the oldest does not go next"
        assert (plan.wake_ms is None) == (not plan.in_flight)
        self.flying = plan.in_flight

    def _of(self, frame: InFlight) -> set[int]:
        return self.waiting & set(range(frame.first_seq, frame.last_seq + 1))

    @invariant()
    def ranges_are_the_set(self) -> None:
        assert self.held == from_seqs(self.waiting)
        assert all(covers(self.held, seq) for seq in self.waiting)
        assert all(
            high + 1 < low for (_, high), (low, _) in zip(self.held, self.held[1:], strict=False)
        )


def _due_ms(frame: InFlight, rtt_ms: int) -> int:
    return frame.sent_ms + resend_after_ms(frame.attempt, rtt_ms)


class Feed(RuleBasedStateMachine):
    """A shop that reads a feed whose frames come late, twice, or never, and may begin anew."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.head = 1, 0
        self.sent: list[tuple[int, int, int]] = []
        self.held = (0, 0)
        self.applied: set[tuple[int, int]] = set()

    @rule(count=st.integers(1, 4))
    def changes(self, count: int) -> None:
        self.sent.append((self.epoch, self.head, self.head + count))
        self.head += count

    @rule()
    def is_restored(self) -> None:
        """Begin an epoch; the feed is counted from the beginning again for whoever reads it."""
        self.epoch += 1

    @rule(at=st.integers(0, 50))
    def hears(self, at: int) -> None:
        if not self.sent:
            return
        epoch, prev, pos = self.sent[at % len(self.sent)]
        match judge(epoch, prev, pos, *self.held):
            case Verdict.APPLY:
                self._apply(epoch, prev, pos)
            case Verdict.GAP | Verdict.NEW_EPOCH:
                self.fetches()
            case Verdict.DUPLICATE:
                assert (epoch, pos) <= self.held or epoch < self.held[0]

    @rule()
    def fetches(self) -> None:
        """Read the feed over HTTP, from the start when its epoch is not the one held."""
        begin = self.held[1] if self.held[0] == self.epoch else 0
        self._apply(self.epoch, begin, self.head)

    def _apply(self, epoch: int, prev: int, pos: int) -> None:
        self.applied |= {(epoch, one) for one in range(prev + 1, pos + 1)}
        self.held = (epoch, pos)

    @invariant()
    def nothing_before_the_position_is_missing(self) -> None:
        epoch, pos = self.held
        assert all((epoch, one) in self.applied for one in range(1, pos + 1))


TestOutbox = Outbox.TestCase
TestFeed = Feed.TestCase
TestOutbox.settings = TestFeed.settings = settings(max_examples=40, stateful_step_count=30)
