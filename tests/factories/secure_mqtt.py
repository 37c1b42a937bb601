"""An MQTT client that comes with whatever certificate a test gives it, and tells what it may do."""

import ssl
import threading
from base64 import b64decode
from hashlib import pbkdf2_hmac
from queue import Empty, Queue
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.factories.waiting import PATIENCE_S

# A client that was refused in the handshake hears nothing: what does not come by then is refused.
SOON_S = 2.0


class Mqtt:
    """A connection, or the attempt of one; MQTT 5, whose answers say what was refused."""

    def __init__(
        self,
        address: tuple[str, int],
        context: ssl.SSLContext | None = None,
        *,
        client_id: str = "",
        login: tuple[str, str] | None = None,
        kept_s: int = 0,
    ) -> None:
        self.heard: Queue[tuple[str, bytes]] = Queue()
        self.gone = threading.Event()
        self._answer: Queue[bool] = Queue()
        self._acks: Queue[list[bool]] = Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5
        )
        self.client.connect_timeout = PATIENCE_S
        if context is not None:
            self.client.tls_set_context(context)
        if login is not None:
            self.client.username_pw_set(*login)
        self.client.on_connect = lambda _c, _u, _f, code, _p: self._answer.put(not code.is_failure)
        self.client.on_disconnect = lambda *_: self._ended()
        self.client.on_message = lambda _c, _u, m: self.heard.put((m.topic, bytes(m.payload)))
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self._acks.put(
            [not one.is_failure for one in codes]
        )
        self.client.on_publish = lambda _c, _u, _m, code, _p: self._acks.put([not code.is_failure])
        self.stands = self._connected(address, kept_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.client.on_connect = self.client.on_disconnect = self.client.on_message = None
        self.client.on_subscribe = self.client.on_publish = None

    def _connected(self, address: tuple[str, int], kept_s: int) -> bool:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        properties.SessionExpiryInterval = kept_s
        try:
            self.client.connect(*address, clean_start=not kept_s, properties=properties)
        except OSError:
            return False
        self.client.loop_start()
        return self._answer.get(timeout=PATIENCE_S)

    def _ended(self) -> None:
        self.gone.set()
        self._answer.put(False)  # noqa: FBT003 -- a queue of answers
        self._acks.put([False])

    def subscribe(self, topic: str) -> bool:
        """Return whether the broker grants it."""
        self.client.subscribe(topic, 1)
        return self._acks.get(timeout=PATIENCE_S)[0]

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> bool:
        """Return whether the broker takes it; that says nothing about delivery."""
        self.client.publish(topic, payload, 1, retain=retain)
        return self._acks.get(timeout=PATIENCE_S)[0]

    def until(self, end: bytes) -> list[tuple[str, bytes]]:
        """Return what is heard before the marker."""
        found: list[tuple[str, bytes]] = []
        while True:
            one = self.heard.get(timeout=PATIENCE_S)
            if one[1] == end:
                return found
            found.append(one)

    def all_heard(self) -> list[tuple[str, bytes]]:
        """Return what has been heard up to now."""
        found = []
        while True:
            try:
                found.append(self.heard.get_nowait())
            except Empty:
                return found


def is_password(entry: str, password: str) -> bool:
    """Tell whether a line of the broker's password file, mosquitto's `$7$`, is of this password."""
    _, kind, rounds, salt, digest = entry.split("$")
    made = pbkdf2_hmac("sha512", password.encode(), b64decode(salt), int(rounds), 64)
    return (kind, b64decode(digest)) == ("7", made)
