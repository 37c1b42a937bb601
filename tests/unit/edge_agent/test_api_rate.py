"""Look-ups: a burst, then slowly, each terminal for itself."""

import pytest

from edge_agent.api.rate import KEYS_MAX, LOOKUP_EVERY_MS, LOOKUPS_BURST, LookupRate
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock


def test_a_burst_then_one_every_two_seconds() -> None:
    clock = FakeClock()
    rate = LookupRate(clock)
    for _ in range(LOOKUPS_BURST):
        rate.take("till:1")
    with pytest.raises(Fault) as refused:
        rate.take("till:1")
    assert refused.value.code is FaultCode.API_RATE_LIMITED
    rate.take("till:2")
    clock.advance(LOOKUP_EVERY_MS)
    rate.take("till:1")
    with pytest.raises(Fault):
        rate.take("till:1")


def test_keys_are_bounded() -> None:
    rate = LookupRate(FakeClock())
    for number in range(KEYS_MAX + 5):
        rate.take(f"till:{number}")
    assert len(rate._full_at_ms) <= KEYS_MAX
