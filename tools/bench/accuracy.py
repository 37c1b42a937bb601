"""The accuracy reports as rows: headline figures of `edge-agent evaluate` with their bars."""

from collections.abc import Iterable
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import Progress

from edge_agent.drivers.face_onnx.engine import FaceModels
from edge_agent.drivers.qr.evaluate import examples, measure
from edge_agent.evaluate.face_report import FaceReport, evaluate_faces
from edge_agent.evaluate.intervals import Share
from edge_agent.evaluate.qr import CASCADE, FIRST, all_readers, as_report
from retail_core.identity.model_card import Profile
from tools import build_models
from tools.bench.report import Row

QR_RIGHT_BAR, QR_WRONG_BAR, QR_FIRST_BAR_MS, QR_WHOLE_BAR_MS = 84.0, 2, 4.0, 150.0
TAR_BAR = 100.0
BARRED_FMR = 1e-3


def qr_rows(folder: Path | None) -> Iterable[Row]:
    """Yield the figures of `evaluate qr`."""
    if folder is None:
        yield Row("evaluate qr", None, "", 0, why="DATA=DIR has no folder qr/")
        return
    cv2.setNumThreads(1)
    todo, unusable = examples(folder)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("QR", total=len(todo))
        scores = measure(todo, all_readers(), lambda: progress.advance(task))
    report, whole = as_report(scores, unusable), scores[CASCADE]
    peers = ", ".join(
        f"{name} {100 * score.codes.right / max(score.codes.total, 1):.1f} %"
        for name, score in scores.items()
        if name != CASCADE
    )
    right = float(str(report["right_percent"]))
    of = f"{whole.codes.right} of {whole.codes.total}"
    yield Row(f"evaluate qr: codes right ({of})", right, "%", QR_RIGHT_BAR, "higher", peer=peers)
    yield Row("evaluate qr: wrong reads", whole.codes.wrong, "codes", QR_WRONG_BAR)
    loud = whole.none_total - whole.none_silent
    yield Row(f"evaluate qr: read where nothing is, of {whole.none_total}", loud, "pictures", 0)
    first, last = scores[FIRST].percentile_ms(50), whole.percentile_ms(95)
    slow = ", ".join(f"{n} {scores[n].percentile_ms(50):.1f} ms" for n in ("zbar", "opencv"))
    yield Row("evaluate qr: first pass p50", first, "ms", QR_FIRST_BAR_MS, peer=slow)
    yield Row("evaluate qr: whole cascade p95", last, "ms", QR_WHOLE_BAR_MS)


def face_rows(folder: Path | None, embedder: Profile = "mobilefacenet") -> Iterable[Row]:
    """Yield the figures of `evaluate faces`."""
    if folder is None:
        yield Row("evaluate faces", None, "", 0, why="DATA=DIR has no folder faces/")
        return
    yield from rows_of(report_on(folder, embedder), embedder)


def rows_of(report: FaceReport, embedder: Profile) -> Iterable[Row]:
    """Yield the headline figures of a report."""
    pairs, name = report.pairs, f"evaluate faces ({embedder})"
    yield Row(f"{name}: photos", len(report.gathered.photos), "", better="higher")
    for where, refusals in report.gates().items():
        told = ", ".join(f"{code} {count}" for code, count in refusals.items())
        yield Row(
            f"{name}: refused by a gate, {where}", sum(refusals.values()), "photos", peer=told
        )
    yield Row(f"{name}: detector misses", len(report.detector_misses), "photos", 0)
    yield Row(f"{name}: wrong members", len(report.wrong_members()), "visits", 0)
    strangers = len(report.strangers_accepted())
    yield Row(
        f"{name}: strangers accepted, of {len(report.visits.as_stranger)}", strangers, "visits"
    )
    yield Row(f"{name}: shipped threshold", report.visits.threshold, "cosine")
    if pairs.eer is not None:
        yield Row(f"{name}: EER", 100 * pairs.eer, "%")
    for rate in pairs.rates:
        bar = TAR_BAR if rate.fmr == BARRED_FMR else None
        power, value = f"{rate.fmr:.0e}".replace("e-0", "e-"), rate.tar.value
        told = _interval(rate.tar, supported=rate.supported)
        shown = None if value is None else 100 * value
        why = "no two photos of one person" if value is None else ""
        yield Row(f"{name}: TAR at FMR {power}", shown, "%", bar, "higher", peer=told, why=why)
    for drawn in report.open_set:
        for what, share in (("FPIR", drawn.fpir), ("FNIR", drawn.fnir)):
            if share.value is not None:
                told = _interval(share, supported=True)
                row = f"{name}: {what} with {drawn.members} members"
                yield Row(row, 100 * share.value, "%", peer=told)


def report_on(folder: Path, embedder: Profile) -> FaceReport:
    """Measure a folder with one embedder."""
    models = FaceModels.load(build_models.MODELS, liveness=True, embedder=embedder)
    return evaluate_faces(folder, models, lambda _what, _done, _of: None)


def _interval(share: Share, *, supported: bool) -> str:
    if share.low is None or share.high is None:
        return ""
    weak = "" if supported else "; too few pairs for this rate"
    return f"95 %: {100 * share.low:.1f} to {100 * share.high:.1f} %{weak}"
