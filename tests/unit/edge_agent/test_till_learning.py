"""Learning a till: what it was taught it reads, also receipts it has not seen."""

import json
import re
from pathlib import Path

import pytest

from edge_agent.domain.taught import Sample
from edge_agent.drivers.profiles import TillProfile, load_file, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.drivers.till_escpos.learning.learn import Titles, learn
from edge_agent.drivers.till_escpos.learning.text import learned_text
from edge_agent.drivers.till_escpos.words import Meaning
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "golden" / "receipts"
AUTO = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)
CLUB = "retail-zh-42-club"
TITLES = Titles("mine", "我的", "Mine")


def samples(till: str, *wanted: int) -> list[Sample]:
    paths = sorted((FOLDER / till).glob("*.bin"))
    return [
        Sample(path.stem, path.read_bytes())
        for path in paths
        if not wanted or int(path.stem[:2]) in wanted
    ]


def exact(till: str, profile: TillProfile, *wanted: int) -> bool:
    expected = json.loads((FOLDER / till / "expected.json").read_text("utf-8"))
    for at in wanted:
        one = expected[at - 1]
        receipt, _ = read_stream((FOLDER / till / one["file"]).read_bytes(), profile)
        lines = [[line.name, line.qty_milli, line.amount_fen] for line in receipt.lines]
        found = (lines[: len(one["articles"])], receipt.total_fen, receipt.kind, receipt.receipt_no)
        if receipt.fault or found != (
            one["articles"],
            one["total_fen"],
            one["kind"],
            one["receipt_no"],
        ):
            return False
    return True


def test_a_layout_no_automatic_reader_reads_is_read_once_learned() -> None:
    assert not any(exact(CLUB, AUTO, at) for at in (1, 2, 4, 6))
    learned = learn(samples(CLUB, 1, 2, 3), TITLES)
    assert exact(CLUB, learned.profile, 4, 6)  # not among the samples
    assert all(sample.reads and not sample.automatic for sample in learned.samples)


def test_what_sums_showed_is_proven_and_the_rest_is_called_a_guess() -> None:
    learned = learn(samples(CLUB), TITLES)
    sure = {(each.what, each.value): each.proof for each in learned.findings}
    assert sure["words.total", "拢共"] == "proven"
    assert sure["words.change", "退还"] == "proven"
    assert sure["words.tender", "交来"] == "proven"
    assert sure["words.discount", "品让价"] == "guessed"  # one sample shows nothing
    assert sure["words.reprint", "再印"] == "guessed"
    assert [sample.left_out for sample in learned.samples] == [True] * 8


def test_a_learned_profile_is_a_file_that_loads_and_says_what_it_is(tmp_path: Path) -> None:
    learned = learn(samples(CLUB, 1, 2, 3), TITLES)
    text = learned_text(learned)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert load_file(tmp_path / "mine.toml") == learned.profile
    assert text.startswith("# Learned from 3 receipts; reads 3 of them.\n")


def test_what_a_person_says_stands() -> None:
    told = {"扫付": Meaning.NOTE, "积分": Meaning.NOTE}
    learned = learn(samples(CLUB, 1, 2, 3, 5), TITLES, told)
    assert set(learned.profile.words.note) == {"扫付", "积分"}
    assert "扫付" not in learned.profile.words.tender


def test_progress_is_told_to_the_end() -> None:
    heard: list[tuple[int, int]] = []
    learn(samples(CLUB, 1, 2, 3, 4), TITLES, told=lambda done, of: heard.append((done, of)))
    assert heard == [(at, 5) for at in range(6)]


def refused(taken: list[Sample]) -> FaultCode:
    with pytest.raises(Fault) as fault:
        learn(taken, TITLES)
    return fault.value.code


def test_samples_that_teach_nothing_are_refused_with_the_reason() -> None:
    first = samples(CLUB, 1)
    assert refused([]) is FaultCode.LEARN_SAMPLES_FEW
    assert refused(first * 5) is FaultCode.LEARN_SAMPLES_FEW  # one receipt, five times
    empty = Sample("empty", b"")
    assert refused([*samples(CLUB, 1, 2, 3), empty]) is FaultCode.LEARN_SAMPLE_UNREADABLE
    words = [Sample(str(at), f"hello {at}\nworld\n".encode()) for at in range(4)]
    assert refused(words) is FaultCode.LEARN_NOT_UNDERSTOOD


def test_receipts_whose_sums_do_not_come_out_are_not_learned() -> None:
    word = "拢共:".encode("gb18030")
    broken = [
        Sample(one.name, re.sub(word + rb" +[\d.]+", word + b" 7.%02d" % at, one.data))
        for at, one in enumerate(samples(CLUB, 1, 2, 4, 6))
    ]
    assert refused(broken) is FaultCode.LEARN_NOT_UNDERSTOOD
