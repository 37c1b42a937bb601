"""HQ's desk, the daily run, the end of a day and a month, over both kinds of store."""

from datetime import date
from typing import cast

import msgspec
import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.points.books import open_wallet
from cloud_broker.services.points.day_close import DayCloser, ZReport, ZTotals, parse_report
from cloud_broker.services.points.desk import OpeningRow, PointsDesk, post
from cloud_broker.services.points.files import month_csv, month_json, opening_rows
from cloud_broker.services.points.runs import PointsRuns
from cloud_broker.services.points.walk import LedgerWalks, Verified, month_of
from retail_core.errors import Fault
from retail_core.loyalty.closing import Difference
from retail_core.loyalty.policy import LoyaltyPolicy, Months
from retail_core.loyalty.postings import Posting, brand_account, leased_account, member_account
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WirePosting
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

SOLD_ON = date(2026, 11, 18)


class Desk:
    """One tenant with two shops of two legal entities, two people at HQ, and a wall clock."""

    def __init__(self, units: Units) -> None:
        self.units, self.clock = units, FakeCloudClock()
        self.tenant = new_tenant(units)
        self.box, self.other = new_box(units, self.tenant), SimBox(self.tenant)
        self.points = PointsDesk(units, self.clock, FakeCloudIdSource(self.clock), "Asia/Shanghai")
        self.runs, self.walks = (
            PointsRuns(units, self.points, RepairBench(units, self.clock)),
            LedgerWalks(units),
        )
        self.li, self.wang = self.person("li"), self.person("wang")
        self.clock.advance(WALL_MS + 3_600_000 - self.clock.now_ms())
        self.told: list[tuple[int, int]] = []

    def person(self, login: str, role: str = "operations") -> HqIdentity:
        return HqIdentity(
            self.tenant, fresh_id(), login, login, cast("HqRole", role), by_token=True, expires_ms=0
        )

    def member(self, phone: str = "8613800138000") -> Person:
        person = Person(phone=phone)
        self.box.enrols(person)
        self.sends()
        return person

    def sends(self) -> list[str]:
        """Book the whole journal again; what is known is passed over. Return what was refused."""
        frame = open_frame(Inbound(self.box.topic(), self.box.frame(), self.clock.now_ms()))
        assert isinstance(frame, OpenFrame)
        with self.units.begin(self.tenant) as unit:
            booked = Batch(unit, self.tenant, self.clock.now_ms()).book([frame], [])
        return [one.code for acked in booked.acked for one in acked.rejected]

    def free(self, person: Person, purse: str = "free") -> int:
        with self.units.begin(self.tenant) as unit:
            found = unit.closing.balances([person.wallet])
        return found.get(f"member:{person.wallet}:{purse}", 0)

    def verified(self) -> Verified:
        found = self.walks.verify(self.tenant, lambda done, total: self.told.append((done, total)))
        assert found.total == 0
        return found

    def code(self, call: object, *arguments: object) -> FaultCode:
        with pytest.raises(Fault) as caught:
            call(*arguments)  # type: ignore[operator]
        return caught.value.code


@pytest.fixture
def desk(any_units: Units) -> Desk:
    return Desk(any_units)


