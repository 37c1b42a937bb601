"""Every refusal of a rule, word for word in both languages: HQ reads nothing else of it."""

import json
from pathlib import Path

import pytest

from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.texts.words import Words
from tests.factories.bundle_content import content
from tests.factories.refused_rules import GUESSED, REFUSED

GOLDEN = Path(__file__).parents[2] / "golden" / "rule_refusals.json"
WORDS: dict[str, list[str]] = json.loads(GOLDEN.read_text(encoding="utf-8"))


def said(name: str) -> list[str]:
    """Return the rule, the field and the words of a refusal."""
    with pytest.raises(Fault) as refused:
        parse_bundle(content(**{"inferred_tags": GUESSED} | REFUSED[name]))
    assert refused.value.code == "P107"
    fields = refused.value.fields
    reason = fields["reason"]
    assert isinstance(reason, Words)
    return [str(fields["offer"]), str(fields["field"]), str(reason), reason.zh]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_what_it_always_said(name: str) -> None:
    assert said(name) == WORDS[name]


def test_nothing_is_said_that_nobody_checks() -> None:
    assert WORDS.keys() == REFUSED.keys()
