"""What a technician is told of a till's line: what came, what was understood, what is wrong. Pure.

Wrong line settings show in the bytes: a wrong speed turns text into control and high bytes, a
parity bit sits in the eighth bit of plain letters.
"""

from collections import Counter
from dataclasses import dataclass

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.alphabet import choose_encoding, decode
from edge_agent.drivers.till_escpos.command_names import named
from edge_agent.drivers.till_escpos.frames import (
    Control,
    CutOff,
    Text,
    Token,
    Tokenizer,
    Unknown,
)
from retail_core.texts.faults import FaultCode

SPEEDS = (9_600, 19_200, 38_400, 57_600, 115_200, 4_800, 2_400)
_SPEEDS_SHOWN = 3
_JUDGED_BYTES_MIN = 64
_SAMPLE_BYTES_MAX = 4_096
_GARBLED_PERMILLE = 80
_PARITY_PERMILLE = 950
_HEX_BYTES_MAX = 48
_USUAL = frozenset(b"\n\r\t\x0c\x00")
_HIGH = 0x80
_PLAIN = range(0x20, 0x7F)
_RATE_MS = 10_000


@dataclass(frozen=True, slots=True)
class LineGuess:
    """What the bytes say of the line: `fault` when they look garbled, and what to try then."""

    fault: FaultCode | None
    speeds: tuple[int, ...] = ()
    seven_bits: bool = False


class Examiner:
    """Counts what one till sends while somebody listens."""

    def __init__(self, line: SerialLine) -> None:
        self._line = line
        self._tokenizer = Tokenizer()
        self._bytes = self._text = self._unknown = self._odd = 0
        self._sample = b""
        self._strange: Counter[str] = Counter()
        self._jobs: Counter[str] = Counter()
        self._faults: Counter[FaultCode] = Counter()
        self._recent: list[tuple[int, int]] = []

    def saw(self, data: bytes, now_ms: int) -> None:
        """Count a block as it came."""
        self._bytes += len(data)
        self._recent.append((now_ms, len(data)))
        for token in self._tokenizer.feed(data):
            self._count(token)

    def job(self, receipt: TappedReceipt) -> None:
        """Count a job."""
        self._jobs[receipt.kind] += 1
        if receipt.fault is not None:
            self._faults[receipt.fault] += 1

    def report(self, now_ms: int) -> dict[str, object]:
        """Return the figures."""
        self._recent = [one for one in self._recent if now_ms - one[0] <= _RATE_MS]
        guess = self.guess()
        return {
            "bytes": self._bytes,
            "bytes_per_s": sum(size for _, size in self._recent) * 1_000 // _RATE_MS,
            "unknown_bytes": self._unknown,
            "unknown": dict(self._strange.most_common(5)),
            "jobs": dict(self._jobs),
            "line": self._line.model_dump(),
            "try_speeds": list(guess.speeds),
            "try_seven_bits": guess.seven_bits,
        }

    def faults(self) -> list[FaultCode]:
        """Return what is wrong, the gravest first."""
        line = [code for code in (self._silent(), self.guess().fault, self._foreign()) if code]
        return list(dict.fromkeys([*line, *(code for code, _ in self._faults.most_common())]))

    def guess(self) -> LineGuess:
        """Judge the line by its bytes; with too few of them nothing is said."""
        judged = self._text + self._odd + self._unknown
        if judged < _JUDGED_BYTES_MIN or self._jobs["sale"]:
            return LineGuess(None)
        garbled = (self._odd + self._unknown) * 1_000 >= judged * _GARBLED_PERMILLE
        seven_bits = _has_parity_bit(self._sample)
        if not garbled and not seven_bits:
            return LineGuess(None)
        others = tuple(speed for speed in SPEEDS if speed != self._line.baud_rate)
        speeds = () if seven_bits else others[:_SPEEDS_SHOWN]
        return LineGuess(FaultCode.TILL_LINE_GARBLED, speeds, seven_bits)

    def _silent(self) -> FaultCode | None:
        return None if self._bytes else FaultCode.TILL_LINE_SILENT

    def _foreign(self) -> FaultCode | None:
        return FaultCode.TILL_COMMANDS_UNKNOWN if self._unknown else None

    def _count(self, token: Token) -> None:
        match token:
            case Text(raw):
                self._text += len(raw)
                self._sample = (self._sample + raw)[-_SAMPLE_BYTES_MAX:]
            case Unknown(raw) | CutOff(raw):
                self._unknown += len(raw)
                self._strange[raw.hex(" ")] += 1
            case Control(raw) if raw[0] not in _USUAL:
                self._odd += 1
            case _:
                pass


def _has_parity_bit(sample: bytes) -> bool:
    """Tell text in which the eighth bit is parity: without it nearly all is plain ASCII.

    Chinese has it too, in pairs; a parity bit makes the count of ones even or odd in every byte.
    """
    high = sum(byte >= _HIGH for byte in sample)
    if len(sample) < _JUDGED_BYTES_MIN or not high:
        return False
    plain = sum((byte & 0x7F) in _PLAIN for byte in sample)
    even = sum(byte.bit_count() % 2 == 0 for byte in sample)
    agreeing = max(even, len(sample) - even)
    return min(plain, agreeing) * 1_000 >= len(sample) * _PARITY_PERMILLE


def decoded(tokens: list[Token]) -> list[dict[str, str]]:
    """Return tokens for a person: bytes in hexadecimal, a name, and what it is, in zh and en."""
    encoding = choose_encoding(None, [one.raw for one in tokens if isinstance(one, Text)])
    parts: list[dict[str, str]] = []
    for token in tokens:
        name, zh, en = named(token)
        kind = "text" if isinstance(token, Text) else "command"
        if isinstance(token, Unknown | CutOff):
            kind = "unknown"
        text = decode(token.raw, encoding) if isinstance(token, Text) else name
        more = " …" if len(token.raw) > _HEX_BYTES_MAX else ""
        shown = token.raw[:_HEX_BYTES_MAX].hex(" ") + more
        parts.append({"kind": kind, "hex": shown, "text": text, "zh": zh, "en": en})
    return parts
