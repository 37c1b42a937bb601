"""A lost phone: a clerk issues a link for another one, once per intention, journalled with her."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
import pytest
import zxingcpp

from edge_agent.drivers.qr.draw import drawn
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import ClaimIssued
from tests.factories.agent_api import MEMBER, Box
from tests.factories.agent_files import OPERATOR_PIN

ONCE = {"Idempotency-Key": "0190-phone-0001"}
TWICE = {"Idempotency-Key": "0190-phone-0002"}
PATH = f"/v1/enrolments/{MEMBER}/phone"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def signed_in(box: Box) -> dict[str, str]:
    body = {"number": "1001", "pin": OPERATOR_PIN}
    token = box.till().post("/v1/operators/login", json=body).json()["operator_token"]
    return {"X-Operator": token}


def read(rows: list[str] | tuple[str, ...]) -> str:
    """Read a drawn code as a phone's camera would."""
    squares = np.array([[row == "0" for row in line] for line in rows], np.uint8) * 255
    picture = cv2.copyMakeBorder(squares, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    large = cv2.resize(picture, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    return str(found.text)


def test_only_an_operator_may(box: Box) -> None:
    answer = box.till().post(PATH, json={}, headers=ONCE)
    assert (answer.status_code, answer.json()["code"]) == (401, "A116")
    assert box.storage.journal.next_seq() == 1


def test_a_new_link_is_journalled_and_the_same_when_asked_again(box: Box) -> None:
    headers = signed_in(box) | ONCE
    answer = box.till().post(PATH, json={}, headers=headers)
    assert answer.status_code == 200
    link = answer.json()
    assert link["claim_uri"].endswith(f"/m/#c={link['claim_code']}")
    assert box.till().post(PATH, json={}, headers=headers).content == answer.content
    (record,) = box.storage.journal.records()
    body = decode_body(record.draft.type, record.draft.body)
    assert isinstance(body, ClaimIssued)
    assert body.claim_hash == sha256(link["claim_code"].encode()).digest()
    assert (record.draft.member, record.draft.operator is not None) == (MEMBER, True)


def test_not_for_a_member_nobody_holds(box: Box) -> None:
    path = f"/v1/enrolments/{UUID(int=9)}/phone"
    answer = box.till().post(path, json={}, headers=signed_in(box) | ONCE)
    assert answer.json()["code"] == "P106"


def test_the_screen_shows_it_for_a_camera_to_read(box: Box) -> None:
    headers = signed_in(box) | ONCE
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        link = till.post(PATH, json={}, headers=headers).json()
        event = socket.receive_json()
    assert (event["type"], event["uri"]) == ("link", link["claim_uri"])
    assert event["expires_s"] == link["claim_expires_s"]
    assert read(event["rows"]) == link["claim_uri"]


def test_so_does_an_enrolment(box: Box) -> None:
    body = {"name": "赵一", "phone": "13812345678", "consents": {"membership": True}}
    headers = signed_in(box) | ONCE
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        enrolled = till.post("/v1/enrolments", json=body, headers=headers).json()
        event = socket.receive_json()
        again = till.post("/v1/enrolments", json=body, headers=signed_in(box) | TWICE).json()
    assert (event["name"], event["uri"]) == ("赵一", enrolled["claim_uri"])
    assert (again["existing"], again["claim_uri"]) == (True, "")


@pytest.mark.parametrize("text", ["A", "https://example.invalid/m/#c=" + "Z" * 10])
def test_what_is_drawn_is_read(text: str) -> None:
    assert read(drawn(text)) == text
