"""`make bench-pricing`: how long the best price takes, and what other ways of choosing charge.

Times are of the processor, as on a machine with nothing else to do; the clock's are told beside
them. The share of baskets that other ways get wrong depends on how much offers overlap; here they
overlap more than a shop would publish.
"""

import argparse
import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from rich.progress import track

from retail_core.checkout.basket import Basket
from retail_core.pricing.certificate import PricedBasket, certificate_hash
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.formulation import Formulation, formulate, points_terms
from retail_core.pricing.matching.matches import match_rules
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.solver.answers import Question, answer_of
from retail_core.pricing.solver.incumbent import incumbent
from retail_core.pricing.solver.joint import solve_question
from retail_core.pricing.solver.model import highs
from tools.bench.pricing_cases import Size, joint_case, plain_case
from tools.bench.pricing_peers import best_first, by_priority
from tools.bench.report import ROOT, Bench, Row, percentile

SEED = 20_261_122
ROUNDS = 100
HASHED = 40
MAIN_SIZE = Size(30, 8, 12)
PLAIN_SIZES = (Size(8, 3, 12), Size(15, 4, 12), MAIN_SIZE, Size(60, 8, 12), Size(60, 20, 40))
LARGE_SIZE = Size(200, 50, 120)
_MS = 1_000
_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Clock:
    """Times by the clock and by the processor."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, work: Callable[[], _Result]) -> _Result:
        """Run and note."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.cpu.append((time.process_time() - cpu) * _MS)
        self.wall.append((time.perf_counter() - wall) * _MS)
        return result

    def tell(self, bench: Bench, name: str, bars: dict[int, float]) -> None:
        """Add percentiles; bars are on the processor's time."""
        for percent in (50, 95, 99):
            told = f"{percentile(self.wall, percent):,.1f} ms by the clock"
            value = percentile(self.cpu, percent)
            bench.add(Row(f"{name} p{percent}", value, "ms", bars.get(percent), peer=told))


@dataclass(slots=True)
class _Peer:
    """How often another way of choosing charges more, and by how much."""

    excess: list[float] = field(default_factory=list)

    def note(self, theirs_fen: int, ours_fen: int) -> None:
        """Note what both ways charge."""
        self.excess.append((theirs_fen - ours_fen) / max(1, ours_fen))

    def tell(self, bench: Bench, name: str) -> None:
        """Add the share that is dearer, and by how much those are on average."""
        if not self.excess:
            return
        wrong = [share for share in self.excess if share > 0]
        bench.add(Row(f"{name}: dearer than ours", 100 * len(wrong) / len(self.excess), "%"))
        mean = 100 * sum(wrong) / len(wrong) if wrong else 0.0
        bench.add(Row(f"{name}: dearer by, where it is", mean, "%"))


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hash", action="store_true", help="only print the hash of some results")
    if parser.parse_args().hash:
        sys.stdout.write(_hash_of_results() + "\n")
        return 0
    highs()  # a till loads it once
    bench = Bench("pricing")
    for size in PLAIN_SIZES:
        _plain(bench, size, ROUNDS)
    _plain(bench, LARGE_SIZE, ROUNDS // 10)
    _joint(bench)
    _same_bytes(bench)
    return bench.finish()


def _plain(bench: Bench, size: Size, rounds: int) -> None:
    rng = random.Random(SEED)  # noqa: S311 - a bench repeats, it keeps no secret
    times, firsts, gaps = _Clock(), _Clock(), list[int]()
    peers = {"fixed order": _Peer(), "best offer first": _Peer()}
    for _ in track(range(rounds), f"{size}"):
        basket, bundle = plain_case(rng, size)
        priced = times.run(partial(price_basket, basket, bundle, None))
        gaps += [priced.gap_fen] if priced.gap_fen else []
        problem = formulate(basket.lines, match_rules(basket, bundle, None)).problem
        firsts.run(partial(incumbent, problem))
        if not priced.gap_fen:
            shelf = problem.shelf_fen
            peers["fixed order"].note(shelf - by_priority(problem), priced.due_fen)
            peers["best offer first"].note(shelf - best_first(problem), priced.due_fen)
    is_main = size == MAIN_SIZE
    times.tell(bench, f"{size}", {50: 8.0, 95: 25.0} if is_main else {})
    firsts.tell(bench, f"{size}: first answer", {99: 2.0} if is_main else {})
    _tell_proven(bench, f"{size}", rounds, gaps)
    for name, peer in peers.items():
        peer.tell(bench, f"{size}: {name}")


def _tell_proven(bench: Bench, name: str, rounds: int, gaps: list[int]) -> None:
    proven = 100 * (rounds - len(gaps)) / rounds
    worst = f"largest gap {max(gaps)} fen" if gaps else ""
    bench.add(Row(f"{name}: proven optimal", proven, "%", None, "higher", peer=worst))


def _joint(bench: Bench) -> None:
    rng = random.Random(SEED)  # noqa: S311 - as above
    times, after, gaps = _Clock(), _Peer(), list[int]()
    for _ in track(range(ROUNDS), "three coupons and points"):
        basket, bundle, member = joint_case(rng, MAIN_SIZE)
        priced = times.run(partial(_price, basket, bundle, member))
        gaps += [priced.gap_fen] if priced.gap_fen else []
        if not priced.gap_fen:
            after.note(_coupon_after(basket, bundle, member), priced.due_fen)
    name = f"{MAIN_SIZE}, three coupons and points"
    times.tell(bench, name, {95: 60.0})
    _tell_proven(bench, name, ROUNDS, gaps)
    after.tell(bench, "coupon chosen after the item offers")


def _price(basket: Basket, bundle: RuleBundle, member: MemberContext) -> PricedBasket:
    return price_basket(basket, bundle, member, points_wanted=member.points_free)


def _coupon_after(basket: Basket, bundle: RuleBundle, member: MemberContext) -> int:
    """Return what is due when item offers are chosen for themselves, then a coupon, then points."""
    matches = match_rules(basket, bundle, member)
    formulation: Formulation = formulate(basket.lines, matches)
    points = points_terms(matches.points, member.points_free, member.points_free)
    question = Question(formulation.problem, formulation.candidates, points)
    items = solve_question(
        replace(question, candidates=question.candidates[:1], points=None), 10**5
    )
    answers = [
        answer
        for number in range(len(question.candidates))
        if (answer := answer_of(question, number, items.choice)) is not None
    ]
    return min(answer.due.due_fen for answer in answers)


def _hash_of_results() -> str:
    rng = random.Random(SEED)  # noqa: S311 - as above
    facts = hashlib.sha256()
    for _ in range(HASHED):
        basket, bundle = plain_case(rng, MAIN_SIZE)
        joint, rules, member = joint_case(rng, MAIN_SIZE)
        for priced in (price_basket(basket, bundle, None), _price(joint, rules, member)):
            if priced.status == "optimal":
                facts.update(certificate_hash(priced))
    return facts.hexdigest()


def _same_bytes(bench: Bench) -> None:
    command = [sys.executable, "-m", "tools.bench.bench_pricing", "--hash"]
    hashes = [
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    same = 100.0 if len(set(hashes)) == 1 else 0.0
    told = f"{hashes[0][:16]}…"
    bench.add(Row("two processes, same bytes", same, "%", 100.0, "higher", peer=told))


if __name__ == "__main__":
    sys.exit(main())
