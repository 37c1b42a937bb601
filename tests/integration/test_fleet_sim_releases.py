"""A bad build that breaks only at real sales stops in the first ring and goes back; a good one ends
on every box: real index, slots and trials in the fleet simulator, real rings in the cloud.
"""

from pathlib import Path

from tests.plugins.postgres import Database
from tools.fleet_sim import scenario
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run

STORES = 6
STORY = scenario.Scenario(
    "releases",
    step=(
        scenario.Step(at_s=0.2, do="release", kind="bad", seconds=60),
        scenario.Step(at_s=0.3, do="release", kind="good", seconds=90),
    ),
)
RATE, SECONDS = 20, 30


def test_a_build_that_breaks_at_sales_reaches_one_ring_and_a_good_one_all(
    tmp_path: Path, database: Database
) -> None:
    with Run.on(tmp_path / "fleet", Plan(stores=STORES, members=2, others=1)) as run:
        run.cloud.database_at(database.url, database.owner_url, database.super_dsn)
        run.prepare()
        run.open_stores()
        bad, good = scenario.sell(run, RATE, SECONDS, STORY, lambda _text: None)
        starts = run.crew.tell("started")[0]["by_store"]
        run.settle()
        verdict = run.judge()
        refused = run.report()["refused"]
    assert (bad["state"], bad["reason"], bad["ring"]) == ("stopped", "failures", 0)
    assert (bad["boxes"], bad["codes"]) == ({"failed": 1, "held": STORES - 1}, ["F245"])
    assert (good["state"], good["boxes"]) == ("done", {"proved": STORES})
    histories = sorted(starts.values(), key=len)
    assert histories == [[0, 2]] * (STORES - 1) + [[0, 1, 0, 2]], (
        "one box met the bad one, and left"
    )
    assert refused >= 2, "the sales that broke were not told ok"
    assert verdict.good, verdict.plain()
    assert verdict.told + refused == RATE * SECONDS
