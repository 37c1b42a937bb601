"""What a member got and why, in words, on HQ's page of her."""

from dataclasses import replace
from datetime import date

import pytest
from fastapi.testclient import TestClient

from cloud_broker.console.right_words import right_words
from cloud_broker.console.texts import texts
from cloud_broker.domain.benefits import Coupon
from tests.unit.cloud_broker_console import console_fakes as fakes

NAMES = {"base": "", "coupon-birthday": "生日券", "hundred": "本月满百"}


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ("coupon-birthday", "生日券", "生日券"),
        ("base", "消费积分", "earned by buying"),
        ("newcomer", "新人礼", "newcomer's gift"),
        ("task:hundred:202611", "任务 · 本月满百", "task · 本月满百"),
        ("streak:sign:20261123", "连续任务", "streak"),
        ("tier:gold:2026:coupon-birthday", "等级礼遇 · 生日券", "tier welcome · 生日券"),
        ("birthday:20261123:coupon-birthday", "生日礼 · 生日券", "birthday gift · 生日券"),
        ("merge.free", "会员合并", "members merged"),
        ("what-nobody-knows:5", "what-nobody-knows:5", "what-nobody-knows:5"),
    ],
)
def test_a_rule_is_called_what_people_call_it(rule: str, zh: str, en: str) -> None:
    assert right_words(texts("zh"), rule, NAMES) == zh
    assert right_words(texts("en"), rule, NAMES) == en


def test_her_page_names_coupons_sources_and_rules(
    signed_in: TestClient, queries: fakes.FakeHqQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = fakes.member_page()
    day = date(2026, 12, 22)
    given = Coupon(page.wallet_id, page.member_id, "coupon-birthday", "task:hundred:1", day, day)
    lent = replace(page.postings[0], rule=f"lease:{page.wallet_id}:1:2", kind="lease")
    held = replace(page, coupons=(given,), postings=(*page.postings, lent))
    monkeypatch.setattr(queries, "member", lambda _tenant, _member: held)
    shown = signed_in.get(f"/members/{page.member_id}").text
    for words in ("生日券", "任务 · 本月满百", "消费积分", "店内额度"):
        assert words in shown, words
    for raw in ("coupon-birthday", "task:hundred", "earn-base", "lease:"):
        assert raw not in shown, raw
