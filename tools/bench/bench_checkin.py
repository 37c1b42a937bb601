"""`make bench-checkin`: from the tap on the member's page until the till screen shows her.

Phone → HTTP → cloud (signature, presence, row in PostgreSQL) → NOTIFY → ingest → MQTT →
box (the phone's code verified, taken once, on disk) → its WebSocket. All parts are real programs on
this machine; the way over a shop's line comes on top, twice its round trip at most.
"""

import json
import shutil
import sys
import threading
import time
from queue import Empty, Queue
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tools.bench.report import ROOT, Bench, Row, percentile
from tools.demo.phone import Phone
from tools.demo.sales import ring_up
from tools.demo.shops import PLACES, Shop
from tools.demo.stage import Stage
from tools.demo.visits import CONSENTS, sign_in

MEMBERS = 4
# Below the cloud's burst for one phone.
CHECKINS_EACH = 50
BAR_MS = 1_000.0
ARRIVES_WITHIN_S = 5.0


def main() -> int:
    """Measure and report."""
    bench = Bench("checkin")
    folder = ROOT / "var" / "bench-checkin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stage = Stage(folder, ROOT / "models")
    try:
        shop = _one_shop(stage)
        asked, shown, lost = _check_in(stage, shop)
        bench.add_times("check-in request → answer", asked, p95_bar=None)
        bench.add_times("tap on the page → till screen", shown, p95_bar=None)
        bench.add(Row("tap on the page → till screen, p99", percentile(shown, 99), "ms", BAR_MS))
        bench.add(Row("check-ins that never came", float(lost), f"of {len(asked)}", 0.0))
    finally:
        stage.close()
    return bench.finish()


def _one_shop(stage: Stage) -> Shop:
    stage.database()
    stage.goods()
    stage.broker()
    stage.cloud_program()
    shop = stage.shop(PLACES[0], None, None)
    stage.open_shop(shop)
    return shop


def _enrol(stage: Stage, shop: Shop, number: int) -> Phone:
    body: dict[str, object] = {
        "name": f"压测{number}",
        "phone": f"1370000{number:04d}",
        "language": "zh",
        "consents": CONSENTS,
        "is_14_or_older": True,
    }
    made = shop.till.post("/v1/enrolments", body, operator=sign_in(shop))
    for _ in range(100):
        if shop.till.get(f"/v1/members/{made['member_id']}")["ver"]:
            break
        time.sleep(0.1)
    phone = Phone()
    phone.claim(stage.cloud, made["claim_code"])
    return phone


def _check_in(stage: Stage, shop: Shop) -> tuple[list[float], list[float], int]:
    """Check in one after the other; each member's visit ends with a sale."""
    asked: list[float] = []
    shown: list[float] = []
    lost = 0
    with _Screen(shop) as screen:
        for number in range(MEMBERS):
            phone = _enrol(stage, shop, number)
            for _ in range(CHECKINS_EACH):
                started = time.perf_counter()
                opened = _ask(stage, shop, phone)
                asked.append((time.perf_counter() - started) * 1000)
                at = screen.shows(opened["number"])
                if at is None:
                    lost += 1
                else:
                    shown.append((at - started) * 1000)
            ring_up(shop, f"C-{number:05d}", ["SK-007"], None)
    return asked, shown, lost


def _ask(stage: Stage, shop: Shop, phone: Phone) -> dict[str, Any]:
    lane = {"store": shop.store_id, "lane": shop.till_id, "code": phone.code()}
    answer: dict[str, Any] = phone.ask(stage.cloud, "POST", "/v1/member/checkins", lane)
    return answer


class _Screen:
    """The till screen's line; notes when somebody who checked in was shown."""

    def __init__(self, shop: Shop) -> None:
        host = shop.screen.base.removeprefix("http://")
        self._socket = connect(f"ws://{host}/v1/events?token={shop.screen.token}", open_timeout=5)
        self._came: Queue[tuple[int, float]] = Queue()
        self._thread = threading.Thread(target=self._listen, name="screen")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()
        self._thread.join()

    def shows(self, number: int) -> float | None:
        """Return when this number was shown; None when it never was."""
        until = time.monotonic() + ARRIVES_WITHIN_S
        while (left := until - time.monotonic()) > 0:
            try:
                seen, at = self._came.get(timeout=left)
            except Empty:
                return None
            if seen == number:
                return at
        return None

    def _listen(self) -> None:
        try:
            for message in self._socket:
                at = time.perf_counter()
                event = json.loads(message)
                if event.get("type") == "recognition" and "number" in event:
                    self._came.put((event["number"], at))
        except ConnectionClosed:
            return


if __name__ == "__main__":
    sys.exit(main())
