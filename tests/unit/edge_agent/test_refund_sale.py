"""A refund at the till, and what the cloud makes of it."""

from dataclasses import replace
from uuid import UUID

import pytest
from msgspec.structs import replace as changed

from edge_agent.domain.receipts import ReceiptSearch
from edge_agent.domain.refunding import RefundCommand
from edge_agent.domain.sale import AskedLine, SaleCommand
from edge_agent.ports.cloud_link import FetchedReceipt, FetchedRefund
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.counter.refund import RefundSale
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.limits import BUNDLES_KEPT
from retail_core.loyalty.postings import leased_account, to_wire
from retail_core.loyalty.spending import redeem_postings
from retail_core.pricing.rules.bundle import bundle_hash
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import CouponTaken, Sale
from retail_core.wire.refund import Refund, RefundLine
from tests.factories.shop_floor import MASK, SHOP, SOAP, TILL, make_id, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_box import Person
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.cloud_ingest import Cloud
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

EVENING_MS = 8 * 60 * 60 * 1_000
# Three pieces of soap for the price of two, five per cent off for gold, a point for each yuan.
RULES = """{
  "version": 3,
  "tier_names": {"silver": "银卡", "gold": "金卡"},
  "offers": [
    {"kind": "mix_and_match", "id": "3for2", "name": "买二送一", "need": 3, "free": 1,
     "items": {"skus": ["SOAP"]}}
  ],
  "earn": {"id": "base", "fen_per_point": 100}
}""".encode()


class Counter:
    """A till's counter that sold three pieces of soap and a mask to a member."""

    def __init__(self) -> None:
        self.journal, self.replica, self.clock = FakeJournal(), FakeReplica(), FakeClock()
        self.replica.replace_catalogue(1, [SOAP, MASK])
        self.replica.replace_bundle(3, RULES)
        self.person = Person()
        record = changed(make_record(), wallet=self.person.wallet.bytes)
        self.replica.put_member(self.person.member, 4, record)
        self.directory = FakeCloudDirectory()
        self.receipts = ReceiptBook(self.journal, self.directory)
        self.recorder, ids = Recorder(self.journal, [self.receipts.recorded]), FakeIdSource()
        self.sales = CloseSale(self.recorder, PriceDesk(self.replica, SHOP), self.clock, ids, SHOP)
        self.refunds = RefundSale(self.receipts, self.recorder, self.replica, self.clock, ids, SHOP)
        self.clock.advance(EVENING_MS)
        lines = (AskedLine(sku="SOAP", qty_milli=3_000), AskedLine(sku="MASK"))
        paid = 2 * 1_990 + 9_900
        self.sold = self.sales.execute(
            SaleCommand(TILL, "0007", lines, (("cash", paid),), self.person.member)
        )

    def command(
        self, *lines: tuple[int, int], paid: int = 0, repriced: bool = False
    ) -> RefundCommand:
        tenders = (("cash", paid),)
        return RefundCommand(TILL, "0008", self.sold.receipt_id, lines, tenders, "不合适", repriced)

    def back(self, *lines: tuple[int, int], repriced: bool = False) -> int:
        """Take goods back for what is due; return it."""
        due = self.refunds.quote(self.command(*lines, repriced=repriced)).money_fen
        self.refunds.execute(self.command(*lines, paid=due, repriced=repriced))
        return due

    def in_the_cloud(self) -> Cloud:
        """Book the whole journal."""
        cloud = Cloud()
        box = cloud.box()
        box.enrols(self.person)
        for record in self.journal.records():
            box.journal(record.draft.type, record.draft.body, record.draft.member)
        cloud.book((box, box.frame()))
        return cloud


@pytest.fixture
def counter() -> Counter:
    return Counter()


def code_of(counter: Counter, command: RefundCommand) -> FaultCode:
    depth = counter.journal.depth()
    with pytest.raises(Fault) as caught:
        counter.refunds.execute(command)
    assert counter.journal.depth() == depth, "a refused refund leaves nothing behind"
    return caught.value.code


def test_a_line_goes_back_in_proportion(counter: Counter) -> None:
    quote = counter.refunds.quote(counter.command((1, 1_000)))
    assert (quote.money_fen, quote.points_taken) == (1_326, 13)
    counter.refunds.execute(counter.command((1, 1_000), paid=1_326))
    record = counter.journal.records()[-1]
    refund = decode_body("refund", record.draft.body)
    assert isinstance(refund, Refund)
    assert (refund.receipt_id, refund.money_fen) == (counter.sold.receipt_id.bytes, 1_326)
    assert (refund.business_date, refund.repriced) == (20_260_731, False)
    assert record.draft.member == counter.person.member


