"""Tasks, the mall and invitations that contradict themselves or name what is not there."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from retail_core.growth.rewards import Reward
from retail_core.growth.tasks import SpendTask, Task
from retail_core.pricing.rules.refusing import refuse
from retail_core.pricing.rules.ruleset import RuleBundle


def check_tasks(bundle: RuleBundle) -> None:
    """Refuse what nobody can mean (Fault P107)."""
    coupons = frozenset(coupon.id for coupon in bundle.coupons)
    _check_once(task.id for task in bundle.tasks)
    for task in bundle.tasks:
        _check_task(task, coupons)
    if bundle.mall is not None:
        _check_once(item.id for item in bundle.mall.items)
        for item in bundle.mall.items:
            _check_days(item.id, item.first_day, item.last_day)
    rule = bundle.referral
    if rule is not None:
        _check_days(rule.id, rule.first_day, rule.last_day)
        _check_reward(rule.id, "inviter", rule.inviter, coupons)
        _check_coupon(rule.id, "friend", rule.friend, coupons)


def _check_task(task: Task, coupons: frozenset[str]) -> None:
    _check_days(task.id, task.first_day, task.last_day)
    _check_reward(task.id, "reward", task.reward, coupons)
    if task.streak is None:
        if not task.streak_reward.is_nothing:
            refuse(
                task.id,
                "streak",
                "streak_reward is given but not after how many periods",
                "写了 streak_reward,没有写连续几期",
            )
    elif task.every == "once":
        refuse(
            task.id,
            "streak",
            "a task that is done once has no next period; give every",
            "只做一次的任务没有连续,请写 every",
        )
    else:
        _check_reward(task.id, "streak_reward", task.streak_reward, coupons)
    if isinstance(task, SpendTask) and not (task.fen or task.visits or task.units):
        refuse(
            task.id,
            "fen",
            "it asks nothing; give fen, visits or units",
            "什么也没有要求,请写 fen、visits 或 units",
        )


def _check_days(owner: str, first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        refuse(owner, "last_day", "it ends before it begins", "结束早于开始")


def _check_reward(owner: str, field: str, reward: Reward, coupons: frozenset[str]) -> None:
    if reward.is_nothing:
        refuse(
            owner,
            field,
            "it gives nothing; give points, coupon or gift",
            "什么也不给,请写 points、coupon 或 gift",
        )
    _check_coupon(owner, field, reward, coupons)


def _check_coupon(owner: str, field: str, reward: Reward, coupons: frozenset[str]) -> None:
    if reward.coupon and reward.coupon not in coupons:
        refuse(
            owner,
            f"{field}.coupon",
            f"no coupon is called {reward.coupon}",
            f"没有编号为 {reward.coupon} 的券",
        )


def _check_once(ids: Iterable[str]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            refuse(name, "id", "the id is used more than once", "这个编号用了不止一次")
