"""A till that asks what a test tells it to ask."""

import queue

from edge_agent.domain.till_request import TillAnswer, TillRequest


class FakeFramedTill:
    """Fulfils `FramedTill`."""

    def __init__(self, name: str = "fake till") -> None:
        self.name = name
        self.answers: list[tuple[TillRequest, TillAnswer]] = []
        self._requests: queue.Queue[TillRequest] = queue.Queue()
        self._state = "starting"

    def ask(self, request: TillRequest) -> None:
        """Let the till ask."""
        self._requests.put(request)

    def unplug(self) -> None:
        """Let the line be gone."""
        self._state = "gone"

    def start(self) -> None:
        self._state = "ok"

    def next_request(self, *, timeout_ms: int) -> TillRequest | None:
        try:
            return self._requests.get(timeout=timeout_ms / 1000)
        except queue.Empty:
            return None

    def answer(self, request: TillRequest, answer: TillAnswer) -> None:
        self.answers.append((request, answer))

    def state(self) -> str:
        return self._state

    def stop(self) -> None:
        self._state = "starting"
