"""The figures of a rehearsal, for programs and for people."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from regulars_cli.common import Language
from retail_core.money import format_yuan
from retail_core.pricing.rehearsal.replay import CLASSES_FEN, Tally, budgets
from retail_core.pricing.rules.bundle import RuleBundle

FORMAT = 1
WORDS = {
    "title": ("规则演练", "Rehearsal of rules"),
    "partial": ("中途停止,只算了前面的小票", "stopped early: only the first receipts are counted"),
    "receipts": ("小票", "receipts"),
    "lines": ("行", "lines"),
    "shelf": ("原价", "shelf price"),
    "paid": ("实付", "was paid"),
    "old": ("旧规则应付", "due by the old rules"),
    "new": ("草稿应付", "due by the draft"),
    "change": ("变化", "change"),
    "cheaper": ("更便宜的小票", "receipts that get cheaper"),
    "same": ("不变的小票", "receipts that stay"),
    "dearer": ("更贵的小票", "receipts that get dearer"),
    "unproven": ("没有证明最低的小票", "receipts not proven cheapest"),
    "costed": ("成本齐全的小票", "receipts with all costs known"),
    "margin_before": ("原毛利", "margin before"),
    "margin_after": ("草稿毛利", "margin by the draft"),
    "loss_before": ("原来亏本的小票", "receipts under cost before"),
    "loss_after": ("草稿下亏本的小票", "receipts under cost by the draft"),
    "refused": ("没算的小票(编号)", "receipts not counted (code)"),
    "offers": ("各条优惠", "Offers"),
    "offer": ("优惠", "offer"),
    "uses": ("次数", "uses"),
    "cost": ("让利", "taken off"),
    "never": ("从没用上", "never used"),
    "budgets": ("活动预算", "Campaign budgets"),
    "of": ("{spent},预算 {budget}", "{spent} of {budget}"),
    "no_budget": ("{spent},不限", "{spent}, no limit"),
    "differences": ("每张小票便宜多少", "How much cheaper each receipt gets"),
    "months": ("按月", "By month"),
    "tiers": ("按档位", "By tier"),
    "nobody": ("非会员", "not a member"),
    "winners": ("便宜最多的小票", "Receipts that gain most"),
    "losers": ("贵得最多的小票", "Receipts that lose most"),
    "receipt": ("小票", "receipt"),
    "before": ("原来", "before"),
    "after": ("草稿", "draft"),
    "limits": (
        "按每张小票单独计算:每人、每天、活动的次数从零算起,没有计入积分;贵了的小票,往往当时用了别的券。",
        (
            "Each receipt is priced by itself: uses by members, days and campaigns start at "
            "nothing, points are left out. One that gets dearer often had a coupon then."
        ),
    ),
}


def say(key: str, language: Language, **fields: object) -> str:
    """Return a word of the report."""
    return WORDS[key][language == "en"].format_map(fields)


@dataclass(frozen=True, slots=True)
class Report:
    """A tally and the draft it is about; `against_paid` says what `before` means."""

    tally: Tally
    draft: RuleBundle
    complete: bool
    against_paid: bool

    def as_json(self) -> dict[str, object]:
        """Return all figures."""
        found: dict[str, object] = {
            "format": FORMAT,
            "complete": self.complete,
            "draft_version": self.draft.version,
            "against": "paid" if self.against_paid else "bundle",
        }
        found |= msgspec.to_builtins(self.tally)
        found["classes"] = [
            {"to_fen": end, "receipts": count}
            for end, count in zip((*CLASSES_FEN, None), self.tally.classes, strict=True)
        ]
        found["never_used"] = self.never_used()
        found["campaigns"] = [
            {"id": name, "fen_off": spent, "budget_fen": budget}
            for name, spent, budget in budgets(self.tally, self.draft)
        ]
        return found

    def never_used(self) -> list[str]:
        """Return the rules that took nothing off anywhere."""
        rules = (*self.draft.offers, *self.draft.coupons, *self.draft.gifts)
        return sorted(rule.id for rule in rules if rule.id not in self.tally.offers)

    def figures(self, language: Language) -> Iterator[tuple[str, str]]:
        """Yield the headline figures in words."""
        tally = self.tally
        yield say("receipts", language), f"{tally.receipts:,}"
        yield say("lines", language), f"{tally.lines:,}"
        yield say("shelf", language), format_yuan(tally.shelf_fen)
        yield say("paid" if self.against_paid else "old", language), format_yuan(tally.before_fen)
        yield say("new", language), format_yuan(tally.after_fen)
        yield say("change", language), _change(tally.before_fen, tally.after_fen)
        yield say("cheaper", language), _counted(tally.cheaper, -tally.cheaper_fen)
        yield say("same", language), f"{tally.receipts - tally.cheaper - tally.dearer:,}"
        yield say("dearer", language), _counted(tally.dearer, tally.dearer_fen)
        yield say("unproven", language), f"{tally.unproven:,}"
        if tally.costed:
            yield from self._margins(language)
        for code, times in sorted(tally.refused.items()):
            yield say("refused", language), f"{code} × {times:,}"

    def _margins(self, language: Language) -> Iterator[tuple[str, str]]:
        tally = self.tally
        yield say("costed", language), f"{tally.costed:,}"
        yield say("margin_before", language), format_yuan(tally.costed_before_fen - tally.cost_fen)
        yield say("margin_after", language), format_yuan(tally.costed_after_fen - tally.cost_fen)
        yield say("loss_before", language), f"{tally.loss_making_before:,}"
        yield say("loss_after", language), f"{tally.loss_making:,}"

    def budgets(self, language: Language) -> Iterator[tuple[str, str, bool]]:
        """Yield each campaign, what it cost of what it may, and whether that is too much."""
        for name, spent, budget in budgets(self.tally, self.draft):
            said = {"spent": format_yuan(spent)}
            if budget is None:
                yield name, say("no_budget", language, **said), False
            else:
                words = say("of", language, **said, budget=format_yuan(budget))
                yield name, words, spent > budget


def _change(before: int, after: int) -> str:
    share = "" if before == 0 else f" ({(after - before) * 100 / before:+.2f} %)"
    return f"{format_yuan(after - before)}{share}"


def _counted(times: int, fen: int) -> str:
    return f"{times:,} ({format_yuan(fen)})"


def show(report: Report, console: Console, language: Language) -> None:
    """Print the figures, the offers and the campaigns."""
    if not report.complete:
        console.print(Text(say("partial", language), style="yellow"))
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for name, value in report.figures(language):
        table.add_row(Text(name), value)
    console.print(table)
    offers = Table(box=None, pad_edge=False, header_style="dim")
    offers.add_column(say("offer", language))
    for key in ("receipts", "uses", "cost"):
        offers.add_column(say(key, language), justify="right")
    by_cost = sorted(report.tally.offers.items(), key=lambda item: (-item[1].fen_off, item[0]))
    for _, sums in by_cost:
        offers.add_row(
            Text(sums.name), f"{sums.receipts:,}", f"{sums.uses:,}", format_yuan(sums.fen_off)
        )
    for rule in report.never_used():
        offers.add_row(Text(rule, style="dim"), Text(say("never", language), style="dim"), "", "")
    console.print(offers)
    for name, said, over in report.budgets(language):
        console.print(Text(f"{name}: {said}", style="red" if over else ""))
    console.print(Text(say("limits", language), style="dim"))
