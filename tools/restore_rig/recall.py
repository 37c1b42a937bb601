"""`make bench-recall`: a member's points lie in one store while she stands in the other.

From the asking box's question until it can spend, over real boxes, mosquitto and PostgreSQL, to and
fro between two stores: `python -m tools.restore_rig.recall --times 40`
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from edge_agent.services.rights.rights_asking import RightsAsking
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import MemberEnrolled
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_line import account
from tests.plugins.cloud import new_tenant
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tools import embedded_pg
from tools.restore_rig.__main__ import Server
from tools.restore_rig.cloud import Cloud
from tools.restore_rig.play import points_of, shops, until
from tools.restore_rig.shop import Box

LENT, WANTED = 300, 400
HEARD_S = 1.5
_MS = 1_000


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    asked = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="regulars-recall-"))
    base.chmod(0o755)
    try:
        took = sorted(measured(base, asked.times))
    finally:
        embedded_pg.destroy(base / "pg")
        shutil.rmtree(base, ignore_errors=True)
    p95 = took[len(took) * 95 // 100]
    sys.stdout.write(
        f"recall from another store: p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms,"
        f" max {took[-1]:.0f} ms of {len(took)}; load {os.getloadavg()[0]:.1f}\n"
    )
    return 0


def measured(base: Path, times: int) -> list[float]:
    """Return how long each recall took (ms)."""
    database = Server(base / "pg").make()
    units = PostgresUnits(make_engine(database.url, connections=6))
    tenant = new_tenant(units)
    sims = shops(units, tenant, 2)
    (base / "broker").mkdir()
    broker = Broker(base / "broker", [account(sim) for sim in sims])
    broker.start()
    cloud = Cloud(tenant, broker.host, broker.port, INGEST_PASSWORD, units)
    cloud.open()
    boxes = [Box(base / f"box{at}", cloud, sim, fresh_id()) for at, sim in enumerate(sims)]
    try:
        person = _begin(cloud, boxes)
        return [_once(boxes[(turn + 1) % 2], person) for turn in range(times)]
    finally:
        for box in boxes:
            box.off()
        cloud.close()
        units.close()
        broker.stop()


def _begin(cloud: Cloud, boxes: Sequence[Box]) -> Person:
    """Enrol a member whose points lie with the first box."""
    person, first = Person(), boxes[0]
    event = SimBox(cloud.tenant).enrols(person)
    body = decode_body(EventType.MEMBER_ENROLLED, event.body)
    if not isinstance(body, MemberEnrolled):
        raise TypeError(type(body))
    first.says(EventType.MEMBER_ENROLLED, body, person.member)
    first.earns(person, WANTED)
    for box in boxes:
        box.online()
        until(box.leases.admitted)
    until(lambda: first.journal.depth() == 0)
    with cloud.units.begin(cloud.tenant) as unit:
        pairs = [(box.sim.store, person.member) for box in boxes]
        unit.members.add_interests(pairs, cloud.clock.now_ms())
    cloud.office.lend(cloud.tenant, points_of(person), first.sim.device, LENT)
    cloud.worker.wake()
    until(lambda: first.leases.spendable(points_of(person)) == LENT)
    time.sleep(HEARD_S)  # presences are written down once a second
    return person


def _once(box: Box, person: Person) -> float:
    right = points_of(person)
    began_s = time.perf_counter()
    question = RightsAsking(box.desk, box.leases, box.tally)
    question.look(person.member, ((right, WANTED),))
    question.turn(0)
    until(lambda: box.leases.spendable(right) >= LENT)
    return (time.perf_counter() - began_s) * _MS


if __name__ == "__main__":
    sys.exit(main())
