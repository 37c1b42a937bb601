"""What to show for a member, asked over the API of a whole box."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_core.catalog.stock_table import StockTable
from retail_core.insight.table import Table, encode_table
from tests.factories.agent_api import MEMBER, Box
from tests.factories.shop_floor import make_id

PATH = f"/v1/members/{MEMBER}/recommendations"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def test_at_most_three_with_the_reason_in_both_languages(box: Box) -> None:
    replica = box.storage.replica
    table = Table(1, {"seed": (("mask", 500),)}, ("mask",))
    replica.replace_recommendations(1, encode_table(table))
    replica.replace_stock(StockTable(1, 1, {"mask": 4_000}))
    (one,) = box.screen().get(PATH, params={"sku": ["seed"]}).json()
    assert (one["sku"], one["why"], one["in_stock"]) == ("mask", "often_together", True)
    assert one["stock_as_of_ms"] == 1
    assert one["why_zh"] == "常和seed一起买"
    (one,) = box.till().get(PATH).json()
    assert (one["why"], one["why_en"]) == ("popular", "many buy it here")
    assert box.till().get(PATH, params={"sku": ["mask"]}).json() == []


def test_what_does_not_lie_here_is_not_shown(box: Box) -> None:
    replica = box.storage.replica
    replica.replace_recommendations(1, encode_table(Table(1, popular=("mask",))))
    replica.replace_stock(StockTable(1, 1, {"mask": 0}))
    assert box.till().get(PATH).json() == []


def test_somebody_not_held_here_and_nobody_signed_in(box: Box) -> None:
    missing = box.till().get(f"/v1/members/{make_id()}/recommendations")
    assert (missing.status_code, missing.json()["code"]) == (404, "A108")
    assert box.client().get(PATH).status_code == 401
