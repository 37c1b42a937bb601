"""`make bench-tags`: from a sale at one till until its tags stand in another shop's box; look-ups.

The cloud as it runs (`cloud-broker run` on PostgreSQL and mosquitto) with tags worked out for
everybody. One shop sells to a member whom another holds; measured is from handing the sale's frame
to the line until the other shop's encrypted file shows the new count at its till. Look-ups are what
a till asks of its own box: profile with tags, and what to suggest.
"""

import argparse
import tempfile
import time
from collections import deque
from pathlib import Path
from queue import Queue
from random import Random
from uuid import UUID

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.bootstrap.tag_night import night
from cloud_broker.migrations.runner import upgrade
from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.member_view import view_of
from edge_agent.services.shop.suggestions import Suggestions
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.insight.baskets import Bought
from retail_core.insight.cooccurrence import build_table
from retail_core.insight.table import encode_table
from retail_core.insight.till_tags import Known, Windows, told
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import MemberRecord, Purchase
from retail_core.wire.messages import Change, ChangeFrame
from tests.e2e.hq_stage import Box, Cloud, running_cloud
from tests.fakes.cloud_box import Person
from tools import embedded_pg
from tools.bench.report import Bench, Row, percentile

WAIT_S = 20.0
BAR_S, BAR_MS = 2.0, 1.0
LOOKUPS = 5_000
MEMBERS = ARTICLES = 20_000
BASKETS = 20_000
KEY = bytes(range(32))


class Listener:
    """Another shop's box: what is announced for it goes into its file."""

    def __init__(self, box: Box, port: int, replica: SqliteReplica) -> None:
        self._replica = replica
        self.applied: Queue[tuple[float, frozenset[UUID]]] = Queue()
        made = box.made
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=str(made.device), clean_session=True
        )
        self._client.username_pw_set(str(made.device), made.broker_password)
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(box.sim.topic("chg"), qos=1)
        self._client.publish(box.sim.topic("hello"), box.sim.hello(), qos=1)

    def close(self) -> None:
        """Leave the line."""
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        frame = msgspec.msgpack.decode(bytes(message.payload), type=ChangeFrame)
        changed = self._replica.apply_changes(
            feed_epoch=frame.feed_epoch, pos=frame.pos, changes=frame.changes
        )
        self.applied.put((time.perf_counter(), frozenset(changed)))


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=200)
    asked = parser.parse_args()
    bench = Bench("tags")
    with tempfile.TemporaryDirectory(prefix="bench-tags-") as name:
        folder = Path(name)
        _lookups(bench, folder)
        server = embedded_pg.start(folder / "pg")
        try:
            upgrade(server.owner_url)
            with running_cloud(server.app_url, folder) as cloud:
                _through(bench, cloud, folder, asked.sales)
        finally:
            embedded_pg.stop(folder / "pg")
            embedded_pg.destroy(folder / "pg")
    return bench.finish()


def _through(bench: Bench, cloud: Cloud, folder: Path, sales: int) -> None:
    seller, holder = cloud.boxes[0], cloud.boxes[1]
    holder.sells(cloud.person, 1_000)  # from now on this shop holds her, too
    night(cloud.office, seller.made.tenant)
    holder.leave()
    replica = SqliteReplica(folder / "held.db", KEY)
    heard = Listener(holder, cloud.settings.broker_port, replica)
    try:
        before = 0
        took: deque[float] = deque()
        for _ in range(sales + 1):
            began = time.perf_counter()
            seller.sells(cloud.person, 1_200)
            before, ended = _count_after(heard, replica, cloud.person, before)
            took.append(ended - began)
        took.popleft()  # the first one waited for the box to be greeted
    finally:
        heard.close()
        replica.close()
    times = sorted(took)
    bench.add(Row("event in until tag at another till, p50", percentile(times, 50), "s"))
    bench.add(Row("event in until tag at another till, p99", percentile(times, 99), "s", BAR_S))


def _count_after(
    heard: Listener, replica: SqliteReplica, person: Person, before: int
) -> tuple[int, float]:
    """Wait until her month's purchases are more than before; return them and when."""
    deadline = time.perf_counter() + WAIT_S
    while time.perf_counter() < deadline:
        at, changed = heard.applied.get(timeout=WAIT_S)
        held = replica.member(person.member) if person.member in changed else None
        if held is None:
            continue
        tags = {one.key: one.value for one in held.record.worked}
        if int(tags.get("orders_month", "0")) > before:
            return int(tags["orders_month"]), at
    raise TimeoutError


def _lookups(bench: Bench, folder: Path) -> None:
    """Measure what a till asks of a box that holds 20,000 members and articles."""
    chance = Random(7)  # noqa: S311 -- made-up members
    replica = _held(folder / "look.db", chance)
    clock = SystemClock(kernel_boot_id())
    ids = SystemIds(clock)
    journal = SqliteJournal(folder / "journal.db", KEY, ids)
    suggestions = Suggestions(replica, journal, clock)
    times = []
    for _ in range(LOOKUPS):
        member = UUID(int=chance.randrange(1, MEMBERS + 1))
        began = time.perf_counter()
        found = replica.member(member)
        assert found is not None  # noqa: S101 -- it was put there
        view = view_of(found.member_id, found.ver, found.record, pending_local=0, as_of_ms=0)
        shown = suggestions.of(member)
        times.append((time.perf_counter() - began) * 1e3)
        assert view.worked  # noqa: S101 -- tags are part of what is measured
        assert shown  # noqa: S101 -- so are suggestions
    for percent in (50, 99):
        name = f"profile, tags and suggestions, p{percent}"
        bar = BAR_MS if percent == 99 else None  # noqa: PLR2004 -- the one that has a bar
        bench.add(Row(name, percentile(times, percent), "ms", bar))
    journal.close()
    replica.close()


def _held(path: Path, chance: Random) -> SqliteReplica:
    replica = SqliteReplica(path, KEY)
    skus = [f"A{n}" for n in range(ARTICLES)]
    goods = [
        Article(UUID(int=n), sku, f"商品{n}", "个", 100 + n, (f"690{n:010}",))
        for n, sku in enumerate(skus)
    ]
    replica.replace_catalogue(1, goods, sha256=bytes(32))
    baskets = [
        Bought("", nth // 200, tuple(chance.sample(skus[:2_000], 4))) for nth in range(BASKETS)
    ]
    table = encode_table(build_table(baskets, 1))
    replica.replace_recommendations(1, table)
    night_tags = {"lifecycle": "repeat", "category_favourite": "护肤", "second_due": True}
    worked = told(Known(night_tags, Windows(2, 5, 30_000, 90_000)))
    changes = []
    for n in range(1, MEMBERS + 1):
        lines = (Purchase(skus[chance.randrange(2_000)], "商品", 1_000),)
        record = MemberRecord(
            *(chance.randbytes(16), "王小芳", "gold", ("敏感肌",), 9, 0, "138****0000"),
            *(chance.randbytes(32), (), (), bytes(16)),
            last_lines=lines,
            last_wall_ms=1,
            worked=worked,
        )
        body = msgspec.Raw(encode_body(record))
        changes.append(Change(n, ChangeKind.MEMBER, UUID(int=n).bytes, 1, body))
    for first in range(0, MEMBERS, limits.CHANGES_PER_FRAME_MAX):
        page = changes[first : first + limits.CHANGES_PER_FRAME_MAX]
        replica.apply_changes(feed_epoch=1, pos=page[-1].pos, changes=page)
    return replica


if __name__ == "__main__":
    raise SystemExit(main())
