"""Refunds one by one: what comes back, what is taken, what is refused."""

import dataclasses
from uuid import UUID

import pytest
from msgspec.structs import replace

from retail_core.checkout.receipt import (
    CouponUse,
    LimitedUse,
    Receipt,
    ReceiptLine,
    counted_on,
    receipt_of,
)
from retail_core.errors import Fault
from retail_core.loyalty.postings import (
    Posting,
    brand_account,
    leased_account,
    member_account,
)
from retail_core.loyalty.refunds import (
    Rest,
    Returned,
    Standing,
    kept_points_fen,
    plan_refund,
    standing_points,
    uses_gone,
)
from retail_core.loyalty.spending import (
    check_enough,
    redeem_postings,
)
from retail_core.texts.faults import FaultCode
from tests.factories.books import ANN, BEA, OTHER_SHOP, PENDING_RULE, SHOP, Books
from tests.factories.wire import redeeming_sale, sale, uid

RECEIPT = Receipt(UUID(int=5), (ReceiptLine(1, 3_000, 900), ReceiptLine(2, 500, 100)))
BARE = Standing(RECEIPT, (), {})


def code_of(standing: Standing, *parts: tuple[int, int], rest: Rest | None = None) -> FaultCode:
    with pytest.raises(Fault) as caught:
        plan_refund(standing, [Returned(*part) for part in parts], rest)
    return caught.value.code


def replace_points(posting: Posting, line: int, points: int) -> Posting:
    return dataclasses.replace(posting, line=line, points=points)


class TestWhatIsRefused:
    def test_lines_and_quantities(self) -> None:
        assert code_of(BARE) is FaultCode.REFUND_EMPTY
        assert code_of(BARE, (3, 1)) is FaultCode.REFUND_LINE_UNKNOWN
        assert code_of(BARE, (1, 0)) is FaultCode.REFUND_QUANTITY
        assert code_of(BARE, (1, -1)) is FaultCode.REFUND_QUANTITY
        assert code_of(BARE, (1, 3_001)) is FaultCode.REFUND_TOO_MUCH
        assert code_of(BARE, (1, 3_000), (1, 1)) is FaultCode.REFUND_TOO_MUCH
        partly = Standing(RECEIPT, (), {1: 2_000})
        assert code_of(partly, (1, 1_001)) is FaultCode.REFUND_TOO_MUCH
        assert plan_refund(partly, [Returned(1, 1_000)]).returned == {1: 3_000, 2: 0}

    def test_too_much_is_said_in_pieces_or_by_weight_as_the_screen_does(self) -> None:
        partly = Standing(RECEIPT, (), {1: 2_000, 2: 250})
        said = []
        for line, asked in ((1, 5_000), (2, 1_325)):
            with pytest.raises(Fault) as caught:
                plan_refund(partly, [Returned(line, asked)])
            said.append(caught.value)
        assert [one.text("zh") for one in said] == [
            "第 1 行最多还能退 1,要退 5",
            "第 2 行最多还能退 0.25,要退 1.325",
        ]
        assert said[1].text("en") == "line 2: 0.25 are left to refund, 1.325 were asked"
        fields = said[1].fields
        assert (fields["line"], fields["left"], fields["asked"]) == (2, 250, 1_325)

    @pytest.mark.parametrize(
        ("part", "code"),
        [
            ((3, 1), FaultCode.REFUND_LINE_UNKNOWN),
            ((2, 0), FaultCode.REFUND_QUANTITY),
        ],
    )
    def test_the_line_is_named(self, part: tuple[int, int], code: FaultCode) -> None:
        with pytest.raises(Fault) as caught:
            plan_refund(BARE, [Returned(1, 1_000), Returned(*part)])
        assert (caught.value.code, caught.value.fields) == (code, {"line": part[0]})

    def test_what_is_left_is_said(self) -> None:
        with pytest.raises(Fault) as caught:
            plan_refund(Standing(RECEIPT, (), {1: 2_000}), [Returned(1, 1_001)])
        amounts = {"line": 1, "left": 1_000, "asked": 1_001}
        assert caught.value.fields == amounts | {"left_qty": "1", "asked_qty": "1.001"}

    @pytest.mark.parametrize("nets", [{}, {1: 5}, {1: 5, 2: 5, 3: 5}, {1: -1, 2: 5}])
    def test_a_rest_that_does_not_fit(self, nets: dict[int, int]) -> None:
        assert code_of(BARE, (1, 1_000), rest=Rest(nets)) is FaultCode.REFUND_REST_WRONG

    def test_a_rest_of_points_nobody_earned(self) -> None:
        earned = Posting(1, "other", "earn", 0, "rest", "kept", 5, SHOP)
        rest = Rest({1: 5, 2: 5}, (earned,))
        assert code_of(BARE, (1, 1_000), rest=rest) is FaultCode.REFUND_REST_WRONG


