"""ReceiptRepo and ClerkRepo in memory and in PostgreSQL, as claims and HQ use them."""

import threading
from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.records import record_of
from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.clerks import Alert, Clerk
from cloud_broker.ports.fleet import NewOperator
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.hq.clerk_desk import ClerkDesk, figures_csv
from cloud_broker.services.hq.harvest_watch import HarvestWatch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.members.receipt_claims import ClaimDone, ReceiptClaims
from cloud_broker.services.members.receipt_look_up import ReceiptLookUp
from cloud_broker.services.points.desk import PointsDesk
from cloud_broker.services.points.walk import LedgerWalks
from retail_core.errors import Fault
from retail_core.identity.receipt_claim import claim_key, mint_claim
from retail_core.loyalty.policy import LoyaltyPolicy
from retail_core.pricing.rules.bundle import bundle_hash
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import Event, Sale
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant, token_hash

RULES = b"""{"version": 1, "tier_names": {"standard": "S", "silver": "S2"}, "offers": [],
  "earn": {"id": "base", "fen_per_point": 100, "tier_permille": {"silver": 2000}}}"""
DAY = date(2026, 11, 18)
DAY_MS = 86_400_000


class Chain:
    """Two shops, two clerks at the first, and the rules by which sales earn."""

    def __init__(self, units: Units) -> None:
        self.units, self.clock = units, FakeCloudClock()
        self.clock.advance(WALL_MS + 3_600_000 - self.clock.now_ms())
        self.tenant = new_tenant(units)
        self.box = new_box(units, self.tenant)
        self.other = new_box(units, self.tenant, "静安店")
        self.wang, self.li = fresh_id(), fresh_id()
        self.sent: dict[UUID, int] = {}
        signed = bytes(64) + RULES
        document = Document("bundle", 1, sha256(signed).digest(), signed)
        with units.begin(self.tenant) as unit:
            for operator, number, name in ((self.wang, "1001", "王芳"), (self.li, "1002", "=李")):
                clerk = NewOperator(operator, self.box.store, number, name, "x", "clerk")
                unit.fleet.add_operator(clerk, WALL_MS)
            unit.catalogue.add_bundle(document, RULES, "hq")
        self.claims = ReceiptClaims(units, self.clock)
        self.desk = ClerkDesk(units, self.clock)
        self.hq = HqIdentity(self.tenant, fresh_id(), "zhou", "周", "operations")

    def send(self, *boxes: SimBox) -> None:
        for box in boxes or (self.box,):
            first = self.sent.get(box.device, 0) + 1
            if first > len(box.events):
                continue
            self.sent[box.device] = len(box.events)
            self.clock.advance(1_000)
            frame = open_frame(Inbound(box.topic(), box.frame(first), self.clock.now_ms()))
            assert isinstance(frame, OpenFrame)
            with self.units.begin(self.tenant) as unit:
                Batch(unit, self.tenant, self.clock.now_ms()).book([frame], [])

    def member(self) -> Person:
        made = Person()
        person = Person(made.member, made.wallet, made.name, f"86{made.member.int % 10**11:011d}")
        self.box.enrols(person)
        return person

    def merge(self, source: Person, target: Person) -> None:
        ids = FakeCloudIdSource(self.clock)
        desk = PointsDesk(self.units, self.clock, ids, "Asia/Shanghai")
        desk.merge(self.hq, source.member, target.member, "同一个人")

    def guest(self, box: SimBox | None = None) -> Event:
        """Sell two lines for 59 yuan to nobody, by the rules."""
        box = box or self.box
        hash_ = bundle_hash(RULES)
        return box.sells(bundle_version=1, bundle_hash=hash_, solver_status="optimal")

    def code(self, sold: Event, box: SimBox | None = None) -> str:
        key = claim_key(token_hash(box or self.box))
        return mint_claim(key, receipt_of(sold))

    def claim(self, person: Person, text: str) -> ClaimDone:
        return self.claims.claim(PhoneHolder(self.tenant, person.member, b"key"), text)

    def refused(self, person: Person, text: str) -> FaultCode:
        with pytest.raises(Fault) as caught:
            self.claim(person, text)
        return caught.value.code

    def purses(self, person: Person) -> dict[str, int]:
        with self.units.begin(self.tenant) as unit:
            held = unit.closing.balances([person.wallet])
        return {name.split(":", 2)[2]: points for name, points in held.items() if points}

    def proved(self) -> None:
        found = LedgerWalks(self.units).verify(self.tenant, lambda done, total: None)
        assert (found.total, found.wrong) == (0, [])

    def alerts(self) -> list[tuple[str, UUID, int, str]]:
        HarvestWatch(self.units, self.clock).run(self.tenant)
        return [
            (row.alert.kind, row.alert.member, len(row.alert.receipts), row.acknowledged_by)
            for row in self.desk.alerts(self.tenant)
        ]


