"""What a month costs on a line that is paid by the byte: real broker, real link, real journal.

A shop's day is 200 sales and the time between them. Both are measured on one connection by the
kernel's own account (headers, TLS-less): first the line with nothing to do but to be there, then
sales one by one, each acknowledged and answered by a change. The day is put together from the two.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.line_meter import LineCost
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink, Route
from edge_agent.adapters.mqtt_session import KEEPALIVE_METERED_S, KEEPALIVE_S
from edge_agent.domain.ways import DIRECT, Way
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.uplink import Uplink
from retail_core import limits
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_up, encode
from retail_core.wire.messages import WIRE_VERSION, AckFrame, Presence
from retail_core.wire.topics import device_topics
from tests.factories.ports import free_port
from tests.factories.shop_floor import SHOP, make_draft
from tools.bench.report import Bench, Row

IDLE_S = 60.0
SALES = 40
SALES_A_DAY = 200
DAY_S = 24 * 3_600
DAYS = 30
MB = 1e6
BUDGET_MB = 200
BUDGET_METERED_MB = 60
DEVICES = {"camera": "ok", "qr": "ok", "nfc": "ok", "till_tap": "ok", "cloud": "ok"}
FAULTS = {"S102": 3, "R201": 12, "A107": 1}


@contextlib.contextmanager
def broker() -> Iterator[int]:
    """Run a mosquitto for the bench alone."""
    folder, port = Path(tempfile.mkdtemp(prefix="regulars-line-")), free_port()
    (folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        sys.exit("mosquitto is missing: apt-get install mosquitto")
    process = subprocess.Popen([program, "-c", str(folder / "conf")], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


class Cloud:
    """Acknowledges every frame, and answers each with as many bytes as a change has."""

    def __init__(self, port: int) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._heard
        self.client.connect("127.0.0.1", port)
        self._topics = device_topics(SHOP.tenant, SHOP.store, SHOP.device)
        self.client.subscribe(self._topics.up, 1)
        self.client.loop_start()

    def _heard(self, client: Client, _userdata: object, message: MQTTMessage) -> None:
        frame = decode_up(bytes(message.payload))
        last = frame.first_seq + len(frame.events) - 1
        ack = AckFrame(WIRE_VERSION, frame.epoch, ((frame.first_seq, last),), 2, packing=1)
        client.publish(self._topics.ack, encode(ack), 1)
        client.publish(self._topics.chg, bytes(300), 1)

    def stop(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()


def difference(before: LineCost, after: LineCost) -> int:
    """Return the bytes both ways between two looks."""
    return after.up_bytes + after.down_bytes - before.up_bytes - before.down_bytes


def month(port: int, folder: Path, keepalive_s: int, beat_ms: int) -> tuple[float, float, float]:
    """Return (MB a month, bytes a second of being there, bytes a sale)."""
    clock = SystemClock(kernel_boot_id())
    ids, tally = SystemIds(clock), FaultTally()
    journal = SqliteJournal(folder / "journal.db", b"k" * 32, ids)
    route = Route((Way(DIRECT, "127.0.0.1", port),), keepalive_s=keepalive_s)
    who = LinkIdentity(SHOP.tenant, SHOP.store, SHOP.device, "-")
    link = MqttLink("127.0.0.1", port, who, UUID(int=1), ids, tally, route)
    uplink = Uplink(journal, link, SHOP, tally, boot=kernel_boot_id())
    recorder = Recorder(journal, [uplink.recorded])
    ended = threading.Event()

    def heard(message: object) -> None:
        if getattr(message, "topic_tail", "") == "ack":
            uplink.on_ack(getattr(message, "payload", b""))

    link.start(heard, lambda _up: None)
    uplink.start()
    while not link.connected():
        time.sleep(0.05)

    def beats() -> None:
        while not ended.is_set():
            link.publish_presence(presence(journal.epoch))
            ended.wait(beat_ms / 1_000)

    beating = threading.Thread(target=beats)
    beating.start()
    try:
        time.sleep(2)
        first = link.meter.cost()
        time.sleep(IDLE_S)
        second = link.meter.cost()
        began = time.monotonic()
        for _ in range(SALES):
            recorder.record([make_draft(event_id=ids.uuid7())], lambda seq: seq)
            while journal.depth():
                time.sleep(0.01)
        time.sleep(1.5)
        third = link.meter.cost()
    finally:
        ended.set()
        beating.join()
        uplink.stop()
        link.stop()
        journal.close()
    idle = difference(first, second) / (second.seconds - first.seconds)
    a_sale = (difference(second, third) - idle * (time.monotonic() - began)) / SALES
    whole = DAYS * (idle * DAY_S + a_sale * SALES_A_DAY) / MB
    return whole, idle, a_sale


def presence(epoch: int) -> Presence:
    """Return a heartbeat as a shop sends it."""
    return Presence(
        *(WIRE_VERSION, "ok", bytes(16), 1_795_000_000_000, "0.1.0", epoch, 0, 12_345),
        can_sell=True,
        devices=DEVICES,
        faults=FAULTS,
    )


def main() -> int:
    """Measure, print and write `var/bench/line.json`."""
    bench = Bench("line")
    kinds = (
        ("", KEEPALIVE_S, limits.HEARTBEAT_MS, BUDGET_MB),
        (" metered", KEEPALIVE_METERED_S, limits.HEARTBEAT_METERED_MS, BUDGET_METERED_MB),
    )
    with broker() as port:
        cloud = Cloud(port)
        for name, keepalive_s, beat_ms, budget in kinds:
            with tempfile.TemporaryDirectory() as folder:
                whole, idle, a_sale = month(port, Path(folder), keepalive_s, beat_ms)
            bench.add(Row(f"month{name}", whole, "MB", budget, "lower"))
            bench.add(Row(f"being there{name}", idle, "B/s"))
            bench.add(Row(f"a sale{name}", a_sale, "B"))
        cloud.stop()
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
