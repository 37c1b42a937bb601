"""By what two records are alike, and what is enough without somebody's look."""

import pytest
from msgspec.structs import replace

from retail_core.insight.persons.records import Comparable, Record, comparable
from retail_core.insight.persons.signs import enough, signs_of


def record(**said: str) -> Comparable:
    (found,) = comparable([Record("1", **said)])
    return found


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ("王小美", "王小美", "same"),
        ("王小美", "王晓美", "sound"),
        ("王小美", "王小丽", "near"),
        ("王小美", "李敏", "other"),
        ("王小美", "", "unknown"),
    ],
)
def test_names_compare_in_steps(one: str, two: str, level: str) -> None:
    signs = {sign.field: sign for sign in signs_of(record(name=one), record(name=two), {})}
    assert signs["name"].level == level
    assert signs["phone"].level == "unknown"


def test_days_and_places_compare_too_and_weights_come_with_them() -> None:
    here = record(born="1990-03-07", address="上海市徐汇区漕溪北路1号")
    there = record(born="1990-03-17", address="上海市徐汇区肇嘉浜路9号")
    signs = [sign.key for sign in signs_of(here, there, {"born": -2.254})]
    assert "born.near" in signs
    assert "address.district" in signs
    (born,) = [one for one in signs_of(here, there, {"born": -2.254}) if one.field == "born"]
    assert born.weight == -2.25
    far = record(born="1971-12-31", address="北京市朝阳区建国路1号")
    assert {one.level for one in signs_of(here, far, {})} == {"other", "unknown"}


def test_a_name_and_a_day_without_its_year_are_never_enough() -> None:
    namesake = record(name="王芳")
    day = replace(namesake, born="00000307")
    assert not enough(day, day)
    assert enough(replace(namesake, born="19900307"), replace(namesake, born="19900307"))
    assert not enough(namesake, namesake)
    for same in ({"phone": "x"}, {"email": "x"}, {"address": "x"}):
        assert enough(replace(namesake, **same), replace(namesake, **same))
