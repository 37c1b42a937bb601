"""onnxruntime sessions over models that were proven by hash before a byte of them was parsed."""

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from retail_core.errors import Fault
from retail_core.identity.model_card import ModelCard, Shape
from retail_core.texts.faults import FaultCode

QUIET = 3
Tensor = NDArray[np.float32]


class Session:
    """One loaded model with one input; safe to use from several threads."""

    def __init__(self, name: str, models_dir: Path, model: ModelCard) -> None:
        content = _proven(name, models_dir / model.file, model.sha256)
        options = ort.SessionOptions()
        # A lane's box has few cores and other work: no pool, and no spinning between frames.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = QUIET
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._run = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own errors share no public base
            raise Fault(FaultCode.MODEL_SHAPE, name=name) from error
        self._input = next(iter(model.inputs))
        self.outputs = tuple(model.outputs)
        _check_shapes(name, self._run.get_inputs(), model.inputs)
        _check_shapes(name, self._run.get_outputs(), model.outputs)

    def run(self, blob: Tensor) -> dict[str, Tensor]:
        """Run the model on one input tensor; return its outputs by name."""
        values = self._run.run(list(self.outputs), {self._input: blob})
        return dict(zip(self.outputs, values, strict=True))


def _proven(name: str, path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Fault(FaultCode.MODEL_MISSING, name=name) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Fault(FaultCode.MODEL_HASH, name=name)
    return content


def _check_shapes(name: str, found: list[ort.NodeArg], wanted: dict[str, Shape]) -> None:
    shapes = {node.name: tuple(node.shape) for node in found}
    if shapes != wanted:
        raise Fault(FaultCode.MODEL_SHAPE, name=name)
