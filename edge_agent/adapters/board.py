"""The board's own secret: what a copied card does not bring along.

A Raspberry Pi can hold 256 bits in one-time programmable memory (`rpi-otp-private-key`, of
Debian's package raspi-utils-otp). Where they were never written its serial number is taken: a copy
of the card alone opens nothing, but whoever knows the number can try. Any other machine has
neither and is not bound.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretBytes

OTP_PROGRAM = "rpi-otp-private-key"
OTP_BYTES = 32
TIMEOUT_S = 5.0
# Taken for unburnt by mistake, the board would be another one, and its gallery put aside.
TRIES = 3
SERIAL = Path("/sys/firmware/devicetree/base/serial-number")


NOTHING = SecretBytes(b"")


@dataclass(frozen=True, slots=True)
class Board:
    """Where a secret was found, and the secret; `none` has an empty one.

    `weaker` is what the board had before its key was burnt: the serial number, empty for none.
    """

    kind: Literal["otp", "serial", "none"]
    secret: SecretBytes
    weaker: SecretBytes = NOTHING


UNBOUND = Board("none", NOTHING)


def read_board(program: str = OTP_PROGRAM, serial: Path = SERIAL) -> Board:
    """Return the strongest secret this board has; never raises."""
    path = shutil.which(program)
    asked = () if path is None else (_otp(path) for _ in range(TRIES))
    key = next((said for said in asked if said is not None), b"")
    number = _serial(serial)
    if any(key):
        return Board("otp", SecretBytes(key), SecretBytes(number))
    return Board("serial", SecretBytes(number)) if number else UNBOUND


def _otp(path: str) -> bytes | None:
    """Return what stands there, zeros where nothing was burnt; None when it did not answer."""
    try:
        done = subprocess.run(  # noqa: S603 -- found on PATH, no arguments
            [path], capture_output=True, timeout=TIMEOUT_S, check=True
        )
        key = bytes.fromhex(done.stdout.decode("ascii").strip())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return key if len(key) == OTP_BYTES else None


def _serial(path: Path) -> bytes:
    try:
        number = path.read_bytes().strip(b"\x00\n ")
    except OSError:
        return b""
    return number if number.strip(b"0") else b""
