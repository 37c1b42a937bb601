"""What pages about rules show: rules in sentences, findings beside them, changes, a rehearsal."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cloud_broker.console.rule_forms import FORMS
from cloud_broker.console.texts import Texts, texts
from cloud_broker.domain.rule_work import Finding
from retail_core.money import format_yuan
from retail_core.pricing.comparing.differing import GROUPS, Differences, RuleChange, stands_for
from retail_core.pricing.linting.words import finding_words
from retail_core.pricing.rehearsal.replay import CLASSES_FEN, Tally, budgets
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.offers import OfferBase
from retail_core.pricing.wording.sentences import RuleSaid, said

LINES_AROUND = 2
CELL_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule of a bundle: in words, and what the last check found about it."""

    group: str
    kind: str
    rule_id: str
    name: str
    said: RuleSaid | None
    has_form: bool
    findings: tuple["FindingView", ...] = ()


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding in words, with the basket that shows it."""

    severity: str
    text: str
    rules: tuple[str, ...]
    basket: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What becomes of a rule: before and after in words, and the fields that differ."""

    kind: str
    rule_id: str
    name: str
    before: RuleSaid | None
    after: RuleSaid | None
    fields: tuple[tuple[str, str, str], ...]


def tier_names(bundle: RuleBundle, language: str) -> dict[str, str]:
    """Return what tiers are called on a page."""
    if language == "zh":
        return bundle.tier_names
    return {code: bundle.tier_name_en(code) for code in bundle.tier_names}


def rules_of(
    bundle: RuleBundle, language: str, found: Sequence[FindingView] = ()
) -> tuple[RuleView, ...]:
    """Return every rule in words, in the order of the bundle."""
    names = tier_names(bundle, language)
    return tuple(
        RuleView(
            group,
            kind := str(rule.__struct_config__.tag or "gift"),
            rule.id,
            rule.name,
            _with_places(said(rule, names, language), rule.id, bundle, language),
            kind in FORMS,
            tuple(one for one in found if rule.id in one.rules),
        )
        for group in GROUPS
        for rule in getattr(bundle, group)
    )


def _with_places(words: RuleSaid, rule_id: str, bundle: RuleBundle, language: str) -> RuleSaid:
    """Return a rule in words with the places that do not take part in it."""
    t = texts("zh" if language == "zh" else "en")
    off = tuple(
        t("rules.off_in", names=t("app.comma").join(sorted(one.stores | one.regions)))
        for one in bundle.restrictions
        if rule_id in one.off
    )
    return RuleSaid(words.gives, (*words.terms, *off))


def rules_unread(text: str) -> tuple[RuleView, ...]:
    """Return the rules of a text that is not a bundle yet, as far as it is JSON."""
    try:
        plain = json.loads(text)
    except ValueError:
        return ()
    views = []
    for group in GROUPS:
        some = plain.get(group, ()) if isinstance(plain, dict) else ()
        for rule in some if isinstance(some, list) else ():
            if isinstance(rule, dict) and isinstance(rule.get("id"), str):
                kind = str(rule.get("kind", "gift"))
                view = RuleView(
                    group, kind, rule["id"], str(rule.get("name", "")), None, kind in FORMS
                )
                views.append(view)
    return tuple(views)


def found_in_words(found: Sequence[Finding], language: str) -> tuple[FindingView, ...]:
    """Return findings in words."""
    return tuple(
        FindingView(
            one.severity,
            finding_words(one.kind, one.rules, one.fields, language),
            one.rules,
            _compact(one.basket),
            _compact(one.member),
        )
        for one in found
    )


def _compact(plain: Mapping[str, Any] | None) -> str:
    return "" if not plain else json.dumps(plain, ensure_ascii=False, indent=2)


def changes_of(
    changes: Differences, before: RuleBundle, after: RuleBundle, language: str
) -> tuple[ChangeView, ...]:
    """Return what becomes of each rule."""
    return tuple(
        ChangeView(
            one.kind,
            one.rule.id,
            one.rule.name,
            _said(one.before, before, language),
            _said(one.after, after, language),
            _fields(one),
        )
        for one in changes.rules
    )


