"""The linter of rule bundles: what a chain would be sorry to have published."""

from collections import Counter
from collections.abc import Iterator, Sequence

from retail_core.catalog.article import Article
from retail_core.pricing.linting.findings import SEVERITY, Lint, LintFinding, Severity
from retail_core.pricing.linting.stage import Shelf, goods_named, goods_of
from retail_core.pricing.linting.static import check_static
from retail_core.pricing.linting.worst_baskets import Limits, check_by_search
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.bundle import RuleBundle

UNITS_MAX = 12
JUST_OVER_PERMILLE = 1_050
SHARE_TOLD_PERMILLE = 50
_ORDER = {severity: place for place, severity in enumerate(Severity)}


def lint(
    bundle: RuleBundle,
    articles: Sequence[Article] = (),
    sums_fen: Counter[int] | None = None,
    limits: Limits | None = None,
) -> tuple[LintFinding, ...]:
    """Return what is found, the worst first.

    `articles` are what the shops sell; without them articles are made up. `sums_fen` counts what
    past receipts came to.
    """
    shelf = Shelf(goods_of(articles) if articles else goods_named(bundle))
    found = list(check_static(bundle))
    if articles:
        found += [
            LintFinding(Lint.NAMES_NO_ARTICLE, (rule.id,))
            for rule in rules_of(bundle)
            if not shelf.named(rule)
        ]
    never = {one.rules[0] for one in found if one.severity is Severity.ERROR}
    dominated = {one.rules[0] for one in found if one.kind is Lint.DOMINATED}
    for one in check_by_search(bundle, shelf, limits or Limits(UNITS_MAX, None)):
        if one.kind in _TRIED and one.rules[0] in never | dominated:
            continue
        found.append(one)
    found += check_thresholds(bundle, sums_fen or Counter())
    return tuple(sorted(found, key=lambda one: (_ORDER[SEVERITY[one.kind]], one.kind, one.rules)))


_TRIED = (Lint.ALWAYS_LOSES, Lint.NEVER_SAVES, Lint.NOT_TRIED)


def check_thresholds(bundle: RuleBundle, sums_fen: Counter[int]) -> Iterator[LintFinding]:
    """Yield thresholds that many past receipts just pass: they get it for buying as always."""
    receipts = sums_fen.total()
    for rule in (*bundle.coupons, *bundle.gifts):
        bar = rule.threshold_fen
        if not bar or not receipts:
            continue
        end = bar * JUST_OVER_PERMILLE // 1000
        over = sum(times for fen, times in sums_fen.items() if bar <= fen < end)
        share = over * 1000 // receipts
        if share >= SHARE_TOLD_PERMILLE:
            yield LintFinding(Lint.THRESHOLD, (rule.id,), {"share": share, "bar": bar})