def test_as_if_never_bought_the_free_piece_is_lost_first(counter: Counter) -> None:
    """Two pieces cost what three did: the third one gives nothing back."""
    assert counter.back((1, 1_000), repriced=True) == 0
    assert counter.back((1, 1_000), repriced=True) == 1_990
    assert counter.back((1, 1_000), (2, 1_000), repriced=True) == 11_890


def test_everything_comes_back_whatever_the_parts(counter: Counter) -> None:
    parts = [counter.back((1, 1_000)), counter.back((2, 1_000), repriced=True)]
    parts.append(counter.back((1, 2_000)))
    assert sum(parts) == 2 * 1_990 + 9_900
    cloud = counter.in_the_cloud()
    assert cloud.state.repairs == {}
    assert {name: points for name, points in cloud.state.balances.items() if points} == {}


def test_the_cloud_comes_to_the_same_money(counter: Counter) -> None:
    counter.back((1, 1_000), repriced=True)
    counter.back((1, 2_000))
    cloud = counter.in_the_cloud()
    assert [one.body.money_fen for one in cloud.state.refunds] == [0, 3_980]
    assert [one.made.money_fen for one in cloud.state.refunds] == [0, 3_980]
    assert cloud.state.repairs == {}
    assert cloud.free(counter.person) == 98, "the share of the mask of 138 points"


def test_more_than_was_bought_is_refused(counter: Counter) -> None:
    assert code_of(counter, counter.command((1, 3_001))) is FaultCode.REFUND_TOO_MUCH
    assert code_of(counter, counter.command((2, 600), (2, 600))) is FaultCode.REFUND_TOO_MUCH
    assert code_of(counter, counter.command((3, 1))) is FaultCode.REFUND_LINE_UNKNOWN
    assert code_of(counter, counter.command((1, 0))) is FaultCode.REFUND_QUANTITY
    assert code_of(counter, counter.command()) is FaultCode.REFUND_EMPTY
    assert code_of(counter, counter.command((1, 1_000), paid=1)) is FaultCode.REFUND_AMOUNT
    counter.back((1, 3_000))
    assert code_of(counter, counter.command((1, 1))) is FaultCode.REFUND_TOO_MUCH


def test_money_is_not_handed_out_as_points(counter: Counter) -> None:
    """Points come back by the books alone: such a tender would be a refund of nothing."""
    command = replace(counter.command((2, 1_000)), tenders=(("points", 9_900),))
    assert code_of(counter, command) is FaultCode.REDEEM_TENDER


def test_the_rules_of_the_sale_are_looked_up_among_the_earlier_ones(counter: Counter) -> None:
    counter.replica.replace_bundle(4, RULES.replace(b'"version": 3', b'"version": 4'))
    assert counter.back((1, 1_000), repriced=True) == 0, "the free piece is lost first, as then"


def test_rules_that_are_gone_cannot_say_what_the_rest_would_have_cost(counter: Counter) -> None:
    for version in range(4, 5 + BUNDLES_KEPT):
        other = RULES.replace(b'"version": 3', b'"version": %d' % version)
        counter.replica.replace_bundle(version, other)
    command = counter.command((1, 1_000), repriced=True)
    assert code_of(counter, command) is FaultCode.REFUND_RULES_CHANGED
    assert counter.back((1, 3_000), (2, 1_000), repriced=True) == 13_880


def test_a_coupon_goes_on_lowering_what_is_kept(counter: Counter) -> None:
    """Five off from 20 yuan: as if never bought, two soaps and the mask would still meet it."""
    rules = RULES.replace(
        b'"earn"',
        b'"coupons": [{"kind": "threshold", "id": "c5", "name": "5", "threshold_fen": 2000,'
        b' "fen_off": 500}], "earn"',
    ).replace(b'"version": 3', b'"version": 4')
    counter.replica.replace_bundle(4, rules)
    held = counter.receipts.find(counter.sold.receipt_id)
    coupon = make_id()
    total = held.sale.total_fen - 500
    sale = changed(
        held.sale,
        receipt_id=make_id().bytes,
        bundle_version=4,
        bundle_hash=bundle_hash(rules),
        total_fen=total,
        coupon=CouponTaken(coupon.bytes, "c5", 500),
        lines=(
            changed(held.sale.lines[0], net_fen=held.sale.lines[0].net_fen - 500),
            held.sale.lines[1],
        ),
    )
    found = FetchedReceipt(make_id(), "静安店", TILL, None, counter.person.member, 1, sale)
    counter.directory.receipts.append(found)
    command = replace(
        counter.command((1, 1_000), repriced=True), receipt_id=UUID(bytes=sale.receipt_id)
    )
    quote = counter.refunds.quote(command)
    assert (quote.money_fen, quote.coupons) == (0, ()), (
        "two cost what three did, five off as before"
    )
    whole = replace(command, lines=((1, 3_000), (2, 1_000)))
    assert counter.refunds.quote(whole).coupons == (str(coupon),)
    assert counter.refunds.quote(whole).money_fen == total


