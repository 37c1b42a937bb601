"""What is still missing for a task, in words for a till and a phone."""

from retail_core.growth.task_progress import Ask, AskKind, Progress
from retail_core.money import format_yuan
from retail_core.texts.words import Words

# In Chinese, in English of one, in English of several.
_SAID: dict[AskKind, tuple[str, str, str]] = {
    "fen": ("再买 {n}", "{n} more", "{n} more"),
    "units": ("再买 {n} 件", "{n} more of these goods", "{n} more of these goods"),
    "visits": ("再来 {n} 次", "{n} more visit", "{n} more visits"),
    "days": ("再签到 {n} 天", "{n} more check-in", "{n} more check-ins"),
    "friends": ("再有 {n} 位朋友", "{n} more friend", "{n} more friends"),
}


def missing(progress: Progress, name: str, name_en: str) -> Words:
    """Say what completes a task: `再买 ¥12.00 完成「本月消费满 100 元」`."""
    if progress.done:
        return Words(f"{name_en or name}: done", f"「{name}」已完成")
    lacks = [ask for ask in progress.asks if ask.missing]
    zh = ",".join(_SAID[ask.kind][0].format(n=_number(ask)) for ask in lacks)
    en = ", ".join(_english(ask).format(n=_number(ask)) for ask in lacks)
    return Words(f"{en}: {name_en or name}", f"{zh} 完成「{name}」")


def _english(ask: Ask) -> str:
    _, one, several = _SAID[ask.kind]
    return one if ask.missing == 1 else several


def _number(ask: Ask) -> str:
    return format_yuan(ask.missing) if ask.kind == "fen" else str(ask.missing)
