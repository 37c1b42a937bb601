"""How long the cloud keeps consents and receipts: `FaceRepo.forget_consents`, and who calls it.

Everything here happened ten years ago and more, whatever the machine's clock says: the tables let
nothing younger than three years go.
"""

from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.faces import Forgotten
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.faces.consent_keeping import ConsentKeeping
from cloud_broker.services.line.frames import Inbound
from retail_core.identity.face_lease import CONSENT_KEPT_DAYS, DAY_MS
from retail_core.tally import FaultTally
from tests.contract.test_cloud_faces_contract import agrees, erases, holds
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

LONG_AGO_MS = WALL_MS - 20 * 365 * DAY_MS
KEPT_MS = CONSENT_KEPT_DAYS * DAY_MS


@dataclass
class Books:
    """One box whose events arrive on days, counted from long ago."""

    units: Units
    box: SimBox
    told: int = 0

    def arrive(self, day: int) -> None:
        inbound = Inbound(
            self.box.topic(), self.box.frame(self.told + 1), LONG_AGO_MS + day * DAY_MS
        )
        clock = FakeCloudClock(inbound.received_ms)
        Ingest(self.units, clock, FaultTally()).book([inbound])
        self.told = len(self.box.events)

    def forget(self, day: int, after: UUID | None = None, page: int = 100) -> Forgotten:
        with self.units.begin(self.box.tenant) as unit:
            return unit.faces.forget_consents(LONG_AGO_MS + day * DAY_MS, after, page)

    def given(self, person: Person, kind: str = "face.local") -> bool | None:
        with self.units.begin(self.box.tenant) as unit:
            return unit.phones.consent_given(person.member, kind)


@pytest.fixture
def books(any_units: Units) -> Books:
    return Books(any_units, new_box(any_units, new_tenant(any_units)))


def test_a_withdrawn_consent_and_its_receipt_go_together(books: Books) -> None:
    person, box = Person(), books.box
    box.enrols(person)
    box.consents(person)
    agrees(box, person)
    holds(box, person)
    books.arrive(0)
    agrees(box, person, given=False)
    erases(box, person)
    books.arrive(10)
    assert books.forget(9).words == 0
    assert books.given(person) is False
    assert books.forget(10).words == 2
    assert books.given(person) is None
    assert books.given(person, "membership") is True
    with books.units.begin(box.tenant) as unit:
        assert len(unit.faces.receipts(person.member)) == 1, "the membership is still on record"


def test_the_last_words_receipts_go_with_it(books: Books) -> None:
    person, box = Person(), books.box
    agrees(box, person)
    holds(box, person)
    books.arrive(0)
    erases(box, person)
    books.arrive(30)
    assert books.forget(29) == Forgotten(person.member, 0, 0), "it was erased on the thirtieth day"
    assert books.forget(30) == Forgotten(person.member, 1, 1)
    with books.units.begin(box.tenant) as unit:
        assert unit.faces.receipts(person.member) == ()
    assert books.forget(30) == Forgotten(None, 0, 0)


def test_what_carries_something_is_kept(books: Books) -> None:
    held, again, box = Person(), Person(), books.box
    for person in (held, again):
        box.enrols(person)
        box.consents(person)
        agrees(box, person)
    holds(box, held)
    books.arrive(0)
    agrees(box, again, given=False)
    books.arrive(1)
    agrees(box, again)
    books.arrive(400)
    assert books.forget(399).words == 1, "her first yes, which ended at her no"
    assert books.given(again) is True
    assert books.forget(400).words == 2, "no template rests on her last yes"
    assert (books.given(held), books.given(held, "membership")) == (True, True)


def test_it_goes_page_by_page(books: Books) -> None:
    people = sorted((Person() for _ in range(3)), key=lambda one: one.member)
    for person in people:
        agrees(books.box, person)
    books.arrive(0)
    first = books.forget(1, page=2)
    assert first == Forgotten(people[1].member, 2, 0)
    assert books.forget(1, after=first.last, page=2) == Forgotten(people[2].member, 1, 0)


def test_the_keeper_makes_a_pass_a_day(books: Books) -> None:
    person, tenant = Person(), books.box.tenant
    agrees(books.box, person)
    books.arrive(0)
    clock = FakeCloudClock(LONG_AGO_MS + KEPT_MS - 1)
    keeper = ConsentKeeping(books.units, clock)
    assert keeper.run(tenant) == 0
    clock.advance(1)
    assert keeper.run(tenant) == 0, "it rests for a day"
    assert books.given(person) is True
    clock.advance(DAY_MS)
    assert keeper.run(tenant) > 0
    assert keeper.run(tenant) == 0
    assert books.given(person) is None


def test_nobody_forgets_before_three_years_have_gone_by(
    shared_pg_units: PostgresUnits, shared_database: Database
) -> None:
    books = Books(shared_pg_units, new_box(shared_pg_units, new_tenant(shared_pg_units)))
    person, tenant = Person(), books.box.tenant
    agrees(books.box, person)
    books.arrive(365 * 60)
    assert books.forget(365 * 100).words == 0, "the tables ask their own clock"
    assert books.given(person) is True
    for login in (shared_database.url.replace("+psycopg", ""), shared_database.super_dsn):
        with psycopg.connect(login) as connection:
            connection.execute("select set_config('app.tenant', %s, false)", (str(tenant),))
            connection.execute("select set_config('app.forgetting', 'on', false)")
            with pytest.raises(psycopg.Error) as caught:
                connection.execute("delete from consent where tenant_id = %s", (tenant,))
            connection.rollback()
        assert caught.value.sqlstate in {"42501", "23001"}


def test_what_went_is_on_record(shared_pg_units: PostgresUnits, shared_database: Database) -> None:
    books = Books(shared_pg_units, new_box(shared_pg_units, new_tenant(shared_pg_units)))
    tenant = books.box.tenant
    agrees(books.box, Person())
    books.arrive(0)
    ConsentKeeping(books.units, FakeCloudClock(LONG_AGO_MS + KEPT_MS)).run(tenant)
    with psycopg.connect(shared_database.super_dsn) as connection:
        noted = connection.execute(
            "select actor, action, detail from audit where tenant_id = %s", (tenant,)
        ).fetchall()
    assert noted == [("retention", "consent.forget", {"words": 1, "receipts": 0})]
