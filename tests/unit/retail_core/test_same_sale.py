"""What makes two sales one: goods, payments and member, in any order; not the price asked."""

from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from retail_core.loyalty.same_sale import content_hash, content_of
from tests.factories.shop_floor import make_sale

ANN = UUID(int=5)
goods = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 3_000)), max_size=4)
tenders = st.lists(
    st.tuples(st.sampled_from(["cash", "wechat"]), st.integers(1, 9_000)), max_size=3
)
members = st.sampled_from([None, ANN, UUID(int=6)])


@given(goods, tenders, members)
def test_order_points_and_empty_payments_say_nothing(
    some: list[tuple[str, int]], paid: list[tuple[str, int]], who: UUID | None
) -> None:
    shuffled = [*paid[::-1], ("points", 500), ("card", 0)]
    assert content_hash(some[::-1], shuffled, who) == content_hash(some, paid, who)


@given(goods, tenders, members, goods, tenders, members)
def test_anything_else_does(
    some: list[tuple[str, int]],
    paid: list[tuple[str, int]],
    who: UUID | None,
    others: list[tuple[str, int]],
    other_paid: list[tuple[str, int]],
    other: UUID | None,
) -> None:
    same = (sorted(some), sorted(paid), who) == (sorted(others), sorted(other_paid), other)
    assert (content_hash(some, paid, who) == content_hash(others, other_paid, other)) is same


def test_a_booked_sale_is_what_was_told() -> None:
    sale = make_sale(total_fen=1_990)
    (line,) = sale.lines
    told = content_hash([(line.sku, 1_000)], [("cash", 1_990)], ANN)
    assert content_of(sale, ANN) == told
    dearer = msgspec.structs.replace(line, shelf_fen=9_900, name="改了名")
    assert content_of(msgspec.structs.replace(sale, lines=(dearer,)), ANN) == told
    assert content_of(sale, None) != told
    unknown = msgspec.structs.replace(line, sku="", name="购物袋")
    bag = content_of(msgspec.structs.replace(sale, lines=(unknown,)), ANN)
    assert bag == content_hash([("购物袋", 1_000)], [("cash", 1_990)], ANN)
