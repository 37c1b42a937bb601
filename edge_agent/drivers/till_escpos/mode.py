"""The settings a till left its printer in, so that they stand again after we printed something.

Nothing can be asked of a printer without the till hearing the answer, so they are read off the
till's own bytes: what it set since its last ESC @. Until one was seen nothing is known, and in page
mode or with downloaded letters an ESC @ would destroy what the till put there: `Unsafe` says so.
"""

from dataclasses import dataclass

from edge_agent.drivers.till_escpos.alphabet import CHINESE, CODE_PAGES, choose_encoding, is_ascii
from edge_agent.drivers.till_escpos.frames import Command, Control, Payload, Text, Token

INITIALISE = b"\x1b@"
_BEGIN_CHINESE, _END_CHINESE = b"\x1c&", b"\x1c."
_SAMPLE_BYTES_MAX = 4_096
_SELECTED = 0x01
_CODE_PAGE = b"\x1bt"
_DEVICE = b"\x1b="
_SPACING = b"\x1b3"
# One key for commands that undo each other, else the command's own prefix.
_KEYS = {b"\x1b2": _SPACING, _END_CHINESE: _BEGIN_CHINESE}
_SETTINGS = frozenset(
    lead + bytes((letter,))
    for lead, letters in (
        (b"\x1b", b" !-23EGMRTUVat{D="),
        (b"\x1d", b"!BHLPWabfhw"),
        (b"\x1c", b"!&-.CSW"),
    )
    for letter in letters
)
# Settings of which the first argument says which one.
_SELECTORS = frozenset({b"\x1bc", b"\x1d(K"})
_SYMBOL = b"\x1d(k"
_SYMBOL_FUNCTIONS = range(65, 80)
_DOWNLOADS = frozenset({b"\x1b&", b"\x1b%", b"\x1d*", b"\x1d:", b"\x1c2"})
CUTS = frozenset({b"\x1dV", b"\x1bi", b"\x1bm"})
_FEEDS = CUTS | {b"\x1bd", b"\x1bJ", b"\x1be", b"\x1dk", b"\x1dv"}


@dataclass(frozen=True, slots=True)
class Mode:
    """How the printer stands behind a job.

    `restore` brings it there from anywhere; `encoding` is the alphabet the last job's text was in,
    `chinese` whether the till asked for Chinese mode. `known` is
    False when nothing may be printed. `line_ended`: no text waits in the printer, neither now nor
    (`ended_before_cut`) before the last cut.
    """

    restore: bytes
    encoding: str
    chinese: bool
    known: bool
    line_ended: bool
    ended_before_cut: bool


class ModeReader:
    """Follows the tokens of a till; used by one thread."""

    def __init__(self, encoding: str = "auto", code_pages: dict[int, str] | None = None) -> None:
        self._told = None if encoding == "auto" else encoding
        self._code_pages = {**CODE_PAGES, **(code_pages or {})}
        self._known = False
        self._reset()
        self._samples = b""
        self._chinese_used = False
        self._line_start = self._ended_before_cut = True
        self._letters: tuple[str, bool] = (CODE_PAGES[0], False)

    def _reset(self) -> None:
        self._settings: dict[bytes, bytes] = {}
        self._page = self._downloaded = False

    def feed(self, token: Token) -> None:
        """Take the next token."""
        match token:
            case Text(raw):
                self._line_start = False
                if not is_ascii(raw):
                    self._samples = (self._samples + raw)[-_SAMPLE_BYTES_MAX:]
            case Control(raw):
                self._line_start = self._line_start or raw in {b"\n", b"\x0c"}
                self._page = self._page and raw != b"\x0c"
            case Command():
                self._command(token)
            case Payload():
                self._line_start = True
            case _:
                self._known = False  # what an unknown command set, nobody can set again

    def end_job(self) -> None:
        """Note that a job is over: the next one's letters are looked at anew."""
        self._letters = (self._encoding(), self._chinese_used)
        self._samples, self._chinese_used = b"", False

    def mode(self) -> Mode:
        """Return how the printer stands now, with the letters of the last job."""
        device = self._settings.get(_DEVICE, b"\x01")[-1]
        ready = self._known and not (self._page or self._downloaded) and bool(device & _SELECTED)
        encoding, chinese = self._letters
        return Mode(
            restore=INITIALISE + b"".join(self._settings.values()),
            encoding=encoding,
            chinese=chinese,
            known=ready,
            line_ended=self._line_start,
            ended_before_cut=self._ended_before_cut,
        )

    def lose(self) -> None:
        """Note that bytes were missed: nothing is known until the next ESC @."""
        self._known = False

    def _encoding(self) -> str:
        if self._told is not None:
            return self._told
        if self._chinese_used and self._samples:
            return CHINESE
        page = self._settings.get(_CODE_PAGE, b"\x00")[-1]
        told = self._code_pages.get(page) if page else None
        return choose_encoding(told, [self._samples])

    def _command(self, token: Command) -> None:
        code = token.code
        if code == INITIALISE:
            self._known = True
            self._reset()
            self._line_start = True
        elif code in {b"\x1bL", b"\x1bS"}:
            self._page = code == b"\x1bL"
        elif code in _DOWNLOADS:
            self._downloaded = True
        elif code in _FEEDS:
            if code in CUTS:
                self._ended_before_cut = self._line_start
            self._line_start = True
        else:
            self._setting(token)

    def _setting(self, token: Command) -> None:
        code, args = token.code, token.args
        key: bytes | None = None
        if code in _SETTINGS:
            key = _KEYS.get(code, code)
        elif code in _SELECTORS or (code + args[:1]) in _SELECTORS:
            key = code + args[:1] + args[3:4]
        elif code + args[:1] == _SYMBOL and args[4:5] and args[4] in _SYMBOL_FUNCTIONS:
            key = code + args[:1] + args[3:5]
        if key is not None:
            self._settings.pop(key, None)  # the last one set is set last again
            self._settings[key] = token.raw
        self._chinese_used = self._chinese_used or code == _BEGIN_CHINESE
