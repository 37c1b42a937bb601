"""Pospal as documented, with what is documented to go wrong, as a book and as a real HTTP server.

Written from the interface's description; shares nothing with the client. A call may be wronged:
`lost` applies and never answers, `slow` applies later and never answers, `fail` answers 5xx before
applying and `fail_after` behind it, `garbled` answers nonsense, `refuse` says error. What it has no
answer for is the same request twice: it adds the points twice.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Wrong = str
RIGHT = ""
WRONGS = ("lost", "slow", "fail", "fail_after", "garbled", "refuse")


class NoAnswerError(Exception):
    """The caller hears nothing."""


@dataclass(slots=True)
class Customer:
    """One customer of the till's own system."""

    uid: int
    phone: str
    point: int = 0
    total: int = 0


@dataclass(slots=True)
class PospalBook:
    """The other system's book; `wrong` says what goes wrong with the next call to add."""

    app_key: str
    customers: dict[int, Customer] = field(default_factory=dict)
    wrong: Callable[[str], Wrong] = lambda _what: RIGHT
    shows_total: bool = True
    calls: list[tuple[str, int]] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def open(self, uid: int, phone: str, point: int = 0) -> Customer:
        """Open a customer."""
        self.customers[uid] = Customer(uid, phone, point, point)
        return self.customers[uid]

    def settle(self) -> None:
        """Let what was slow be booked."""
        with self._lock:
            waiting, self.late = self.late, []
            for book in waiting:
                book()

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer a call; raises NoAnswerError."""
        what = path.rsplit("/", 1)[-1]
        with self._lock:
            said = hashlib.md5(self.app_key.encode() + body).hexdigest()  # noqa: S324 -- theirs
            if headers.get("data-signature") != said.upper():
                return _refusal(1_011)
            asked: dict[str, Any] = json.loads(body)
            if what == "queryBytel":
                tel = asked["customerTel"]
                return _success([self._shown(c) for c in self.customers.values() if c.phone == tel])
            customer = self.customers.get(asked["customerUid"])
            if customer is None:
                return _refusal(5_004)
            if what == "queryByUid":
                if self.wrong(what) == "fail":
                    return 502, b"<html>Bad Gateway</html>"
                return _success(self._shown(customer))
            return self._add(customer, asked["pointIncrement"])

    def _add(self, customer: Customer, points: int) -> tuple[int, bytes]:
        wrong = self.wrong("add")
        if wrong in {"fail", "refuse"}:
            return (503, b"") if wrong == "fail" else _refusal(2_001)
        if wrong == "slow":
            self.late.append(lambda: self._booked(customer, points))
            raise NoAnswerError
        before = customer.point
        self._booked(customer, points)
        if wrong == "lost":
            raise NoAnswerError
        if wrong in {"fail_after", "garbled"}:
            return (500, b"") if wrong == "fail_after" else (200, b"\x1f\x8b{]")
        return _success(
            {
                "customerUid": customer.uid,
                "balanceBeforeUpdate": 0,
                "balanceAfterUpdate": 0,
                "balanceIncrement": 0,
                "pointBeforeUpdate": before,
                "pointAfterUpdate": customer.point,
                "pointIncrement": points,
            }
        )

    def _booked(self, customer: Customer, points: int) -> None:
        customer.point += points
        customer.total += max(0, points)
        self.calls.append(("add", points))

    def _shown(self, customer: Customer) -> dict[str, Any]:
        extra = {"extInfo": {"totalPoint": customer.total}} if self.shows_total else {}
        return {"customerUid": customer.uid, "point": customer.point, "balance": 0, **extra}


class PospalServer:
    """The book behind a real HTTP server on a free port of this machine."""

    def __init__(self, book: PospalBook) -> None:
        ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    status, answer = book.handle(self.path, headers, body)
                except NoAnswerError:
                    ended.wait(5)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_said: object) -> None:
                """Say nothing."""

        self._ended = ended
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="pospal", daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """End; whoever waits for an answer hears that there is none."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _success(data: object) -> tuple[int, bytes]:
    said = {"status": "success", "messages": [], "errorCode": None, "data": data}
    return 200, json.dumps(said).encode()


def _refusal(code: int) -> tuple[int, bytes]:
    said = {"status": "error", "messages": ["refused"], "errorCode": code, "data": None}
    return 200, json.dumps(said).encode()
