"""The face report as one HTML file: no photo in it, nothing loaded from anywhere."""

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from edge_agent.evaluate.face_plots import distributions, errors, open_sets
from edge_agent.evaluate.face_report import FaceReport
from edge_agent.evaluate.face_texts import interval, percent, remarks, summary
from retail_core import limits
from retail_core.texts.faults import FAULTS, FaultCode

TEMPLATE, STYLE = "face_page.html.jinja", "face_page.css"
TILES = ("faces missed by the detector", "taken for another member", "strangers taken for a member")
TILE_RATE = "TAR at FMR 1e-3"


@dataclass(frozen=True, slots=True)
class Gate:
    """Refusals by one gate."""

    code: str
    zh: str
    en: str
    till: int
    enrolment: int


def page(report: FaceReport) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("edge_agent.evaluate", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    lines = summary(report)
    visits = report.visits.as_member
    return environment.get_template(TEMPLATE).render(
        report=report,
        tokens=_text("edge_agent.screen", "static", "tokens.css"),
        style=_text("edge_agent.evaluate", STYLE),
        tiles=[line for name in (*TILES, TILE_RATE) for line in lines if line.en == name],
        lines=lines,
        distributions=distributions(report),
        errors=errors(report),
        open_sets=open_sets(report) if report.open_set else "",
        gates=_gates(report),
        failures=[
            *report.strangers_accepted(),
            *(visit for visit in visits if visit.outcome != "right"),
        ],
        worst=[
            ("最像的两个人", "Nearest pairs of two people", report.pairs.worst_impostor),
            ("最不像的同一个人", "Farthest pairs of one person", report.pairs.worst_genuine),
        ],
        remarks=remarks(report),
        vote_frames=limits.VOTE_FRAMES,
        percent=percent,
        interval=interval,
    )


def _gates(report: FaceReport) -> list[Gate]:
    counts = report.gates()
    codes = sorted({code for refusals in counts.values() for code in refusals})
    found = []
    for code in codes:
        spec = FAULTS[FaultCode(code)]
        reasons = [
            text.format(count="≥ 2") if "{count}" in text else text for text in (spec.zh, spec.en)
        ]
        refused = [counts[where].get(code, 0) for where in ("till", "enrolment")]
        found.append(Gate(code, reasons[0], reasons[1], refused[0], refused[1]))
    return found


def _text(package: str, *path: str) -> str:
    return files(package).joinpath(*path).read_text(encoding="utf-8")
