"""HQ's desk for rules over every store: drafts that lose nothing, works to the end, publication."""

import json
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from cloud_broker.domain.rights import HqRole
from cloud_broker.domain.rule_work import findings, tallies
from cloud_broker.ports.hq import AuditAsked
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.services.rules.desks import RuleDesks, rule_desks
from cloud_broker.services.rules.drafting import RuleSaving, Saving
from cloud_broker.services.rules.jobs import JobWork
from cloud_broker.services.rules.publishing import Asked
from retail_core.errors import Fault
from retail_core.pricing.comparing.staging import Stage
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words
from tests.factories.bundle_content import MIX, TIER
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.fakes.cloud_rule_workshop import FakeRuleWorkshop
from tests.plugins.cloud import new_box, new_tenant

ZONE = "Asia/Shanghai"
TIERS = {"tier_names": {"standard": "普通", "gold": "金卡"}}


def text(version: int = 1, *offers: object, **fields: object) -> str:
    return json.dumps({"version": version, **TIERS, "offers": offers, **fields}, ensure_ascii=False)


def refusal(code: FaultCode) -> "pytest.RaisesExc[Fault]":
    return pytest.raises(Fault, check=lambda fault: fault.code is code)


@dataclass
class Chain:
    """A chain of two regions whose first rules are in force."""

    units: Units
    clock: FakeCloudClock = field(default_factory=lambda: FakeCloudClock(WALL_MS))
    workshop: FakeRuleWorkshop = field(default_factory=FakeRuleWorkshop)

    def __post_init__(self) -> None:
        self.tenant = new_tenant(self.units)
        self.boxes = tuple(
            new_box(self.units, self.tenant, name, region)
            for name, region in (("甲店", "华东"), ("乙店", "华东"), ("丙店", "西南"))
        )
        ids = FakeCloudIdSource(self.clock)
        self.publisher = CataloguePublisher(self.units, self.clock, ids, FakeKeyRing(), ZONE)
        self.desks: RuleDesks = rule_desks(self.units, self.clock, ids, self.publisher, ZONE)
        self.publisher.publish_bundle(self.tenant, text(1, TIER).encode(), who="cli")
        self.ada, self.eve = self.person("ada", "admin"), self.person("eve", "operations")
        self.mia, self.ivy = self.person("mia", "marketing"), self.person("ivy", "auditor")

    def person(self, login: str, role: HqRole) -> HqIdentity:
        return HqIdentity(self.tenant, fresh_id(), login, login, role)

    def drafted(self, *offers: object, **fields: object) -> UUID:
        draft = self.desks.drafts.begin(self.mia, "秋季", 1).draft
        self.desks.drafts.save(self.mia, draft, Saving(1, text(1, *offers, **fields) + "\n"))
        return draft

    def newest(self) -> dict[str, object]:
        published, content = self.desks.drafts.version(
            self.tenant, self.desks.drafts.overview(self.tenant).published[0].version
        )
        found: dict[str, object] = json.loads(content)
        assert found["version"] == published.version
        parse_bundle(content.encode())
        return found

    def audited(self) -> list[str]:
        with self.units.begin(self.tenant) as unit:
            return [one.entry.action for one in unit.hq.audits(AuditAsked(action="rules."), 50)]

    def works(self) -> int:
        work, count = JobWork(self.units, self.clock, self.workshop), 0
        while work.run(self.tenant):
            count += 1
        return count


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


# ---- drafts -------------------------------------------------------------------------------------


def test_a_draft_begins_from_a_version_and_is_saved_right_or_not(chain: Chain) -> None:
    desk = chain.desks.drafts
    draft = desk.begin(chain.mia, "  秋季  大促 ", 1)
    assert (draft.name, draft.base, draft.edit) == ("秋季 大促", 1, 1)
    opened = desk.open(chain.tenant, draft.draft)
    assert opened.checked.bundle is not None
    wrong = text(1, TIER | {"permille": 9_000}).replace('"offers"', '\n"offers"')
    saved = desk.save(chain.mia, draft.draft, Saving(1, wrong, "春季"))
    assert (saved.draft.edit, saved.draft.name, saved.text) == (2, "春季", wrong)
    assert saved.checked.fault is not None
    assert saved.checked.fault.fields["offer"] == "t"
    assert saved.checked.line == 2
    assert desk.save(chain.mia, draft.draft, Saving(2, wrong)).draft.edit == 2
    assert [one.edit for one in saved.edits] == [2, 1]
    assert desk.open(chain.tenant, draft.draft, 1).text == opened.text
    assert chain.audited() == ["rules.save", "rules.draft"]


