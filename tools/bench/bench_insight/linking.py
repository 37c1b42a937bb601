"""Records that are one person, of 700,000 made ones."""

import time
from pathlib import Path

from cloud_broker.adapters.analytics.linking import candidates
from retail_core.insight.persons.records import comparable
from tools.bench.planted_records import plant
from tools.bench.report import Bench, Row

PEOPLE = 500_000
PRECISION, RECALL, AUTOMATIC_RECALL, TIME_S = 0.999, 0.93, 0.89, 15


def measure(bench: Bench, folder: Path) -> None:
    """Add the rows; `folder` is not read, records are made."""
    del folder
    planted = plant(PEOPLE)
    began = time.perf_counter()
    records = list(comparable(planted.records))
    made_s = time.perf_counter() - began
    began = time.perf_counter()
    found = candidates(records)
    took_s = time.perf_counter() - began
    proposed = {(one.first, one.second) for one in found}
    automatic = {(one.first, one.second) for one in found if one.automatic}
    many = f"{len(records)} records, {len(planted.pairs)} pairs"
    for name, pairs, recall in (
        ("candidates", proposed, RECALL),
        ("automatic", automatic, AUTOMATIC_RECALL),
    ):
        hits = len(pairs & planted.pairs)
        precision = hits / max(len(pairs), 1)
        bench.add(Row(f"linkage, {name}: precision", precision, "", PRECISION, "higher", many))
        share = hits / len(planted.pairs)
        bench.add(Row(f"linkage, {name}: recall", share, "", recall, "higher", many))
    peer = f"{made_s:.1f} s to make them comparable, {took_s:.1f} s for model and candidates"
    bench.add(Row(f"linkage of {len(records)} records", made_s + took_s, "s", TIME_S, peer=peer))
