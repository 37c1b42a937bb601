"""What every store of the cloud promises of points: LedgerRepo, PointsDeskRepo, ClosingRepo."""

from datetime import date
from itertools import pairwise
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.points import Moment, new_posting
from cloud_broker.ports.fleet import NewTill
from cloud_broker.ports.ledger import Adjustment, DayClosed, Merge
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.points.books import open_wallet
from retail_core.loyalty.chain import walk
from retail_core.loyalty.closing import DayTotals, Difference
from retail_core.loyalty.policy import LoyaltyPolicy, Months
from retail_core.loyalty.postings import MERGE_OWN, Posting, brand_account, member_account
from retail_core.wire.codec import decode_uses_gone
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import Event, Rejected, Sale
from retail_core.wire.refund import UsesGone
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

    def test_the_store_that_sold_hears_which_limited_rules_were_not_used(
        self, any_units: Units, box: SimBox
    ) -> None:
        other = new_box(any_units, box.tenant, "成都店")
        sold = box.sells(uses=(("sun1", 2), ("tea", 1)))
        box.sells(uses=(("sun1", 1),))
        other.refunds(sold, (1, 400), fen=2_320)
        other.refunds(sold, (1, 600), (2, 1_000), fen=3_580)
        assert sends(any_units, box) == ()
        assert sends(any_units, other) == ()
        with any_units.begin(box.tenant) as unit:
            heard = [
                (one.change.key, one.change.ver, decode_uses_gone(one.change.body))
                for one in unit.feed.since(box.store, 0, 100)
                if one.change.kind == ChangeKind.USES_BACK
            ]
            assert not [
                one
                for one in unit.feed.since(other.store, 0, 100)
                if one.change.kind == ChangeKind.USES_BACK
            ]
        receipt = UUID(bytes=msgspec.msgpack.decode(sold.body, type=Sale).receipt_id)
        assert heard == [(receipt, 2, UsesGone(20_261_118, (("sun1", 2), ("tea", 1))))]

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


