"""What a process of its own shall measure about galleries: memory is only honest when it is fresh.

`search N`: fill in memory and judge, beside a search of all rows and numpy's float32 product.
`rows N`: store N encrypted rows, open the file anew and be ready. `agent N`: everything a box has
in memory, with N templates. Prints one JSON object.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.domain.consents import (
    CONSENT_TEXT_VERSION,
    FACE_LOCAL,
    OLD_ENOUGH,
    Consent,
    text_hash,
)
from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.recognition.enrol import lookalike
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.gallery_trail import Trail
from retail_core.identity.model_card import by_role
from retail_core.tally import FaultTally
from tools import build_models
from tools.bench.counter import on_frame, photo, strangers
from tools.bench.report import percentile

MODEL, WIDTH = "bench@000000000000", 512
SEARCHES = 400
# Whom the box sees, and how much like her template: a member's second photo, and a poor one that
# is asked about.
KINDS = {"stranger": 0.0, "member": 0.8, "poor": 0.66}
# How alike two frames of a visit are.
LATER = 0.95
REST_S = 0.002
_RANDOM = np.random.default_rng(2)
KEY = bytes(range(32))
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- rows are written a transaction each: no real disk
DEVICE = UUID(int=1)


def main() -> int:
    """Run one measurement."""
    what, count = sys.argv[1], int(sys.argv[2])
    measures = {"search": search, "rows": rows, "load": load, "agent": agent}
    print(json.dumps(measures[what](count)))
    return 0


def search(count: int) -> dict[str, float]:
    """Return p50 and p99 of judging each kind of face, the gallery's memory, the peer's figures."""
    before = resident_mb()
    gallery = Gallery(MODEL, strangers(count, MODEL, WIDTH))
    grown = resident_mb() - before
    _, card = by_role(dict(read_manifest(build_models.MODELS).models), "embedder", "mobilefacenet")
    policy = card.policy
    assert policy is not None  # noqa: S101 -- every embedder of the manifest has one
    floats = np.stack([one.embedding for one in strangers(count, MODEL, WIDTH)])
    probes = {kind: _probes(floats, alike) for kind, alike in KINDS.items()}
    ways: dict[str, list[Callable[[], object]]] = {
        kind: [partial(gallery.judge, probe, policy) for probe in some]
        for kind, some in probes.items()
    }
    # A visit's later frames: each much like the first, whose search left a trail.
    first, trail = probes["member"][0], Trail()
    gallery.judge(first, policy, trail)
    later = [_alike(first.astype(np.float64)[None, :], LATER)[0] for _ in range(SEARCHES)]
    ways["later"] = [partial(gallery.judge, probe, policy, trail) for probe in later]
    ways["enrol"] = [partial(lookalike, [probe], gallery, policy) for probe in probes["stranger"]]
    ways["all"] = [partial(gallery.search, probe) for probe in probes["stranger"]]
    ways["blas"] = [partial(_nearest, floats, probe) for probe in probes["stranger"]]
    found = {"mb": grown, "blas_mb": floats.nbytes / 1e6}
    # Way by way: after numpy's product the threads of its BLAS disturb whatever comes next.
    for way, searches in ways.items():
        took = [_timed(one) for one in searches]
        found |= {f"{way}_p{n}": percentile(took, n) for n in (50, 95, 99)}
    return found


def rows(count: int) -> dict[str, float]:
    """Write the rows, then let a fresh process load them; returns what that process says."""
    with tempfile.TemporaryDirectory(prefix="regulars-rows-", dir=SHARED_MEMORY) as folder:
        os.environ["REGULARS_ROWS"] = folder
        store = _store(Path(folder))
        words: dict[UUID, UUID] = {}
        for template in strangers(count, MODEL, WIDTH):
            member = template.member_id
            if member not in words:
                words[member] = UUID(int=member.int | 1 << 100)
                store.ledger.add_consent(_word(member, words[member]))
            store.add(template, consent_event_id=words[member])
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
        store.close()
        return child("load", count) | {"file_mb": size}


def load(count: int) -> dict[str, float]:
    """Open the file and fill the gallery; seconds from opening it to the first answer."""
    folder = Path(os.environ["REGULARS_ROWS"])
    before = resident_mb()
    began = time.perf_counter()
    store = _store(folder)
    gallery = Gallery(MODEL)
    gallery.fill_rows(store.rows(MODEL))
    gallery.search(np.ones(WIDTH, np.float32))
    ready = time.perf_counter() - began
    store.close()
    assert len(gallery) == count  # noqa: S101 -- else the figure would be of something else
    return {"ready_s": ready, "grown_mb": resident_mb() - before}


def agent(count: int) -> dict[str, float]:
    """Carry what a box's program carries: modules, nets, a reader and a gallery; read a frame."""
    import edge_agent.cli.serving  # noqa: F401, PLC0415 -- all of the program's modules
    from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx  # noqa: PLC0415 -- same
    from edge_agent.drivers.face_onnx.gates import ENROLMENT_GATES  # noqa: PLC0415 -- same
    from edge_agent.drivers.qr.reader import QrCascade  # noqa: PLC0415 -- same

    models = FaceModels.load(build_models.MODELS, liveness=True)
    engines = FaceOnnx(models), FaceOnnx(models, ENROLMENT_GATES)
    frame = on_frame(photo("1"))
    readings = [engine.read(frame) for engine in engines]
    without = resident_mb()
    gallery = Gallery(models.model_id, strangers(count, models.model_id, WIDTH))
    for reading in readings:
        if reading.embedding is not None:
            gallery.search(reading.embedding)
    QrCascade().read(frame)
    return {
        "mb": resident_mb(),
        "without_gallery_mb": without,
    }


