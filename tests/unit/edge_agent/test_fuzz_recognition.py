"""A slice of `make fuzz` in every test run, and that the harness would see what it looks for."""

import random
from pathlib import Path

import pytest

from retail_core.identity import digit_code, member_code
from tools import fuzz_recognition
from tools.fuzz_cases import KEY, MEMBER, NOW_S, PUBLIC, SECRET, code_accepted, digits_accepted
from tools.fuzz_recognition import SEED, SHARES, report, run_cases, run_target, shared_out

SLICE = {"picture": 60, "symbol": 60}


@pytest.mark.parametrize("target", SHARES)
def test_a_slice_crashes_nothing_and_nothing_of_it_is_accepted(target: str) -> None:
    assert run_cases(target, range(SLICE.get(target, 250)), SEED) == []


def test_what_is_good_would_be_accepted() -> None:
    good = member_code.mint(KEY, member_code.key_id_of(PUBLIC), NOW_S, 60, bytes(8))
    assert code_accepted(good.encode())
    assert digits_accepted(digit_code.make(SECRET, MEMBER, NOW_S).encode())


def test_every_case_is_shared_out() -> None:
    assert sum(shared_out(1_003).values()) == 1_003


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Children that die at case 3, find something at case 1 and hang at case 5."""
    program = tmp_path / "python"
    program.write_text(
        "#!/bin/sh\n"
        "while [ $# -gt 0 ]; do case $1 in --first) f=$2;; --cases) n=$2;; --state) s=$2;; esac;"
        " shift; done\n"
        'at() { printf "\\\\$(printf %03o $1)\\0\\0\\0\\0\\0\\0\\0" > $s; }\n'
        "[ $f -le 3 ] && [ $n -gt 3 ] && { at 3; kill -9 $$; }\n"
        "[ $f -le 5 ] && [ $n -gt 5 ] && { at 5; exec sleep 60; }\n"
        '[ $f -le 1 ] && echo \'[["accept", "1", "a code"]]\' || echo \'[]\'\n',
        encoding="utf-8",
    )
    program.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(program))
    monkeypatch.setattr(fuzz_recognition, "HANG_S", 0.3)
    monkeypatch.setattr(fuzz_recognition, "POLL_S", 0.02)


@pytest.mark.usefixtures("deadly")
def test_a_dead_or_hung_child_is_seen_and_the_rest_goes_on() -> None:
    result = run_target("token", 8, SEED)
    assert result.crashes == ["case 3: exit -9"]
    assert result.hangs == ["case 5: exit None"]
    assert result.accepts == ["case 1: a code"]


def test_an_exception_nobody_documented_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_draw: random.Random) -> str | None:
        raise IndexError("off by one")

    monkeypatch.setattr("tools.fuzz_cases.token", broken)
    assert run_cases("token", range(1), SEED) == [["crash", "0", "IndexError: off by one"]]


def test_the_report_fails_on_any_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.bench.report.ROOT", tmp_path)
    good = fuzz_recognition.Result("token", 10)
    assert report([good], SEED) == 0
    bad = fuzz_recognition.Result("sun", 10, accepts=["case 4: link"])
    assert report([good, bad], SEED) == 1
    assert "sun case 4: link" in capsys.readouterr().err
    assert (tmp_path / "var" / "bench" / "fuzz.json").exists()
