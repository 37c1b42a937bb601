"""What every `AlertRepo` and `AlertSender` owe the watch: one alert, told once, over once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.alert_desk import AlertDesk, RuleAsked
from cloud_broker.services.fleet.alert_posting import AlertPosting
from cloud_broker.services.fleet.alert_watch import AlertWatch
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.outward.delivery import OLD_SECRET_MS
from retail_core import limits
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals, IssueTold
from tests.fakes.cloud_alerts import FakeAlertSender
from tests.fakes.cloud_basics import FakeCloudClock, FakeKeyRing
from tests.fakes.cloud_box import SimBox, fresh_id
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

SECOND_MS, MINUTE_MS, DAY_MS = 1_000, 60_000, 86_400_000
ALL = (frozenset(range(limits.SHARDS)),)
CANNOT_BOOK = IssueTold("H118", "", 0, {})
HOT = IssueTold("H103", "", 0, {"celsius": "83"})
ASKED = RuleAsked("值班", "webhook", "https://example.org/hook")


class FreshIds:
    """Ids that no other test has: the shared database keeps the others' rows."""

    def uuid7(self) -> UUID:
        return fresh_id()

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)


@dataclass
class Chain:
    """A chain with boxes that speak, somebody who listens, and one who watches."""

    units: Units
    boxes: tuple[SimBox, ...]
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    ear: FakeAlertSender = field(default_factory=FakeAlertSender)

    def __post_init__(self) -> None:
        ids = FreshIds()
        self.tenant = self.boxes[0].tenant
        self.book = PresenceBook(self.units, FaultTally())
        self.posting = AlertPosting(
            self.units, self.clock, ids, FakeKeyRing(), {"webhook": self.ear, "email": self.ear}
        )
        self.desk = AlertDesk(self.units, self.clock, ids, self.posting)
        self.watch = AlertWatch(self.units, self.clock, ids, ALL)

    def lives(self, ms: int, *issues: IssueTold, silent: Sequence[SimBox] = ()) -> None:
        """Let time pass in beats; the first box tells of the issues."""
        for _ in range(0, ms, 20 * SECOND_MS):
            self.clock.advance(20 * SECOND_MS)
            for number, box in enumerate(self.boxes):
                if box not in silent:
                    told = issues if number == 0 else ()
                    said = box.presence("ok", vitals=BoxVitals(temperature_c=50), issues=told)
                    self.book.note(Inbound(box.topic("st"), said, self.clock.now_ms()))
            self.book.write()
            self.looks()

    def looks(self) -> None:
        self.watch.run(self.tenant)
        while self.posting.run(self.tenant):
            if self.ear.refuses is not None:
                break

    @property
    def rows(self) -> list[tuple[str, bool]]:
        """Codes of alerts, and whether they stand."""
        return [(row.trouble.code, row.cleared_ms is None) for row in self.desk.alerts(self.tenant)]


@pytest.fixture
def chain(any_units: Units) -> Chain:
    tenant = new_tenant(any_units)
    boxes = tuple(new_box(any_units, tenant, name) for name in ("上海店", "成都店", "北京店"))
    return Chain(any_units, boxes)


