"""The catalogue of events: what the code tells is listed, what is told fits its schema."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import edge_agent
from edge_agent.api.event_catalogue import EVENTS, catalogue
from edge_agent.api.hub import STICKY
from edge_agent.api.models.events import Envelope
from tests.factories.agent_api import MEMBER, PHONE, Box, sale
from tests.factories.terminals import PairingDesk

ROOT = Path(edge_agent.__file__).parent
DOCUMENT = catalogue("0")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


def told_by_the_code() -> set[str]:
    """Return the names of all events that any module publishes."""
    found: set[str] = set()
    for part in ("api", "bootstrap"):
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr == "publish" and node.args:
                    name = node.args[0]
                    assert isinstance(name, ast.Constant), f"{path}: name it where it is told"
                    found.add(str(name.value))
    return found


def check(event: dict[str, Any]) -> None:
    """Hold an event against its schema; nothing in it may be unknown to the catalogue."""
    message = DOCUMENT["components"]["messages"][event["type"]]
    schema = {**message["payload"], "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(schema).validate(event)
    bodies = EVENTS[event["type"]].bodies
    known = set(Envelope.model_fields).union(*(body.model_fields for body in bodies))
    assert set(event) <= known, f"{event['type']}: {set(event) - known}"


def test_every_event_is_in_the_catalogue() -> None:
    assert told_by_the_code() | {"reset"} == set(EVENTS)
    assert set(STICKY) <= set(EVENTS)
    assert all(kind.zh and kind.en and kind.bodies for kind in EVENTS.values())


def test_the_catalogue_is_served(box: Box) -> None:
    served = box.client().get("/events.json")
    assert served.status_code == 200
    assert set(served.json()["components"]["messages"]) == set(EVENTS)
    for schema in served.json()["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema)


def test_what_is_told_fits_its_schema(box: Box) -> None:
    desk = PairingDesk(box)
    heard: list[dict[str, Any]] = []
    health = next(loop for loop in box.agent.loops if loop.name == "health")
    expected = {"reset", "health", "recognition", "basket", "sale", "link", "pairing", "visit"}
    with box.till() as till, till.websocket_connect("/v1/events?after=0") as socket:
        till.post("/v1/identify", json={"deadline_ms": 1})
        till.post("/v1/identify/phone", json={"phone": PHONE})
        till.delete("/v1/visits")
        till.post("/v1/quotes", json={"lines": [{"sku": "milk"}], "member_id": str(MEMBER)})
        once = {"Idempotency-Key": "events-0001", "X-Operator": desk.operator}
        till.post("/v1/sales", json=sale(12_800), headers=once)
        again = {**once, "Idempotency-Key": "events-0002"}
        till.post(f"/v1/enrolments/{MEMBER}/phone", json={}, headers=again)
        health.start()
        desk.open()
        desk.manager.delete("/v1/pairing")
        while not expected <= {event["type"] for event in heard}:
            heard.append(json.loads(socket.receive_text()))
    health.stop()
    for event in heard:
        check(event)
    numbers = [event["event_no"] for event in heard if event["type"] != "reset"]
    assert numbers == sorted(set(numbers))
