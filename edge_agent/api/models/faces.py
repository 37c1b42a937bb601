"""Faces as the box keeps them."""

from edge_agent.api.models.base import Answered
from retail_core.texts.faults import FaultCode


class RotationAnswered(Answered):
    """The epoch in use; `code` says why the last renewal did not succeed."""

    epoch: int
    running: bool
    code: FaultCode | None = None
