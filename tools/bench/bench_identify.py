"""`make bench-identify`: from a frame, a code or a card to the member's data at hand.

Everything is the product's own: capture process, models, race, encrypted replica, PC/SC. Only what
is in front of the devices is played: a photo file with a live camera's jitter, a rendered phone, a
card on a virtual reader. `make bench-recognition` asks the same of a gallery of 100,000.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.drivers.qr.sim import Look
from tools import build_models, fetch_photos
from tools.bench.counter import Scene, card_reader, counters
from tools.bench.detector import measure_detector
from tools.bench.readers import Series, cards, codes, faces
from tools.bench.report import Bench, Row

BAR_MS = 100.0
STAGES = ("frame_age", "detect", "align", "embed", "face")


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    if build_models.main(["--quiet"]) or fetch_photos.main(["--quiet"]):
        return 1
    bench = Bench("identify")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        scene = Scene(folder)
        scene.wall()
        phone = Ed25519PrivateKey.generate()
        pcsc = card_reader(stack)
        (stand,) = stack.enter_context(counters(folder, [scene], phone, pcsc))
        identify = stand.identify
        alone = faces([identify], scene, rounds)
        _report(bench, "face alone", alone)
        for stage in STAGES:
            bench.add(Row(f"face alone, {stage} p50", median(alone.stage_ms(stage)), "ms"))
        _report(bench, "face, all readers racing", faces([identify], scene, rounds, ()))
        name = "member code, blurred and in perspective"
        _report(bench, name, codes(identify, scene, phone, rounds, _held))
        if pcsc is None:
            why = "no virtual reader can run on this machine"
            bench.add(Row("card over PC/SC p95", None, "ms", BAR_MS, why=why))
        else:
            _report(bench, "card over PC/SC", cards(identify, pcsc, rounds))
    bench.add(measure_detector(rounds))
    return bench.finish()


def _held(number: int) -> Look:
    return Look(blur=1.0, perspective=0.12, seed=number)


def _report(bench: Bench, name: str, series: Series) -> None:
    share = 100 * len(series.right) / series.rounds
    bench.add(Row(f"{name}: recognised", share, "%", 100.0, "higher"))
    if not series.to_member_ms:
        bench.add(Row(f"{name}, to member p95", None, "ms", BAR_MS, why="nobody was recognised"))
        return
    bench.add_times(f"{name}, to member", series.to_member_ms, p95_bar=BAR_MS)
    if name.startswith("face"):
        bench.add_times(f"{name}, from first usable frame", series.first_usable_ms, p95_bar=None)


if __name__ == "__main__":
    sys.exit(main())
