"""Who may write to a till, and when no longer."""

from types import MappingProxyType
from uuid import UUID

import pytest

from edge_agent.agreement_settings import AgreementConfig, TillBars, bars_by_till
from edge_agent.domain.agreement import DAYS_KEPT, TillTrust
from edge_agent.services.tills.write_permit import (
    EXAMPLES_PER_RECEIPT,
    OVERRIDE_MINUTES_MAX,
    Channel,
    Verdict,
    WritePermit,
)
from retail_core.errors import Fault
from retail_core.fusion.agreement import Bars
from retail_core.fusion.compare import Difference, Kind
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.agreement_store import FakeAgreementStore
from tests.fakes.clock import FakeClock

TILL, OTHER, TECHNICIAN = UUID(int=1), UUID(int=2), UUID(int=9)
BARS = Bars(min_count=5, bars=MappingProxyType(dict.fromkeys(Channel, 500)))
WRONG = (Difference(Kind.PRICE, "可乐", "S1", 300, 350),)


class Counter:
    """A permit over fakes."""

    def __init__(self) -> None:
        self.store, self.clock, self.tally = FakeAgreementStore(), FakeClock(), FaultTally()
        self.permit = self.restarted()

    def restarted(self, bars: Bars = BARS) -> WritePermit:
        """Begin anew over the same store."""
        return WritePermit(self.store, self.clock, self.tally, {TILL: bars})

    def agree(self, times: int, day: int | None = None) -> None:
        """Let receipts agree."""
        for _ in range(times):
            self.permit.judge(Verdict(TILL, ahead=True, differences=(), business_date=day))

    def differ(self, times: int) -> None:
        """Let receipts differ."""
        for _ in range(times):
            self.permit.judge(Verdict(TILL, ahead=True, differences=WRONG))


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_nothing_is_written_before_enough_was_compared(counter: Counter) -> None:
    permit = counter.permit.may(TILL, Channel.INJECT)
    assert (permit.allowed, permit.reason) == (False, FaultCode.TILL_SHADOW_YOUNG)
    counter.agree(4)
    assert not counter.permit.may(TILL, Channel.INJECT).allowed
    counter.agree(1)
    permit = counter.permit.may(TILL, Channel.INJECT)
    assert (permit.allowed, permit.reason, permit.score, permit.seen) == (True, None, 565, 5)


def test_a_till_nobody_compares_is_never_written_to(counter: Counter) -> None:
    permit = counter.permit.may(OTHER, Channel.DISPLAY)
    assert (permit.allowed, permit.reason) == (False, FaultCode.TILL_NOT_COMPARED)
    with pytest.raises(Fault) as refused:
        counter.permit.trust(OTHER)
    assert refused.value.code is FaultCode.API_NOT_FOUND


def test_a_wrong_price_list_takes_the_permit_at_once_and_it_is_said(counter: Counter) -> None:
    counter.agree(50)
    changes: list[tuple[UUID, TillTrust, TillTrust]] = []
    counter.permit.listen(lambda *change: changes.append(change))
    counter.differ(3)
    permit = counter.permit.may(TILL, Channel.INJECT)
    assert (permit.allowed, permit.reason) == (False, FaultCode.TILL_AGREEMENT_LOST)
    assert counter.tally.snapshot() == {FaultCode.TILL_AGREEMENT_LOST: 1}
    assert [one.code for one in counter.permit.noted()] == [FaultCode.TILL_AGREEMENT_LOST]
    assert [till for till, _, _ in changes] == [TILL] * 3
    assert counter.permit.trust(TILL).kinds == {"price": 3}
    assert counter.permit.examples(TILL)[0].difference == WRONG[0]


def test_what_was_lost_stays_lost_over_a_restart(counter: Counter) -> None:
    counter.agree(50)
    counter.differ(3)
    counter.permit = counter.restarted()
    counter.agree(1)
    assert counter.permit.may(TILL, Channel.APPEND).reason is FaultCode.TILL_AGREEMENT_LOST
    counter.agree(19)
    assert counter.permit.may(TILL, Channel.APPEND).allowed
    assert counter.permit.noted() == ()


def test_a_stricter_config_counts_from_the_next_start_on(counter: Counter) -> None:
    counter.agree(6)
    counter.permit = counter.restarted(Bars())
    assert counter.permit.may(TILL, Channel.DISPLAY).reason is FaultCode.TILL_AGREEMENT_LOST


