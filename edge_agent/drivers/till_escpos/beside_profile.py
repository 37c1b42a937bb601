"""What would be read without a till's profile: said where the profile no longer fits.

A till gets new software and prints in new columns: its profile then says less than no profile. Only
figures leave here, no name and no text.
"""

from edge_agent.domain.tapped_receipt import OTHER, TappedReceipt
from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.profiles.till import Items, Numbering, Numbers, ReceiptWords
from edge_agent.drivers.till_escpos.jobs import JobReader
from retail_core.texts.faults import FaultCode

_MISREAD = frozenset({FaultCode.TILL_RECEIPT_UNREADABLE, FaultCode.TILL_TOTAL_MISMATCH})


class BesideProfile:
    """Reads a line's bytes a second time, by nothing but what the paper shows."""

    def __init__(self, profile: TillProfile) -> None:
        bare = profile.model_copy(
            update={
                "items": Items(),
                "words": ReceiptWords(),
                "numbers": Numbers(),
                "numbering": Numbering(),
            }
        )
        self._jobs = None if bare == profile else JobReader("", bare)
        self._ended: list[TappedReceipt] = []

    def saw(self, data: bytes, now_ms: int) -> None:
        """Take a block of the line."""
        if self._jobs is not None:
            self._ended += self._jobs.feed(data, now_ms)

    def instead(self, receipt: TappedReceipt) -> dict[str, int] | None:
        """Return `lines` and `total_fen` read without the profile of a job that it did not fit."""
        if self._jobs is None:
            return None
        ended = self._ended or self._jobs.hang_up()
        bare = ended[0] if ended else None
        self._ended = ended[1:]
        misread = receipt.fault in _MISREAD
        if not misread or bare is None or bare.fault is not None or bare.kind == OTHER:
            return None
        return {"lines": len(bare.lines), "total_fen": bare.total_fen or 0}
