"""A simulated box on a real broker: it sends until what it sent is acknowledged."""

import threading
import time
from collections.abc import Callable
from queue import Empty, Queue

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.adapters.mosquitto_files import BrokerDevice, hash_password
from retail_core.sync.cloud_watch import CloudWatch
from retail_core.sync.ranges import Ranges, normalise, subtract
from retail_core.wire.codec import (
    decode_ack,
    decode_change,
    decode_cloud_presence,
    decode_published,
)
from retail_core.wire.messages import AckFrame, ChangeFrame, Published
from retail_core.wire.topics import box_filters, shard_of, tail_of
from tests.factories.waiting import PATIENCE_S
from tests.fakes.cloud_box import SimBox


def account(box: SimBox) -> BrokerDevice:
    """What the broker has to know of a box; its password is its id."""
    hashed = hash_password(str(box.device), b"s" * 12)
    return BrokerDevice(box.tenant, shard_of(box.store), box.device, hashed)


class BoxLine:
    """One connected box."""

    def __init__(self, box: SimBox, host: str, port: int, password: str = "") -> None:
        self.box = box
        self.acked: Ranges = ()
        self.acks: Queue[AckFrame] = Queue()
        self.changes: Queue[ChangeFrame] = Queue()
        self.published: Queue[Published] = Queue()
        self.watch = CloudWatch()
        self.heard_s = 0.0
        self._ready = threading.Event()
        self._news = threading.Event()
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=str(box.device), clean_session=True
        )
        client.username_pw_set(str(box.device), password or str(box.device))
        client.will_set(box.topic("st"), box.presence("gone"), qos=1, retain=True)
        client.reconnect_delay_set(1, 1)
        filters = [(one, 1) for one in box_filters(box.tenant, box.store, box.device)]
        client.on_connect = lambda session, *_: session.subscribe(filters)
        client.on_subscribe = lambda *_: self._ready.set()
        client.on_message = self._received
        client.connect(host, port)
        client.loop_start()
        assert self._ready.wait(PATIENCE_S)

    @property
    def cloud_up(self) -> bool | None:
        """Whether the cloud says that somebody books; None before it said anything."""
        return self.watch.up if self.watch.shard or self.watch.company else None

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        match tail_of(message.topic):
            case "ack":
                ack = decode_ack(payload)
                if ack.epoch == self.box.epoch:
                    self.acked = normalise((*self.acked, *ack.ranges))
                self.heard_s = time.monotonic()
                self.acks.put(ack)
                self._news.set()
            case "chg":
                self.changes.put(decode_change(payload))
            case "cloud/st" | "cloud/s" | "cloud/w" as tail:
                self.watch = self.watch.heard(tail, decode_cloud_presence(payload))
            case _:
                self.published.put(decode_published(payload))

    def send(self, tail: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(self.box.topic(tail), payload, 1, retain)

    def drain(self, *, resend_s: float = 1.0, patience_s: float = PATIENCE_S) -> int:
        """Send everything that is not acknowledged until all is; return how often that was."""
        deadline = time.monotonic() + patience_s
        sent = 0
        while left := subtract([(1, len(self.box.events))], self.acked):
            assert time.monotonic() < deadline, f"never acknowledged: {left}"
            self._news.clear()
            for low, high in left:
                self.send("up", self.box.frame(low, min(high, low + 255)))
                sent += 1
            self._news.wait(resend_s)
        return sent

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """Be cut off without a word."""
        sock = self._client.socket()
        assert sock is not None
        self._client.loop_stop()
        self._client.reconnect_delay_set(60, 60)
        sock.close()


def wait_until(what: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def nothing_in(queue: "Queue[object]", wait_s: float = 0.3) -> bool:
    """Return whether nothing comes for a moment."""
    try:
        queue.get(timeout=wait_s)
    except Empty:
        return True
    return False
