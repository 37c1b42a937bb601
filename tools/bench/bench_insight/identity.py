"""Persons: a thousand random lives, each to end as if nobody in it had ever been merged."""

import random
import time
from itertools import count
from pathlib import Path

from retail_core.insight.persons.book import PersonBook
from retail_core.insight.persons.graph import EvidenceGraph, Link
from retail_core.insight.persons.kinds import Handle
from retail_core.insight.persons.profile import Agreed, Moved, Said
from tools.bench.report import Bench, Row

HISTORIES = 1_000
STEPS = 120
_KINDS = (("member", 8), ("phone", 6), ("card", 6), ("unionid", 3), ("device", 2))
_HANDLES = [Handle(kind, f"{kind}{nth}") for kind, many in _KINDS for nth in range(many)]


def measure(bench: Bench, folder: Path) -> None:
    """Add the rows of histories; `folder` is not read."""
    del folder
    began = time.perf_counter()
    lives = [_live(random.Random(seed)) for seed in range(HISTORIES)]  # noqa: S311 - seeded
    took_s = time.perf_counter() - began
    merged = sum(one for one, _ in lives)
    peer = f"{merged} times somebody was merged; {took_s:.1f} s"
    unlike = sum(not same for _, same in lives)
    name = f"un-merge: of {HISTORIES} lives that ended other than without merges"
    bench.add(Row(name, unlike, "lives", 0, peer=peer))


def _live(chance: random.Random) -> tuple[int, bool]:
    """Live merges, un-merges and words in any order; return how many merges there were.

    Half way some of it is compared with a book that heard only what stands; at the end everything
    is taken back and compared with one that never heard of a merge.
    """
    book, never = PersonBook(), PersonBook()
    standing: dict[str, Link] = {}
    merged, ids = 0, count()
    same = True
    for nth in range(STEPS):
        match chance.random():
            case roll if roll < 0.35:  # noqa: PLR2004 - a third are merges
                first, second = chance.sample(_HANDLES, 2)
                apart = chance.random() < 0.1  # noqa: PLR2004 - few say that two are two
                at_ms = chance.randrange(1_000)
                link = Link(str(next(ids)), first, second, "bench", at_ms, "identity/1", apart)
                standing[link.link_id] = link
                merged += len(book.merge(link)) > 0
            case roll if roll < 0.55 and standing:  # noqa: PLR2004 - a fifth take one back
                link_id = chance.choice(list(standing))
                del standing[link_id]
                book.unmerge(link_id)
            case _:
                word = _word(chance, str(next(ids)))
                book.hear(word)
                never.hear(word)
        if nth == STEPS // 2:
            fresh = EvidenceGraph()
            fresh.add(*standing.values())
            same = same and fresh.persons() == book.graph.persons()
    book.unmerge(*standing)
    return merged, same and book.profiles() == never.profiles() and not book.graph.persons()


def _word(chance: random.Random, said_id: str) -> Said | Agreed | Moved:
    handle, at_ms = chance.choice(_HANDLES), chance.randrange(1_000)
    match chance.randrange(3):
        case 0:
            name, value = chance.choice(["name", "city"]), chance.randrange(100)
            return Said(said_id, handle, name, value, "bench", chance.randrange(3), at_ms)
        case 1:
            purpose, given = chance.choice(["sms", "wechat", "marketing"]), chance.random() < 0.5  # noqa: PLR2004 - either
            return Agreed(said_id, handle, purpose, given, at_ms)
        case _:
            return Moved(said_id, handle, chance.randrange(-200, 500))