class TestAdjustments:
    def test_a_second_person_is_needed(self, desk: Desk) -> None:
        person = desk.member()
        asked = desk.points.propose(desk.li, person.member, 40, "补记")
        assert desk.free(person) == 0
        assert desk.points.waiting(desk.tenant) == (asked,)
        code = desk.code(desk.points.decide, desk.li, asked.adjustment_id, "approved")
        assert code is FaultCode.LEDGER_SAME_PERSON
        done = desk.points.decide(desk.wang, asked.adjustment_id, "approved")
        assert (done.decision, done.decided_by, desk.free(person)) == ("approved", "wang", 40)
        code = desk.code(desk.points.decide, desk.wang, asked.adjustment_id, "refused")
        assert code is FaultCode.LEDGER_DECIDED
        assert desk.verified().wrong == []

    def test_what_is_refused_moves_nothing(self, desk: Desk) -> None:
        person = desk.member()
        asked = desk.points.propose(desk.li, person.member, 40, "补记")
        desk.points.decide(desk.wang, asked.adjustment_id, "refused")
        assert desk.free(person) == 0

    def test_no_more_is_taken_than_there_is(self, desk: Desk) -> None:
        person = desk.member()
        asked = desk.points.propose(desk.li, person.member, -1, "多记")
        code = desk.code(desk.points.decide, desk.wang, asked.adjustment_id, "approved")
        assert code is FaultCode.LEDGER_OVERDRAWN
        assert desk.points.waiting(desk.tenant) == (asked,), "it waits as before"

    def test_who_may_and_why(self, desk: Desk) -> None:
        member, propose = desk.member().member, desk.points.propose
        auditor = desk.person("zhao", "auditor")
        assert desk.code(propose, auditor, member, 1, "x") is FaultCode.LEDGER_ROLE
        assert desk.code(propose, desk.li, member, 1, " ") is FaultCode.LEDGER_REASON_MISSING
        assert desk.code(propose, desk.li, member, 0, "x") is FaultCode.LEDGER_POINTS_INVALID
        assert desk.code(propose, desk.li, fresh_id(), 1, "x") is FaultCode.SALE_MEMBER_UNKNOWN
        assert desk.code(propose, desk.li, member, 1, "x", "no") is FaultCode.API_NOT_FOUND
        code = desk.code(desk.points.decide, desk.li, fresh_id(), "approved")
        assert code is FaultCode.LEDGER_ADJUSTMENT_UNKNOWN


class TestMerges:
    def test_points_move_and_come_back(self, desk: Desk) -> None:
        ann, bea = desk.member(), desk.member("8613800138001")
        desk.box.sells(ann)
        desk.sends()
        merge = desk.points.merge(desk.li, ann.member, bea.member, "同一个人")
        assert (desk.free(ann), desk.free(bea)) == (0, 59)
        desk.points.unmerge(desk.li, merge.merge_id, "不是")
        assert (desk.free(ann), desk.free(bea)) == (59, 0)
        assert desk.verified().wrong == []
        with desk.units.begin(desk.tenant) as unit:
            ((lot, points),) = open_wallet(unit, ann.wallet).book.lots(ann.wallet)
        assert (lot.day, points) == (SOLD_ON, 59)

    def test_what_a_shop_books_late_is_swept(self, desk: Desk) -> None:
        ann, bea = desk.member(), desk.member("8613800138001")
        desk.points.merge(desk.li, ann.member, bea.member, "同一个人")
        sold = desk.box.sells(ann)
        desk.sends()
        desk.runs.daily(desk.tenant, lambda done, total: None)
        assert (desk.free(ann), desk.free(bea)) == (0, 59)
        desk.box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        assert desk.sends() == []
        assert (desk.free(ann), desk.free(bea)) == (0, 0)
        assert desk.verified().wrong == []

    def test_what_cannot_be_merged(self, desk: Desk) -> None:
        ann, bea = desk.member(), desk.member("8613800138001")
        merge = desk.points.merge
        assert desk.code(merge, desk.li, ann.member, ann.member, "x") is FaultCode.LEDGER_MERGED
        made = merge(desk.li, ann.member, bea.member, "同一个人")
        assert desk.code(merge, desk.li, ann.member, bea.member, "x") is FaultCode.LEDGER_MERGED
        assert desk.code(merge, desk.li, bea.member, ann.member, "x") is FaultCode.LEDGER_MERGED
        desk.points.unmerge(desk.li, made.merge_id, "不是")
        code = desk.code(desk.points.unmerge, desk.li, made.merge_id, "再来")
        assert code is FaultCode.LEDGER_MERGE_UNKNOWN


