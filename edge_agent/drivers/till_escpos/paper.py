"""The printer's head: follows state and position over the tokens of one job; draws nothing.

Columns matter more than blanks: tills set them by spaces, by tab stops or by ESC $ in dots. So the
model knows position, letter width, left margin, tab stops, page mode, the alphabet it was told, and
whether the printer is the device that listens.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from edge_agent.drivers.till_escpos import star
from edge_agent.drivers.till_escpos.alphabet import CHINESE, CODE_PAGES, JAPANESE, choose_encoding
from edge_agent.drivers.till_escpos.frames import Command, Control, CutOff, Text, Token
from edge_agent.drivers.till_escpos.layout import Row, Run, Sheet, compose

DOTS_PER_COLUMN = 12
_TAB_COLUMNS = 8
_LINE_DOTS = 30
_PICTURES = frozenset({b"\x1b*", b"\x1dv", b"\x1dQ", b"\x1d8"})
_PICTURE_FUNCTIONS = b"\x1d("
PULSES = frozenset({b"\x1bp", b"\x10\x14"})
_CUTS = frozenset({b"\x1dV", b"\x1bi", b"\x1bm"})


def _raw_of(runs: list[Run], encoding: str | None) -> Iterator[bytes]:
    return (run.raw for run in runs if run.encoding == encoding)


@dataclass(slots=True)
class _State:
    """The printer's settings and the place of its head, as ESC @ leaves them."""

    x: int = 0
    y: int = 0
    margin: int = 0
    jumped: bool = True
    returned: bool = False
    wide: bool = False
    tall: bool = False
    narrow: bool = False
    chinese: bool | None = None
    shift_jis: bool = False
    star_page: str | None = None
    code_page: int = 0
    national: int = 0
    tabs: tuple[int, ...] = ()
    selected: bool = True


