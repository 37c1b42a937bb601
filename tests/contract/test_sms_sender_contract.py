"""What every provider of SMS does: the fake, the terminal, and the webhook to a real HTTP peer."""

import hashlib
import hmac
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cloud_broker.adapters.sms_screen import ScreenSms
from cloud_broker.adapters.sms_webhook import WebhookSms
from cloud_broker.ports.sms import SmsMessage, SmsSender
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_recruiting import FakeSmsSender

SECRET = b"a secret of sixteen characters"
MESSAGE = SmsMessage(fresh_id(), "8613800138000", "482913", '验证码 "482913"')


class SmsSenderContract:
    """The suite; a subclass provides `sender` and `texts`, what was handed over."""

    def test_a_message_is_handed_over_once(self, sender: SmsSender, texts: list[str]) -> None:
        sender.send(MESSAGE)
        assert len(texts) == 1
        assert MESSAGE.text in texts[0]

    def test_nothing_of_it_is_shown_by_accident(self, sender: SmsSender) -> None:
        for secret in (MESSAGE.phone, MESSAGE.code, MESSAGE.text):
            assert secret not in repr(MESSAGE) + repr(sender)


class TestFakeSms(SmsSenderContract):
    @pytest.fixture
    def sender(self) -> FakeSmsSender:
        return FakeSmsSender()

    @pytest.fixture
    def texts(self, sender: FakeSmsSender) -> list[str]:
        class Texts(list[str]):
            def __len__(self) -> int:
                return len(sender.sent)

            def __getitem__(self, at: Any) -> Any:
                return sender.sent[at].text

        return Texts()


class _Page(io.StringIO):
    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


class TestScreenSms(SmsSenderContract):
    @pytest.fixture
    def page(self) -> _Page:
        return _Page()

    @pytest.fixture
    def sender(self, page: _Page) -> ScreenSms:
        return ScreenSms(page)

    @pytest.fixture
    def texts(self, page: _Page, sender: ScreenSms) -> list[str]:
        sender.send(MESSAGE)
        shown = page.lines
        page.seek(0)
        page.truncate()
        return shown

    def test_a_message_is_handed_over_once(self, sender: SmsSender, texts: list[str]) -> None:
        del sender
        assert len(texts) == 1
        assert MESSAGE.text in texts[0]
        assert MESSAGE.phone not in texts[0]
        assert "138****8000" in texts[0]


@dataclass
class Provider:
    """A provider's server; `status` is what it answers."""

    url: str = ""
    status: int = 200
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def provider() -> Iterator[Provider]:
    held = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            held.requests.append((dict(self.headers), self.rfile.read(size)))
            self.send_response(held.status)
            self.send_header("Location", "http://elsewhere.invalid/")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_address[1]}/v1/send?app=7"
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.integration
@pytest.mark.enable_socket
class TestWebhookSms(SmsSenderContract):
    @pytest.fixture
    def clock(self) -> FakeCloudClock:
        return FakeCloudClock()

    @pytest.fixture
    def sender(self, provider: Provider, clock: FakeCloudClock) -> WebhookSms:
        return WebhookSms(provider.url, SECRET, clock)

    @pytest.fixture
    def texts(self, provider: Provider) -> list[str]:
        class Texts(list[str]):
            def __len__(self) -> int:
                return len(provider.requests)

            def __getitem__(self, at: Any) -> Any:
                return json.loads(provider.requests[at][1])["text"]

        return Texts()

    def test_the_body_is_ours_and_signed(
        self, sender: SmsSender, provider: Provider, clock: FakeCloudClock
    ) -> None:
        sender.send(MESSAGE)
        ((headers, body),) = provider.requests
        assert json.loads(body) == {
            "id": str(MESSAGE.message_id),
            "phone": "+8613800138000",
            "text": MESSAGE.text,
            "code": "482913",
        }
        stamp = headers["X-Regulars-Timestamp"]
        assert stamp == str(clock.now_ms() // 1000)
        wanted = hmac.new(SECRET, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["X-Regulars-Signature"] == f"v1={wanted}"

    def test_the_body_can_have_a_providers_shape(
        self, provider: Provider, clock: FakeCloudClock
    ) -> None:
        shape = {"to": ["{phone}"], "template": 9, "params": {"code": "{code}", "all": "{text}"}}
        WebhookSms(provider.url, SECRET, clock, shape).send(MESSAGE)
        assert json.loads(provider.requests[0][1]) == {
            "to": ["8613800138000"],
            "template": 9,
            "params": {"code": "482913", "all": MESSAGE.text},
        }

    @pytest.mark.parametrize("status", [302, 400, 401, 500])
    def test_a_refusal_is_told(self, sender: SmsSender, provider: Provider, status: int) -> None:
        provider.status = status
        with pytest.raises(Fault) as caught:
            sender.send(MESSAGE)
        assert caught.value.code == FaultCode.SMS_NOT_SENT
        assert len(provider.requests) == 1, "not sent on to elsewhere, not sent twice"

    def test_nobody_there(self, clock: FakeCloudClock) -> None:
        sender = WebhookSms("http://127.0.0.1:1/", SECRET, clock, timeout_s=0.5)
        with pytest.raises(Fault) as caught:
            sender.send(MESSAGE)
        assert caught.value.code == FaultCode.SMS_NOT_SENT
        assert MESSAGE.phone not in str(caught.value)