def test_of_two_who_save_the_later_is_told_and_loses_nothing(chain: Chain) -> None:
    desk = chain.desks.drafts
    draft = desk.begin(chain.mia, "秋", 0)
    desk.save(chain.eve, draft.draft, Saving(1, text(1, TIER)))
    with refusal(FaultCode.RULES_DRAFT_CHANGED) as caught:
        desk.save(chain.mia, draft.draft, Saving(1, text(1, MIX)))
    assert (caught.value.fields["who"], caught.value.fields["edit"]) == ("eve", 2)
    saved = desk.save(chain.mia, draft.draft, Saving(2, text(1, MIX)))
    assert saved.draft.edit == 3
    assert desk.open(chain.tenant, draft.draft, 2).text == text(1, TIER)


def test_one_rule_is_put_in_changed_and_taken_out(chain: Chain) -> None:
    desk = chain.desks.drafts
    draft = chain.drafted(TIER)
    saved = desk.save_rule(chain.mia, draft, RuleSaving(2, "offers", "", MIX))
    assert [one["id"] for one in json.loads(saved.text)["offers"]] == ["t", "m"]
    renamed = TIER | {"id": "gold", "permille": 900}
    saved = desk.save_rule(chain.mia, draft, RuleSaving(3, "offers", "t", renamed))
    assert json.loads(saved.text)["offers"] == [renamed, MIX]
    saved = desk.save_rule(chain.mia, draft, RuleSaving(4, "offers", "gold", None))
    assert json.loads(saved.text)["offers"] == [MIX]
    for bad in (TIER | {"permille": 0}, MIX | {"name": ""}):
        with refusal(FaultCode.OFFER_INVALID):
            desk.save_rule(chain.mia, draft, RuleSaving(5, "offers", "", bad))
    assert desk.open(chain.tenant, draft).draft.edit == 5
    desk.save(chain.mia, draft, Saving(5, "[]"))
    with refusal(FaultCode.OFFER_INVALID):
        desk.save_rule(chain.mia, draft, RuleSaving(6, "offers", "", MIX))


def test_who_may_not_does_not_and_what_is_over_stays(chain: Chain) -> None:
    desk = chain.desks.drafts
    draft = chain.drafted(TIER, MIX)
    with refusal(FaultCode.API_SCOPE_MISSING):
        desk.begin(chain.ivy, "x", 1)
    with refusal(FaultCode.API_SCOPE_MISSING):
        chain.desks.office.ask(chain.mia, Asked(1, draft, 2))
    desk.drop(chain.mia, draft)
    with refusal(FaultCode.RULES_DRAFT_OVER):
        desk.save(chain.mia, draft, Saving(2, "{}"))
    for name in ("", " ", "x" * 81):
        with refusal(FaultCode.RULES_FORM_WRONG):
            desk.begin(chain.mia, name, 1)
    for act in (lambda: desk.begin(chain.mia, "x", 9), lambda: desk.version(chain.tenant, 9)):
        with refusal(FaultCode.API_NOT_FOUND):
            act()
    with refusal(FaultCode.API_NOT_FOUND):
        desk.open(chain.tenant, fresh_id())


# ---- publication --------------------------------------------------------------------------------


def test_a_look_says_what_changes_where(chain: Chain) -> None:
    only = MIX | {"when": {"regions": ["西南"]}}
    look = chain.desks.office.look(chain.tenant, Asked(1, chain.drafted(TIER, only), 2))
    assert [(one.rule.id, one.kind) for one in look.changes.rules] == [("m", "added")]
    assert [(one.name, one.region, one.notices) for one in look.stores] == [
        ("丙店", "西南", ("m",))
    ]
    assert (look.kind, look.base, look.version, look.of) == ("all", 1, 2, 3)
    assert (look.alone, look.needs_second, look.drifted) == (1, False, False)


def test_what_reaches_few_stores_goes_out_at_once(chain: Chain) -> None:
    only = MIX | {"when": {"stores": ["丙店"]}}
    draft = chain.drafted(TIER, only)
    order = chain.desks.office.ask(chain.eve, Asked(1, draft, 2, why=" 试 "))
    assert (order.state, order.version, order.reach, order.why) == ("published", 2, 1, "试")
    assert chain.newest()["offers"] == [TIER, only]
    overview = chain.desks.drafts.overview(chain.tenant)
    assert overview.drafts[0].state == "published"
    assert overview.published[0].made_by == "eve"
    with refusal(FaultCode.RULES_DRAFT_OVER):
        chain.desks.office.ask(chain.eve, Asked(2, draft, 2))


