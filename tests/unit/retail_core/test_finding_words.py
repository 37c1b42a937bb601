"""Findings, flaws, reasons, spans and buttons in words: Chinese first, English beside it."""

from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.fleet.fixups import FIXUPS, fixups_for
from retail_core.texts.faults import FaultCode
from retail_core.texts.lint_texts import LINTS, lint_text
from retail_core.texts.price_flaws import FLAWS, flaw_text
from retail_core.texts.price_reasons import REASONS, reason_text
from retail_core.texts.spans import Span

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def fields_of(text: str) -> dict[str, object]:
    """Return a value for each placeholder that no text has by itself."""
    return {name: f"<{name}>" for _, name, _, _ in Formatter().parse(text) if name}


class TestWhatTheLinterSays:
    def test_in_either_language_with_its_fields(self) -> None:
        said = {"rules": "a", "bar": "100.00", "share": "12 %"}
        assert lint_text("threshold", "zh", **said) == (
            "a 的门槛 100.00 偏低:12 % 的小票刚好过线(多不到 5%),不用多买就能得"
        )
        assert lint_text("threshold", "en", **said) == (
            "a: 12 % of past receipts pass its threshold 100.00 by less than 5 % as it is"
        )

    @pytest.mark.parametrize("kind", LINTS)
    def test_no_finding_lacks_a_language_or_a_field(self, kind: str) -> None:
        said = fields_of(LINTS[kind][0])
        zh, en = lint_text(kind, "zh", **said), lint_text(kind, "en", **said)
        assert zh != en
        for field in said.values():
            assert str(field) in zh
            assert str(field) in en

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_a_kind_of_a_newer_linter_stays_as_it_is(self, language: str) -> None:
        assert lint_text("new_kind", language, rules="a") == "new_kind"


class TestWhatIsWrongWithACertificate:
    def test_in_either_language_with_its_fields(self) -> None:
        said = {"line": 3, "found": 990, "expected": 1_000}
        assert flaw_text("line_shelf", "zh", **said) == "第 3 行原价写的是 990 分,应为 1000"
        assert flaw_text("line_shelf", "en", **said) == (
            "line 3: the shelf price says 990 fen and should say 1000"
        )

    @pytest.mark.parametrize("flaw", FLAWS)
    def test_no_flaw_lacks_a_language_or_a_field(self, flaw: str) -> None:
        said = fields_of(FLAWS[flaw][0])
        zh, en = flaw_text(flaw, "zh", **said), flaw_text(flaw, "en", **said)
        assert zh != en
        for field in said.values():
            assert str(field) in zh
            assert str(field) in en

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_a_flaw_that_is_not_known_stays_as_it_is(self, language: str) -> None:
        assert flaw_text("new_flaw", language, line=1) == "new_flaw"


def test_why_an_offer_took_nothing_off() -> None:
    assert reason_text("cap_reached", "zh") == "次数已用完"
    assert reason_text("cap_reached", "en") == "used as often as allowed"
    for reason, (zh, en) in REASONS.items():
        assert (reason_text(reason, "zh"), reason_text(reason, "en")) == (zh, en)
    assert {reason_text("new_reason", language) for language in ("zh", "en")} == {"new_reason"}


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (-DAY, "0 秒", "0 s"),
        (0, "0 秒", "0 s"),
        (999, "0 秒", "0 s"),
        (1_000, "1 秒", "1 s"),
        (MINUTE - 1, "59 秒", "59 s"),
        (MINUTE, "1 分钟", "1 min"),
        (2 * MINUTE - 1, "1 分钟", "1 min"),
        (HOUR - 1, "59 分钟", "59 min"),
        (HOUR, "1 小时", "1 h"),
        (DAY - 1, "23 小时", "23 h"),
        (DAY, "1 天", "1 d"),
        (100 * DAY, "100 天", "100 d"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(ms: int, zh: str, en: str) -> None:
    assert (Span(ms).zh, str(Span(ms))) == (zh, en)


@given(st.integers(0, 400 * DAY), st.integers(0, 400 * DAY))
def test_a_longer_span_never_sounds_shorter(one: int, other: int) -> None:
    seconds = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}

    def heard(ms: int) -> int:
        number, unit = str(Span(ms)).split()
        return int(number) * seconds[unit]

    assert heard(min(one, other)) <= heard(max(one, other))
    assert heard(one) * 1_000 <= one < 2 * 1_000 * max(1, heard(one))


class TestMending:
    def test_a_button_says_what_it_does(self) -> None:
        assert FIXUPS["free-space"].text("zh") == "清理云端已收的旧账"
        assert FIXUPS["free-space"].text("en") == "Let go of old records that the cloud has"

    def test_an_issue_names_what_may_mend_it_and_nothing_else(self) -> None:
        assert fixups_for(FaultCode.HEALTH_DEVICE_AWAY.value) == (
            "reopen-cameras",
            "restart-readers",
        )
        away = FaultCode.HEALTH_DEVICE_AWAY.value
        assert fixups_for(away, "nfc@a") == ("restart-readers",)
        assert fixups_for(away, "camera") == fixups_for(away, "qr@b") == ("reopen-cameras",)
        assert fixups_for(away, "till_tap") == (), "no button pushes its plug in"
        assert fixups_for(FaultCode.HEALTH_QUEUE_OLD.value) == ("send-again",)
        assert fixups_for(FaultCode.SALE_EMPTY.value) == ()
        assert fixups_for("") == ()
