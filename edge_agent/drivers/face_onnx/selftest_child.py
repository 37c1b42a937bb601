"""The child of the self-test: loads each model, runs it once, says what came out."""

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from edge_agent.drivers.face_onnx.selftest import REFUSED, Answers, Refusal, Request
from edge_agent.drivers.face_onnx.session import Session, Tensor
from retail_core.errors import Fault
from retail_core.identity.model_card import KnownAnswer, Shape

# A free side of the input; the detector wants a multiple of 32.
FREE_SIDE = 128
FIRST_VALUES = 8
NO_NUMBER = 1e30


def answer_of(session: Session, inputs: Mapping[str, Shape]) -> dict[str, KnownAnswer]:
    """Run one model on the fixed picture; return the digest of each output."""
    outputs = session.run(picture_for(next(iter(inputs.values()))))
    return {name: _digest(values) for name, values in outputs.items()}


def picture_for(shape: Shape) -> Tensor:
    """Return the fixed input: smooth waves between 0 and 255, another in each colour."""
    size = tuple(side if isinstance(side, int) else FREE_SIDE for side in shape)
    at = np.indices(size).astype(np.float64)
    phase = sum(at[axis] * (0.11 + 0.07 * axis) for axis in range(len(size)))
    return np.asarray(127.5 + 127.5 * np.sin(phase), np.float32)


def _digest(values: Tensor) -> KnownAnswer:
    # What is no number cannot travel as JSON, and must not look like one that is right.
    plain = np.nan_to_num(values.reshape(-1).astype(np.float64), nan=NO_NUMBER)
    first = tuple(round(float(value), 6) for value in plain[:FIRST_VALUES])
    return KnownAnswer(norm=round(float(np.linalg.norm(plain)), 6), first=first)


def main() -> int:
    """Be the child."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    answers: Answers = {}
    try:
        for name, card in asked.models.items():
            answers[name] = answer_of(Session(name, Path(asked.models_dir), card), card.inputs)
    except Fault as fault:
        fields = {name: str(value) for name, value in fault.fields.items()}
        sys.stdout.buffer.write(msgspec.json.encode(Refusal(fault.code, fields)))
        return REFUSED
    sys.stdout.buffer.write(msgspec.json.encode(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
