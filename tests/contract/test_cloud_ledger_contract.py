"""What every store of the cloud promises of points: LedgerRepo, PointsDeskRepo, ClosingRepo."""

from datetime import date
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.points import Moment, new_posting
from cloud_broker.ports.unit import Units
from cloud_broker.services.batch import Batch
from cloud_broker.services.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.points_books import open_wallet
from retail_core.loyalty.closing import DayTotals
from retail_core.loyalty.postings import Posting, brand_account, member_account
from retail_core.wire.messages import Event, Rejected, Sale
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

SOLD_ON, REFUNDED_ON = date(2026, 11, 18), date(2026, 11, 19)
NOW = WALL_MS + 60_000
LATER = Moment(date(2026, 11, 20), WALL_MS + 86_400_000, WALL_MS + 86_400_000)


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    return new_box(any_units, tenant)


def sends(units: Units, box: SimBox, first: int = 1) -> tuple[Rejected, ...]:
    """Book everything from a sequence on; return what was refused."""
    frame = open_frame(Inbound(box.topic(), box.frame(first), NOW))
    assert isinstance(frame, OpenFrame)
    with units.begin(box.tenant) as unit:
        booked = Batch(unit, box.tenant, NOW).book([frame], [])
    return tuple(one for acked in booked.acked for one in acked.rejected)


def state(units: Units, box: SimBox, *people: Person) -> dict[str, int]:
    """What stands on the people's accounts and on their shop's."""
    with units.begin(box.tenant) as unit:
        found = unit.closing.balances([person.wallet for person in people])
        assert unit.closing.total() == 0
        assert unit.closing.wrong_accounts() == ()
        assert unit.closing.negative_purses() == ()
    return {account: points for account, points in found.items() if points}


class TestRefunds:
    def test_all_of_it_in_two_parts_leaves_nothing(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        sold = box.sells(person)
        box.refunds(sold, (1, 400), fen=2_320)
        box.refunds(sold, (1, 600), (2, 1_000), fen=3_580)
        assert sends(any_units, box) == ()
        assert state(any_units, box, person) == {}
        with any_units.begin(box.tenant) as unit:
            assert unit.closing.day(box.store, REFUNDED_ON) == {
                "": DayTotals(refunds=2, refund_fen=5_900)
            }
            assert open_wallet(unit, person.wallet).book.lots(person.wallet) == ()

    def test_in_another_shop_and_no_more_than_was_bought(
        self, any_units: Units, box: SimBox
    ) -> None:
        other, person = new_box(any_units, box.tenant, "成都店"), Person()
        box.enrols(person)
        sold = box.sells(person)
        other.refunds(sold, (1, 1_000), fen=5_800)
        refused = sends(any_units, other)
        assert [one.code for one in refused] == ["P111"], "the sale is not here yet"
        assert sends(any_units, box) == ()
        other.refunds(sold, (1, 1_000), fen=5_800)
        other.refunds(sold, (1, 1), fen=5)
        other.refunds(sold, (9, 1), fen=5)
        assert [one.code for one in sends(any_units, other, 2)] == ["P113", "P112"]
        assert state(any_units, box, person) == {}

    def test_money_that_differs_is_booked_and_shown(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        sold = box.sells(person)
        box.refunds(sold, (1, 500), fen=100)
        assert sends(any_units, box) == ()
        box.refunds(sold, (1, 500), (2, 1_000), fen=5_800)
        assert sends(any_units, box, 4) == ()
        with any_units.begin(box.tenant) as unit:
            held = unit.ledger.held([receipt_in(sold), fresh_id()])
            (one,) = held.values()
        assert one.standing.refunded_fen == 5_900
        assert one.standing.returned == {1: 1_000, 2: 1_000}
        assert (one.standing.refunds, one.member, one.wallet) == (2, person.member, person.wallet)

    def test_a_batch_sent_twice_books_once(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        box.refunds(box.sells(person), (1, 500), fen=2_900)
        sends(any_units, box)
        before = state(any_units, box, person)
        assert sends(any_units, box) == ()
        assert state(any_units, box, person) == before

    def test_what_she_spent_elsewhere_is_owed(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        sold = box.sells(person)
        sends(any_units, box)
        account = member_account(person.wallet, "free")
        post(
            any_units,
            box,
            person,
            "redeem",
            account,
            brand_account(box.legal_entity, "clearing"),
            50,
        )
        box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        assert sends(any_units, box, 3) == ()
        assert state(any_units, box, person) == {member_account(person.wallet, "owed"): -50}


def receipt_in(event: Event) -> UUID:
    return UUID(bytes=msgspec.msgpack.decode(event.body, type=Sale).receipt_id)


def post(
    units: Units, box: SimBox, person: Person, kind: str, debit: str, credit: str, points: int
) -> UUID:
    """Post one of the cloud's own postings."""
    under = fresh_id()
    posting = Posting(0, kind, kind, 0, debit, credit, points, box.legal_entity, box.legal_entity)
    with units.begin(box.tenant) as unit:
        unit.ledger.add_postings([new_posting(box.tenant, under, posting, person.wallet, LATER)])
        unit.journal.move_balances({debit: -points, credit: points}, NOW)
    return under
