"""The simulator of the ledger: a short run holds, and every planted bug is found."""

import json

import pytest

from tools.verify_ledger.__main__ import main
from tools.verify_ledger.history import ASKING, history, play, shrink
from tools.verify_ledger.mutants import MUTANTS, Mutant, planted

STEPS = 100
# The first seed that finds each bug, as `make verify-ledger-mutants` prints it.
FOUND_BY = {
    "no epoch fence": 1,
    "two boards taken for one": 18,
    "lent again at half time": 33,
    "time not bound to the box's count": 21,
    "a spend that arrives twice counts twice": 0,
    "returned at what arrived so far": 130,
    "lends more than is free": 1,
    "a fence frees what is in doubt": 9,
    "spends after a boot without asking": 1,
    "a timed lease outlives its boot": 30,
    "a lease ends by the wall clock": 27,
    "a repeated grant begins anew": 114,
    "a fenced box keeps its leases": 13,
    "PUBACK taken for commit": 1,
    "ack of everything up to the highest": 24,
    "ack taken without its proof": 18,
    "sale and lease in two writes": 5,
    "read position before the grant": 22,
}


def test_a_short_run_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "40", "--steps", str(STEPS), "--jobs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["steps"] == 40 * STEPS
    assert told["failures"] == []
    assert told["redeemed"] > 100


def test_a_short_run_with_recalls_from_other_stores_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["--first", str(ASKING), "--seeds", "15", "--steps", str(STEPS), "--jobs", "1"]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["redeemed"] > 30


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    seed = FOUND_BY[mutant.name]
    steps = history(seed, STEPS)
    with planted(mutant):
        assert play(seed, steps, mutant.habits).failure
    assert not play(seed, steps).failure


def test_a_failure_is_made_small_and_stays_one() -> None:
    mutant = next(one for one in MUTANTS if one.name == "lends more than is free")
    with planted(mutant):
        small = shrink(1, history(1, STEPS))
        assert play(1, small).failure
    assert len(small) < 5


def test_the_same_seed_is_the_same_history() -> None:
    assert play(7, history(7, STEPS)) == play(7, history(7, STEPS))
