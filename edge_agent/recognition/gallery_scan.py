"""A look at every row of a gallery: at all of them by half, at few by the other half too.

The near half of a row says what its product with the probe is at most: the coarse product of the
near halves, what that may be wrong by, and |far half of the row| |far half of the probe|
(Cauchy-Schwarz). A row whose most is below what the decision asks about is not read any further.
Near is the half in which the probe is longer: the far one can add less, so fewer rows are read on.
"""

import sys

from edge_agent.ports.arrays import np, simsimd
from edge_agent.recognition.gallery_fixed import Fixed, Floats, Integers
from edge_agent.recognition.gallery_rows import ROUNDING, Rows

# Above this share of a block its far halves are read in a row: picking them out costs more.
PICKED_SHARE = 0.35
# Below this share of a block rows are judged one by one.
FEW = 0.1
TINY = sys.float_info.min
# Rows in order of their number, and what a look at the whole of each says.
Looked = tuple[Integers, Floats]


class Scan:
    """Rows whose product with the probe may reach a floor; -inf for all of them."""

    def __init__(self, rows: Rows, probe: Fixed, floor: float) -> None:
        self._rows = rows
        self._scale = float(probe.scale[0])
        self._floor = floor
        halves = rows.halves(probe)
        half_lengths = [float(half.length[0]) for half in halves]
        self._near_half = int(half_lengths[1] > half_lengths[0])
        self._far_half = 1 - self._near_half
        self._near, self._far = halves[self._near_half], halves[self._far_half]
        self._far_length = half_lengths[self._far_half]
        near_wrong = rows.wrong_by(self._near_half, self._near)
        far_wrong = rows.wrong_by(self._far_half, self._far)
        # What a look at the near half, and at the whole row, may be off by.
        self._half_doubt = near_wrong + ROUNDING * (1 + rows.length_max * float(probe.length[0]))
        self.doubt = self._half_doubt + far_wrong
        self._products = [np.zeros(0)] * rows.blocks
        self._looked: list[Looked] = [(np.zeros(0, np.int64), np.zeros(0))] * rows.blocks
        rows.in_turns(self._look)

    def at(self, floor: float) -> Looked:
        """Return every row that may reach the floor, and perhaps some more."""
        if floor < self._floor:
            self._floor = floor
            # Little is left to read: two threads would wait for each other longer than that takes.
            for turn in range(self._rows.blocks):
                self._look_further(turn)
        return np.concatenate([places for places, _ in self._looked]), np.concatenate(
            [looks for _, looks in self._looked]
        )

    def _look(self, turn: int) -> None:
        # By block: its products still lie in this processor's cache.
        self._products[turn] = self._rows.products(turn, self._near_half, self._near)
        places = self._likely(turn)
        if places.size:
            self._looked[turn] = self._numbers(turn, places), self._looks(turn, places)

    def _look_further(self, turn: int) -> None:
        seen, looks = self._looked[turn]
        places = self._likely(turn)
        unseen = np.ones(len(self._products[turn]), np.bool_)
        unseen[seen - self._rows.span(turn).start] = False
        places = places[unseen[places]]
        if places.size:
            whole = np.concatenate((looks, self._looks(turn, places)))
            self._looked[turn] = np.concatenate((seen, self._numbers(turn, places))), whole

    def _likely(self, turn: int) -> Integers:
        """Return the rows of a block whose most is not below the floor."""
        products = self._products[turn]
        if self._floor == -np.inf:
            return np.arange(len(products))
        floor = self._floor - self._half_doubt
        scales, lengths = self._rows.scales(turn), self._rows.lengths(turn, self._far_half)
        # One number for all rows first: most of them need no arithmetic of their own.
        left = floor - self._rows.half_max(self._far_half) * self._far_length
        if left > 0:
            least = left / max(self._rows.scale_max * self._scale, TINY)
            places = np.flatnonzero(products >= least)
            if places.size <= FEW * products.size:
                most = self._most(scales[places], products[places], lengths[places])
                return np.asarray(places[most >= floor])
        return np.flatnonzero(self._most(scales, products, lengths) >= floor)

    def _most(self, scales: Floats, products: Floats, lengths: Floats) -> Floats:
        # In one pass over the three: numpy would make five, and a low floor asks it of every row.
        most = simsimd.fma(scales, products, lengths, alpha=self._scale, beta=self._far_length)
        return np.asarray(most)

    def _numbers(self, turn: int, places: Integers) -> Integers:
        return np.asarray(places + self._rows.span(turn).start)

    def _looks(self, turn: int, places: Integers) -> Floats:
        """Return what a look at the whole of some rows of a block says."""
        products, scales = self._products[turn], self._rows.scales(turn)
        if places.size > PICKED_SHARE * products.size:
            looks = self._rows.products(turn, self._far_half, self._far)
            looks += products
            looks *= scales
            looks *= self._scale
            return looks if places.size == looks.size else looks[places]
        looks = self._rows.products(turn, self._far_half, self._far, places)
        looks += products[places]
        looks *= scales[places]
        looks *= self._scale
        return looks
