"""One search: every row is looked at by half, few by the other half, fewer still exactly.

The near half of a row says what its product with the probe is at most: the coarse product of the
near halves, what that may be wrong by, and |far half of the row| |far half of the probe|
(Cauchy-Schwarz). A row whose most is below what the decision asks about is not read any further.
"""

import numpy as np

from edge_agent.recognition.gallery_fixed import Fixed, Floats, Integers
from edge_agent.recognition.gallery_rows import Rows, Scored

# Above this share of a block its far halves are read in a row: picking them out costs more.
PICKED_SHARE = 0.35
# Covers the rounding of bounds and scores, which are computed in float64.
_ROUNDING = 1e-9


class Glance:
    """What a search has seen; whoever may be the nearest is compared exactly.

    `floor`: rows whose product with the probe is below it need not be found, -inf for all of them.
    """

    def __init__(self, rows: Rows, probe: Fixed, floor: float) -> None:
        self._rows = rows
        self._probe = probe
        self._floor = floor
        self._near, self._far = rows.halves(probe)
        self._far_length = float(self._far.length[0])
        near_wrong, far_wrong = rows.wrong_by(self._near, self._far)
        # What a look at the near half, and at the whole row, may be off by.
        self._half_doubt = near_wrong + _ROUNDING * (1 + rows.length_max * float(probe.length[0]))
        self._doubt = self._half_doubt + far_wrong
        # Of each block: the highest look, and which rows were seen whole (None: all of them).
        self._tops = np.full(rows.blocks, -np.inf)
        self._seen: list[Integers | None] = [None] * rows.blocks
        self._known: dict[int, Scored] = {}
        rows.in_turns(self._look)

    def nearest(self) -> list[Scored]:
        """Return exact (score, owner) of some rows, the nearest among them if it is on the floor.

        Of two looks both may be off, in opposite directions.
        """
        top = float(self._tops.max(initial=-np.inf))
        cut = max(top - 2 * self._doubt, self._floor - self._doubt)
        if not np.isfinite(top) or top < cut:
            return []
        near = [
            np.flatnonzero(self._rows.looks[here] >= cut) + here.start
            for turn in np.flatnonzero(self._tops >= cut).tolist()
            for here in (self._rows.span(turn),)
        ]
        rows = np.concatenate(near).tolist()
        fresh = [row for row in rows if row not in self._known]
        scored = self._rows.exact(np.array(fresh, np.int64), self._probe)
        self._known.update(zip(fresh, scored, strict=True))
        return [self._known[row] for row in rows]

    def leave_out(self, owner: int) -> None:
        """Look at one owner's rows no more."""
        rows = self._rows.rows_of(owner)
        self._rows.looks[rows] = -np.inf
        for turn in np.unique(self._rows.turns_of(rows)).tolist():
            self._tops[turn] = self._top(turn)

    def reach(self, floor: float) -> None:
        """Find rows down to another floor."""
        before, self._floor = self._floor, floor
        if floor < before:
            self._rows.in_turns(self._look_further)

    def _look(self, turn: int) -> None:
        # By block: its products still lie in this processor's cache.
        looks = self._rows.looks[self._rows.span(turn)]
        looks[:] = self._rows.near_products(turn, self._near)
        looks *= self._rows.scales(turn)
        looks *= self._probe.scale[0]
        if self._floor > -np.inf:
            near = np.flatnonzero(self._most(turn) >= self._floor - self._half_doubt)
            if near.size <= PICKED_SHARE * looks.size:
                self._seen[turn] = near
        seen = self._seen[turn]
        looks[slice(None) if seen is None else seen] += self._far_looks(turn, seen)
        self._tops[turn] = self._top(turn)

    def _look_further(self, turn: int) -> None:
        seen = self._seen[turn]
        if seen is None:
            return
        most = self._most(turn)
        most[seen] = np.nan
        fresh = np.flatnonzero(most >= self._floor - self._half_doubt)
        self._rows.looks[self._rows.span(turn)][fresh] += self._far_looks(turn, fresh)
        self._seen[turn] = np.concatenate((seen, fresh))
        self._tops[turn] = self._top(turn)

    def _most(self, turn: int) -> Floats:
        """Return what the exact products of rows half seen exceed by `_half_doubt` at most."""
        most = self._rows.far_lengths(turn) * self._far_length
        most += self._rows.looks[self._rows.span(turn)]
        return most

    def _far_looks(self, turn: int, places: Integers | None) -> Floats:
        if places is not None and not places.size:
            return np.zeros(0)
        scales = self._rows.scales(turn)
        picked = places is not None and places.size <= PICKED_SHARE * scales.size
        looks = self._rows.far_products(turn, self._far, places if picked else None)
        looks *= scales[places] if picked else scales
        looks *= self._probe.scale[0]
        return looks if picked or places is None else looks[places]

    def _top(self, turn: int) -> float:
        looks, seen = self._rows.looks[self._rows.span(turn)], self._seen[turn]
        return float((looks if seen is None else looks[seen]).max(initial=-np.inf))
