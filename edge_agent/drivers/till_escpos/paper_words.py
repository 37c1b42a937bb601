"""What papers that are no sale say of themselves (`papers.toml`), apart from what receipts say.

They are no words of receipts: "deposit" between two articles is an article.
"""

import tomllib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from edge_agent.drivers.till_escpos.word_index import WordIndex


class PaperWord(StrEnum):
    """What a paper says it is; see `papers.toml`."""

    STUB = "stub"
    CUSTOMER = "customer"
    PRACTICE = "practice"
    APART = "apart"
    UNPAID = "unpaid"
    BILL = "bill"
    LEDGER = "ledger"
    REPORT = "report"


_FILE = tomllib.loads(Path(__file__).with_name("papers.toml").read_text(encoding="utf-8"))
_WORDS: WordIndex[PaperWord] = WordIndex()
for _meaning in PaperWord:
    for _words in _FILE["meanings"][_meaning.value].values():
        for _word in _words:
            _WORDS.enter(_word, _meaning)


def paper_words(excluded: Iterable[str] = ()) -> WordIndex[PaperWord]:
    """Return the words, without those that mean nothing on this till."""
    words = _WORDS.copy()
    for word in excluded:
        words.leave_out(word)
    return words