def receipt_of(sold: Event) -> UUID:
    sale = decode_body("sale", sold.body)
    assert isinstance(sale, Sale)
    return UUID(bytes=sale.receipt_id)


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


class TestClaims:
    def test_a_receipt_is_claimed_once_at_the_base_tier(self, chain: Chain) -> None:
        ann, bea = chain.member(), chain.member()
        sold = chain.guest()
        chain.send()
        done = chain.claim(ann, f"https://r.example/m/#r={chain.code(sold).lower()}")
        assert (done.points, done.pending, done.total_fen) == (59, False, 5_900)
        assert done.store_name == "上海店"
        assert chain.purses(ann) == {"free": 59, "qualifying": 59}
        assert chain.refused(ann, chain.code(sold)) is FaultCode.CLAIM_TAKEN
        assert chain.refused(bea, chain.code(sold)) is FaultCode.CLAIM_TAKEN
        chain.proved()
        with chain.units.begin(chain.tenant) as unit:
            (facts,) = unit.members.facts([ann.member])
        assert record_of(facts).points_free == 59

    def test_what_cannot_be_claimed_is_said_in_words(self, chain: Chain) -> None:
        ann, shop = chain.member(), chain.other
        members_own, unsynced = chain.box.sells(ann), chain.guest(shop)
        without_rules, sold = chain.box.sells(), chain.guest()
        chain.send()
        assert chain.refused(ann, "R1" + "A" * 42) is FaultCode.CLAIM_NOT_YET
        assert chain.refused(ann, "hello") is FaultCode.CLAIM_TOKEN_WRONG
        foreign = chain.code(sold, chain.other)
        assert chain.refused(ann, foreign) is FaultCode.CLAIM_TOKEN_WRONG
        assert chain.refused(ann, chain.code(members_own)) is FaultCode.CLAIM_TAKEN
        assert chain.refused(ann, chain.code(without_rules)) is FaultCode.CLAIM_NOTHING
        code = chain.code(unsynced, shop)
        assert chain.refused(ann, code) is FaultCode.CLAIM_NOT_YET
        chain.send(shop)
        assert chain.claim(ann, code).points == 59, "once its shop is back"

    def test_in_time(self, chain: Chain) -> None:
        ann, sold = chain.member(), chain.guest()
        chain.send()
        chain.clock.advance(7 * DAY_MS)
        with pytest.raises(Fault) as caught:
            chain.claim(ann, chain.code(sold))
        assert (caught.value.code, caught.value.fields["days"]) == (FaultCode.CLAIM_EXPIRED, 7)
        assert "7" in caught.value.text("zh")
        with chain.units.begin(chain.tenant) as unit:
            policy = LoyaltyPolicy(claim_days=30)
            unit.points_desk.add_policy(date(2026, 1, 1), policy, "li", chain.clock.now_ms())
        assert chain.claim(ann, chain.code(sold)).points == 59

    def test_refunded_before_and_after(self, chain: Chain) -> None:
        ann, sold, gone = chain.member(), chain.guest(), chain.guest()
        chain.box.refunds(gone, (1, 1_000), (2, 1_000), fen=5_900)
        chain.box.refunds(sold, (1, 500), fen=2_900)
        chain.send()
        assert chain.refused(ann, chain.code(gone)) is FaultCode.CLAIM_REFUNDED
        assert chain.claim(ann, chain.code(sold)).points == 30, "for what she kept"
        chain.proved()
        chain.other.refunds(sold, (1, 500), (2, 1_000), fen=3_000)
        chain.send(chain.other)
        assert chain.purses(ann) == {}, "everything back is nothing"
        chain.proved()

    def test_no_clerk_claims_her_own_till(self, chain: Chain) -> None:
        ann = chain.member()
        chain.send()
        chain.desk.link(chain.hq, chain.wang, ann.member)
        chain.box.operator = chain.wang
        own = chain.guest()
        chain.box.operator = chain.li
        other = chain.guest()
        chain.send()
        assert chain.refused(ann, chain.code(own)) is FaultCode.CLAIM_OWN_SALE
        assert chain.alerts() == [("own_claim", ann.member, 1, "")]
        assert chain.purses(ann) == {}
        assert chain.claim(ann, chain.code(other)).points == 59

    def test_nor_as_the_member_she_was_merged_into(self, chain: Chain) -> None:
        ann, bea = chain.member(), chain.member()
        chain.send()
        chain.desk.link(chain.hq, chain.wang, ann.member)
        chain.merge(ann, bea)
        chain.box.operator = chain.wang
        own = chain.guest()
        chain.send()
        assert chain.refused(bea, chain.code(own)) is FaultCode.CLAIM_OWN_SALE
        chain.box.sells(bea)
        chain.send()
        assert sorted(chain.alerts()) == [
            ("own_card", bea.member, 1, ""),
            ("own_claim", bea.member, 1, ""),
        ]


