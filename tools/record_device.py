"""Recordings of tills: made from raw captures, played again, taken apart.

`python -m tools.record_device redact IN.bin OUT.jsonl --profile NAME` makes a recording that may
leave the shop of bytes captured otherwise; `play FILE.jsonl PORT` sends one to a line with the
pauses it was recorded with (`--at-once` without); `bytes FILE.jsonl OUT.bin` takes the bytes out,
as `edge-agent evaluate escpos` and `edge-agent till learn` read them. A live till is recorded by
`edge-agent till doctor --record FILE`.
"""

import argparse
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from edge_agent.drivers.lines.transport import WakeUp, open_port
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.recording import Block, Recording, read_recording, written
from edge_agent.drivers.till_escpos.redact import redact
from retail_core.errors import Fault

KEY_BYTES = 32
EXIT_FAULT = 3


def redacted(data: bytes, profile: str, key: bytes) -> str:
    """Return a raw capture as a recording's text; of its times nothing is known."""
    return written(profile, (Block(0, redact(data, key)),))


def play(recording: Recording, port: str, *, at_once: bool = False) -> None:
    """Send a recording to a line, with its pauses; Fault TILL_PORT_OPEN, PortGoneError."""
    line, wake = open_port(port, SerialLine()), WakeUp()
    began = time.monotonic()
    try:
        for block in recording.blocks:
            pause = began + block.at_ms / 1000 - time.monotonic()
            if pause > 0 and not at_once:
                time.sleep(pause)
            left = block.data
            while left:
                left = left[line.write(left, wake) :]
    finally:
        line.close()
        wake.close()


def main(given: Sequence[str] | None = None) -> int:
    """Run one of the commands."""
    asked = _parser().parse_args(given)
    try:
        if asked.command == "redact":
            text = redacted(
                asked.source.read_bytes(), asked.profile, secrets.token_bytes(KEY_BYTES)
            )
            asked.target.write_text(text, encoding="utf-8")
        elif asked.command == "play":
            play(read_recording(asked.source), asked.port, at_once=asked.at_once)
        else:
            asked.target.write_bytes(read_recording(asked.source).data)
    except Fault as fault:
        sys.stderr.write(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}\n")
        return EXIT_FAULT
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.record_device")
    commands = parser.add_subparsers(dest="command", required=True)
    hide = commands.add_parser("redact", help="raw bytes to a recording with stand-ins")
    hide.add_argument("source", type=Path)
    hide.add_argument("target", type=Path)
    hide.add_argument("--profile", default="generic-zh-32")
    again = commands.add_parser("play", help="a recording to a line")
    again.add_argument("source", type=Path)
    again.add_argument("port")
    again.add_argument("--at-once", action="store_true")
    out = commands.add_parser("bytes", help="a recording's bytes")
    out.add_argument("source", type=Path)
    out.add_argument("target", type=Path)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
