"""Alerts on their way: a real HTTP receiver that checks signatures, a real SMTP server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest

from cloud_broker.adapters.alert_mail import MailAlerts, MailServer
from cloud_broker.adapters.webhook import WebhookAlerts
from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.alerts import AlertRule, RuleKind
from cloud_broker.ports.posts import Post
from cloud_broker.services.fleet.alert_watch import body, trial_body
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.ports import free_port
from tests.factories.receiver import Receiver, receiving
from tests.fakes.cloud_basics import FakeCloudClock

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
OLD, NEW = b"o" * 32, b"n" * 32
STORE, ALERT = UUID(int=7), UUID(int=8)
CONTENT = body(
    "raised", ALERT, Trouble(STORE, "H103", "", 1, {"celsius": "83"}), "上海\r\nBcc: x@y.z", 2
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def rule(kind: RuleKind, target: str) -> AlertRule:
    return AlertRule(UUID(int=1), "值班", "hinders", "", None, kind, target)


def post(content: str = CONTENT) -> Post:
    return Post(UUID(int=9), UUID(int=1), ALERT, "raised", content, 1_700_000_000_000)


def refusal(act: object, *args: object) -> FaultCode:
    assert callable(act)
    with pytest.raises(Fault) as refused:
        act(*args)
    return refused.value.code


def test_a_webhook_is_signed_by_both_keys_and_the_same_at_every_try(receiver: Receiver) -> None:
    sender = WebhookAlerts(FakeCloudClock())
    target = f"http://127.0.0.1:{receiver.server_address[1]}/hook?a=1"
    for _ in range(2):
        sender.send(rule("webhook", target), post(), (NEW, OLD))
        assert receiver.verified(NEW)
        assert receiver.verified(OLD)
        assert not receiver.verified(b"x" * 32)
    (path, first, content), (_, second, again) = receiver.came
    assert path == "/hook?a=1"
    assert (first["webhook-id"], content) == (second["webhook-id"], again)
    assert content.decode() == CONTENT


def test_a_webhook_that_fails_is_told_apart(receiver: Receiver) -> None:
    sender = WebhookAlerts(FakeCloudClock())
    there = rule("webhook", f"http://127.0.0.1:{receiver.server_address[1]}/")
    for status, code in (
        (500, FaultCode.ALERT_NOT_SENT),
        (302, FaultCode.ALERT_NOT_SENT),
        (410, FaultCode.ALERT_REFUSED),
    ):
        receiver.status = status
        assert refusal(sender.send, there, post(), (NEW,)) == code
    nowhere = rule("webhook", f"http://127.0.0.1:{free_port()}/")
    assert refusal(sender.send, nowhere, post(), (NEW,)) == FaultCode.ALERT_NOT_SENT


class Mailbox:
    """A small SMTP server: takes letters, or refuses whom it is told to."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.refuses: bytes = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def serve(self, times: int) -> None:
        for _ in range(times):
            connection, _ = self._socket.accept()
            with connection, connection.makefile("rwb", buffering=0) as line:
                self._talk(line)

    def _talk(self, line: socket.SocketIO) -> None:
        line.write(b"220 ready\r\n")
        while (said := line.readline()) and not said.upper().startswith(b"QUIT"):
            word = said.upper()
            if word.startswith(b"RCPT") and self.refuses:
                line.write(self.refuses + b"\r\n")
            elif word.startswith(b"DATA"):
                line.write(b"354 go on\r\n")
                self.letters.append(b"".join(iter(line.readline, b".\r\n")))
                line.write(b"250 taken\r\n")
            else:
                line.write(b"250 fine\r\n")
        if said:
            line.write(b"221 bye\r\n")

    def close(self) -> None:
        self._socket.close()


@contextmanager
def mailbox(letters: int, refuses: bytes = b"") -> Iterator[Mailbox]:
    box = Mailbox()
    box.refuses = refuses
    thread = threading.Thread(target=box.serve, args=(letters,))
    thread.start()
    try:
        yield box
    finally:
        thread.join()
        box.close()


def mail(box: Mailbox) -> MailAlerts:
    return MailAlerts(MailServer("127.0.0.1", box.port, "alerts@example.org", "none"))


def test_a_letter_says_it_in_both_languages_and_nobody_adds_a_header() -> None:
    with mailbox(2) as box:
        mail(box).send(rule("email", "ada@example.org"), post(), ())
        tried = trial_body(rule("email", "ada@example.org"), 5)
        mail(box).send(rule("email", "ada@example.org"), post(tried), ())
    first, second = (message_from_bytes(one, policy=default) for one in box.letters)
    assert first["To"] == "ada@example.org"
    assert first["Bcc"] is None
    assert first["Subject"] == "熟客告警 · 上海 Bcc: x@y.z · H103"
    words = first.get_content()
    assert "83" in words
    assert "too hot" in words
    assert "测试" in second["Subject"]
    assert all(one.isascii() for one in box.letters), "this server has not offered eight bits"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"550 no such person", FaultCode.ALERT_REFUSED),
        (b"450 later", FaultCode.ALERT_NOT_SENT),
    ],
)
def test_a_refused_letter_is_told_apart(answer: bytes, code: FaultCode) -> None:
    with mailbox(1, answer) as box:
        assert refusal(mail(box).send, rule("email", "ada@example.org"), post(), ()) == code


def test_without_a_server_or_a_good_line_no_letter_goes() -> None:
    unset = MailAlerts(MailServer("", 25, ""))
    there = rule("email", "ada@example.org")
    assert refusal(unset.send, there, post(), ()) == FaultCode.ALERT_MAIL_UNSET
    with mailbox(1) as box:  # it offers no TLS, and nothing is said in the clear
        asks_tls = MailAlerts(MailServer("127.0.0.1", box.port, "alerts@example.org"))
        assert refusal(asks_tls.send, there, post(), ()) == FaultCode.ALERT_NOT_SENT
    assert box.letters == []