class Paper:
    """What tokens leave on the paper."""

    def __init__(
        self,
        *,
        encoding: str = "auto",
        code_pages: Mapping[int, str] | None = None,
        dots_per_column: int = DOTS_PER_COLUMN,
    ) -> None:
        self._told = None if encoding == "auto" else encoding
        self._code_pages = {**CODE_PAGES, **(code_pages or {})}
        self._dots = dots_per_column
        self._state = _State()
        self._handlers = self._handlers_by_code()
        self._blank()

    def _blank(self) -> None:
        """Take fresh paper; the printer's settings stay as they are."""
        self._rows: list[Row] = []
        self._page: dict[int, Row] | None = None
        self._row = Row()
        self._raster_bytes = 0
        self._bar_codes: list[str] = []
        self._cut = self._cut_off = self._drawer = False
        self._jump(self._state.margin)

    def write(self, tokens: Iterable[Token]) -> None:
        """Print tokens."""
        for token in tokens:
            if isinstance(token, Text):
                self._print(token.raw)
            elif isinstance(token, Control):
                self._control(token.raw)
            elif isinstance(token, Command):
                self._command(token)
            elif isinstance(token, CutOff):
                self._cut_off = True

    def sheet(self) -> Sheet:
        """Return what is on paper now; a line begun counts as printed."""
        rows = [*self._rows, *self._page_rows()]
        if self._page is None:
            rows.append(self._row)
        runs = [run for row in rows for run in row.runs]
        alphabets: dict[str | None, str] = {
            told: told if told and self._told else choose_encoding(told, _raw_of(runs, told))
            for told in {run.encoding for run in runs}
        }
        lines = [compose(row, alphabets, self._dots) for row in rows]
        return Sheet(
            lines=tuple(line for line in lines if line.segments),
            raster_bytes=self._raster_bytes,
            bar_codes=tuple(self._bar_codes),
            cut=self._cut,
            cut_off=self._cut_off,
            drawer=self._drawer,
        )

    def tear_off(self) -> Sheet:
        """Return what is on paper and begin a fresh one, as a cut does."""
        sheet = self.sheet()
        self._blank()
        return sheet

    # ---- letters --------------------------------------------------------------------------------

    def _print(self, raw: bytes) -> None:
        if not self._state.selected:
            return
        if self._state.returned:
            self._feed(1)  # a return without a line feed: this till means the next line
        letter_dots = (
            self._dots * (3 if self._state.narrow else 4) // 4 * (2 if self._state.wide else 1)
        )
        encoding = self._encoding()
        last = self._row.runs[-1] if self._row.runs else None
        run = Run(self._state.x, raw, encoding, letter_dots, self._state.national)
        if last and not self._state.jumped and last.looks_like(run):
            last.raw += raw  # one run, so that no letter is cut in two
        else:
            self._row.runs.append(run)
        self._state.x += len(raw) * letter_dots
        self._state.jumped = False
        self._row.big = self._row.big or self._state.wide or self._state.tall

    def _encoding(self) -> str | None:
        """Return the alphabet the printer was told; None leaves it to the bytes of the job."""
        if self._told or self._state.chinese or self._state.shift_jis:
            return self._told or (JAPANESE if self._state.shift_jis else CHINESE)
        if self._state.star_page:
            return self._state.star_page
        page = self._code_pages.get(self._state.code_page)
        return page if self._state.code_page or self._state.chinese is False else None

    # ---- movement -------------------------------------------------------------------------------

    def _feed(self, lines: int) -> None:
        self._state.returned = False
        if self._page is None:
            self._rows.append(self._row)
            self._row = Row()
        else:
            self._go_to(self._state.y + lines * _LINE_DOTS)
        self._state.x = self._state.margin
        self._state.jumped = True

    def _go_to(self, y: int) -> None:
        """Turn to a height of the page; text may already stand there."""
        if self._page is not None:
            self._state.y = y
            self._row = self._page.setdefault(y, Row())

    def _jump(self, x: int) -> None:
        self._state.x = max(0, x)
        self._state.jumped = True

    def _tab(self) -> None:
        column = self._state.x // self._dots
        stops = (stop for stop in self._state.tabs if stop > column)
        self._jump(next(stops, (column // _TAB_COLUMNS + 1) * _TAB_COLUMNS) * self._dots)

    def _page_rows(self) -> list[Row]:
        return [row for _y, row in sorted((self._page or {}).items())]

    def _begin_page(self, _args: bytes) -> None:
        self._end_page()
        self._rows.append(self._row)
        self._page = {}
        self._go_to(0)
        self._jump(0)

    def _end_page(self, _args: bytes = b"") -> None:
        if self._page is not None:
            self._rows += self._page_rows()
            self._page = None
            self._row = Row()
            self._jump(self._state.margin)

    def _control(self, raw: bytes) -> None:
        if raw == b"\n":
            self._feed(1)
        elif raw == b"\r":
            self._state.returned = bool(self._row.runs)
        elif raw == b"\t":
            self._tab()
        elif raw == b"\x0c":
            self._end_page()

    # ---- commands -------------------------------------------------------------------------------

    def _command(self, command: Command) -> None:
        if command.star:
            self._star_command(command)
            return
        handler = self._handlers.get(command.code)
        if handler is not None:
            handler(command.args)
        elif command.code in _PICTURES or (
            command.code == _PICTURE_FUNCTIONS and command.args[:1] == b"L"
        ):
            self._raster_bytes += command.size
        elif command.code in _CUTS:
            self._cut = True
        elif command.code in PULSES:
            self._drawer = True

    def _star_command(self, command: Command) -> None:
        """Do what a command means to a Star printer, as far as letters and places go."""
        code, args = command.code, command.args
        if code == star.CUT:
            self._cut = True
        elif code == star.ALIGN_OR_PAGE and args[:1] == b"t":
            page = star.CODE_PAGES.get(args[1])
            self._state.star_page = page
        elif code == star.ALIGN_OR_PAGE and args[:1] == b"A":
            self._absolute(args[1:3])
        elif code == b"\x1bi":
            self._state.tall, self._state.wide = args[0] > 0, args[1] > 0
        elif code in {b"\x1b@", b"\x1bD", b"\x1bR"}:
            self._handlers.get(code, self._initialise)(args)

    def _initialise(self, _args: bytes) -> None:
        """Return to the settings of power-on (ESC @); what is on paper stays."""
        self._state = _State()

    def _print_mode(self, args: bytes) -> None:
        self._state.narrow = bool(args[0] & 0x01)
        self._state.tall = bool(args[0] & 0x10)
        self._state.wide = bool(args[0] & 0x20)

    def _letter_size(self, args: bytes) -> None:
        self._state.tall = bool(args[0] & 0x0F)
        self._state.wide = bool(args[0] & 0xF0)

    def _chinese_mode(self, args: bytes) -> None:
        self._state.wide = bool(args[0] & 0x04)
        self._state.tall = bool(args[0] & 0x08)

    def _chinese_size(self, args: bytes) -> None:
        self._state.wide = self._state.tall = bool(args[0] & 0x01)

    def _font(self, args: bytes) -> None:
        self._state.narrow = bool(args[0] & 0x01)

    def _begin_chinese(self, _args: bytes) -> None:
        self._state.chinese = True

    def _end_chinese(self, _args: bytes) -> None:
        self._state.chinese = False

    def _select_kanji(self, args: bytes) -> None:
        self._state.shift_jis = args[0] & 0x0F in {1, 2}

    def _select_code_page(self, args: bytes) -> None:
        self._state.code_page = args[0]

    def _select_national(self, args: bytes) -> None:
        self._state.national = args[0]

    def _select_device(self, args: bytes) -> None:
        """Follow ESC =: with the printer's bit off the next bytes are for the customer display."""
        self._state.selected = bool(args[0] & 0x01)

    def _set_tabs(self, args: bytes) -> None:
        self._state.tabs = tuple(args.rstrip(b"\0"))

    def _set_margin(self, args: bytes) -> None:
        self._state.margin = int.from_bytes(args, "little")
        if not self._row.runs:
            self._jump(self._state.margin)

    def _absolute(self, args: bytes) -> None:
        self._jump(self._state.margin + int.from_bytes(args, "little"))

    def _relative(self, args: bytes) -> None:
        self._jump(self._state.x + int.from_bytes(args, "little", signed=True))

    def _height(self, args: bytes) -> None:
        self._go_to(int.from_bytes(args, "little"))

    def _feed_lines(self, args: bytes) -> None:
        self._feed(args[0])

    def _feed_dots(self, args: bytes) -> None:
        self._feed(args[0] // _LINE_DOTS)

    def _bar_code(self, args: bytes) -> None:
        text = args[1:].rstrip(b"\0") if args[0] in range(7) else args[2:]
        if text[:1] == b"{":
            text = text[2:]  # CODE128 begins with the code set it uses
        self._bar_codes.append(text.decode("ascii", "replace"))

    def _handlers_by_code(self) -> dict[bytes, Callable[[bytes], None]]:
        return {
            b"\x1b@": self._initialise,
            b"\x1b!": self._print_mode,
            b"\x1d!": self._letter_size,
            b"\x1c!": self._chinese_mode,
            b"\x1cW": self._chinese_size,
            b"\x1bM": self._font,
            b"\x1c&": self._begin_chinese,
            b"\x1c.": self._end_chinese,
            b"\x1cC": self._select_kanji,
            b"\x1bt": self._select_code_page,
            b"\x1bR": self._select_national,
            b"\x1b=": self._select_device,
            b"\x1bD": self._set_tabs,
            b"\x1dL": self._set_margin,
            b"\x1b$": self._absolute,
            b"\x1b\\": self._relative,
            b"\x1d$": self._height,
            b"\x1bd": self._feed_lines,
            b"\x1bJ": self._feed_dots,
            b"\x1bL": self._begin_page,
            b"\x1bS": self._end_page,
            b"\x1b\x0c": self._end_page,
            b"\x1dk": self._bar_code,
        }