def test_what_points_paid_goes_back_as_points(counter: Counter) -> None:
    held = counter.receipts.find(counter.sold.receipt_id)
    total = held.sale.total_fen
    source = leased_account(counter.person.wallet, make_id(), 1)
    spent = redeem_postings(40, source, make_id())
    sale = changed(
        held.sale,
        receipt_id=make_id().bytes,
        tenders=(("points", 4_000), ("cash", total - 4_000)),
        postings=(*held.sale.postings, *(to_wire(one) for one in spent)),
    )
    found = FetchedReceipt(make_id(), "静安店", TILL, None, counter.person.member, 1, sale)
    counter.directory.receipts.append(found)
    whole = replace(counter.command((1, 3_000), (2, 1_000)), receipt_id=UUID(bytes=sale.receipt_id))
    quote = counter.refunds.quote(whole)
    assert (quote.money_fen, quote.points_fen, quote.points_back) == (total - 4_000, 4_000, 40)
    part = counter.refunds.quote(replace(whole, lines=((2, 1_000),)))
    assert part.money_fen + part.points_fen == 9_900
    assert 0 < part.points_back < 40


class Elsewhere:
    """Another shop's counter, whose sale the cloud knows."""

    def __init__(self, counter: Counter) -> None:
        self.here, self.there = counter, Counter()
        record = self.there.journal.records()[-1]
        sale = decode_body("sale", record.draft.body)
        assert isinstance(sale, Sale)
        self.receipt_id = make_id()
        sale = changed(sale, receipt_id=self.receipt_id.bytes)
        self.found = FetchedReceipt(
            store=make_id(),
            store_name="静安店",
            till=TILL,
            operator=None,
            member=record.draft.member,
            wall_ms=record.draft.at.wall_ms,
            sale=sale,
        )
        counter.directory.receipts.append(self.found)

    def command(self, *lines: tuple[int, int], paid: int = 0) -> RefundCommand:
        return replace(self.here.command(*lines, paid=paid), receipt_id=self.receipt_id)


def test_a_receipt_of_another_shop_is_looked_up_in_the_cloud(counter: Counter) -> None:
    elsewhere = Elsewhere(counter)
    quote = counter.refunds.quote(elsewhere.command((1, 1_000)))
    assert (quote.money_fen, quote.left) == (1_326, ((1, 2_000), (2, 1_000)))
    result = counter.refunds.execute(elsewhere.command((1, 1_000), paid=1_326))
    assert result.member_id == elsewhere.found.member
    assert counter.journal.records()[-1].draft.member == elsewhere.found.member
    assert counter.receipts.elsewhere("0007", 20_260_731)[0].store_name == "静安店"


def test_what_another_shop_took_back_is_not_paid_twice(counter: Counter) -> None:
    elsewhere = Elsewhere(counter)
    elsewhere.there.back((1, 3_000))
    body = decode_body("refund", elsewhere.there.journal.records()[-1].draft.body)
    assert isinstance(body, Refund)
    made = FetchedRefund(1, "静安店", None, body)
    counter.directory.receipts[:] = [replace(elsewhere.found, refunds=(made,))]
    assert code_of(counter, elsewhere.command((1, 1))) is FaultCode.REFUND_TOO_MUCH
    record = counter.receipts.find(elsewhere.receipt_id)
    assert [one.store_name for one in record.refunds] == ["静安店"]


