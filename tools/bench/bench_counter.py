"""`make bench-counter`: a member attached, her basket priced and sold, over HTTP to a real agent.

The agent is `edge-agent run` in a process of its own, on the project's own disk, with its encrypted
files, its threads and its log; only the cloud is away. The client keeps one connection, as a till
does. Ringing up (open, six lines) is told apart: it happens while articles are scanned.
"""

import argparse
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher

from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.replica_sqlite import SqliteReplica
from retail_core.catalog.article import Article
from retail_core.wire.member import MemberRecord
from tools.bench.report import ROOT, Bench, Row, percentile

BAR_MS = 30.0
LINES = 6
MEMBERS = 200
STARTS_WITHIN_S = 60
TOKEN = "bench-till-token-0123456789"  # noqa: S105 -- of an agent that lives as long as the bench
KEY = "55" * 32
RULES = """{"version": 1, "tier_names": {"gold": "金卡"},
 "offers": [
  {"kind": "tier_price", "id": "gold95", "name": "金卡 95 折", "tiers": ["gold"], "permille": 950},
  {"kind": "mix_and_match", "id": "three", "name": "三件免一件", "need": 3, "free": 1,
   "items": {"categories": ["c1"]}},
  {"kind": "set_amount", "id": "pair", "name": "两件减五元", "need": 2, "fen_off": 500,
   "items": {"categories": ["c0"]}}],
 "earn": {"id": "base", "fen_per_point": 100}}"""
DEVICE = """
[identity]
tenant = "01890000-0000-7000-8000-000000000001"
store = "01890000-0000-7000-8000-000000000002"
device = "01890000-0000-7000-8000-000000000003"
legal_entity = "01890000-0000-7000-8000-000000000004"
store_name = "bench"
city = "上海"
zone = "Asia/Shanghai"
day_starts_at = "04:00"
[cloud]
url = "http://127.0.0.1:{nowhere}"
token = "device-token-0123456789"
broker_host = "127.0.0.1"
broker_port = {nowhere}
broker_password = "broker-password"
bundle_public_key = "{key}"
[keys]
phone_hash_key = "{key}"
card_hash_key = "{key}"
sun_meta_key = "{half}"
sun_master_key = "{half}"
storage_key = "{key}"
[[tills]]
id = "01890000-0000-7000-8000-000000000005"
name = "1"
kind = "api"
token = "{token}"
[[operators]]
id = "01890000-0000-7000-8000-000000000007"
number = "1001"
name = "王芳"
pin_hash = "{pin}"
role = "clerk"
[screen]
token = "bench-screen-token-01234567"
"""
CONFIG = """
device_file = "device.toml"
data_dir = "data"
models_dir = "models"
api_port = {port}
[camera]
[face]
enabled = false
"""


class Till:
    """A till's one connection; every write has a key of its own."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._line.connect()
        self._line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method: str, path: str, body: object) -> tuple[dict[str, Any], float]:
        """Return the answer and how many milliseconds it took; anything but 200 ends the bench."""
        content = json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_hex(12),
        }
        began = time.perf_counter()
        self._line.request(method, path, content, headers)
        answer = self._line.getresponse()
        said = answer.read()
        took = (time.perf_counter() - began) * 1_000
        if answer.status != http.client.OK:
            raise SystemExit(f"{method} {path}: {answer.status} {said.decode()}")
        return json.loads(said), took

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def processor_ms(pid: int) -> float:
    """Return the processor time a process has had, all its threads, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000 / os.sysconf("SC_CLK_TCK")


def member(number: int) -> UUID:
    """Return the id of one of the shop's members."""
    return UUID(int=(0xA << 124) | number)


def fill(data: Path) -> None:
    """Put articles, rules and members where the agent finds them."""
    data.mkdir()
    replica = SqliteReplica(data / "replica.db", derive_key(bytes.fromhex(KEY), "replica"))
    replica.replace_catalogue(
        1,
        [
            Article(UUID(int=n + 1), f"S{n}", f"商品{n}", "件", 1_990 + n, category=f"c{n % 2}")
            for n in range(2_000)
        ],
    )
    replica.replace_bundle(1, RULES.encode())
    for number in range(MEMBERS):
        replica.put_member(member(number), 1, _record(number))
    replica.close()


