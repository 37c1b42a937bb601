"""Removal effects in an absorbing Markov chain of journeys, exactly: one linear solve a channel.

A state is the last `order` channels of a journey (Anderl, Becker, von Wangenheim and Schumann,
IJRM 33(3), 2016). A channel's removal effect is the share of conversions that is lost when every
journey that comes to it ends there; conversions are shared out in proportion to those effects.
Simulating the chain is off by more than the whole value for small channels; a solve is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, identity
from scipy.sparse.linalg import spsolve

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.attribution.journeys import Journeys, Shares
from retail_core.insight.attribution.rules import Credit
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

STATES_MAX = 20_000
State = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """How journeys walk, without their weights: so many weights may be tried on one chain.

    `came` and `went` are states of each step and `path` the journey it belongs to; `begins` and
    `ends` are the first and the last state of each journey.
    """

    channels: tuple[str, ...]
    states: Sequence[State]
    came: Ints
    went: Ints
    path: Ints
    begins: Ints
    ends: Ints


def build_chain(journeys: Journeys, order: int) -> Chain:
    """Return the chain of some journeys. Fault E110 for too many states."""
    places: dict[State, int] = {}
    came: list[int] = []
    went: list[int] = []
    path: list[int] = []
    begins: list[int] = []
    ends: list[int] = []
    for nth, channels in enumerate(journeys.paths):
        walked = [
            places.setdefault(channels[max(0, at - order + 1) : at + 1], len(places))
            if at >= order - 1
            # A journey's beginning is a state of its own: it is not where others pass by.
            else places.setdefault(("", *channels[: at + 1]), len(places))
            for at in range(len(channels))
        ]
        came += walked[:-1]
        went += walked[1:]
        path += [nth] * (len(walked) - 1)
        begins.append(walked[0])
        ends.append(walked[-1])
    if len(places) > STATES_MAX:
        what = Words("states of the chain", "链的状态")
        raise Fault(FaultCode.INSIGHT_TOO_MANY, what=what, count=len(places), limit=STATES_MAX)
    arrays = (np.array(one, dtype=np.int64) for one in (came, went, path, begins, ends))
    return Chain(journeys.channels(), tuple(places), *arrays)


def credit(journeys: Journeys, order: int) -> Credit:
    """Share out conversions, and their value, by removal effects."""
    chain = build_chain(journeys, order)
    effects = removal_effects(chain, journeys.conversions, journeys.nulls)
    conversions = share_out(effects, float(journeys.conversions.sum()))
    if journeys.value is None:
        return Credit(conversions, None)
    worth = removal_effects(chain, journeys.conversions, journeys.nulls, journeys.value)
    return Credit(conversions, share_out(worth, float(journeys.value.sum())))


def removal_effects(
    chain: Chain, conversions: Floats, nulls: Floats, value: Floats | None = None
) -> Shares:
    """Return what share of conversions, or of their `value`, each channel's absence costs."""
    size = len(chain.states)
    weight = conversions + nulls
    out = np.bincount(chain.ends, weight, minlength=size)
    out += np.bincount(chain.came, weight[chain.path], minlength=size)
    known = np.where(out > 0, out, 1.0)  # a state nobody came to leads nowhere
    step = weight[chain.path] / known[chain.came]
    walks = csc_array((step, (chain.came, chain.went)), shape=(size, size))
    paid = np.where(weight > 0, conversions if value is None else value, 0.0)
    reward = np.bincount(chain.ends, paid, minlength=size) / known
    journeys = max(float(weight.sum()), np.finfo(np.float64).tiny)
    start = np.bincount(chain.begins, weight, minlength=size).astype(np.float64) / journeys
    whole = _earned(walks, reward, start, np.ones(size, dtype=bool))
    effects: dict[str, float] = {}
    for channel, without in _without(chain).items():
        left = _earned(walks, reward, start, without)
        effects[channel] = 1 - left / whole if whole else 0.0
    return effects


def share_out(effects: Mapping[str, float], total: float) -> Shares:
    """Share a total out in proportion to effects."""
    together = sum(effects.values())
    return {name: total * one / together if together else 0.0 for name, one in effects.items()}


def _without(chain: Chain) -> dict[str, NDArray[np.bool_]]:
    """Return, for each channel, which states it has no part in."""
    found = {channel: np.ones(len(chain.states), dtype=bool) for channel in chain.channels}
    for place, state in enumerate(chain.states):
        for channel in state:
            if channel:
                found[channel][place] = False
    return found


def _earned(walks: csc_array, reward: Floats, start: Floats, kept: NDArray[np.bool_]) -> float:
    """Return what a journey earns that walks only over states that are kept."""
    places = np.flatnonzero(kept)
    if not places.size:
        return 0.0
    inside = walks[places][:, places]
    system = (identity(places.size, format="csc") - inside).tocsc()
    earned = np.atleast_1d(spsolve(system, reward[places]))
    return float(start[places] @ earned)
