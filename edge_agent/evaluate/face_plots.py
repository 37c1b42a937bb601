"""The pictures of the face report."""

from collections.abc import Sequence
from math import log10

import numpy as np
from numpy.typing import NDArray

from edge_agent.evaluate.face_pairs import BINS, Pairs, Scores, histogram
from edge_agent.evaluate.face_report import FaceReport
from edge_agent.evaluate.face_visits import OpenSet
from edge_agent.evaluate.svg import Axis, Plot, Point

PERMILLE = 1_000
STEPS = 281
TICK_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
TICKS_MAX = 6
ROOM_ABOVE = 1.15
_SIMILARITY = "相似度 similarity (cosine)"
_DECADES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def distributions(report: FaceReport) -> str:
    """Draw how alike pairs of one person and of two people are."""
    pairs, threshold = report.pairs, report.visits.threshold
    plot = Plot(
        "同人与异人的相似度分布 / similarities of one person and of two people",
        _score_axis(float(BINS[0])),
        _share_axis(pairs, "占该类照片对的比例(对数) share of its pairs (log)"),
    )
    for scores, style in ((pairs.impostor, "impostor"), (pairs.genuine, "genuine")):
        steps = _steps(scores, plot.y.low)
        plot.area(steps, style)
        plot.line(steps, style)
    plot.upright(threshold, f"出厂阈值 shipped {threshold:.3f}", "threshold")
    return plot.svg()


def errors(report: FaceReport) -> str:
    """Draw both error rates over every threshold."""
    pairs, threshold = report.pairs, report.visits.threshold
    plot = Plot(
        "误识率与拒识率 / false match and false non-match rates",
        _score_axis(0.0),
        _share_axis(pairs, "错误率(对数) error rate (log)"),
    )
    grid = np.linspace(0.0, 1.0, STEPS)
    if len(pairs.impostor):
        above = 1 - np.searchsorted(pairs.impostor, grid) / len(pairs.impostor)
        plot.line(_seen(grid, above), "impostor")
    if len(pairs.genuine):
        below = np.searchsorted(pairs.genuine, grid) / len(pairs.genuine)
        plot.line(_seen(grid, below), "genuine")
    for row, rate in enumerate(one for one in pairs.rates if one.threshold is not None):
        if rate.threshold is not None:
            plot.upright(rate.threshold, f"FMR 1e-{-log10(rate.fmr):.0f}", "rate", row=row)
    plot.upright(threshold, f"出厂阈值 shipped {threshold:.3f}", "threshold")
    return plot.svg()


def open_sets(report: FaceReport) -> str:
    """Draw strangers accepted and members not known, by the number of members."""
    drawn = report.open_set
    target = report.policy.target_fpir_permille / PERMILLE
    tops = [share.high for one in drawn for share in (one.fpir, one.fnir) if share.high is not None]
    top = max([*tops, target]) * ROOM_ABOVE
    plot = Plot(
        "开集:陌生人被认、会员不认 / strangers accepted, members not known",
        _members_axis(drawn),
        Axis(
            0.0,
            top,
            _percent_ticks(top),
            "占到访的比例 share of visits",
        ),
    )
    for number, one in enumerate(drawn):
        for share, style, aside in ((one.fpir, "impostor", -0.09), (one.fnir, "genuine", 0.09)):
            if share.value is not None:
                told = (
                    f"{'FPIR' if aside < 0 else 'FNIR'} N={one.members}: {100 * share.value:.2f}%"
                )
                plot.dot(number + aside, share.value, style, spread=share.interval, told=told)
    plot.level(target, f"目标 target FPIR {100 * target:g}%", "threshold")
    return plot.svg()


def _score_axis(low: float) -> Axis:
    ticks = [(value, f"{value:.1f}") for value in np.arange(low, 1.01, 0.2).round(1).tolist()]
    return Axis(low, 1.0, ticks, _SIMILARITY)


def _share_axis(pairs: Pairs, title: str) -> Axis:
    least = 0.5 / max(len(pairs.genuine), len(pairs.impostor), 10)
    ticks = [(value, f"{100 * value:g}%") for value in _DECADES if value >= least]
    return Axis(least, 1.0, ticks, title, "log")


def _members_axis(drawn: Sequence[OpenSet]) -> Axis:
    ticks = [(float(number), f"{one.members}") for number, one in enumerate(drawn)]
    return Axis(-0.5, max(len(drawn), 1) - 0.5, ticks, "会员人数 members N")


def _steps(scores: Scores, least: float) -> list[Point]:
    if not len(scores):
        return []
    points: list[Point] = []
    for left, right, count in zip(BINS[:-1], BINS[1:], histogram(scores), strict=True):
        height = max(count / len(scores), least)
        points += [(float(left), height), (float(right), height)]
    return points


def _seen(grid: NDArray[np.float64], rates: NDArray[np.float64]) -> list[Point]:
    """Leave out what is zero: it has no place on a logarithm."""
    return [(float(x), float(y)) for x, y in zip(grid, rates, strict=True) if y > 0]


def _percent_ticks(top: float) -> list[tuple[float, str]]:
    step = next((step for step in TICK_STEPS if top / step <= TICKS_MAX), TICK_STEPS[-1])
    return [(float(value), f"{100 * value:.3g}%") for value in np.arange(0.0, top, step)]
