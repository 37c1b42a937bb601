"""Releases on every store of the cloud: what a `RolloutRepo` promises, from HQ's desk to a box."""

from collections.abc import Callable
from uuid import UUID

import pytest

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.rollouts import RolloutRow
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.alert_watch import AlertWatch
from cloud_broker.services.fleet.box_word import BoxWord
from cloud_broker.services.fleet.filing_watch import COUNT_EVERY_MS
from cloud_broker.services.fleet.releases import ReleaseDesk, ReleaseInfo, RolloutKeeper
from cloud_broker.services.fleet.rollout_watch import rollout_troubles
from retail_core.errors import Fault
from retail_core.fleet.rollout import BoxStage, Policy
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import FleetWord, ReleaseWish, UpdateTold
from retail_core.wire.messages import WIRE_VERSION
from tests.factories.steering import Fleet
from tests.fakes.cloud_basics import FakeCloudIdSource
from tests.fakes.cloud_box import SimBox

B = BoxStage
QUICK = Policy(sales=3, rest_minutes=0, approve=(), trade_permille=0)
STORES = 12


class Chain:
    """A chain of some stores to which releases go out."""

    def __init__(self, units: Units) -> None:
        self.fleet = Fleet(units, STORES)
        self.clock, self.tenant = self.fleet.clock, self.fleet.tenant
        offered = [ReleaseInfo(7, "1.7.0", 10), ReleaseInfo(6, "1.6.0", 10)]
        ids = FakeCloudIdSource(self.clock)
        self.desk = ReleaseDesk(units, self.clock, ids, lambda: offered)
        self.keeper = RolloutKeeper(units, self.clock)
        self.words = BoxWord(units, self.clock)

    def begun(self, policy: Policy = QUICK) -> RolloutRow:
        row = self.desk.roll_out(self.fleet.who("li"), 7, policy, "新版")
        self.desk.agree(self.fleet.who("wang"), row.rollout_id)
        return row

    def says(
        self, sim: SimBox, stage: BoxStage | None = None, **more: object
    ) -> ReleaseWish | None:
        """Let a box say how far it is; return what is wanted of it."""
        told = None
        if stage is not None:
            runs = 7 if stage in {B.TRYING, B.PROVED} else 6
            told = UpdateTold(runs, f"1.{runs}.0", 7, stage.value, **more)  # type: ignore[arg-type]
        place = Place(sim.device, sim.store, sim.legal_entity, 0, "Asia/Shanghai", None)  # type: ignore[arg-type]
        word = FleetWord(WIRE_VERSION, 0, update=told)
        return self.words.answer(self.tenant, place, word).release

    def ring(self, row: RolloutRow, ring: int) -> list[SimBox]:
        wanted = {
            one.device
            for one in self.desk.show(self.tenant, row.rollout_id).boxes
            if one.ring == ring
        }
        return [one for one in self.fleet.sims if one.device in wanted]

    def state(self, row: RolloutRow) -> tuple[str, int, str]:
        going = self.desk.show(self.tenant, row.rollout_id).row.going
        return going.state, going.ring, going.why

    def stages(self, row: RolloutRow) -> dict[UUID, BoxStage]:
        return {one.device: one.stage for one in self.desk.show(self.tenant, row.rollout_id).boxes}


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def code_of(call: Callable[..., object], *args: object) -> FaultCode:
    with pytest.raises(Fault) as caught:
        call(*args)
    return caught.value.code


def test_ring_by_ring_to_every_box(chain: Chain) -> None:
    row = chain.begun()
    reached: set[UUID] = set()
    for ring in range(4):
        boxes = chain.ring(row, ring)
        if not boxes:
            continue
        for sim in boxes:
            wish = chain.says(sim, B.FETCHING)
            assert wish is not None
            assert (wish.number, wish.back, wish.sales, wish.well_s) == (7, False, 3, 300)
            chain.says(sim, B.TRYING)
        chain.keeper.tend(chain.tenant)
        assert chain.state(row)[0] == "running"
        reached |= {one.device for one in boxes}
        for sim in chain.fleet.sims:
            assert (chain.says(sim) is not None) == (sim.device in reached), (
                "no ring before its turn"
            )
        for sim in boxes:
            chain.says(sim, B.PROVED, sales=3)
        chain.keeper.tend(chain.tenant)
    assert chain.state(row)[0] == "done"
    view = chain.desk.show(chain.tenant, row.rollout_id)
    assert {one.number for one in view.runs.values()} == {7}
    assert {one.sales for one in view.boxes} == {3}


