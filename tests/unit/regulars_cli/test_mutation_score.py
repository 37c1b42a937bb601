"""The table that shows which package of the core has the holes."""

import json
from pathlib import Path

import pytest

from tools.mutation_score import PackageScore, by_package, package_of, read_results, report

RESULTS = {
    "retail_core.sync.buckets.x_apart__mutmut_1": "killed",
    "retail_core.sync.buckets.x_apart__mutmut_2": "no tests",
    "retail_core.sync.ranges.xǁSpanǁadd__mutmut_1": "timeout",
    "retail_core.pricing.rules.slots.x_in_slots__mutmut_7": "killed",
    "retail_core.pricing.rules.slots.x_in_slots__mutmut_8": "skipped",
    "retail_core.money.x_allocate__mutmut_1": "survived",
}
WORST_FIRST = [
    PackageScore("retail_core.money", 1, 0, 0.0),
    PackageScore("retail_core.sync", 3, 2, 66.7),
    PackageScore("retail_core.pricing", 1, 1, 100.0),
]


@pytest.mark.parametrize(
    ("mutant", "package"),
    [
        ("retail_core.sync.buckets.x_apart__mutmut_1", "retail_core.sync"),
        ("retail_core.pricing.rules.slots.xǁSlotǁ__init____mutmut_2", "retail_core.pricing"),
        ("retail_core.tally.xǁFaultTallyǁcount__mutmut_3", "retail_core.tally"),
    ],
)
def test_a_mutant_belongs_to_its_package(mutant: str, package: str) -> None:
    assert package_of(mutant) == package


def test_the_worst_package_comes_first_and_what_was_skipped_counts_nowhere() -> None:
    assert by_package(RESULTS) == WORST_FIRST
    assert by_package({}) == []


def test_the_report_names_the_packages_before_the_survivors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report(RESULTS, as_json=False) == pytest.approx(60.0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("mutation score 60.0 % [")
    assert [line.split()[0] for line in lines[1:4]] == [one.package for one in WORST_FIRST]
    assert [line.split()[-1] for line in lines[4:]] == [
        "retail_core.money.x_allocate__mutmut_1",
        "retail_core.sync.buckets.x_apart__mutmut_2",
    ]


def test_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    report(RESULTS, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["score"], told["killed"], told["no tests"]) == (60.0, 2, 1)
    assert told["packages"][1] == {
        "package": "retail_core.sync", "judged": 3, "caught": 2, "score": 66.7,
    }  # fmt: skip


def test_what_mutmut_wrote_is_read(tmp_path: Path) -> None:
    exits = {"a.x_b__mutmut_1": 1, "a.x_b__mutmut_2": 0, "a.x_b__mutmut_3": None}
    exits |= {"a.x_b__mutmut_4": 33, "a.x_b__mutmut_5": 77}
    meta = tmp_path / "deep" / "a.py.meta"
    meta.parent.mkdir()
    meta.write_text(json.dumps({"exit_code_by_key": exits}), encoding="utf-8")
    assert list(read_results(tmp_path).values()) == [
        "killed", "survived", "not run", "no tests", "suspicious",
    ]  # fmt: skip
