"""What the check of prices finds is said in words on HQ's repair page."""

import pytest

from cloud_broker.console.texts import LANGUAGES, Language, texts
from cloud_broker.console.tile_words import reason_text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_difference_has_its_words(language: Language) -> None:
    said = [reason_text(texts(language), f"P14{number}") for number in range(5)]
    assert len(set(said)) == 5
    assert all("?" not in words and "P14" not in words for words in said)
    assert texts(language).or_else("repair_kind.price", "") != ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fenced_box_is_said_in_words_with_its_numbers(language: Language) -> None:
    said = reason_text(texts(language), "L135", "epoch=3")
    assert "3" in said
    assert "?" not in said
    assert reason_text(texts(language), "L135", "code=x, epoch=3") == said
    assert texts(language).or_else("repair_kind.lease", "") != ""


def test_too_much_and_too_little_are_told_apart() -> None:
    zh = texts("zh")
    assert "多收" in reason_text(zh, "P143")
    assert "少收" in reason_text(zh, "P144")
