"""Three stores of the fleet simulator on the real broker, ingest and database, compared at the end.

The broker is killed while they sell; what needs a thousand stores is `make fleet-sim`.
"""

from pathlib import Path

from tests.plugins.postgres import Database
from tools.fleet_sim import scenario
from tools.fleet_sim.provisioning import Plan
from tools.fleet_sim.run import Run

STORY = scenario.Scenario(
    "small",
    step=(
        scenario.Step(at_s=0.5, do="kill", what="broker", back_s=0.2),
        scenario.Step(at_s=1.0, do="stores", kind="twice", permille=500),
    ),
)
RATE, SECONDS = 20, 2


def test_three_stores_sell_through_a_kill_and_agree_with_the_cloud(
    tmp_path: Path, database: Database
) -> None:
    with Run.on(tmp_path / "fleet", Plan(stores=3, members=2, others=1)) as run:
        run.cloud.database_at(database.url, database.owner_url, database.super_dsn)
        run.prepare()
        run.open_stores()
        happened = scenario.sell(run, RATE, SECONDS, STORY, lambda _text: None)
        run.settle()
        faults = run.report()["faults"]
        run.crew.tell("away", seconds=600.0, stay=3)
        run.crew.tell("back")
        run.settle()
        verdict = run.judge()
        report = run.report()
    assert report["faults"] == faults, "a line that was cut comes back at its first try"
    assert [one["what"] for one in happened] == ["kill broker", "stores twice"]
    assert verdict.told == RATE * SECONDS
    assert verdict.good, verdict.plain()
    assert report["applied"] > 0