def test_what_lasts_is_told_once_and_so_is_its_end(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    chain.lives(10 * MINUTE_MS, CANNOT_BOOK)
    assert chain.ear.heard == [("alert.raised", "H118")]
    assert chain.rows == [("H118", True)]
    chain.lives(10 * MINUTE_MS)
    assert chain.ear.heard == [("alert.raised", "H118"), ("alert.cleared", "H118")]
    assert chain.rows == [("H118", False)]


def test_a_fault_that_comes_and_goes_is_one_alert(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    for _ in range(8):
        chain.lives(80 * SECOND_MS, CANNOT_BOOK)
        chain.lives(80 * SECOND_MS)
    assert chain.ear.heard == [("alert.raised", "H118")]
    chain.lives(20 * SECOND_MS, CANNOT_BOOK)
    assert chain.rows == [("H118", True)]


def test_one_that_is_soon_over_is_told_to_nobody(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    for _ in range(5):
        chain.lives(40 * SECOND_MS, CANNOT_BOOK)
        chain.lives(40 * SECOND_MS)
    assert chain.ear.heard == []
    assert chain.rows == []


def test_a_rule_says_how_grave_and_what(chain: Chain) -> None:
    chain.desk.add(chain.tenant, RuleAsked("a", "webhook", ASKED.target, "stops"), "ada")
    chain.desk.add(chain.tenant, RuleAsked("b", "webhook", ASKED.target, "warns", "H103"), "ada")
    chain.desk.add(chain.tenant, RuleAsked("c", "email", "c@example.org", region="华东"), "ada")
    with pytest.raises(Fault) as refused:
        chain.desk.add(chain.tenant, RuleAsked("d", "email", "c@example.org", region="?"), "ada")
    assert "region (" in refused.value.text("en")
    chain.lives(5 * MINUTE_MS, CANNOT_BOOK, HOT)
    raised = [code for _, code in chain.ear.heard]
    assert sorted(raised) == ["H103", "H118", "H118"]


def test_one_silent_store_is_offline_and_a_silent_chain_is_one_alert(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    chain.lives(6 * MINUTE_MS)
    chain.lives(6 * MINUTE_MS, silent=chain.boxes[:1])
    assert chain.ear.heard == [("alert.raised", "S102")]
    chain.lives(6 * MINUTE_MS, silent=chain.boxes)
    assert chain.ear.heard[1:] == [("alert.raised", "F118")]


def test_a_broker_that_restarts_accuses_nobody(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    chain.lives(6 * MINUTE_MS)
    chain.lives(2 * MINUTE_MS, silent=chain.boxes)
    chain.lives(2 * MINUTE_MS, silent=chain.boxes[1:])
    chain.lives(10 * MINUTE_MS)
    assert [one for one in chain.ear.heard if one[1] == "S102"] == []


def test_a_watch_that_begins_gives_boxes_time(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    chain.lives(2 * MINUTE_MS)
    chain.clock.advance(DAY_MS)
    chain.watch = AlertWatch(chain.units, chain.clock, FreshIds(), ALL)
    chain.looks()
    chain.lives(2 * MINUTE_MS, silent=chain.boxes[1:])
    chain.lives(5 * MINUTE_MS)
    assert chain.ear.heard == []


def test_what_was_not_taken_is_tried_again_and_given_up_at_last(chain: Chain) -> None:
    rule, _ = chain.desk.add(chain.tenant, ASKED, "ada")
    chain.ear.refuses = FaultCode.ALERT_NOT_SENT
    chain.lives(3 * MINUTE_MS, CANNOT_BOOK)
    ((_, count),) = chain.desk.rules(chain.tenant)
    assert (count.waiting, count.given_up, count.reason) == (1, 0, "HTTP 503")
    chain.lives(10 * MINUTE_MS)
    ((_, count),) = chain.desk.rules(chain.tenant)
    assert count.waiting == 2  # that it is over waits behind that it was
    chain.ear.refuses = None
    chain.clock.advance(3 * 3_600 * SECOND_MS)
    chain.looks()
    heard = [what for what, code in chain.ear.heard if code == "H118"]
    assert heard == ["alert.raised", "alert.cleared"]
    chain.ear.refuses = FaultCode.ALERT_REFUSED
    chain.desk.trial(chain.tenant, rule.rule)
    chain.looks()
    ((_, count),) = chain.desk.rules(chain.tenant)
    assert (count.waiting, count.given_up) == (0, 1)


def test_a_new_secret_stands_beside_the_old_one_for_a_day(chain: Chain) -> None:
    rule, first = chain.desk.add(chain.tenant, ASKED, "ada")
    second = chain.desk.rotate(chain.tenant, rule.rule, "ada")
    assert first.startswith("whsec_")
    assert first != second
    chain.desk.trial(chain.tenant, rule.rule)
    chain.looks()
    chain.clock.advance(OLD_SECRET_MS)
    chain.desk.trial(chain.tenant, rule.rule)
    chain.looks()
    assert chain.ear.keys == [2, 1]


def test_a_rule_that_ended_is_told_nothing_more(chain: Chain) -> None:
    rule, _ = chain.desk.add(chain.tenant, ASKED, "ada")
    chain.desk.trial(chain.tenant, rule.rule)
    chain.desk.end(chain.tenant, rule.rule, "ada")
    chain.lives(3 * MINUTE_MS, CANNOT_BOOK)
    assert chain.ear.heard == []
    assert chain.desk.rules(chain.tenant) == ()
    for act in (chain.desk.end, chain.desk.rotate):
        with pytest.raises(Fault) as refused:
            act(chain.tenant, rule.rule, "ada")
        assert refused.value.code == FaultCode.API_NOT_FOUND


def test_old_alerts_go_with_their_messages(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    chain.lives(3 * MINUTE_MS, CANNOT_BOOK)
    chain.lives(10 * MINUTE_MS)
    assert chain.rows == [("H118", False)]
    with chain.units.begin(chain.tenant) as unit:
        assert unit.alerts.tidy(chain.clock.now_ms()) == 1
    assert chain.rows == []


@pytest.mark.parametrize(
    ("asked", "field_"),
    [
        (RuleAsked("", "webhook", "https://example.org"), "name"),
        (RuleAsked("x", "webhook", "http://example.org"), "target"),
        (RuleAsked("x", "webhook", "https://me:pw@example.org"), "target"),
        (RuleAsked("x", "webhook", "https://example.org:99999/"), "target"),
        (RuleAsked("x", "webhook", "https://exa mple.org/"), "target"),
        (RuleAsked("x", "email", "ada@example.org\nBcc: x@y.z"), "target"),
        (RuleAsked("x", "email", "ada"), "target"),
        (RuleAsked("x", "email", "ada@example.org", "loud"), "severity"),
        (RuleAsked("x", "email", "ada@example.org", "warns", "oops"), "code"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(asked: RuleAsked, field_: str) -> None:
    chain = Chain(FakeUnits(), (SimBox(fresh_id()),))
    with pytest.raises(Fault) as refused:
        chain.desk.add(chain.tenant, asked, "ada")
    assert refused.value.code is FaultCode.ALERT_RULE_WRONG
    assert refused.value.text("en").startswith(f"{field_} (")
    assert field_ not in refused.value.text("zh"), "it says in words what is wanted"


def test_a_copied_card_is_told_and_over_when_somebody_has_dealt_with_it(chain: Chain) -> None:
    chain.desk.add(chain.tenant, ASKED, "ada")
    code = FaultCode.NFC_CARD_SUSPECT.value
    items = [
        RepairItem(fresh_id(), "proof", code, "", chain.clock.now_ms(), store=chain.boxes[0].store)
        for _ in range(2)
    ]
    with chain.units.begin(chain.tenant) as unit:
        unit.repair.add(items)
    chain.lives(10 * MINUTE_MS)
    assert chain.ear.heard == [("alert.raised", code)], "one for all of a store"
    (row,) = chain.desk.alerts(chain.tenant)
    assert (row.store, row.trouble.fields) == (chain.boxes[0].store, {"count": "2"})
    with chain.units.begin(chain.tenant) as unit:
        unit.repair.resolve([one.repair_id for one in items], "ada", chain.clock.now_ms())
    chain.lives(10 * MINUTE_MS)
    assert chain.ear.heard[1:] == [("alert.cleared", code)]