class TestRuns:
    def test_points_mature_and_expire_on_their_days(self, desk: Desk) -> None:
        person = desk.member()
        policy = LoyaltyPolicy(expiry=Months(months=1), return_days=7)
        with desk.units.begin(desk.tenant) as unit:
            unit.points_desk.add_policy(date(2026, 1, 1), policy, "li", 0)
        (plain,) = desk.box.sale(person).postings
        account = member_account(person.wallet, "pending")
        waiting: tuple[WirePosting, ...] = (msgspec.structs.replace(plain, credit=account),)
        desk.box.sells(person, postings=waiting)
        desk.sends()
        assert (desk.free(person), desk.free(person, "pending")) == (0, 59)
        for day, free, pending in (
            (date(2026, 11, 24), 0, 59),
            (date(2026, 11, 25), 59, 0),
            (date(2026, 12, 31), 59, 0),
            (date(2027, 1, 1), 0, 0),
            (date(2027, 1, 1), 0, 0),
        ):
            desk.clock.advance(1)
            desk.runs.daily(desk.tenant, lambda done, total: None, day)
            assert (desk.free(person), desk.free(person, "pending")) == (free, pending), day
            assert desk.verified().wrong == []
        month = desk.walks.month(desk.tenant, 2027, 1, lambda done, total: None)
        row = month.liability[desk.box.legal_entity]
        assert (row.opening, row.expired, row.closing) == (59, 59, 0)

    def test_points_that_wait_for_the_sync_alone_are_free_at_once(self, desk: Desk) -> None:
        person = desk.member()
        (plain,) = desk.box.sale(person).postings
        account = member_account(person.wallet, "pending")
        sold = desk.box.sells(person, postings=(msgspec.structs.replace(plain, credit=account),))
        desk.sends()
        assert (desk.free(person), desk.free(person, "pending")) == (59, 0)
        desk.box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        desk.sends()
        assert desk.free(person) == 0
        assert desk.verified().wrong == []

    def test_what_is_owed_is_paid_before_points_expire(self, desk: Desk) -> None:
        """She was shown 9 of 59 points: the 50 she owes went out of those, not out of the next."""
        person = desk.member()
        with desk.units.begin(desk.tenant) as unit:
            unit.points_desk.add_policy(
                date(2026, 1, 1), LoyaltyPolicy(expiry=Months(months=1)), "li", 0
            )
        sold = desk.box.sells(person)
        desk.sends()
        taken = desk.points.propose(desk.li, person.member, -50, "多记")
        desk.points.decide(desk.wang, taken.adjustment_id, "approved")
        desk.box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        desk.sends()
        desk.box.sells(person)
        desk.sends()
        assert (desk.free(person), desk.free(person, "owed")) == (59, -50)
        ran = desk.runs.daily(desk.tenant, lambda done, total: None, date(2027, 1, 1))
        assert (ran.points["settled"], ran.points["expired"]) == (50, 9)
        assert (desk.free(person), desk.free(person, "owed")) == (0, 0)
        assert desk.verified().wrong == []

    def test_what_is_owed_is_paid_from_later_points(self, desk: Desk) -> None:
        person = desk.member()
        sold = desk.box.sells(person)
        desk.sends()
        taken = desk.points.propose(desk.li, person.member, -50, "多记")
        desk.points.decide(desk.wang, taken.adjustment_id, "approved")
        desk.box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        desk.sends()
        assert (desk.free(person), desk.free(person, "owed")) == (0, -50)
        desk.box.sells(person)
        desk.sends()
        ran = desk.runs.daily(desk.tenant, lambda done, total: None)
        assert ran.points["settled"] == 50
        assert (desk.free(person), desk.free(person, "owed")) == (9, 0)
        assert desk.verified().wrong == []

    def test_a_refund_that_came_before_its_sale_is_booked_at_last(self, desk: Desk) -> None:
        person = desk.member()
        sold = desk.box.sells(person)
        desk.box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
        payload = desk.box.frame(3, 3)
        frame = open_frame(Inbound(desk.box.topic(), payload, desk.clock.now_ms()))
        assert isinstance(frame, OpenFrame)
        with desk.units.begin(desk.tenant) as unit:
            Batch(unit, desk.tenant, desk.clock.now_ms()).book([frame], [])
            assert len(unit.closing.refused_refunds()) == 1
        assert desk.runs.daily(desk.tenant, lambda done, total: None).refunds == 0
        desk.sends()
        assert desk.free(person) == 59
        assert desk.runs.daily(desk.tenant, lambda done, total: None).refunds == 1
        assert desk.free(person) == 0
        assert desk.verified().wrong == []


