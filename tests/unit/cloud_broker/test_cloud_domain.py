"""Small decisions of the cloud: business days, postings, records, rates, a store's state."""

from dataclasses import fields
from datetime import date, time
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.arrivals import Arrival, Place, day_of
from cloud_broker.domain.limiter import Rate, RateBook
from cloud_broker.domain.postings import booked, sums_up
from cloud_broker.domain.records import HeldReceipt, MemberFacts, last_of, record_of
from cloud_broker.domain.store_state import Heard, judge
from cloud_broker.services.members.phones import Claimed
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.loyalty.postings import Ledger, posting_key
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_member, encode_body
from retail_core.wire.messages import WirePosting
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id

# 2026-11-19 03:00 in Shanghai: the shop still books the 18th.
EARLY_MS = 1_795_028_400_000


def arrival_of(box: SimBox, received_ms: int = WALL_MS) -> Arrival:
    place = Place(box.device, box.store, box.legal_entity, 1, "Asia/Shanghai", time(4))
    return Arrival(place, 7, 1, box.events[-1], box.hashes[-1], box.hashes[-2], received_ms)


class TestBusinessDay:
    def test_the_box_knows_its_day(self) -> None:
        box = SimBox(fresh_id())
        box.sells()
        assert day_of(arrival_of(box), box.sale(None)) == date(2026, 11, 18)

    @pytest.mark.parametrize(
        ("quality", "day"), [(TimeQuality.SYNCED, 19), (TimeQuality.UNKNOWN, 18)]
    )
    def test_the_cloud_works_it_out_when_the_box_could_not(
        self, quality: TimeQuality, day: int
    ) -> None:
        box = SimBox(fresh_id(), quality=quality, wall_ms=EARLY_MS + 3_600_000)
        box.sells()
        sale = msgspec.structs.replace(box.sale(None), business_date=None)
        assert day_of(arrival_of(box, EARLY_MS), sale) == date(2026, 11, day)

    def test_a_number_that_is_no_date_is_refused(self) -> None:
        box = SimBox(fresh_id())
        box.sells()
        sale = msgspec.structs.replace(box.sale(None), business_date=20261340)
        with pytest.raises(ValueError, match="month"):
            day_of(arrival_of(box), sale)

    def test_delays_are_only_told_by_clocks_that_are_right(self) -> None:
        box = SimBox(fresh_id())
        box.sells()
        assert arrival_of(box, box.wall_ms + 40).sync_ms == 40
        assert arrival_of(box, box.wall_ms - 40).sync_ms == -40
        assert arrival_of(box, box.wall_ms - 6_000_000).sync_ms is None, "it sells in the future"
        vague = SimBox(fresh_id(), quality=TimeQuality.HOLDOVER)
        vague.sells()
        assert arrival_of(vague).sync_ms is None
        assert arrival_of(vague).happened_ms == vague.wall_ms


class TestPostings:
    box = SimBox(fresh_id())
    person = Person()

    def refused(self, *postings: WirePosting, member: UUID | None = None) -> None:
        sale = msgspec.structs.replace(self.box.sale(self.person), postings=postings)
        with pytest.raises(Fault) as caught:
            booked(sale, member or self.person.member, {self.person.member: self.person.wallet})
        assert caught.value.code is FaultCode.WIRE_MALFORMED

    def posting(self, **changes: object) -> WirePosting:
        (plain,) = self.box.sale(self.person).postings
        return msgspec.structs.replace(plain, **changes)

    def test_a_sale_without_postings_touches_no_wallet(self) -> None:
        assert booked(self.box.sale(None), None, {}) == ((), None)

    def test_a_members_postings_touch_her_wallet(self) -> None:
        postings, wallet = booked(self.box.sale(self.person), self.person.member, {})
        assert wallet == self.person.wallet
        assert sum(sums_up(postings).values()) == 0

    def test_balances_are_those_of_the_ledger(self) -> None:
        postings, _ = booked(self.box.sale(self.person), self.person.member, {})
        ledger = Ledger()
        for posting in postings:
            ledger.post(posting_key(fresh_id(), fresh_id(), posting), posting)
        assert dict(sums_up(postings)) == ledger.balances()

    def test_what_cannot_be_hers_is_refused(self) -> None:
        other = Person()
        theirs = f"member:{other.wallet}:free"
        self.refused(self.posting(), self.posting())
        self.refused(self.posting(credit=theirs))
        self.refused(self.posting(), self.posting(credit=theirs, nth=1))
        self.refused(self.posting(credit="member:nobody:free"))
        self.refused(self.posting(credit=f"member:{self.person.wallet.hex}:free"))
        self.refused(self.posting(credit=f"member:{self.person.wallet}:gold"))
        self.refused(self.posting(debit="bank:1:vault"))
        self.refused(self.posting(debit=f"brand:{fresh_id()}:pocket"))
        (plain,) = self.box.sale(self.person).postings
        self.refused(self.posting(debit=plain.credit, credit=plain.debit))
        self.refused(self.posting(points=0))
        self.refused(self.posting(points=-5))

    def test_postings_of_nobody_are_refused(self) -> None:
        with pytest.raises(Fault):
            booked(self.box.sale(self.person), None, {})


