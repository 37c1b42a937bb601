"""What every provider of advertisements does: a fake, and both real ones before real HTTP peers."""

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest

from cloud_broker.adapters.message_sms import ScreenMessages, SmsMessages
from cloud_broker.adapters.message_wechat import WeChatAccount, WeChatMessages, fields_of
from cloud_broker.ports.messages import MessageSender, Outgoing
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_messages import FakeMessageSender

SECRET = b"a secret of sixteen characters"
SMS = Outgoing(fresh_id(), "8613800138000", '【品牌】"券" 退订回T', "SMS_1", {"coupon": "券"})
WECHAT = Outgoing(fresh_id(), "oAbc-12_x", "thing1=满百减十\ntime2=2026-11-30", "TPL_1", {})
Answer = Callable[[str, dict[str, Any]], tuple[int, object]]


@dataclass
class Provider:
    """A provider's server: `answer` says what each call gets, `calls` are what came."""

    url: str = ""
    answer: Answer = field(default=lambda _path, _body: (200, {}))
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event | None = None

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.calls]


@pytest.fixture
def provider() -> Iterator[Provider]:
    held = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            held.calls.append((self.path, headers, content))
            status, said = held.answer(self.path, json.loads(content))
            if held.hold is not None:
                held.hold.wait(30)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            try:
                self.send_response(status)
                self.send_header("Location", "http://elsewhere.invalid/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                """The other side waits no longer."""

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield held
    if held.hold is not None:
        held.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def refused_as(sender: MessageSender, message: Outgoing) -> FaultCode:
    with pytest.raises(Fault) as caught:
        sender.send(message)
    assert message.address not in str(caught.value)
    assert message.text not in str(caught.value)
    return caught.value.code


class MessageSenderContract:
    """The suite; a subclass provides `sender`, `message`, and `taken`, the texts that came."""

    def test_a_message_is_handed_over_once(
        self, sender: MessageSender, message: Outgoing, taken: Callable[[], str]
    ) -> None:
        assert isinstance(sender.send(message), str)
        assert "券" in taken() or "满百减十" in taken()

    def test_nothing_of_it_is_shown_by_accident(
        self, sender: MessageSender, message: Outgoing
    ) -> None:
        for secret in (message.address, message.text):
            assert secret not in repr(message) + repr(sender)


class TestFake(MessageSenderContract):
    @pytest.fixture
    def message(self) -> Outgoing:
        return SMS

    @pytest.fixture
    def sender(self) -> FakeMessageSender:
        return FakeMessageSender()

    @pytest.fixture
    def taken(self, sender: FakeMessageSender) -> Callable[[], str]:
        return lambda: sender.took[0].text

    def test_nothing_of_it_is_shown_by_accident(
        self, sender: MessageSender, message: Outgoing
    ) -> None:
        assert message.address not in repr(message)


class TestScreen(MessageSenderContract):
    @pytest.fixture
    def message(self) -> Outgoing:
        return SMS

    @pytest.fixture
    def page(self) -> StringIO:
        return StringIO()

    @pytest.fixture
    def sender(self, page: StringIO) -> ScreenMessages:
        return ScreenMessages(page, "sms")

    @pytest.fixture
    def taken(self, page: StringIO) -> Callable[[], str]:
        return page.getvalue

    def test_the_number_is_masked(self, sender: ScreenMessages, page: StringIO) -> None:
        sender.send(SMS)
        assert SMS.address not in page.getvalue()
        assert "138****8000" in page.getvalue()


@pytest.mark.enable_socket
class TestSms(MessageSenderContract):
    @pytest.fixture
    def message(self) -> Outgoing:
        return SMS

    @pytest.fixture
    def sender(self, provider: Provider) -> SmsMessages:
        return SmsMessages(provider.url + "/send?app=7", SECRET, FakeCloudClock(), timeout_s=2)

    @pytest.fixture
    def taken(self, provider: Provider) -> Callable[[], str]:
        return lambda: provider.bodies()[0]["text"]

    def test_it_is_signed_and_says_who_it_is(self, sender: SmsMessages, provider: Provider) -> None:
        provider.answer = lambda _path, _body: (200, {"id": "P-9"})
        assert sender.send(SMS) == "P-9"
        path, headers, content = provider.calls[0]
        signed = hmac.digest(
            SECRET, headers["x-regulars-timestamp"].encode() + b"." + content, "sha256"
        )
        assert headers["x-regulars-signature"] == f"v1={signed.hex()}"
        assert headers["idempotency-key"] == str(SMS.message)
        assert path == "/send?app=7"
        assert provider.bodies()[0] == {
            "id": str(SMS.message),
            "phone": "+8613800138000",
            "text": SMS.text,
            "template": "SMS_1",
        }

    def test_its_shape_is_what_hq_says(self, provider: Provider) -> None:
        body = {"to": ["{phone}"], "tpl": {"code": "{template}"}, "sign": "x"}
        SmsMessages(provider.url, SECRET, FakeCloudClock(), body).send(SMS)
        assert provider.bodies() == [
            {"to": ["8613800138000"], "tpl": {"code": "SMS_1"}, "sign": "x"}
        ]

    @pytest.mark.parametrize("status", [500, 502, 503, 429, 408, 302])
    def test_what_may_pass_is_tried_again(
        self, sender: SmsMessages, provider: Provider, status: int
    ) -> None:
        provider.answer = lambda _path, _body: (status, {})
        assert refused_as(sender, SMS) is FaultCode.MESSAGE_NOT_SENT
        assert len(provider.calls) == 1

    @pytest.mark.parametrize("status", [400, 401, 404, 422])
    def test_what_is_refused_is_refused(
        self, sender: SmsMessages, provider: Provider, status: int
    ) -> None:
        provider.answer = lambda _path, _body: (status, b"not json")
        assert refused_as(sender, SMS) is FaultCode.MESSAGE_REFUSED

    def test_nobody_there_and_nobody_answering(self, provider: Provider) -> None:
        gone = SmsMessages("http://127.0.0.1:1/", SECRET, FakeCloudClock())
        assert refused_as(gone, SMS) is FaultCode.MESSAGE_NOT_SENT
        provider.hold = threading.Event()
        slow = SmsMessages(provider.url, SECRET, FakeCloudClock(), timeout_s=0.2)
        assert refused_as(slow, SMS) is FaultCode.MESSAGE_NOT_SENT

    @pytest.mark.parametrize("answer", [b"", b"[]", b'{"id": 7}', b"\xff"])
    def test_an_answer_that_is_none_of_ours_is_an_answer(
        self, sender: SmsMessages, provider: Provider, answer: bytes
    ) -> None:
        provider.answer = lambda _path, _body: (200, answer)
        assert sender.send(SMS) == ""


class WeChat:
    """WeChat as it answers: `over` tokens are no longer good."""

    def __init__(self) -> None:
        self.made = 0
        self.over: set[str] = set()
        self.code = 0

    def __call__(self, path: str, body: dict[str, Any]) -> tuple[int, object]:
        if path == "/cgi-bin/stable_token":
            self.made += 1
            return 200, {"access_token": f"token {self.made}", "expires_in": 7_200}
        token = path.partition("access_token=")[2].replace("%20", " ")
        if token in self.over:
            return 200, {"errcode": 40001, "errmsg": "invalid credential"}
        return 200, {"errcode": self.code, "errmsg": "", "msgid": 294402298110051942}


@pytest.mark.enable_socket
class TestWeChat(MessageSenderContract):
    @pytest.fixture
    def message(self) -> Outgoing:
        return WECHAT

    @pytest.fixture
    def wechat(self, provider: Provider) -> WeChat:
        provider.answer = made = WeChat()
        return made

    @pytest.fixture
    def clock(self) -> FakeCloudClock:
        return FakeCloudClock()

    @pytest.fixture
    def sender(self, provider: Provider, wechat: WeChat, clock: FakeCloudClock) -> WeChatMessages:
        account = WeChatAccount("wx1", "s3cret", "pages/index", provider.url)
        return WeChatMessages(account, clock, timeout_s=2)

    @pytest.fixture
    def taken(self, provider: Provider) -> Callable[[], str]:
        return lambda: json.dumps(provider.bodies()[1], ensure_ascii=False)

    def test_a_token_serves_many_messages_until_shortly_before_its_end(
        self, sender: WeChatMessages, provider: Provider, wechat: WeChat, clock: FakeCloudClock
    ) -> None:
        assert sender.send(WECHAT) == "294402298110051942"
        sender.send(WECHAT)
        assert provider.bodies()[1] == {
            "touser": "oAbc-12_x",
            "template_id": "TPL_1",
            "data": {"thing1": {"value": "满百减十"}, "time2": {"value": "2026-11-30"}},
            "page": "pages/index",
        }
        assert wechat.made == 1
        clock.advance(6_901_000)
        sender.send(WECHAT)
        assert wechat.made == 2

    def test_a_token_that_was_taken_back_is_fetched_anew_once(
        self, sender: WeChatMessages, wechat: WeChat, provider: Provider
    ) -> None:
        wechat.over = {"token 1"}
        assert sender.send(WECHAT)
        assert [body.get("force_refresh") for body in provider.bodies()] == [
            False,
            None,
            True,
            None,
        ]
        wechat.over = {f"token {nth}" for nth in range(9)}
        assert refused_as(sender, WECHAT) is FaultCode.MESSAGE_REFUSED

    @pytest.mark.parametrize(
        ("code", "wanted"),
        [
            (-1, FaultCode.MESSAGE_NOT_SENT),
            (45009, FaultCode.MESSAGE_NOT_SENT),
            (43101, FaultCode.MESSAGE_REFUSED),
            (40003, FaultCode.MESSAGE_REFUSED),
            (47003, FaultCode.MESSAGE_REFUSED),
        ],
    )
    def test_what_it_says_decides_about_trying_again(
        self, sender: WeChatMessages, wechat: WeChat, code: int, wanted: FaultCode
    ) -> None:
        wechat.code = code
        assert refused_as(sender, WECHAT) is wanted

    def test_no_answer_after_it_went_out_is_never_a_second_message(
        self, sender: WeChatMessages, provider: Provider, clock: FakeCloudClock
    ) -> None:
        sender.send(WECHAT)
        impatient = WeChatMessages(
            WeChatAccount("wx1", "s3cret", home=provider.url), clock, timeout_s=0.5
        )
        impatient._token, impatient._until_ms = "token 1", clock.now_ms() + 60_000
        provider.hold = threading.Event()
        assert refused_as(impatient, WECHAT) is FaultCode.MESSAGE_REFUSED

    @pytest.mark.parametrize("answer", [(500, {}), (200, b"<html>"), (200, [1])])
    def test_what_is_no_answer_is_tried_again(
        self, sender: WeChatMessages, provider: Provider, answer: tuple[int, object]
    ) -> None:
        provider.answer = lambda _path, _body: answer
        assert refused_as(sender, WECHAT) is FaultCode.MESSAGE_NOT_SENT

    def test_fields_are_lines(self) -> None:
        assert fields_of("a=1\n\n b = x=y \nnone") == {"a": {"value": "1"}, "b": {"value": "x=y"}}
