"""A box that does not come up several times comes up with less, says so, and comes back."""

from pathlib import Path

import pytest

from edge_agent.bootstrap.devices import open_devices
from edge_agent.services.box.safe_mode import DOCUMENT, SafeMode
from retail_core.errors import Fault
from retail_core.fleet.boot_loop import SAFE_FIRST_MS, STARTS_MAX
from tests.factories.agent_api import Box
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments


class Shelf:
    """One box's documents, over several starts of its program."""

    def __init__(self) -> None:
        self.documents, self.clock = FakeDocuments(), FakeClock()
        self.restarts = 0

    def start(self) -> SafeMode:
        self.clock.advance(5_000)
        return SafeMode(self.documents, self.clock, self._restart)

    def loop(self) -> SafeMode:
        return [self.start() for _ in range(STARTS_MAX)][-1]

    def _restart(self) -> None:
        self.restarts += 1


def test_the_fourth_failed_start_is_a_safe_one_and_health_ends_it() -> None:
    shelf = Shelf()
    safe = shelf.loop()
    assert safe.active
    assert shelf.start().active, "it stays safe until it was well"
    safe = shelf.start()
    shelf.clock.advance(SAFE_FIRST_MS - 1)
    safe.turn()
    assert shelf.restarts == 0
    shelf.clock.advance(1)
    safe.turn()
    safe.turn()
    assert shelf.restarts == 1
    safe.ended()
    assert not shelf.start().active


def test_what_hangs_is_not_well() -> None:
    shelf = Shelf()
    safe = shelf.loop()
    shelf.clock.advance(SAFE_FIRST_MS)
    safe.work_is(ready=False)
    safe.turn()
    shelf.clock.advance(SAFE_FIRST_MS)
    safe.work_is(ready=True)
    safe.turn()
    assert shelf.restarts == 1


def test_a_well_box_forgets_and_a_stopped_one_did_not_fail() -> None:
    shelf = Shelf()
    for _ in range(2 * STARTS_MAX):
        started = shelf.start()
        assert not started.active
        started.ended()
    for _ in range(2 * STARTS_MAX):
        started = shelf.start()
        assert not started.active
        shelf.clock.advance(5 * 60_000)
        started.turn()


def test_a_person_leaves_it_at_once_and_only_when_it_is_on() -> None:
    shelf = Shelf()
    with pytest.raises(Fault) as refused:
        shelf.start().leave()
    assert refused.value.code == "H144"
    shelf.loop().leave()
    assert shelf.restarts == 1
    assert not shelf.start().active


@pytest.mark.parametrize("held", [{"failing": 7}, {"failing": [[1]]}, {"rounds": "many"}])
def test_a_document_nobody_understands_is_a_good_start(held: dict[str, object]) -> None:
    shelf = Shelf()
    shelf.documents.put(DOCUMENT, held)
    assert not shelf.start().active


def test_a_safe_box_sells_without_cameras_and_readers_and_says_so(tmp_path: Path) -> None:
    for _ in range(STARTS_MAX - 1):
        with Box(tmp_path) as box:
            assert not box.agent.basis.safe
    with Box(tmp_path) as box:
        assert box.agent.basis.safe
        lanes = open_devices(box.agent.basis).lanes.values()
        assert {(one.camera, one.nfc, one.qr) for one in lanes} == {(None, None, None)}
        box.agent.surface.care.health.turn()
        with box.screen() as screen:
            told = screen.get("/v1/tech/health").json()
            health = screen.get("/v1/health").json()
        assert "H120" in {one["code"] for one in told["issues"]}
        assert "leave-safe-mode" in {one["name"] for one in told["fixups"]}
        assert (health["state"], health["can_sell"]) == ("degraded", True)
        assert "安全模式" in health["reasons"][0]["zh"]
        box.agent.ended()
