"""Labels of scales at the counter: what a till hands on is taken apart and priced."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.domain.sale import AskedLine
from edge_agent.services.shop.article_finder import ArticleFinder
from edge_agent.till_settings import ScalesConfig
from retail_core.catalog.article import Article
from retail_core.catalog.weighed import COMMON, check_digit, layout_of
from retail_core.checkout.basket import line_shelf_fen
from retail_core.errors import Fault
from retail_core.pricing.matching.unit_prices import unit_fen_off
from retail_core.pricing.rules.offers import PriceList
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import ARTICLES, Box
from tests.factories.counter_sales import TillCalls
from tests.fakes.replica import FakeReplica

PRAWNS = Article(UUID(int=4), "123", "基围虾", "kg", 12_600)
TOFU = Article(UUID(int=5), "TOFU", "嫩豆腐", "斤", 380, ("2300042",))


def label(body: str) -> str:
    return f"{body}{check_digit(body)}"


@pytest.fixture
def finder() -> ArticleFinder:
    replica = FakeReplica()
    replica.replace_catalogue(1, [PRAWNS, TOFU])
    return ArticleFinder(replica)


@pytest.mark.parametrize(
    ("asked", "sku", "qty_milli", "price_fen"),
    [
        (AskedLine(barcode=label("200012300752")), "123", 752, 12_600),
        (AskedLine(barcode=label("210012309475")), "123", 752, 12_600),
        (AskedLine(barcode=label("210012309476")), "123", 752, 12_601),
        (AskedLine(barcode=label("230004200300")), "TOFU", 600, 380),
        (AskedLine(barcode=label("200012300752"), qty_milli=2_000), "123", 1_504, 12_600),
        (AskedLine(barcode=label("210012309463"), qty_milli=2_000), "123", 1_501, 12_609),
        (AskedLine(barcode=label("200012300752"), qty_milli=-1_000), "123", -752, 12_600),
        (AskedLine(barcode=label("200012300752"), qty_milli=752), "123", 752, 12_600),
    ],
    ids=["weight", "price", "other price", "jin", "two labels", "two sums", "taken back", "till"],
)
def test_a_label_is_taken_apart(
    finder: ArticleFinder, asked: AskedLine, sku: str, qty_milli: int, price_fen: int
) -> None:
    line = finder.line(1, asked)
    assert (line.sku, line.qty_milli, line.unit_price_fen) == (sku, qty_milli, price_fen)


def test_what_is_off_a_kilogram_is_never_all_but_a_kilogram(finder: ArticleFinder) -> None:
    # 473.80 for about 3.76 kg: the scale rounds to 0.10, and no whole gram makes that sum.
    line = finder.line(1, AskedLine(barcode=label("210012347380")))
    assert line_shelf_fen(line) == 47_380
    member = PriceList(id="m", name="会员价", prices={"123": 9_900})
    assert 47_380 - unit_fen_off(member, line) == pytest.approx(3.76 * 9_900, abs=60)


def test_an_article_that_has_such_a_code_of_its_own_is_itself() -> None:
    code, replica = label("200012300752"), FakeReplica()
    replica.replace_catalogue(1, [PRAWNS, replace(TOFU, barcodes=(code,))])
    assert ArticleFinder(replica).line(1, AskedLine(barcode=code)).sku == "TOFU"


def test_a_label_of_nothing_we_know_sells_at_the_tills_price(finder: ArticleFinder) -> None:
    code = label("209999900752")
    line = finder.line(1, AskedLine(barcode=code, unit_price_fen=500, name="散装"))
    assert (line.article_id, line.unit_price_fen, line.name) == (None, 500, "散装")
    with pytest.raises(Fault) as caught:
        finder.line(1, AskedLine(barcode=code))
    assert caught.value.code is FaultCode.SALE_ARTICLE_UNKNOWN


def test_a_shop_says_how_its_scales_print() -> None:
    assert ScalesConfig().layouts == COMMON
    own = ScalesConfig(labels=("29IIIIIWWWWWC",))
    assert own.layouts == (layout_of("29IIIIIWWWWWC"),)
    with pytest.raises(ValueError, match="prefix"):
        ScalesConfig(labels=("69IIIIIWWWWWC",))


def test_quotes_and_baskets_price_a_label(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        box.storage.replica.replace_catalogue(2, [*ARTICLES, PRAWNS])
        till = TillCalls(box.till())
        lines = {"lines": [{"barcode": label("200012300752")}]}
        quoted = box.till().post("/v1/quotes", json=lines).json()
        assert (quoted["lines"][0]["qty_milli"], quoted["total_fen"]) == (752, 9_475)
        path = till.opened("milk")
        shown = till.post(f"{path}/lines", lines)
        added = shown["lines"][-1]
        assert (added["sku"], added["qty_milli"], added["shelf_fen"]) == ("123", 752, 9_475)
        assert shown["total_fen"] == 12_800 + 9_475
