"""What does not fit is said in both languages, and nothing of what was sent is said again."""

import re
from datetime import date
from string import Formatter
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import core_schema
from pydantic_core._pydantic_core import list_all_errors

from retail_core.texts.misfits import MISFITS, NEUTRAL, PLACE_CHARS_MAX, SHOWN_MAX, misfit_words
from retail_core.texts.words import Words

LATIN = re.compile(r"[A-Za-z]{3,}")
# Names of things, not English words.
NAMES = {"JSON", "UTF", "ASCII", "UUID", "YYYY", "true", "false"}


def test_every_kind_of_error_has_a_text() -> None:
    kinds = {one["type"]: one for one in list_all_errors()}
    assert set(kinds) == set(get_args(core_schema.ErrorType))
    assert set(kinds) - set(MISFITS) == set()
    for kind, one in kinds.items():
        declared = set(one.get("example_context") or ())
        for text in MISFITS[kind]:
            named = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert named <= declared, kind
            assert named <= SAFE, f"{kind} says what may have been sent"


# Figures, patterns and choices that a model declares; no `error`, `tag` or `actual_length`.
SAFE = {
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "expected",
    "expected_tags", "discriminator", "max_digits", "decimal_places", "whole_digits",
    "expected_version", "expected_schemes",
}  # fmt: skip


def test_the_chinese_has_no_english_left() -> None:
    for zh, en in MISFITS.values():
        plain = re.sub(r"\{\w+\}", "", zh)
        found = {word for word in LATIN.findall(plain) if not word.isupper()}
        assert found <= NAMES, zh
        assert not re.search(r"[\u4e00-\u9fff]", en)


class Asked(BaseModel, extra="forbid"):
    """A bit of everything."""

    count: Annotated[int, Field(ge=1, le=9)] = 1
    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")] = "ab"
    kind: Literal["cash", "card"] = "cash"
    day: date = date(2026, 1, 1)
    who: UUID = UUID(int=1)
    many: Annotated[tuple[bool, ...], Field(max_length=2)] = ()

    @model_validator(mode="after")
    def _both(self) -> "Asked":
        if self.count == 3:
            raise ValueError(Words("not three", "不能是三"))
        if self.count == 4:
            raise ValueError("a library's own words")
        return self


def said(**sent: Any) -> Words:
    with pytest.raises(ValidationError) as caught:
        Asked(**sent)
    return misfit_words(caught.value.errors(include_url=False))


@pytest.mark.parametrize(
    ("sent", "zh", "en"),
    [
        ({"count": 0}, "count:不能小于 1", "count: must be at least 1"),
        ({"count": "x"}, "count:应是整数", "count: must be a whole number"),
        ({"name": "a"}, "name:至少要有 2 个字", "name: needs at least 2 characters"),
        ({"kind": "gold"}, "kind:只能是 'cash' 或 'card'", "kind: must be 'cash' or 'card'"),
        ({"day": "soon"}, "day:应是日期 YYYY-MM-DD", "day: must be a date"),
        ({"who": "me"}, "who:应是 UUID 编号", "who: must be a UUID"),
        ({"price": 1}, "price:没有这个字段", "price: is not a known field"),
        ({"count": 3}, "body:不能是三", "body: not three"),
        ({"count": 4}, "body:写法不对", "body: does not fit"),
    ],
)
def test_a_misfit_is_said_in_both_languages(sent: dict[str, Any], zh: str, en: str) -> None:
    words = said(**sent)
    assert (words.zh, str(words)) == (zh, en)


def test_a_file_of_our_own_is_told_in_its_validators_words() -> None:
    with pytest.raises(ValidationError) as caught:
        Asked(count=4)
    words = misfit_words(caught.value.errors(include_url=False), file=True)
    assert str(words) == "file: a library's own words"


def test_a_kind_nobody_knows_and_a_long_list_are_told_too() -> None:
    problems = [{"loc": ("a", n), "type": "brand_new", "msg": "secret"} for n in range(8)]
    words = misfit_words(problems)
    assert str(words).count(NEUTRAL[1]) == words.zh.count(NEUTRAL[0]) == SHOWN_MAX
    assert (words[-6:], words.zh[-6:]) == ("3 more", "还有 3 处")
    assert "secret" not in words + words.zh


@given(st.text(min_size=12, max_size=300).filter(lambda text: not text.isascii()))
def test_nothing_that_was_sent_is_said_again(sent: str) -> None:
    words = said(count=sent, name=sent, kind=sent, day=sent, who=sent, many=sent)
    assert sent not in words
    assert sent not in words.zh


@given(st.text(max_size=300))
def test_a_name_the_caller_chose_is_short_and_printable(name: str) -> None:
    words = misfit_words([{"loc": (name,), "type": "extra_forbidden"}])
    assert words.isprintable()
    assert len(words) <= PLACE_CHARS_MAX + len(": is not a known field")


def test_a_list_is_not_short_only_because_its_items_do_not_fit() -> None:
    item = {"loc": ("body", "lines", 0, "qty_milli"), "type": "missing", "ctx": {}}
    short = {"loc": ("body", "lines"), "type": "too_short", "ctx": {"min_length": 1}}
    beside = {"loc": ("body", "tenders"), "type": "too_short", "ctx": {"min_length": 1}}
    assert misfit_words([item, short]) == "body.lines.0.qty_milli: is missing"
    assert misfit_words([short]) == "body.lines: needs at least 1 item"
    assert misfit_words([item, short, beside]).endswith("body.tenders: needs at least 1 item")