@pytest.mark.integration
@pytest.mark.enable_socket
def test_two_phones_at_the_same_moment(shared_pg_units: PostgresUnits) -> None:
    chain = Chain(shared_pg_units)
    people, sold = [chain.member() for _ in range(4)], chain.guest()
    chain.send()
    outcomes: list[object] = []

    def go(person: Person) -> None:
        try:
            outcomes.append(chain.claim(person, chain.code(sold)).points)
        except Fault as fault:
            outcomes.append(fault.code)

    threads = [threading.Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["59", "A158", "A158", "A158"]
    chain.proved()


class TestKeys:
    def test_links_and_cards_for_others_members_stand_before_hq(self, chain: Chain) -> None:
        chain.box.operator = chain.wang
        ann = chain.member()
        chain.box.issues_card(ann, b"\x04her first")  # part of enrolling
        chain.send()
        assert chain.alerts() == []
        chain.box.operator = chain.li
        chain.box.issues_card(ann, b"\x04another")
        chain.send()
        assert chain.alerts() == [("key_given", ann.member, 1, "")]
        bea = chain.member()
        chain.box.issues_link(bea, "code")
        chain.send()
        assert sorted(chain.alerts()) == sorted(
            [("key_given", ann.member, 1, ""), ("key_given", bea.member, 1, "")]
        )


class TestLookUp:
    def test_a_box_finds_any_shops_receipt_with_its_refunds(self, chain: Chain) -> None:
        ann = chain.member()
        chain.box.operator = chain.wang
        sold = chain.box.sells(ann, till_receipt_no="A-7")
        chain.send()
        chain.other.refunds(sold, (1, 500), fen=2_900)
        chain.send(chain.other)
        look_up = ReceiptLookUp(chain.units)
        found = look_up.find(chain.tenant, receipt_of(sold))
        assert (found.store_name, found.operator, found.member) == (
            "上海店",
            chain.wang,
            ann.member,
        )
        assert decode_body("sale", found.body) == decode_body("sale", sold.body)
        assert [one.store_name for one in found.refunds] == ["静安店"]
        assert look_up.by_number(chain.tenant, "A-7", 20_261_118) == (found,)
        assert look_up.by_number(chain.tenant, "A-8", 20_261_118) == ()
        with pytest.raises(Fault) as caught:
            look_up.find(chain.tenant, fresh_id())
        assert caught.value.code is FaultCode.API_NOT_FOUND
        with pytest.raises(Fault) as caught:
            look_up.by_number(chain.tenant, "A", 20_261_399)
        assert caught.value.code is FaultCode.API_BODY_INVALID


class TestClerks:
    def test_figures_by_clerk(self, chain: Chain) -> None:
        chain.box.operator = chain.wang
        ann = chain.member()
        sold = chain.box.sells(ann)
        chain.box.sells(fen=10_000)
        chain.box.operator = chain.li
        chain.box.refunds(sold, (1, 500), fen=2_900)
        chain.box.operator = None
        chain.box.sells()
        chain.send()
        first, last = date(2026, 11, 1), date(2026, 11, 30)
        rows = {row.number: row for row in chain.desk.figures(chain.tenant, first, last)}
        wang, li = rows["1001"], rows["1002"]
        assert (wang.sales, wang.sales_fen, wang.refunds, wang.recruits) == (2, 15_900, 0, 1)
        assert (li.sales, li.refunds, li.refund_fen, li.recruits) == (0, 1, 2_900, 0)
        assert chain.desk.figures(chain.tenant, first, date(2026, 11, 10)) == ()
        assert chain.desk.figures(chain.tenant, first, last, chain.other.store) == ()
        text = figures_csv(chain.desk.figures(chain.tenant, first, last), first, last)
        assert "上海店,1001,王芳,2,159.00,0,0.00,1" in text
        assert ",'=李," in text, "a name is no formula"
        with pytest.raises(Fault) as caught:
            chain.desk.figures(chain.tenant, last, first)
        assert caught.value.code is FaultCode.API_BODY_INVALID

    def test_a_clerks_own_card_raises_an_alert_until_somebody_looked(self, chain: Chain) -> None:
        ann = chain.member()
        chain.send()
        chain.desk.link(chain.hq, chain.wang, ann.member)
        linked = {one.number: one for one in chain.desk.clerks(chain.tenant)}
        assert linked["1001"] == Clerk(
            chain.wang, chain.box.store, "上海店", "1001", "王芳", "clerk", ann.member, "王芳"
        )
        chain.box.operator = chain.wang
        chain.box.sells(ann)
        chain.send()
        assert chain.alerts() == [("own_card", ann.member, 1, "")]
        alert = Alert(chain.wang, ann.member, DAY, "own_card", (), 0, 0)
        chain.desk.acknowledge(chain.hq, alert, "问过了")
        assert chain.alerts() == [("own_card", ann.member, 1, "zhou")]
        with pytest.raises(Fault) as caught:
            chain.desk.acknowledge(chain.hq, alert, "")
        assert caught.value.code is FaultCode.API_NOT_FOUND
        chain.box.sells(ann)
        chain.send()
        assert chain.alerts() == [("own_card", ann.member, 2, "")], "open again, there is more"

    def test_one_member_on_many_sales_of_a_clerk(self, chain: Chain) -> None:
        ann = chain.member()
        chain.box.operator = chain.li
        for _ in range(4):
            assert chain.alerts() == []
            chain.box.wall_ms += 15 * 60_000
            chain.box.sells(ann)
            chain.send()
        assert chain.alerts() == [("harvest", ann.member, 4, "")]

    def test_who_may_judge(self, chain: Chain) -> None:
        ann = chain.member()
        chain.send()
        auditor = HqIdentity(chain.tenant, fresh_id(), "zhao", "赵", "auditor")
        alert = Alert(chain.wang, ann.member, DAY, "own_card", (), 0, 0)
        for who, operator, member, code in (
            (auditor, chain.wang, ann.member, FaultCode.LEDGER_ROLE),
            (chain.hq, fresh_id(), None, FaultCode.API_NOT_FOUND),
            (chain.hq, chain.wang, fresh_id(), FaultCode.SALE_MEMBER_UNKNOWN),
        ):
            with pytest.raises(Fault) as caught:
                chain.desk.link(who, operator, member)
            assert caught.value.code is code
        with pytest.raises(Fault) as caught:
            chain.desk.acknowledge(auditor, alert, "")
        assert caught.value.code is FaultCode.LEDGER_ROLE
