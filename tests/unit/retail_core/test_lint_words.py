"""A finding in words, as the linter has it and as it comes back from where it was kept."""

import pytest

from retail_core.pricing.linting.findings import Lint
from retail_core.pricing.linting.words import finding_words


@pytest.mark.parametrize(
    ("kind", "rules", "fields", "zh", "en"),
    [
        (
            Lint.NEVER_HOLDS,
            ("a",),
            {"why": "campaign_is_empty"},
            "a 永远用不上:它的活动没有预算",
            "a can never be used: its campaign has no budget",
        ),
        (
            "dominated",
            ["a", "b", "c"],
            {},
            "a 总被 b, c 盖过:那条谁都能用,省得不少于它",
            "a is outdone by b, c, open to the same customers and saving no less",
        ),
        (
            "not_tried",
            ("a",),
            {"reasons": ["beaten", "restricted"]},
            "a 没能试到(别的组合更省、本店或本区不参加)",
            (
                "a could not be tried (another combination saves more, "
                "this shop or region does not take part)"
            ),
        ),
        ("not_tried", ("a",), {"reasons": ()}, "a 没能试到(-)", "a could not be tried (-)"),
        (
            "under_cost",
            ("a", "b"),
            {"due": 990, "cost": 1_000},
            "亏本:这个篮子成本 ¥10.00,应付只有 ¥9.90(a, b)",
            "under cost: this basket costs ¥10.00 and ¥9.90 is due (a, b)",
        ),
        (
            "stacking",
            (),
            {"off": 515, "cap": 500},
            "叠加过头:这个篮子便宜了 51.5 %,上限 50.0 %()",
            "stacks too high: 51.5 % off this basket, the cap is 50.0 % ()",
        ),
        (
            "threshold",
            ("c",),
            {"share": 63, "bar": 9_900},
            "c 的门槛 ¥99.00 偏低:6.3 % 的小票刚好过线(多不到 5%),不用多买就能得",
            "c: 6.3 % of past receipts pass its threshold ¥99.00 by less than 5 % as it is",
        ),
    ],
)
def test_in_both_languages(
    kind: str, rules: list[str], fields: dict[str, object], zh: str, en: str
) -> None:
    kept = dict(fields)
    assert finding_words(kind, rules, fields, "zh") == zh
    assert finding_words(kind, rules, fields, "en") == en
    assert fields == kept
