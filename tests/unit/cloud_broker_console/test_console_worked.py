"""Tags that were worked out, on the member's page."""

import re
from dataclasses import replace
from datetime import date

import pytest

from cloud_broker.console.render import environment
from cloud_broker.console.shell import bare_values
from cloud_broker.ports.tags import TagSet, TagValue, TagWord
from cloud_broker.services.access.worked_tags import MASK, worked_tags
from tests.unit.cloud_broker_console import console_fakes as fakes

DAY = date(2026, 11, 1)
WORDS = (
    TagWord("spend_year", "spend", "fen", "近一年消费", "Spend", masked=False, values={}),
    TagWord(
        *("lifecycle", "lifecycle", "word", "生命周期", "Stage"),
        masked=False,
        values={"at_risk": ("流失预警", "at risk")},
    ),
    TagWord("declared_skin", "skin", "flag", "肤质", "Skin", masked=True, values={}),
)
HELD = TagSet(
    fakes.MEMBER, "v", DAY, {"declared_skin": True, "spend_year": 123_456, "lifecycle": "at_risk"}
)


def shown(language: str) -> str:
    member = replace(fakes.member_page(), worked=worked_tags(HELD, WORDS), worked_on=DAY)
    words = dict(bare_values("zh" if language == "zh" else "en", "/"))
    return environment().get_template("member_worked.html").render(words, member=member)


def test_the_page_tells_what_was_worked_out_and_masks_what_is_sensitive() -> None:
    page = shown("zh")
    assert "<summary>3 个,截至 2026-11-01</summary>" in page
    for name, value in (("近一年消费", "¥1,234.56"), ("生命周期", "流失预警"), ("肤质", MASK)):
        assert re.search(rf"<dt>{name}</dt>\s*<dd>{re.escape(value)}", page), name
    assert re.search(r"<dt>Stage</dt>\s*<dd>at risk</dd>", shown("en"))
    assert re.search(r"<dt>Skin</dt>\s*<dd>••• <span", shown("en"))


def test_before_the_first_run_the_page_says_how() -> None:
    member = fakes.member_page()
    words = dict(bare_values("zh", "/"))
    page = environment().get_template("member_worked.html").render(words, member=member)
    assert "cloud-broker insight tags" in page


@pytest.mark.parametrize(
    ("unit", "value", "zh", "en"),
    [
        ("fen", 5, "¥0.05", "¥0.05"),
        ("count", 12_345, "12,345", "12,345"),
        ("days", 7, "7 天", "7 days"),
        ("thousandths", 798, "79.8 %", "79.8 %"),
        ("milli", 2_500, "2.50", "2.50"),
        ("flag", True, "是", "yes"),
        ("word", "unheard", "unheard", "unheard"),
        ("name", "面膜", "面膜", "面膜"),
    ],
)
def test_a_value_is_said_in_its_unit(unit: str, value: TagValue, zh: str, en: str) -> None:
    word = TagWord("x", "x", unit, "名", "name", masked=False, values={})
    (tag,) = worked_tags(replace(HELD, tags={"x": value}), (word,))
    assert (tag.value.zh, str(tag.value)) == (zh, en)
