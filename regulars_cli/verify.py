"""`regulars verify`: is a price certificate right, years later too."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from regulars_cli.common import (
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
from retail_core import limits
from retail_core.money import format_yuan
from retail_core.pricing.proof.arithmetic import Finding
from retail_core.pricing.proof.document import certificate_sha256, read_certificate
from retail_core.pricing.proof.verify import Verdict, Verification
from retail_core.pricing.proof.verify import verify as check
from retail_core.texts.price_flaws import flaw_text

EXITS = {Verdict.EQUAL: 0, Verdict.ADDS_UP: 0, Verdict.CHEAPER: 1, Verdict.WRONG: 2}
_SAID = {
    Verdict.EQUAL: (
        "对得上:账目、规则都对,重新计算没有更低的价格",
        "right: the sums and the rules hold, and pricing it again finds nothing cheaper",
    ),
    Verdict.ADDS_UP: (
        "账目对得上;没有给规则包,规则没有核对",
        "the sums hold; no bundle was given, so the rules were not checked",
    ),
    Verdict.CHEAPER: (
        "账目、规则都对,但还能便宜 {fen}",
        "the sums and the rules hold, but {fen} less was possible",
    ),
    Verdict.WRONG: ("对不上", "it does not add up"),
}


def verify(
    certificate: Annotated[Path, typer.Argument(help="价格凭证 / the price certificate")],
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="当时的规则包 / the rule bundle it names")
    ] = None,
    *,
    nodes: Annotated[
        int, typer.Option(min=1, help="搜索上限 / search limit")
    ] = limits.SOLVER_NODES_MAX,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """核对一份价格凭证 / Check a price certificate.

    Exit codes: 0 right, 1 right by the rules but something cheaper exists, 2 it does not add up,
    3 a file is not valid.
    """
    language = language_of(lang)
    with coded_errors(language):
        proof = read_certificate(read(certificate))
        rules = None if bundle is None else read_rules(bundle)
        if rules is None:
            found = check(proof)
        else:
            found = check(proof, rules.bundle, rules.sha256, nodes_max=nodes)
        digest = certificate_sha256(proof).hex()
    if as_json:
        print_json(_as_json(found, digest, language))
    else:
        _show(found, digest, language)
    raise typer.Exit(EXITS[found.verdict])


def _as_json(found: Verification, digest: str, language: Language) -> dict[str, object]:
    return {
        "verdict": found.verdict.value,
        "sha256": digest,
        "cheaper_fen": found.cheaper_fen,
        "resolved": None if found.again is None else found.again.status,
        "findings": [
            {**msgspec.structs.asdict(_Row.of(one)), "text": _finding(one, language)}
            for one in found.findings
        ],
    }


class _Row(msgspec.Struct):
    flaw: str
    line: int
    rule: str
    found: str
    expected: str

    @classmethod
    def of(cls, finding: Finding) -> "_Row":
        return cls(finding.flaw.value, finding.line, finding.rule, finding.found, finding.expected)


def _show(found: Verification, digest: str, language: Language) -> None:
    words = _SAID[found.verdict][language == "en"]
    style = "green" if EXITS[found.verdict] == 0 else "yellow"
    if found.verdict is Verdict.WRONG:
        style = "red"
    out.print(words.format(fen=format_yuan(found.cheaper_fen)), style=style, markup=False)
    for one in found.findings:
        out.print(f"- {_finding(one, language)}", markup=False, soft_wrap=True)
    out.print(f"SHA-256 {digest}", style="dim", markup=False, soft_wrap=True)


def _finding(finding: Finding, language: Language) -> str:
    return flaw_text(
        finding.flaw,
        language,
        line=finding.line,
        rule=finding.rule,
        found=finding.found,
        expected=finding.expected,
    )
