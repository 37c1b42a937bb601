"""An article taken out of a basket: how often suggestions find it."""

import gzip
import time
from pathlib import Path

from retail_core.insight.leave_one_out import try_out
from retail_core.insight.tabular.baskets import from_json_lines
from tools.bench.bench_insight.files import absent
from tools.bench.report import Bench, Row

BASKETS = "groceries_baskets.jsonl.gz"
HIT_BAR, RANK_BAR = 0.28, 0.18


def measure(bench: Bench, folder: Path) -> None:
    """Add the rows of the Groceries baskets."""
    path = folder / BASKETS
    if not path.exists():
        bench.add(absent("Groceries: HR@5", "", HIT_BAR, path))
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        baskets = from_json_lines(lines)
    began = time.perf_counter()
    trial = try_out(baskets)
    took_s = time.perf_counter() - began
    best = trial.methods[trial.best]
    others = {name: one for name, one in trial.methods.items() if name != trial.best}
    hits = ", ".join(f"{name} {one.hit[5]:.4f}" for name, one in others.items())
    ranks = ", ".join(f"{name} {one.mrr10:.4f}" for name, one in others.items())
    name = f"Groceries, {trial.best}, {trial.asked:,} baskets"
    bench.add(Row(f"{name}: HR@5", best.hit[5], "", HIT_BAR, "higher", peer=hits))
    bench.add(Row(f"{name}: MRR@10", best.mrr10, "", RANK_BAR, "higher", peer=ranks))
    bench.add(Row("Groceries: all of it", took_s, "s"))
