"""What a till is shown of a member, and points that are never shown twice."""

import dataclasses

import pytest
from msgspec.structs import replace

from edge_agent.domain.member_view import BoughtLine
from edge_agent.ports.cloud_link import FetchedMember
from edge_agent.ports.journal import Draft, Record
from edge_agent.services.counter.ledger_view import ledger_view
from edge_agent.services.counter.pending_points import PendingPoints
from edge_agent.services.members.members import Kind, Members
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import Purchase
from retail_core.wire.messages import Sale, WirePosting
from tests.factories.shop_floor import (
    SHOP,
    make_draft,
    make_id,
    make_record,
    make_sale,
)
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica


def earning(points: int, total_fen: int = 1_990) -> Sale:
    issuer = SHOP.legal_entity.bytes
    earned = WirePosting(1, "base", "earn", 0, "brand:x:liability", "member:y:free", points, issuer)
    counted = replace(
        earned, kind="qualify", debit="brand:x:suspense", credit="member:y:qualifying", points=77
    )
    return replace(make_sale(total_fen=total_fen), postings=(earned, counted))


class Shelf:
    """Members with everything behind them."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.replica = FakeReplica()
        self.directory = FakeCloudDirectory()
        self.tally = FaultTally()
        self.pending = PendingPoints(self.journal)
        self.member = make_id()
        self.replica.put_member(self.member, 1, make_record())
        self.members = self.built()

    def built(self) -> Members:
        return Members(
            self.replica,
            self.directory,
            self.pending,
            FakeClock(),
            self.tally,
            phone_hash_key=b"p" * 32,
            card_hash_key=b"c" * 32,
        )

    def sell(self, sale: Sale) -> Record:
        (record,) = self.journal.append([make_draft(sale=sale, member=self.member)])
        self.pending.recorded([record])
        return record

    def shown(self) -> tuple[int, int]:
        view = self.members.view(self.member)
        assert view is not None
        return view.points_free, view.pending_local_points


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_a_view_tells_what_the_shop_holds(shelf: Shelf) -> None:
    receipt = make_id()
    record = make_record(
        last_receipt=receipt.bytes,
        last_store=SHOP.store.bytes,
        last_wall_ms=NOON_MS,
        last_total_fen=9_405,
        last_lines=(Purchase("MASK", "补水面膜", 1_000),),
        last_store_name="成都太古里店",
        points_pending=5,
    )
    shelf.replica.put_member(shelf.member, 2, record)
    view = shelf.members.view(shelf.member)
    assert view is not None
    assert (view.ver, view.name, view.tier, view.tags) == (2, "王芳", "gold", ("敏感肌",))
    assert (view.points_free, view.points_pending, view.as_of_ms) == (120, 5, NOON_MS)
    assert view.last_purchase is not None
    assert (view.last_purchase.receipt_id, view.last_purchase.store) == (receipt, SHOP.store)
    assert view.last_purchase.store_name == "成都太古里店"
    assert view.last_purchase.lines == (BoughtLine("MASK", "补水面膜", 1_000),)
    assert shelf.members.view(make_id()) is None


def test_points_earned_here_show_as_pending_until_the_cloud_posts_them(shelf: Shelf) -> None:
    sale = earning(94)
    record = shelf.sell(sale)
    assert shelf.shown() == (120, 94)
    shelf.pending.acked([(record.seq, record.seq)])
    assert shelf.shown() == (120, 94), "committed, but her record does not show it yet"
    posted = make_record(points_free=214, posted_receipts=(sale.receipt_id,))
    shelf.replica.put_member(shelf.member, 2, posted)
    assert shelf.shown() == (214, 0)
    shelf.pending.reflected([shelf.member])
    assert shelf.shown() == (214, 0)


def test_a_record_that_overtakes_the_acknowledgement_shows_nothing_twice(shelf: Shelf) -> None:
    sale = earning(94)
    shelf.sell(sale)
    posted = make_record(points_free=214, posted_receipts=(sale.receipt_id,))
    shelf.replica.put_member(shelf.member, 2, posted)
    shelf.pending.reflected([shelf.member])
    assert shelf.shown() == (214, 0)


def test_receipts_that_left_the_short_list_are_not_shown_again(shelf: Shelf) -> None:
    record = shelf.sell(earning(94))
    shelf.pending.acked([(record.seq, record.seq)])
    many_more = make_record(points_free=900, posted_receipts=(make_id().bytes,))
    shelf.replica.put_member(shelf.member, 2, many_more)
    shelf.pending.reflected([shelf.member])
    assert shelf.shown() == (900, 0)


def test_another_members_news_change_nothing(shelf: Shelf) -> None:
    record = shelf.sell(earning(94))
    shelf.pending.acked([(record.seq, record.seq)])
    shelf.pending.reflected([make_id()])
    assert shelf.shown() == (120, 94)


def test_after_a_restart_what_waits_is_pending_again(shelf: Shelf) -> None:
    first = shelf.sell(earning(10))
    shelf.sell(earning(20))
    shelf.journal.mark_acked([(first.seq, first.seq)])
    shelf.pending = PendingPoints(shelf.journal)
    shelf.members = shelf.built()
    assert shelf.shown() == (120, 20)


def test_sales_of_nobody_and_other_events_are_no_points(shelf: Shelf) -> None:
    stranger = make_draft(sale=earning(5))
    card = Draft(make_id(), "card.issued", stranger.at, b"\x92\xa1k\xc4\x01h", member=shelf.member)
    broken = dataclasses.replace(make_draft(member=shelf.member), body=b"\xc1")
    shelf.pending.recorded(shelf.journal.append([stranger, card, broken]))
    assert shelf.shown() == (120, 0)


# ---- looking up ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value"), [("phone_key", b"k" * 8), ("card", b"c" * 32), ("phone", b"p" * 32)]
)
def test_who_is_held_here_is_not_asked_for(shelf: Shelf, kind: Kind, value: bytes) -> None:
    found = shelf.members.find(kind, value)
    assert found.held is not None
    assert found.held.member_id == shelf.member
    assert shelf.directory.asked == []


def test_a_miss_is_asked_for_once_and_held_from_then_on(shelf: Shelf) -> None:
    visitor = make_id()
    record = make_record(cards=(b"v" * 32,), phone_keys=(), phone_hash=None)
    shelf.directory.members["card", b"v" * 32] = FetchedMember(visitor, 9, record)
    first, second = (shelf.members.find("card", b"v" * 32) for _ in range(2))
    assert first.held is not None
    assert (first.held.member_id, first.held.ver, first.asked_cloud) == (visitor, 9, True)
    assert second.held == first.held
    assert shelf.directory.asked == ["member card"]


def test_nobody_and_nobody_to_ask_are_told_apart(shelf: Shelf) -> None:
    assert shelf.members.find("card", b"0" * 32).asked_cloud
    shelf.directory.down = True
    found = shelf.members.find("card", b"0" * 32)
    assert found.held is None
    assert not found.asked_cloud
    assert shelf.tally.snapshot() == {FaultCode.SYNC_LINK_DOWN.value: 1}


# ---- the shop's own books -----------------------------------------------------------------------


def test_the_ledger_lists_every_receipt_with_sums(shelf: Shelf) -> None:
    first = shelf.sell(earning(94, 9_405))
    shelf.sell(earning(6, 595))
    shelf.journal.mark_acked([(1, 1)])
    view = ledger_view(shelf.journal)
    assert (view.total_fen, view.points, view.waiting) == (10_000, 100, 1)
    assert [row.seq for row in view.rows] == [1, 2]
    assert [row.acked for row in view.rows] == [True, False]
    row = view.rows[0]
    assert (row.member_id, row.source, row.business_date) == (shelf.member, "api", 20_260_731)
    assert row.receipt_id.bytes in first.draft.body
    assert view.epoch == shelf.journal.epoch
