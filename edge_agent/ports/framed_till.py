"""A till that asks the box in frames over a line."""

from typing import Protocol

from edge_agent.domain.till_request import TillAnswer, TillRequest


class FramedTill(Protocol):
    """One such till; a request is answered by handing it back."""

    name: str

    def start(self) -> None:
        """Open the line and listen; a missing line shows in `state`, retried."""
        ...

    def next_request(self, *, timeout_ms: int) -> TillRequest | None:
        """Return the next request from the bounded queue, or None when none came in time."""
        ...

    def answer(self, request: TillRequest, answer: TillAnswer) -> None:
        """Answer a request; it is repeated until the till has it, or counted as unanswered."""
        ...

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        ...

    def stop(self) -> None:
        """Close the line; safe to call twice."""
        ...