def test_what_reaches_many_waits_for_a_second_person(chain: Chain) -> None:
    office, draft = chain.desks.office, chain.drafted(MIX)
    order = office.ask(chain.eve, Asked(1, draft, 2))
    assert (order.state, order.version, order.reach) == ("waiting", 0, 3)
    assert chain.newest()["version"] == 1
    with refusal(FaultCode.RULES_DRAFT_OVER):
        chain.desks.drafts.save(chain.mia, draft, Saving(2, "{}"))
    with refusal(FaultCode.COMMAND_OWN_SECOND):
        office.agree(chain.eve, order.order)
    with refusal(FaultCode.API_SCOPE_MISSING):
        office.agree(chain.mia, order.order)
    done = office.agree(chain.ada, order.order)
    assert (done.state, done.version, done.second) == ("published", 2, "ada")
    assert chain.newest()["offers"] == [MIX]
    with refusal(FaultCode.API_NOT_FOUND):
        office.agree(chain.ada, order.order)
    assert chain.audited()[:2] == ["rules.agree", "rules.order"]


def test_what_waits_can_be_taken_back_and_is_not_agreed_to_over_something_newer(
    chain: Chain,
) -> None:
    office, draft = chain.desks.office, chain.drafted(MIX)
    first = office.ask(chain.eve, Asked(1, draft, 2))
    office.drop(chain.ada, first.order)
    assert chain.desks.drafts.open(chain.tenant, draft).draft.state == "open"
    second = office.ask(chain.eve, Asked(1, draft, 2))
    chain.publisher.publish_bundle(chain.tenant, text(2).encode(), who="cli")
    with refusal(FaultCode.RULES_MOVED):
        office.agree(chain.ada, second.order)
    office.drop(chain.eve, second.order)
    with refusal(FaultCode.RULES_MOVED):
        office.ask(chain.eve, Asked(1, draft, 2))
    assert office.look(chain.tenant, Asked(2, draft, 2)).drifted


def test_nothing_new_is_not_published(chain: Chain) -> None:
    with refusal(FaultCode.RULES_NOTHING_NEW):
        chain.desks.office.ask(chain.eve, Asked(1, chain.drafted(TIER), 2))


def test_a_stage_goes_on_to_all_and_another_is_taken_back(chain: Chain) -> None:
    office, draft = chain.desks.office, chain.drafted(TIER | {"permille": 900})
    stage = Stage(stores=frozenset({"丙店"}))
    look = office.look(chain.tenant, Asked(1, draft, 2, stage))
    assert [one.name for one in look.stores] == ["丙店"]
    assert [one.kind for one in look.changes.rules] == ["changed"]
    order = office.ask(chain.eve, Asked(1, draft, 2, stage))
    assert (order.kind, order.state, order.stores, order.version) == (
        *("stage", "published", ("丙店",)),
        2,
    )
    assert [one.id for one in parse_bundle(json.dumps(chain.newest()).encode()).offers] == [
        *("t", "t~1"),
    ]
    assert chain.desks.drafts.open(chain.tenant, draft).draft.state == "open"
    rest = office.look(chain.tenant, Asked(2, draft, 2))
    assert ({one.name for one in rest.stores}, rest.drifted) == ({"甲店", "乙店"}, False)
    back = office.look(chain.tenant, Asked(2, back_to=1))
    assert (back.kind, [one.name for one in back.stores]) == ("back", ["丙店"])
    done = office.ask(chain.eve, Asked(2, back_to=1))
    assert (done.kind, done.version) == ("back", 3)
    assert chain.newest() == json.loads(text(3, TIER))
    for version in (3, 9):
        with refusal(FaultCode.API_NOT_FOUND):
            office.look(chain.tenant, Asked(3, back_to=version))


# ---- checks and rehearsals ----------------------------------------------------------------------


def sold(chain: Chain) -> tuple[SimBox, ...]:
    person = Person(name="李敏")
    day = 20261118
    chain.boxes[0].enrols(person)
    for box in chain.boxes[:2]:
        for fen in (12_800, 900):
            box.sells(person if fen > 900 else None, fen=fen, business_date=day)
    ingest = Ingest(chain.units, FakeCloudClock(WALL_MS + 1_000), FaultTally())
    for box in chain.boxes[:2]:
        for seq in range(1, len(box.events) + 1):
            ingest.book([Inbound(box.topic(), box.frame(seq), WALL_MS + 1_000)])
    return chain.boxes