def test_a_failure_in_the_first_ring_stops_it_and_nobody_else_hears_of_it(chain: Chain) -> None:
    row = chain.begun()
    first = chain.ring(row, 0)
    chain.says(first[0], B.TRYING)
    chain.says(first[0], B.FAILED, code=FaultCode.RELEASE_BREAKS.value, sales=1, breaks=2)
    assert chain.keeper.tend(chain.tenant) == 1
    assert chain.state(row) == ("stopped", 0, "failures")
    assert all(chain.says(sim) is None for sim in chain.fleet.sims)
    failed = [one for one in chain.desk.show(chain.tenant, row.rollout_id).boxes if one.code]
    assert [(one.code, one.breaks) for one in failed] == [(FaultCode.RELEASE_BREAKS.value, 2)]


def test_a_stop_takes_back_what_was_reached(chain: Chain) -> None:
    row = chain.begun()
    (box,) = chain.ring(row, 0)
    chain.says(box, B.PROVED, sales=3)
    chain.keeper.tend(chain.tenant)
    chain.desk.steer(chain.fleet.who("li"), row.rollout_id, "stopped", "退货打不出")
    wish = chain.says(box)
    assert wish is not None
    assert wish.back
    assert chain.says(box, B.FAILED, code=FaultCode.RELEASE_CALLED_BACK.value) is None
    assert chain.stages(row)[box.device] is B.REVERTED


def test_one_person_alone_begins_nothing(chain: Chain) -> None:
    row = chain.desk.roll_out(chain.fleet.who("li"), 7, QUICK, "")
    assert all(chain.says(sim) is None for sim in chain.fleet.sims)
    assert code_of(chain.desk.agree, chain.fleet.who("li"), row.rollout_id) is (
        FaultCode.COMMAND_OWN_SECOND
    )
    auditor = chain.fleet.who("zhou", role="auditor")
    assert code_of(chain.desk.agree, auditor, row.rollout_id) is FaultCode.API_SCOPE_MISSING
    assert code_of(chain.desk.roll_out, auditor, 7, QUICK, "") is FaultCode.API_SCOPE_MISSING


def test_one_release_at_a_time_and_only_what_is_on_offer(chain: Chain) -> None:
    who = chain.fleet.who("li")
    assert code_of(chain.desk.roll_out, who, 8, QUICK, "") is FaultCode.RELEASE_UNKNOWN
    row = chain.begun()
    assert code_of(chain.desk.roll_out, who, 6, QUICK, "") is FaultCode.RELEASE_BUSY
    chain.desk.steer(who, row.rollout_id, "stopped", "")
    assert chain.desk.roll_out(who, 6, QUICK, "").number == 6


def test_a_ring_waits_for_a_person_and_a_pause_leaves_trials_alone(chain: Chain) -> None:
    row = chain.begun(Policy(sales=3, rest_minutes=0, approve=(0,), trade_permille=0))
    (box,) = chain.ring(row, 0)
    chain.says(box, B.PROVED)
    chain.keeper.tend(chain.tenant)
    assert chain.state(row) == ("paused", 0, "approval")
    assert chain.says(box) is not None
    chain.desk.agree(chain.fleet.who("wang"), row.rollout_id)
    chain.keeper.tend(chain.tenant)
    state, ring, _ = chain.state(row)
    assert (state, ring > 0) == ("running", True)


def test_a_store_that_opens_meanwhile_comes_last(chain: Chain) -> None:
    row = chain.begun()
    late = chain.fleet.one_more()
    chain.keeper.tend(chain.tenant)
    rings = {one.device: one.ring for one in chain.desk.show(chain.tenant, row.rollout_id).boxes}
    assert rings[late.device] == max(rings.values())
    assert chain.says(late) is None