def test_what_was_taken_back_here_counts_before_the_cloud_has_heard_of_it(counter: Counter) -> None:
    elsewhere = Elsewhere(counter)
    counter.refunds.execute(elsewhere.command((2, 1_000), paid=9_900))
    assert code_of(counter, elsewhere.command((2, 1_000), paid=9_900)) is FaultCode.REFUND_TOO_MUCH
    body = decode_body("refund", counter.journal.records()[-1].draft.body)
    assert isinstance(body, Refund)
    told = replace(elsewhere.found, refunds=(FetchedRefund(1, "本店", None, body),))
    counter.directory.receipts[:] = [told]
    assert counter.refunds.quote(elsewhere.command((1, 1_000))).left == ((1, 2_000), (2, 0))


def test_goods_that_two_shops_took_back_do_not_block_the_rest(counter: Counter) -> None:
    """The cloud refused the second of the two: the rest stands as the cloud has it."""
    other = Elsewhere(counter)
    mine = replace(other.found, sale=counter.receipts.find(counter.sold.receipt_id).sale)
    counter.directory.down = True
    counter.back((1, 3_000))
    counter.directory.down = False
    own = decode_body("refund", counter.journal.records()[-1].draft.body)
    assert isinstance(own, Refund)
    theirs = changed(own, refund_id=make_id().bytes)
    counter.directory.receipts[:] = [
        replace(mine, refunds=(FetchedRefund(1, "静安店", None, theirs),))
    ]
    quote = counter.refunds.quote(counter.command((2, 1_000)))
    assert (quote.money_fen, quote.left) == (9_900, ((1, 0), (2, 0)))


def test_a_refund_is_counted_once_when_the_first_question_comes_between(counter: Counter) -> None:
    counter.back((1, 1_000))
    late = ReceiptBook(counter.journal, counter.directory)
    late.last(ReceiptSearch())
    late.recorded(counter.journal.records()[-1:])
    assert len(late.find(counter.sold.receipt_id).refunds) == 1


def test_an_own_receipt_hears_of_refunds_elsewhere_and_goes_on_without_the_cloud(
    counter: Counter,
) -> None:
    other = Elsewhere(counter)
    mine = replace(other.found, sale=counter.receipts.find(counter.sold.receipt_id).sale)
    counter.back((1, 1_000))
    own = decode_body("refund", counter.journal.records()[-1].draft.body)
    assert isinstance(own, Refund)
    theirs = changed(own, refund_id=make_id().bytes, lines=(RefundLine(2, 1_000),))
    counter.directory.receipts[:] = [
        replace(mine, refunds=(FetchedRefund(1, "静安店", None, theirs),))
    ]
    assert counter.refunds.quote(counter.command((1, 1))).left == ((1, 1_999), (2, 0))
    assert code_of(counter, counter.command((2, 1))) is FaultCode.REFUND_TOO_MUCH
    counter.directory.down = True
    quote = counter.refunds.quote(counter.command((2, 1_000)))
    assert (quote.whole, quote.left) == (False, ((1, 2_000), (2, 0)))


def test_without_the_cloud_another_shops_receipt_is_refused_in_words(counter: Counter) -> None:
    elsewhere = Elsewhere(counter)
    counter.directory.down = True
    assert code_of(counter, elsewhere.command((1, 1))) is FaultCode.RECEIPT_ELSEWHERE
    with pytest.raises(Fault) as caught:
        counter.receipts.elsewhere("0007", 20_260_731)
    assert caught.value.code is FaultCode.RECEIPT_ELSEWHERE


def test_a_receipt_nobody_knows(counter: Counter) -> None:
    command = replace(counter.command((1, 1)), receipt_id=make_id())
    assert code_of(counter, command) is FaultCode.REFUND_RECEIPT_UNKNOWN


def test_receipts_are_listed_newest_first(counter: Counter) -> None:
    lines = (AskedLine(sku="MASK"),)
    second = counter.sales.execute(SaleCommand(TILL, "0008", lines, (("cash", 9_900),)))
    counter.back((1, 1_000))
    rows = counter.receipts.last(ReceiptSearch())
    assert [(row.till_receipt_no, row.refunds) for row in rows] == [("0008", 0), ("0007", 1)]
    for search, found in (
        (ReceiptSearch(number="0008"), second.receipt_id),
        (ReceiptSearch(member_id=counter.person.member), counter.sold.receipt_id),
    ):
        assert [row.receipt_id for row in counter.receipts.last(search)] == [found]
    assert counter.receipts.last(ReceiptSearch(day=20_260_801)) == ()
    assert counter.receipts.last(ReceiptSearch(till=make_id())) == ()
    again = ReceiptBook(counter.journal, counter.directory)
    assert again.last(ReceiptSearch()) == rows, "read back from the journal"
