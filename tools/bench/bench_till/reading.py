"""How fast bytes are understood, and how well: a folder of streams, and tills made up for it.

Throughput counts processor time, best of five: other work on the machine is not the parser's.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import evaluate, read_stream
from edge_agent.drivers.till_escpos.frames import Tokenizer
from edge_agent.drivers.till_escpos.jobs import new_paper
from tests.factories.strange.papers import Paper
from tests.factories.strange.tills import Till
from tools.bench.report import ROOT, Row

PARSER_BAR_MB = 5.0
CHUNK = 4_096
ROUNDS = 5
PAPERS = 120
STRANGE_SEEDS = range(1_000, 1_400)
MEGA = 1_000_000


def rows(folder: Path | None) -> Iterator[Row]:
    """Yield throughput and figures."""
    auto = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)
    papers = [Till(seed).sale().data for seed in range(PAPERS)]
    data = b"".join(papers)
    per_s = len(data) / _best(lambda: _tokenize(data)) / MEGA
    yield Row("parser throughput (bytes to tokens)", per_s, "MB/s", PARSER_BAR_MB, "higher")
    onto = len(data) / _best(lambda: _print(data, auto)) / MEGA
    yield Row("bytes to lines on paper", onto, "MB/s", better="higher")
    read = _best(lambda: [read_stream(paper, auto) for paper in papers]) * 1_000 / len(papers)
    yield Row("a receipt read whole", read, "ms")
    yield from _strange(auto)
    if folder is not None:
        yield from _folder(folder, auto)


def _tokenize(data: bytes) -> None:
    tokenizer = Tokenizer()
    for at in range(0, len(data), CHUNK):
        tokenizer.feed(data[at : at + CHUNK])


def _print(data: bytes, profile: TillProfile) -> None:
    tokenizer, paper = Tokenizer(), new_paper(profile)
    for at in range(0, len(data), CHUNK):
        paper.write(tokenizer.feed(data[at : at + CHUNK]))


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def _strange(profile: TillProfile) -> Iterator[Row]:
    """Read tills of thirteen languages that no profile was written for."""
    exact = wrong = false = right = both = sales = 0
    for seed in STRANGE_SEEDS:
        till = Till(seed)
        paper = till.sale() if seed % 3 else till.other()
        receipt, _ = read_stream(paper.data, profile)
        trusted = receipt.kind == "sale" and receipt.fault is None
        if paper.kind != "sale":
            false += trusted
            continue
        sales += 1
        exact += trusted and receipt.total_fen == paper.total
        wrong += trusted and receipt.total_fen != paper.total
        found = Counter(
            (_plain(line.name), line.qty_milli, line.amount_fen)
            for line in receipt.lines
            if line.amount_fen >= 0 and line not in receipt.extras
        )
        expected = _items(paper)
        right += (found & expected).total()
        both += found.total() + expected.total()
    yield Row("strange tills: totals exact", exact, f"of {sales}", better="higher")
    yield Row("strange tills: articles, F1", 2 * right / both, "", better="higher")
    yield Row("strange tills: booked with a wrong total", wrong, "sales", 0)
    yield Row("strange tills: false sales", false, "papers", 0)


def _items(paper: Paper) -> Counter[tuple[str, int, int]]:
    return Counter((_plain(item.name), item.qty, item.amount) for item in paper.items)


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _folder(folder: Path, profile: TillProfile) -> Iterator[Row]:
    score = evaluate(folder, profile)
    yield Row("evaluate: sales", score.sales, "receipts")
    bar = score.sales * 24 // 25
    yield Row("evaluate: totals exact", score.total_exact, "receipts", bar, "higher")
    yield Row("evaluate: articles, F1", score.item_f1, "", 0.95, "higher")
    yield Row("evaluate: false sales", score.false_sales, "streams", 0)
    yield Row("evaluate: bytes not understood", score.unknown_bytes, "bytes", 0)
