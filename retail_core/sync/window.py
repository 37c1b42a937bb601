"""How much a frame may carry on this line, learned from how the last ones fared.

A frame that takes longer over a thin line than its resending waits is sent twice, which makes the
line thinner still. So what had to be sent again halves the window, and what was answered at the
first try doubles it, up to the limits of a frame. A live sale is smaller than any window.
"""

from dataclasses import dataclass

from retail_core import limits


@dataclass(frozen=True, slots=True)
class FrameWindow:
    """The most events and bytes (before packing) of one frame."""

    events: int = limits.FRAME_EVENTS_MAX
    bytes: int = limits.FRAME_BYTES_MAX

    def narrower(self) -> "FrameWindow":
        """Return half of it, and never less than a few sales."""
        return FrameWindow(
            max(limits.FRAME_ZSTD_FROM_EVENTS, self.events // 2),
            max(limits.FRAME_BYTES_FEW, self.bytes // 2),
        )

    def wider(self) -> "FrameWindow":
        """Return twice of it, within the limits of a frame."""
        return FrameWindow(
            min(limits.FRAME_EVENTS_MAX, self.events * 2),
            min(limits.FRAME_BYTES_MAX, self.bytes * 2),
        )
