"""What every store of the cloud promises about faces: FaceRepo, and the plan that fills it."""

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from cloud_broker.domain.records import record_of
from cloud_broker.ports.phones import WithdrawnConsent
from cloud_broker.ports.restores import Restore
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.faces.faces import FaceOffice, FilingLines, Leave
from cloud_broker.services.fleet.alert_watch import AlertWatch, Watches
from cloud_broker.services.fleet.filing_watch import COUNT_EVERY_MS, FilingWatch
from cloud_broker.services.goods.office import STOCK, announce_stock
from cloud_broker.services.line.frames import Inbound
from retail_core.errors import Fault
from retail_core.identity.erasure import (
    Receipt,
    SignedReceipt,
    open_receipt,
    pseudonym,
    sign_receipt,
)
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ConsentGiven, FaceErased, FaceHeld
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

Restored = Callable[[Units, UUID], None]
EPOCH = 1_785_000_000_000
LEAVE = Leave("PIA-7", "door", "周律师", "2026-07-01")
SEED = bytes(range(32))


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    return new_box(any_units, tenant)


@pytest.fixture
def restored(request: pytest.FixtureRequest) -> Restored:
    """Begin a restore, as only the owner's role does."""

    def begin(units: Units, tenant: UUID) -> None:
        if hasattr(units, "states"):
            with units.begin(tenant) as unit:
                unit.restores.begin(Restore(EPOCH, WALL_MS, WALL_MS))
            return
        database: Database = request.getfixturevalue("shared_database")
        with psycopg.connect(database.super_dsn) as connection:
            connection.execute(
                "insert into cloud_restore values (%s, %s, now(), now())", (tenant, EPOCH)
            )

    return begin


def book(units: Units, box: SimBox, first: int = 1) -> None:
    clock = FakeCloudClock()
    Ingest(units, clock, FaultTally()).book(
        [Inbound(box.topic(), box.frame(first), clock.now_ms())]
    )


def agrees(
    box: SimBox, person: Person, *, given: bool = True, kind: str = "face.local", age: str = "14+"
) -> None:
    said = ConsentGiven(kind, "2026-2", bytes(32), "zh", "till", given=given, age=age)
    box.journal(EventType.CONSENT_GIVEN, encode_body(said), person.member)


def holds(box: SimBox, person: Person, count: int = 3) -> None:
    box.journal(EventType.FACE_HELD, encode_body(FaceHeld(count, "m@1")), person.member)


def erases(box: SimBox, person: Person, device: UUID | None = None) -> SignedReceipt:
    receipt = Receipt(
        v=1,
        receipt_id=str(fresh_id()),
        tenant=str(box.tenant),
        store=str(box.store),
        device=str(device or box.device),
        member=pseudonym(box.tenant, person.member),
        templates=(str(fresh_id()),),
        cause="withdrawn",
        erased_ms=box.wall_ms + 1_000,
        time_quality=2,
        scrubbed=True,
    )
    signed = sign_receipt(receipt, SEED)
    body = FaceErased(signed.content, signed.signature, signed.public_key)
    box.journal(EventType.FACE_ERASED, encode_body(body), person.member)
    return signed


def office(units: Units) -> FaceOffice:
    clock = FakeCloudClock()
    return FaceOffice(units, clock, FakeCloudIdSource(clock), FakeKeyRing())


def persons(units: Units, tenant: UUID) -> list[tuple[int, int, int]]:
    counted = office(units).counts(tenant)
    return [(one.persons.persons, one.persons.templates, one.persons.stores) for one in counted]


def refused(units: Units, box: SimBox) -> list[str]:
    with units.begin(box.tenant) as unit:
        found = unit.repair.refused([UUID(bytes=event.event_id) for event in box.events])
    return sorted(found.values())


