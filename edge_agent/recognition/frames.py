"""The frames of one race for one reader."""

from edge_agent.ports.camera import Camera, Frame
from edge_agent.recognition.race import Race
from retail_core.texts.faults import FaultCode

# A picture taken this long before the call still shows who stands there.
FRAME_FRESH_MS = 250


class Frames:
    """Each frame at most once, none that is too old."""

    def __init__(self, camera: Camera, race: Race) -> None:
        self._camera = camera
        self._race = race
        self._seq = 0

    def next(self) -> Frame | None:
        """Return the next frame, or None when the race is over."""
        if self._seq and self._race.pace_ms:
            self._race.rest(self._race.pace_ms)
        while not self._race.is_over():
            frame = self._camera.newest(after_seq=self._seq, timeout_ms=self._race.slice_ms())
            if frame is None:
                self._complain()
                continue
            self._seq = frame.seq
            if frame.captured_mono_ms >= self._race.began_ms - FRAME_FRESH_MS:
                return frame
        return None

    def _complain(self) -> None:
        state = self._camera.state()
        if state == "stalled":
            self._race.refuse(FaultCode.CAMERA_STALLED, news=False)
        elif state == "gone":
            self._race.refuse(FaultCode.CAMERA_OPEN, news=False)
