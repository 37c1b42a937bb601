"""A till that sells without pause: every sale with a key, tried until it is answered."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tools.demo.client import AnswerError, Client
from tools.demo.ids import fresh_uuid7

AGAIN_S = 0.05
ASKED_AGAIN = 0.1
PAUSE_S = (0.02, 0.12)
SERVER_ERROR = 500
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Told:
    """What a till was told of a sale."""

    receipt: str
    total_fen: int
    points: int


@dataclass(slots=True)
class Till:
    """Sells on a thread of its own; `told` is what this shop holds the cloud to."""

    client: Client
    skus: list[str]
    members: list[str]
    rng: Random
    told: dict[str, Told] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    repeated: int = 0
    unanswered: int = 0
    busy: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to sell."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="till", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the sale at hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stop.wait(self.rng.uniform(*PAUSE_S)):
            self._sell()

    def _sell(self) -> None:
        key, member = str(fresh_uuid7()), self.rng.choice([None, *self.members])
        lines = [{"sku": sku, "qty": 1} for sku in self.rng.sample(self.skus, 2)]
        quote = self._until_answered("/v1/quotes", {"member_id": member, "lines": lines})
        if quote is None:
            return
        body = {
            "till_receipt_no": key[-12:],
            "member_id": member,
            "lines": lines,
            "tenders": [{"kind": "wechat", "amount_fen": quote["total_fen"]}],
            "quoted_total_fen": quote["total_fen"],
        }
        sold = self._until_answered("/v1/sales", body, key)
        if sold is None:
            return
        self.told[key] = Told(sold["receipt_id"], sold["total_fen"], sold["points_earned"])
        if self.rng.random() < ASKED_AGAIN:
            self._ask_again(body, key)

    def _ask_again(self, body: dict[str, Any], key: str) -> None:
        """Send an answered sale once more, as a till does that lost the answer."""
        again = self._until_answered("/v1/sales", body, key)
        if again is not None:
            self.repeated += 1
            if again["receipt_id"] != self.told[key].receipt:
                self.contradictions.append(f"{key}: two receipts for one key")

    def _until_answered(self, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        """Return the answer, None when it was refused.

        A sale is tried until it is answered, whatever else ends: half a sale would be neither told
        nor not told.
        """
        self.busy = key is not None
        try:
            while key is not None or not self._stop.is_set():
                try:
                    return self.client.post(path, body, key=key)
                except AnswerError as error:
                    if error.status < SERVER_ERROR and error.status != TOO_MANY:
                        self.contradictions.append(f"{path} {error}")
                        return None
                except (OSError, http.client.HTTPException, ValueError):
                    self.unanswered += 1
                time.sleep(AGAIN_S)
            return None
        finally:
            self.busy = False