def child(what: str, count: int) -> dict[str, float]:
    """Run one measurement in a fresh process."""
    import subprocess  # noqa: PLC0415 -- only who asks needs it

    command = [sys.executable, "-m", "tools.bench.gallery_child", what, str(count)]
    # As the agent says to itself before numpy is loaded; the peer of the search keeps its threads.
    own = {} if what == "search" else {"OPENBLAS_NUM_THREADS": "1"}
    environment = {**os.environ, **own}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def resident_mb() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _timed(search: Callable[[], object]) -> float:
    time.sleep(REST_S)
    began = time.perf_counter()
    search()
    return (time.perf_counter() - began) * 1_000


def _probes(floats: NDArray[np.float32], alike: float) -> NDArray[np.float32]:
    """Return faces so much like one of the rows each; 0: like nobody."""
    rows = floats[_RANDOM.integers(0, len(floats), SEARCHES)].astype(np.float64)
    return _alike(rows, alike)


def _alike(rows: NDArray[np.float64], alike: float) -> NDArray[np.float32]:
    """Return a face so much like each of some."""
    other = _RANDOM.normal(size=rows.shape)
    other -= np.einsum("ij,ij->i", other, rows)[:, None] * rows
    other /= np.linalg.norm(other, axis=1)[:, None]
    return np.asarray(alike * rows + (1 - alike * alike) ** 0.5 * other, np.float32)


def _nearest(floats: NDArray[np.float32], probe: NDArray[np.float32]) -> object:
    return np.argmax(floats @ probe)


def _store(folder: Path) -> SqliteGallery:
    ids = SystemIds(SystemClock(DEVICE, lambda: True))
    return SqliteGallery(folder / "gallery.db", KEY, ids, FaultTally(), DEVICE)


def _word(member: UUID, consent: UUID) -> Consent:
    return Consent(
        consent,
        member,
        FACE_LOCAL,
        given=True,
        text_version=CONSENT_TEXT_VERSION,
        text_hash=text_hash(FACE_LOCAL, "zh"),
        language="zh",
        channel="till",
        wall_ms=1,
        age=OLD_ENOUGH,
    )


if __name__ == "__main__":
    sys.exit(main())
