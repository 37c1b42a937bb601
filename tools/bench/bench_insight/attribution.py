"""Which channel brought how much, against figures computed elsewhere."""

import json
import time
from pathlib import Path

from cloud_broker.adapters.analytics.table_file import open_table
from retail_core.insight.attribution import markov, rules
from retail_core.insight.attribution.journeys import Shares
from retail_core.insight.tabular.paths import read_paths
from tools.bench.bench_insight.files import absent
from tools.bench.report import Bench, Row

PATHS = "path_data_first6000.csv.gz"
EXPECTED = "expected_A.json"
DIFFERENCE_BAR = 1e-4
TIME_BAR_S = 0.5


def measure(bench: Bench, folder: Path) -> None:
    """Add the rows of the path file."""
    path, expected = folder / PATHS, folder / EXPECTED
    if not (path.exists() and expected.exists()):
        bench.add(absent("paths: off from the expected", "", DIFFERENCE_BAR, path))
        return
    began = time.perf_counter()
    with open_table(path) as table:
        journeys = read_paths(table.header, table.rows)
    read_s = time.perf_counter() - began
    began = time.perf_counter()
    found = {f"markov{order}": markov.credit(journeys, order).conversions for order in (1, 2)}
    splits = (rules.shapley, rules.first, rules.last, rules.linear)
    found |= {split.__name__: rules.credit(journeys, split).conversions for split in splits}
    took_s = time.perf_counter() - began
    wanted = json.loads(expected.read_text(encoding="utf-8"))["path_data_first6000"]
    chain = wanted["markov_order1_with_null"]["conversions"]
    for name, shares in (("markov1", chain), ("shapley", wanted["shapley_unique_channels"])):
        off = _off(found[name], shares)
        bench.add(Row(f"paths: {name} off from the expected", off, "relative", DIFFERENCE_BAR))
    total = float(journeys.conversions.sum())
    lost = max(abs(sum(shares.values()) - total) / total for shares in found.values())
    bench.add(Row("paths: shares off from the total", lost, "relative", 1e-9))
    bench.add(Row("paths: six ways", took_s, "s", TIME_BAR_S, peer=f"reading {read_s:.3f} s"))


def _off(found: Shares, wanted: Shares) -> float:
    """Return the largest relative difference; a channel too many or too few is all of it."""
    if found.keys() != wanted.keys():
        return 1.0
    return max(abs(found[name] - one) / one for name, one in wanted.items())
