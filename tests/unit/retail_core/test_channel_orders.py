"""An order is what was said of it, whatever came when."""

import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.insight.channel_orders.words import (
    Buyer,
    Order,
    OrderLine,
    OrderWord,
    Refund,
    Said,
    decode_word,
    digest_of,
    encode_word,
    fold,
    order_id_of,
)

SHOP, FILE = UUID(int=1), UUID(int=2)


def said(version: int, origin: UUID = SHOP, **more: object) -> Said:
    return Said(origin, OrderWord("web", "n-1", version, **more))  # type: ignore[arg-type]


def folded(*words: Said) -> Order:
    found = fold(words)
    assert found is not None
    return found


R1, R2 = Refund("r1", 300), Refund("r2", 700)
PAID = said(10, status="paid", ordered_ms=5, net_fen=1_000, list_fen=1_200)


def test_nobody_said_when_it_was_ordered() -> None:
    assert fold([]) is None
    assert fold([said(3, status="cancelled")]) is None


def test_a_newer_word_wins_field_by_field() -> None:
    order = folded(PAID, said(11, status="cancelled"), said(9, net_fen=7, coupons=2))
    assert (order.status, order.net_fen, order.coupons, order.version) == (
        "cancelled",
        1_000,
        2,
        11,
    )


@pytest.mark.parametrize(
    ("words", "status", "back"),
    [
        ((said(11, refund=R1),), "part_refunded", 300),
        (
            (said(11, refund=R1), said(12, refund=R1)),
            "part_refunded",
            300,
        ),
        (
            (said(11, refund=R1), said(12, refund=R2)),
            "refunded",
            1_000,
        ),
        ((said(11, refunded_fen=1_000),), "refunded", 1_000),
        ((said(2, refund=R1),), "part_refunded", 300),
        ((said(11, status="cancelled", refunded_fen=1_000),), "cancelled", 1_000),
        ((said(11, status="refunded"),), "refunded", 0),
    ],
)
def test_money_that_went_back_speaks(words: tuple[Said, ...], status: str, back: int) -> None:
    order = folded(PAID, *words)
    assert (order.status, order.refunded_fen) == (status, back)


def test_lines_of_several_parts_add_up_and_two_files_count_once() -> None:
    line, other = OrderLine("A", net_fen=5, list_fen=9), OrderLine("B", net_fen=6)
    parts = (
        said(10, FILE, ordered_ms=5, lines=(line,)),
        said(10, FILE, part=3, lines=(other,)),
        said(10, SHOP, lines=(line, other)),
    )
    order = folded(*parts)
    assert order.lines == (line, other)
    assert (order.net_fen, order.list_fen, order.qty_milli) == (11, 11, 2_000)
    newer = folded(*parts, said(11, SHOP, lines=()))
    assert newer.lines == ()


def test_the_list_price_is_never_below_what_was_paid() -> None:
    assert folded(said(1, ordered_ms=5, net_fen=10, list_fen=3)).list_fen == 10


def test_each_thing_known_of_a_buyer_stays_until_another_is_said() -> None:
    order = folded(
        said(1, ordered_ms=5, buyer=Buyer(account="aa", phone="bb")),
        said(2, buyer=Buyer(phone="cc")),
    )
    assert order.buyer == Buyer(account="aa", phone="cc")


def test_an_order_has_one_id_and_a_word_one_text() -> None:
    assert PAID.word.order_id == order_id_of("web", "n-1") != order_id_of("web", "n-2")
    assert decode_word(encode_word(PAID.word)) == PAID.word
    assert digest_of(PAID.word) != digest_of(said(10, status="paid", ordered_ms=5).word)


maybe = st.none() | st.integers(0, 50)
words = st.builds(
    lambda version, status, at, net, back, refund, lines: said(
        version, status=status, ordered_ms=at, net_fen=net, refunded_fen=back,
        refund=None if refund is None else Refund(f"r{refund % 3}", refund),
        lines=None if lines is None else tuple(OrderLine(f"s{n}", net_fen=n) for n in lines),
    ),
    st.integers(0, 10_000),
    st.sampled_from([None, "created", "paid", "cancelled"]),
    maybe, maybe, maybe, maybe,
    st.none() | st.lists(st.integers(0, 9), max_size=3),
)  # fmt: skip


@given(st.lists(words, max_size=8, unique_by=lambda one: one.word.version), st.randoms())
def test_the_order_of_words_is_nothing(some: list[Said], chance: random.Random) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(some)
    assert fold([*shuffled, *some]) == fold([*some, *shuffled])
