"""The page on which a technician's phone provisions a blank box: its code typed, or its QR code.

The address has a word in it that stands on the technician's console alone; who does not know it is
told nothing. The page ends with the first box that is made, or after half an hour.
"""

import json
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from retail_core.errors import Fault
from retail_core.fleet.enrol_code import EnrolTicket, read, read_ticket
from retail_core.texts.faults import FaultCode

OPEN_S = 1_800.0
TRIES_MAX = 60
BODY_BYTES_MAX = 4_096
SIDE_MAX = 2_048
LINE_TIMEOUT_S = 10
POLL_S = 0.05
_WORD_BYTES = 6
_FIELD_CHARS_MAX = 512
_STATIC = Path(__file__).resolve().parent.parent / "screen" / "static"
_FILES = {
    "": ("provision/index.html", "text/html; charset=utf-8"),
    "page.js": ("provision/page.js", "text/javascript; charset=utf-8"),
    "page.css": ("provision/page.css", "text/css; charset=utf-8"),
    "tokens.css": ("tokens.css", "text/css; charset=utf-8"),
}
_SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# (width, height, grey bytes) → what the QR code in it says, empty without one.
Reads = Callable[[int, int, bytes], str]
# Makes the box one of a store's and returns that store's name; Faults of `provision_box`.
Provisions = Callable[[EnrolTicket], str]


@dataclass(slots=True)
class ProvisionPage:
    """Serves the page until a box was made of it; `read_picture` finds a QR code."""

    provision: Provisions
    read_picture: Reads
    host: str = ""
    port: int = 0
    word: str = field(default_factory=lambda: secrets.token_hex(_WORD_BYTES))
    _made: threading.Event = field(default_factory=threading.Event)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _tries: int = 0
    _server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Listen, and return the page's address; Fault SETUP_PORT_IN_USE."""
        handler = type("Handler", (_Handler,), {"page": self})
        try:
            server = ThreadingHTTPServer((self.host, self.port), handler)
        except OSError:
            raise Fault(FaultCode.SETUP_PORT_IN_USE, port=self.port) from None
        server.daemon_threads = True
        self._server, self.port = server, server.server_port
        threading.Thread(
            target=server.serve_forever, args=(POLL_S,), name="provision-page", daemon=True
        ).start()
        return f"http://{self.host or own_address()}:{self.port}/{self.word}/"

    def wait(self, seconds: float = OPEN_S) -> bool:
        """Return True when the box was made, False after so long."""
        return self._made.wait(seconds)

    def stop(self) -> None:
        """Close the page; what is being answered is answered first."""
        if self._server is not None:
            self._server.shutdown()
            with self._one_at_a_time:
                self._server.server_close()

    def answer(self, path: str, body: bytes) -> dict[str, Any]:
        """Do what the page asks; Faults of the code, the picture and the provisioning."""
        with self._one_at_a_time:
            if self._made.is_set():
                raise Fault(FaultCode.API_NOT_FOUND, what="page")
            self._tries += 1
            if self._tries > TRIES_MAX:
                raise Fault(FaultCode.API_RATE_LIMITED)
            asked, _, query = path.partition("?")
            if asked.endswith("/picture"):
                return self._seen(parse_qs(query), body)
            name = self.provision(_ticket(body))
            self._made.set()
            return {"store": name}

    def _seen(self, size: dict[str, list[str]], body: bytes) -> dict[str, Any]:
        width, height = (_side(size.get(one, [""])[0]) for one in ("w", "h"))
        if len(body) != width * height:
            raise Fault(FaultCode.PROVISION_NO_QR)
        found = self.read_picture(width, height, body)
        if not found:
            raise Fault(FaultCode.PROVISION_NO_QR)
        ticket = read_ticket(found)
        return {"cloud": ticket.url, "code": ticket.code, "pin": ticket.pin}


def own_address() -> str:
    """Return the address under which this machine is seen in the shop; nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("198.51.100.1", 9))
            return str(asked.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _ticket(body: bytes) -> EnrolTicket:
    try:
        said = json.loads(body)
        cloud, code, pin = (str(said.get(one, "")).strip() for one in ("cloud", "code", "pin"))
    except (ValueError, AttributeError):
        raise Fault(FaultCode.API_BODY_INVALID, detail="JSON") from None
    if max(map(len, (cloud, code, pin))) > _FIELD_CHARS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="cloud, code, pin")
    if not code:
        raise Fault(FaultCode.ENROL_CODE_MISTYPED)
    # What a scanner typed, or a message held, is the QR code's whole text.
    return read_ticket(code) if ":" in code else EnrolTicket(cloud, read(code), pin)


def _side(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:5]) <= SIDE_MAX:
        raise Fault(FaultCode.PROVISION_NO_QR)
    return int(text)


class _Handler(BaseHTTPRequestHandler):
    page: ProvisionPage
    timeout = LINE_TIMEOUT_S
    server_version = "regulars"
    sys_version = ""

    def do_GET(self) -> None:
        name = self._asked()
        if name is None or name not in _FILES:
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")
            return
        file, kind = _FILES[name]
        self._send(HTTPStatus.OK, (_STATIC / file).read_bytes(), kind)

    def do_POST(self) -> None:
        name = self._asked()
        most = {"provision": BODY_BYTES_MAX, "picture": SIDE_MAX * SIDE_MAX}.get(name or "")
        length = self.headers.get("Content-Length", "")
        if most is None or not length.isdecimal() or int(length) > most:
            self.close_connection = True
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")
            return
        try:
            said, status = self.page.answer(self.path, self.rfile.read(int(length))), HTTPStatus.OK
        except Fault as fault:
            said = {"code": fault.code.value, "zh": fault.text("zh"), "en": fault.text("en")}
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        self._send(status, json.dumps(said, ensure_ascii=False).encode(), "application/json")

    def _asked(self) -> str | None:
        """Return what is asked for under the page's word, None for everything else."""
        _, word, *rest = f"{self.path.partition('?')[0]}/".split("/", 2)
        known = secrets.compare_digest(word.encode(), self.page.word.encode())
        return rest[0].rstrip("/") if known and rest else None

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for header, value in (_SAFE | {"Content-Type": kind}).items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the address holds the page's word."""