def _said(rule: OfferBase | None, bundle: RuleBundle, language: str) -> RuleSaid | None:
    return None if rule is None else said(rule, tier_names(bundle, language), language)


def _fields(change: RuleChange) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, _plain(getattr(change.before, name, "")), _plain(getattr(change.after, name, "")))
        for name in change.fields
        if name != "kind"
    )


def _plain(value: object) -> str:
    """Write a field's value as its JSON has it, without what says nothing."""
    plain = _bare(msgspec.to_builtins(value, order="sorted"))
    words = json.dumps(plain, ensure_ascii=False)
    return words if len(words) <= CELL_CHARS_MAX else words[:CELL_CHARS_MAX] + "…"


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {name: _bare(one) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one not in ("", 0, [], {}, None, False)}
    return value


def notices_of(notices: Sequence[str]) -> tuple[str, ...]:
    """Return what a store would notice, each once, a stage's rule as what it stands for."""
    return tuple(dict.fromkeys(stands_for(one) for one in notices))


def around(text: str, line: int | None) -> list[tuple[int, str, bool]]:
    """Return a line with those around it: number, text, and whether it is the one."""
    if line is None:
        return []
    lines = text.splitlines()
    first = max(1, line - LINES_AROUND)
    return [
        (number, lines[number - 1], number == line)
        for number in range(first, min(len(lines), line + LINES_AROUND) + 1)
    ]


def apart(theirs: str, ours: str) -> str:
    """Return how two texts differ, line by line."""
    lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


@dataclass(frozen=True, slots=True)
class OfferFigure:
    """What a rule of the draft came to in a rehearsal."""

    rule_id: str
    name: str
    receipts: int
    uses: int
    fen_off: int


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal's figures as the page shows them."""

    tally: Tally
    offers: tuple[OfferFigure, ...]
    never: tuple[str, ...]
    budgets: tuple[tuple[str, int, int | None], ...]
    classes: tuple[tuple[str, int], ...]

    @property
    def change_fen(self) -> int:
        """What customers would pay more, negative for less."""
        return self.tally.after_fen - self.tally.before_fen

    @property
    def same(self) -> int:
        """Receipts that stay as they were."""
        return self.tally.receipts - self.tally.cheaper - self.tally.dearer


def rehearsed(tally: Tally, draft: RuleBundle, t: Texts) -> Rehearsed:
    """Return a tally by rule, what took off most first, and what was never used."""
    rules = [*draft.offers, *draft.coupons, *draft.gifts]
    offers = sorted(
        (
            OfferFigure(rule_id, sums.name, sums.receipts, sums.uses, sums.fen_off)
            for rule_id, sums in tally.offers.items()
        ),
        key=lambda one: (-one.fen_off, -one.uses, one.rule_id),
    )
    never = tuple(rule.name for rule in rules if rule.id not in tally.offers)
    return Rehearsed(
        tally, tuple(offers), never, tuple(budgets(tally, draft)), tuple(_classes(tally, t))
    )


def _classes(tally: Tally, t: Texts) -> list[tuple[str, int]]:
    found, before = [], None
    for end, count in zip((*CLASSES_FEN, None), tally.classes, strict=True):
        if count:
            found.append((_class(before, end, t), count))
        before = end
    return found


def _class(before: int | None, end: int | None, t: Texts) -> str:
    """Name a class of differences: dearer, the same, cheaper, between two amounts."""
    if before is None:
        return t("rules.dearer_over", amount=format_yuan(-(end or 0)))
    if end is None:
        return t("rules.cheaper_over", amount=format_yuan(before + 1))
    if end == 0:
        return t("rules.same_price")
    key = "rules.dearer_between" if end < 0 else "rules.cheaper_between"
    low, high = (-end, -(before + 1)) if end < 0 else (before + 1, end)
    return t(key, low=format_yuan(low), high=format_yuan(high))