class TestLimitedRules:
    def test_a_use_counts_until_all_the_lines_it_lowered_are_back(self) -> None:
        used = (LimitedUse("both", 2, frozenset({1, 2})), LimitedUse("one", 1, frozenset({2})))
        receipt = Receipt(RECEIPT.receipt_id, RECEIPT.lines, uses=used)
        assert uses_gone(receipt, {}) == ()
        assert uses_gone(receipt, {2: 499}) == ()
        assert uses_gone(receipt, {2: 500}) == (("one", 1),)
        assert uses_gone(receipt, {1: 3_000}) == ()
        assert uses_gone(receipt, {1: 3_000, 2: 500}) == (("both", 2), ("one", 1))

    def test_a_refund_names_the_uses_that_its_lines_end_and_no_earlier_ones(self) -> None:
        used = (LimitedUse("both", 2, frozenset({1, 2})), LimitedUse("one", 1, frozenset({2})))
        receipt = Receipt(RECEIPT.receipt_id, RECEIPT.lines, uses=used)
        assert plan_refund(Standing(receipt, (), {}), [Returned(2, 500)]).uses == (("one", 1),)
        later = Standing(receipt, (), {2: 500})
        assert plan_refund(later, [Returned(1, 3_000)]).uses == (("both", 2),)

    def test_a_receipt_is_read_whole_off_its_sale(self) -> None:
        sold = redeeming_sale()
        pairs = (replace(sold.lines[0], offers=(("birthday", 100), ("pack10", 50))),)
        plain = replace(sold.lines[0], line=2, offers=())
        found = receipt_of(
            replace(sold, lines=(*pairs, plain), tenders=(("cash", 500), ("points", 40)))
        )
        assert found == Receipt(
            UUID(bytes=sold.receipt_id),
            (ReceiptLine(1, 1_000, 1_900), ReceiptLine(2, 1_000, 1_900)),
            40,
            (CouponUse(str(uid(31)), frozenset({1})),),
            (LimitedUse("birthday", 1, frozenset({1})),),
        )
        whole = receipt_of(replace(sold, lines=(replace(sold.lines[0], offers=()), plain)))
        assert whole.coupons[0].lines == whole.uses[0].lines == frozenset({1, 2})

    def test_a_coupon_of_nobodys_is_none_to_give_back(self) -> None:
        sold = redeeming_sale()
        assert sold.coupon is not None
        nobodys = replace(sold, coupon=replace(sold.coupon, id=None))
        assert receipt_of(nobodys).coupons == ()
        assert receipt_of(sale()).coupons == ()

    def test_the_day_they_count_for(self) -> None:
        sold = sale()
        assert counted_on(sold) == sold.business_date == 20261122
        assert counted_on(replace(sold, uses_on=20261121)) == 20261121
        assert counted_on(replace(sold, business_date=None)) is None


class TestMoney:
    def test_a_line_goes_back_by_its_quantity(self) -> None:
        assert plan_refund(BARE, [Returned(1, 1_000)]).money_fen == 300
        assert plan_refund(BARE, [Returned(2, 250), Returned(2, 250)]).money_fen == 100
        odd = Receipt(UUID(int=5), (ReceiptLine(1, 3_000, 100),))
        parts, standing = [], Standing(odd, (), {})
        for number in range(3):
            made = plan_refund(standing, [Returned(1, 1_000)])
            parts.append(made.money_fen)
            standing = Standing(odd, (), made.returned, sum(parts), 0, number + 1)
        assert parts == [33, 33, 34]

    def test_the_part_paid_by_points_is_not_handed_out(self) -> None:
        receipt = Receipt(UUID(int=5), (ReceiptLine(1, 2_000, 1_000),), points_fen=100)
        assert kept_points_fen(receipt, 999) == 99
        made = plan_refund(Standing(receipt, (), {}), [Returned(1, 1_000)])
        assert (made.money_fen, made.points_fen) == (450, 50)
        after = Standing(receipt, (), made.returned, 450, 50, 1)
        made = plan_refund(after, [Returned(1, 1_000)])
        assert (made.money_fen, made.points_fen) == (450, 50)

    def test_what_was_handed_out_counts_and_not_what_was_due(self) -> None:
        paid_less = Standing(RECEIPT, (), {1: 3_000}, refunded_fen=500, refunds=1)
        assert plan_refund(paid_less, [Returned(2, 500)]).money_fen == 500

    def test_a_rest_that_costs_more_gives_nothing_back_and_takes_nothing(self) -> None:
        made = plan_refund(BARE, [Returned(1, 1_000)], Rest({1: 950, 2: 100}))
        assert made.money_fen == 0

    def test_a_basket_that_cost_nothing(self) -> None:
        free = Receipt(UUID(int=5), (ReceiptLine(1, 1_000, 0),))
        assert plan_refund(Standing(free, (), {}), [Returned(1, 500)]).money_fen == 0

    def test_a_rest_may_cost_nothing(self) -> None:
        assert plan_refund(BARE, [Returned(1, 1_000)], Rest({1: 0, 2: 100})).money_fen == 900


