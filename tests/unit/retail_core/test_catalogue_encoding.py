from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.catalog.article import Article
from retail_core.catalog.importing import decode_catalogue, encode_catalogue
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TEA = Article(
    article_id=UUID(int=1),
    sku="A1",
    name="绿茶",
    unit="瓶",
    price_fen=550,
    barcodes=("2", "1"),
    cost_fen=260,
    brand="云岭",
    category="饮料",
    tags=frozenset({"茶", "无糖", "新品"}),
)
BARE = Article(UUID(int=2), "A0", "水", "瓶", 0)
PACKED_BARE = [UUID(int=2).bytes, "A0", "水", "瓶", 0, [], None, "", "", []]


def test_a_catalogue_comes_back_by_sku() -> None:
    assert decode_catalogue(encode_catalogue(12, [TEA, BARE])) == (12, (BARE, TEA))
    assert decode_catalogue(encode_catalogue(1, [])) == (1, ())


def test_the_bytes_are_these() -> None:
    assert msgspec.msgpack.decode(encode_catalogue(3, [BARE])) == [1, 3, [PACKED_BARE], 0, []]
    packed = msgspec.msgpack.decode(encode_catalogue(3, [TEA]))[2][0]
    assert packed[5] == ["2", "1"]
    assert packed[9] == sorted(TEA.tags)


def test_one_sku_twice_is_ordered_by_id() -> None:
    twin = replace(TEA, article_id=UUID(int=0))
    assert decode_catalogue(encode_catalogue(1, [TEA, twin]))[1] == (twin, TEA)


@given(st.permutations([TEA, BARE, replace(TEA, sku="B", article_id=UUID(int=5))]))
def test_the_order_given_does_not_matter(articles: list[Article]) -> None:
    assert encode_catalogue(1, articles) == encode_catalogue(1, list(reversed(articles)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"a": 1}),
        msgspec.msgpack.encode([1, 3, [["short"]]]),
        msgspec.msgpack.encode([1, 3, [[b"short", *PACKED_BARE[1:]]]]),
        encode_catalogue(1, [TEA])[:-1],
    ],
)
def test_broken_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        decode_catalogue(content)
    assert refused.value.code == FaultCode.WIRE_MALFORMED


def test_another_format_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        decode_catalogue(msgspec.msgpack.encode([2, 3, {"of": "later"}]))
    assert refused.value.code == FaultCode.WIRE_VERSION
    assert refused.value.fields == {"version": 2}