class TestLedgerRepo:
    def test_the_clouds_postings_are_booked_once_with_their_day(
        self, any_units: Units, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        sends(any_units, box)
        free, brand = (
            member_account(person.wallet, "free"),
            brand_account(box.legal_entity, "adjust"),
        )
        under = post(any_units, box, person, "adjust", brand, free, 30)
        with any_units.begin(box.tenant) as unit:
            (dated,) = unit.ledger.dated([person.wallet])
            assert (dated.day, dated.at_ms, dated.key.receipt_id) == (LATER.day, LATER.at_ms, under)
            assert dated.posting.points == 30
            again = new_posting(box.tenant, under, dated.posting, person.wallet, LATER)
        with pytest.raises(StoreRefusedError), any_units.begin(box.tenant) as unit:
            unit.ledger.add_postings([again])

    def test_balances_are_locked_and_begin_at_nothing(self, any_units: Units, box: SimBox) -> None:
        with any_units.begin(box.tenant) as unit:
            assert unit.ledger.locked(["member:x:free", "brand:y:adjust"]) == {
                "member:x:free": 0,
                "brand:y:adjust": 0,
            }
            assert unit.ledger.known_refunds([fresh_id()]) == set()
            assert unit.ledger.held([fresh_id()]) == {}

    def test_what_went_home_over_several_wallets_is_the_last_ones(
        self, any_units: Units, box: SimBox
    ) -> None:
        people = [Person(phone=f"861380013810{n}") for n in range(4)]
        for person in people:
            box.enrols(person)
        sold = box.sells(people[0])
        sends(any_units, box)
        with any_units.begin(box.tenant) as unit:
            moves = [
                new_posting(
                    box.tenant,
                    receipt_in(sold),
                    Posting(
                        0,
                        "own.free",
                        MERGE_OWN,
                        nth,
                        member_account(giver.wallet, "free"),
                        member_account(taker.wallet, "free"),
                        5,
                        box.legal_entity,
                    ),
                    taker.wallet,
                    LATER,
                )
                for nth, (giver, taker) in enumerate(pairwise(people))
            ]
            unit.ledger.add_postings(moves)
            held = unit.ledger.held([receipt_in(sold)])[receipt_in(sold)]
        assert held.wallet == people[-1].wallet

    def test_merges_are_followed_to_their_end(self, any_units: Units, box: SimBox) -> None:
        people = [Person(phone=f"861380013800{n}") for n in range(3)]
        for person in people:
            box.enrols(person)
        sends(any_units, box)
        one, two, three = people
        merges = [merged(one, two), merged(two, three)]
        with any_units.begin(box.tenant) as unit:
            for merge in merges:
                unit.points_desk.add_merge(merge)
            assert unit.ledger.holders([one.wallet, three.wallet]) == {one.wallet: three.wallet}
            assert unit.ledger.group(two.wallet) == tuple(sorted(p.wallet for p in people))
            assert set(unit.points_desk.merges()) == set(merges)
            assert unit.points_desk.merge(fresh_id()) is None
            unit.points_desk.undo_merge(merges[1].merge_id, "不是同一人", "wang", NOW)
            assert unit.ledger.holders([one.wallet]) == {one.wallet: two.wallet}
            assert unit.points_desk.merges() == (merges[0],)
            undone = unit.points_desk.merge(merges[1].merge_id)
            assert undone is not None
            assert undone.undone
        with pytest.raises(StoreRefusedError), any_units.begin(box.tenant) as unit:
            unit.points_desk.undo_merge(merges[1].merge_id, "再来", "wang", NOW)


def merged(source: Person, target: Person) -> Merge:
    return Merge(
        fresh_id(),
        source.member,
        target.member,
        source.wallet,
        target.wallet,
        "同一人",
        "li",
        WALL_MS,
    )


class TestPointsDeskRepo:
    def test_policies_are_kept_by_their_first_day(self, any_units: Units, tenant: UUID) -> None:
        short, long = LoyaltyPolicy(expiry=Months(months=1)), LoyaltyPolicy(return_days=7)
        with any_units.begin(tenant) as unit:
            assert unit.points_desk.policies().on(SOLD_ON) == LoyaltyPolicy()
            assert unit.points_desk.add_policy(REFUNDED_ON, short, "li", NOW) == 1
            assert unit.points_desk.add_policy(LATER.day, long, "li", NOW) == 2
        with any_units.begin(tenant) as unit:
            policies = unit.points_desk.policies()
            assert policies.on(SOLD_ON) == LoyaltyPolicy()
            assert policies.on(REFUNDED_ON) == short
            assert policies.on(LATER.day) == long

    def test_a_second_person_decides_once(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        sends(any_units, box)
        asked = Adjustment(
            fresh_id(), person.member, person.wallet, box.legal_entity, -5, "错记", "li", WALL_MS
        )
        with any_units.begin(box.tenant) as unit:
            unit.points_desk.propose(asked)
            assert unit.points_desk.adjustments() == (asked,)
            assert unit.points_desk.adjustment(fresh_id()) is None
        with pytest.raises(StoreRefusedError), any_units.begin(box.tenant) as unit:
            unit.points_desk.decide(asked.adjustment_id, "approved", "li", NOW)
        with any_units.begin(box.tenant) as unit:
            unit.points_desk.decide(asked.adjustment_id, "approved", "wang", NOW)
            found = unit.points_desk.adjustment(asked.adjustment_id)
            assert found is not None
            assert (found.decision, found.decided_by) == ("approved", "wang")
            assert unit.points_desk.adjustments() == ()
        with pytest.raises(StoreRefusedError), any_units.begin(box.tenant) as unit:
            unit.points_desk.decide(asked.adjustment_id, "refused", "zhao", NOW)


class TestClosingRepo:
    def test_a_day_by_its_tills_and_receipts(self, any_units: Units, box: SimBox) -> None:
        till = NewTill(box.till, box.store, "1号收银台", "api")
        with any_units.begin(box.tenant) as unit:
            unit.fleet.add_till(till, WALL_MS)
        person = Person()
        box.enrols(person)
        box.sells(person)
        box.sells(fen=900, shelf_fen=1_000)
        sends(any_units, box)
        with any_units.begin(box.tenant) as unit:
            closing = unit.closing
            assert closing.day(box.store, SOLD_ON) == {
                "1号收银台": DayTotals(2, 6_900, 6_800, 59, 0)
            }
            assert closing.day(box.store, LATER.day) == {}
            numbers = {f"1号收银台/{number}": fen for number, fen in ((2, 5_900), (3, 900))}
            assert closing.day_receipts(box.store, SOLD_ON) == numbers
            assert box.legal_entity in closing.entities()
            closed = DayClosed(box.store, SOLD_ON, {}, (Difference("1", "sales", 1, 2),), "li", NOW)
            assert closing.close_day(closed) == 1
            assert closing.close_day(closed) == 2

    def test_wallets_come_in_pages(self, any_units: Units, box: SimBox) -> None:
        people = [Person(phone=f"861380013800{n}") for n in range(3)]
        for person in people:
            box.enrols(person)
        box.sells(people[0])
        sends(any_units, box)
        wallets = sorted(person.wallet for person in people)
        with any_units.begin(box.tenant) as unit:
            assert unit.closing.wallet_count() == 3
            assert unit.closing.wallets(after=None, limit=2) == tuple(wallets[:2])
            assert unit.closing.wallets(after=wallets[1], limit=2) == (wallets[2],)
            found = unit.closing.balances([people[0].wallet])
            assert found == {member_account(people[0].wallet, "free"): 59}
            assert unit.closing.balances([people[1].wallet]) == {}

    def test_what_is_wrong_is_found(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        box.sells(person)
        sends(any_units, box)
        account = member_account(person.wallet, "free")
        with any_units.begin(box.tenant) as unit:
            assert unit.closing.wrong_accounts() == ()
            assert unit.closing.total() == 0
            unit.journal.move_balances({account: -60}, NOW)
            (wrong,) = unit.closing.wrong_accounts()
            assert (wrong.account, wrong.balance, wrong.posted) == (account, -1, 59)
            assert [one.account for one in unit.closing.negative_purses()] == [account]
            assert unit.closing.total() == -60

    def test_a_chain_can_be_walked(self, any_units: Units, box: SimBox) -> None:
        box.sells()
        box.refunds(box.sells(), (1, 99_000), fen=1)
        box.sells()
        sends(any_units, box)
        with any_units.begin(box.tenant) as unit:
            assert (box.device, box.epoch) in unit.closing.chains()
            seen = walk(unit.closing.links(box.device, box.epoch))
            assert (seen.events, seen.gaps, seen.broken) == (3, ((3, 3),), ())
            assert unit.closing.in_repair(box.device, box.epoch) == {3}
            (last,) = (one for one in unit.closing.links(box.device, box.epoch) if one.seq == 4)
            assert unit.closing.hashes_at(box.device, 4) == (last.hash,)
            assert unit.closing.hashes_at(box.device, 3) == ()
            assert unit.closing.hashes_at(box.store, 4) == ()
