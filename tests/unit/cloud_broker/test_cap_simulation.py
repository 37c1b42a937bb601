"""Boxes of one store sell of one cap in bad luck of all kinds: never more, and at last all."""

from random import Random

import pytest

from cloud_broker.services.rights.cap_placing import LOOK_MS
from retail_core.loyalty.cap_sharing import COUNTS_ALONE, NEVER_TOLD
from tests.factories.cap_store import CapStore, live
from tests.fakes.cloud_units import FakeUnits


# Among them two in which a box that shared from this very day on would have sold too much.
@pytest.mark.parametrize("seed", [*range(5), 18, 24])
def test_no_luck_lets_a_store_sell_beyond_its_cap(seed: int) -> None:
    luck = Random(seed)  # noqa: S311 - the same luck again, no secret
    store = CapStore(FakeUnits(), cap=luck.choice((1, 2, 5, 12)))
    store.join(luck.choice((COUNTS_ALONE, NEVER_TOLD)))
    live(store, luck, steps=120)

    for till in store.tills:
        till.line = True
    if len(store.tills) == 1:
        store.join()
    store.settle()
    store.next_day()
    for _ in range(4 * store.cap):
        store.settle(rounds=1, later_ms=LOOK_MS)
        for till in store.tills:
            till.sell()
    assert store.sold[store.today] == store.cap, "all of it is sold once everybody is heard"
