"""Diagnostics of a box in one archive: what each collector says, in time, in bounds, redacted.

A collector is a plug-in: it has a name and says something as text. One that hangs or breaks is
named in the archive instead, and keeps nobody else from being heard.
"""

import io
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from edge_agent.domain.diag_redact import Redactor
from edge_agent.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.late import Late
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    import tarfile
else:
    tarfile = Late("tarfile")

TEXT_BYTES_MAX = 256 * 1024
COLLECTORS_MAX = 32
TIME_BOX_S = 5.0
CUT = "… cut: the end is kept …\n"

log = structlog.get_logger("diag")


@dataclass(frozen=True, slots=True)
class Collector:
    """A plug-in: `name` is its file's name in the archive; `collect` may take `seconds`."""

    name: str
    collect: Callable[[], str]
    seconds: float = TIME_BOX_S


class Diagnostics:
    """Collects for whoever asks: the command, the technician's page, HQ."""

    def __init__(self, collectors: Iterable[Collector], redactor: Redactor, clock: Clock) -> None:
        self._collectors = tuple(collectors)[:COLLECTORS_MAX]
        self._redactor = redactor
        self._clock = clock
        self._busy = threading.Lock()

    def archive(self, by: str) -> bytes:
        """Return the archive (tar.gz); Fault HEALTH_DIAG_BUSY while one is being made."""
        if not self._busy.acquire(blocking=False):
            raise Fault(FaultCode.HEALTH_DIAG_BUSY)
        try:
            said = {one.name: self._said(one) for one in self._collectors}
        finally:
            self._busy.release()
        packed = pack(said, self._clock.now().wall_ms // 1_000)
        log.info("diag", by=by, bytes=len(packed), parts=len(said))
        return packed

    def _said(self, collector: Collector) -> str:
        """Return what a collector says within its time, redacted first and bounded after."""
        said: list[str] = []

        def run() -> None:
            try:
                said.append(collector.collect())
            except Exception as error:  # noqa: BLE001 -- a broken part is what is looked for
                said.append(f"broke: {type(error).__name__}\n")

        # Nobody waits for one that hangs; it ends with the program.
        asking = threading.Thread(target=run, name=f"diag-{collector.name}", daemon=True)
        asking.start()
        asking.join(collector.seconds)
        if not said:
            return f"took longer than {collector.seconds:g} s\n"
        return bounded(self._redactor.clean(said[0]))


def bounded(text: str) -> str:
    """Return the text, or its end where it is too long."""
    content = text.encode()
    if len(content) <= TEXT_BYTES_MAX:
        return text
    return CUT + content[-TEXT_BYTES_MAX:].decode(errors="ignore")


def pack(files: dict[str, str], at_s: int) -> bytes:
    """Return a tar.gz of texts."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(f"diag/{name}")
            entry.size, entry.mtime, entry.mode = len(content), at_s, 0o600
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
