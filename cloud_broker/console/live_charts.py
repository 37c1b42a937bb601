"""What a browser is told of a chart, so that it can be pointed at and zoomed; pure.

The server draws every chart by itself, for whoever has no script and for paper. `charts.js` draws
it again from these data: the same figures, with the value under the pointer.

A specification: `x` is how the first number of a point is read (`time` in Unix ms, else a name as
it stands), `unit` how the second one is (`yuan` in fen, `points` as a share of one in percentage
points, else a unit's own sign). A point without a value is a gap.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from cloud_broker.console.campaign_sheets import UpliftChart
from cloud_broker.console.charts import Chart, thinned
from cloud_broker.console.stock_sheets import StockChart
from cloud_broker.ports.segments import SegmentRun

Spec = Mapping[str, Any]
# More than a screen has columns for would only make the page heavy.
POINTS_MAX = 720


def vitals(one: Chart, name: str, limit_name: str) -> Spec:
    """Return a box's figure over time, silence as gaps; of crowded hours the worst look."""
    whole = sum(map(len, one.pieces))
    kept = (
        thinned(piece, low=one.low, most=max(2, POINTS_MAX * len(piece) // whole))[::-1]
        for piece in one.pieces
    )
    points = chain.from_iterable((*piece, (piece[-1][0] + 1, None)) for piece in kept)
    limit = None if one.figure.limit is None else {"name": limit_name, "at": one.figure.limit}
    return _lines("time", one.figure.unit, name, points) | {"limit": limit, "top": one.figure.full}


def uplift(one: UpliftChart, name: str, limit_name: str) -> Spec:
    """Return a campaign's uplift day by day with its interval."""
    points = ((str(day), value) for day, value, _, _ in one.rows)
    band = [(str(day), low, high) for day, _, low, high in one.rows]
    return _lines("name", "points", name, points) | {
        "band": band,
        "limit": {"name": limit_name, "at": 0},
    }


def people(runs: Sequence[SegmentRun], name: str) -> Spec:
    """Return how many belonged to a segment, oldest first."""
    return _lines("time", "", name, ((run.at_ms, run.people) for run in reversed(runs)))


def demand(one: StockChart, name: str, limit_name: str) -> Spec:
    """Return what is asked for of an article, added up by week, beside what is there."""
    points = ((first, round(whole, 1)) for first, whole, _, _ in one.sums)
    band = [(first, round(low, 1), round(high, 1)) for first, _, low, high in one.sums]
    return _lines("name", "", name, points) | {
        "band": band,
        "limit": {"name": limit_name, "at": one.stock},
    }


def bars(names: Sequence[str], rows: Mapping[str, Sequence[int]]) -> Spec:
    """Return amounts in fen side by side; rows that are nothing but zeros are left out."""
    told = [{"name": name, "values": values} for name, values in rows.items() if any(values)]
    return {"x": "name", "unit": "yuan", "names": names, "bars": told}


def _lines(x: str, unit: str, name: str, points: Iterable[tuple[object, object]]) -> dict[str, Any]:
    return {"x": x, "unit": unit, "name": name, "points": list(points)}