class TestOpening:
    def test_an_import_is_booked_once(self, desk: Desk) -> None:
        ann, bea = desk.member(), desk.member("8613800138001")
        text = f"member,points,expires\n{ann.member},100,2026-12-31\n{bea.member},7,\n"
        for booked, again in ((2, 0), (0, 2)):
            made = desk.points.open_balances(desk.li, opening_rows(text))
            assert (made.booked, made.again) == (booked, again)
        assert (desk.free(ann), desk.free(bea)) == (100, 7)
        desk.runs.daily(desk.tenant, lambda done, total: None, date(2027, 1, 1))
        assert (desk.free(ann), desk.free(bea)) == (0, 7)
        assert desk.verified().wrong == []

    def test_a_bad_row_is_named_and_nothing_is_booked(self, desk: Desk) -> None:
        ann = desk.member()
        for text in ("member\n", f"member,points\n{ann.member},x\n", "member,points\nx,1\n"):
            with pytest.raises(Fault) as caught:
                desk.points.open_balances(desk.li, opening_rows(text))
            assert caught.value.code is FaultCode.LEDGER_IMPORT_ROW
        rows = [OpeningRow(2, ann.member, 5), OpeningRow(3, fresh_id(), 5)]
        code = desk.code(desk.points.open_balances, desk.li, rows)
        assert code is FaultCode.LEDGER_IMPORT_ROW
        rows = [OpeningRow(2, ann.member, 5), OpeningRow(3, ann.member, -5)]
        assert desk.code(desk.points.open_balances, desk.li, rows) is FaultCode.LEDGER_IMPORT_ROW
        assert desk.free(ann) == 0


class TestPolicy:
    def test_a_policy_never_changes_the_past(self, desk: Desk) -> None:
        policy = LoyaltyPolicy(return_days=7)
        past = date(2026, 1, 1)
        code = desk.code(desk.points.set_policy, desk.li, past, policy)
        assert code is FaultCode.LEDGER_POLICY_PAST
        assert desk.points.set_policy(desk.li, desk.points.today(), policy) == 1
        assert desk.points.policies(desk.tenant).on(desk.points.today()) == policy


