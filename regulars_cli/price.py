"""`regulars price`: what a basket costs under a bundle, and why."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from regulars_cli.common import (
    JsonOption,
    LangOption,
    coded_errors,
    language_of,
    out,
    print_json,
)
from regulars_cli.reading import read_basket, read_member, read_rules
from regulars_cli.receipt import show
from retail_core.pricing.evaluate import price_basket

BundleOption = Annotated[Path, typer.Option("--bundle", "-b", help="规则包 / the rule bundle")]
BasketOption = Annotated[
    Path, typer.Option("--basket", "-k", help="篮子,- 为标准输入 / the basket, - is stdin")
]
MemberOption = Annotated[Path | None, typer.Option("--member", "-m", help="会员 / the member")]


def price(
    bundle: BundleOption,
    basket: BasketOption,
    member: MemberOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """给一个篮子定价 / Price a basket.

    Exit codes: 0 priced, 2 the command is wrong, 3 a file is not valid (the code says why).
    """
    language = language_of(lang)
    with coded_errors(language):
        rules = read_rules(bundle)
        asked = read_basket(basket)
        priced = price_basket(asked.basket, rules.bundle, read_member(member))
    if as_json:
        print_json(msgspec.to_builtins(priced))
    else:
        show(priced, out, language)
