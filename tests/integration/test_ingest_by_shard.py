"""Two brokers, two ingest processes: one is killed, one stopped until another has its place."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from retail_core.wire.topics import shard_of
from tests.factories.cloud_process import Cloud, booked, brokers_learn
from tests.factories.ports import free_port
from tests.fakes.cloud_box import Person, SimBox
from tests.fakes.cloud_line import BoxLine, wait_until
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tests.plugins.postgres import Database

# Neighbours lie on one worker: with two workers each has shards on both brokers.
SPREAD = ("0-15,32-47", "16-31,48-63")
UNANSWERED_MAX = 20


@pytest.fixture
def cloud(database: Database, mosquitto: Callable[..., Broker], tmp_path: Path) -> Iterator[Cloud]:
    brokers = (mosquitto(), mosquitto())
    listed = "".join(
        f'[[brokers]]\nshards = "{shards}"\nhost = "{broker.host}"\nport = {broker.port}\n'
        for shards, broker in zip(SPREAD, brokers, strict=True)
    )
    with ExitStack() as stack:
        made = Cloud(tmp_path, database, brokers, free_port(), stack)
        made.config.write_text(
            f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
            f'secrets_dir = "{tmp_path / "secrets"}"\nbroker_password = "{INGEST_PASSWORD}"\n'
            f"{listed}",
            encoding="utf-8",
        )
        yield made


def one_box_a_quarter(cloud: Cloud) -> list[SimBox]:
    """Provision stores until each worker has one on each broker."""
    cloud.command("migrate")
    cloud.command("provision-tenant", "--name", "熟客美妆", "--slug", "demo")
    found: dict[int, SimBox] = {}
    for number in range(100):
        box = cloud.store(f"{number}店")
        found.setdefault(shard_of(box.store) // 16, box)
        if len(found) == 4:
            break
    brokers_learn(cloud)
    return [found[quarter] for quarter in range(4)]


def asked(cloud: Cloud, query: str) -> tuple[object, ...]:
    with psycopg.connect(cloud.database.super_dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def shares(cloud: Cloud) -> tuple[object, ...]:
    """Return how many shards each worker holds, oldest worker first."""
    (held,) = asked(
        cloud,
        "select array_agg(n) from (select count(l.shard) as n from ingest_worker w"
        " left join shard_lease l using (token) group by w.token order by w.token) s",
    )
    return tuple(held) if isinstance(held, list) else ()


class Trade:
    """Boxes that sell all the time, each sale told with the three before it."""

    def __init__(self, boxes: list[SimBox], lines: list[BoxLine], person: Person) -> None:
        self.boxes, self.lines, self.person = boxes, lines, person
        self._done = threading.Event()
        pairs = zip(boxes, lines, strict=True)
        self._threads = [threading.Thread(target=self._sell, args=pair) for pair in pairs]
        for thread in self._threads:
            thread.start()

    def _sell(self, box: SimBox, line: BoxLine) -> None:
        while not self._done.wait(0.1):
            # A machine that is busy elsewhere must not be left with a backlog of its own making.
            if sum(high - low + 1 for low, high in line.acked) > len(box.events) - UNANSWERED_MAX:
                box.sells(self.person)
            line.send("up", box.frame(max(1, len(box.events) - 3)))

    def everybody_is_answered(self) -> None:
        """Wait until each box got further acknowledgements."""
        seen = [line.acks.qsize() for line in self.lines]
        wait_until(
            lambda: all(
                line.acks.qsize() > before + 2
                for line, before in zip(self.lines, seen, strict=True)
            )
        )

    def end(self) -> int:
        """End it, have everything acknowledged, return how many sales there were."""
        self._done.set()
        for thread in self._threads:
            thread.join(30)
        for line in self.lines:
            line.drain(patience_s=60)
        return sum(len(box.events) for box in self.boxes) - 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_shards_change_hands_and_nothing_is_lost_or_doubled(cloud: Cloud) -> None:
    boxes = one_box_a_quarter(cloud)
    person = Person()
    boxes[0].enrols(person)
    lines = [cloud.line(box) for box in boxes]
    first, second = cloud.run("ingest"), cloud.run("ingest")
    wait_until(lambda: shares(cloud) == (32, 32))
    wait_until(lambda: all(line.cloud_up for line in lines))
    trade = Trade(boxes, lines, person)
    trade.everybody_is_answered()

    first.kill()
    first.wait(30)
    wait_until(lambda: shares(cloud) == (64,))
    trade.everybody_is_answered()

    third = cloud.run("ingest")
    wait_until(lambda: shares(cloud) == (32, 32))
    second.send_signal(signal.SIGSTOP)
    wait_until(lambda: shares(cloud) == (64,))
    trade.everybody_is_answered()
    second.send_signal(signal.SIGCONT)
    # It finds its seat taken, throws away what it had in hand and takes a new one.
    wait_until(lambda: shares(cloud) == (32, 32))
    trade.everybody_is_answered()

    sales = trade.end()
    wait_until(lambda: booked(cloud) == sales)
    assert all(line.cloud_up for line in lines)
    for process in (second, third):
        process.terminate()
        assert process.wait(30) == 0
    assert asked(
        cloud,
        "select (select count(*) from event_log), (select count(*) from posting),"
        " (select balance from account where account like 'member:%:free'),"
        " (select coalesce(sum(breaks), 0) from device_range),"
        " (select count(*) from repair_queue where kind <> 'member')",
    ) == (sales + 1, sales, 59 * sales, 0, 0)
    # A store hears of a member in the order of her versions, whoever worked its shard.
    assert (
        asked(
            cloud,
            "select count(*), count(*) filter (where ver <= before) from (select ver,"
            " lag(ver, 1, 0::bigint) over (partition by store_id, key order by pos) as before"
            " from feed where kind = 'member') f",
        )[1]
        == 0
    )
    assert shares(cloud) == ()
    wait_until(lambda: not any(line.cloud_up for line in lines))
