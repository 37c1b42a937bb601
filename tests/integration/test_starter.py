"""Real processes on real slots, killed at any moment: what starts is whole and known to be good."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_agent.adapters.slot_folder import SlotFolder
from edge_agent.starter import SLOT, chosen
from retail_core.fleet import slots as moves
from retail_core.fleet.release import Part
from retail_core.fleet.slots import FACTORY, STARTS_MAX, Slots, Stage
from tests.factories.agent_files import SCREEN_TOKEN
from tests.factories.agent_process import ROOT, AgentProcess
from tests.factories.releases import PLATFORM, SignedReleases
from tests.factories.waiting import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
NOTES = "started.txt"
# Stand-ins for a release's program: one that runs until it is ended, one that breaks at once.
RUNS = f"""
import os, pathlib, time
with pathlib.Path(os.environ["NOTES"]).open("a") as notes:
    notes.write(NAME + chr(10))
time.sleep({PATIENCE_S})
"""
BREAKS = 'raise SystemExit("broken")'
FILLS = """
import pathlib, sys
from edge_agent.adapters.slot_folder import SlotFolder
from retail_core.fleet import slots as moves
from retail_core.fleet.release import Part
folder, packed = map(pathlib.Path, sys.argv[1:])
shelf = SlotFolder(folder)
part = Part("parts/agent.tar.zst", "agent", "any", 10**8)
number = 100
while True:
    slots = shelf.read()
    if slots.trying is not None:
        shelf.write(moves.proved(slots))
        continue
    number += 1
    slots = moves.fill(slots, number, str(number))
    name = next(one for one in moves.NAMES if slots.slot(one).stage is moves.Stage.FILLING)
    shelf.write(slots)
    shelf.clear(name)
    shelf.unpack(name, part, packed)
    slots = moves.filled(slots, shelf.digest(name))
    shelf.write(slots)
    shelf.write(moves.switch(slots))
