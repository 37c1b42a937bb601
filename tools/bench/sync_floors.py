"""What the machine itself can do, measured beside the figures: broker, database, the slow disk."""

import os
import queue
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from tools import embedded_pg
from tools.bench.report import ROOT, Bench, Row, percentile
from tools.demo.ids import free_port
from tools.faults.slow_disk import slow_disk
from tools.pg_account import choose_places

MESSAGES, RATE, SIZE = 2_000, 1_000, 512
COMMITS, SLOW_COMMITS = 500, 100
FSYNC_MS = 5
WAIT_S = 5.0
TOPIC = "floor"


def floors(bench: Bench) -> None:
    """Measure the bare parts."""
    for percent, value in _broker():
        bench.add(Row(f"floor: bare broker publish → deliver p{percent}", value, "ms"))
    base = ROOT / "var" / "bench-sync-floor"
    embedded_pg.destroy(base)
    try:
        fast = _commits(embedded_pg.start(base), COMMITS)
        for percent in (50, 99):
            name = f"floor: bare database commit p{percent}"
            bench.add(Row(name, percentile(fast, percent), "ms"))
        _slow(bench, base)
    finally:
        embedded_pg.destroy(base)


def _slow(bench: Bench, base: Path) -> None:
    name = f"floor: bare database commit, {FSYNC_MS} ms fsync, p%d"
    with TemporaryDirectory(prefix="regulars-shim-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        environment = slow_disk(folder, FSYNC_MS)
        if environment is None:
            bench.add(Row(name % 99, None, "ms", why="没有 C 编译器 no C compiler"))
            return
        server = restart_slow(base, environment)
        slow = _commits(server, SLOW_COMMITS)
        for percent in (50, 99):
            bench.add(Row(name % percent, percentile(slow, percent), "ms"))


def restart_slow(base: Path, environment: dict[str, str]) -> embedded_pg.Server:
    """Start the database of `base` again in an environment that makes its disk slow."""
    embedded_pg.stop(base)
    places = choose_places(base.resolve())
    wanted = {name: environment[name] for name in environment if name not in os.environ}
    subprocess.run(
        [
            *(str(places.binaries / "pg_ctl"), "-D", str(places.data), "-l", str(places.log)),
            *("-w", "start"),
        ],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **wanted},
        user=places.account.uid,
        group=places.account.gid,
        extra_groups=None if places.account.uid is None else (),
    )
    server = embedded_pg.status(base)
    if server is None:
        raise RuntimeError("the database did not come back")
    return server


def _commits(server: embedded_pg.Server, count: int) -> list[float]:
    times = []
    with psycopg.connect(server.super_dsn, autocommit=True) as connection:
        connection.execute("create table if not exists floor (n integer)")
        for number in range(count):
            began = time.perf_counter()
            connection.execute("insert into floor values (%s)", (number,))
            times.append((time.perf_counter() - began) * 1_000)
    return times


def _broker() -> list[tuple[int, float]]:
    """Send to ourselves over a mosquitto of our own; return percentiles of one hop."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        return []
    port = free_port(0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="regulars-floor-")))
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        folder.chmod(0o755)
        broker = subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL)
        stack.callback(broker.wait)
        stack.callback(broker.terminate)
        times = _hops(port, stack)
    return [(percent, percentile(times, percent)) for percent in (50, 99)]


def _hops(port: int, stack: ExitStack) -> list[float]:
    sender, hearer = _client(port, stack), _client(port, stack)
    heard: queue.Queue[float] = queue.Queue()
    granted: queue.Queue[int] = queue.Queue()
    hearer.on_subscribe = lambda *_said: granted.put(1)
    hearer.on_message = lambda _client, _data, message: heard.put(
        time.monotonic() - float(message.payload[:32])
    )
    hearer.subscribe(TOPIC, 1)
    granted.get(timeout=WAIT_S)
    began = time.monotonic()
    for number in range(MESSAGES):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        sender.publish(TOPIC, f"{time.monotonic():<32.9f}".encode().ljust(SIZE), qos=1)
    return [heard.get(timeout=WAIT_S) * 1_000 for _ in range(MESSAGES)]


def _client(port: int, stack: ExitStack) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_queued_messages_set(0)
    client.on_socket_open = _without_delay
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            client.connect("127.0.0.1", port)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    client.loop_start()
    stack.callback(client.loop_stop)
    stack.callback(client.disconnect)
    return client


def _without_delay(_client: mqtt.Client, _userdata: object, opened: object) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
