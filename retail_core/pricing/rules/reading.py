"""JSON into structs, strictly: what does not fit is named by its place, in both languages."""

import json
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from retail_core.texts.words import Words

_Kind = TypeVar("_Kind")
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at (?P<key>`key` in )?`(?P<place>\$[^`]*)`)?$", re.DOTALL)
_IN_CHINESE = (
    (r"Object contains unknown field `(.*)`", "没有名为 {0} 的字段"),
    (r"Object missing required field `(.*)`", "缺少字段 {0}"),
    (r"Expected `(.*)`, got `(.*)`", "应为 {0},写的是 {1}"),
    (r"Expected `str` of length >= (.*)", "至少要有 {0} 个字"),
    (r"Expected `str` of length <= (.*)", "最多 {0} 个字"),
    (r"Expected `(?:array|object)` of length >= (.*)", "至少要有 {0} 项"),
    (r"Expected `(?:array|object)` of length <= (.*)", "最多 {0} 项"),
    (r"Expected `int` (>=|<=) (.*)", "应 {0} {1}"),
    (r"Expected `str` matching regex '\^\(.*", "不是钟点,请写 HH:MM"),
    (r"Expected `str` matching regex '(.*)'", "写法不对,应符合 {0}"),
    (r"Expected `datetime` with no timezone component", "请写门店当地钟点,不带时区"),
    (r"Invalid RFC3339 encoded datetime", "不是时间,请写 2026-08-01T00:00:00"),
    (r"Invalid RFC3339 encoded date", "不是日期,请写 2026-08-01"),
    (r"Invalid (?:enum )?value '(.*)'", "不认识 {0}"),
    (r"Integer value out of range", "数字过大"),
    (r"Input data was truncated", "JSON 没有写完"),
    (r"JSON is malformed: .*\(byte (\d+)\)", "第 {0} 字节起不是 JSON"),
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit and where: `place` is like "$.offers[0].need", "" for the whole."""

    place: str
    said: Words

    def words(self) -> Words:
        """Return place and what is wrong there as one phrase."""
        place = self.place.removeprefix("$").removeprefix(".")
        if not place:
            return self.said
        return Words(f"{place}: {self.said}", f"{place}:{self.said.zh}")


def decode(content: bytes, kind: type[_Kind]) -> _Kind | Misfit:
    """Read JSON; a field named twice is as wrong as one that is not known.

    A byte order mark, which some editors put in front, is passed over.
    """
    content = content.removeprefix(BOM_UTF8)
    try:
        found = msgspec.json.decode(content, type=kind)
        twice = _named_twice(content)
    except msgspec.DecodeError as error:
        return misfit_of(error)
    except UnicodeDecodeError as error:
        return misfit_of(error)
    except RecursionError:
        return Misfit("", Words("it is nested too deep", "嵌套过深"))
    if twice is not None:
        return Misfit("", Words(f"the field {twice} is there twice", f"字段 {twice} 写了两次"))
    return found


def misfit_of(error: msgspec.DecodeError | UnicodeDecodeError) -> Misfit:
    """Return what a decoder complained of, in both languages."""
    if isinstance(error, UnicodeDecodeError):
        return Misfit("", Words("it is not UTF-8 text", "文件不是 UTF-8 编码"))
    message = str(error)
    match = _PLACE.match(message)
    what, place = (message, "") if match is None else (match["what"], match["place"] or "")
    if match is not None and match["key"]:
        place += ".*"
    for pattern, zh in _IN_CHINESE:
        found = re.fullmatch(pattern, what, re.DOTALL)
        if found is not None:
            return Misfit(place, Words(_lower(what), zh.format(*found.groups())))
    return Misfit(place, Words(_lower(what), what))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not text.startswith("JSON") else text


class _TwiceError(Exception):
    """Carries the name of a field that is there twice."""


def _named_twice(content: bytes) -> str | None:
    try:
        json.loads(content, object_pairs_hook=_once)
    except _TwiceError as twice:
        return str(twice)
    return None


def _once(pairs: list[tuple[str, object]]) -> None:
    if len(pairs) > 1:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _TwiceError(name)
            seen.add(name)
