"""Consents asked for at a counter: what is offered, what her display shows, what stands after."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from edge_agent.domain.consents import CONSENT_TEXT_VERSION, CONSENT_TEXTS, text_hash
from edge_agent.lane_settings import ONLY_LANE
from tests.factories.agent_api import face_leave
from tests.factories.privacy import Shop

FACE, WALK_UP, GUARDIAN = "face.local", "face.walk_up", "face.minor_guardian"


class Corner:
    """A shop whose customer's display is heard."""

    def __init__(self, folder: Path) -> None:
        self.shop = Shop(folder)
        self.shown: list[dict[str, Any]] = []
        self.shop.box.hub.listen(self._hear)
        self.leave = self.shop.box.agent.services.faces.leave

    def _hear(self, kind: str, payload: Any, lane: str | None) -> None:
        if kind == "consent" and lane == ONLY_LANE:
            self.shown.append(dict(payload))

    def lets(self, version: int = 2, **said: bool) -> None:
        self.leave.take(face_leave(version, **said))

    def ask(self, member: UUID, kind: str, nth: int = 0) -> Any:
        path = f"/v1/members/{member}/consents/ask"
        headers = self.shop.headers(f"ask-{kind}-{nth}")
        return self.shop.box.till().post(path, json={"kind": kind}, headers=headers)

    def state(self, member: UUID) -> Any:
        return self.shop.box.till().get(f"/v1/members/{member}/consents").json()


@pytest.fixture
def corner(tmp_path: Path) -> Iterator[Corner]:
    corner = Corner(tmp_path)
    yield corner
    corner.shop.stop()


def test_her_display_shows_the_very_text_that_is_recorded(corner: Corner) -> None:
    member = corner.shop.enrol()
    corner.lets(walk_up=True)
    answer = corner.ask(member, WALK_UP)
    assert answer.status_code == 200
    (shown,) = corner.shown
    assert (shown["state"], shown["kind"]) == ("asked", WALK_UP)
    for told in (shown, answer.json()):
        assert told["text_zh"] == CONSENT_TEXTS[WALK_UP]["zh"]
        assert told["text_en"] == CONSENT_TEXTS[WALK_UP]["en"]
        assert told["text_version"] == CONSENT_TEXT_VERSION
        assert told["sha256_en"] == text_hash(WALK_UP, "en").hex()
    word = corner.shop.say(member, WALK_UP, given=True).json()
    assert word["text_hash"] == shown["sha256_zh"]
    assert [one["state"] for one in corner.shown] == ["asked", "given"]
    corner.shop.say(member, WALK_UP, given=False)
    assert corner.shown[-1]["state"] == "refused"


def test_walking_up_is_offered_only_where_headquarters_let_it(corner: Corner) -> None:
    member = corner.shop.enrol()
    assert corner.state(member)["offered"] == [FACE]
    refused = corner.ask(member, WALK_UP)
    assert (refused.status_code, refused.json()["code"]) == (403, "R440")
    corner.lets(walk_up=True)
    assert corner.state(member)["offered"] == [FACE, WALK_UP]
    corner.lets(3, enabled=False)
    assert corner.state(member)["offered"] == []
    refused = corner.ask(member, FACE, nth=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "R110")
    assert corner.shown == []


def test_what_stands_is_what_the_box_goes_by(corner: Corner) -> None:
    shop, member = corner.shop, corner.shop.enrol()
    corner.lets(walk_up=True)
    assert corner.state(member)["standing"] == ["membership", FACE]
    shop.say(member, WALK_UP, given=True)
    assert corner.state(member)["standing"] == ["membership", FACE, WALK_UP]
    shop.take_face(member)
    assert corner.state(member)["standing"] == ["membership", FACE, WALK_UP]
    shop.say(member, WALK_UP, given=False)
    state = corner.state(member)
    assert (state["standing"], state["face_held"]) == (["membership", FACE], True)
    shop.say(member, WALK_UP, given=True, nth=1)
    shop.say(member, FACE, given=False)
    state = corner.state(member)
    assert (state["standing"], state["face_held"]) == (["membership"], False)


def test_a_word_on_walking_up_from_before_her_new_templates_counts_no_more(corner: Corner) -> None:
    shop, member = corner.shop, corner.shop.enrol()
    corner.lets(walk_up=True)
    shop.say(member, WALK_UP, given=True)
    shop.say(member, FACE, given=False)
    shop.say(member, FACE, given=True, nth=1)
    assert corner.state(member)["standing"] == ["membership", FACE]
    shop.take_face(member)
    assert corner.state(member)["standing"] == ["membership", FACE]


def test_nobody_is_asked_in_the_name_of_a_stranger_or_by_nobody(corner: Corner) -> None:
    assert corner.ask(uuid4(), FACE).json()["code"] == "A108"
    member = corner.shop.enrol()
    path = f"/v1/members/{member}/consents/ask"
    body = {"kind": FACE}
    asked = corner.shop.box.till().post(path, json=body, headers={"Idempotency-Key": "key-of-it"})
    assert asked.json()["code"] == "A116"
    wrong = corner.shop.box.till().post(path, json={"kind": "x"}, headers=corner.shop.headers("x"))
    assert wrong.status_code == 422
    assert corner.shown == []
