"""What others make of the same frames with a member's code: how many are read, and how fast."""

import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from edge_agent.drivers.qr.decoders import load_zbar, zbar
from edge_agent.drivers.qr.reader import QrCascade, as_grey
from edge_agent.drivers.qr.sim import Look, render
from retail_core.identity.member_code import key_id_of, mint
from tools.bench.report import Row

Picture = NDArray[np.uint8]
CODE_TTL_S = 60


def peers_on(phone: Ed25519PrivateKey, rounds: int, look: Callable[[int], Look]) -> Iterable[Row]:
    """Yield the decoder's own time on these frames, ours with the peers' beside it."""
    private = phone.private_bytes_raw()
    key_id = key_id_of(phone.public_key().public_bytes_raw())
    now_s = int(time.time())
    minted = [mint(private, key_id, now_s, CODE_TTL_S, n.to_bytes(8, "big")) for n in range(rounds)]
    frames = [render(code, look(number)) for number, code in enumerate(minted)]
    cascade, library, detector = QrCascade(), load_zbar(), cv2.QRCodeDetector()
    ours = _run(frames, lambda frame: bool(cascade.read(frame)))
    theirs = {
        "cv2.QRCodeDetector": _run(frames, lambda frame: _opencv(frame, detector)),
        "pyzbar alone": _run(frames, lambda frame: _zbar(frame, library)),
    }
    told = "; ".join(f"{name} {share:.0f} % in {ms:.1f} ms" for name, (share, ms) in theirs.items())
    share, took = ours
    yield Row("QR decoder alone on these frames, right", share, "%", 100.0, "higher", peer=told)
    yield Row("QR decoder alone on these frames p50", took, "ms", peer=told)


def _run(frames: list[Picture], read: Callable[[Picture], bool]) -> tuple[float, float]:
    times, right = [], 0
    for frame in frames:
        began = time.perf_counter()
        right += read(frame)
        times.append((time.perf_counter() - began) * 1_000)
    return 100 * right / len(frames), median(times)


def _opencv(frame: Picture, detector: Any) -> bool:
    try:
        text, _, _ = detector.detectAndDecode(frame)
    except cv2.error:
        return False
    return bool(text)


def _zbar(frame: Picture, library: Any) -> bool:
    return any(seen.payload for seen in zbar(as_grey(frame), library))
