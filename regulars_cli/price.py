"""`regulars price`: what a basket costs under a bundle, and why."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from regulars_cli.common import (
    JsonOption,
    LangOption,
    coded_errors,
    language_of,
    out,
    print_bytes,
    write,
)
from regulars_cli.reading import Rules, read_basket, read_member, read_rules
from regulars_cli.receipt import named_in, show
from retail_core import limits
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.proof.document import Asked, certify, encode_certificate, encode_result
from retail_core.pricing.proof.near_miss import near_misses
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.files import AskedBasket

BundleOption = Annotated[Path, typer.Option("--bundle", "-b", help="规则包 / the rule bundle")]
BasketOption = Annotated[
    Path, typer.Option("--basket", "-k", help="篮子,- 为标准输入 / the basket, - is stdin")
]
MemberOption = Annotated[Path | None, typer.Option("--member", "-m", help="会员 / the member")]
_ALL_POINTS = "max"


def price(  # noqa: PLR0913 -- a command's options
    bundle: BundleOption,
    basket: BasketOption,
    member: MemberOption = None,
    at: Annotated[
        datetime | None,
        typer.Option(help="开单时刻,门店钟点,代替篮子里的 / opening time instead of the basket's"),
    ] = None,
    points: Annotated[
        str, typer.Option(metavar="N|max", help="想用的积分 / points to pay with")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option(help="另写价格凭证 / write the price certificate too")
    ] = None,
    *,
    nodes: Annotated[
        int, typer.Option(min=1, help="搜索上限 / search limit")
    ] = limits.SOLVER_NODES_MAX,
    near: Annotated[
        bool | None,
        typer.Option("--near/--no-near", help="找差一点的优惠,--json 时默认不找 / near misses"),
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """给一个篮子定价 / Price a basket.

    Exit codes: 0 priced, 2 the command is wrong, 3 a file is not valid (the code says why).
    """
    language = language_of(lang)
    with coded_errors(language):
        rules = read_rules(bundle)
        asked = _asked(read_basket(basket), read_member(member), at, points)
        priced = _priced(asked, rules, nodes, near=not as_json if near is None else near)
        if certificate is not None:
            proof = certify(asked, priced, rules.bundle, rules.sha256)
            write(certificate, encode_certificate(proof))
    if as_json:
        print_bytes(encode_result(priced))
    else:
        show(named_in(language, priced, rules.bundle.english), out, language)


def _asked(
    basket: AskedBasket, member: MemberContext | None, at: datetime | None, points: str
) -> Asked:
    if at is not None and at.tzinfo is not None:
        raise typer.BadParameter(
            "请写门店当地钟点,不带时区 / wall time in the store, without a zone", param_hint="--at"
        )
    opened = basket.basket if at is None else replace(basket.basket, opened_local=at)
    return Asked(
        basket=opened,
        member=member,
        store=basket.store,
        points_wanted=_points(points, basket.points_wanted, member),
    )


def _points(asked: str, otherwise: int, member: MemberContext | None) -> int:
    if not asked:
        return otherwise
    if asked == _ALL_POINTS:
        return 0 if member is None else member.points_free
    if not asked.isascii() or not asked.isdigit():
        raise typer.BadParameter("N|max", param_hint="--points")
    return int(asked)


def _priced(asked: Asked, rules: Rules, nodes: int, *, near: bool) -> PricedBasket:
    priced = price_again(asked, rules.bundle, nodes, limits.SOLVER_PATIENT_MS)
    if not near:
        return priced
    return replace(priced, near_misses=near_misses(asked, rules.bundle, priced, nodes_max=nodes))