def test_a_draft_is_checked(chain: Chain) -> None:
    draft = chain.drafted(TIER, campaigns=[{"id": "b"}])
    job = chain.desks.jobs.ask(chain.mia, draft, "lint")
    with refusal(FaultCode.RULES_JOB_BUSY):
        chain.desks.jobs.ask(chain.mia, draft, "replay")
    assert chain.works() == 1
    done, result = chain.desks.jobs.job(chain.tenant, job.job)
    assert (done.state, done.done, done.total) == ("done", 1, 1)
    assert [one.kind for one in findings.decode(result)] == ["idle_campaign"]
    assert chain.workshop.rests == 1


def test_a_draft_is_rehearsed_on_what_was_sold(chain: Chain) -> None:
    sold(chain)
    draft = chain.drafted(TIER | {"tiers": []})
    job = chain.desks.jobs.ask(chain.mia, draft, "replay")
    chain.works()
    done, result = chain.desks.jobs.job(chain.tenant, job.job)
    assert (done.state, done.done, done.total) == ("done", 4, 4)
    tally = tallies.decode(result)
    assert (tally.receipts, tally.before_fen) == (4, 27_400)
    assert tally.after_fen == tally.before_fen * 95 // 100
    chain.clock.advance(1)
    paid = chain.desks.jobs.ask(chain.mia, draft, "replay", paid=True)
    chain.works()
    assert chain.desks.jobs.job(chain.tenant, paid.job)[0].against == 0
    assert [one.job for one in chain.desks.jobs.jobs(chain.tenant, draft)] == [paid.job, job.job]


def test_a_rehearsal_goes_on_where_it_was_left_and_stops_when_told(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(chain)
    monkeypatch.setattr("cloud_broker.services.rules.jobs.PIECE_RECEIPTS", 1)
    draft = chain.drafted(TIER)
    job = chain.desks.jobs.ask(chain.mia, draft, "replay")
    JobWork(chain.units, chain.clock, chain.workshop).run(chain.tenant)
    half, _ = chain.desks.jobs.job(chain.tenant, job.job)
    assert (half.state, half.done, half.total) == ("running", 2, 4)
    JobWork(chain.units, chain.clock, FakeRuleWorkshop()).run(chain.tenant)
    assert tallies.decode(chain.desks.jobs.job(chain.tenant, job.job)[1]).receipts == 4
    with refusal(FaultCode.API_SCOPE_MISSING):
        chain.desks.jobs.stop(chain.ivy, job.job)
    chain.desks.jobs.stop(chain.mia, job.job)
    assert chain.works() == 0
    assert chain.desks.jobs.job(chain.tenant, job.job)[0].state == "stopped"
    chain.desks.jobs.stop(chain.mia, job.job)


def test_a_work_that_fails_says_so_and_lets_the_next_begin(chain: Chain) -> None:
    draft = chain.drafted(TIER)
    job = chain.desks.jobs.ask(chain.mia, draft, "lint")
    chain.workshop.fails = Fault(FaultCode.RULES_JOB_FAILED, reason=Words("x", "x"))
    assert chain.works() == 1
    done, result = chain.desks.jobs.job(chain.tenant, job.job)
    assert (done.state, done.reason, result) == ("failed", "P198", b"")
    chain.workshop.fails = None
    chain.desks.jobs.ask(chain.mia, draft, "lint")
    assert chain.works() == 1


def test_without_sales_a_rehearsal_is_over_at_once(chain: Chain) -> None:
    job = chain.desks.jobs.ask(chain.mia, chain.drafted(TIER), "replay")
    chain.works()
    assert chain.desks.jobs.job(chain.tenant, job.job) == (
        chain.desks.jobs.job(chain.tenant, job.job)[0],
        b"",
    )
    assert chain.desks.jobs.job(chain.tenant, job.job)[0].state == "done"


def test_what_is_no_bundle_is_neither_checked_nor_rehearsed(chain: Chain) -> None:
    draft = chain.desks.drafts.begin(chain.mia, "x", 1).draft
    chain.desks.drafts.save(chain.mia, draft, Saving(1, "{"))
    with refusal(FaultCode.OFFER_INVALID):
        chain.desks.jobs.ask(chain.mia, draft, "lint")
    with refusal(FaultCode.API_NOT_FOUND):
        chain.desks.jobs.job(chain.tenant, fresh_id())
