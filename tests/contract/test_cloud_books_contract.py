"""What every store of the cloud promises: JournalRepo, MemberRepo, CatalogueRepo."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.ingest_effects import Facts, FirstUse, Plan
from cloud_broker.domain.ingest_plan import open_bodies, plan
from cloud_broker.domain.records import accounts_of, record_of
from cloud_broker.domain.rule_uses import Use
from cloud_broker.ports.catalogue import Announcement, Document, Revision
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.services.booking.batch_tables import write
from retail_core.catalog.article import Article
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import Purchase
from retail_core.wire.messages import ProofUsed
from retail_core.wire.standing import RuleUse
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    return new_box(any_units, tenant)


def arrivals(units: Units, box: SimBox, first: int = 1) -> list[Arrival]:
    with units.begin(box.tenant) as unit:
        place = unit.fleet.places([box.device])[box.device]
    return [
        Arrival(place, box.epoch, seq, event, box.hashes[seq], box.hashes[seq - 1], WALL_MS + seq)
        for seq, event in enumerate(box.events[first - 1 :], start=first)
    ]


def booked(units: Units, box: SimBox, first: int = 1, facts: Facts | None = None) -> Plan:
    opened, _ = open_bodies(arrivals(units, box, first))
    made = plan(opened, facts or Facts())
    with units.begin(box.tenant) as unit:
        write(unit, made, WALL_MS)
    return made


class TestJournalRepo:
    def test_a_key_is_new_once(self, any_units: Units, tenant: UUID) -> None:
        with any_units.begin(tenant) as unit:
            assert unit.journal.claim_keys("box", [b"a", b"b"]) == {b"a", b"b"}
            assert unit.journal.claim_keys("box", [b"b", b"c"]) == {b"c"}
            assert unit.journal.claim_keys("web", [b"a"]) == {b"a"}

    def test_chains_come_back_as_they_were_saved(self, any_units: Units, tenant: UUID) -> None:
        key, other = (fresh_id(), 7), (fresh_id(), 1)
        chain = DeviceChain(((1, 3), (5, 1_000)), {0: bytes(32), 4: b"x" * 32}, 2)
        with any_units.begin(tenant) as unit:
            assert unit.journal.chains([key, other]) == {key: DeviceChain(), other: DeviceChain()}
            unit.journal.save_chains({key: chain}, WALL_MS)
        with any_units.begin(tenant) as unit:
            assert unit.journal.chains([key])[key] == chain
            assert unit.journal.committed(key) == chain
            assert unit.journal.committed((fresh_id(), 1)) == DeviceChain()
            assert unit.journal.committed_of([key, (fresh_id(), 1)]) == {key: chain}
            assert unit.journal.committed_of([]) == {}

    def test_sales_are_booked_once(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        box.sells(person)
        box.sells(fen=0)
        made = booked(any_units, box)
        with any_units.begin(box.tenant) as unit:
            ids = [sale.receipt_id for sale in made.sales]
            assert unit.journal.known_receipts([*ids, fresh_id()]) == set(ids)
            lines = unit.journal.ledger(box.store)
            assert [(line.total_fen, line.points, line.member) for line in lines] == [
                (5_900, 59, person.member),
                (0, 0, None),
            ]
            assert unit.journal.ledger(fresh_id()) == ()
        with pytest.raises(StoreRefusedError), any_units.begin(box.tenant) as unit:
            unit.journal.add_sales(made.sales)

    def test_balances_move(self, any_units: Units, tenant: UUID) -> None:
        with any_units.begin(tenant) as unit:
            unit.journal.move_balances({"a": 5, "b": -5}, WALL_MS)
            unit.journal.move_balances({"a": -7}, WALL_MS)
            unit.journal.move_balances({}, WALL_MS)
            assert unit.journal.balances(["a", "b", "c"]) == {"a": -2, "b": -5}

    def test_printed_receipts_are_known_by_what_is_printed(
        self, any_units: Units, box: SimBox
    ) -> None:
        box.sells(source="tap", till_receipt_no="0001")
        box.sells(source="api", till_receipt_no="0002")
        booked(any_units, box)
        day = date(2026, 11, 18)
        tapped, by_api = (box.store, box.till, day, "0001"), (box.store, box.till, day, "0002")
        with any_units.begin(box.tenant) as unit:
            assert unit.journal.known_taps([tapped, by_api]) == {tapped}
            assert unit.journal.known_taps([(box.store, None, day, "0001")]) == set()
            assert unit.journal.known_taps([]) == set()

    def test_what_no_column_takes_is_refused(self, any_units: Units, box: SimBox) -> None:
        box.sells()
        (arrival,) = arrivals(any_units, box)
        odd = msgspec.structs.replace(arrival.event, time_quality=1 << 40)
        bad = replace(arrival, event=odd)
        with pytest.raises(StoreRefusedError), any_units.begin(box.tenant) as unit:
            unit.journal.add_events([bad])


class TestMemberRepo:
    def test_a_new_member_with_everything_about_her(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        box.consents(person)
        booked(any_units, box)
        with any_units.begin(box.tenant) as unit:
            members = unit.members
            assert members.wallets([person.member, fresh_id()]) == {person.member: person.wallet}
            assert members.wallet_owners([person.wallet]) == {person.wallet: person.member}
            assert members.identities([("phone", person.phone_hash), ("card", b"x")]) == {
                ("phone", person.phone_hash): person.member
            }
            assert members.find("phone", person.phone_hash) == person.member
            assert members.find("phone", b"x") is None
            (facts,) = members.facts([person.member, fresh_id()])
            assert (facts.ver, facts.name, facts.tags) == (0, "王芳", ("敏感肌",))
            assert (facts.receipts, facts.last_lines) == ((), ())
            assert members.stores_of([person.member]) == {person.member: (box.store,)}

    def test_facts_follow_what_she_does(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        booked(any_units, box)
        known = Facts(wallets={person.member: person.wallet})
        box.issues_card(person)
        for n in range(25):
            box.sells(person, fen=1_000 + n)
        made = booked(any_units, box, 2, known)
        uid_hash = sha256(b"\x04card").digest()
        with any_units.begin(box.tenant) as unit:
            unit.members.bump([person.member, fresh_id()])
            (facts,) = unit.members.facts([person.member])
            assert facts.ver == 1
            assert facts.cards == (uid_hash,)
            assert unit.members.find("card", uid_hash) == person.member
            assert facts.balances[accounts_of(person.wallet)[0]] == 25 * 59
            newest_first = [sale.receipt_id for sale in reversed(made.sales)]
            assert [one.receipt_id for one in facts.receipts] == newest_first[:20]
            assert record_of(facts).last_store_name == facts.receipts[0].store_name != ""
            assert facts.last_lines == (
                Purchase("A1", "洗面奶", 1_000),
                Purchase("", "购物袋", 1_000),
            )

    def test_limited_rules_are_counted_by_day(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        booked(any_units, box)
        known = Facts(wallets={person.member: person.wallet})
        box.sells(person, uses=(("sun1", 2), ("tea", 1)), business_date=20261117)
        box.sells(person, uses=(("sun1", 1),))
        box.sells(person, uses=(("sun1", 1),))
        box.sells(uses=(("sun1", 9),))
        booked(any_units, box, 2, known)
        with any_units.begin(box.tenant) as unit:
            (facts,) = unit.members.facts([person.member])
        record = record_of(facts)
        assert record.used_on == 20261118
        assert record.used == (RuleUse("sun1", 4, 2), RuleUse("tea", 1))

    def test_what_was_taken_back_was_never_used_in_whatever_order(
        self, any_units: Units, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        booked(any_units, box)
        use, day = Use(person.member, "sun1", date(2026, 11, 18)), date(2026, 11, 17)
        with any_units.begin(box.tenant) as unit:
            unit.journal.count_uses({use: -2, use._replace(day=day): 1})
            (before,) = unit.members.facts([person.member])
            unit.journal.count_uses({use: 2})
            unit.journal.count_uses({})
        with any_units.begin(box.tenant) as unit:
            (after,) = unit.members.facts([person.member])
        for facts in (before, after):
            assert (facts.told.used, facts.told.used_on) == ((RuleUse("sun1", 1, 1),), 20261117)

    def test_identities_and_cards_keep_their_first_owner(
        self, any_units: Units, box: SimBox
    ) -> None:
        one, two = Person(), Person()
        box.enrols(one)
        booked(any_units, box)
        box.enrols(two)
        booked(any_units, box, 2)
        with any_units.begin(box.tenant) as unit:
            assert unit.members.find("phone", one.phone_hash) == one.member
            unit.members.add_identities({("card", b"c"): two.member}, WALL_MS)
            unit.members.add_identities({("card", b"c"): one.member}, WALL_MS)
            unit.members.add_identities({}, WALL_MS)
            assert unit.members.identities([("card", b"c")]) == {("card", b"c"): two.member}

    def test_a_claim_is_used_once(self, any_units: Units, box: SimBox) -> None:
        person = Person()
        box.enrols(person)
        booked(any_units, box)
        hashed = sha256(person.claim_code.encode()).digest()
        with any_units.begin(box.tenant) as unit:
            claim = unit.members.claim(hashed)
            assert claim is not None
            assert (claim.member, claim.used) == (person.member, False)
            assert unit.members.add_phone_key(person.member, b"k" * 8, b"p" * 32, WALL_MS)
            assert not unit.members.add_phone_key(person.member, b"k" * 8, b"q" * 32, WALL_MS)
            unit.members.use_claim(hashed, WALL_MS)
        with any_units.begin(box.tenant) as unit:
            claim = unit.members.claim(hashed)
            assert claim is not None
            assert claim.used
            assert unit.members.claim(bytes(32)) is None
            assert unit.members.find("phone_key", b"k" * 8) == person.member
            (facts,) = unit.members.facts([person.member])
            assert facts.phone_keys == ((b"k" * 8, b"p" * 32),)
            assert facts.digit_secret == b""
            unit.members.set_digit_secret(person.member, b"s" * 20, WALL_MS)
            unit.members.set_digit_secret(person.member, b"t" * 20, WALL_MS)
            (facts,) = unit.members.facts([person.member])
            assert record_of(facts).digit_secret == b"t" * 20

    def test_the_first_use_of_a_proof_stands(self, any_units: Units, tenant: UUID) -> None:
        person, boxes = Person(), [new_box(any_units, tenant, name) for name in ("甲店", "乙店")]
        found = []
        for box in boxes:
            box.proves(person, b"code")
            opened, _ = open_bodies(arrivals(any_units, box))
            uses = [(one, body) for one, body in opened if isinstance(body, ProofUsed)]
            with any_units.begin(box.tenant) as unit:
                found.append(unit.journal.claim_proofs(uses))
        first = UUID(bytes=boxes[0].events[0].event_id)
        proof = sha256(b"code").digest()
        assert found == [{proof: FirstUse(first, boxes[0].store)}] * 2

    def test_interests_are_kept_once(self, any_units: Units, box: SimBox) -> None:
        member, other = fresh_id(), new_box(any_units, box.tenant, "成都店")
        pairs = {(box.store, member), (other.store, member)}
        with any_units.begin(box.tenant) as unit:
            unit.members.add_interests(pairs, WALL_MS)
            unit.members.add_interests(pairs, WALL_MS)
            unit.members.add_interests((), WALL_MS)
            assert unit.members.stores_of([member]) == {
                member: tuple(sorted((box.store, other.store)))
            }


def article(sku: str, price_fen: int, article_id: UUID | None = None) -> Article:
    return Article(
        article_id or fresh_id(),
        sku,
        f"品{sku}",
        "瓶",
        price_fen,
        ("690", "691"),
        100,
        "甲",
        "护肤",
        frozenset({"敏感肌", "新"}),
    )


class TestCatalogueRepo:
    def put(self, units: Units, tenant: UUID, revisions: Sequence[Revision]) -> None:
        with units.begin(tenant) as unit:
            fresh = {
                one.article.sku: one.article.article_id
                for one in revisions
                if one.article.sku not in unit.catalogue.article_ids([one.article.sku])
            }
            unit.catalogue.add_articles(fresh, WALL_MS)
            unit.catalogue.add_revisions(revisions, WALL_MS)

    def test_a_price_counts_from_its_day(self, any_units: Units, tenant: UUID) -> None:
        today, later = date(2026, 11, 22), date(2026, 12, 1)
        old = article("A1", 5_900)
        new, other = article("A1", 4_900, old.article_id), article("A2", 100)
        self.put(any_units, tenant, [Revision(old, today), Revision(other, today)])
        self.put(any_units, tenant, [Revision(new, later)])
        with any_units.begin(tenant) as unit:
            catalogue = unit.catalogue
            assert set(catalogue.effective(today)) == {old, other}
            assert set(catalogue.effective(later)) == {new, other}
            assert catalogue.effective(date(2026, 11, 1)) == ()
            assert catalogue.latest_by_sku() == {
                "A1": Revision(new, later),
                "A2": Revision(other, today),
            }
            assert catalogue.next_due(today) == later
            assert catalogue.next_due(later) is None
            assert catalogue.article_ids(["A1", "no"]) == {"A1": old.article_id}

    def test_a_correction_of_the_same_day_wins(self, any_units: Units, tenant: UUID) -> None:
        today = date(2026, 11, 22)
        wrong = article("A1", 5_900)
        right = article("A1", 6_900, wrong.article_id)
        self.put(any_units, tenant, [Revision(wrong, today)])
        self.put(any_units, tenant, [Revision(right, today)])
        with any_units.begin(tenant) as unit:
            assert unit.catalogue.effective(today) == (right,)

    def test_documents_wait_to_be_announced(self, any_units: Units, tenant: UUID) -> None:
        today = date(2026, 11, 22)
        goods = Document("catalogue", 1, sha256(b"goods").digest(), b"goods")
        rules = Document("bundle", 4, sha256(b"rules").digest(), b"rules")
        with any_units.begin(tenant) as unit:
            catalogue = unit.catalogue
            assert catalogue.newest("catalogue") is None
            assert catalogue.effective_on() is None
            catalogue.add_catalogue(goods, today, 0, "li")
            catalogue.add_bundle(rules, b"{}", "li")
            waiting = catalogue.unannounced()
            assert set(waiting) == {
                Announcement("catalogue", 1, goods.sha256, 5),
                Announcement("bundle", 4, rules.sha256, 5),
            }
            assert catalogue.newest("bundle") == Announcement("bundle", 4, rules.sha256, 5)
            assert catalogue.content("catalogue", 1) == b"goods"
            assert catalogue.content("bundle", 4) == b"rules"
            assert catalogue.content("bundle", 1) is None
            assert catalogue.effective_on() == today
            catalogue.announced(waiting[:1], WALL_MS)
            assert catalogue.unannounced() == waiting[1:]
            catalogue.announced(waiting[1:], WALL_MS)
            catalogue.announce_again("bundle", 4)
            assert catalogue.unannounced() == (Announcement("bundle", 4, rules.sha256, 5),)

    def test_a_bundle_must_be_newer(self, any_units: Units, tenant: UUID) -> None:
        rules = Document("bundle", 4, bytes(32), b"rules")
        with any_units.begin(tenant) as unit:
            unit.catalogue.add_bundle(rules, b"{}", "li")
        with pytest.raises(Fault) as caught, any_units.begin(tenant) as unit:
            unit.catalogue.add_bundle(rules, b"{}", "li")
        assert caught.value.code is FaultCode.OFFER_INVALID

    def test_models_are_offered_with_their_weights(self, any_units: Units, tenant: UUID) -> None:
        weights = {sha256(net).hexdigest(): net for net in (b"first net", b"second net")}
        first, second = weights
        signed = Document("models", 7, sha256(b"signed").digest(), b"signed")
        with any_units.begin(tenant) as unit:
            catalogue = unit.catalogue
            catalogue.add_models(signed, {first: weights[first]}, "li")
            assert catalogue.newest("models") == Announcement("models", 7, signed.sha256, 6)
            assert catalogue.unannounced() == (Announcement("models", 7, signed.sha256, 6),)
            assert catalogue.content("models", 7) == b"signed"
            assert catalogue.model_files(weights) == {first}
            assert catalogue.model_file(first) == b"first net"
            assert catalogue.model_file(second) is None
            later = Document("models", 8, bytes(32), b"again")
            catalogue.add_models(later, weights, "li")
            assert catalogue.model_files(weights) == set(weights)
        with pytest.raises(Fault) as caught, any_units.begin(tenant) as unit:
            unit.catalogue.add_models(signed, {}, "li")
        assert caught.value.code is FaultCode.MODEL_VERSION_TAKEN

    def test_names_are_reviewed_until_they_are_mapped(self, any_units: Units, tenant: UUID) -> None:
        with any_units.begin(tenant) as unit:
            unit.catalogue.review_names({"散称苹果": 2}, WALL_MS)
            unit.catalogue.map_name("散称苹果", "A1", "li", WALL_MS)
            unit.catalogue.map_name("散称苹果", "A2", "li", WALL_MS)
            unit.catalogue.review_names({"散称苹果": 1, "其他": 1}, WALL_MS)
            unit.catalogue.review_names({}, WALL_MS)
            assert unit.catalogue.name_map() == {"散称苹果": "A2"}
