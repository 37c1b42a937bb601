"""The same person typed in twice is comparable."""

import pytest

from retail_core.insight.persons.records import Record, born_of, comparable, email_of, name_of
from retail_core.insight.persons.records import phone_of as phone


def test_a_record_as_it_is_compared() -> None:
    typed = Record(
        "1",
        " 王 小伟 先生",
        "+86 139-0000-0001",
        "A@QQ.com",
        "1990年3月7日",
        "上海市徐汇区 中山路 1号",
    )
    (one,) = comparable([typed])
    assert (one.name, one.sound) == ("王小伟", "wangxiaowei")
    assert one.letters is not None
    assert len(one.letters) == 3
    assert (one.phone, one.email, one.born) == ("8613900000001", "a@qq.com", "19900307")
    assert (one.district, one.address) == ("上海市徐汇区", "上海市徐汇区中山路1号")


def test_what_says_nothing_is_nothing() -> None:
    (one,) = comparable([Record("1", "未知", "12345", "none", "19-3", " - ")])
    assert one == type(one)("1", None, None, None, None, None, None, None, None)
    (road,) = comparable([Record("1", address="人民路1号")])
    assert (road.district, road.address) == (None, "人民路1号")


@pytest.mark.parametrize(
    "text", ["1990-03-07", "1990/3/7", "19900307", "1990.03.07", "1990年3月7日"]
)
def test_days_as_people_write_them(text: str) -> None:
    assert born_of(text) == "19900307"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("139 0000 0001", "8613900000001"),
        ("13900000001", "8613900000001"),
        ("(021) 6213-1234", "862162131234"),
        ("+852 6123 4567", "85261234567"),
        ("00 852 6123 4567", "85261234567"),
        ("1390000000", None),
        ("nobody", None),
        ("", None),
    ],
)
def test_numbers_as_people_write_them(text: str, digits: str | None) -> None:
    assert phone(text) == digits


def test_titles_capitals_and_width_are_no_part_of_a_name() -> None:
    assert name_of("Ｍｒ Smith") == "smith"
    assert name_of("李娜女士") == "李娜"
    assert name_of("  ") is None
    assert email_of("ａ@b.cn ") == "a@b.cn"