"""


class Site:
    """A box's folder with releases in its slots, started by the real starter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shelf = SlotFolder(folder / "data")
        (folder / "agent.toml").write_text('data_dir = "data"\n', encoding="utf-8")
        self.notes = folder / NOTES

    def put(self, number: int, program: str) -> Slots:
        """Put a release on trial."""
        slots = moves.fill(self.shelf.read(), number, str(number))
        name = next(one for one in moves.NAMES if slots.slot(one).stage is Stage.FILLING)
        self.shelf.clear(name)
        place = self.shelf.place(name) / "lib" / "edge_agent"
        place.mkdir(parents=True)
        (place / "__init__.py").touch()
        text = program.replace("NAME", repr(str(number)))
        (place / "__main__.py").write_text(text, encoding="utf-8")
        slots = moves.switch(moves.filled(slots, self.shelf.digest(name)))
        self.shelf.write(slots)
        return slots

    def start(self) -> subprocess.Popen[bytes]:
        """Start as systemd would."""
        return subprocess.Popen(
            [sys.executable, "-m", "edge_agent.starter", "run", "-c", "agent.toml"],
            cwd=self.folder,
            env={**os.environ, "NOTES": str(self.notes)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ran(self) -> str:
        """Start, wait for the program to note itself, kill it; return who ran."""
        self.notes.unlink(missing_ok=True)
        child = self.start()
        until = time.monotonic() + PATIENCE_S
        while child.poll() is None and time.monotonic() < until:
            if self.notes.exists() and self.notes.read_text():
                break
            time.sleep(0.01)
        child.kill()
        child.wait()
        return self.notes.read_text().strip() if self.notes.exists() else ""


def test_a_release_that_breaks_at_each_start_is_left_after_three(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.put(1, RUNS)
    assert site.ran() == "1"
    site.shelf.write(moves.proved(site.shelf.read()))
    site.put(2, BREAKS)
    for _ in range(STARTS_MAX):
        assert site.ran() == ""
        assert str((site.shelf.root / "current").readlink()) == "b"
    assert site.ran() == "1"
    slots = site.shelf.read()
    assert (slots.bad, slots.b.code, str((site.shelf.root / "current").readlink())) == (
        (2,), "F243", "a",
    )  # fmt: skip


def test_killed_at_any_moment_the_good_one_is_reached(tmp_path: Path) -> None:
    site = Site(tmp_path)
    draw = random.Random(7)  # noqa: S311 -- a seeded run
    site.put(1, RUNS)
    site.shelf.write(moves.proved(site.shelf.read()))
    site.put(2, BREAKS)
    for _ in range(4):
        child = site.start()
        time.sleep(draw.uniform(0, 0.4))
        child.kill()
        child.wait()
        slots = site.shelf.read()
        assert slots.active == "a"
        assert slots.starts <= STARTS_MAX
    for _ in range(STARTS_MAX):
        site.ran()
    assert site.ran() == "1", "as often as it was killed, a trial has no more than its starts"


def test_killed_while_it_fills_whatever_starts_is_whole(tmp_path: Path) -> None:
    offered = SignedReleases(tmp_path, 1_785_470_400_000)
    _, made = offered.built(1, "x = 1\n" * 5_000)
    packed = tmp_path / "build-1" / made.parts[0].path
    draw = random.Random(3)  # noqa: S311 -- a seeded run
    shelf = SlotFolder(tmp_path / "data")
    shelf.write(Slots())
    seen: set[Stage] = set()
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", FILLS, str(tmp_path / "data"), str(packed)], cwd=ROOT
        )
        began = time.monotonic()
        before = (shelf.root / "state.json").read_bytes()
        while (shelf.root / "state.json").read_bytes() == before:
            assert time.monotonic() - began < PATIENCE_S
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        seen |= {shelf.read().slot(one).stage for one in moves.NAMES}
        environment = chosen(tmp_path / "data", {})
        slots, name = shelf.read(), environment.get(SLOT, FACTORY)
        assert name == FACTORY or shelf.digest(name) == slots.slot(name).digest
        assert name in {slots.active, slots.trying}
    assert Stage.GOOD in seen


def test_a_slot_whose_files_changed_on_the_card_is_not_started(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for number in (1, 2):
        site.put(number, RUNS)
        site.shelf.write(moves.proved(site.shelf.read()))
    assert site.ran() == "2"
    rotten = site.shelf.place("b") / "lib" / "edge_agent" / "__main__.py"
    rotten.write_text(rotten.read_text() + "#", encoding="utf-8")
    assert site.ran() == "1"
    (site.shelf.place("a") / "lib" / "more.py").touch()
    assert chosen(tmp_path / "data", {}).get(SLOT) is None, "what the installer left is below both"


def test_a_state_nobody_can_read_starts_what_was_installed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.put(1, RUNS)
    for wrong in ("{", "[]", json.dumps({"active": "c"}), '{"active": "a"}'):
        (site.shelf.root / "state.json").write_text(wrong, encoding="utf-8")
        assert SLOT not in chosen(tmp_path / "data", {})


def test_a_real_agent_runs_from_its_slot_and_says_so(tmp_path: Path) -> None:
    offered = SignedReleases(tmp_path / "cloud", 1_785_470_400_000)
    extra = f'updates = {{ root_file = "{offered.root_file}" }}\n'
    agent = AgentProcess(tmp_path, extra=extra, module="edge_agent.starter")
    shelf = SlotFolder(tmp_path / "data")
    slots = moves.fill(Slots(), 9, "9.9.9")
    packed = tmp_path / "agent.tar.zst"
    part = packed_agent(packed)
    shelf.unpack("a", part, packed)
    shelf.write(moves.switch(moves.filled(slots, shelf.digest("a"))))
    with agent:
        said = agent.call("GET", "/v1/tech/update", token=SCREEN_TOKEN).body
        assert (said["managed"], said["number"], said["slot"]) == (True, 9, "a")
        assert (said["version"], said["proved_version"]) == ("9.9.9", agent_version())
        shown = subprocess.run(
            [sys.executable, "-m", "edge_agent", "update", "status", "-c", str(agent.config)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert "9.9.9 · a" in shown
    assert shelf.digest("a") == shelf.read().a.digest, "nothing was written into the slot"


def agent_version() -> str:
    """Return the version of what is installed here."""
    command = [sys.executable, "-m", "edge_agent", "version"]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def packed_agent(out: Path) -> Part:
    """Pack our own programs as a release would carry them."""
    from cloud_broker.adapters.release_build import Ingredients, build  # noqa: PLC0415
    from tests.factories.releases import wheel  # noqa: PLC0415

    files = {
        path.relative_to(ROOT).as_posix(): path
        for folder in ("retail_core", "edge_agent")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    house = out.parent / "house"
    wheel(
        house,
        {name: path.read_text(encoding="utf-8") for name, path in files.items()},
        name="regulars",
        version="9.9.9",
    )
    made = build(Ingredients(9, "9.9.9", PLATFORM, house), out.parent / "built")
    (out.parent / "built" / made.parts[0].path).rename(out)
    return made.parts[0]
