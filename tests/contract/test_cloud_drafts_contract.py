"""What every `DraftRepo` owes: nothing written is lost, and past sales come as they were."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest

from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.drafts import Draft, Published, RuleJob, RuleOrder
from cloud_broker.ports.effects import DocumentSeen
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

DAY = date(2026, 8, 1)
LATER = WALL_MS + 60_000


def draft_of(**changes: object) -> Draft:
    made = Draft(fresh_id(), "秋季", 3, 1, "open", "ada", WALL_MS, "ada", WALL_MS)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


def job_of(draft: Draft, **changes: object) -> RuleJob:
    made = RuleJob(
        *(fresh_id(), "replay", draft.draft, 1, 3, DAY, DAY, "waiting", "ada", WALL_MS),
        changed_ms=WALL_MS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # same


def order_of(**changes: object) -> RuleOrder:
    made = RuleOrder(
        *(fresh_id(), "stage", None, 1, ("甲店", "乙店"), (), 3, 2, "waiting", "ada", "试"), WALL_MS
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # same


def test_a_draft_keeps_every_edit(any_units: Units) -> None:
    tenant, draft = new_tenant(any_units), draft_of()
    with any_units.begin(tenant) as unit:
        unit.drafts.add(draft, '{"version": 1}')
        assert unit.drafts.draft(draft.draft, locked=True) == draft
    later = replace(draft, name="冬季", edit=2, changed_by="eve", changed_ms=LATER)
    with any_units.begin(tenant) as unit:
        unit.drafts.save(later, "{")
    over = replace(later, state="dropped", changed_ms=LATER + 1)
    with any_units.begin(tenant) as unit:
        unit.drafts.save(over, None)
    with any_units.begin(tenant) as unit:
        assert unit.drafts.draft(draft.draft) == over
        first, second = (unit.drafts.edit(draft.draft, edit) for edit in (1, 2))
        assert first is not None
        assert second is not None
        assert (first.content, first.said_by, first.said_ms) == ('{"version": 1}', "ada", WALL_MS)
        assert (second.content, second.said_by, second.said_ms) == ("{", "eve", LATER)
        assert unit.drafts.edits(draft.draft, 9) == (
            replace(second, content=""),
            replace(first, content=""),
        )
        assert len(unit.drafts.edits(draft.draft, 1)) == 1
        assert unit.drafts.edit(draft.draft, 3) is None
        assert unit.drafts.draft(fresh_id()) is None


def test_drafts_come_with_the_last_changed_first_and_are_a_tenants_own(any_units: Units) -> None:
    tenant, other = new_tenant(any_units), new_tenant(any_units)
    old, new = draft_of(), draft_of(changed_ms=LATER)
    with any_units.begin(tenant) as unit:
        for one in (old, new):
            unit.drafts.add(one, "{}")
        assert unit.drafts.drafts(9) == (new, old)
        assert unit.drafts.drafts(1) == (new,)
    with any_units.begin(other) as unit:
        assert unit.drafts.drafts(9) == ()
        assert unit.drafts.draft(old.draft) is None


def test_a_publication_waits_and_is_decided(any_units: Units) -> None:
    tenant, order = new_tenant(any_units), order_of()
    with any_units.begin(tenant) as unit:
        unit.drafts.add_order(order, '{"version": 4}')
        unit.drafts.add_order(newer := order_of(made_ms=LATER, regions=("华东",), stores=()), "{}")
        assert unit.drafts.order(order.order) == (order, '{"version": 4}')
        assert unit.drafts.orders(9) == (newer, order)
        assert unit.drafts.orders(1) == (newer,)
    done = replace(order, state="published", second="eve", version=4, decided_ms=LATER)
    with any_units.begin(tenant) as unit:
        unit.drafts.decide(done)
    with any_units.begin(tenant) as unit:
        assert unit.drafts.order(order.order) == (done, '{"version": 4}')
        assert unit.drafts.order(fresh_id()) is None


def test_a_work_is_taken_up_where_it_was_left(any_units: Units) -> None:
    tenant, draft = new_tenant(any_units), draft_of()
    first, second = job_of(draft), job_of(draft, kind="lint", asked_ms=LATER)
    with any_units.begin(tenant) as unit:
        unit.drafts.add(draft, "{}")
        assert unit.drafts.next_job() is None
        for one in (second, first):
            unit.drafts.add_job(one)
        assert unit.drafts.next_job() == first
        assert unit.drafts.jobs(draft.draft, 9) == (second, first)
        assert unit.drafts.jobs(draft.draft, 1) == (second,)
    going = replace(
        first, state="running", total=9, done=4, reached=(fresh_id(), DAY), changed_ms=LATER
    )
    with any_units.begin(tenant) as unit:
        unit.drafts.keep_job(going, b"half")
    with any_units.begin(tenant) as unit:
        assert unit.drafts.next_job() == going
        assert unit.drafts.result(first.job) == b"half"
        over = replace(going, state="failed", reason="P198")
        unit.drafts.keep_job(over)
        assert unit.drafts.job(first.job, locked=True) == over
        assert unit.drafts.result(first.job) == b"half"
        assert unit.drafts.next_job() == second
        assert unit.drafts.job(fresh_id()) is None
        assert unit.drafts.result(fresh_id()) == b""


def test_versions_say_who_when_and_by_which_hash(any_units: Units) -> None:
    tenant = new_tenant(any_units)
    for version in (1, 2):
        signed = b"s" * 64 + b'{"version": %d}' % version
        with any_units.begin(tenant) as unit:
            unit.catalogue.add_bundle(
                Document("bundle", version, sha256(signed).digest(), signed), signed[64:], "ada"
            )
            unit.hq.audit(AuditEntry("ada", "bundle.publish", str(version), {}), WALL_MS)
    with any_units.begin(tenant) as unit:
        newest, first = unit.drafts.published(9)
        assert unit.drafts.published(1) == (newest,)
    assert isinstance(first, Published)
    assert (newest.version, first.version) == (2, 1)
    assert first.sha256 == sha256(b'{"version": 1}').digest()
    assert first.made_by == "ada"
    assert first.made_ms > 0


def test_what_boxes_sell_by_is_the_newest_they_said(any_units: Units) -> None:
    tenant = new_tenant(any_units)
    one, other = new_box(any_units, tenant), new_box(any_units, tenant, "乙店")
    with any_units.begin(tenant) as unit:
        said = ((one, 2), (one, 3), (one, 1), (other, 1))
        unit.effects.saw([DocumentSeen("bundle", v, b.device, WALL_MS) for b, v in said])
        unit.effects.saw([DocumentSeen("catalogue", 9, other.device, WALL_MS)])
    with any_units.begin(tenant) as unit:
        assert unit.drafts.held() == {one.device: 3, other.device: 1}


@pytest.fixture
def sold(any_units: Units) -> tuple[SimBox, SimBox, Person]:
    """Two shops that sold on two days, one of them to a member."""
    tenant = new_tenant(any_units)
    here, there = new_box(any_units, tenant, "甲店"), new_box(any_units, tenant, "乙店", "西南")
    person = Person(name="李敏")
    here.enrols(person)
    here.sells(person, fen=12_800, business_date=20260801)
    here.sells(None, fen=900, business_date=20260801)
    here.sells(None, fen=900, business_date=20260802)
    there.sells(None, fen=700, business_date=20260801)
    ingest = Ingest(any_units, FakeCloudClock(WALL_MS + 1_000), FaultTally())
    for box in (here, there):
        for seq in range(1, len(box.events) + 1):
            ingest.book([Inbound(box.topic(), box.frame(seq), WALL_MS + 1_000)])
    return here, there, person


def test_past_sales_come_a_stores_day_at_a_time(
    any_units: Units, sold: tuple[SimBox, SimBox, Person]
) -> None:
    here, there, person = sold
    with any_units.begin(here.tenant) as unit:
        drafts, next_day = unit.drafts, DAY + timedelta(1)
        assert drafts.receipts_between(DAY, next_day) == 4
        assert drafts.receipts_between(next_day, next_day) == 1
        assert drafts.sums(DAY, next_day) == Counter({12_800: 1, 900: 2, 700: 1})
        wanted = sorted([(here.store, DAY, 2), (here.store, next_day, 1), (there.store, DAY, 1)])
        assert list(drafts.store_days(None, DAY, next_day, 9)) == wanted
        assert list(drafts.store_days(None, DAY, next_day, 1)) == wanted[:1]
        assert list(drafts.store_days(wanted[0][:2], DAY, next_day, 9)) == wanted[1:]
        assert list(drafts.store_days(None, next_day, next_day, 9)) == [(here.store, next_day, 1)]
        first, second = drafts.receipts_of(here.store, DAY)
        assert drafts.receipts_of(there.store, next_day) == ()
        (buyer,) = drafts.buyers([person.member]).values()
        assert drafts.buyers([]) == {}
    hers, guest = (first, second) if first.member else (second, first)
    assert (hers.store, hers.region, hers.total_fen) == ("甲店", "华东", 12_800)
    assert (hers.member, guest.member) == (person.member, None)
    utc = datetime.fromtimestamp(WALL_MS / 1_000, UTC).replace(tzinfo=None)
    assert timedelta(hours=7, minutes=59) < hers.opened - utc < timedelta(hours=8, minutes=10)
    assert sum(line.shelf_fen for line in hers.lines) == 12_800
    assert [(line.sku, line.name, line.qty_milli) for line in hers.lines] == [
        ("A1", "洗面奶", 1_000),
        ("", "购物袋", 1_000),
    ]
    assert {(line.brand, line.category, line.tags, line.cost_fen) for line in hers.lines} == {
        ("", "", (), None)
    }
    assert buyer.tier
    assert buyer.personal
