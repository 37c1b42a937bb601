"""A slice of `make fuzz-till` in every test run, and that the harness sees what it looks for."""

from collections.abc import Sequence

import pytest

from tools.fuzz_till import SEED, Result, figures, rss_kb, run_cases, shared_out
from tools.fuzz_till_targets import Target, targets

SLICE = {"escpos-jobs": 8, "escpos-tokens": 40, "display": 40}


@pytest.mark.parametrize("name", targets())
def test_a_slice_crashes_nothing(name: str) -> None:
    done = run_cases(name, range(SLICE.get(name.partition(" ")[0], 80)), SEED)
    assert (done.crashes, done.hangs) == ([], [])
    assert done.bytes_fed > 0


@pytest.fixture
def broken() -> Sequence[str]:
    """Two targets that do what must not be."""

    def crash(_pieces: Sequence[bytes]) -> None:
        raise ValueError("bad")

    def hang(_pieces: Sequence[bytes]) -> None:
        while True:
            pass

    targets()["crashing"] = Target((b"a",), crash, 1)
    targets()["hanging"] = Target((b"a",), hang, 1)
    return ("crashing", "hanging")


def test_a_crash_and_a_hang_are_found(broken: Sequence[str]) -> None:
    try:
        crashed = run_cases(broken[0], range(2), SEED)
        assert len(crashed.crashes) == 2
        assert "ValueError: bad" in crashed.crashes[0]
        assert run_cases(broken[1], range(1), SEED, hang_s=0.01).hangs == ["case 0"]
    finally:
        for name in broken:
            del targets()[name]


def test_every_case_is_shared_out_and_findings_fail_the_run() -> None:
    shares = {name: target.share for name, target in targets().items()}
    assert sum(shared_out(1_003, shares).values()) == 1_003
    fine = Result("a", 5, rss_kb=(100, 200), bytes_fed=10)
    crashed = Result("a", 5, crashes=["case 1: x"])
    grown = Result("a", 5, rss_kb=(100, 90_000))
    reached = [all(row.ok for row in figures([one], SEED).rows) for one in (fine, crashed, grown)]
    assert reached == [True, False, False]
    assert rss_kb() > 1_000


def test_figures_beyond_all_money_are_multiplied_too() -> None:
    """Found by a damaged receipt: the product of two numbers had more than 28 digits."""
    line = "99999999999999999999 x 9999999999999.99".encode("gb18030")
    done = targets()["escpos-jobs generic-auto"]
    done.run([b"\x1b@" + line + b"\n" + "合计 1.00\n".encode("gb18030") + b"\x1dV\x00"])
