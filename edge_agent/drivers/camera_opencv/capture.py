"""The capture process: `python -m edge_agent.drivers.camera_opencv.capture`, started by the driver.

Its orders come as one line of JSON on standard input; when that pipe closes, whoever started it is
gone and it ends at once, even inside a blocked read.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv.picture_source import Broken, Gone, PictureSource
from edge_agent.drivers.camera_opencv.slot import Counters, Phase, SharedFrames, Shot

REOPEN_FIRST_S = 0.1
REOPEN_MAX_S = 1.0
HEARTBEAT_S = 0.2


def open_source(source: CameraSource, fps: float) -> PictureSource:
    """Open a source; `fps` is asked of cameras that can be asked. Raises Gone.

    OpenCV is loaded only for who needs it: the Pi's camera starts half a second sooner without.
    """
    if source.kind == "rpicam":
        from edge_agent.drivers.camera_opencv.rpicam import RpicamSource  # noqa: PLC0415 - see above

        return RpicamSource(source, fps)
    import cv2  # noqa: PLC0415 - see above

    from edge_agent.drivers.camera_opencv.mjpeg import (  # noqa: PLC0415 - see above
        MjpegSource,
        NoParts,
    )
    from edge_agent.drivers.camera_opencv.sources import (  # noqa: PLC0415 - see above
        FileSource,
        StreamSource,
    )

    cv2.setNumThreads(1)
    if source.kind == "file":
        return FileSource(source)
    if source.kind == "mjpeg":
        with contextlib.suppress(NoParts):
            return MjpegSource(source)
    # FFmpeg reads whatever else an address may answer with.
    return StreamSource(source, fps)


class Capture:
    """Reads one source for ever; every frame goes to the shared memory, newest wins."""

    def __init__(self, frames: SharedFrames, source: CameraSource, fps: float) -> None:
        self._frames = frames
        self._source = source
        self._fps = fps
        self._period_s = 1 / fps
        # The memory outlives a restart of this process: go on counting.
        self._facts = replace(frames.counters(), phase=Phase.STARTING)

    def run(self) -> None:
        """Open, read, and open again when the source is gone; never returns."""
        pause_s = REOPEN_FIRST_S
        while True:
            opened = self._facts.opened
            with contextlib.suppress(Gone):
                self._play()
            if self._facts.opened > opened:
                pause_s = REOPEN_FIRST_S
            self._tell(phase=Phase.GONE)
            self._rest(pause_s)
            pause_s = min(pause_s * 2, REOPEN_MAX_S)

    def _play(self) -> None:
        self._tell()
        source = open_source(self._source, self._fps)
        try:
            due = time.monotonic()
            first = True
            while True:
                self._one(source, first=first)
                first = False
                due = max(due + self._period_s, time.monotonic() - self._period_s)
                if not source.paced:
                    self._rest(due - time.monotonic())
        finally:
            source.close()

    def _one(self, source: PictureSource, *, first: bool) -> None:
        try:
            picture = source.read()
        except Broken:
            self._tell(broken=self._facts.broken + 1)
            return
        now_ns = time.monotonic_ns()
        seq = self._facts.newest + 1
        self._frames.put(Shot(seq, now_ns, picture))
        self._tell(newest=seq, phase=Phase.OPEN, opened=self._facts.opened + first)
        self._frames.notify()

    def _tell(
        self,
        *,
        newest: int | None = None,
        broken: int | None = None,
        opened: int | None = None,
        phase: Phase | None = None,
    ) -> None:
        facts = self._facts
        self._facts = Counters(
            newest=facts.newest if newest is None else newest,
            heartbeat_ns=time.monotonic_ns(),
            broken=facts.broken if broken is None else broken,
            opened=facts.opened if opened is None else opened,
            phase=facts.phase if phase is None else phase,
        )
        self._frames.tell(self._facts)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, HEARTBEAT_S))
            self._tell()


def _end_with_parent() -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1):
            pass
    os._exit(0)


def main() -> None:
    """Read the orders and capture until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    orders = json.loads(_read_line())
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    frames = SharedFrames(orders["memory"], orders["signal"])
    Capture(frames, CameraSource.parse(orders["source"]), orders["fps"]).run()


def _read_line() -> bytes:
    """Read one line byte by byte, so that nothing of what follows is buffered away."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            os._exit(0)
        line += byte
    return line


if __name__ == "__main__":
    main()
