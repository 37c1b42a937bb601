"""A row of `make bench-sync`: a sale in one shop until another shop's screen is told.

Till → box A (priced, on disk) → MQTT → ingest → PostgreSQL commit → MQTT → box B (applied, on disk)
→ its WebSocket. Two whole boxes, one cloud, all on this machine; the peer is the bare MQTT broker,
which the same machine measures as the floor of the way between the boxes.
"""

import json
import shutil
import socket
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from rich.progress import track
from websockets.sync.client import ClientConnection, connect

from tools.bench.report import ROOT, Bench, Row, percentile
from tools.demo.phone import Phone
from tools.demo.sales import ring_up
from tools.demo.shops import PLACES, Shop
from tools.demo.stage import Stage
from tools.demo.visits import CONSENTS, sign_in

SALES = 200
BAR_MS = 500.0
ARRIVES_WITHIN_S = 5.0
SKUS = ["SK-007", "SN-001"]


def shops(bench: Bench) -> None:
    """Measure till to screen between two shops."""
    folder = ROOT / "var" / "bench-sync"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stage = Stage(folder, ROOT / "models")
    try:
        here, there = _two_shops(stage)
        member, _phone = _member_known_to_both(stage, here, there)
        closed, arrived = _sell(here, there, member)
        bench.add_times("sale request → answer (on disk)", closed, p95_bar=None)
        bench.add_times("sale request → other shop told", arrived, p95_bar=BAR_MS)
        floor = percentile(_broker_floor(stage), 50)
        bench.add(Row("floor: two hops over the bare broker p50", floor, "ms", peer="mosquitto"))
    finally:
        stage.close()


def _two_shops(stage: Stage) -> tuple[Shop, Shop]:
    stage.database()
    stage.goods()
    stage.broker()
    stage.cloud_program()
    shops = tuple(stage.shop(place, None, None) for place in PLACES[:2])
    for shop in shops:
        stage.open_shop(shop)
    return shops[0], shops[1]


def _member_known_to_both(stage: Stage, here: Shop, there: Shop) -> tuple[str, Phone]:
    operator = sign_in(here)
    body: dict[str, object] = {
        "name": "压测",
        "phone": "13700000001",
        "language": "zh",
        "consents": CONSENTS,
    }
    body |= {"is_14_or_older": True}
    made = here.till.post("/v1/enrolments", body, operator=operator)
    phone = Phone()
    for _ in range(50):
        if here.till.get(f"/v1/members/{made['member_id']}")["ver"]:
            break
        time.sleep(0.1)
    phone.claim(stage.cloud, made["claim_code"])
    met = there.till.post("/v1/identify/code", {"text": phone.code(), "lane": there.till_id})
    if met["outcome"] != "member":
        raise RuntimeError(f"the other shop does not know her: {met['reasons']}")
    return str(made["member_id"]), phone


def _sell(here: Shop, there: Shop, member: str) -> tuple[list[float], list[float]]:
    """Close sales one after the other, each when the one before has arrived."""
    closed: list[float] = []
    arrived: list[float] = []
    told = _Told(there)
    try:
        for number in track(range(SALES), "sales", transient=True):
            told.clear()
            started = time.perf_counter()
            _, took = ring_up(here, f"S-{number:05d}", SKUS, member)
            # ring_up quotes first; only its second request is the sale.
            asked = time.perf_counter() - took / 1000
            closed.append(took)
            arrived.append((told.wait(started) - asked) * 1000)
    finally:
        told.close()
    return closed, arrived


class _Told:
    """Notes when the other shop's screen is told of the member."""

    def __init__(self, shop: Shop) -> None:
        host = shop.screen.base.removeprefix("http://")
        self._socket: ClientConnection = connect(
            f"ws://{host}/v1/events?token={shop.screen.token}", open_timeout=5
        )
        self._at = 0.0
        self._came = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="told")
        self._thread.start()

    def clear(self) -> None:
        """Forget what came before."""
        self._came.clear()

    def wait(self, after: float) -> float:
        """Return when the next word came."""
        if not self._came.wait(ARRIVES_WITHIN_S) or self._at < after:
            raise TimeoutError(f"the other shop heard nothing within {ARRIVES_WITHIN_S} s")
        return self._at

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
        self._thread.join()

    def _listen(self) -> None:
        for message in self._socket:
            at = time.perf_counter()
            if json.loads(message).get("type") == "member":
                self._at = at
                self._came.set()


def _without_delay(_client: mqtt.Client, _userdata: object, opened: object) -> None:
    """Switch Nagle's algorithm off: with it the floor is two delayed acknowledgements, 88 ms."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _broker_floor(stage: Stage) -> list[float]:
    """Send bare messages to ourselves over the same broker: twice that is the way and back.

    The only account that may do so is the ingest's, so the cloud is stopped first.
    """
    for child in stage.children:
        if child.name == "cloud":
            child.stop()
    config = Path(stage.config).read_text(encoding="utf-8")
    password = next(
        line.split('"')[1] for line in config.splitlines() if line.startswith("broker_password")
    )
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="cloud-ingest")
    client.username_pw_set("cloud-ingest", password)
    came = threading.Event()
    client.on_message = lambda *_: came.set()
    client.on_socket_open = _without_delay
    client.connect("127.0.0.1", stage.broker_port)
    client.subscribe("r1/bench/echo", 1)
    client.loop_start()
    times: list[float] = []
    time.sleep(0.5)
    for _ in range(SALES):
        came.clear()
        started = time.perf_counter()
        client.publish("r1/bench/echo", b"x" * 300, qos=1)
        if came.wait(1):
            times.append((time.perf_counter() - started) * 2000)
    client.disconnect()
    client.loop_stop()
    return times
