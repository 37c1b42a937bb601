"""A profile that does not fit its till is told, with what would be read without it."""

from pathlib import Path

import pytest

from edge_agent.domain.tap_seen import TapSeen
from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.profiles.till import Numbers
from edge_agent.drivers.till_escpos.beside_profile import BesideProfile
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.listening import Listening
from edge_agent.drivers.till_escpos.sim import sale_bytes
from retail_core.texts.faults import FaultCode
from tests.fakes.till_tap import FakeTillTap

PROFILES = Path(__file__).resolve().parents[3] / "device_configs"
AUTO = load_profile(PROFILES, "generic-auto", TillProfile)
MISFIT = AUTO.model_copy(update={"numbers": Numbers(decimal=",", places=2)})
SALE = sale_bytes("0001", [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)])


def test_a_misfit_is_told_with_lines_and_total_read_without_the_profile() -> None:
    beside, jobs = BesideProfile(MISFIT), JobReader("t", MISFIT)
    for at in range(3):
        beside.saw(SALE, at)
        (receipt,) = jobs.feed(SALE, at)
        assert receipt.fault in {
            FaultCode.TILL_RECEIPT_UNREADABLE,
            FaultCode.TILL_TOTAL_MISMATCH,
        }
        assert beside.instead(receipt) == {"lines": 2, "total_fen": 1_950}


@pytest.mark.parametrize("profile", [AUTO, load_profile(PROFILES, "retail-zh-32", TillProfile)])
def test_nothing_is_told_of_a_profile_that_reads(profile: TillProfile) -> None:
    beside, jobs = BesideProfile(profile), JobReader("t", profile)
    beside.saw(SALE, 0)
    (receipt,) = jobs.feed(SALE, 0)
    assert receipt.fault is None
    assert beside.instead(receipt) is None


def test_nothing_is_told_where_no_profile_reads_more_either() -> None:
    paper = "第一行\n没有金额\n".encode("gb18030") + b"\x1dV\x00"
    beside, jobs = BesideProfile(MISFIT), JobReader("t", MISFIT)
    beside.saw(paper, 0)
    (receipt,) = jobs.feed(paper, 0)
    assert beside.instead(receipt) is None


def test_whoever_listens_is_told_beside_the_job() -> None:
    tap = FakeTillTap()
    listening = Listening(tap, MISFIT, bytes(32))
    (receipt,) = JobReader("t", MISFIT).feed(SALE, 0)
    tap.show(TapSeen("bytes", "t", 0, data=SALE))
    tap.show(TapSeen("job", "t", 1, receipt=receipt))
    (job,) = [one for one in listening.take(1_000) if one["type"] == "job"]
    assert job["without_profile"] == {"lines": 2, "total_fen": 1_950}
    assert job["fault"]["code"] in {"T103", "T105"}
    listening.close()