class TestClosing:
    def report(self, desk: Desk, **changes: int) -> ZReport:
        said = {"sales": 2, "gross_fen": 6_900, "net_fen": 6_800, "points_earned": 59}
        return ZReport("上海店", SOLD_ON, {"": ZTotals(**(said | changes))})

    def test_a_day_that_agrees_and_one_that_does_not(self, desk: Desk) -> None:
        person = desk.member()
        desk.box.sells(person)
        desk.box.sells(fen=900, shelf_fen=1_000)
        desk.sends()
        closer = DayCloser(desk.units, desk.clock)
        closed, times = closer.close(desk.li, self.report(desk))
        assert (closed.differences, times) == ((), 1)
        wrong = msgspec.structs.replace(
            self.report(desk, net_fen=6_900), receipts={"/2": 5_900, "/9": 1}
        )
        closed, times = closer.close(desk.li, wrong)
        assert times == 2
        assert closed.differences == (
            Difference("", "net_fen", 6_900, 6_800),
            Difference("/3", "receipt_fen", None, 900),
            Difference("/9", "receipt_fen", 1, None),
        )

    def test_a_report_that_is_none(self, desk: Desk) -> None:
        assert desk.code(parse_report, b"{}") is FaultCode.LEDGER_ZREPORT_INVALID
        unknown = ZReport("no", SOLD_ON, {})
        closer = DayCloser(desk.units, desk.clock)
        assert desk.code(closer.close, desk.li, unknown) is FaultCode.API_NOT_FOUND

    def test_a_month_by_legal_entity(self, desk: Desk) -> None:
        person, clearing = desk.member(), fresh_id()
        sold = desk.box.sells(person)
        desk.sends()
        lease = leased_account(person.wallet, desk.box.device, 1)
        free = member_account(person.wallet, "free")
        lent = Posting(0, "lease", "lease.lent", 0, free, lease, 20, desk.box.legal_entity)
        with desk.units.begin(desk.tenant) as unit:
            post(unit, desk.tenant, fresh_id(), [(lent, person.wallet)], desk.points.moment())
        spent = WirePosting(
            0,
            "points",
            "redeem",
            0,
            lease,
            brand_account(clearing, "clearing"),
            20,
            clearing.bytes,
            clearing.bytes,
        )
        desk.box.sells(person, postings=(spent,))
        desk.box.refunds(sold, (1, 500), fen=2_900)
        desk.sends()
        month = desk.walks.month(desk.tenant, 2026, 11, lambda done, total: None)
        row = month.liability[desk.box.legal_entity]
        assert (row.opening, row.issued, row.redeemed, row.closing) == (0, 30, 20, 10)
        assert month.clearing == {(desk.box.legal_entity, clearing): 20}
        said = month_json(month)
        assert (said["first"], said["last"]) == ("2026-11-01", "2026-11-30")
        files = month_csv(month)
        assert files["liability.csv"].splitlines()[1] == "总公司,0,30,20,0,0,10"
        assert files["clearing.csv"] == f"issuer,redeemer,points\n总公司,{clearing},20\n"
        assert month_of(2026, 12) == (date(2026, 12, 1), date(2026, 12, 31))


class TestVerify:
    def test_books_that_are_right_and_books_that_are_not(self, desk: Desk) -> None:
        person = desk.member()
        desk.box.refunds(desk.box.sells(person), (1, 500), fen=2_900)
        desk.sends()
        found = desk.verified()
        assert (found.wallets, found.chains, found.events, found.wrong) == (1, 1, 3, [])
        assert desk.told[-1] == (1, 1)
        account = member_account(person.wallet, "free")
        with desk.units.begin(desk.tenant) as unit:
            unit.journal.move_balances({account: -31}, 0)
        wrong = self.wrong(desk)
        assert wrong[0] == "all accounts add up to -31, not 0"
        assert wrong[1] == f"{account}: balance -1, postings 30"
        assert wrong[2] == f"{account}: -1 is below 0"
        assert wrong[3] == f"wallet {person.wallet} spendable: lots 30, accounts -1"

    def wrong(self, desk: Desk) -> list[str]:
        return desk.walks.verify(desk.tenant, lambda done, total: None).wrong

    def test_a_gap_in_a_chain_is_told(self, desk: Desk) -> None:
        desk.box.sells()
        desk.box.sells()
        desk.box.sells()
        for first, last in ((1, 1), (3, 3)):
            payload = desk.box.frame(first, last)
            frame = open_frame(Inbound(desk.box.topic(), payload, desk.clock.now_ms()))
            assert isinstance(frame, OpenFrame)
            with desk.units.begin(desk.tenant) as unit:
                Batch(unit, desk.tenant, desk.clock.now_ms()).book([frame], [])
        (line,) = self.wrong(desk)
        assert line == f"device {desk.box.device} epoch 7: 2..2 not here"
