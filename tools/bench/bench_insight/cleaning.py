"""Cleaning: made fakes and bots among honest people, and what is left of them in the figures."""

import time
from pathlib import Path

from retail_core.insight.cleaning.decision import set_apart
from retail_core.insight.cleaning.layers import judge_actors, judge_orders, with_and_without
from tools.bench.planted_orders import Planted, plant
from tools.bench.report import Bench, Row

ORDERS = 100_000
PRECISION, RECALL, MOVED = 0.95, 0.9, 0.01
# What a channel is said to have cost; only what of the return moves is looked at.
_COST_FEN = 10_000_000


def measure(bench: Bench, folder: Path) -> None:
    """Add the rows; `folder` is not read, orders are made."""
    del folder
    world = plant(ORDERS)
    began = time.perf_counter()
    decisions = judge_orders(world.orders)
    orders_s = time.perf_counter() - began
    began = time.perf_counter()
    found = set_apart(judge_actors(world.events))
    actors_s = time.perf_counter() - began
    _rows(bench, "fake orders", set_apart(decisions), world.fakes, f"{orders_s:.1f} s")
    _rows(bench, "bots", found, world.bots, f"{len(world.events)} events, {actors_s:.1f} s")
    honest = [one for one in world.orders if one.order_id not in world.fakes]
    clean = {one.channel: one.everything.net_fen for one in with_and_without(honest, ())}
    told = with_and_without(world.orders, decisions)
    moved = max(abs(_roi(one.without.net_fen) / _roi(clean[one.channel]) - 1) for one in told)
    raw = max(abs(_roi(one.everything.net_fen) / _roi(clean[one.channel]) - 1) for one in told)
    peer = f"{raw:.3f} with the fakes in it"
    name = f"ROI of a channel: moved by {_share(world):.0%} fakes"
    bench.add(Row(name, moved, "relative", MOVED, peer=peer))


def _rows(
    bench: Bench, what: str, found: frozenset[str], planted: frozenset[str], peer: str
) -> None:
    hits = len(found & planted)
    bench.add(Row(f"{what}: precision", hits / len(found), "", PRECISION, "higher", peer))
    bench.add(Row(f"{what}: recall", hits / len(planted), "", RECALL, "higher", peer))


def _share(world: Planted) -> float:
    return len(world.fakes) / (len(world.orders) - len(world.fakes))


def _roi(net_fen: int) -> float:
    return net_fen / _COST_FEN
