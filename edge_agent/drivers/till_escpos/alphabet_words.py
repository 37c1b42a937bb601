"""An alphabet told from words every receipt has: 合计 is other bytes in GB18030 than in Big5.

Printers number their pages differently and tills send what the last printer understood, so what was
told is only kept while the bytes do not say better.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from edge_agent.drivers.till_escpos.words import MEANINGS, Meaning

_HAN = re.compile("[\u3400-\u9fff]")
_SCRIPTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile("[\u3040-\u30ff]"), ("cp932",)),
    (re.compile("[\uac00-\ud7af]"), ("cp949",)),
    (_HAN, ("gb18030", "big5", "cp932")),
    (re.compile("[\u0400-\u04ff]"), ("cp866", "cp1251", "iso8859_5", "koi8_r")),
    (re.compile("[\u0600-\u06ff]"), ("cp1256", "cp720", "iso8859_6")),
    (re.compile("[\u0370-\u03ff]"), ("cp737", "cp1253")),
    (
        re.compile("[\u00c0-\u024f\u1e00-\u1eff]"),
        ("cp858", "cp1252", "cp857", "cp1254", "cp852", "cp1250", "cp860"),
    ),
)
_WIDE = frozenset({"gb18030", "big5", "cp932", "cp949"})
_MEANINGS = frozenset(Meaning) - {Meaning.NOTE, Meaning.REPORT}
_LETTERS_MIN = 2
_BYTES_MIN = 4
_UTF8_FOREIGN = re.compile(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
)
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF8_PERMILLE_MIN = 900


def is_utf8(data: bytes) -> bool:
    """Whether the high bytes are UTF-8, but for a letter cut in two here and there."""
    high = len(_HIGH.findall(data))
    whole = sum(len(run) for run in _UTF8_FOREIGN.findall(data))
    return high > 0 and whole * 1000 >= high * _UTF8_PERMILLE_MIN


def by_words(data: bytes, told: str | None) -> str | None:
    """Return the codec in which the words of receipts stand in `data`, None when none do.

    Among equals what was told wins; behind FS & only alphabets of two bytes a letter are tried.
    """
    tables = _tables()
    codecs: Iterable[str] = _WIDE if told in _WIDE else tables
    scores = {codec: _score(data, tables[codec]) for codec in codecs}
    if told is not None:
        scores[told] = _score(data, _words_in(told)) + 1
    best = max(scores, key=lambda codec: scores[codec], default=None)
    return best if best is not None and scores[best] >= _BYTES_MIN else None


def _score(data: bytes, words: Iterable[bytes]) -> int:
    return sum(len(word) for word in words if word in data)


@cache
def _words_in(codec: str) -> tuple[bytes, ...]:
    """Return the bytes of all words that this codec, and not ASCII, can write."""
    words = {word for meaning in _MEANINGS for word in MEANINGS[meaning]}
    return tuple(sorted({raw for word in words for raw in _spellings(word, codec)}))


@cache
def _tables() -> Mapping[str, tuple[bytes, ...]]:
    """Return for each codec the bytes of the words that only fit there."""
    tables: dict[str, set[bytes]] = {}
    for meaning in _MEANINGS:
        for word in MEANINGS[meaning]:
            for codec, raw in _encodings(word):
                tables.setdefault(codec, set()).add(raw)
    return {codec: tuple(sorted(words)) for codec, words in tables.items()}


def _encodings(word: str) -> Iterator[tuple[str, bytes]]:
    for script, codecs in _SCRIPTS:
        if script.search(word):
            for codec in codecs:
                for raw in _spellings(word, codec):
                    yield codec, raw
            return


def _spellings(word: str, codec: str) -> Iterator[bytes]:
    """Give a word as tills write it, in bytes; nothing when it is too short to tell anything."""
    word = unicodedata.normalize("NFC", word)
    for spelt in {word, word.upper(), word.capitalize()} if len(word) >= _LETTERS_MIN else ():
        raw = _encoded(spelt, codec)
        if raw is not None and _HIGH.search(raw) and len(raw) >= _BYTES_MIN:
            yield raw


def _encoded(word: str, codec: str) -> bytes | None:
    try:
        return word.encode(codec)
    except UnicodeEncodeError:
        return None
