"""GStreamer's RTSP server showing the clock of `sim_clock`: a real peer for RTSP cameras.

    /usr/bin/python3 gst_rtsp.py jpeg|h264 FPS WIDTH HEIGHT      (prints its port, reads `block`)

Runs on Debian's python3, which has GStreamer's binding and not our packages; so the clock is drawn
with bytes alone.
"""
# mypy: ignore-errors
# GStreamer's binding is Debian's and not in this environment.

import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 -- after the versions are named

ENCODERS = {
    "jpeg": "jpegenc quality=85 ! rtpjpegpay name=pay0 pt=26",
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} bitrate=2000"
    " ! rtph264pay name=pay0 pt=96 config-interval=1",
}
BITS = 32
BLACK, GREY, WHITE, NEUTRAL = b"\x10", b"\x78", b"\xeb", b"\x80"


def draw(width: int, height: int) -> bytes:
    """Return an I420 frame of this moment."""
    ms = time.monotonic_ns() // 1_000_000 % (1 << BITS)
    bits = [ms >> place & 1 for place in range(BITS)]
    row, block = height // 8, width // BITS
    grey = GREY * width
    lines = (
        b"".join((WHITE if bit else BLACK) * block for bit in line).ljust(width, GREY)
        for line in (bits, [1 - bit for bit in bits])
    )
    stripes = b"".join(line * row for line in lines)
    return grey * 2 * row + stripes + grey * (height - 4 * row) + NEUTRAL * (width * height // 2)


class Clock(GstRtspServer.RTSPMediaFactory):
    """A stream for each viewer; `hung` tells the older ones to be silent."""

    hung = 0

    def __init__(self, codec: str, fps: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.fps, self.size = fps, size
        self.encoder = ENCODERS[codec].format(fps=fps)

    def do_create_element(self, _url: object) -> Gst.Element:
        """Build the pipeline."""
        width, height = self.size
        caps = f"video/x-raw,format=I420,width={width},height={height},framerate={self.fps}/1"
        source = "appsrc name=src is-live=true do-timestamp=true block=true format=time"
        return Gst.parse_launch(f"( {source} caps={caps} ! {self.encoder} )")

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        """Feed it from a thread of its own."""
        source = media.get_element().get_child_by_name("src")
        threading.Thread(target=self.feed, args=(source, self.hung), daemon=True).start()

    def feed(self, source: Gst.Element, born: int) -> None:
        """Push a picture a period until the viewer is gone."""
        while True:
            if self.hung == born:
                frame = Gst.Buffer.new_wrapped(draw(*self.size))
                if source.emit("push-buffer", frame) != Gst.FlowReturn.OK:
                    return
            time.sleep(1 / self.fps)


def main() -> None:
    """Serve until standard input is closed."""
    codec, fps, width, height = sys.argv[1:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = Clock(codec, int(fps), (int(width), int(height)))
    server.get_mount_points().add_factory("/lane", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()
    print(server.get_bound_port(), flush=True)
    for _order in sys.stdin:
        factory.hung += 1


if __name__ == "__main__":
    main()
