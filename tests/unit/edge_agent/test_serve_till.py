"""What an unchanged till is told when it asks for a member and tells of a sale."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.bootstrap.basis import basis_of
from edge_agent.bootstrap.framed import build_serve
from edge_agent.bootstrap.lanes import lanes_with_tills
from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.domain.till_request import Means, TillAnswer, TillRequest
from edge_agent.settings import load_settings
from retail_core.clock import TimeQuality
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType
from tests.factories.agent_api import CARD_UID, MEMBER, PRINTING_TILL, Box, member_record
from tests.factories.agent_files import DEVICE, write_agent

MEMBER_ASKED = TillRequest(Means.MEMBER, "0700", card="13800138000")
SALE = TillRequest(Means.SALE, "0200", amount_fen=1_950, receipt_no="R7")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as made:
        yield made


def ask(box: Box, request: TillRequest) -> TillAnswer:
    agent = box.agent
    serve = build_serve(agent.basis, agent.services, agent.surface)
    return serve.answer(PRINTING_TILL, "ecr-transbank", request)


def sales(box: Box) -> int:
    return len(box.storage.journal.records(type_=EventType.SALE))


def test_a_till_names_a_member_by_phone_or_card(box: Box) -> None:
    for card in ("13800138000", CARD_UID.hex()):
        told = ask(box, replace(MEMBER_ASKED, card=card))
        assert (told.fault, told.name, told.tier) == (None, "李敏", "gold")
    assert box.visits.lanes_with(MEMBER) == (box.visits.at(PRINTING_TILL).lane,)
    assert ask(box, TillRequest(Means.PING, "0100")) == TillAnswer()


def test_a_till_names_a_member_by_the_number_printed_on_her_card(box: Box) -> None:
    agent = box.agent
    serve = build_serve(agent.basis, agent.services, agent.surface)
    assert serve.attach.numbers == agent.basis.settings.device.card_numbers
    serve = replace(serve, attach=replace(serve.attach, numbers=("9900########",)))
    asked = replace(MEMBER_ASKED, card="990012345678")
    assert serve.answer(PRINTING_TILL, "x", asked).fault is not None
    hashed = agent.services.members.card_hash(b"990012345678")
    agent.storage.replica.put_member(MEMBER, 5, member_record(cards=(hashed,)))
    told = serve.answer(PRINTING_TILL, "x", asked)
    assert (told.fault, told.name) == (None, "李敏")


@pytest.mark.parametrize("card", ["13900139000", "ffffffff", "nonsense", "900000000000000000"])
def test_nobody_is_told_of_as_nobody(box: Box, card: str) -> None:
    told = ask(box, replace(MEMBER_ASKED, card=card))
    assert told.fault is not None
    assert (told.name, told.points) == ("", 0)


def test_a_sale_is_booked_once_and_says_the_same_again(box: Box, tmp_path: Path) -> None:
    before = ask(box, MEMBER_ASKED).points
    first = ask(box, SALE)
    assert (first.fault, first.earned, first.points) == (None, 19, before + 19)
    assert ask(box, SALE) == first
    assert sales(box) == 1
    box.agent.stop()
    with Box(tmp_path) as again:
        assert ask(again, SALE) == first
        assert sales(again) == 1


def test_a_sale_with_articles_is_booked_with_them(box: Box) -> None:
    goods = (ReceiptLine("面包", 2_000, 1_200), ReceiptLine("苹果", 1_000, 750))
    assert ask(box, replace(SALE, lines=goods)).fault is None
    (row,) = box.agent.services.tapped.last()
    assert [(line.name, line.qty_milli, line.amount_fen) for line in row.lines] == [
        ("面包", 2_000, 1_200),
        ("苹果", 1_000, 750),
    ]


def test_a_number_used_for_another_amount_is_refused(box: Box) -> None:
    assert ask(box, SALE).fault is None
    other = ask(box, replace(SALE, amount_fen=1_951))
    assert other.fault is FaultCode.TILL_RECEIPT_REUSED
    assert ask(box, replace(SALE, amount_fen=0)).fault is FaultCode.FRAMED_REQUEST_UNREADABLE
    assert sales(box) == 1


def test_a_sale_sent_again_with_its_card_leaves_the_next_customer_alone(box: Box) -> None:
    with_card = replace(SALE, card="13800138000")
    assert ask(box, with_card).earned == 19
    assert ask(box, with_card).earned == 19
    assert ask(box, replace(SALE, receipt_no="R8")).earned == 0


def test_a_sale_sent_again_after_a_power_cut_that_took_the_clock_is_booked_once(
    box: Box, tmp_path: Path
) -> None:
    with_card = replace(SALE, card="13800138000")
    first = ask(box, with_card)
    box.agent.stop()
    with Box(tmp_path) as again:
        again.clock.quality, again.clock.wall_ms = TimeQuality.UNKNOWN, 1_000
        assert ask(again, with_card) == first
        assert sales(again) == 1
        # Yesterday's number on a new sale is a new sale, and its card counts.
        assert ask(again, replace(with_card, receipt_no="R8")).earned == 19
        assert ask(again, replace(with_card, amount_fen=2_950)).earned == 29


def test_a_sale_sent_again_over_the_end_of_the_day_or_a_clock_that_came_is_booked_once(
    box: Box,
) -> None:
    box.clock.quality = TimeQuality.UNKNOWN
    first = ask(box, SALE)
    box.clock.quality = TimeQuality.SYNCED
    assert ask(box, SALE) == first
    late = replace(SALE, receipt_no="R8")
    day = box.agent.services.prices.business_date
    while day(box.clock.now()) == day(replace(box.clock.now(), wall_ms=box.clock.wall_ms + 60_000)):
        box.clock.wall_ms += 60_000
    assert ask(box, late).fault is None
    box.clock.wall_ms += 60_000
    assert ask(box, late).fault is None
    assert sales(box) == 2
    box.clock.wall_ms += 24 * 3_600_000
    assert ask(box, late).fault is None
    assert sales(box) == 3


def test_a_card_nobody_has_costs_no_sale_and_gives_nobody_elses_points(box: Box) -> None:
    assert ask(box, MEMBER_ASKED).fault is None
    told = ask(box, replace(SALE, card="13900139000"))
    assert (told.fault, told.name, told.earned) == (None, "", 0)
    assert sales(box) == 1


def test_a_till_that_asks_too_often_is_held_back(box: Box) -> None:
    serve = build_serve(box.agent.basis, box.agent.services, box.agent.surface)
    told = [serve.answer(PRINTING_TILL, "x", MEMBER_ASKED).fault for _ in range(31)]
    assert told[:30] == [None] * 30
    assert told[30] is FaultCode.API_RATE_LIMITED


def test_who_was_seen_at_the_counter_is_noted_at_its_framed_till(tmp_path: Path) -> None:
    framed = 'kind = "framed"\nprofile = "ecr-transbank"\nport = "/dev/null"\n'
    printing = DEVICE.index('kind = "escpos"')
    device = DEVICE[:printing] + framed + DEVICE[DEVICE.index("\n[[operators]]") :]
    settings = load_settings(write_agent(tmp_path, device=device))
    (lane,) = lanes_with_tills(basis_of(settings, "test"))
    assert lane.beside_screen == PRINTING_TILL
