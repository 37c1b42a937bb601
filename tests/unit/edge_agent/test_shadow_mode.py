"""A till's taps, its receipts, and what the box makes of both, over a whole agent's API."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from edge_agent.domain.tapped import TappedBooking
from edge_agent.domain.tapped_receipt import ReceiptLine, TappedReceipt
from edge_agent.ports.display_tap import DisplayEvent, DisplayKind
from edge_agent.ports.scanner_tap import ScanEvent, ScanKind
from edge_agent.services.tills.write_permit import Channel
from retail_core.fusion.compare import Kind
from retail_core.identity.assurance import NAMED_BY_TILL
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.tills import TillAgreement
from tests.factories.agent_api import MEMBER, PRINTING_TILL, Box

TILL_TEXT = str(PRINTING_TILL)


class Counter:
    """The unchanged till of a box: what its taps would say."""

    def __init__(self, box: Box) -> None:
        self.box, self.agent = box, box.agent
        self.fused = self.agent.surface.fused
        self.permit = self.agent.services.permit
        self._numbers = count(1)

    def article(self, sku: str) -> Any:
        found = self.agent.storage.replica.article_by_sku(sku)
        assert found is not None
        return found

    @property
    def _now_ms(self) -> int:
        return self.box.clock.now().mono_ms

    def scan(self, sku: str, kind: ScanKind = "article", code: str = "") -> None:
        self.box.clock.advance(2_000)
        code = code or self.article(sku).barcodes[0]
        self.fused.scanned(ScanEvent(TILL_TEXT, kind, code, None, None, self._now_ms))

    def show(self, kind: DisplayKind, fen: int | None) -> None:
        self.box.clock.advance(20)
        self.fused.shown(DisplayEvent(TILL_TEXT, kind, fen, "", self._now_ms))

    def sells(self, *skus: str) -> int:
        """Ring goods up as the till does, with its display."""
        total = 0
        for sku in skus:
            price = self.article(sku).price_fen
            total += price
            self.scan(sku)
            self.show("price", price)
            self.show("subtotal", total)
        self.show("total", total)
        return total

    def prints(self, lines: list[tuple[str, int]], total: int, **more: Any) -> TappedBooking:
        self.box.clock.advance(500)
        receipt = TappedReceipt(
            TILL_TEXT, "generic", f"N{next(self._numbers)}", more.pop("kind", "sale"),
            tuple(ReceiptLine(name, 1000, fen) for name, fen in lines), total, "", **more,
        )  # fmt: skip
        booking = self.agent.services.tapped.book(PRINTING_TILL, receipt)
        self.fused.receipt(PRINTING_TILL, receipt, booking)
        return booking

    def whole_sale(self, sku: str = "milk", wrong_fen: int = 0) -> None:
        article = self.article(sku)
        total = self.sells(sku) + wrong_fen
        self.prints([(article.name, total)], total)

    @property
    def last_kinds(self) -> list[Kind]:
        return [one.difference.kind for one in self.permit.examples(PRINTING_TILL)]

    def told(self) -> list[TillAgreement]:
        records = self.agent.storage.journal.records(type_=EventType.TILL_AGREEMENT)
        bodies = (decode_body(one.draft.type, one.draft.body) for one in records)
        return [body for body in bodies if isinstance(body, TillAgreement)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


@pytest.fixture
def counter(box: Box) -> Counter:
    return Counter(box)


def test_a_sale_that_is_printed_as_computed_agrees(counter: Counter) -> None:
    counter.whole_sale()
    record = counter.permit.trust(PRINTING_TILL).record
    assert (record.results, counter.last_kinds) == ("A", [])


def test_a_basket_that_the_till_empties_leaves_the_screen(counter: Counter) -> None:
    told: list[dict[str, Any]] = []
    counter.box.agent.basis.hub.listen(lambda kind, body, _lane: told.append({"k": kind, **body}))
    counter.show("clear", None)
    assert told == []
    counter.sells("milk")
    counter.show("clear", None)
    counter.box.clock.advance(20 * 60_000)
    counter.fused.priced_anew(PRINTING_TILL)
    counter.fused.priced_anew(PRINTING_TILL)
    baskets = [(len(one["lines"]), one["total_fen"]) for one in told if one["k"] == "basket"]
    assert baskets[-1] == (0, 0)
    assert baskets.count((0, 0)) == 1


def test_a_wrong_price_list_is_seen_and_takes_the_permit(counter: Counter) -> None:
    for _ in range(40):
        counter.whole_sale()
    assert counter.permit.may(PRINTING_TILL, Channel.DISPLAY).allowed
    for _ in range(3):
        counter.whole_sale(wrong_fen=50)
    permit = counter.permit.may(PRINTING_TILL, Channel.DISPLAY)
    assert (permit.allowed, permit.reason) == (False, FaultCode.TILL_AGREEMENT_LOST)
    assert set(counter.last_kinds) == {Kind.PRICE, Kind.TOTAL}
    reasons = counter.box.screen().get("/v1/health").json()["reasons"]
    assert "T141" in [one["code"] for one in reasons]
    told = [(one.why, one.window) for one in counter.told()]
    assert told == [("standing", 35), ("standing", 41)], "a mere count waits for the cloud"


def test_what_was_not_scanned_or_not_read_is_named(counter: Counter) -> None:
    milk, mask = counter.article("milk"), counter.article("mask")
    total = counter.sells("milk")
    counter.prints([(milk.name, milk.price_fen), (mask.name, mask.price_fen)], total)
    assert counter.last_kinds == [Kind.EXTRA]
    counter.sells("milk")
    counter.prints([], 0, fault=FaultCode.TILL_RECEIPT_RASTER)
    assert counter.last_kinds[0] is Kind.UNREAD
    assert counter.permit.trust(PRINTING_TILL).record.results == "DD"


def test_a_code_nobody_knows_is_said_and_the_rest_compared(counter: Counter) -> None:
    counter.scan("", code="6900000000009")
    total = counter.sells("milk")
    counter.prints([(counter.article("milk").name, total)], total)
    assert counter.last_kinds == [Kind.UNKNOWN]


def test_a_till_with_only_its_printer_is_compared_by_names(counter: Counter) -> None:
    milk = counter.article("milk")
    counter.prints([(milk.name, milk.price_fen)], milk.price_fen)
    counter.prints([("无名", 100)], 100)
    assert counter.permit.trust(PRINTING_TILL).record.results == "ad"
    assert counter.last_kinds == [Kind.UNKNOWN]


def test_refunds_and_receipts_seen_before_are_not_compared(counter: Counter) -> None:
    milk = counter.article("milk")
    counter.prints([(milk.name, milk.price_fen)], milk.price_fen, kind="other")
    assert counter.permit.trust(PRINTING_TILL).record.results == ""
    for _ in range(2):
        counter._numbers = count(7)
        counter.prints([(milk.name, milk.price_fen)], milk.price_fen)
    assert counter.permit.trust(PRINTING_TILL).record.results == "a"


def test_the_basket_is_told_before_payment_with_the_members_price(counter: Counter) -> None:
    heard: list[dict[str, Any]] = []

    def hear(kind: str, told: Mapping[str, object], _lane: str | None) -> None:
        if kind == "basket":
            heard.append(dict(told))

    counter.agent.basis.hub.listen(hear)
    counter.sells("milk", "mask")
    last = heard[-1]
    assert [one["confidence"] for one in last["taps"]] == ["sure", "sure"]
    assert (last["till"], last["agrees"], last["stage"]) == (TILL_TEXT, True, "paying")
    assert last["member_id"] is None
    place = counter.agent.surface.visits.at(PRINTING_TILL)
    counter.agent.surface.visits.begun(place, MEMBER, NAMED_BY_TILL)
    counter.fused.priced_anew(PRINTING_TILL)
    assert heard[-1]["member_id"] == str(MEMBER)
    assert heard[-1]["total_fen"] <= last["total_fen"]


def test_no_scan_of_a_member_or_a_payment_reaches_a_basket(counter: Counter) -> None:
    heard: list[str] = []
    counter.agent.basis.hub.listen(lambda kind, *_more: heard.append(kind))
    counter.scan("", kind="payment", code="0")
    counter.scan("", kind="member", code="M1")
    assert "basket" not in heard


def test_practice_settles_and_counts_nothing(counter: Counter) -> None:
    total = counter.sells("milk")
    receipt = TappedReceipt(TILL_TEXT, "generic", "P1", "sale", (), total, "")
    counter.fused.practised(PRINTING_TILL, receipt)
    milk = counter.article("milk")
    counter.prints([(milk.name, milk.price_fen)], milk.price_fen)
    assert counter.permit.trust(PRINTING_TILL).record.results == "a"


def test_the_technician_sees_and_overrules(counter: Counter) -> None:
    counter.whole_sale(wrong_fen=50)
    screen = counter.box.screen()
    (till,) = screen.get("/v1/tech/agreement").json()["tills"]
    assert (till["till"], till["results"], till["kinds"]) == (
        TILL_TEXT, "D", {"price": 1, "total": 1},
    )  # fmt: skip
    inject = till["channels"][0]
    assert (inject["channel"], inject["allowed"], inject["reason"]["code"]) == (
        "inject", False, "T140",
    )  # fmt: skip
    word = {"channel": "inject", "allow": True, "minutes": 30}
    path = f"/v1/tech/agreement/{TILL_TEXT}/overrides"
    assert screen.post(path, json=word).status_code == 401
    assert counter.box.till().get("/v1/tech/agreement").status_code == 403


def test_a_second_copy_takes_nothing_from_the_next_customer(counter: Counter) -> None:
    counter._numbers = count(7)
    counter.whole_sale("milk")
    milk, mask = counter.article("milk"), counter.article("mask")
    total = counter.sells("mask")
    counter._numbers = count(7)
    counter.prints([(milk.name, milk.price_fen)], milk.price_fen)
    counter.prints([(mask.name, total)], total)
    assert counter.permit.trust(PRINTING_TILL).record.results == "AA"


def test_goods_that_were_scanned_to_go_back_are_not_the_next_customers(counter: Counter) -> None:
    milk, mask = counter.article("milk"), counter.article("mask")
    counter.scan("milk")
    counter.prints([(milk.name, -milk.price_fen)], -milk.price_fen, kind="refund")
    counter.scan("mask")
    counter.prints([(mask.name, mask.price_fen)], mask.price_fen)
    assert counter.permit.trust(PRINTING_TILL).record.results == "A"


def test_a_receipt_too_doubtful_to_be_booked_proves_nothing(counter: Counter) -> None:
    milk = counter.article("milk")
    booking = counter.prints([(milk.name, milk.price_fen), ("优惠", -10)], milk.price_fen)
    assert booking.fault is FaultCode.TILL_TOTAL_MISMATCH
    assert counter.permit.trust(PRINTING_TILL).record.results == "d"
    assert counter.last_kinds == [Kind.UNREAD]


@pytest.mark.parametrize("total", [10**12, 10**30])
def test_a_sum_that_is_none_is_unread(counter: Counter, total: int) -> None:
    milk = counter.article("milk")
    counter.prints([(milk.name, milk.price_fen)], total)
    assert counter.last_kinds == [Kind.UNREAD]


def test_lines_that_sum_up_to_more_than_hq_takes_hold_no_news_back(counter: Counter) -> None:
    milk = counter.article("milk")
    counter.prints([(milk.name, 9 * 10**10)] * 2, 100)
    word: dict[str, Any] = {"allow": False, "minutes": 1}
    counter.permit.override(PRINTING_TILL, Channel.INJECT, MEMBER, **word)
    assert [one.printed_fen for one in counter.told()[-1].examples] == [100, None]


def test_an_example_of_another_program_stops_no_sale(counter: Counter) -> None:
    counter.whole_sale(wrong_fen=50)
    with counter.agent.storage.agreement._file.transaction() as db:
        db.execute("UPDATE example SET example = x'c1'")
    counter.whole_sale(wrong_fen=50)
    assert set(counter.last_kinds) == {Kind.PRICE, Kind.TOTAL}
