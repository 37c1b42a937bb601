"""`edge-agent doctor`: what is wrong with the box, in words, and who mends it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_agent.bootstrap.probes import Probe, probes
from edge_agent.cli.about import version
from edge_agent.cli.ask_agent import running_agent
from edge_agent.cli.common import fail, settings_of
from edge_agent.cli.logs import log_to_stderr
from edge_agent.settings import Settings
from retail_core.errors import Fault
from retail_core.fleet.health import REASON_OF_DEVICE
from retail_core.texts.devices import in_words
from retail_core.texts.faults import FaultCode
from retail_core.texts.system_words import system_words

EXIT_FINDINGS = 1
MENDERS = {"clerk": "店员 / clerk", "technician": "技术员 / technician", "hq": "总部 / HQ"}
SELLING = "收银 / selling"
WELL = "盒子在运行,没有发现问题 / the box runs, nothing wrong was found"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `fault` is None when all is well."""

    name: str
    fault: Fault | None

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        if self.fault is None:
            return {"name": self.name, "ok": True}
        texts = {language: self.fault.text(language) for language in ("zh", "en")}
        return {"name": self.name, "ok": False, "code": self.fault.code.value, **texts}


def examination(config: Path, *, as_json: bool, paper: str = "") -> None:
    """Print what was found; ends with 1 where something is to be mended (`typer.Exit`).

    `paper`: the till or the port whose printer gets a slip of it.
    """
    # Its own lines go to stderr: what stands on stdout is for programs.
    log_to_stderr()
    settings = settings_of(config)
    findings = _examined(settings)
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False))
    else:
        print_findings(findings)
    if paper:
        _on_paper(settings, paper, findings)
    if any(finding.fault for finding in findings):
        raise typer.Exit(EXIT_FINDINGS)


def _examined(settings: Settings) -> tuple[Finding, ...]:
    agent = running_agent(settings)
    if agent is None:
        return examine(probes(settings))
    try:
        body, shop = agent.ask("GET", "/v1/tech/health"), agent.ask("GET", "/v1/health")
        return (*told(body), *missing(body, shop))
    except Fault as fault:
        fail(fault)


def _on_paper(settings: Settings, paper: str, findings: Iterable[Finding]) -> None:
    # Loaded when asked for: it draws codes and opens lines.
    from edge_agent.bootstrap.self_test_paper import print_findings_on  # noqa: PLC0415 -- see above

    told_on = [(finding.name, finding.fault) for finding in findings]
    try:
        print_findings_on(settings, paper, told_on, version())
    except Fault as fault:
        fail(fault)
    typer.echo(f"已打印 / printed: {paper}", err=True)


def told(body: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the issues a running agent tells of, each named by who can mend it."""
    return tuple(
        Finding(MENDERS[one["mender"]], Fault(FaultCode(one["code"]), **in_words(one["fields"])))
        for one in body["issues"]
    )


class _Said(Fault):
    """A fault that the agent has put in words already."""

    def __init__(self, said: Mapping[str, str]) -> None:
        super().__init__(FaultCode(said["code"]))
        self._said = said

    def text(self, language: str = "zh") -> str:
        """Return what the agent said."""
        return self._said[language]


def missing(body: Mapping[str, Any], shop: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what the shop says is missing beyond the issues: a cut line, no offers, and so on."""
    issues = body["issues"]
    told_already = {one["code"] for one in issues}
    away = {one["subject"].partition("@")[0] for one in issues if one["subject"]}
    told_already |= {code.value for kind, code in REASON_OF_DEVICE.items() if kind in away}
    return tuple(
        Finding(SELLING, _Said(reason))
        for reason in shop["reasons"]
        if reason["code"] not in told_already
    )


def examine(checks: Iterable[Probe]) -> tuple[Finding, ...]:
    """Run each check; a check that raises something unexpected is a finding too."""
    return tuple(Finding(name, _fault_of(check)) for name, check in checks)


def _fault_of(check: Callable[[], object]) -> Fault | None:
    try:
        check()
    except Fault as fault:
        return fault
    except ImportError as error:
        return Fault(FaultCode.SETUP_PACKAGE_MISSING, packages=error.name)
    except OSError as error:
        return Fault(
            FaultCode.SETUP_CONFIG_INVALID, path=error.filename, detail=system_words(error)
        )
    return None


def print_findings(findings: tuple[Finding, ...]) -> None:
    """Print them as a table for a person; a running box without issues is said to be well."""
    findings = findings or (Finding(WELL, None),)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "项目 / what", "说明 / finding"):
        # A long sentence without a space is folded: cut off it would mend nothing.
        table.add_column(heading, overflow="fold")
    for finding in findings:
        fault = finding.fault
        if fault is None:
            table.add_row("[green]✓[/]", finding.name, "")
        else:
            said = f"{fault.code} {escape(fault.text('zh'))}\n{escape(fault.text('en'))}"
            table.add_row("[red]✗[/]", finding.name, said)
    Console(emoji=False).print(table)
