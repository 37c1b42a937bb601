"""Records are linked by likelihood: planted pairs are found, nobody else is."""

from dataclasses import replace
from pathlib import Path

import pytest

from cloud_broker.adapters.analytics.linking import REVIEW, candidates
from retail_core.insight.persons.records import Record, comparable
from tools.bench.planted_records import plant

ANNA = Record(
    "1", "欧阳安娜", "13900000001", "anna@example.cn", "1990-03-07", "上海市徐汇区中山路1号"
)


def likely(*records: Record, work: Path) -> list[tuple[str, str]]:
    return [(one.first, one.second) for one in candidates(comparable(records), work=work)]


def test_planted_pairs_are_found(tmp_path: Path) -> None:
    planted = plant(1_000)
    found = candidates(comparable(planted.records), work=tmp_path)
    assert all(one.likely >= REVIEW and one.first < one.second for one in found)
    pairs = {(one.first, one.second) for one in found}
    sure = {(one.first, one.second) for one in found if one.automatic}
    assert len(pairs & planted.pairs) >= 0.99 * len(pairs)
    assert len(pairs & planted.pairs) >= 0.93 * len(planted.pairs)
    assert len(sure & planted.pairs) >= 0.89 * len(planted.pairs)
    assert list(found) == sorted(found, key=lambda one: (one.first, one.second))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("records", [[], [ANNA]])
def test_too_few_are_no_pair(records: list[Record], tmp_path: Path) -> None:
    assert likely(*records, work=tmp_path) == []


def test_a_household_shares_a_number_and_is_two(tmp_path: Path) -> None:
    other = replace(ANNA, record_id="2", name="欧阳志强", email="zq@example.cn", born="1961-01-02")
    assert likely(ANNA, other, work=tmp_path) == []


def test_another_name_is_never_linked_without_a_look(tmp_path: Path) -> None:
    other = replace(ANNA, record_id="2", name="林志强", born="")
    (one,) = candidates(comparable([ANNA, other]), work=tmp_path)
    assert one.likely >= REVIEW
    assert not one.automatic


def test_a_mistyped_name_with_number_and_day_is_one(tmp_path: Path) -> None:
    typed = replace(ANNA, record_id="2", name="欧阳安那", email="", address="")
    assert likely(ANNA, typed, work=tmp_path) == [("1", "2")]


@pytest.mark.parametrize(
    ("names", "born", "automatic"),
    [
        (("王小伟", "王小芳"), "", 1),
        (("王小伟", "王小芳"), "2015-06-01", 0),
        (("王伟", "王芳"), "", 0),
        (("王伟", "王玮"), "", 1),
    ],
)
def test_one_character_off_is_a_slip_in_a_long_name_and_a_relative_in_a_short_one(
    names: tuple[str, str], born: str, automatic: int, tmp_path: Path
) -> None:
    first = replace(ANNA, name=names[0])
    other = replace(ANNA, record_id="2", name=names[1], born=born)
    (one,) = candidates(comparable([first, other]), work=tmp_path)
    assert one.automatic == automatic


def test_signs_of_quotes_in_what_was_typed_do_no_harm(tmp_path: Path) -> None:
    odd = replace(ANNA, address="上海市徐汇区'\"; drop table records; --\n1号")
    assert likely(odd, replace(odd, record_id="2"), work=tmp_path) == [("1", "2")]
