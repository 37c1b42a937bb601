"""The parts of the fleet simulator that decide and count, without a fleet."""

import random
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.clock_system import kernel_boot_id
from retail_core.clock import TimeQuality
from tools.fleet_sim import chart, oks, scenario, soak
from tools.fleet_sim.clock import ShiftedClock
from tools.fleet_sim.meter import Meter, summary
from tools.fleet_sim.provisioning import Plan, visiting
from tools.fleet_sim.reconcile import Verdict
from tools.fleet_sim.run import combine
from tools.fleet_sim.spec import MemberSpec, StoreSpec, Told
from tools.fleet_sim.trouble import ACTS

SEEDED = random.Random(1)  # noqa: S311 -- a drawn arrangement


def store(number: int, members: int = 2) -> StoreSpec:
    people = tuple(
        MemberSpec(UUID(int=number * 10 + nth), UUID(int=1_000 + number * 10 + nth), nth)
        for nth in range(members)
    )
    device = UUID(int=2_000 + number)
    return StoreSpec(number, UUID(int=number), device, "店", "华东", "t", "p", people)


@pytest.mark.parametrize("path", sorted(scenario.FOLDER.glob("*.toml")), ids=lambda one: one.stem)
def test_every_ready_scenario_is_read_and_names_what_can_be_done(path: Path) -> None:
    story = scenario.load(path.stem)
    assert story.name == path.stem
    assert story.step
    for step in story.step:
        if step.do == "stores":
            assert step.kind in {*ACTS, "clock"}
        if step.do == "kill":
            assert step.what in {"broker", "ingest", "api", "database", "stores"}


def test_a_sale_is_timed_once_in_each_store_that_holds_her() -> None:
    meter, receipt = Meter(), UUID(int=9)
    meter.committed(receipt, 1, (1, 2, 3), 0, 0)
    at = meter.waiting[receipt.bytes].committed_ns
    for number, after_ms in ((1, 1), (2, 2), (2, 5), (3, 4)):
        meter.arrived([receipt.bytes, b"another"], number, at + after_ms * 1_000_000)
    assert meter.own == [1.0]
    assert [time for times in meter.across.values() for time in times] == [2.0, 4.0]
    assert not meter.waiting
    meter.forget()
    assert (meter.sold, meter.across) == (0, {})


def test_visitors_stand_in_other_stores_of_the_same_process() -> None:
    placed = visiting([store(number) for number in range(10)], Plan(10, parts=2), SEEDED)
    homes = {one.member: spec.number for spec in placed for one in spec.members}
    for spec in placed:
        for one in spec.visitors:
            assert homes[one.member] != spec.number
            assert homes[one.member] % 2 == spec.number % 2
    assert sum(len(spec.visitors) for spec in placed) == 10 * 2 * 2


def test_stores_that_keep_selling_have_a_process_of_their_own() -> None:
    plan = Plan(stores=22, parts=3, apart=11)
    assert [number for number in range(22) if plan.part_of(number) == 0] == [0, 11]
    assert (plan.parts_with(11), plan.parts_with(1)) == ([0], [0, 1, 2])
    assert Plan(stores=22, parts=2).parts_with(11) == [0, 1]


def test_what_tills_heard_outlives_a_torn_end(tmp_path: Path) -> None:
    book, told = (
        oks.OkBook(tmp_path / "oks-0-1.bin"),
        Told(UUID(int=1), UUID(int=2), UUID(int=3), 4, 5),
    )
    book.note(told)
    book.close()
    with (tmp_path / "oks-0-1.bin").open("ab") as file:
        file.write(b"torn")
    assert list(oks.read(tmp_path)) == [told]


def test_a_verdict_is_bad_with_anything_lost_and_keeps_a_few_examples() -> None:
    assert Verdict(told=10).good
    verdict = Verdict(told=10)
    verdict.lost = verdict.note("lost sale", range(100))
    assert (verdict.good, verdict.lost, len(verdict.examples)) == (False, 100, 5)


def test_reports_of_processes_are_put_together_and_drawn() -> None:
    one = {
        "sold": 2,
        "applied": 3,
        "waiting": 0,
        "faults": {"S101": 1},
        "across": {"7": [1.0, 2.0], "8": [3.0]},
        "own": {},
        "late": {},
        "commit": {},
    }
    report = combine([one, one])
    assert report["commit_to_other_store_ms"]["count"] == 6
    assert report["by_second"]["0"]["max"] == 2.0
    assert report["faults"] == {"S101": 2}
    run = {"stores": 2, "rate": 1.0, "scenario": "calm", "machine": "m"}
    drawn = chart.draw(run | report | {"story": [{"at_s": 0.5, "what": "kill broker"}]})
    assert drawn.startswith("<svg")
    assert drawn.count("<polyline") == 4
    assert "kill broker" in drawn
    assert summary([]) == {"count": 0}


def test_a_clock_jumps_by_its_wall_alone() -> None:
    clock = ShiftedClock(kernel_boot_id())
    before = clock.now()
    clock.jump_ms, clock.quality = -86_400_000, TimeQuality.UNKNOWN
    after = clock.now()
    assert after.wall_ms < before.wall_ms
    assert after.mono_ms >= before.mono_ms
    assert after.quality == TimeQuality.UNKNOWN


@pytest.mark.parametrize(
    ("grows_mb", "slower_ms", "flat", "steady"),
    [(0.0, 0.0, True, True), (0.1, 0.0, False, True), (0.0, 1.0, True, False)],
)
def test_a_soak_sees_memory_that_grows_and_times_that_drift(
    grows_mb: float, slower_ms: float, *, flat: bool, steady: bool
) -> None:
    minutes = [
        {
            "memory_mb": {"ingest": 90 + grows_mb * n, "postgres": 100 + n},
            "p50": 3,
            "p95": 8,
            "p99": 10 + slower_ms * n,
        }
        for n in range(30)
    ]
    found = soak.judge(minutes)
    assert (found["flat"], found["steady"], found["enough_minutes"]) == (flat, steady, True)
