"""`regulars bundle lint`: what a chain would be sorry to have published."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.text import Text

from regulars_cli.common import (
    EXIT_FINDINGS,
    JsonOption,
    LangOption,
    Language,
    coded_errors,
    language_of,
    out,
    print_json,
    read,
)
from regulars_cli.reading import read_rules
from regulars_cli.rehearsing import open_sales
from retail_core.catalog.article import Article
from retail_core.catalog.importing import parse_catalogue, read_text
from retail_core.errors import Fault
from retail_core.pricing.linting.findings import LintFinding, Severity
from retail_core.pricing.linting.lint import UNITS_MAX
from retail_core.pricing.linting.lint import lint as find
from retail_core.pricing.linting.words import finding_words
from retail_core.pricing.linting.worst_baskets import Limits
from retail_core.pricing.proof.document import basket_file, member_file
from retail_core.pricing.rehearsal.sold import read_sold, shelf_fen
from retail_core.texts.faults import FaultCode
from retail_core.texts.lint_texts import SEVERITIES

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_NO_DAY = date(2000, 1, 1)
_NO_ID = UUID(int=0)


def lint(  # noqa: PLR0913 -- a command's options
    bundle: Annotated[Path, typer.Argument(help="规则包 / the rule bundle")],
    costs: Annotated[
        Path | None, typer.Option(help="商品表 CSV,有进价就查亏本 / the catalogue, with costs")
    ] = None,
    sales: Annotated[
        Path | None, typer.Option(help="销售文件,看门槛是否偏低 / past sales, for thresholds")
    ] = None,
    max_off: Annotated[
        str, typer.Option(metavar="50%", help="整单最多便宜多少 / the most that may come off")
    ] = "",
    units: Annotated[
        int, typer.Option(min=1, max=60, help="试的篮子最多几件 / units in a basket tried")
    ] = UNITS_MAX,
    *,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """检查一份规则包 / Check a rule bundle before it is published.

    Exit codes: 0 no errors, 1 errors found, 2 the command is wrong, 3 a file is not valid.
    """
    language = language_of(lang)
    limits = Limits(units, _permille(max_off))
    with coded_errors(language):
        rules = read_rules(bundle).bundle
        found = find(rules, _articles(costs), _sums(sales), limits)
    if as_json:
        print_json({"findings": [_as_json(one, language) for one in found]})
    else:
        _show(found, language)
    if any(one.severity is Severity.ERROR for one in found):
        raise typer.Exit(EXIT_FINDINGS)


def _permille(text: str) -> int | None:
    if not text:
        return None
    number = text.removesuffix("%")
    if not number.isascii() or not number.isdigit() or not 0 < int(number) <= 100:  # noqa: PLR2004 - percent
        raise typer.BadParameter("1% … 100%", param_hint="--max-off")
    return int(number) * 10


def _articles(path: Path | None) -> list[Article]:
    if path is None:
        return []
    found = parse_catalogue(read_text(read(path)), today=_NO_DAY)
    for error in found.errors:
        raise Fault(
            FaultCode.CATALOGUE_ROW, row=error.row, column=error.column, reason=error.reason
        )
    return [
        Article(
            article_id=_NO_ID,
            sku=one.sku,
            name=one.name,
            unit=one.unit,
            price_fen=one.price_fen,
            cost_fen=one.cost_fen,
            brand=one.brand,
            category=one.category,
            tags=one.tags,
        )
        for one in found.articles
    ]


def _sums(path: Path | None) -> Counter[int]:
    sums: Counter[int] = Counter()
    if path is None:
        return sums
    file, _ = open_sales(path)
    with file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                sums[shelf_fen(read_sold(line, number))] += 1
    return sums


def _as_json(one: LintFinding, language: Language) -> dict[str, object]:
    found: dict[str, object] = {
        "severity": one.severity.value,
        "kind": one.kind.value,
        "rules": list(one.rules),
        "text": finding_words(one.kind, one.rules, one.fields, language),
    }
    if one.shown is not None:
        found["basket"] = msgspec.to_builtins(basket_file(one.shown))
        found["member"] = msgspec.to_builtins(member_file(one.shown.member))
    return found


def _show(found: tuple[LintFinding, ...], language: Language) -> None:
    if not found:
        out.print(Text("没有发现问题" if language == "zh" else "nothing found", style="green"))
    for one in found:
        severity = SEVERITIES[one.severity][language == "en"]
        said = Text(f"{severity}  ", style=_STYLES[one.severity])
        out.print(
            said + Text(finding_words(one.kind, one.rules, one.fields, language), style=""),
            soft_wrap=True,
        )
        if one.shown is not None and one.severity is not Severity.INFO:
            basket = json.dumps(_compact(basket_file(one.shown)), ensure_ascii=False)
            out.print(Text(f"    {basket}", style="dim"), soft_wrap=True)
            if one.shown.member is not None:
                member = json.dumps(_compact(member_file(one.shown.member)), ensure_ascii=False)
                out.print(Text(f"    {member}", style="dim"), soft_wrap=True)


def _compact(file: object) -> object:
    """Return a file without what it would have anyway."""
    plain = _bare(msgspec.to_builtins(file))
    return {name: value for name, value in plain.items() if value is not True}


def _bare(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_bare(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _bare(entry) for name, entry in value.items()}
    return {name: entry for name, entry in inner.items() if entry not in ("", 0, [], {}, None)}
