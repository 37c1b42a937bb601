"""HQ takes its leave for faces away: nobody is sent to the camera, templates end in time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_core.identity.face_lease import DAY_MS, LOCAL_LEASE_MS
from retail_core.wire.kinds import EventType
from tests.factories.agent_api import face_leave
from tests.factories.privacy import FACE, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


def let(shop: Shop, version: int, *, enabled: bool) -> None:
    shop.box.agent.services.faces.leave.take(face_leave(version, enabled=enabled))


def test_the_screen_sends_nobody_to_a_camera_that_may_not_look(shop: Shop) -> None:
    def face() -> str:
        return str(shop.box.screen().get("/v1/health").json()["devices"]["face"])

    assert face() == "ok"
    let(shop, 2, enabled=False)
    assert face() == "off"
    let(shop, 3, enabled=True)
    assert face() == "ok"


def test_templates_are_kept_for_a_leave_that_comes_back_and_end_with_their_lease(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = shop.enrol()
    shop.take_face(member)
    keeper = shop.box.agent.services.faces.keeper
    monkeypatch.setattr(keeper, "_in_touch", lambda: True)
    days = LOCAL_LEASE_MS // DAY_MS

    def passes(count: int) -> None:
        for _day in range(count):
            shop.box.clock.advance(DAY_MS)
            keeper.turn()

    passes(days + 5)
    assert shop.held() == [member], "renewed while the shop may recognise faces"
    let(shop, 2, enabled=False)
    assert shop.look(FACE)["outcome"] != "member"
    passes(days - 5)
    assert shop.held() == [member]
    let(shop, 3, enabled=True)
    assert shop.look(FACE)["outcome"] == "member"
    passes(days + 5)
    assert shop.held() == [member]
    let(shop, 4, enabled=False)
    passes(days + 1)
    assert shop.held() == []
    (erased,) = shop.journalled(EventType.FACE_ERASED)
    assert b"expired" in erased.receipt