def test_a_channel_switched_off_says_so(counter: Counter) -> None:
    off = Bars(bars=MappingProxyType({Channel.APPEND: 500}))
    counter.permit = counter.restarted(off)
    assert counter.permit.may(TILL, Channel.INJECT).reason is FaultCode.TILL_WRITE_OFF


def test_a_technicians_word_counts_for_its_minutes(counter: Counter) -> None:
    counter.permit.override(TILL, Channel.INJECT, TECHNICIAN, allow=True, minutes=5)
    permit = counter.permit.may(TILL, Channel.INJECT)
    assert permit.allowed
    assert permit.overridden
    assert not counter.permit.may(TILL, Channel.APPEND).allowed
    assert [one.operator for one in counter.restarted().overrides(TILL)] == [TECHNICIAN]
    counter.clock.advance(5 * 60_000)
    assert not counter.permit.may(TILL, Channel.INJECT).allowed
    assert counter.permit.overrides(TILL) == ()


def test_a_technician_may_also_forbid_and_take_it_back(counter: Counter) -> None:
    counter.agree(10)
    counter.permit.override(TILL, Channel.INJECT, TECHNICIAN, allow=False, minutes=5)
    assert counter.permit.may(TILL, Channel.INJECT).reason is FaultCode.TILL_WRITE_OFF
    counter.permit.override(TILL, Channel.INJECT, TECHNICIAN, allow=False, minutes=0)
    assert counter.permit.may(TILL, Channel.INJECT).allowed


@pytest.mark.parametrize("minutes", [-1, OVERRIDE_MINUTES_MAX + 1])
def test_no_word_lasts_for_ever(counter: Counter, minutes: int) -> None:
    with pytest.raises(Fault) as refused:
        counter.permit.override(TILL, Channel.INJECT, TECHNICIAN, allow=True, minutes=minutes)
    assert refused.value.code is FaultCode.TILL_OVERRIDE_INVALID


def test_days_and_examples_are_bounded(counter: Counter) -> None:
    for day in range(1, DAYS_KEPT + 10):
        counter.agree(2, day)
    days = counter.permit.trust(TILL).days
    assert len(days) == DAYS_KEPT
    assert (days[-1].day, days[-1].seen, days[-1].agreed) == (DAYS_KEPT + 9, 2, 2)
    counter.permit.judge(Verdict(TILL, ahead=True, differences=WRONG * 20))
    assert len(counter.permit.examples(TILL)) == EXAMPLES_PER_RECEIPT


def test_hq_was_told_up_to_here(counter: Counter) -> None:
    counter.agree(3)
    counter.permit.told(TILL)
    assert counter.restarted().trust(TILL).told == 3
    assert counter.permit.score(TILL).seen == 3


def test_bars_of_a_till_stand_before_the_stores() -> None:
    config = AgreementConfig(tills=(TillBars(till="2号机", inject=0, append=800),))
    bars = bars_by_till(config, {TILL: "1号机", OTHER: "2号机"})
    assert bars[TILL].bars == {Channel.INJECT: 970, Channel.APPEND: 950, Channel.DISPLAY: 900}
    assert bars[OTHER].bars == {Channel.APPEND: 800, Channel.DISPLAY: 900}
    with pytest.raises(Fault) as refused:
        bars_by_till(config, {TILL: "1号机"})
    assert refused.value.code is FaultCode.SETUP_CONFIG_INVALID


def test_no_word_opens_a_channel_that_is_switched_off(counter: Counter) -> None:
    counter.permit = counter.restarted(Bars(bars=MappingProxyType({Channel.APPEND: 500})))
    counter.permit.override(TILL, Channel.INJECT, TECHNICIAN, allow=True, minutes=5)
    permit = counter.permit.may(TILL, Channel.INJECT)
    assert (permit.allowed, permit.reason) == (False, FaultCode.TILL_WRITE_OFF)


@pytest.mark.parametrize("allow", [True, False])
def test_a_word_that_could_not_be_kept_opens_nothing(counter: Counter, *, allow: bool) -> None:
    counter.agree(0 if allow else 10)
    counter.store.full = True
    with pytest.raises(Fault):
        counter.permit.override(TILL, Channel.INJECT, TECHNICIAN, allow=allow, minutes=5)
    assert not counter.permit.may(TILL, Channel.INJECT).allowed
