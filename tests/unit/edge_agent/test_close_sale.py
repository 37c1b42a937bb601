"""A sale from the till's API."""

from dataclasses import replace
from hashlib import sha256

import pytest

from edge_agent.domain.sale import AskedLine, SaleCommand, SaleResult
from edge_agent.ports.journal import Record, StoredAnswer
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.loyalty.postings import EARN, from_wire, points_earned
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import Sale
from tests.factories.shop_floor import BUNDLE, MASK, SHOP, SOAP, TILL, make_id, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

EVENING_MS = 8 * 60 * 60 * 1_000


class Counter:
    """A till's counter with everything behind it."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.replica = FakeReplica()
        self.clock = FakeClock()
        self.heard: list[Record] = []
        self.replica.replace_catalogue(1, [SOAP, MASK])
        self.replica.replace_bundle(3, BUNDLE)
        self.member = make_id()
        self.replica.put_member(self.member, 4, make_record())
        self.sales = CloseSale(
            Recorder(self.journal, [self.heard.extend]),
            PriceDesk(self.replica, SHOP),
            self.clock,
            FakeIdSource(),
            SHOP,
        )

    def booked(self) -> Sale:
        sale = decode_body("sale", self.journal.records()[-1].draft.body)
        assert isinstance(sale, Sale)
        return sale


@pytest.fixture
def counter() -> Counter:
    counter = Counter()
    counter.clock.advance(EVENING_MS)
    return counter


def selling(*lines: AskedLine, paid: int) -> SaleCommand:
    return SaleCommand(TILL, "0007", lines or (AskedLine(sku="SOAP"),), (("cash", paid),))


def code_of(counter: Counter, command: SaleCommand) -> FaultCode:
    with pytest.raises(Fault) as caught:
        counter.sales.execute(command)
    assert counter.journal.depth() == 0, "a refused sale leaves nothing behind"
    return caught.value.code


def test_a_sale_stands_in_the_journal_when_it_is_answered(counter: Counter) -> None:
    lines = (AskedLine(sku="SOAP", qty_milli=2_000), AskedLine(barcode="6900000000035"))
    result = counter.sales.execute(selling(*lines, paid=13_880))
    sale = counter.booked()
    assert result.receipt_id.bytes == sale.receipt_id
    assert (result.seq, result.priced.total_fen, result.points_earned) == (1, 13_880, 0)
    assert (sale.source, sale.till_receipt_no, sale.business_date) == ("api", "0007", 20_260_731)
    assert [line.article for line in sale.lines] == [
        SOAP.article_id.bytes,
        MASK.article_id.bytes,
    ]
    assert sum(line.net_fen for line in sale.lines) == sale.total_fen == 13_880
    assert sale.tenders == (("cash", 13_880),)
    assert (sale.bundle_version, sale.bundle_hash) == (3, sha256(BUNDLE).digest())
    assert len(sale.certificate_hash) == 32
    (record,) = counter.heard
    assert (record.seq, record.draft.till, record.draft.member) == (1, TILL, None)


def test_a_member_pays_her_price_and_earns_on_what_she_paid(counter: Counter) -> None:
    command = replace(
        selling(AskedLine(sku="MASK"), paid=9_405), member_id=counter.member, operator=make_id()
    )
    result = counter.sales.execute(command)
    sale = counter.booked()
    assert (sale.shelf_fen, sale.total_fen) == (9_900, 9_405)
    assert sale.lines[0].offers == (("gold95", 495),)
    assert result.points_earned == 94
    postings = [from_wire(posting) for posting in sale.postings]
    assert points_earned(postings) == 94
    assert {posting.issuer for posting in postings} == {SHOP.legal_entity}
    assert any(posting.kind == EARN for posting in postings)
    record = counter.journal.records()[0]
    assert (record.draft.member, record.draft.operator) == (counter.member, command.operator)


def test_a_quote_says_what_the_sale_will_cost_and_writes_nothing(counter: Counter) -> None:
    lines = (AskedLine(sku="MASK"), AskedLine(sku="SOAP"))
    quote = counter.sales.quote(lines, counter.member)
    assert counter.journal.depth() == 0
    command = replace(
        selling(*lines, paid=quote.total_fen),
        member_id=counter.member,
        quoted_total_fen=quote.total_fen,
    )
    assert counter.sales.execute(command).priced == quote


def test_the_hour_counts_and_an_unknown_clock_grants_no_hourly_price(counter: Counter) -> None:
    lines = (AskedLine(sku="MASK"),)
    assert counter.sales.quote(lines).total_fen == 9_900
    counter.clock.advance(-EVENING_MS)
    assert counter.sales.quote(lines).total_fen == 8_910
    counter.clock.quality = TimeQuality.UNKNOWN
    assert counter.sales.quote(lines).total_fen == 9_900


def test_a_box_that_does_not_know_the_day_still_sells(counter: Counter) -> None:
    counter.clock.quality = TimeQuality.UNKNOWN
    counter.clock.jump(60_000)
    result = counter.sales.execute(selling(paid=1_990))
    assert result.business_date is None
    assert counter.booked().business_date is None


def test_the_night_belongs_to_the_day_before(counter: Counter) -> None:
    counter.clock.jump(counter.clock.wall_ms + 7 * 60 * 60 * 1_000)  # 03:00 in Shanghai
    assert counter.sales.execute(selling(paid=1_990)).business_date == 20_260_731


def test_an_unknown_article_sells_unmapped_at_the_tills_price(counter: Counter) -> None:
    line = AskedLine(barcode="69999", unit_price_fen=550, name="临时商品")
    result = counter.sales.execute(selling(line, paid=550))
    assert result.unmapped == ("临时商品",)
    sold = counter.booked().lines[0]
    assert (sold.article, sold.sku, sold.name, sold.net_fen) == (None, "69999", "临时商品", 550)


def test_an_unknown_article_without_a_price_is_refused(counter: Counter) -> None:
    assert code_of(counter, selling(AskedLine(sku="NOPE"), paid=1)) == (
        FaultCode.SALE_ARTICLE_UNKNOWN
    )


def test_a_till_does_not_reprice_a_known_article(counter: Counter) -> None:
    cheaper = AskedLine(sku="SOAP", unit_price_fen=1)
    assert counter.sales.quote((cheaper,)).total_fen == SOAP.price_fen


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (selling(paid=1_989), FaultCode.SALE_TENDER_MISMATCH),
        (replace(selling(paid=1_990), tenders=()), FaultCode.SALE_TENDER_MISMATCH),
        (
            replace(selling(paid=0), tenders=(("cash", 2_000), ("cash", -10))),
            FaultCode.SALE_TENDER_NEGATIVE,
        ),
        (replace(selling(paid=1_990), quoted_total_fen=1_980), FaultCode.SALE_TENDER_MISMATCH),
        (
            replace(selling(paid=0), tenders=(("cash", 1),) * 17),
            FaultCode.API_BODY_INVALID,
        ),
        (replace(selling(paid=0), lines=()), FaultCode.SALE_EMPTY),
        (selling(AskedLine(sku="SOAP", qty_milli=0), paid=0), FaultCode.SALE_QUANTITY),
        (
            selling(AskedLine(sku="X", unit_price_fen=-5), paid=0),
            FaultCode.SALE_AMOUNT_NEGATIVE,
        ),
        (replace(selling(paid=1_990), member_id=make_id()), FaultCode.SALE_MEMBER_UNKNOWN),
    ],
)
def test_what_cannot_be_is_refused(counter: Counter, command: SaleCommand, code: FaultCode) -> None:
    assert code_of(counter, command) == code


def test_several_tenders_add_up(counter: Counter) -> None:
    command = replace(selling(paid=0), tenders=(("cash", 1_000), ("wechat", 990)))
    counter.sales.execute(command)
    assert counter.booked().tenders == (("cash", 1_000), ("wechat", 990))


def test_without_rules_the_shelf_price_is_charged(counter: Counter) -> None:
    bare = FakeReplica()
    bare.replace_catalogue(1, [SOAP])
    bare.put_member(counter.member, 1, make_record())
    sales = CloseSale(
        Recorder(counter.journal), PriceDesk(bare, SHOP), counter.clock, FakeIdSource(), SHOP
    )
    result = sales.execute(replace(selling(paid=1_990), member_id=counter.member))
    assert (result.priced.total_fen, result.points_earned) == (1_990, 0)


def test_new_rules_are_in_force_at_once(counter: Counter) -> None:
    assert counter.sales.quote((AskedLine(sku="MASK"),), counter.member).total_fen == 9_405
    milder = BUNDLE.replace(b'"version": 3', b'"version": 4').replace(b"950", b"990")
    counter.replica.replace_bundle(4, milder)
    assert counter.sales.quote((AskedLine(sku="MASK"),), counter.member).total_fen == 9_801


def test_the_answer_goes_to_disk_with_the_sale_and_names_its_sequence(counter: Counter) -> None:
    def answer(result: SaleResult) -> tuple[str, StoredAnswer]:
        return "till:key", StoredAnswer(b"asked", 200, f"seq {result.seq}".encode())

    counter.sales.execute(selling(paid=1_990))
    counter.sales.execute(selling(paid=1_990), answer=answer)
    assert counter.journal.answer("till:key") == StoredAnswer(b"asked", 200, b"seq 2")
    with pytest.raises(Fault) as caught:
        counter.sales.execute(selling(paid=1_990), answer=answer)
    assert caught.value.code == FaultCode.API_IDEMPOTENCY_KEY_REUSED
    assert counter.journal.depth() == 2
    assert len(counter.heard) == 2, "nobody hears of a sale that was not written"


def test_a_full_disk_is_loud(counter: Counter) -> None:
    counter.journal.full = True
    assert code_of(counter, selling(paid=1_990)) == FaultCode.DISK_FULL
    assert counter.heard == []
