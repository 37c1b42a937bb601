"""Which letters the bytes mean: what the printer was told, or else what the bytes themselves show.

A printer bought in China is in Chinese mode when it is switched on, so its tills often never send
FS &; then only the bytes tell GB18030 from a Western code page. Undecided runs are judged together,
once a job: one odd run must not turn a receipt into another language.
"""

import re
from collections.abc import Iterable, Mapping

from edge_agent.drivers.till_escpos.alphabet_words import by_words, is_utf8

CODE_PAGES: Mapping[int, str] = {
    0: "cp437",
    1: "cp932",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    13: "cp857",
    14: "cp737",
    15: "iso8859_7",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
    20: "cp874",
    21: "cp874",
    26: "cp874",
    32: "cp720",
    33: "cp775",
    34: "cp855",
    35: "cp861",
    36: "cp862",
    37: "cp864",
    38: "cp869",
    39: "iso8859_2",
    40: "iso8859_15",
    44: "cp1125",
    45: "cp1250",
    46: "cp1251",
    47: "cp1253",
    48: "cp1254",
    49: "cp1255",
    50: "cp1256",
    51: "cp1257",
    52: "cp1258",
    53: "kz1048",
}
"""ESC t n → Python codec, as Epson numbers them; a profile may say otherwise for its printer."""

CHINESE = "gb18030"
JAPANESE = "cp932"
WESTERN_EURO = "cp858"
TURKISH = "cp857"
_REPLACED = "#$@[\\]^`{|}~"
_NATIONAL = tuple(
    str.maketrans(_REPLACED, letters)
    for letters in (
        _REPLACED,
        "#$à°ç§^`éùè¨",
        "#$§ÄÖÜ^`äöüß",
        "£$@[\\]^`{|}~",
        "#$@ÆØÅ^`æøå~",
        "#¤ÉÄÖÅÜéäöåü",
        "#$@°\\é^ùàòèì",
        "₧$@¡Ñ¿^`¨ñ}~",
        "#$@[¥]^`{|}~",
        "#¤ÉÆØÅÜéæøåü",
        "#$ÉÆØÅÜéæøåü",
        "#$á¡Ñ¿é`íñóú",
        "#$á¡Ñ¿éüíñóú",
        "#$@[₩]^`{|}~",
        "#$ŽŠĐĆČžšđćč",
        "#¥@[\\]^`{|}~",
    )
)  # ESC R n: twelve signs of ASCII that countries gave to their own letters and money
_ASCII_MAX = 0x7F
_PAIRED_PERMILLE_MIN = 900
_EVERYDAY_PERMILLE_MIN = 600
_EVERYDAY_LEAD_MAX = 0xD7  # level 1: the 3,755 most used characters
_HIGH = re.compile(rb"[\x80-\xff]")
_TURKISH = re.compile(rb"(?<![0-9])[\x98\x9e\x9f](?=[A-Za-z])|(?<=[A-Za-z])[\x98\x9e\x9f]")
_GB2312 = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")  # rows 1-9 symbols, from 16 Han


def is_ascii(raw: bytes) -> bool:
    """Whether every alphabet of a printer reads these bytes alike."""
    return not raw or max(raw) <= _ASCII_MAX


def guess_encoding(runs: Iterable[bytes], told: str | None = None) -> str | None:
    """Return the codec the bytes themselves show, None when they show none."""
    foreign = [run for run in runs if not is_ascii(run)]
    data = b"\n".join(foreign)
    if not foreign:
        return None
    if is_utf8(data):
        return "utf-8"
    return by_words(data, told) or (CHINESE if not told and looks_chinese(foreign) else None)


def choose_encoding(told: str | None, runs: Iterable[bytes]) -> str:
    """Return the codec of these runs: what they show themselves, else what the printer was told."""
    foreign = [run for run in runs if not is_ascii(run)]
    return or_turkish(guess_encoding(foreign, told) or told or CODE_PAGES[0], foreign)


def or_turkish(encoding: str, runs: Iterable[bytes]) -> str:
    """Return cp857 where cp858 was told but the bytes are Turkish.

    Printers number their pages differently: 19 is cp858 at Epson's and cp857 on many sold in
    Turkey. There Ş, ş and İ stand where cp858 has ×, ƒ and ÿ, which no word has in it.
    """
    if encoding != WESTERN_EURO:
        return encoding
    return TURKISH if any(_TURKISH.search(run) for run in runs) else encoding


def decode(raw: bytes, encoding: str, national: int = 0) -> str:
    """Decode bytes; what the alphabet does not have becomes U+FFFD."""
    text = raw.decode(encoding, "replace")
    return text.translate(_NATIONAL[national]) if 0 < national < len(_NATIONAL) else text


def looks_chinese(runs: list[bytes]) -> bool:
    """Count high bytes that are pairs of GB2312, most of them everyday characters.

    Western text has its accents one by one; Cyrillic and Greek words do look like pairs, but of
    characters few people could read.
    """
    pairs = [pair for run in runs for pair in _GB2312.findall(run)]
    high = sum(len(_HIGH.findall(run)) for run in runs)
    everyday = sum(pair[0] <= _EVERYDAY_LEAD_MAX for pair in pairs)
    return (
        2 * len(pairs) * 1000 >= high * _PAIRED_PERMILLE_MIN
        and everyday * 1000 >= len(pairs) * _EVERYDAY_PERMILLE_MIN
    )
