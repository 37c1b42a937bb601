"""`make bench-recognition DATA=DIR`: every figure that recognition is held to, a row each.

DIR may hold `qr/` (with `manifest.jsonl`) and `faces/` (with `labels.csv`). A figure that could not
be taken is a row that is not ok and says why. Nets run on one thread. Figures of a Raspberry Pi are
estimates: its processor's time is this machine's times 3 to 4 (Pi 5) or 9 to 14 (Pi 4).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from edge_agent.drivers.qr.sim import Look
from tools import build_models, fetch_photos
from tools.bench.accuracy import face_rows, qr_rows
from tools.bench.bench_camera import measure_stall
from tools.bench.counter import Scene, Setting, card_reader, counters
from tools.bench.detector import measure_detector
from tools.bench.gallery_child import child
from tools.bench.lanes import lane_rows
from tools.bench.qr_peers import peers_on
from tools.bench.readers import Series, cards, codes, faces
from tools.bench.report import ROOT, Bench, Row, percentile

QR_BAR_MS, NFC_BAR_MS, FACE_BAR_MS, NAME_BAR_MS = 15.0, 30.0, 40.0, 160.0
SEARCH_BAR_MS, SEARCH_BAR_MB, READY_BAR_S, AGENT_BAR_MB = 8.0, 250.0, 2.0, 350.0
TEMPLATES, TEMPLATES_OF_A_SHOP = 100_000, 20_000
FPS = 30
STALL_ROUNDS = 3
# CPU time of the networks beside this machine's, by published tables; nothing ran on ARM.
PI = {"Pi 5": (3.0, 4.0), "Pi 4": (9.0, 14.0)}
FRAME_MS = 1_000 / FPS
# The frames that other work on this machine disturbed least.
QUIET_PERCENT = 5
VOTE = 3
# The decision says how far a search must read; an enrolment's reads all of it.
SEARCHED = {
    "stranger": "a stranger",
    "member": "a member at 0.80",
    "poor": "a member at 0.66",
    "later": "a later frame of a member's visit",
    "enrol": "somebody alike, at enrolment",
    "all": "all rows, which nobody asks for",
}
FUZZ = ROOT / "var" / "bench" / "fuzz.json"


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--only", nargs="+", default=None, help="some parts, by name")
    given = parser.parse_args()
    if build_models.main(["--quiet"]) or fetch_photos.main(["--quiet"]):
        return 1
    rounds = given.rounds
    parts: dict[str, Callable[[], Iterable[Row]]] = {
        "lane": partial(_one_lane, rounds),
        "lanes": partial(lane_rows, max(10, rounds // 2)),
        "gallery": _gallery,
        "agent": _agent,
        "qr": partial(qr_rows, _inside(given.data, "qr")),
        "faces": partial(face_rows, _inside(given.data, "faces")),
        "detector": lambda: [measure_detector(rounds)],
        "camera": lambda: measure_stall(STALL_ROUNDS),
        "fuzz": _fuzz,
    }
    chosen = given.only or list(parts)
    bench = Bench("recognition" if given.only is None else "recognition-part")
    console = Console(stderr=True)
    for name in chosen:
        part = parts[name]
        console.print(f"[dim]{name} …[/]")
        try:
            for row in part():
                bench.add(row)
        except (OSError, RuntimeError, ValueError, ImportError) as error:
            bench.add(Row(name, None, "", 0, why=f"{type(error).__name__}: {error}"))
    return bench.finish()


def _one_lane(rounds: int) -> Iterable[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        scene, phone = Scene(folder), Ed25519PrivateKey.generate()
        scene.wall()
        pcsc = card_reader(stack)
        setting = Setting(fps=FPS, templates=TEMPLATES)
        (stand,) = stack.enter_context(counters(folder, [scene], phone, pcsc, setting))
        identify = stand.identify
        seen = codes(identify, scene, phone, rounds, _held)
        yield from _to_member("QR frame 640×480 → member view", seen, QR_BAR_MS)
        yield from peers_on(phone, rounds, _held)
        if pcsc is None:
            why = "no virtual reader can run on this machine"
            yield Row("NFC: PC/SC event → member view p99", None, "ms", NFC_BAR_MS, why=why)
        else:
            taps = cards(identify, pcsc, rounds)
            yield from _to_member("NFC: PC/SC event → member view", taps, NFC_BAR_MS)
        known = faces([identify], scene, rounds)
        name = "frame that completes the vote, 100,000 templates → member view"
        yield from _to_member(name, known, FACE_BAR_MS)
        for stage in ("frame_age", "detect", "embed", "face"):
            yield Row(f"{name}, {stage} p50", median(known.stage_ms(stage) or [0.0]), "ms")
        yield from _first_usable("1 lane", known, NAME_BAR_MS)


def _held(number: int) -> Look:
    return Look(blur=1.0, perspective=0.12, seed=number)


def _to_member(name: str, series: Series, bar_ms: float) -> Iterable[Row]:
    share = 100 * len(series.right) / series.rounds
    yield Row(f"{name}: recognised", share, "%", 100.0, "higher")
    times = series.to_member_ms
    if not times:
        yield Row(f"{name} p99", None, "ms", bar_ms, why="nobody was recognised")
        return
    for percent, bar in ((50, None), (95, None), (99, bar_ms)):
        yield Row(f"{name} p{percent}", percentile(times, percent), "ms", bar)


def _first_usable(lanes: str, series: Series, bar_ms: float | None) -> Iterable[Row]:
    """Vote included, from a camera of 30 frames a second."""
    name, times = f"first usable frame → name, {lanes}", series.first_usable_ms
    if not times:
        yield Row(f"{name} p95", None, "ms", bar_ms, why="nobody was recognised")
        return
    told = _on_a_pi(percentile(series.stage_ms("face"), QUIET_PERCENT))
    yield Row(f"{name} p50", percentile(times, 50), "ms")
    yield Row(f"{name} p95", percentile(times, 95), "ms", bar_ms, peer=told)
    yield Row(f"{name} p99", percentile(times, 99), "ms")


def _on_a_pi(frame_ms: float) -> str:
    """Estimate three frames on slower processors: each waits for the camera or for the nets."""
    estimates = []
    for name, factors in PI.items():
        low, high = (
            (VOTE - 1) * max(FRAME_MS, factor * frame_ms) + factor * frame_ms for factor in factors
        )
        estimates.append(f"{name} {low:,.0f}–{high:,.0f} ms")
    return f"estimate, not measured: {', '.join(estimates)}"


def _gallery() -> Iterable[Row]:
    found, name = child("search", TEMPLATES), "gallery 100,000 × 512, exact search"
    peer = f"numpy float32 product {found['blas_p50']:.1f} / {found['blas_p99']:.1f} ms (p50 / p99)"
    for kind, word in SEARCHED.items():
        # What nobody asks for is shown, and no bar stands before it.
        for percent, bar in (
            (50, None),
            (95, None),
            (99, None if kind == "all" else SEARCH_BAR_MS),
        ):
            told = peer if percent == 50 else ""  # noqa: PLR2004 -- the row its figures stand on
            yield Row(
                f"{name}, {word} p{percent}", found[f"{kind}_p{percent}"], "ms", bar, peer=told
            )
    yield Row(
        f"{name}, memory", found["mb"], "MB", SEARCH_BAR_MB, peer=f"{found['blas_mb']:.0f} MB"
    )
    rows = child("rows", TEMPLATES)
    told = f"file {rows['file_mb']:.0f} MB, process grew by {rows['grown_mb']:.0f} MB"
    name = "100,000 encrypted rows → first answer"
    yield Row(name, rows["ready_s"], "s", READY_BAR_S, peer=told)


def _agent() -> Iterable[Row]:
    found = child("agent", TEMPLATES_OF_A_SHOP)
    told = f"{found['without_gallery_mb']:.0f} MB before the gallery"
    name = "resident memory: all modules and nets, 20,000 templates"
    yield Row(name, found["mb"], "MB", AGENT_BAR_MB, peer=told)


def _fuzz() -> Iterable[Row]:
    name = "fuzz: malformed images, tokens, APDUs"
    if not FUZZ.is_file():
        yield Row(
            name, None, "", 0, why="var/bench/fuzz.json is missing: no fuzz run was made here"
        )
        return
    rows = json.loads(FUZZ.read_text(encoding="utf-8"))["rows"]
    for row in rows:
        fields = {key: value for key, value in row.items() if key != "ok"}
        yield replace(Row(**fields), name=f"fuzz: {row['name']}")


def _inside(data: Path | None, name: str) -> Path | None:
    return data / name if data is not None and (data / name).is_dir() else None


if __name__ == "__main__":
    sys.exit(main())
