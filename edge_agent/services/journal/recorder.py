"""The one door to the journal: who appends, in which order, and who hears of it.

The answer kept for an idempotent request names the sequence of what it answers, and both go to disk
in one transaction; so it is made inside the write. Tills that close sales at the same moment share
one sync of the disk.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from edge_agent.ports.journal import Beside, Draft, Journal, KeyedAnswer, Record
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

log = structlog.get_logger("journal")

Result = TypeVar("Result")
AnswerOf = Callable[[Result], KeyedAnswer]
AppendListener = Callable[[tuple[Record, ...]], None]


class Recorder:
    """Appends for every service of the box and tells its listeners after the data is on disk."""

    def __init__(self, journal: Journal, listeners: Sequence[AppendListener] = ()) -> None:
        self._journal = journal
        self._listeners = list(listeners)

    def listen(self, listener: AppendListener) -> None:
        """Call `listener` with every batch of new records, on the appending thread."""
        self._listeners.append(listener)

    def record(
        self,
        drafts: Sequence[Draft],
        result_at: Callable[[int], Result],
        answer: AnswerOf[Result] | None = None,
        *,
        beside: Beside | None = None,
    ) -> Result:
        """Append drafts and the answer made of their result; `result_at` gets the first sequence.

        `beside` is made durable with them or not at all. A write that is tried again makes them
        anew: the last ones stand.
        Raises Fault API_IDEMPOTENCY_KEY_REUSED when the key was answered meanwhile.
        """
        made: list[Result] = []

        def answered(seq: int) -> KeyedAnswer | None:
            made.append(result_at(seq))
            return None if answer is None else answer(made[-1])

        records = self._journal.append(drafts, answer=answered, beside=beside)
        if drafts and not records:
            raise Fault(FaultCode.API_IDEMPOTENCY_KEY_REUSED)
        for listener in self._listeners:
            self._told(listener, records)
        return made[-1]

    @staticmethod
    def _told(listener: AppendListener, records: tuple[Record, ...]) -> None:
        """Tell one; what it cannot do does not undo what is on disk, nor keep the others from it.

        A sale whose answer became an error would be rung up again, and its leases spent again.
        """
        try:
            listener(records)
        except Exception:
            log.exception("listener_failed", listener=getattr(listener, "__qualname__", "?"))
