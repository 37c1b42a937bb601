"""Does each model run on this processor, and right? Asked of a process that may die of it.

A wheel built for another processor ends with an illegal instruction, not with an exception; a
program that tried it in its own process would be gone, and with it the till. So a child loads each
model, feeds it a fixed picture and says what came out: `python -m …selftest` reads a `Request` on
stdin and writes the digests on stdout. Only `examine` decides what they mean.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from edge_agent.drivers.face_onnx.session import Session, Tensor
from retail_core.errors import Fault
from retail_core.identity.model_card import KnownAnswer, ModelCard, Shape
from retail_core.texts.faults import FaultCode

TIME_LIMIT_S = 30.0
# A free side of the input; the detector wants a multiple of 32.
FREE_SIDE = 128
FIRST_VALUES = 8
# Other processors add in another order; weights of another net or a broken kernel differ by far
# more. Relative to the length of the answer, and to the size of its values.
TOLERANCE = 2e-3

Answers = dict[str, dict[str, KnownAnswer]]


class Request(msgspec.Struct, frozen=True):
    """What the child is to load."""

    models_dir: str
    models: dict[str, ModelCard]


def child_command() -> tuple[str, ...]:
    """Return how the child is started."""
    return (sys.executable, "-m", "edge_agent.drivers.face_onnx.selftest")


def examine(
    models_dir: Path,
    models: Mapping[str, ModelCard],
    *,
    command: Sequence[str] | None = None,
    time_limit_s: float = TIME_LIMIT_S,
) -> None:
    """Run the self-test; Faults MODEL_CRASHED, MODEL_HANGS, MODEL_ANSWERS_WRONG."""
    asked = msgspec.json.encode(Request(str(models_dir), dict(models)))
    try:
        done = subprocess.run(  # noqa: S603 - our own module, our own interpreter
            tuple(command or child_command()),
            input=asked,
            capture_output=True,
            timeout=time_limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Fault(FaultCode.MODEL_HANGS, seconds=round(time_limit_s)) from None
    if done.returncode != 0:
        raise Fault(FaultCode.MODEL_CRASHED, how=_how(done))
    try:
        answers = msgspec.json.decode(done.stdout, type=Answers)
    except msgspec.DecodeError as error:
        raise Fault(FaultCode.MODEL_CRASHED, how=str(error)) from None
    for name, card in models.items():
        if not card.known or not all(
            _alike(wanted, answers.get(name, {}).get(output))
            for output, wanted in card.known.items()
        ):
            raise Fault(FaultCode.MODEL_ANSWERS_WRONG, name=name)


def answer_of(session: Session, inputs: Mapping[str, Shape]) -> dict[str, KnownAnswer]:
    """Run one model on the fixed picture; return the digest of each output."""
    outputs = session.run(picture_for(next(iter(inputs.values()))))
    return {
        name: KnownAnswer(
            norm=round(float(np.linalg.norm(values)), 6),
            first=tuple(round(float(v), 6) for v in values.reshape(-1)[:FIRST_VALUES]),
        )
        for name, values in outputs.items()
    }


def picture_for(shape: Shape) -> Tensor:
    """Return the fixed input: smooth waves between 0 and 255, another in each colour."""
    size = tuple(side if isinstance(side, int) else FREE_SIDE for side in shape)
    at = np.indices(size).astype(np.float64)
    phase = sum(at[axis] * (0.11 + 0.07 * axis) for axis in range(len(size)))
    return np.asarray(127.5 + 127.5 * np.sin(phase), np.float32)


def _alike(wanted: KnownAnswer, got: KnownAnswer | None) -> bool:
    if got is None or len(got.first) != len(wanted.first):
        return False
    reach = max(map(abs, wanted.first), default=0.0)
    values = np.abs(np.subtract(got.first, wanted.first)).max(initial=0.0)
    # Written so that not-a-number is never alike.
    near = abs(got.norm - wanted.norm) <= TOLERANCE * wanted.norm + TOLERANCE
    return bool(near and values <= TOLERANCE * reach + TOLERANCE)


def _how(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"exit {done.returncode}: {said[-1][:200] if said else '-'}"


def main() -> int:
    """Be the child."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    answers: Answers = {}
    for name, card in asked.models.items():
        answers[name] = answer_of(Session(name, Path(asked.models_dir), card), card.inputs)
    sys.stdout.buffer.write(msgspec.json.encode(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
