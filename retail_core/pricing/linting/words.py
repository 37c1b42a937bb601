"""A finding of the linter in words: amounts as yuan, shares as percent, reasons by their names."""

from collections.abc import Mapping, Sequence

from retail_core.money import format_yuan
from retail_core.pricing.linting.findings import Lint
from retail_core.texts.lint_texts import WHYS, lint_text
from retail_core.texts.price_reasons import reason_text
from retail_core.texts.rule_phrases import COMMA


def finding_words(
    kind: str, rules: Sequence[str], fields: Mapping[str, object], language: str
) -> str:
    """Return what is found, in `zh` or `en`; `fields` as the finding has them or as read back."""
    said = dict(fields)
    for name in ("due", "cost", "bar"):
        if isinstance(amount := said.get(name), int):
            said[name] = format_yuan(amount)
    for name in ("off", "cap", "share"):
        if isinstance(share := said.get(name), int):
            said[name] = f"{share // 10}.{share % 10} %"
    if kind == Lint.NEVER_HOLDS:
        said["why"] = WHYS[str(said["why"])][language == "en"]
    if isinstance(reasons := said.get("reasons"), tuple | list):
        named = (reason_text(str(one), language) for one in reasons)
        said["reasons"] = COMMA[language == "en"].join(named) or "-"
    first, others = rules[0] if rules else "", ", ".join(rules[1:])
    return lint_text(kind, language, rules=", ".join(rules), first=first, others=others, **said)
