"""The copy of the printed bytes, cut into jobs and read; runs beside the line, never in it.

A job ends with a cut, with silence, or with a shorter silence after the drawer's pulse (the drawer
opens when it is paid, and not every printer has a knife). Pure but for its clock, which is given.
"""

from dataclasses import replace

from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.till_escpos import star
from edge_agent.drivers.till_escpos.commands import DLE
from edge_agent.drivers.till_escpos.frames import Command, Token, Tokenizer
from edge_agent.drivers.till_escpos.paper import Paper
from edge_agent.drivers.till_escpos.receipt import Rules, read_receipt
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.limits import RECEIPT_BYTES_MAX
from retail_core.texts.faults import FaultCode

_CUTS = frozenset({b"\x1dV", b"\x1bi", b"\x1bm"})
_PULSES = frozenset({b"\x1bp", b"\x10\x14"})
_QUESTIONS = frozenset({b"\x1dr", b"\x1dI", b"\x1da", b"\x1bv", b"\x1bu"})


class JobReader:
    """Collects bytes and gives receipts; one per till, used by one thread."""

    def __init__(self, till: str, profile: TillProfile) -> None:
        self._till = till
        self._job = profile.job
        self._rules = rules_of(profile)
        self._tokenizer = Tokenizer()
        self._paper = new_paper(profile)
        self._begin()

    def _begin(self) -> None:
        self._bytes = 0
        self._pulsed = False
        self._lost = self._amid = False
        self._last_ms: int | None = None

    def feed(self, data: bytes, now_ms: int) -> list[TappedReceipt]:
        """Take more bytes; returns the receipts that a cut ended."""
        receipts: list[TappedReceipt] = []
        for token in self._tokenizer.feed(data):
            if not _is_question(token):
                self._last_ms = now_ms
            self._print(token)
            if isinstance(token, Command) and _cuts(token):
                receipts += self._tear_off()
        if self._tokenizer.inside_command:
            self._last_ms = now_ms
        return receipts

    def begin_amid(self, now_ms: int) -> None:
        """Begin somewhere inside a job: what comes until it ends is no whole receipt."""
        self._amid, self._last_ms = True, now_ms

    def lose(self) -> None:
        """Note that bytes of this job were not copied: it cannot be trusted."""
        self._lost = True

    def wait_ms(self, now_ms: int) -> int | None:
        """Return how much silence is left until the job is over; None when there is no job."""
        if self._last_ms is None:
            return None
        allowed = self._job.pulse_idle_ms if self._pulsed else self._job.idle_ms
        return max(0, self._last_ms + allowed - now_ms)

    def silence(self, now_ms: int) -> list[TappedReceipt]:
        """End the job when it has been quiet for long enough."""
        return self.hang_up() if self.wait_ms(now_ms) == 0 else []

    def disconnected(self) -> list[TappedReceipt]:
        """End the job with its connection, unless this till makes several for one receipt."""
        return [] if self._job.connections == "several" else self.hang_up()

    def hang_up(self) -> list[TappedReceipt]:
        """End the job, whole or not, because nothing more comes."""
        self._paper.write(self._tokenizer.finish())
        return self._tear_off()

    def _print(self, token: Token) -> None:
        self._bytes += len(token.raw)
        self._lost = self._lost or self._bytes > RECEIPT_BYTES_MAX
        if not self._lost:
            self._paper.write((token,))
        self._pulsed = self._pulsed or (isinstance(token, Command) and token.code in _PULSES)

    def _tear_off(self) -> list[TappedReceipt]:
        """Read what is on paper; a job that printed nothing is none."""
        sheet, lost = self._paper.tear_off(), self._lost or self._amid
        self._begin()
        if not sheet.lines and not sheet.raster_bytes:
            return []
        receipt = read_receipt(sheet, self._rules, till=self._till)
        return [replace(receipt, fault=FaultCode.TILL_STREAM_TRUNCATED) if lost else receipt]


def _cuts(command: Command) -> bool:
    return command.code == star.CUT if command.star else command.code in _CUTS


def _is_question(token: Token) -> bool:
    """Whether a token only asks the printer how it is, which some tills do all day."""
    return isinstance(token, Command) and (token.code[:1] == DLE or token.code in _QUESTIONS)


def new_paper(profile: TillProfile) -> Paper:
    """Return paper for a printer of this profile."""
    return Paper(
        encoding=profile.paper.encoding,
        code_pages={int(page): codec for page, codec in profile.paper.code_pages.items()},
        dots_per_column=profile.paper.dots_per_column,
    )


def rules_of(profile: TillProfile) -> Rules:
    """Return what a profile says about reading receipts."""
    words = {meaning: getattr(profile.words, meaning.value, ()) for meaning in Meaning}
    return Rules(
        profile.name,
        profile.numbers.decimal,
        Vocabulary(words),
        places=profile.numbers.places,
        items=profile.items,
        numbering=profile.numbering,
    )
