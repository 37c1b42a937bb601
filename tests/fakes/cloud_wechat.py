"""WeChat in memory, and as a real HTTP peer that answers as its documents say."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from cloud_broker.ports.wechat import WeChatPerson
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

AT = "https://open.weixin.test"


class FakeWeChat:
    """A `WeChat`; `people` are by code, and a code is good once."""

    def __init__(self, people: dict[str, WeChatPerson] | None = None) -> None:
        self.people = dict(people or {})

    def address(self, back: str, state: str) -> str:
        return f"{AT}/agree?{urlencode({'redirect_uri': back, 'state': state})}"

    def person(self, code: str) -> WeChatPerson:
        if code not in self.people:
            raise Fault(FaultCode.WECHAT_REFUSED, why="40029")
        return self.people.pop(code)


class WeChatServer(ThreadingHTTPServer):
    """The address where one agrees, and the one where a code is changed for ids."""

    daemon_threads = True

    def __init__(self, known: tuple[str, str], people: dict[str, WeChatPerson]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.known = known
        self.people = dict(people)
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WeChatServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/connect/oauth2/authorize":
            code = next(iter(self.server.people), "none")
            back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            self.send_response(302)
            self.send_header("Location", back)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._say(b"<html>" if self.server.broken else json.dumps(self._token(asked)).encode())

    def _token(self, asked: dict[str, str]) -> dict[str, object]:
        if (asked.get("appid"), asked.get("secret")) != self.server.known:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        person = self.server.people.pop(asked.get("code", ""), None)
        if person is None or asked.get("grant_type") != "authorization_code":
            return {"errcode": 40029, "errmsg": "invalid code"}
        said = {"access_token": "t", "expires_in": 7200, "openid": person.openid}
        return said | ({"unionid": person.unionid} if person.unionid else {})

    def _say(self, content: bytes) -> None:
        # WeChat says its JSON is plain text.
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_said: object) -> None:
        """Keep quiet."""


@contextmanager
def wechat_server(
    people: dict[str, WeChatPerson], known: tuple[str, str] = ("wx1", "its secret")
) -> Iterator[WeChatServer]:
    """Let one stand for a while; `known` are the account's name and its secret."""
    server = WeChatServer(known, people)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
