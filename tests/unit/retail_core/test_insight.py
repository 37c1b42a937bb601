"""What goes with what, and what of it is shown to whom."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.insight.baskets import Bought
from retail_core.insight.choosing import Customer, Goods, Shown, Why, candidates, choose
from retail_core.insight.cooccurrence import Bounds, build_table, questions
from retail_core.insight.table import Table, decode_table, encode_table
from retail_core.texts.faults import FaultCode

TABLE = Table(
    version=3,
    near={"soap": (("sponge", 400), ("cream", 300)), "tea": (("cup", 500), ("sponge", 200))},
    popular=("bag", "soap", "tea"),
    again_days={"soap": 30},
)
EVERYTHING = {sku: Goods() for sku in ("soap", "tea", "sponge", "cream", "cup", "bag")}


def shown(
    customer: Customer, goods: dict[str, Goods] | None = None, **changes: object
) -> list[str]:
    table = replace(TABLE, **changes)  # type: ignore[arg-type]
    return [one.sku for one in choose(table, customer, EVERYTHING if goods is None else goods)]


class TestChoosing:
    def test_what_goes_with_hers_then_what_sells(self) -> None:
        assert choose(TABLE, Customer(bought={"soap": 2}), EVERYTHING) == (
            Shown("sponge", Why.OFTEN_TOGETHER, "soap"),
            Shown("cream", Why.OFTEN_TOGETHER, "soap"),
            Shown("bag", Why.POPULAR),
        )

    def test_closeness_adds_up_over_her_basket(self) -> None:
        assert shown(Customer(bought={"soap": 2}, basket=["tea"])) == ["sponge", "cup", "cream"]

    def test_nothing_again_before_its_time(self) -> None:
        assert shown(Customer(bought={"soap": 29}), near={}) == ["bag", "tea"]
        assert shown(Customer(bought={"soap": 30}), near={}) == ["soap", "bag", "tea"]
        assert shown(Customer(bought={"bag": 999}), near={}) == ["soap", "tea"]

    def test_what_is_due_may_come_first(self) -> None:
        customer = Customer(bought={"soap": 40})
        assert shown(customer)[:2] == ["sponge", "cream"]
        assert shown(customer, again_first=True)[:2] == ["soap", "sponge"]

    def test_only_what_is_sold_and_lies_here(self) -> None:
        goods = EVERYTHING | {"sponge": Goods(stock=0), "cream": Goods(stock=2)}
        del goods["bag"]
        assert shown(Customer(bought={"soap": 2}), goods) == ["cream", "tea"]

    def test_needs_of_health_only_by_her_own_word(self) -> None:
        goods = EVERYTHING | {"sponge": Goods(frozenset({"敏感肌可用"}))}
        assert "sponge" not in shown(Customer(bought={"soap": 2}), goods)
        told = Customer(bought={"soap": 2}, tags=frozenset({"敏感肌"}))
        assert shown(told, goods)[0] == "sponge"

    def test_who_opted_out_sees_what_everybody_sees(self) -> None:
        customer = Customer(bought={"soap": 2}, personal=False)
        assert choose(TABLE, customer, EVERYTHING) == tuple(
            Shown(sku, Why.POPULAR) for sku in TABLE.popular
        )

    def test_a_basket_is_not_suggested_to_itself(self) -> None:
        assert "sponge" not in shown(Customer(basket=["soap", "sponge"]))

    @given(
        bought=st.dictionaries(st.sampled_from(sorted(EVERYTHING)), st.integers(0, 60)),
        basket=st.sets(st.sampled_from(sorted(EVERYTHING))),
        personal=st.booleans(),
    )
    def test_at_most_three_and_each_once(
        self, bought: dict[str, int], basket: set[str], *, personal: bool
    ) -> None:
        customer = Customer(bought, sorted(basket), personal=personal)
        found = shown(customer)
        assert len(found) == len(set(found)) <= 3
        assert set(found) <= set(candidates(TABLE, customer))
        assert basket.isdisjoint(found)


def visits(count: int) -> list[Bought]:
    """Members who buy soap and sponge, then a bag; somebody unknown buys tea."""
    found = []
    for member in range(count):
        found += [
            Bought(f"m{member}", member, ("soap", "sponge")),
            Bought(f"m{member}", member + 20, ("bag", "soap")),
            Bought("", member, ("tea",)),
        ]
    return sorted(found, key=lambda one: one.day)


class TestReckoning:
    def test_what_is_bought_together_and_when_again(self) -> None:
        table = build_table(visits(40), 7, Bounds(pairs_from=2))
        assert table.version == 7
        assert table.popular[:2] == ("soap", "bag")
        assert table.again_days == {"soap": 20}

    def test_the_same_receipts_give_the_same_bytes(self) -> None:
        first, second = (encode_table(build_table(visits(30), 1)) for _ in range(2))
        assert first == second

    def test_questions_are_the_next_receipt_of_each_member(self) -> None:
        asked = list(questions(visits(3), 20))
        assert [(last.skus, following.skus) for last, following in asked] == [
            (("soap", "sponge"), ("bag", "soap"))
        ] * 3

    def test_bounds_hold(self) -> None:
        wide = [
            Bought(f"m{member}", day, tuple(f"s{sku:02}" for sku in range(30)))
            for member in range(6)
            for day in (1, 9)
        ]
        table = build_table(wide, 1, Bounds(articles=10, buyer_articles=5, near=2, popular=4))
        assert len(table.popular) == 4
        assert all(len(some) <= 2 for some in table.near.values())
        assert len(table.near) <= 5

    def test_nothing_to_reckon_with(self) -> None:
        assert build_table([], 2) == Table(2)


SKUS = st.sampled_from(["a", "b", "茶", "d"])


class TestBytes:
    @given(
        near=st.dictionaries(SKUS, st.lists(st.tuples(SKUS, st.integers(1, 1000)), max_size=3)),
        popular=st.lists(SKUS, unique=True),
        again=st.dictionaries(SKUS, st.integers(1, 400)),
        first=st.booleans(),
    )
    def test_a_table_comes_back(
        self,
        near: dict[str, list[tuple[str, int]]],
        popular: list[str],
        again: dict[str, int],
        *,
        first: bool,
    ) -> None:
        kept = {sku: tuple(some) for sku, some in near.items()}
        table = Table(9, kept, tuple(popular), again, first)
        assert decode_table(encode_table(table)) == table

    @pytest.mark.parametrize("content", [b"", b"\xc1", encode_table(TABLE)[:-2], b"\x96\x01\x01"])
    def test_broken_bytes_are_refused(self, content: bytes) -> None:
        with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.WIRE_MALFORMED):
            decode_table(content)
