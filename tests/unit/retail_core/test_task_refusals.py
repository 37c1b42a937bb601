"""Tasks, mall and invitations that nobody can mean are refused with what to do."""

import json
from typing import Any

import pytest

from retail_core.errors import Fault
from retail_core.growth.task_progress import Ask, Period, Progress
from retail_core.growth.task_words import missing
from retail_core.pricing.rules.bundle import parse_bundle
from tests.factories.grown import RULES
from tests.factories.growth import FIRST

SIGN = {"kind": "checkin", "id": "s", "name": "签到", "every": "day", "reward": {"points": 5}}
SPEND = {"kind": "spend", "id": "p", "name": "消费", "fen": 100, "reward": {"points": 5}}
ITEM = {"id": "cup", "sku": "CUP", "name": "杯", "points": 10}


def refusal(**parts: Any) -> Fault:
    with pytest.raises(Fault) as refused:
        parse_bundle(json.dumps({"version": 1} | parts).encode())
    assert refused.value.code == "P107"
    return refused.value


@pytest.mark.parametrize(
    ("task", "owner", "field"),
    [
        (SIGN | {"reward": {}}, "s", "reward"),
        (SIGN | {"reward": {"coupon": "none"}}, "s", "reward.coupon"),
        (SIGN | {"first_day": "2026-11-02", "last_day": "2026-11-01"}, "s", "last_day"),
        (SIGN | {"every": "once", "streak": 3, "streak_reward": {"points": 1}}, "s", "streak"),
        (SIGN | {"streak": 3}, "s", "streak_reward"),
        (SIGN | {"streak_reward": {"points": 1}}, "s", "streak"),
        (SPEND | {"fen": 0}, "p", "fen"),
        (SPEND | {"kind": "face"}, "p", "kind"),
        (SPEND | {"reward": {"points": -1}}, "p", "reward.points"),
        (SPEND | {"whatever": 1}, "p", ""),
        (SPEND | {"id": "a:b"}, "a:b", "id"),
    ],
)
def test_a_task_that_says_nothing(task: dict[str, Any], owner: str, field: str) -> None:
    said = refusal(tasks=[task])
    assert (said.fields["offer"], said.fields["field"]) == (owner, field)
    assert said.text("zh") != said.text("en")


def test_names_stand_once() -> None:
    assert refusal(tasks=[SIGN, SIGN]).fields["offer"] == "s"
    assert refusal(mall={"items": [ITEM, ITEM]}).fields["offer"] == "cup"


def test_the_mall_and_the_invitation() -> None:
    over = ITEM | {"first_day": "2026-11-02", "last_day": "2026-11-01"}
    assert refusal(mall={"items": [over]}).fields["field"] == "last_day"
    refusal(mall={"items": [ITEM | {"points": 0}]})
    assert refusal(referral={"inviter": {}}).fields["field"] == "inviter"
    rule = {"inviter": {"points": 1}, "friend": {"coupon": "none"}}
    assert refusal(referral=rule).fields["field"] == "friend.coupon"


def test_a_whole_one_is_read() -> None:
    bundle = parse_bundle(json.dumps(RULES).encode())
    assert [task.id for task in bundle.tasks] == ["sign", "hundred", "tell"]
    assert bundle.mall is not None
    assert bundle.referral is not None
    assert parse_bundle(b'{"version": 1}').tasks == ()


@pytest.mark.parametrize(
    ("asks", "zh", "en"),
    [
        ((Ask("fen", 1_200, 0),), "再买 ¥12.00 完成「满百」", "¥12.00 more: Spend"),
        (
            (Ask("units", 3, 1), Ask("visits", 2, 1)),
            "再买 2 件,再来 1 次 完成「满百」",
            "2 more of these goods, 1 more visit: Spend",
        ),
        ((Ask("friends", 1, 0),), "再有 1 位朋友 完成「满百」", "1 more friend: Spend"),
        ((Ask("days", 1, 1),), "「满百」已完成", "Spend: done"),
    ],
)
def test_what_is_missing_in_words(asks: tuple[Ask, ...], zh: str, en: str) -> None:
    said = missing(Progress("t", Period("once", FIRST, FIRST), asks), "满百", "Spend")
    assert (said.zh, str(said)) == (zh, en)