def _record(number: int) -> MemberRecord:
    return MemberRecord(
        wallet=UUID(int=number + 1).bytes,
        name="王芳",
        tier="gold",
        tags=("vip",),
        points_free=1_000,
        points_pending=0,
        phone_masked="138****8000",
        phone_hash=None,
        phone_keys=(),
        cards=(),
        home_store=bytes(16),
    )


@contextmanager
def agent() -> Iterator[tuple[int, int]]:
    """Run an agent over a folder on the project's own disk; yield its port and process."""
    parent = ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    folder, port = Path(tempfile.mkdtemp(prefix="counter-", dir=parent)), free_port()
    fill(folder / "data")
    pin = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("246810")
    device = DEVICE.format(nowhere=free_port(), key=KEY, half="33" * 16, token=TOKEN, pin=pin)
    (folder / "device.toml").write_text(device, encoding="utf-8")
    (folder / "device.toml").chmod(0o600)
    (folder / "agent.toml").write_text(CONFIG.format(port=port), encoding="utf-8")
    try:
        with (folder / "agent.log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "edge_agent", "run", "--config", folder / "agent.toml"],
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        try:
            _await(child, port, folder)
            yield port, child.pid
        finally:
            child.terminate()
            child.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


def _await(child: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        if child.poll() is not None:
            raise SystemExit((folder / "agent.log").read_text("utf-8")[-2_000:])
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the agent did not answer")


def rung_up(till: Till, number: int) -> tuple[str, float]:
    """Open a basket and add its lines; return its address and the time of both."""
    opened, first = till.send("POST", "/v1/baskets", {})
    path = f"/v1/baskets/{opened['basket_id']}"
    lines = [{"sku": f"S{(number * 7 + n) % 2_000}"} for n in range(LINES)]
    _, second = till.send("POST", f"{path}/lines", {"lines": lines})
    return path, first + second


def sale(till: Till, number: int, times: dict[str, list[float]]) -> None:
    """Sell one basket to a member."""
    path, ringing = rung_up(till, number)
    asked = {"member_id": str(member(number % MEMBERS))}
    priced, attach = till.send("PUT", f"{path}/member", asked)
    paid = [{"kind": "cash", "amount_fen": priced["due_fen"]}]
    sold, commit = till.send("POST", f"{path}/commit", {"tenders": paid})
    if sold["total_fen"] != priced["total_fen"] or not sold["points_earned"]:
        raise SystemExit("what was sold is not what was priced")
    for name, took in zip(times, (ringing, attach, commit, attach + commit), strict=True):
        times[name].append(took)


def old_way(till: Till, number: int) -> float:
    """Sell without a basket: a quote and a sale; return the time of both."""
    lines = [{"sku": f"S{(number * 7 + n) % 2_000}"} for n in range(LINES)]
    asked = {"member_id": str(member(number % MEMBERS)), "lines": lines}
    quote, first = till.send("POST", "/v1/quotes", asked)
    paid = [{"kind": "cash", "amount_fen": quote["due_fen"]}]
    body = asked | {"till_receipt_no": f"{number:06}", "tenders": paid}
    _, second = till.send("POST", "/v1/sales", body)
    return first + second


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=500)
    count = parser.parse_args().sales
    names = ("open + add 6 lines", "attach member + price", "commit", "attach + price + commit")
    times: dict[str, list[float]] = {name: [] for name in names}
    with agent() as (port, pid):
        till = Till(port)
        for number in range(30):
            sale(till, number, {name: [] for name in names})
        began, agents = os.times(), processor_ms(pid)
        for number in range(count):
            sale(till, number, times)
        ours, agents = os.times(), processor_ms(pid) - agents
        quoted = [old_way(till, number) for number in range(count)]
        till.close()
    bench = Bench("counter")
    for name, series in times.items():
        bar = BAR_MS if name == names[-1] else None
        for percent in (50, 95, 99):
            row_bar = bar if percent == 99 else None  # noqa: PLR2004 -- the bar is on the tail
            bench.add(Row(f"{name} p{percent}", percentile(series, percent), "ms", row_bar))
    for percent in (50, 95, 99):
        bench.add(Row(f"quote + sale, no basket p{percent}", percentile(quoted, percent), "ms"))
    client_ms = (ours.user + ours.system - began.user - began.system) * 1_000 / count
    bench.add(Row("the agent's processor time of a whole sale", agents / count, "ms"))
    bench.add(Row("the client's own processor time of a sale", client_ms, "ms"))
    return bench.finish()


if __name__ == "__main__":
    raise SystemExit(main())
