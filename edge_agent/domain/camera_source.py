"""Where a lane's pictures come from, as it is written in the config file.

`file:PATH[?jitter=1&hold=N]`, `mjpeg:URL`, `rtsp://HOST/PATH`, `v4l2:DEVICE`,
`rpicam:[N][?width=W&height=H]`.
"""

from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl, urlsplit

from retail_core.texts.words import Words

CameraKind = Literal["file", "mjpeg", "rtsp", "v4l2", "rpicam"]
KINDS: tuple[CameraKind, ...] = get_args(CameraKind)
NEED = Words(
    "need file:PATH, mjpeg:URL, rtsp://HOST/PATH, v4l2:DEVICE or rpicam:[N]",
    "要写成 file:路径、mjpeg:网址、rtsp://主机/路径、v4l2:设备 或 rpicam:[号]",
)
RPICAM_PROGRAMS = ("rpicam-vid", "libcamera-vid")  # the second is the name before Bookworm
RPICAM_SIDE_MIN = 64
RPICAM_SIDE_MAX = 1_920
_HOLD_MAX = 100_000


@dataclass(frozen=True, slots=True)
class CameraSource:
    """A source as configured; `where` is a path, an address or a camera's number.

    `jitter` and `hold` belong to files. `width` and `height` are asked of the Pi's camera; the
    others send what they send.
    """

    kind: CameraKind
    where: str
    jitter: bool = False
    hold: int = 1
    width: int = 640
    height: int = 480

    @property
    def shown(self) -> str:
        """The source as people may see it: without the password in its address."""
        if self.kind not in {"mjpeg", "rtsp"}:
            return f"{self.kind}:{self.where}"
        parts = urlsplit(self.where)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"

    @classmethod
    def parse(cls, text: str) -> "CameraSource":
        """Read the configured text; ValueError says what is needed instead."""
        kind, _, rest = text.partition(":")
        if kind not in KINDS or (not rest and kind != "rpicam"):
            raise ValueError(NEED)
        match kind:
            case "file":
                path, asked = _options(rest, {"jitter", "hold"})
                hold = _number("hold", asked.get("hold", "1"), 0, _HOLD_MAX)
                return cls(kind, path, jitter=asked.get("jitter") == "1", hold=max(1, hold))
            case "rpicam":
                return _rpicam(rest)
            case "rtsp":
                return cls(kind, _addressed(text, {"rtsp"}))
            case "mjpeg":
                return cls(kind, _addressed(rest, {"http", "https"}))
            case _:
                return cls(cast("CameraKind", kind), rest)


def _rpicam(rest: str) -> CameraSource:
    number, asked = _options(rest, {"width", "height"})
    camera = _number("camera", number or "0", 0, 9)
    width = _number("width", asked.get("width", "640"), RPICAM_SIDE_MIN, RPICAM_SIDE_MAX)
    height = _number("height", asked.get("height", "480"), RPICAM_SIDE_MIN, RPICAM_SIDE_MAX)
    if width % 2 or height % 2:
        raise ValueError("rpicam: width and height are even, because colour is sampled by twos")
    return CameraSource("rpicam", str(camera), width=width, height=height)


def _addressed(url: str, schemes: set[str]) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(NEED)
    return url


def _options(text: str, known: set[str]) -> tuple[str, dict[str, str]]:
    what, _, query = text.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if strange := asked.keys() - known:
        raise ValueError(f"unknown option {', '.join(sorted(strange))}; there is: {sorted(known)}")
    return what, asked


def _number(name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f"{name}: need a number from {least} to {most}")
    return int(text)
