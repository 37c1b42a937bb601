"""Four counters on one box: real lanes, each with its own camera process and its own `identify`.

They share the nets (in turns), the gallery of 100,000 and the processor. Every camera replays a
photo with jitter at 30 frames a second; the figures are those of every lane at once, and of one
lane with a member while a stranger stands before each of the others.
"""

import itertools
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.fair import FairTurns
from edge_agent.recognition.gallery import Gallery
from edge_agent.services.recognition.walk_up import WalkUp, WalkUpFaces, Zone
from edge_agent.services.recognition.watch_lane import WatchLane
from retail_core.identity.assurance import Factor
from tools.bench.counter import (
    DEADLINE_MS,
    MEMBER,
    Scene,
    Setting,
    Stand,
    counters,
    on_frame,
    photo,
)
from tools.bench.readers import FACE, WARM_UP, Series
from tools.bench.report import Row, percentile

LANES, FPS, TEMPLATES = 4, 30, 100_000
VOTE = 3
NETS = ("detect", "settle", "align", "liveness", "embed")
# The frames that other work on this machine disturbed least.
QUIET_PERCENT = 5
# CPU time of the networks beside this machine's, by published tables; nothing ran on ARM.
PI = {"Pi 5": (3.0, 4.0), "Pi 4": (9.0, 14.0)}
PI_CORES_FOR_NETS = 3
FRAME_MS = 1_000 / FPS
STRANGER_MS = 1_000
UNASKED_S = 5.0
TICKS_S = os.sysconf("SC_CLK_TCK")


def lane_rows(rounds: int) -> Iterable[Row]:
    """Measure lanes in turns, the same without turns, and one beside three strangers."""
    with _shop() as (stands, scenes):
        turns, nobody_waits = stands[0].engine.turns, FairTurns(LANES)
        load = _Load(stands)
        # One round with turns, one without: other work on the machine disturbs both alike.
        each = _all_at_once(stands, scenes, 2 * rounds, (turns, nobody_waits))
        names = sum(len(one.right) for pair in each for one in pair)
        spent = load.rows(names)
        told, without = ([pair[which] for pair in each] for which in (0, 1))
        yield from _named(f"{LANES} lanes at once", told, _peer(without))
        slowest, quickest = (
            edge(percentile(one.first_usable_ms or [0.0], 95) for one in told)
            for edge in (max, min)
        )
        yield Row("the slowest lane's p95 over the quickest's", slowest / (quickest or 1), "ratio")
        estimate = _on_a_pi(_nets_ms(told))
        yield Row("one frame through the nets, undisturbed", _nets_ms(told), "ms", peer=estimate)
        yield from spent
        watching = f"{LANES} lanes that nobody asks, cameras apart"
        yield _unasked(stands, scenes, watching)
        yield _unasked(stands, scenes, f"{watching}, with walk-up zones", _zones(stands))
        stands[0].engine.turns = turns
        beside = _beside_strangers(stands, scenes, rounds)
        yield from _named(f"1 lane beside {LANES - 1} with strangers", [beside])


