"""What a process of its own shall measure about galleries: memory is only honest when it is fresh.

`search N`: fill in memory and search, beside numpy's float32 product. `rows N`: store N encrypted
rows, open the file anew and be ready. `agent N`: everything a box has in memory, with N templates.
Prints one JSON object.
"""

import json
import os
import sys
import tempfile
import time
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
from edge_agent.recognition.gallery import Gallery
from retail_core.tally import FaultTally
from tools import build_models
from tools.bench.counter import on_frame, photo, strangers
from tools.bench.report import percentile

MODEL, WIDTH = "bench@000000000000", 512
SEARCHES = 400
REST_S = 0.002
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
    """Return p50, p95 and p99 of a search, the memory of the gallery, and the peer's figures."""
    before = resident_mb()
    gallery = Gallery(MODEL, strangers(count, MODEL, WIDTH))
    grown = resident_mb() - before
    random = np.random.default_rng(2)
    probes = random.normal(size=(SEARCHES, WIDTH)).astype(np.float32)
    probes /= np.linalg.norm(probes, axis=1)[:, None]
    took = [_timed(gallery, probe) for probe in probes]
    result = {"mb": grown} | {f"p{n}": percentile(took, n) for n in (50, 95, 99)}
    del gallery
    floats = np.stack([one.embedding for one in strangers(count, MODEL, WIDTH)])
    blas = [_product(floats, probe) for probe in probes]
    return (
        result
        | {f"blas_p{n}": percentile(blas, n) for n in (50, 99)}
        | {"blas_mb": floats.nbytes / 1e6}
    )


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
    import edge_agent.__main__  # noqa: F401, PLC0415 -- all of the program's modules
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


def _timed(gallery: Gallery, probe: NDArray[np.float32]) -> float:
    time.sleep(REST_S)
    began = time.perf_counter()
    gallery.search(probe)
    return (time.perf_counter() - began) * 1_000


def _product(floats: NDArray[np.float32], probe: NDArray[np.float32]) -> float:
    time.sleep(REST_S)
    began = time.perf_counter()
    np.argmax(floats @ probe)
    return (time.perf_counter() - began) * 1_000


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
