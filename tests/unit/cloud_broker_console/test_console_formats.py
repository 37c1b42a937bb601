"""Values as people read them."""

import pytest

from cloud_broker.console import formats
from cloud_broker.console.texts import texts

NOW_MS = 1_793_671_924_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("passed", "zh", "en"),
    [
        (-5 * SECOND, "刚刚", "just now"),
        (1_999, "刚刚", "just now"),
        (2 * SECOND, "2 秒前", "2 s ago"),
        (59_999, "59 秒前", "59 s ago"),
        (MINUTE, "1 分钟前", "1 min ago"),
        (HOUR, "1 小时前", "1 h ago"),
        (DAY, "1 天前", "1 d ago"),
        (30 * DAY - 1, "29 天前", "29 d ago"),
        (30 * DAY, "2026-10-04", "2026-10-04"),
    ],
)
def test_how_long_ago(passed: int, zh: str, en: str) -> None:
    moment = NOW_MS - passed
    assert formats.ago(moment, NOW_MS, "Asia/Shanghai", texts("zh")) == zh
    assert formats.ago(moment, NOW_MS, "Asia/Shanghai", texts("en")) == en


def test_never() -> None:
    assert formats.ago(None, NOW_MS, "Asia/Shanghai", texts("zh")) == "从未"


def test_moments_are_written_in_the_zone() -> None:
    assert formats.stamp(NOW_MS, "Asia/Shanghai") == "2026-11-03 10:12:04"
    assert formats.iso(NOW_MS, "Asia/Shanghai") == "2026-11-03T10:12:04.000+08:00"
    assert formats.stamp(0, "Asia/Shanghai") == "1970-01-01 08:00:00"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0, "0 ms"), (9_999, "9,999 ms"), (12_400, "12.4 s"), (-3, "-3 ms")],
)
def test_delays(value: int | None, text: str) -> None:
    assert formats.millis(value) == text


def test_quantities() -> None:
    assert formats.quantity(2_000) == "2"
    assert formats.quantity(350) == "0.350"
    assert formats.quantity(1_234_500) == "1,234.500"


def test_business_day() -> None:
    assert formats.business_day(20261103) == "2026-11-03"
