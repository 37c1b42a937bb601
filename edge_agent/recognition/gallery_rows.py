"""The rows of a gallery: blocks in memory, scanned by two threads, the best rows looked at twice.

Growing copies no vector; a removed row is overwritten by the last one, and that place with zeros.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from math import prod
from mmap import MADV_HUGEPAGE, MAP_ANONYMOUS, MAP_PRIVATE, mmap
from os import cpu_count
from typing import Any

import numpy as np
import simsimd
from numpy.typing import NDArray

from edge_agent.recognition.gallery_fixed import (
    FINE,
    Fixed,
    Floats,
    Integers,
    Vectors,
    joined,
    values,
)

# 4 MB of first looks: about half a millisecond, so two threads end together.
BLOCK_ROWS = 8_192
HUGE_PAGE = 1 << 21
# Rows that are taken in or looked at again in one step: what stays in a processor's cache.
STEP_ROWS = 128
Scored = tuple[float, int]


class Block:
    """The values of a fixed number of rows; those not in use are zero."""

    def __init__(self, rows: int, width: int) -> None:
        self.coarse = _zeros((rows, width), np.dtype(np.int8))
        self.fine = _zeros((rows, width), np.dtype(np.int16))


def _zeros(shape: tuple[int, int], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return zeros in memory that the kernel may give in huge pages: a search reads all of it.

    In pages of 4 KB the processor looks up 12,500 of them for each search. What lies before the
    first whole huge page is never touched, so it costs nothing.
    """
    size = prod(shape) * kind.itemsize
    if size < HUGE_PAGE:
        return np.zeros(shape, kind)
    memory = mmap(-1, size + HUGE_PAGE, flags=MAP_PRIVATE | MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without them
        memory.madvise(MADV_HUGEPAGE)
    start = -np.frombuffer(memory, np.uint8).ctypes.data % HUGE_PAGE
    return np.frombuffer(memory, kind, prod(shape), start).reshape(shape)


class Rows:
    """Rows in order; a caller must not search and change them at the same time."""

    def __init__(self, width: int, block_rows: int = BLOCK_ROWS) -> None:
        self.width = width
        self.used = 0
        self._block_rows = block_rows
        self._blocks: list[Block] = []
        self._scale = np.zeros(0)
        self._owner = np.zeros(0, np.int64)
        self._products = np.zeros(0)
        self._tops = np.zeros(0)
        # The longest row, and the most that the coarse part of a row leaves out.
        self._length_max = 0.0
        self._lost_max = 0.0
        # It sleeps between searches; the threads of a BLAS or of OpenMP spin for 30 ms after each,
        # and on a box with two cores the nets of the next frame ran at half speed beside them.
        self._helper = ThreadPoolExecutor(1, "gallery") if (cpu_count() or 1) > 1 else None

    def append(self, vectors: Vectors, owners: Integers) -> None:
        """Hold more rows, shape (n, width), each with the number of its owner."""
        at = 0
        while at < len(owners):
            block, row = divmod(self.used, self._block_rows)
            if block == len(self._blocks):
                self._grow()
            end = at + min(self._block_rows - row, STEP_ROWS, len(owners) - at)
            rows, put = Fixed.of(vectors[at:end]), slice(row, row + end - at)
            self._blocks[block].coarse[put] = rows.coarse
            self._blocks[block].fine[put] = rows.fine
            flat = slice(self.used, self.used + end - at)
            self._scale[flat], self._owner[flat] = rows.scale, owners[at:end]
            self._length_max = max(self._length_max, float(rows.length.max()))
            self._lost_max = max(self._lost_max, float(rows.lost.max()))
            self.used, at = flat.stop, end

    def remove(self, owner: int) -> int:
        """Overwrite every row of one owner; return how many went."""
        mine = self._rows_of(owner)
        # From the end, so that the row which fills a hole is never one of hers.
        for row in mine[::-1].tolist():
            self.used -= 1
            block, place = divmod(row, self._block_rows)
            last, last_place = divmod(self.used, self._block_rows)
            for plane in ("coarse", "fine"):
                source = getattr(self._blocks[last], plane)
                getattr(self._blocks[block], plane)[place] = source[last_place]
                source[last_place] = 0
            for column in (self._scale, self._owner):
                column[row] = column[self.used]
                column[self.used] = 0
            if not last_place:
                self._blocks.pop()
                self._tops = np.zeros(len(self._blocks))
        return len(mine)

    def of_owner(self, owner: int) -> Vectors:
        """Return one owner's rows as they are held, shape (n, width)."""
        rows = self._rows_of(owner)
        return values(self._whole(rows), self._scale[rows])

    def glance(self, probe: Fixed) -> "Glance":
        """Take the first look at every row; it holds until the next one."""
        turns = iter(range(len(self._blocks)))

        def take_turns() -> None:
            # Each thread takes the next block there is: one that is held up costs one block.
            for turn in turns:
                here = self.span(turn)
                coarse = self._blocks[turn].coarse[: here.stop - here.start]
                # Never `out=`: simsimd 6.5.16 then returns a None that it does not own, and after
                # some thousand searches the interpreter dies of it.
                products = np.asarray(simsimd.cdist(probe.coarse, coarse, metric="dot"))[0]
                # Here, while the block's products still lie in this processor's cache.
                looks = self._products[here]
                looks[:] = products
                looks *= self._scale[here]
                looks *= probe.scale[0]
                self._tops[turn] = looks.max()

        with self._helped(take_turns):
            take_turns()
        band = 2 * probe.wrong_by(self._length_max, self._lost_max)
        return Glance(self, probe, self._products[: self.used], self._tops, band)

    def span(self, turn: int) -> slice:
        """Return which rows a block holds."""
        first = turn * self._block_rows
        return slice(first, min(first + self._block_rows, self.used))

    def exact(self, rows: Integers, probe: Fixed) -> Iterator[Scored]:
        """Yield the exact products of some rows with the probe, and the owners."""
        for at in range(0, len(rows), STEP_ROWS):
            step = rows[at : at + STEP_ROWS]
            products = np.einsum("ij,j->i", self._whole(step), probe.whole[0])
            scores = products * (self._scale[step] / FINE) * (probe.scale[0] / FINE)
            yield from zip(scores.tolist(), self._owner[step].tolist(), strict=True)

    def owned_by(self, owner: int) -> NDArray[np.bool_]:
        """Tell of each row whether it is one owner's."""
        return np.asarray(self._owner[: self.used] == owner)

    def _rows_of(self, owner: int) -> Integers:
        return np.flatnonzero(self.owned_by(owner))

    def _whole(self, rows: Integers) -> Integers:
        whole = np.zeros((len(rows), self.width), np.int64)
        numbers = rows // self._block_rows
        for number in np.unique(numbers).tolist():
            here = numbers == number
            places, block = rows[here] % self._block_rows, self._blocks[number]
            whole[here] = joined(block.coarse[places], block.fine[places])
        return whole

    def _grow(self) -> None:
        self._blocks.append(Block(self._block_rows, self.width))
        room = len(self._blocks) * self._block_rows
        for name in ("_scale", "_owner", "_products"):
            column = getattr(self, name)
            longer = np.zeros(room, column.dtype)
            longer[: self.used] = column[: self.used]
            setattr(self, name, longer)
        self._tops = np.zeros(len(self._blocks))

    @contextmanager
    def _helped(self, work: Callable[[], None]) -> Iterator[None]:
        worth = self._helper is not None and len(self._blocks) > 1
        help_: Future[None] | None = self._helper.submit(work) if self._helper and worth else None
        yield
        # A helper that never got its turn is not waited for: all the work is done.
        if help_ is not None and not help_.cancel():
            help_.result()


class Glance:
    """The first look at all rows, and the second look at whoever may be the nearest.

    `tops` is the highest look of each block: most blocks need no second one.
    """

    def __init__(self, rows: Rows, probe: Fixed, looks: Floats, tops: Floats, band: float) -> None:
        self._rows = rows
        self._probe = probe
        self._looks = looks
        self._tops = tops
        self._known: dict[int, Scored] = {}
        # Two looks may be off by half of it each, in opposite directions.
        self._band = band

    def nearest(self) -> list[Scored]:
        """Return exact (score, owner) of some rows, the nearest among them; empty when none is."""
        cut = float(self._tops.max(initial=-np.inf)) - self._band
        if not np.isfinite(cut):
            return []
        near = [
            np.flatnonzero(self._looks[here] >= cut) + here.start
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
        for row in np.flatnonzero(self._rows.owned_by(owner)).tolist():
            self._looks[row] = -np.inf
        for turn in range(len(self._tops)):
            self._tops[turn] = self._looks[self._rows.span(turn)].max(initial=-np.inf)
