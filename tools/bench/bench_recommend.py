"""`make bench-recommend DATA=DIR`: how often one of three suggestions is in the next receipt.

The receipts of public shops are cut at a day: the table is made of those before, as the cloud
makes it, and each known customer's first receipt after the cut is the question. A suggestion hits
when that receipt holds it. Ours and popularity obey the same rule: nothing of her last receipt is
shown again before its time. What a box knows is her last receipt, so ours is measured with that.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from regulars_cli.importers import IMPORTERS, Import
from retail_core import limits
from retail_core.insight.baskets import Bought
from retail_core.insight.choosing import Customer, Goods, candidates, choose
from retail_core.insight.cooccurrence import build_table
from retail_core.insight.table import Table, encode_table
from tools.bench.report import Bench, Row

SHARE_BEFORE = 0.8
SETS = {
    "online-retail": ("online_retail_A.csv.gz",),
    "complete-journey": ("cj_transactions_sample_A.csv.gz", "cj_products.csv.gz"),
}
Chooser = Callable[[Table, Customer], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """A customer's receipts before the cut, and what she bought at the first after it."""

    before: list[Bought]
    day: int
    bought: frozenset[str]


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with retail/")
    folder = parser.parse_args().data / "retail"
    bench = Bench("recommend")
    for source, names in SETS.items():
        paths = [folder / name for name in names]
        if all(path.exists() for path in paths):
            measure(bench, source, list(receipts(source, paths)))
        else:
            why = f"no {', '.join(names)} under {folder}"
            bench.add(Row(f"{source}: hit rate of 3", None, "%", 0, "higher", why=why))
    return bench.finish()


def receipts(source: str, paths: list[Path]) -> Iterator[Bought]:
    """Read a public data set as recommendations see it, in the order of time."""
    sold = sorted(IMPORTERS[source](paths, Import()), key=lambda one: one.opened)
    for one in sold:
        skus = tuple(dict.fromkeys(line.sku for line in one.lines))
        yield Bought(one.member, one.opened.toordinal(), skus)


def measure(bench: Bench, source: str, bought: list[Bought]) -> None:
    """Ask every question of one data set."""
    cut = bought[int(len(bought) * SHARE_BEFORE)].day
    before = [one for one in bought if one.day < cut]
    began = time.perf_counter()
    table = build_table(before, 1)
    built_s = time.perf_counter() - began
    asked = list(questions(bought, cut))
    ways: Mapping[str, Chooser] = {"ours": ours, "popularity": popular}
    rates = {name: rate(table, asked, way, last_only=True) for name, way in ways.items()}
    whole = rate(table, asked, ours, last_only=False)
    peer = f"popularity {rates['popularity']:.2f} %"
    name = f"{source}: hit rate of 3, {len(asked):,} customers"
    bench.add(Row(name, rates["ours"], "%", rates["popularity"], "higher", peer=peer))
    bench.add(Row(f"{source}: the same, knowing all her receipts", whole, "%", peer=peer))
    bench.add(Row(f"{source}: table of {len(before):,} receipts made in", built_s, "s"))
    bench.add(Row(f"{source}: table", len(encode_table(table)) / 1024, "KiB"))


def questions(bought: list[Bought], cut: int) -> Iterator[Question]:
    """Yield each known customer's first receipt after the cut, with those before it."""
    before: dict[str, list[Bought]] = {}
    done: set[str] = set()
    for one in bought:
        if not one.member:
            continue
        if one.day < cut:
            before.setdefault(one.member, []).append(one)
        elif one.member in before and one.member not in done:
            done.add(one.member)
            yield Question(before[one.member], one.day, frozenset(one.skus))


def rate(table: Table, asked: list[Question], way: Chooser, *, last_only: bool) -> float:
    """Return the share of questions, in percent, where a suggestion was bought."""
    hits = 0
    for one in asked:
        receipts_known = one.before[-1:] if last_only else one.before
        days = {sku: one.day - some.day for some in receipts_known for sku in some.skus}
        hits += bool(one.bought.intersection(way(table, Customer(bought=days))))
    return 100 * hits / max(1, len(asked))


def ours(table: Table, customer: Customer) -> tuple[str, ...]:
    """Choose as a box does."""
    goods = dict.fromkeys(candidates(table, customer), Goods())
    return tuple(one.sku for one in choose(table, customer, goods))


def popular(table: Table, customer: Customer) -> tuple[str, ...]:
    """Choose the most bought, under the same rule of not again too early."""
    sold = Table(1, popular=table.popular, again_days=table.again_days)
    goods = dict.fromkeys(table.popular, Goods())
    shown = choose(sold, customer, goods, count=len(goods))
    return tuple(one.sku for one in sorted(shown, key=lambda one: table.popular.index(one.sku)))[
        : limits.RECOMMENDED_MAX
    ]


if __name__ == "__main__":
    sys.exit(main())
