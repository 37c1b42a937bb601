"""The watchdog is fed for work done; a part that hangs is named and nothing is fed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.services.box.work_watch import PATIENCE_MS, Pulse, WorkWatch
from tests.factories.agent_api import Box
from tests.fakes.clock import FakeClock
from tests.fakes.service_manager import FakeServiceManager

PARTS = ("api", "capture@front", "drainer", "journal")


class Bench:
    """Four parts whose work is done when the test says so."""

    def __init__(self) -> None:
        self.clock, self.manager = FakeClock(), FakeServiceManager()
        self.done = dict.fromkeys(PARTS, 0)
        parts = {name: self._mark(name) for name in PARTS}
        self.watch = WorkWatch(self.clock, self.manager, parts)

    def _mark(self, name: str) -> Callable[[], int]:
        return lambda: self.done[name]

    def turn(self, *hanging: str) -> dict[str, str]:
        """Five seconds of work by all but those; return what the manager heard."""
        self.clock.advance(5_000)
        for name in PARTS:
            self.done[name] += name not in hanging
        self.watch.turn()
        return self.manager.heard[-1] if self.manager.heard else {}


def test_it_is_ready_when_every_part_has_worked() -> None:
    bench = Bench()
    assert bench.turn("api") == {}
    assert not bench.watch.ready
    assert bench.turn() == {"READY": "1", "STATUS": "works"}
    assert bench.turn() == {"WATCHDOG": "1", "STATUS": "works"}
    assert bench.watch.ready


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_hangs_is_named_and_starves_the_watchdog(part: str) -> None:
    bench = Bench()
    for _ in range(3):
        bench.turn()
    for _ in range(PATIENCE_MS // 5_000):
        assert "WATCHDOG" in bench.turn(part)
    assert bench.turn(part) == {"STATUS": f"hangs: {part}"}
    assert bench.watch.hung() == (part,)
    assert not bench.watch.ready
    assert bench.turn(part) == {"STATUS": f"hangs: {part}"}
    assert bench.turn() == {"WATCHDOG": "1", "STATUS": "works"}


def test_the_end_is_said() -> None:
    bench = Bench()
    bench.watch.ending()
    assert bench.manager.heard == [{"STOPPING": "1", "STATUS": "ends"}]


def test_a_probe_that_finds_nothing_is_no_beat() -> None:
    answers: Iterator[bool | None] = iter([True, False, None])
    pulse = Pulse(lambda: next(answers))
    for _ in range(3):
        pulse.turn()
    assert pulse.beats() == 2


def test_a_box_watches_its_own_parts(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        work = box.agent.surface.care.work
        work.turn()
        assert work.hung() == ()
        box.clock.advance(PATIENCE_MS + 1)
        assert work.hung() == ("api", "drainer", "journal"), "nothing was started here"
        pulses = {loop.name: loop for loop in box.agent.loops}
        pulses["pulse-journal"]._turn()
        work.turn()
        assert work.hung() == ("api", "drainer")
        box.agent.surface.care.health.turn()
        issues = box.agent.surface.care.health.issues()
        assert [(one.code, one.subject) for one in issues if one.code == "H143"] == [
            ("H143", "api"),
            ("H143", "drainer"),
        ]
