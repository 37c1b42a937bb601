"""The same product on a clustered engine: two RabbitMQ nodes, two ingest processes, four stores.

`make test-cluster` fetches the engine and runs this; without the engine it is skipped.
"""

import shutil
import statistics
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from cloud_broker.adapters.mosquitto_files import INGEST_USERS
from retail_core.wire.topics import shard_of
from tests.factories.cloud_process import Cloud, booked
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S
from tests.fakes.cloud_box import Person, SimBox
from tests.fakes.cloud_line import BoxLine, wait_until
from tests.plugins.mosquitto import INGEST_PASSWORD
from tests.plugins.postgres import Database
from tools.rabbit_cluster import Account, Cluster, find

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(700),
    pytest.mark.skipif(find() is None, reason="RabbitMQ is missing: make test-cluster fetches it"),
]
LONE_SALES = 200
BATCH_SALES = 2_000


def account_of(box: SimBox, password: str) -> Account:
    """What the broker has to know of a box: the lines of mosquitto's ACL, as expressions."""
    own = f"r1/{box.tenant}/{shard_of(box.store)}/d/{box.device}"
    return Account(
        str(box.device),
        password,
        write=f"^{own}/(up|st|hello|seen)$",
        read=f"^({own}/(ack|chg|lane)|r1/{box.tenant}/all/.*|r1/{box.tenant}/cloud/st"
        f"|r1/cloud/s/{shard_of(box.store)}|r1/cloud/w/.*)$",
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="regulars-rabbit-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Shops:
    """Four stores of one company, two at each node of a running cluster."""

    def __init__(self, database: Database, folder: Path, place: Path, stack: ExitStack) -> None:
        where = find()
        assert where is not None
        self.cloud = cloud = Cloud(place, database, (), free_port(), stack)
        head = (
            f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
            f'secrets_dir = "{place / "secrets"}"\nbroker_password = "{INGEST_PASSWORD}"\n'
        )
        cloud.config.write_text(head, encoding="utf-8")
        cloud.command("migrate")
        cloud.command("provision-tenant", "--name", "熟客美妆", "--slug", "demo")
        self.boxes = [cloud.store(f"{number}店") for number in range(4)]
        files = [tomllib.loads(path.read_text()) for path in place.glob("*店.toml")]
        passwords = {file["identity"]["device"]: file["cloud"]["broker_password"] for file in files}
        accounts = [account_of(box, passwords[str(box.device)]) for box in self.boxes]
        accounts += [Account(user, INGEST_PASSWORD, "^r1/", "^r1/") for user in INGEST_USERS]
        self.cluster = Cluster(where, folder, accounts)
        stack.callback(self.cluster.stop)
        self.cluster.start()
        port = f"broker_port = {self.cluster.ports[1]}\n"
        cloud.config.write_text(head + port, encoding="utf-8")
        self.workers = [cloud.run("ingest") for _ in range(2)]
        self.lines = [
            BoxLine(box, "127.0.0.1", self.cluster.ports[1 + n % 2], passwords[str(box.device)])
            for n, box in enumerate(self.boxes)
        ]
        for line in self.lines:
            stack.callback(line.close)
        wait_until(lambda: all(line.cloud_up for line in self.lines))

    @property
    def sales(self) -> int:
        """All sales, without the one enrolment."""
        return sum(len(box.events) for box in self.boxes) - 1

    def a_change_reaches_the_other_node(self, person: Person) -> None:
        """A sale at one node changes the member in a store at the other."""
        for n in (1, 0):
            self.boxes[n].sells(person)
            self.lines[n].drain()
        assert self.lines[1].changes.get(timeout=PATIENCE_S).changes

    def batch_s(self, person: Person) -> float:
        """Return how long a batch of sales took to be acknowledged."""
        for box in self.boxes:
            for _ in range(BATCH_SALES // len(self.boxes)):
                box.sells(person)
        began = time.monotonic()
        for line in self.lines:
            line.drain(patience_s=120)
        return time.monotonic() - began

    def a_node_and_a_worker_die(self, person: Person) -> None:
        """Kill both while sales wait; the stores of the other node go on, then all are drained."""
        self.cluster.kill_node(2)
        self.workers[0].kill()
        for box in self.boxes:
            box.sells(person)
        for line in self.lines[::2]:
            line.drain(patience_s=60)
        self.cluster.start_node(2)
        self.cluster.wait()
        for line in self.lines[1::2]:
            line.drain(patience_s=120)


def test_a_cluster_of_another_engine_carries_the_same(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        shops = Shops(database, folder, tmp_path, stack)
        person = Person()
        shops.boxes[0].enrols(person)
        shops.lines[0].drain()
        shops.a_change_reaches_the_other_node(person)
        pairs = zip(shops.boxes, shops.lines, strict=True)
        lone_ms = [ms for box, line in pairs for ms in answered_ms(box, line, person)]
        took_s = shops.batch_s(person)
        shops.a_node_and_a_worker_die(person)
        wait_until(lambda: booked(shops.cloud) == shops.sales)
        with psycopg.connect(database.super_dsn) as connection:
            row = connection.execute(
                "select (select count(*) from posting),"
                " (select balance from account where account like 'member:%:free'),"
                " (select coalesce(sum(breaks), 0) from device_range),"
                " (select count(*) from repair_queue where kind <> 'member')"
            ).fetchone()
        assert row == (shops.sales, 59 * shops.sales, 0, 0)
        report(lone_ms, took_s, shops.sales)


def answered_ms(box: SimBox, line: BoxLine, person: Person) -> list[float]:
    """Sell one by one; return how long each acknowledgement took, commit included."""
    taken: list[float] = []
    for _ in range(LONE_SALES // 4):
        box.sells(person)
        began = time.monotonic()
        line.drain()
        taken.append((time.monotonic() - began) * 1_000)
    return taken


def report(lone_ms: list[float], batch_s: float, sales: int) -> None:
    """Print the run's figures; none is asserted."""
    centiles = statistics.quantiles(lone_ms, n=100)
    print(  # noqa: T201 -- the figures are what the run is for, beside its verdict
        f"\nRabbitMQ cluster: sale to acknowledgement p50 {centiles[49]:.1f} ms,"
        f" p99 {centiles[98]:.1f} ms; {BATCH_SALES / batch_s:.0f} sales/s in a batch;"
        f" {sales} sales, 0 lost, 0 doubled, one node and one worker killed"
    )