class TestRecords:
    def test_a_late_receipt_of_an_older_day_is_not_the_last(self) -> None:
        today = HeldReceipt(fresh_id(), fresh_id(), WALL_MS, 100)
        late = HeldReceipt(fresh_id(), fresh_id(), WALL_MS - 86_400_000, 200)
        assert last_of((late, today)) == today
        assert last_of(()) is None

    def test_a_record_travels(self) -> None:
        person, store = Person(), fresh_id()
        receipt = HeldReceipt(fresh_id(), store, WALL_MS, 100)
        facts = MemberFacts(
            member=person.member,
            wallet=person.wallet,
            ver=3,
            name=person.name,
            tier="gold",
            tags=(),
            phone_masked="138****8000",
            phone_hash=None,
            home_store=store,
            balances={f"member:{person.wallet}:free": 12, "member:x:free": 99},
            phone_keys=((b"k" * 8, b"p" * 32),),
            cards=(b"c",),
            receipts=(receipt,),
            last_lines=(),
        )
        record = decode_member(encode_body(record_of(facts)))
        assert (record.points_free, record.points_pending) == (12, 0)
        assert record.posted_receipts == (receipt.receipt_id.bytes,)
        assert record.last_total_fen == 100


class TestRates:
    def test_a_burst_then_the_rate(self) -> None:
        book = RateBook(Rate(per_minute=60, burst=3))
        assert [book.take("a", 0) for _ in range(4)] == [True, True, True, False]
        assert book.take("b", 0)
        assert not book.take("a", 999)
        assert book.take("a", 1_000)

    def test_a_clock_that_goes_back_gives_nothing(self) -> None:
        book = RateBook(Rate(per_minute=1, burst=1))
        assert book.take("a", 1_000_000)
        assert not book.take("a", 0)

    def test_keys_are_bounded(self) -> None:
        book = RateBook(Rate(per_minute=1, burst=1), keys_max=2)
        for key in "abc":
            assert book.take(key, 0)
        assert book.take("a", 0)
        assert not book.take("c", 0)

    @given(st.lists(st.integers(0, 5_000), max_size=200))
    def test_never_more_than_burst_and_rate(self, gaps: list[int]) -> None:
        book, now, taken = RateBook(Rate(per_minute=120, burst=5)), 0, 0
        for gap in gaps:
            now += gap
            taken += book.take("a", now)
        assert taken <= 5 + now * 120 // 60_000


class TestStoreState:
    @pytest.mark.parametrize(
        ("heard", "state", "reasons"),
        [
            (None, "never", ()),
            (Heard("ok", can_sell=True, silent_ms=0), "ok", ()),
            (Heard("gone", can_sell=True, silent_ms=0), "gone", ("S102",)),
            (Heard("gone", can_sell=False, silent_ms=0, since_ms=44_999), "degraded", ("S102",)),
            (
                Heard("gone", can_sell=False, silent_ms=0, since_ms=0, on_purpose=True),
                "gone",
                ("F130",),
            ),
            (Heard("ok", can_sell=True, silent_ms=75_001), "gone", ("S102",)),
            (Heard("ok", can_sell=False, silent_ms=0), "cannot", ()),
            (Heard("strange", can_sell=True, silent_ms=0), "ok", ()),
            (
                Heard("degraded", can_sell=True, silent_ms=0, devices={"nfc": "gone"}),
                "degraded",
                ("R302",),
            ),
        ],
    )
    def test_each(self, heard: Heard | None, state: str, reasons: tuple[str, ...]) -> None:
        assert judge(heard) == (state, reasons)


def test_what_holds_the_secret_of_a_code_does_not_show_it() -> None:
    claimed = Claimed(UUID(int=1), UUID(int=2), b"", b"not-for-logs", 0)
    assert "not-for-logs" not in repr(claimed)
    (shown,) = [one for one in fields(MemberFacts) if one.name == "digit_secret"]
    assert not shown.repr
