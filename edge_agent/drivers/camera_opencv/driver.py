"""The Camera port: starts, watches and ends the capture process; hands out its newest frame."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial

from edge_agent.drivers.camera_opencv.colour import grey_of, to_bgr
from edge_agent.drivers.camera_opencv.slot import Counters, Phase, SharedFrames
from edge_agent.ports.camera import Frame
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

NS_PER_MS = 1_000_000
PLANAR = 2
# RTSP over TCP passes a shop's switches; nothing is gathered before it is shown, and the frame rate
# is not worth the 0.7 s that FFmpeg would watch the stream for it.
OPTIONS = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay|fpsprobesize;0"
OPENCV = {
    "OPENCV_LOG_LEVEL": "OFF",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": OPTIONS,
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "1",
    # A header may promise a gigabyte of pixels; no camera has more than this.
    "OPENCV_IO_MAX_IMAGE_PIXELS": "50000000",
}
# A waiting caller looks for itself this often, whoever took the wake-up call.
LOOK_MS = 20


@dataclass(frozen=True, slots=True)
class CameraTiming:
    """When a camera counts as stalled, when its process is replaced, and how patiently."""

    stalled_after_ms: int = 1_500
    # A process that was reading and is silent for so long hangs in its device or its stream.
    hung_after_ms: int = 900
    opens_within_ms: int = 8_000
    # Importing OpenCV on a busy small machine takes seconds; killing it then would never end.
    begins_within_ms: int = 30_000
    watch_every_ms: int = 30
    restart_first_ms: int = 20
    restart_max_ms: int = 5_000
    goodbye_ms: int = 300


class CameraOpenCv:
    """A camera captured by a process of its own; `source` as in `CameraSource`."""

    def __init__(
        self,
        name: str,
        source: str,
        *,
        fps: float = 10.0,
        tally: FaultTally | None = None,
        timing: CameraTiming | None = None,
    ) -> None:
        self.name = name
        self._orders = {"source": source, "fps": fps}
        self._tally = tally or FaultTally()
        self._timing = timing or CameraTiming()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._watcher: threading.Thread | None = None
        self._frames: SharedFrames | None = None
        self._fds: tuple[int, int] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._started_ns = 0
        self._looks = 0

    def start(self) -> None:
        """Begin capturing; raises nothing, a device that cannot be opened shows in `state`."""
        with self._lock:
            if self._watcher is not None:
                return
            self._ending.clear()
            self._fds = SharedFrames.create()
            self._frames = SharedFrames(*self._fds)
            self._started_ns = time.monotonic_ns()
            self._child = self._spawn(self._fds)
            self._watcher = threading.Thread(target=self._watch, name=f"camera-{self.name}")
            self._watcher.start()

    def newest(self, *, after_seq: int, timeout_ms: int) -> Frame | None:
        """Return a frame newer than `after_seq`, or None when none came in time."""
        until = time.monotonic() + timeout_ms / 1000
        while True:
            with self._lock:
                if self._frames is None or self._fds is None:
                    return None
                frame = self._newer(self._frames, after_seq)
                signal = self._fds[1]
            left_ms = (until - time.monotonic()) * 1000
            if frame is not None or left_ms <= 0 or self._ending.is_set():
                return frame
            _wait_for(signal, min(left_ms, LOOK_MS))

    def state(self) -> str:
        """Return `ok`, `starting`, `stalled` or `gone`."""
        with self._lock:
            if self._frames is None or self._child is None:
                return "gone"
            facts, alive = self._frames.counters(), self._child.poll() is None
            shot_ns = self._frames.captured_ns(facts.newest)
        now_ns = time.monotonic_ns()
        fresh_ns = self._timing.stalled_after_ms * NS_PER_MS
        if shot_ns and now_ns - shot_ns <= fresh_ns:
            return "ok"
        if not alive or facts.phase is Phase.GONE:
            return "gone"
        young = now_ns - self._started_ns <= self._timing.begins_within_ms * NS_PER_MS
        return "starting" if facts.newest == 0 and young else "stalled"

    def looks(self) -> int:
        """Return how often the watcher looked after the capture process."""
        return self._looks

    def capture_pid(self) -> int | None:
        """Return the capture process's id, for who watches or stops it from outside."""
        child = self._child
        return None if child is None else child.pid

    def stop(self) -> None:
        """End the capture process and free the device; safe to call twice."""
        self._ending.set()
        watcher = self._watcher
        if watcher is not None:
            watcher.join()
        with self._lock:
            self._watcher = None
            if self._child is not None:
                self._end(self._child)
                self._child = None
            if self._frames is not None:
                self._frames.close()
                self._frames = None
            for descriptor in self._fds or ():
                os.close(descriptor)
            self._fds = None

    def _newer(self, frames: SharedFrames, after_seq: int) -> Frame | None:
        seq = frames.counters().newest
        shot = frames.take(seq) if seq > after_seq else None
        if shot is None:
            return None
        at_ms, image = shot.captured_ns // NS_PER_MS, shot.image
        if image.ndim > PLANAR:
            return Frame(shot.seq, at_ms, image)
        return Frame(shot.seq, at_ms, partial(to_bgr, image), grey_of(image))

    def _spawn(self, fds: tuple[int, int]) -> subprocess.Popen[bytes]:
        module = "edge_agent.drivers.camera_opencv.capture"
        child = subprocess.Popen(  # noqa: S603 -- our own module, our own interpreter
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=fds,
            env={**os.environ, **OPENCV},
        )
        orders = json.dumps({**self._orders, "memory": fds[0], "signal": fds[1]})
        if child.stdin is not None:
            child.stdin.write(orders.encode() + b"\n")
            child.stdin.flush()
        return child

    def _watch(self) -> None:
        """Replace a capture process that died or hangs; count what it reports."""
        known = Counters()
        pause_ms = self._timing.restart_first_ms
        spawned_ns = time.monotonic_ns()
        while not self._ending.wait(self._timing.watch_every_ms / 1000):
            self._looks += 1
            with self._lock:
                if self._frames is None or self._child is None or self._fds is None:
                    return
                facts, dead = self._frames.counters(), self._child.poll() is not None
            self._count(known, facts)
            if facts.newest > known.newest:
                pause_ms = self._timing.restart_first_ms
            known = facts
            if not dead and not self._hangs(facts, spawned_ns):
                continue
            self._tally.count(FaultCode.CAMERA_STALLED)
            self._child.kill()
            self._end(self._child)
            if self._ending.wait(pause_ms / 1000):
                return
            pause_ms = min(pause_ms * 2, self._timing.restart_max_ms)
            spawned_ns = time.monotonic_ns()
            with self._lock:
                self._child = self._spawn(self._fds)

    def _hangs(self, facts: Counters, spawned_ns: int) -> bool:
        allowed_ms = self._timing.begins_within_ms
        if facts.heartbeat_ns > spawned_ns:
            opened = facts.phase is Phase.OPEN
            allowed_ms = self._timing.hung_after_ms if opened else self._timing.opens_within_ms
        silent_ns = time.monotonic_ns() - max(facts.heartbeat_ns, spawned_ns)
        return silent_ns > allowed_ms * NS_PER_MS

    def _count(self, known: Counters, facts: Counters) -> None:
        for _ in range(facts.broken - known.broken):
            self._tally.count(FaultCode.FACE_IMAGE_BROKEN)
        if facts.phase is Phase.GONE and known.phase is not Phase.GONE:
            self._tally.count(FaultCode.CAMERA_OPEN)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(self._timing.goodbye_ms / 1000)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(signal: int, timeout_ms: float) -> None:
    poller = select.poll()
    poller.register(signal, select.POLLIN)
    if not poller.poll(timeout_ms):
        return
    try:
        os.eventfd_read(signal)
    except OSError:  # another waiting caller took the call
        return
