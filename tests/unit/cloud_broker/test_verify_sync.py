"""The simulator of the line: a short run holds, and every planted bug is found."""

import json
from pathlib import Path

import pytest

from tools.verify_sync.__main__ import main
from tools.verify_sync.history import as_lists, as_steps, history, play, shrink
from tools.verify_sync.mutants import MUTANTS, Mutant, hunt, planted

STEPS = 100
HUNTED = 60
# A seed that found the bug before; when the protocol changes, others are tried.
FOUND_BY = {
    "acknowledged before the commit": 7,
    "position before its effect": 1,
    "a gap is passed over": 113,
    "ack taken without its proof": 12,
    "no epoch after a rollback": 12,
    "booked without an event key": 7,
    "a lost cloud is not told again": 5,
    "what was sent is not sent again": 11,
}


def test_a_short_run_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "9", "--steps", str(STEPS), "--jobs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["failures"] == []
    assert told["booked"] > 50
    assert told["in_storm"] > 25
    assert told["restores"] > 0
    assert told["set_back"] > 0


@pytest.mark.parametrize("seed", [181, 2773, 3677])
def test_what_was_found_once_is_mended(seed: int) -> None:
    """A hello that nobody answered was not said again; two restores within a few changes."""
    assert play(seed, history(seed, STEPS)).failure == ""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    found = hunt(mutant, (FOUND_BY.get(mutant.name, 0), *range(HUNTED)), STEPS)
    assert found is not None
    assert found.failure


def test_a_failure_is_made_small_and_can_be_played_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mutant = next(one for one in MUTANTS if one.name == "acknowledged in blocks")
    schedule = tmp_path / "schedule.json"
    with planted(mutant):
        small = shrink(0, history(0, STEPS))
        schedule.write_text(json.dumps({"seed": 0, "steps": as_lists(small)}), encoding="utf-8")
        assert len(small) < 10
        assert main(["--replay", str(schedule)]) == 1
    assert "not committed" in capsys.readouterr().out
    assert main(["--replay", str(schedule)]) == 0


def test_the_same_seed_is_the_same_history() -> None:
    steps = history(7, STEPS)
    assert as_steps(as_lists(steps)) == steps
    assert play(7, steps) == play(7, steps)
