"""The score of a till and the standings that follow from it."""

from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from retail_core.fusion.agreement import (
    Bars,
    Channel,
    Record,
    Standing,
    after_receipt,
    score_of,
    wilson_permille,
    with_bars,
)

BARS = Bars(window=40, min_count=10, streak=3, regain=5)
LOW = Bars(
    window=40,
    min_count=10,
    streak=3,
    regain=5,
    bars=MappingProxyType(dict.fromkeys(Channel, 600)),
)
RESULTS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=120)


def run(record: Record, results: list[tuple[bool, bool]], bars: Bars = LOW) -> Record:
    """Compare receipts, each (agreed, known ahead of payment)."""
    for agreed, ahead in results:
        record = after_receipt(record, bars, agreed=agreed, ahead=ahead)
    return record


def test_wilsons_lower_end() -> None:
    # Worked by hand for n = 100, all agreed: 1 / (1 + 1.96² / 100).
    assert wilson_permille(100, 100) == 963
    assert wilson_permille(200, 200) == 981
    assert wilson_permille(0, 0) == wilson_permille(0, 50) == 0
    assert wilson_permille(5, 10) == 236


@given(st.integers(1, 500), st.data())
def test_more_agreement_never_scores_less(seen: int, data: st.DataObject) -> None:
    agreed = data.draw(st.integers(0, seen - 1))
    assert 0 <= wilson_permille(agreed, seen) <= wilson_permille(agreed + 1, seen) < 1000
    assert wilson_permille(seen, seen) <= wilson_permille(seen + 1, seen + 1)
    assert wilson_permille(agreed, seen) <= 1000 * agreed // seen


def test_with_the_default_bars_a_day_of_agreement_earns_each_channel_in_its_turn() -> None:
    record, earned = Record(), dict[Channel, int]()
    for number in range(1, 201):
        record = after_receipt(record, Bars(), agreed=True, ahead=True)
        for channel in Channel:
            if record.standing(channel) is Standing.EARNED:
                earned.setdefault(channel, number)
    assert earned == {Channel.DISPLAY: 35, Channel.APPEND: 73, Channel.INJECT: 125}


def test_what_was_only_read_when_printed_earns_no_write_before_payment() -> None:
    record = run(Record(), [(True, False)] * 40)
    assert record.standing(Channel.APPEND) is Standing.EARNED
    assert record.standing(Channel.INJECT) is Standing.YOUNG
    assert record.standing(Channel.DISPLAY) is Standing.YOUNG
    assert score_of(record, Channel.INJECT).seen == 0
    assert score_of(record).seen == 40


def test_receipts_that_differ_in_a_row_take_every_permit_at_once() -> None:
    record = run(Record(), [(True, True)] * 40)
    assert run(record, [(False, True)] * 2).standing(Channel.INJECT) is Standing.EARNED
    lost = run(record, [(False, False)] * 3)
    assert {lost.standing(channel) for channel in Channel} == {Standing.LOST}
    assert score_of(lost).permille > 600


def test_what_was_lost_comes_back_after_a_row_that_agrees() -> None:
    lost = run(Record(), [(True, True)] * 40 + [(False, True)] * 3)
    assert run(lost, [(True, True)] * 4).standing(Channel.INJECT) is Standing.LOST
    assert run(lost, [(True, True)] * 5).standing(Channel.INJECT) is Standing.EARNED


def test_a_channel_without_a_bar_is_never_earned() -> None:
    bars = Bars(bars=MappingProxyType({Channel.APPEND: 500}))
    record = run(Record(), [(True, True)] * 100, bars)
    assert record.standing(Channel.APPEND) is Standing.EARNED
    assert record.standing(Channel.INJECT) is Standing.YOUNG


def test_a_bar_that_is_raised_takes_the_permit() -> None:
    record = run(Record(), [(True, True)] * 12)
    assert record.standing(Channel.INJECT) is Standing.EARNED
    assert with_bars(record, BARS).standing(Channel.INJECT) is Standing.LOST


@given(RESULTS)
def test_nothing_is_earned_below_its_bar_and_storage_is_bounded(
    results: list[tuple[bool, bool]],
) -> None:
    record = run(Record(), results)
    assert len(record.results) <= LOW.window
    assert record.seen == len(results)
    assert record.agreed == sum(agreed for agreed, _ in results)
    for channel in Channel:
        score = score_of(record, channel)
        if record.standing(channel) is Standing.EARNED:
            assert score.seen >= LOW.min_count
            assert score.permille >= LOW.bars[channel]
            assert any(one in "Aa" for one in record.results[-LOW.streak :])


@given(RESULTS, st.integers(0, 120))
def test_a_restart_changes_nothing(results: list[tuple[bool, bool]], at: int) -> None:
    half = with_bars(run(Record(), results[:at]), LOW)
    assert run(half, results[at:]) == with_bars(run(Record(), results), LOW)