class TestPoints:
    EARNED = Posting(
        1, "base", "earn", 0, brand_account(SHOP, "liability"), member_account(ANN, "free"), 9, SHOP
    )

    def test_a_line_that_earned_nothing_before_earns_in_the_rest(self) -> None:
        rest = Rest(
            {1: 600, 2: 100}, (replace_points(self.EARNED, 1, 6), replace_points(self.EARNED, 2, 4))
        )
        standing = Standing(RECEIPT, (self.EARNED,), {}, refunds=3)
        made = plan_refund(standing, [Returned(1, 1_000)], rest, wallet=ANN, purses={"free": 9})
        liability, free = self.EARNED.debit, self.EARNED.credit
        assert made.postings == (
            Posting(1, "base", "earn.reversed", 3, free, liability, 3, SHOP),
            Posting(2, "base", "earn.restored", 3, liability, free, 4, SHOP),
        )
        assert (made.points_taken, made.points_back, made.points_owed) == (-1, 0, 0)

    def test_what_comes_back_can_be_taken_at_once(self) -> None:
        spent = redeem_postings(10, member_account(ANN, "free"), SHOP)
        standing = Standing(RECEIPT, (self.EARNED, *spent), {})
        whole = [Returned(1, 3_000), Returned(2, 500)]
        made = plan_refund(standing, whole, wallet=ANN, purses={"free": 0})
        assert (made.points_back, made.points_taken, made.points_owed) == (10, 9, 0)
        assert [(one.kind, one.debit, one.credit, one.points) for one in made.postings] == [
            ("redeem.reversed", spent[0].credit, member_account(ANN, "free"), 10),
            ("earn.reversed", member_account(ANN, "free"), self.EARNED.debit, 9),
        ]
        twice = Standing(RECEIPT, (self.EARNED, *spent, *spent), {})
        half = plan_refund(twice, [Returned(1, 1_500)], wallet=ANN, purses={"free": 0})
        assert half.points_back == 20 - 20 * 550 // 1_000, "of all that was spent so"
        unspent = Standing(RECEIPT, (self.EARNED,), {})
        owing = plan_refund(unspent, whole, wallet=ANN, purses={"free": 4})
        assert (owing.points_back, owing.points_taken, owing.points_owed) == (0, 9, 5)
        assert [(one.kind, one.points) for one in owing.postings] == [
            ("earn.reversed", 4),
            ("earn.owed", 5),
        ]

    def test_points_are_taken_where_they_lie(self) -> None:
        books = Books()
        sold = books.sell(ANN, 3_000)
        made = books.refund(sold, (1, 1_000))
        assert (made.points_taken, made.points_back, made.points_owed) == (10, 0, 0)
        assert [(one.kind, one.nth, one.points) for one in made.postings] == [
            ("earn.reversed", 0, 10),
            ("qualify.reversed", 0, 10),
        ]
        assert [one.nth for one in books.refund(sold, (1, 1_000)).postings] == [1, 1]
        assert (books.balance(ANN), books.balance(ANN, "qualifying")) == (10, 10)

    def test_what_has_matured_is_not_taken_from_what_waits_of_another_sale(self) -> None:
        books = Books()
        sold = books.sell(ANN, 2_000, rule=PENDING_RULE)
        books.wait(60)
        books.mature(ANN)
        books.sell(ANN, 5_000, rule=PENDING_RULE)
        books.refund(sold, (1, 3_000))
        assert (books.balance(ANN, "pending"), books.balance(ANN)) == (50, 0)

    def test_pending_points_are_taken_from_what_waits_until_they_matured(self) -> None:
        books = Books()
        sold = books.sell(ANN, 3_000, rule=PENDING_RULE)
        books.refund(sold, (1, 1_000))
        assert (books.balance(ANN, "pending"), books.balance(ANN)) == (20, 0)
        books.mature(ANN)
        assert (books.balance(ANN, "pending"), books.balance(ANN)) == (0, 20)
        books.sell(ANN, 500, rule=PENDING_RULE)
        books.refund(sold, (1, 1_000))
        assert (books.balance(ANN, "pending"), books.balance(ANN)) == (5, 10)

    def test_spent_points_come_back_before_earned_ones_are_taken(self) -> None:
        books = Books()
        books.sell(ANN, 1_000)
        sold = books.sell(ANN, 1_010, points=10)
        made = books.refund(sold, (1, 3_000))
        assert (made.points_back, made.points_taken, made.points_owed) == (10, 10, 0)
        assert books.balance(ANN) == 10

    def test_points_of_a_lease_come_back_free(self) -> None:
        books = Books()
        books.grant(ANN, 10)
        books.lend(ANN, 10)
        sold = books.sell(ANN, 1_000)
        lease = leased_account(ANN, UUID(int=77), 1)
        books.post(sold.receipt.receipt_id, *redeem_postings(10, lease, SHOP))
        books.refund(sold, (1, 3_000))
        assert (books.ledger.balance(lease), books.balance(ANN)) == (0, 10)

    def test_in_her_favour_when_it_does_not_divide(self) -> None:
        books = Books()
        books.grant(ANN, 10)
        sold = books.sell(ANN, 1_000, points=10)
        made = books.refund(sold, (1, 1_000))
        assert (made.points_back, made.points_taken) == (4, 3)

    def test_what_is_missing_is_owed(self) -> None:
        books = Books()
        sold = books.sell(ANN, 3_000)
        books.sell(ANN, 25, points=25)
        made = books.refund(sold, (1, 3_000))
        assert (made.points_taken, made.points_owed) == (30, 25)
        assert (books.balance(ANN), books.balance(ANN, "owed")) == (0, -25)
        assert standing_points(books.standing(sold).postings)[1, "yuan", "earn"] == 0

    def test_the_wallet_that_holds_the_points_now_gives_them(self) -> None:
        books = Books()
        sold = books.sell(ANN, 3_000)
        books.merge(ANN, BEA)
        books.refund(sold, (1, 3_000))
        assert books.state() == {}

    def test_the_rest_may_earn_more_on_a_line_than_before(self) -> None:
        books, alone = Books(), Books()
        sold = books.sell(ANN, 1_000, 5_000)
        rest = Rest({1: 2_000}, alone.standing(alone.sell(ANN, 2_000)).postings)
        made = books.refund(sold, (2, 3_000), rest=rest)
        assert [(one.line, one.kind, one.points) for one in made.postings] == [
            (1, "earn.restored", 10),
            (1, "qualify.restored", 10),
            (2, "earn.reversed", 50),
            (2, "qualify.reversed", 50),
        ]
        assert made.points_taken == 40
        assert (books.balance(ANN), books.balance(ANN, "qualifying")) == (20, 20)
        (lot,) = books.book().lots(ANN)
        assert lot[1] == 20


