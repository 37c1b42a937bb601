"""A blank box provisioned from a phone: its page, spoken to over real HTTP, at a real cloud."""

import json
import threading
import tomllib
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
import segno
from typer.testing import CliRunner

from edge_agent.adapters.provision_page import SIDE_MAX, TRIES_MAX, ProvisionPage
from edge_agent.cli.commands import app
from edge_agent.drivers.qr.decoders import qr_in_greys
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import EnrolTicket, grouped, say_ticket
from retail_core.texts.faults import FaultCode
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S, eventually
from tests.plugins.secure_cloud import SecureCloud

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
HOST = "127.0.0.1"


class Phone:
    """A phone's browser on the page at an address."""

    def __init__(self, address: str) -> None:
        self.at = urlsplit(address)

    def ask(self, path: str, body: bytes | None = None, *, where: str = "") -> tuple[int, bytes]:
        line = HTTPConnection(self.at.netloc, timeout=PATIENCE_S)
        try:
            line.request("GET" if body is None else "POST", (where or self.at.path) + path, body)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def said(self, path: str, body: bytes) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.ask(path, body)[1])
        return found


@pytest.fixture
def page() -> "tuple[ProvisionPage, list[EnrolTicket]]":
    made: list[EnrolTicket] = []

    def provision(ticket: EnrolTicket) -> str:
        made.append(ticket)
        raise Fault(FaultCode.ENROL_CODE_WRONG)

    return ProvisionPage(provision, qr_in_greys, HOST), made


def greys(text: str) -> tuple[int, int, bytes]:
    """Return a photo of a QR code, turned and noisy."""
    cells = np.array([list(row) for row in segno.make_qr(text, error="m").matrix], np.uint8)
    sharp = np.kron(np.pad(1 - cells, 4, constant_values=1), np.ones((8, 8), np.uint8)) * 200 + 20
    side = sharp.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), 12, 0.9)
    seen = cv2.warpAffine(sharp.astype(np.uint8), turn, (side, side), borderValue=150)
    noisy = seen.astype(np.int16) + np.random.default_rng(7).integers(-12, 12, seen.shape)
    return side, side, np.clip(noisy, 0, 255).astype(np.uint8).tobytes()


def test_a_phone_makes_a_blank_box_one_of_a_store_s(
    secure_cloud: SecureCloud, tmp_path: Path
) -> None:
    ticket = secure_cloud.ticket(secure_cloud.store())
    folder, port = tmp_path / "box", free_port()
    command = ["provision", "--out", str(folder), "--page", "--page-port", str(port)]
    done = []
    runner = threading.Thread(target=lambda: done.append(CliRunner().invoke(app, command)))
    opened: list[str] = []
    start = ProvisionPage.start

    def noted(self: ProvisionPage) -> str:
        opened.append(start(self))
        return opened[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProvisionPage, "start", noted)
        runner.start()
        eventually(lambda: opened)
    path = urlsplit(opened[0]).path
    phone = Phone(f"http://{HOST}:{port}{path}")
    assert "开通这台盒子".encode() in phone.ask("")[1]
    width, height, seen = greys(say_ticket(ticket))
    read = phone.said(f"picture?w={width}&h={height}", seen)
    assert read == {"cloud": ticket.url, "code": ticket.code, "pin": ticket.pin}
    wrong = json.dumps(read | {"pin": "0" * 32}).encode()
    assert phone.said("provision", wrong)["code"] == "F109"
    assert not (folder / "device.toml").exists()
    name = phone.said("provision", json.dumps(read | {"code": grouped(ticket.code)}).encode())
    runner.join(PATIENCE_S)
    assert done[0].exit_code == 0, done[0].output
    device = tomllib.loads((folder / "device.toml").read_text(encoding="utf-8"))
    assert name == {"store": device["identity"]["store_name"]}
    assert opened[0] in done[0].output.replace("\n", "")
    with pytest.raises(ConnectionRefusedError):  # the page is closed
        phone.ask("")


def test_who_does_not_know_the_word_is_told_nothing(
    page: tuple[ProvisionPage, list[EnrolTicket]],
) -> None:
    opened, made = page
    phone = Phone(opened.start())
    try:
        for where in ("/", "/0123456789ab/", f"/{opened.word[:-1]}/"):
            assert phone.ask("", where=where) == (404, b"")
            assert phone.ask("provision", b"{}", where=where) == (404, b"")
        for path in ("../../etc/passwd", "..%2f..%2fetc%2fpasswd", "device.toml"):
            assert phone.ask(path)[0] == 404
        for path in ("page.js", "page.css", "tokens.css"):
            assert phone.ask(path)[0] == 200
    finally:
        opened.stop()
    assert made == []


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("provision", b"{", "A107"),
        ("provision", b"[1]", "A107"),
        ("provision", b"\xff\x00", "A107"),
        ("provision", b"{}", "F101"),
        ("provision", b'{"code": "1FVV-83ZS-46P5"}', "F101"),
        ("provision", b'{"code": "REGULARS-BOX:nonsense"}', "F101"),
        ("provision", json.dumps({"code": "1" * 600}).encode(), "A107"),
        ("picture?w=2&h=2", b"\0\0\0", "I134"),
        ("picture?w=8&h=8", b"\0" * 64, "I134"),
        ("picture?w=-1&h=-64", b"\0" * 64, "I134"),
        (f"picture?w={SIDE_MAX + 1}&h=1", b"\0", "I134"),
        ("picture", b"\0", "I134"),
        ("picture?w=²&h=1", b"\0", "I134"),
    ],
)
def test_what_is_typed_or_photographed_wrongly_is_said_in_our_words(
    path: str, body: bytes, code: str, page: tuple[ProvisionPage, list[EnrolTicket]]
) -> None:
    opened, made = page
    phone = Phone(opened.start())
    try:
        said = phone.said(path.replace("²", "%C2%B2"), body)
        assert (said["code"], bool(said["zh"]), bool(said["en"])) == (code, True, True)
    finally:
        opened.stop()
    assert made == []


def test_another_qr_code_is_no_enrolment(page: tuple[ProvisionPage, list[EnrolTicket]]) -> None:
    opened, _ = page
    phone = Phone(opened.start())
    try:
        width, height, seen = greys("https://example.org/menu")
        assert phone.said(f"picture?w={width}&h={height}", seen)["code"] == "F101"
    finally:
        opened.stop()


def test_a_page_is_not_tried_without_end(page: tuple[ProvisionPage, list[EnrolTicket]]) -> None:
    opened, made = page
    phone = Phone(opened.start())
    try:
        ticket = json.dumps({"code": "REGULARS-BOX:https://a.example#1FVV83ZS46P4"}).encode()
        codes = [phone.said("provision", ticket)["code"] for _ in range(TRIES_MAX + 1)]
    finally:
        opened.stop()
    assert codes == ["F102"] * TRIES_MAX + ["A112"]
    assert len(made) == TRIES_MAX


def test_a_port_in_use_is_said(page: tuple[ProvisionPage, list[EnrolTicket]]) -> None:
    opened, _ = page
    opened.start()
    try:
        with pytest.raises(Fault, match="I102"):
            ProvisionPage(opened.provision, qr_in_greys, HOST, opened.port).start()
    finally:
        opened.stop()