def test_lost_answers_and_words_about_other_releases_change_nothing(chain: Chain) -> None:
    row = chain.begun()
    (box,) = chain.ring(row, 0)
    chain.says(box, B.PROVED, sales=3)
    before = chain.desk.show(chain.tenant, row.rollout_id).boxes
    chain.clock.advance(60_000)
    chain.says(box, B.PROVED, sales=3)
    place = Place(box.device, box.store, box.legal_entity, 0, "Asia/Shanghai", None)  # type: ignore[arg-type]
    other = UpdateTold(6, "1.6.0", 5, "failed", "F245")
    chain.words.answer(chain.tenant, place, FleetWord(WIRE_VERSION, 0, update=other))
    assert chain.desk.show(chain.tenant, row.rollout_id).boxes == before


def test_hq_is_told_of_a_rollout_that_waits_and_of_one_that_stopped_by_itself(
    chain: Chain,
) -> None:
    clock = chain.clock
    watch = AlertWatch(chain.fleet.units, clock, FakeCloudIdSource(clock), ())

    def standing() -> list[tuple[str, dict[str, str]]]:
        for _ in range(3):
            clock.advance(COUNT_EVERY_MS)
            watch.run(chain.tenant)
        with chain.fleet.units.begin(chain.tenant) as unit:
            rows = unit.alerts.alerts(limit=9)
        found = [one for one in rows if one.cleared_ms is None and one.store is None]
        return [(one.trouble.code, dict(one.trouble.fields)) for one in found]

    assert standing() == []
    row = chain.desk.roll_out(chain.fleet.who("li"), 7, QUICK, "新版")
    assert standing() == [(FaultCode.ROLLOUT_WAITS.value, {"version": "1.7.0"})]
    chain.desk.agree(chain.fleet.who("wang"), row.rollout_id)
    assert standing() == []
    (first, *_) = chain.ring(row, 0)
    chain.says(first, B.TRYING)
    chain.says(first, B.FAILED, code="F245")
    chain.keeper.tend(chain.tenant)
    said = {"version": "1.7.0", "failed": "1"}
    assert standing() == [(FaultCode.ROLLOUT_FAILED.value, said)]
    chain.desk.roll_out(chain.fleet.who("li"), 6, QUICK, "旧版")
    assert standing() == [(FaultCode.ROLLOUT_WAITS.value, {"version": "1.6.0"})]


def test_a_shop_that_never_sells_leaves_its_trial_and_hq_hears_of_it(chain: Chain) -> None:
    policy = Policy(sales=3, rest_minutes=0, approve=(), trade_permille=0, trial_minutes=60)
    row = chain.begun(policy)
    (box,) = chain.ring(row, 0)
    wish = chain.says(box, B.TRYING)
    assert wish is not None
    assert not wish.back
    chain.clock.advance(60 * 60_000)
    wish = chain.says(box, B.TRYING, sales=2)
    assert wish is not None
    assert not wish.back, "its time is not over"
    chain.clock.advance(1)
    wish = chain.says(box, B.TRYING, sales=2)
    assert wish is not None
    assert wish.back
    assert chain.says(box, B.FAILED, code=FaultCode.RELEASE_CALLED_BACK.value) is None
    assert chain.stages(row)[box.device] is B.REVERTED
    chain.keeper.tend(chain.tenant)
    assert chain.state(row) == ("paused", 0, "quiet"), "it is no failure, and no proof either"
    with chain.fleet.units.begin(chain.tenant) as unit:
        told = {(one.code, one.store): dict(one.fields) for one in rollout_troubles(unit)}
    assert told == {
        (FaultCode.ROLLOUT_WAITS.value, None): {"version": "1.7.0"},
        (FaultCode.RELEASE_QUIET.value, box.store): {"version": "1.7.0"},
    }
    chain.says(box, B.FETCHING)
    assert chain.stages(row)[box.device] is B.REVERTED
    chain.desk.agree(chain.fleet.who("wang"), row.rollout_id)
    chain.keeper.tend(chain.tenant)
    state, ring, _ = chain.state(row)
    assert (state, ring > 0) == ("running", True)