class TestCoupons:
    def test_a_coupon_comes_back_with_its_last_line(self) -> None:
        books = Books()
        uses = (CouponUse("C1", frozenset({1, 2})), CouponUse("C2", frozenset({1})))
        sold = books.sell(ANN, 1_000, 1_000, coupons=uses)
        assert books.refund(sold, (1, 1_000)).coupons == ()
        assert books.refund(sold, (1, 2_000)).coupons == ("C2",)
        assert books.refund(sold, (2, 3_000)).coupons == ("C1",)


class TestSpending:
    def test_only_what_is_there_is_spent(self) -> None:
        check_enough(5, 5)
        for free, wanted, code in (
            (5, 6, FaultCode.LEDGER_OVERDRAWN),
            (5, 0, FaultCode.LEDGER_POINTS_INVALID),
            (5, -1, FaultCode.LEDGER_POINTS_INVALID),
        ):
            with pytest.raises(Fault) as caught:
                check_enough(free, wanted)
            assert caught.value.code is code
        assert redeem_postings(0, "x", SHOP) == ()

    def test_a_spending_names_who_honours_it(self) -> None:
        (posting,) = redeem_postings(5, "x", OTHER_SHOP, 3)
        clearing = brand_account(OTHER_SHOP, "clearing")
        assert posting == Posting(
            0, "points", "redeem", 3, "x", clearing, 5, OTHER_SHOP, OTHER_SHOP
        )


def test_a_sale_that_travelled_is_a_receipt() -> None:
    plain = sale(lines=2)
    receipt = receipt_of(plain)
    assert receipt.lines == (ReceiptLine(1, 1_000, 1_900), ReceiptLine(2, 1_000, 1_900))
    assert (receipt.total_fen, receipt.points_fen) == (3_800, 0)
    spent = redeeming_sale()
    paid = sum(fen for kind, fen in spent.tenders if kind == "points")
    assert receipt_of(spent).points_fen == paid