class TestFaceRepo:
    def test_one_person_in_two_stores_counts_once(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        other, li, wang = new_box(any_units, tenant, "成都店"), Person(), Person()
        for person in (li, wang):
            box.enrols(person)
            agrees(box, person)
            holds(box, person)
        book(any_units, box)
        agrees(other, li)
        holds(other, li, 2)
        book(any_units, other)
        assert persons(any_units, tenant) == [(2, 8, 2)]

    def test_hq_is_told_by_itself_near_the_duty_to_file_when_it_is_due_and_when_not_any_more(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        clock = FakeCloudClock()
        filing = FilingWatch(FilingLines(warning=1, alert=2))
        ids = FakeCloudIdSource(clock)
        watch = AlertWatch(any_units, clock, ids, (), Watches(filing))
        people = (Person(), Person())

        def standing() -> list[tuple[str, str, str]]:
            for _ in range(3):
                clock.advance(COUNT_EVERY_MS)
                watch.run(tenant)
            with any_units.begin(tenant) as unit:
                rows = unit.alerts.alerts(limit=9)
            return [
                (row.trouble.code, row.trouble.severity, row.trouble.fields["count"])
                for row in rows
                if row.cleared_ms is None and row.store is None
            ]

        assert standing() == []
        for number, person in enumerate(people):
            box.enrols(person)
            agrees(box, person)
            holds(box, person)
            book(any_units, box, first=len(box.events) - 2)
            told = (FaultCode.FACE_COUNT_WARNING, FaultCode.FACE_COUNT_ALERT)[number]
            assert standing() == [(told.value, "hinders", str(number + 1))]
        first = len(box.events) + 1
        for person in people:
            erases(box, person)
        book(any_units, box, first)
        assert standing() == []

    def test_a_face_without_a_standing_consent_waits_for_a_person(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        holds(box, person)
        agrees(box, person)
        agrees(box, person, given=False)
        holds(box, person)
        book(any_units, box)
        assert persons(any_units, tenant) == [(0, 0, 0)]
        assert refused(any_units, box) == [FaultCode.FACE_CONSENT_MISSING.value] * 2

    def test_a_receipt_ends_the_holding_and_is_kept(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        agrees(box, person)
        holds(box, person)
        signed = erases(box, person)
        book(any_units, box)
        assert persons(any_units, tenant) == [(0, 0, 0)]
        with any_units.begin(tenant) as unit:
            ((content, signature, key),) = unit.faces.receipts(person.member)
        assert open_receipt(SignedReceipt(content, signature, key)) == open_receipt(signed)

    def test_a_forged_receipt_ends_nothing(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        agrees(box, person)
        holds(box, person)
        erases(box, person, fresh_id())
        bad = FaceErased(b"{}", bytes(64), bytes(32))
        box.journal(EventType.FACE_ERASED, encode_body(bad), person.member)
        book(any_units, box)
        assert persons(any_units, tenant) == [(1, 3, 1)]
        assert refused(any_units, box) == [FaultCode.RECEIPT_INVALID.value] * 2

    def test_a_consent_of_no_known_kind_is_refused(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        said = ConsentGiven("face.everything", "1", bytes(32), "zh", "till")
        box.journal(EventType.CONSENT_GIVEN, encode_body(said), person.member)
        book(any_units, box)
        assert refused(any_units, box) == [FaultCode.WIRE_MALFORMED.value]

    def test_a_withdrawal_anywhere_is_told_to_her_stores(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        agrees(box, person)
        book(any_units, box)
        with any_units.begin(tenant) as unit:
            assert unit.members.facts([person.member])[0].withdrawn_ms == 0
        office(any_units).withdraw(tenant, person.member, who="hq")
        office(any_units).withdraw(tenant, person.member, who="hq")
        with any_units.begin(tenant) as unit:
            assert unit.members.facts([person.member])[0].withdrawn_ms > 0
            assert unit.faces.consenting([person.member]) == set()
            rows = unit.feed.since(box.store, 0, 99)
        assert [row.change.kind for row in rows] == ["member", "member"]
        with pytest.raises(Fault, match="A108"):
            office(any_units).withdraw(tenant, fresh_id(), who="hq")

    def test_walking_up_is_taken_back_on_its_own_and_told_to_her_stores(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        person = Person()
        box.enrols(person)
        for kind in ("face.local", "face.walk_up"):
            agrees(box, person, kind=kind)
        book(any_units, box)
        with any_units.begin(tenant) as unit:
            (facts,) = unit.members.facts([person.member])
        assert (facts.withdrawn_ms, facts.walk_up_withdrawn_ms) == (0, 0)
        held = len(box.events) + 1
        box.wall_ms += 5_000
        agrees(box, person, given=False, kind="face.walk_up")
        book(any_units, box, held)
        with any_units.begin(tenant) as unit:
            (facts,) = unit.members.facts([person.member])
            assert unit.faces.consenting([person.member]) == {person.member}
        assert facts.withdrawn_ms == 0
        assert facts.walk_up_withdrawn_ms > 0
        assert record_of(facts).walk_up_withdrawn_ms == facts.walk_up_withdrawn_ms

    @pytest.mark.parametrize("age", ["14+", "under14"])
    def test_a_guardian_takes_it_back_on_the_phone(
        self, any_units: Units, tenant: UUID, box: SimBox, age: str
    ) -> None:
        person = Person()
        box.enrols(person)
        for kind in ("face.minor_guardian", "face.local"):
            agrees(box, person, kind=kind, age=age)
        book(any_units, box)
        with any_units.begin(tenant) as unit:
            (facts,) = unit.members.facts([person.member])
            assert facts.guardian_withdrawn_ms == 0
            unit.phones.withdraw_consent(
                WithdrawnConsent(
                    fresh_id(), person.member, "face.minor_guardian", "zh", "page", WALL_MS + 60_000
                )
            )
            (facts,) = unit.members.facts([person.member])
            alone = {person.member} if age == "14+" else set()
            assert unit.faces.consenting([person.member]) == alone
        assert facts.guardian_withdrawn_ms == WALL_MS + 60_000
        assert (facts.withdrawn_ms, facts.walk_up_withdrawn_ms) == (0, 0)
        assert record_of(facts).guardian_withdrawn_ms == facts.guardian_withdrawn_ms

    @pytest.mark.parametrize("kind", ["face.walk_up", "face.minor_guardian"])
    def test_what_was_said_in_a_shop_is_told_to_the_others(
        self, any_units: Units, tenant: UUID, box: SimBox, kind: str
    ) -> None:
        person = Person()
        box.enrols(person)
        agrees(box, person, kind=kind)
        book(any_units, box)
        held = len(box.events) + 1
        agrees(box, person, kind=kind, given=False)
        book(any_units, box, held)
        with any_units.begin(tenant) as unit:
            told = [row.change.kind for row in unit.feed.since(box.store, 0, 99)]
        assert told == ["member", "member"]

    def test_a_withdrawal_that_a_restore_lost_is_known_by_the_receipt(
        self, any_units: Units, tenant: UUID, box: SimBox, restored: Restored
    ) -> None:
        person, dark = Person(), new_box(any_units, tenant, "成都店")
        box.enrols(person)
        agrees(box, person)
        holds(box, person)
        book(any_units, box)
        agrees(dark, person)
        holds(dark, person)
        book(any_units, dark)
        with any_units.begin(tenant) as unit:
            unit.members.add_interests([(dark.store, person.member)], WALL_MS)
        restored(any_units, tenant)
        erases(box, person)
        book(any_units, box, len(box.events))
        with any_units.begin(tenant) as unit:
            assert unit.faces.consenting([person.member]) == set()
            assert unit.members.facts([person.member])[0].withdrawn_ms > 0
            told = [row.change.kind for row in unit.feed.since(dark.store, 0, 99)]
        assert told[-1] == "member"

    def test_who_agreed_again_since_is_not_withdrawn_by_a_late_receipt(
        self, any_units: Units, tenant: UUID, box: SimBox, restored: Restored
    ) -> None:
        person, later = Person(), new_box(any_units, tenant, "成都店")
        box.enrols(person)
        agrees(box, person)
        book(any_units, box)
        restored(any_units, tenant)
        later.wall_ms += 5_000
        agrees(later, person)
        book(any_units, later)
        erases(box, person)
        book(any_units, box, len(box.events))
        with any_units.begin(tenant) as unit:
            assert unit.faces.consenting([person.member]) == {person.member}

    def test_a_decision_after_a_restore_is_above_what_boxes_may_hold(
        self, any_units: Units, tenant: UUID, box: SimBox, restored: Restored
    ) -> None:
        office(any_units).enable(tenant, "上海店", LEAVE, who="hq")
        restored(any_units, tenant)
        off = office(any_units).disable(tenant, str(box.store), who="hq")
        assert off.said.version >= EPOCH
        with any_units.begin(tenant) as unit:
            announce_stock(unit)
            stock = unit.catalogue.newest(STOCK)
        assert stock is not None
        assert stock.version >= EPOCH
