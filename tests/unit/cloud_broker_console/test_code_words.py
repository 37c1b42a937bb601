"""A code that a box sent without what it is about, in words."""

from types import SimpleNamespace
from typing import cast

import pytest

from cloud_broker.console.command_pages import code_text
from cloud_broker.console.shell import Visit
from cloud_broker.console.texts import Language
from retail_core.texts.faults import FaultCode


def seen_in(language: Language) -> Visit:
    return cast("Visit", SimpleNamespace(language=language))


@pytest.mark.parametrize(("language", "said"), [("zh", "没有找到"), ("en", "was not found")])
def test_what_did_not_come_along_is_left_out(language: Language, said: str) -> None:
    assert code_text("A108", seen_in(language)) == said
    assert code_text("A108", seen_in(language), what="x").replace("x", "").strip() == said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_code_asks_a_question_of_its_reader(language: Language) -> None:
    texts = [code_text(code.value, seen_in(language)) for code in FaultCode]
    assert [one for one in texts if not one or " ? " in one or "\ufffc" in one] == []


def test_a_code_nobody_knows_has_no_words() -> None:
    assert code_text("Z999", seen_in("zh")) == ""
