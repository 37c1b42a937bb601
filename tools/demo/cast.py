"""Who and what takes part in the story."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.drivers.nfc_pcsc.sim import Ntag424
from edge_agent.drivers.nfc_pcsc.vpcd import VirtualReader
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter
from tools.demo import scenes
from tools.demo.client import Client
from tools.demo.people import Person
from tools.demo.phone import Phone
from tools.demo.shops import Shop

MEMBER_NAME = "李敏"
MEMBER_PHONE = "13812345678"


@dataclass(slots=True)
class Cast:
    """Filled by the stage, used by the steps."""

    folder: Path
    shops: dict[str, Shop]
    cloud: Client
    hq: Client
    hq_login: str
    hq_password: str
    person: Person
    card: Ntag424
    reader: VirtualReader
    old_till: OldTill
    printer: RecordingPrinter
    basket: list[str]
    receipt_items: list[tuple[str, int, int]]
    phone: Phone = field(default_factory=Phone)
    operator: str = ""
    member_id: str = ""

    @property
    def receipt_total_fen(self) -> int:
        """What the old till's receipt adds up to."""
        return sum(qty * price for _, qty, price in self.receipt_items)

    def stopwatch(self) -> Callable[[], float]:
        """Return a function that says how many milliseconds have passed."""
        started = time.perf_counter()
        return lambda: (time.perf_counter() - started) * 1000

    def in_background(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Start work on a thread; the returned function waits for its result."""
        box: dict[str, Any] = {}

        def run() -> None:
            try:
                box["value"] = work()
            except BaseException as error:  # noqa: BLE001  # raised again by the waiting side
                box["error"] = error

        thread = threading.Thread(target=run, name="story")
        thread.start()

        def result() -> Any:
            thread.join()
            if "error" in box:
                raise box["error"]
            return box["value"]

        return result

    def hq_ledger(self) -> list[Any]:
        """Return every receipt the cloud has posted."""
        rows: list[Any] = []
        for shop in self.shops.values():
            rows += self.hq.get(f"/v1/hq/ledger?store={shop.store_id}")["rows"]
        return rows

    @contextmanager
    def showing(self, shop: Shop, photo: Path) -> Iterator[None]:
        """Hold a photo before a shop's camera."""
        with self._before_camera(shop, scenes.of_photo(photo)):
            yield

    @contextmanager
    def showing_code(self, shop: Shop, text: str) -> Iterator[None]:
        """Hold a phone with a member code before a shop's camera, blurred and in perspective."""
        with self._before_camera(shop, scenes.of_code(text)):
            yield

    @contextmanager
    def _before_camera(self, shop: Shop, pictures: list[bytes]) -> Iterator[None]:
        shop.camera.show(pictures)
        try:
            yield
        finally:
            shop.camera.show(scenes.empty())
