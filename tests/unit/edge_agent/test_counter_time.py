"""How long a basket was at the counter, as its sale says it."""

from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.services.counter.openings import took_ms
from retail_core.clock import Instant, TimeQuality
from tests.factories.agent_api import Box
from tests.factories.counter_sales import Redeeming, TillCalls

BOOT, OTHER = UUID(int=1), UUID(int=2)


def at(mono_ms: int, boot: UUID = BOOT) -> Instant:
    return Instant(0, mono_ms, boot, TimeQuality.UNKNOWN)


@pytest.mark.parametrize(
    ("opened", "now", "took"),
    [
        (at(5_000), at(46_500), 41_500),
        # A sale that is told as a whole had no basket; one that lay for hours was forgotten.
        (at(5_000), at(5_030), 0),
        (at(0), at(3_600_000), 0),
        (at(0), at(3_599_999), 3_599_999),
        # Of a basket that was begun before the box was started again nobody knows.
        (at(5_000, OTHER), at(46_500), 0),
        (None, at(46_500), 0),
    ],
)
def test_a_basket_took_as_long_as_it_was_open(
    opened: Instant | None, now: Instant, took: int
) -> None:
    assert took_ms(opened, now) == took


def test_a_sale_says_how_long_its_basket_was_open(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        path = till.opened("milk")
        total = till.get(path)["total_fen"]
        box.clock.advance(41_500)
        till.paid(path, total)
        assert Redeeming(box).sold().counter_ms == 41_500