@contextmanager
def _shop() -> Iterator[tuple[list[Stand], list[Scene]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        scenes = []
        for number in range(LANES):
            place = folder / str(number)
            place.mkdir()
            scenes.append(Scene(place))
            scenes[-1].wall()
        setting, phone = Setting(fps=FPS, templates=TEMPLATES), Ed25519PrivateKey.generate()
        yield stack.enter_context(counters(folder, scenes, phone, None, setting)), scenes


def _all_at_once(
    stands: Sequence[Stand], scenes: Sequence[Scene], rounds: int, turns: tuple[FairTurns, ...]
) -> list[tuple[Series, ...]]:
    """Let her be seen at every lane, each round begun by all together, with turns in rotation.

    Return for each lane a series for each way of taking turns.
    """
    for scene in scenes:
        scene.show(on_frame(photo("3")))
    number = itertools.count()

    def next_turns() -> None:
        stands[0].engine.turns = turns[next(number) % len(turns)]

    together = threading.Barrier(len(stands), next_turns, timeout=60)

    def at_lane(stand: Stand) -> tuple[Series, ...]:
        results = []
        for _ in range(len(turns) * WARM_UP + rounds):
            together.wait()
            results.append(stand.identify.identify(FACE, DEADLINE_MS))
        kept = results[len(turns) * WARM_UP :]
        ways = range(len(turns))
        return tuple(Series.of(kept[way :: len(turns)], Factor.FACE_VOTE) for way in ways)

    with ThreadPoolExecutor(len(stands)) as pool:
        return list(pool.map(at_lane, stands))


def _beside_strangers(stands: Sequence[Stand], scenes: Sequence[Scene], rounds: int) -> Series:
    """Let a member come to the first lane while the others look at a stranger without a pause."""
    scenes[0].show(on_frame(photo("3")))
    for scene in scenes[1:]:
        scene.show(on_frame(photo("1", "person-b")))
    over = threading.Event()

    def look(stand: Stand) -> None:
        while not over.is_set():
            stand.identify.identify(FACE, STRANGER_MS)

    with ThreadPoolExecutor(len(stands)) as pool:
        for stand in stands[1:]:
            pool.submit(look, stand)
        try:
            first = stands[0].identify
            results = [first.identify(FACE, DEADLINE_MS) for _ in range(WARM_UP + rounds)]
        finally:
            over.set()
    return Series.of(results[WARM_UP:], Factor.FACE_VOTE)


def _zones(stands: Sequence[Stand]) -> list[WalkUp]:
    """Return a walk-up zone for each lane, for one member who agreed to it."""
    known = Gallery(stands[0].engine.model_id)
    reading = stands[0].engine.read(on_frame(photo("1")))
    assert reading.embedding is not None  # noqa: S101 - the photo is known to pass the gates
    known.add(Template(MEMBER, MEMBER, known.model_id, reading.embedding))
    faces = WalkUpFaces(known, lambda: frozenset({MEMBER}), lambda: True)
    faces.tend()
    return [WalkUp(Zone(one.camera, one.engine, lambda: "on"), faces) for one in stands]


def _unasked(
    stands: Sequence[Stand],
    scenes: Sequence[Scene],
    name: str,
    zones: Sequence[WalkUp] = (),
) -> Row:
    """Measure what it costs that every lane looks for codes, and for who walks up, unasked."""
    for scene in scenes:
        scene.wall()
    over = threading.Event()

    def watch(stand: Stand, zone: WalkUp | None) -> None:
        lane = WatchLane(stand.identify, lambda _result: None, walk_up=zone)
        while not over.is_set():
            lane.turn()

    with ThreadPoolExecutor(len(stands)) as pool:
        for stand, zone in zip_longest(stands, zones):
            pool.submit(watch, stand, zone)
        began_s = time.process_time()
        over.wait(UNASKED_S)
        cores = (time.process_time() - began_s) / UNASKED_S
        over.set()
    return Row(name, cores, "cores")


class _Load:
    """Whose processor time goes by: the cameras' and this program's."""

    def __init__(self, stands: Sequence[Stand]) -> None:
        self._pids = [pid for stand in stands if (pid := stand.camera.capture_pid()) is not None]
        self._began = time.perf_counter()
        self._cameras, self._own = self._camera_s(), time.process_time()

    def rows(self, names: int) -> list[Row]:
        """Say what a name cost, and how many cores the cameras took meanwhile."""
        seconds = time.perf_counter() - self._began
        cameras = max(0.0, self._camera_s() - self._cameras) / seconds
        own_ms = (time.process_time() - self._own) * 1_000 / max(1, names)
        cores = os.cpu_count() or 1
        floor = f"{LANES} lanes on {cores} cores: {LANES * own_ms / cores:.0f} ms at least"
        return [
            Row("processor time a name takes, cameras apart", own_ms, "ms", peer=floor),
            Row(f"{LANES} camera processes at {FPS} fps", cameras, "cores"),
        ]

    def _camera_s(self) -> float:
        # One that was replaced meanwhile, on a machine too busy for it, has no file any more.
        files = [Path(f"/proc/{pid}/stat") for pid in self._pids]
        stats = (file.read_text(encoding="ascii") for file in files if file.exists())
        # Fields 14 and 15, user and system time, counted behind the name in brackets.
        fields = (stat.rpartition(")")[2].split() for stat in stats)
        return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS_S


def _named(lanes: str, each: Sequence[Series], peer: str = "") -> Iterable[Row]:
    """Yield the rows from the first usable frame to the name, vote included."""
    name = f"first usable frame → name, {lanes}"
    times = [ms for one in each for ms in one.first_usable_ms]
    rounds = sum(one.rounds for one in each)
    yield Row(f"{name}: recognised", 100 * len(times) / rounds, "%", 100.0, "higher")
    if not times:
        yield Row(f"{name} p95", None, "ms", why="nobody was recognised")
        return
    yield Row(f"{name} p50", percentile(times, 50), "ms", peer=peer)
    yield Row(f"{name} p95", percentile(times, 95), "ms")
    yield Row(f"{name} p99", percentile(times, 99), "ms")


def _peer(each: Sequence[Series]) -> str:
    times = [ms for one in each for ms in one.first_usable_ms]
    told = " / ".join(f"{percentile(times, percent):.0f}" for percent in (50, 95, 99))
    return f"without turns {told} ms (p50 / p95 / p99)" if times else "without turns: nobody"


def _nets_ms(each: Sequence[Series]) -> float:
    """Return what a frame costs when nothing disturbs it."""
    stages = [
        percentile(ms, QUIET_PERCENT)
        for one in each
        for stage in NETS
        if (ms := one.stage_ms(stage))
    ]
    return sum(stages) / max(1, len(each))


def _on_a_pi(frame_ms: float) -> str:
    """Estimate three frames of four lanes on four slower cores, one of them the cameras'."""
    estimates = []
    for name, factors in PI.items():
        low, high = (
            VOTE * max(FRAME_MS, factor * frame_ms * LANES / PI_CORES_FOR_NETS)
            for factor in factors
        )
        estimates.append(f"{name} {low:,.0f}–{high:,.0f} ms")
    return f"estimate for {LANES} lanes, not measured: {', '.join(estimates)}"
