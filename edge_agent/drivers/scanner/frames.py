"""Where one scan ends and the next begins, and which letters have to wait until that is known.

A letter waits only while what was scanned may still turn out to be a member's code. Payment codes
begin with other digits, so none of their letters ever waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_agent.drivers.scanner.kinds import MemberForms, may_become_payment, without_aim
from retail_core.checkout.payment_codes import is_payment_code

SCAN_CHARS_MAX = 256
TERMINATORS = frozenset("\r\n\t")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of the oldest `taken` letters that wait; `ended` when a scan is over.

    `scan` is then its text, None when it was not read whole.
    """

    taken: int
    forwarded: bool = True
    ended: bool = False
    scan: str | None = None


class ScanGate:
    """Rules on letters as they come; `by_silence`: this scanner sends nothing behind a code."""

    def __init__(self, forms: MemberForms, *, by_silence: bool = False) -> None:
        self._forms = forms
        self._by_silence = by_silence
        self._text = ""
        self._waiting = 0
        self._broken = False
        self._kept_last = False
        self._piece = ""

    @property
    def is_idle(self) -> bool:
        """Whether nothing has begun that is not ended."""
        return not self._text

    def feed(self, letter: str) -> Iterator[Ruling]:
        """Rule on what waits, now that one more letter has come."""
        if letter in TERMINATORS:
            yield from self._end(letter)
            return
        self._text += letter
        self._kept_last = False
        whole = not self._broken and self._waiting == len(self._text) - 1
        if whole and self._forms.may_become(self._text):
            self._waiting += 1
        else:
            yield self._release(1)
        if len(self._text) >= SCAN_CHARS_MAX:
            self._text, self._broken = self._text[:1], True

    def silence(self) -> Iterator[Ruling]:
        """Rule when nothing more has come: a scan is over, or broken off."""
        if self._by_silence and self._text:
            yield self._silent(0)
            return
        if self._waiting:
            yield self._release(0)
        if self._text:
            self._text, self._broken = "", True

    def reset(self, *, unheard: bool = False) -> None:
        """Begin anew; what comes next may be the rest of something, also of what was `unheard`."""
        self._broken = self._broken or bool(self._text) or unheard
        self._text, self._waiting, self._kept_last = "", 0, False

    def _end(self, letter: str) -> Iterator[Ruling]:
        if self._text or self._broken:
            yield self._silent(1) if self._by_silence else self._whole(1)
        else:
            # The second half of CR LF shares the fate of the first.
            yield Ruling(1, forwarded=not (self._kept_last and letter == "\n"))
            self._kept_last = False

    def _whole(self, more: int) -> Ruling:
        text, waiting, broken = self._text, self._waiting, self._broken
        self._text, self._waiting, self._broken = "", 0, False
        keep = bool(waiting) and waiting == len(text) and not broken and self._forms.are(text)
        self._kept_last = keep
        return Ruling(waiting + more, not keep, ended=True, scan=None if broken else text)

    def _silent(self, more: int) -> Ruling:
        """Rule where silence ends a scan: a payment code that paused looks like several."""
        text, joined = self._text, self._piece + self._text
        ruling = self._whole(more)
        completes = bool(self._piece) and is_payment_code(without_aim(joined))
        longer = may_become_payment(joined)
        if not (completes or longer):
            joined, longer = text, may_become_payment(text)
        self._piece = joined if longer else ""
        told = not (completes or longer) or is_payment_code(without_aim(text))
        return ruling if told or not ruling.forwarded else replace(ruling, scan=None)

    def _release(self, more: int) -> Ruling:
        waiting, self._waiting = self._waiting, 0
        return Ruling(waiting + more)
