"""What leads from one version of the catalogue to the next, and what is no small change."""

import os
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.catalog.article import Article
from retail_core.catalog.delta import CatalogueDelta, encode_delta, open_delta
from retail_core.catalog.encoding import Catalogue
from retail_core.catalog.price_lists import ListPrice
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
ROOM = 9_999
SHORT_ID = [b"short", "A", "n", "u", 1, [], None, "", "", []]
DAY, LATER = 20_260_731, 20_260_802


def article(sku: str, fen: int = 5, codes: tuple[str, ...] = ()) -> Article:
    return Article(UUID(int=ord(sku)), sku, f"品{sku}", "个", fen, codes)


A, B, C = article("A", codes=("690",)), article("B", codes=("691",)), article("C")
FIRST = Catalogue(
    1, (A, B, C), DAY, (ListPrice("A", "", LATER, 6), ListPrice("B", "s:1", DAY, None))
)


def step(before: Catalogue, after: Catalogue) -> CatalogueDelta:
    content = encode_delta(before, after, ROOM)
    assert content is not None
    return open_delta(content)


def next_of(articles: Sequence[Article], prices: Sequence[ListPrice]) -> Catalogue:
    return Catalogue(2, tuple(articles), LATER, tuple(prices))


def test_nothing_changed_but_the_day() -> None:
    assert step(FIRST, replace(FIRST, version=2, day=LATER)) == CatalogueDelta(2, LATER, (), ())


def test_an_article_brings_all_its_prices_by_place_and_no_other_comes_along() -> None:
    dearer = replace(B, price_fen=7)
    listed = [ListPrice("B", "s:1", DAY, None), ListPrice("B", "", LATER, 9), *FIRST.prices[:1]]
    told = step(FIRST, next_of([A, dearer, C], listed))
    assert told == CatalogueDelta(
        2, LATER, (dearer,), (ListPrice("B", "", LATER, 9), ListPrice("B", "s:1", DAY, None))
    )
    assert told.skus() == ("B",)


def test_a_price_by_place_alone_brings_its_article() -> None:
    told = step(FIRST, next_of([A, B, C], [ListPrice("A", "", LATER, 8), FIRST.prices[1]]))
    assert (told.articles, told.prices) == ((A,), (ListPrice("A", "", LATER, 8),))
    assert step(FIRST, next_of([A, B, C], FIRST.prices[1:])).articles == (A,), "it has none now"


def test_the_order_of_prices_is_no_change() -> None:
    twice = (*FIRST.prices, ListPrice("A", "s:1", DAY, 3), ListPrice("A", "s:1", LATER, 2))
    before = replace(FIRST, prices=twice)
    assert step(before, next_of([A, B, C], twice[::-1])).skus() == ()


def test_what_came_and_what_ended_are_told_by_sku() -> None:
    new = article("D", codes=("699",))
    told = step(FIRST, next_of([new, B, C], FIRST.prices))
    assert (told.articles, told.gone) == ((new,), ("A",))
    assert told.skus() == ("D", "A")
    assert told.prices == FIRST.prices[:1], "a price may outlive its article"


@pytest.mark.parametrize(
    ("articles", "small"),
    [
        ((replace(A, barcodes=("690", "700")), B, C), True),
        ((replace(A, barcodes=()), B, C), True),
        ((B, C), True),
        ((A, replace(B, barcodes=("690",)), C), False),
        ((replace(A, barcodes=("691",)), replace(B, barcodes=("690",)), C), False),
        ((A, B, replace(C, barcodes=("691",))), False),
        # the code of an article that ends goes to a new one
        ((B, C, article("D", codes=("690",))), False),
    ],
)
def test_a_bar_code_that_another_bears_or_bore_is_no_small_change(
    articles: tuple[Article, ...], *, small: bool
) -> None:
    told = encode_delta(FIRST, next_of(articles, FIRST.prices), ROOM)
    assert (told is not None) is small


def test_a_code_two_articles_share_stays_out_of_the_way_while_it_does_not_move() -> None:
    shared = Catalogue(1, (A, replace(B, barcodes=("690",)), C))
    dearer = replace(C, price_fen=6)
    assert step(shared, Catalogue(2, (*shared.articles[:2], dearer))).articles == (dearer,)
    assert encode_delta(shared, Catalogue(2, shared.articles[1:]), ROOM) is None


def test_a_sku_that_stands_twice_is_no_small_change() -> None:
    assert encode_delta(replace(FIRST, articles=(A, A, B, C)), FIRST, ROOM) is None


def test_it_may_be_as_long_as_there_is_room_and_no_longer() -> None:
    after = next_of([replace(A, price_fen=6), B, C], FIRST.prices)
    content = encode_delta(FIRST, after, ROOM)
    assert content is not None
    assert encode_delta(FIRST, after, len(content)) == content
    assert encode_delta(FIRST, after, len(content) - 1) is None


@settings(max_examples=EXAMPLES)
@given(
    st.lists(
        st.builds(article, st.sampled_from("ABCDE"), st.integers(1, 3)), unique_by=lambda a: a.sku
    ),
    st.lists(
        st.builds(article, st.sampled_from("ABCDE"), st.integers(1, 3)), unique_by=lambda a: a.sku
    ),
)
def test_a_step_applied_is_the_next_version(old: list[Article], new: list[Article]) -> None:
    told = step(Catalogue(1, tuple(old)), next_of(new, []))
    held = {one.sku: one for one in old if one.sku not in told.gone}
    held |= {one.sku: one for one in told.articles}
    assert held == {one.sku: one for one in new}
    assert all(one not in old for one in told.articles)


@pytest.mark.parametrize(
    ("content", "code", "fields"),
    [
        (b"", FaultCode.WIRE_MALFORMED, {}),
        (b"\xc1", FaultCode.WIRE_MALFORMED, {}),
        (msgspec.msgpack.encode([1, 1, 1, [SHORT_ID], []]), FaultCode.WIRE_MALFORMED, {}),
        (msgspec.msgpack.encode([9, 1, 1, [], []]), FaultCode.WIRE_VERSION, {"version": 9}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(
    content: bytes, code: FaultCode, fields: dict[str, object]
) -> None:
    with pytest.raises(Fault) as refused:
        open_delta(content)
    assert (refused.value.code, refused.value.fields) == (code, fields)


def test_one_of_before_articles_could_end_is_read() -> None:
    assert open_delta(msgspec.msgpack.encode([1, 4, DAY, [], []])) == CatalogueDelta(4, DAY, (), ())
