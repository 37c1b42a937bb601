"""Which events go out now."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.sync.backoff import resend_after_ms
from retail_core.sync.outbox_plan import (
    BACKLOG,
    LIVE,
    InFlight,
    PublishPlan,
    plan_ranges,
)
from retail_core.sync.ranges import clamp, covers, from_seqs


def plan_of(
    unacked: Iterable[int], flying: Sequence[InFlight], credit: int, now_ms: int, rtt_ms: int
) -> PublishPlan:
    return plan_ranges(from_seqs(unacked), flying, credit, now_ms, rtt_ms)


def spans(plan: PublishPlan) -> list[tuple[int, int, str]]:
    return [(frame.first_seq, frame.last_seq, frame.lane) for frame in plan.send]


def test_nothing_waits_nothing_goes() -> None:
    assert plan_of([], [], 2, 1_000, 0) == PublishPlan((), (), None)


def test_a_sale_goes_at_once_in_the_live_lane() -> None:
    plan = plan_of([7], [], 2, 1_000, 0)
    sent = InFlight(7, 7, LIVE, 1_000, 1)
    assert plan == PublishPlan((sent,), (sent,), 2_500)


def test_what_gathered_goes_in_one_frame() -> None:
    assert spans(plan_of([7, 8, 9], [], 2, 0, 0)) == [(7, 9, LIVE)]


def test_the_next_sale_need_not_wait_for_the_first() -> None:
    flying = InFlight(7, 7, LIVE, 0)
    plan = plan_of([7, 8], [flying], 2, 10, 0)
    assert spans(plan) == [(8, 8, BACKLOG)]
    assert plan.in_flight == (flying, InFlight(8, 8, BACKLOG, 10, 1))


def test_live_goes_before_backlog() -> None:
    night = list(range(1, 1_001))
    assert spans(plan_of(night, [], 2, 0, 0)) == [(745, 1_000, LIVE), (1, 256, BACKLOG)]


def test_a_sale_made_while_a_backlog_drains_goes_first() -> None:
    flying = [InFlight(1, 256, BACKLOG, 0)]
    plan = plan_of(range(1, 1_002), flying, 2, 10, 0)
    assert spans(plan) == [(746, 1_001, LIVE)]


def test_the_backlog_keeps_its_lane_while_live_is_out() -> None:
    flying = [InFlight(1_001, 1_001, LIVE, 0)]
    assert spans(plan_of(range(1, 1_002), flying, 2, 10, 0)) == [(1, 256, BACKLOG)]


def test_with_a_credit_of_one_live_goes_alone() -> None:
    assert spans(plan_of(range(1, 1_001), [], 1, 0, 0)) == [(745, 1_000, LIVE)]


def test_without_credit_nothing_goes() -> None:
    assert plan_of([1], [], 0, 0, 0) == PublishPlan((), (), None)


def test_more_credit_is_used_for_the_backlog() -> None:
    plan = plan_of(range(1, 1_001), [], 4, 0, 0)
    assert spans(plan) == [
        (745, 1_000, LIVE), (1, 256, BACKLOG), (257, 512, BACKLOG), (513, 744, BACKLOG),
    ]  # fmt: skip


def test_a_nights_backlog_leaves_the_live_lane_free() -> None:
    plan = plan_ranges(((1, 1_000),), (), 3, 0, 0, live_from=1_001)
    assert spans(plan) == [(1, 256, BACKLOG), (257, 512, BACKLOG)]
    after = plan_ranges(((1, 1_002),), plan.in_flight, 3, 10, 0, live_from=1_001)
    assert spans(after) == [(1_001, 1_002, LIVE)]
    full = plan_ranges(((1, 1_003),), after.in_flight, 3, 20, 0, live_from=1_001)
    assert spans(full) == []
    heard = plan_ranges(((1, 1_000), (1_003, 1_003)), full.in_flight, 3, 30, 0, live_from=1_001)
    assert spans(heard) == [(1_003, 1_003, LIVE)]


def test_backlog_is_given_time_to_stand_behind_that_of_others() -> None:
    plan = plan_ranges(((1, 300),), (), 3, 0, 0, live_from=301)
    assert plan.wake_ms == limits.RESEND_BACKLOG_AFTER_MS
    later = limits.RESEND_BACKLOG_AFTER_MS - 1
    assert plan_ranges(((1, 300),), plan.in_flight, 3, later, 0, live_from=301).send == ()
    again = plan_ranges(((1, 300),), plan.in_flight, 3, later + 1, 0, live_from=301)
    assert [(one.first_seq, one.attempt) for one in again.send] == [(1, 2), (257, 2)]
    made_now = plan_ranges(((1, 301),), plan.in_flight, 3, 0, 0, live_from=301)
    assert made_now.wake_ms == limits.RESEND_AFTER_MS


@pytest.mark.parametrize("credit", [1, 2])
def test_a_small_credit_still_lets_backlog_go(credit: int) -> None:
    plan = plan_ranges(((1, 1_000),), (), credit, 0, 0, live_from=1_001)
    assert spans(plan) == [(1, 256, BACKLOG)]


def test_a_live_frame_does_not_reach_back_into_the_backlog() -> None:
    plan = plan_ranges(((1, 1_002),), (), 1, 0, 0, live_from=1_001)
    assert spans(plan) == [(1_001, 1_002, LIVE)]


def test_a_frame_is_full_at_256_events() -> None:
    assert spans(plan_of(range(1, 257), [], 2, 0, 0)) == [(1, 256, LIVE)]
    assert spans(plan_of(range(1, 258), [], 2, 0, 0)) == [(2, 257, LIVE), (1, 1, BACKLOG)]


def test_a_hole_ends_a_frame() -> None:
    assert spans(plan_of([1, 2, 5, 6, 9], [], 3, 0, 0)) == [
        (9, 9, LIVE), (1, 2, BACKLOG), (5, 6, BACKLOG),
    ]  # fmt: skip


def test_a_committed_frame_frees_its_credit() -> None:
    flying = [InFlight(1, 256, LIVE, 0), InFlight(257, 512, BACKLOG, 0)]
    plan = plan_of(range(257, 601), flying, 2, 10, 0)
    assert plan.in_flight[0] == flying[1]
    assert spans(plan) == [(513, 600, LIVE)]


def test_a_frame_partly_committed_stays_in_flight_until_it_is_due() -> None:
    flying = InFlight(1, 10, LIVE, 0)
    plan = plan_of([4, 5], [flying], 2, 1_499, 0)
    assert plan == PublishPlan((), (flying,), 1_500)


def test_only_what_is_uncovered_is_resent() -> None:
    flying = InFlight(1, 10, LIVE, 0)
    plan = plan_of([4, 5, 9], [flying], 3, 1_500, 0)
    assert [(f.first_seq, f.last_seq, f.attempt) for f in plan.send] == [(9, 9, 2), (4, 5, 2)]
    assert plan.in_flight == plan.send
    assert plan.wake_ms == 1_500 + 3_000


def test_attempts_are_counted_over_the_frames_that_are_merged() -> None:
    expired = [InFlight(1, 5, LIVE, 0, 3), InFlight(6, 10, BACKLOG, 0, 1)]
    plan = plan_of(range(1, 13), expired, 2, 60_000, 0)
    assert [(f.first_seq, f.last_seq, f.attempt) for f in plan.send] == [(1, 12, 4)]


@pytest.mark.parametrize(
    ("waiting", "wanted"),
    [
        ([3, 5, 6, 8, 20], {3: 1, 5: 3, 8: 1, 20: 1}),
        ([5, 20], {5: 3, 20: 1}),
        ([6, 20], {6: 3, 20: 1}),
        ([4, 5, 20], {4: 3, 20: 1}),
        ([6, 7, 20], {6: 3, 20: 1}),
    ],
)
def test_attempts_are_those_of_the_frames_that_overlap(
    waiting: list[int], wanted: dict[int, int]
) -> None:
    expired = [InFlight(5, 6, LIVE, 0, 2)]
    plan = plan_of(waiting, expired, 9, 60_000, 0)
    assert {frame.first_seq: frame.attempt for frame in plan.send} == wanted


def test_a_slow_line_is_given_time() -> None:
    flying = InFlight(1, 1, LIVE, 0)
    assert plan_of([1], [flying], 2, 1_999, 500).send == ()
    assert len(plan_of([1], [flying], 2, 2_000, 500).send) == 1
    assert plan_of([1], [flying], 2, 0, 500).wake_ms == 2_000


def test_the_next_look_is_at_the_earliest_frame_due() -> None:
    flying = [InFlight(1, 1, LIVE, 900), InFlight(2, 2, BACKLOG, 300)]
    assert plan_of([1, 2], flying, 2, 1_000, 0).wake_ms == 1_800


SEQS = st.sets(st.integers(1, 1_200), max_size=600) | st.integers(1, 1_200).map(
    lambda last: set(range(1, last + 1))
)
FLYING = st.lists(
    st.builds(
        lambda first, size, lane, sent_ms, attempt: InFlight(
            first, first + size, lane, sent_ms, attempt
        ),
        st.integers(1, 1_200),
        st.integers(0, 255),
        st.sampled_from([LIVE, BACKLOG]),
        st.integers(0, 10_000),
        st.integers(1, 6),
    ),
    max_size=4,
)


@given(SEQS, FLYING, st.integers(0, 5), st.integers(0, 40_000), st.integers(0, 3_000))
def test_laws(
    waiting: set[int], flying: list[InFlight], credit: int, now_ms: int, rtt_ms: int
) -> None:
    plan = plan_of(waiting, flying, credit, now_ms, rtt_ms)
    kept = [frame for frame in plan.in_flight if frame not in plan.send]
    taken: set[int] = set()
    for frame in plan.send:
        seqs = set(range(frame.first_seq, frame.last_seq + 1))
        assert 1 <= len(seqs) <= limits.FRAME_EVENTS_MAX
        assert seqs <= waiting, "never resends what is covered"
        assert not seqs & taken, "never twice in one plan"
        assert not any(
            covers([(other.first_seq, other.last_seq)], seq) for other in kept for seq in seqs
        ), "never what is in flight"
        taken |= seqs
    assert not plan.send or len(plan.in_flight) <= credit
    assert set(kept) <= set(flying)
    for frame in kept:
        assert clamp(from_seqs(waiting), frame.first_seq, frame.last_seq)
        assert now_ms < frame.sent_ms + resend_after_ms(frame.attempt, rtt_ms)
    if plan.send and not any(frame.lane == LIVE for frame in kept):
        assert plan.send[0].lane == LIVE
        assert plan.send[0].last_seq == max(
            seq
            for seq in waiting
            if not any(frame.first_seq <= seq <= frame.last_seq for frame in kept)
        )
    if credit > len(kept) and not plan.send:
        assert all(
            any(frame.first_seq <= seq <= frame.last_seq for frame in kept) for seq in waiting
        ), "idle only when all that waits is in flight"
    assert (plan.wake_ms is None) == (not plan.in_flight)
