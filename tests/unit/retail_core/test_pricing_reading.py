"""JSON into structs: every kind of misfit is said in both languages, with its place."""

import json
import pickle
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.pricing.rules.fields import Clock, WallTime
from retail_core.pricing.rules.reading import Misfit, decode
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=3)] = "ab"
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    many: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=2)] = (1,)
    table: dict[Annotated[str, msgspec.Meta(min_length=1)], int] = {}
    when: WallTime | None = None
    clock: Clock = "00:00"
    code: Annotated[str, msgspec.Meta(pattern="^[0-9]$")] = "1"
    day: date | None = None
    kind: Literal["a", "b"] = "a"


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    entries: tuple[Entry, ...]


@pytest.mark.parametrize(
    ("entry", "place", "en", "zh"),
    [
        ({"x": 1}, "", "object contains unknown field `x`", "没有名为 x 的字段"),
        ({"name": "a"}, ".name", "expected `str` of length >= 2", "至少要有 2 个字"),
        ({"name": "abcd"}, ".name", "expected `str` of length <= 3", "最多 3 个字"),
        ({"name": 3}, ".name", "expected `str`, got `int`", "应为 str,写的是 int"),
        ({"count": 0}, ".count", "expected `int` >= 1", "应 >= 1"),
        ({"count": 10}, ".count", "expected `int` <= 9", "应 <= 9"),
        ({"many": []}, ".many", "expected `array` of length >= 1", "至少要有 1 项"),
        ({"many": [1, 2, 3]}, ".many", "expected `array` of length <= 2", "最多 2 项"),
        ({"many": [1, "x"]}, ".many[1]", "expected `int`, got `str`", "应为 int,写的是 str"),
        ({"table": {"a": "x"}}, ".table[...]", "expected `int`, got `str`", "应为 int,写的是 str"),
        ({"table": {"": 1}}, ".table.*", "expected `str` of length >= 1", "至少要有 1 个字"),
        (
            {"when": "2026-08-01T00:00:00Z"},
            ".when",
            "expected `datetime` with no timezone component",
            "请写门店当地钟点,不带时区",
        ),
        (
            {"when": "soon"},
            ".when",
            "invalid RFC3339 encoded datetime",
            "不是时间,请写 2026-08-01T00:00:00",
        ),
        ({"day": "soon"}, ".day", "invalid RFC3339 encoded date", "不是日期,请写 2026-08-01"),
        (
            {"clock": "8:00"},
            ".clock",
            "expected `str` matching regex '^([01][0-9]|2[0-3]):[0-5][0-9]$'",
            "不是钟点,请写 HH:MM",
        ),
        (
            {"code": "x"},
            ".code",
            "expected `str` matching regex '^[0-9]$'",
            "写法不对,应符合 ^[0-9]$",
        ),
        ({"kind": "c"}, ".kind", "invalid enum value 'c'", "不认识 c"),
    ],
)
def test_a_misfit_is_named_by_its_place_in_both_languages(
    entry: dict[str, Any], place: str, en: str, zh: str
) -> None:
    raw = b'{"entries":[{},' + json.dumps(entry).encode() + b"]}"
    found = decode(raw, Whole)
    assert isinstance(found, Misfit)
    assert (found.place, found.said, found.said.zh) == (f"$.entries[1]{place}", en, zh)


def test_a_number_without_end_is_refused() -> None:
    found = decode(b'{"entries":[{"table":{"a":1' + b"0" * 5000 + b"}}]}", Whole)
    assert isinstance(found, Misfit)
    said = (found.said, found.said.zh)
    assert said == ("integer value out of range", "数字过大")


@pytest.mark.parametrize(
    ("raw", "en", "zh"),
    [
        (b"{}", "object missing required field `entries`", "缺少字段 entries"),
        (b"[]", "expected `object`, got `array`", "应为 object,写的是 array"),
        (b'{"entries":', "input data was truncated", "JSON 没有写完"),
        (b"{x}", "JSON is malformed: ", "第 1 字节起不是 JSON"),
        (b'{"entries":[],"entries":[]}', "the field entries is there twice", "写了两次"),
        (b'{"entries":[{"table":{"a":1,"b":2,"a":3}}]}', "the field a is there twice", "写了两次"),
        (b'{"\xff":1}', "it is not UTF-8 text", "文件不是 UTF-8 编码"),
    ],
)
def test_what_is_wrong_with_the_whole_has_no_place(raw: bytes, en: str, zh: str) -> None:
    found = decode(raw, Whole)
    assert isinstance(found, Misfit)
    assert found.place == ""
    assert found.said.startswith(en)
    assert zh in found.said.zh


def test_what_fits_is_read() -> None:
    assert decode(b'{"entries":[{},{"count":9}]}', Whole) == Whole((Entry(), Entry(count=9)))


@given(st.binary(max_size=40))
def test_any_bytes_fit_or_misfit(raw: bytes) -> None:
    found = decode(raw, Whole)
    assert isinstance(found, Whole) or (found.said and found.said.zh)


def test_words_keep_both_languages_over_a_process_border() -> None:
    words = Words("two", "二")
    assert (words, words.zh, Words("plain").zh) == ("two", "二", "")
    fault = Fault(FaultCode.OFFER_INVALID, offer="o", field="", reason=words)
    back = pickle.loads(pickle.dumps(fault))  # noqa: S301 - what we wrote ourselves
    assert back.text("zh") == "优惠 o 不对:二"
    assert back.text("en") == "offer o is invalid: two"
