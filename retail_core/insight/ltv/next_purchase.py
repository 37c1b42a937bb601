"""When she comes next, as an interval: her own gap, drawn towards everybody's.

How much of a gap is still to wait depends on how long she has been silent, so it is read off the
log itself: at an earlier cut, of those who came back after it, by how much of their gap they had
been silent. The interval is of those who come back; how likely that is, is another figure.
"""

from dataclasses import dataclass

import numpy as np

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats
from retail_core.insight.ltv.summary import Purchases, Summary, summarise
from retail_core.texts.faults import FaultCode

PULL = 2.0
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
_CLASSES = 6
_AT_LEAST = 30


@dataclass(frozen=True, slots=True)
class Cadence:
    """What a log says of waiting.

    `gap_days` everybody's usual gap; `edges` of silence in gaps, one less than the rows of
    `waits`: the share of a gap still to wait, low, middle, high. `covered`: what share of later
    purchases fell inside intervals made before them.
    """

    gap_days: float
    edges: Floats
    waits: Floats
    covered: float | None = None


def learn(purchases: Purchases, until: int) -> Cadence:
    """Learn from the log up to a day, and try it on its last sixth. Fault E107."""
    begin = int(purchases.day.min())
    sixth = max(1, (until - begin) // 6)
    early = _learn(purchases, until - 2 * sixth, until - sixth)
    covered = None
    came, waited, summary = _came(purchases, until - sixth, until)
    if early is not None and came.any():
        low, _, high = intervals(early, summary, until - sixth)
        inside = (waited >= np.floor(low)) & (waited <= np.ceil(high))
        covered = float(inside[came].mean())
    latest = _learn(purchases, until - 2 * sixth, until)
    if latest is None:
        raise Fault(
            FaultCode.INSIGHT_TOO_FEW,
            wanted=_AT_LEAST,
            what="customers who came back",
            count=int(np.count_nonzero(summary.repeat)),
        )
    return Cadence(latest.gap_days, latest.edges, latest.waits, covered)


def intervals(cadence: Cadence, summary: Summary, cut: int) -> tuple[Floats, Floats, Floats]:
    """Return the days from a cut to each customer's next purchase: low, middle, high."""
    gap = own_gap(summary, cadence.gap_days)
    silent = (cut - summary.last) / gap
    row = np.searchsorted(cadence.edges, silent, side="right")
    waits = cadence.waits[row] * gap[:, None]
    return waits[:, 0], waits[:, 1], waits[:, 2]


def own_gap(summary: Summary, usual_days: float) -> Floats:
    """Return each customer's gap in days: her mean one, as if she had waited the usual one, too."""
    together = (summary.last - summary.first).astype(np.float64)
    return np.maximum(1.0, (together + PULL * usual_days) / (summary.repeat + PULL))


def _learn(purchases: Purchases, cut: int, end: int) -> Cadence | None:
    came, waited, summary = _came(purchases, cut, end)
    back = summary.repeat > 0
    if np.count_nonzero(back) < _AT_LEAST or np.count_nonzero(came) < _AT_LEAST:
        return None
    gaps = (summary.last[back] - summary.first[back]) / summary.repeat[back]
    usual = max(1.0, float(np.median(gaps)))
    gap = own_gap(summary, usual)
    silent = ((cut - summary.last) / gap)[came]
    share = waited[came] / gap[came]
    classes = max(1, min(_CLASSES, silent.size // _AT_LEAST))
    edges = np.unique(np.quantile(silent, np.arange(1, classes) / classes))
    row = np.searchsorted(edges, silent, side="right")
    every = np.quantile(share, (LOW, MIDDLE, HIGH))
    waits = [
        np.quantile(share[row == nth], (LOW, MIDDLE, HIGH)) if np.any(row == nth) else every
        for nth in range(len(edges) + 1)
    ]
    return Cadence(usual, edges, np.array(waits))


def _came(
    purchases: Purchases, cut: int, end: int
) -> tuple["np.ndarray[tuple[int], np.dtype[np.bool_]]", Floats, Summary]:
    """Return who came back in (cut, end], after how many days, and what was known at the cut."""
    summary = summarise(purchases, cut, 1.0)
    inside = (purchases.day > cut) & (purchases.day <= end)
    following = np.full(purchases.customers, np.inf)
    np.minimum.at(following, purchases.customer[inside], purchases.day[inside] - cut)
    waited = following[summary.who]
    return np.isfinite(waited), waited, summary
