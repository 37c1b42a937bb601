"""What the check of prices finds is said in words on HQ's repair page."""

import pytest

from cloud_broker.console.texts import LANGUAGES, Language, texts
from cloud_broker.console.tile_words import detail_text, reason_text


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


def test_a_difference_names_the_receipt_and_both_amounts_in_money() -> None:
    zh, en = texts("zh"), texts("en")
    detail = "receipt=DEAR 3, 22, charged=14970, due=9980"
    assert detail_text(zh, detail) == "小票 DEAR 3, 22 · 收了 ¥149.70,按规则应收 ¥99.80"
    assert (
        detail_text(en, detail) == "Receipt DEAR 3, 22 · ¥149.70 charged, ¥99.80 due by the rules"
    )
    assert detail_text(en, "charged=0, due=1") == "¥0.00 charged, ¥0.01 due by the rules"
    assert detail_text(zh, "epoch=3, seq=7") == "epoch=3, seq=7"
