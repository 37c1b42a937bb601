"""The rows of a gallery: blocks in memory, read by two threads; `Glance` says which rows are read.

Growing copies no vector; a removed row is overwritten by the last one, and that place with zeros.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from math import prod
from mmap import MADV_HUGEPAGE, MAP_ANONYMOUS, MAP_PRIVATE, mmap
from os import cpu_count

from edge_agent.ports.arrays import Array, Int8s, Kind, np, simsimd
from edge_agent.recognition.gallery_fixed import (
    FINE,
    Fixed,
    Floats,
    Integers,
    Vectors,
    joined,
    values,
)

# 2 MB of one half each: a third of a millisecond, so two threads end together.
BLOCK_ROWS = 8_192
HUGE_PAGE = 1 << 21
# Rows that are taken in or looked at again in one step: what stays in a processor's cache.
STEP_ROWS = 64
# Covers the rounding of bounds and scores, which are computed in float64.
ROUNDING = 1e-9
Scored = tuple[float, int]


class Block:
    """The values of a fixed number of rows; those not in use are zero.

    `halves` are the coarse values of the first columns and of the others.
    """

    def __init__(self, rows: int, width: int, split: int) -> None:
        coarse = np.dtype(np.int8)
        self.halves = (_zeros((rows, split), coarse), _zeros((rows, width - split), coarse))
        self.fine = _zeros((rows, width), np.dtype(np.int16))

    @property
    def planes(self) -> tuple[Array, ...]:
        """All that is held of each row."""
        return (*self.halves, self.fine)


def _zeros(shape: tuple[int, int], kind: Kind) -> Array:
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


class Longest:
    """The longest of some vectors, the largest scale, the most that a coarse part leaves out."""

    def __init__(self) -> None:
        self.length = 0.0
        self.lost = 0.0
        self.scale = 0.0

    def hear_of(self, length: Floats, lost: Floats, scale: Floats) -> None:
        """Take more vectors into account."""
        self.length = max(self.length, float(length.max()))
        self.lost = max(self.lost, float(lost.max()))
        self.scale = max(self.scale, float(scale.max()))


class Rows:
    """Rows in order; a caller must not search and change them at the same time."""

    def __init__(self, width: int, block_rows: int = BLOCK_ROWS) -> None:
        self.width = width
        self.used = 0
        # Another one whenever a row came or went.
        self.stamp = object()
        self._split = (width + 1) // 2
        self._block_rows = block_rows
        self._blocks: list[Block] = []
        self._scale = np.zeros(0)
        # Shape (2, rows): how long both halves of each row are.
        self._lengths = np.zeros((2, 0))
        self._owner = np.zeros(0, np.int64)
        self._most = (Longest(), Longest())
        self._length_most = 0.0
        # It sleeps between searches; the threads of a BLAS or of OpenMP spin for 30 ms after each,
        # and on a box with two cores the nets of the next frame ran at half speed beside them.
        self._helper = ThreadPoolExecutor(1, "gallery") if (cpu_count() or 1) > 1 else None

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self._blocks)

    @property
    def length_max(self) -> float:
        """No row is longer."""
        return self._length_most

    @property
    def scale_max(self) -> float:
        """No row's scale is larger."""
        return self._most[0].scale

    def half_max(self, half: int) -> float:
        """No row's half, the first (0) or the second (1), is longer."""
        return self._most[half].length

    def append(self, vectors: Vectors, owners: Integers) -> None:
        """Hold more rows, shape (n, width), each with the number of its owner."""
        at, self.stamp = 0, object()
        while at < len(owners):
            block, row = divmod(self.used, self._block_rows)
            if block == len(self._blocks):
                self._grow()
            end = at + min(self._block_rows - row, STEP_ROWS, len(owners) - at)
            self._put(block, row, vectors[at:end], owners[at:end])
            at = end

    def remove(self, owner: int) -> int:
        """Overwrite every row of one owner; return how many went."""
        mine, self.stamp = self.rows_of(owner), object()
        # From the end, so that the row which fills a hole is never one of hers.
        for row in mine[::-1].tolist():
            self.used -= 1
            block, place = divmod(row, self._block_rows)
            last, last_place = divmod(self.used, self._block_rows)
            planes = zip(self._blocks[last].planes, self._blocks[block].planes, strict=True)
            for source, target in planes:
                target[place] = source[last_place]
                source[last_place] = 0
            for column in (self._scale, *self._lengths, self._owner):
                column[row] = column[self.used]
                column[self.used] = 0
            if not last_place:
                self._blocks.pop()
        return len(mine)

    def of_owner(self, owner: int) -> Vectors:
        """Return one owner's rows as they are held, shape (n, width)."""
        rows = self.rows_of(owner)
        return values(self._whole(rows), self._scale[rows])

    def rows_of(self, owner: int) -> Integers:
        """Return which rows are one owner's."""
        return np.flatnonzero(self._owner[: self.used] == owner)

    def owners(self, rows: Integers) -> Integers:
        """Return whose some rows are."""
        return self._owner[rows]

    def halves(self, vectors: Fixed) -> tuple[Fixed, Fixed]:
        """Return the columns of the first halves and those of the second."""
        return vectors.part(slice(self._split)), vectors.part(slice(self._split, None))

    def wrong_by(self, half: int, probe: Fixed) -> float:
        """Return how far coarse products of a probe's half with the rows' may be off."""
        return probe.wrong_by(self._most[half].length, self._most[half].lost)

    def in_turns(self, work: Callable[[int], None]) -> None:
        """Do the work of every block, on two threads."""
        turns = iter(range(len(self._blocks)))

        def take_turns() -> None:
            # Each thread takes the next block there is: one that is held up costs one block.
            for turn in turns:
                work(turn)

        with self._helped(take_turns):
            take_turns()

    def span(self, turn: int) -> slice:
        """Return which rows a block holds."""
        first = turn * self._block_rows
        return slice(first, min(first + self._block_rows, self.used))

    def turns_of(self, rows: Integers) -> Integers:
        """Return the blocks that hold some rows."""
        return rows // self._block_rows

    def scales(self, turn: int) -> Floats:
        """Return the scales of a block's rows."""
        return self._scale[self.span(turn)]

    def lengths(self, turn: int, half: int) -> Floats:
        """Return how long the halves of a block's rows are, the first (0) or the second (1)."""
        return self._lengths[half, self.span(turn)]

    def products(
        self, turn: int, half: int, probe: Fixed, places: Integers | None = None
    ) -> Floats:
        """Return the coarse products of a probe's half with those of a block's rows, or of some."""
        rows = self._blocks[turn].halves[half]
        return _products(
            probe, rows[: self._held(turn)] if places is None else rows.take(places, axis=0)
        )

    def looks_at(self, rows: Integers, probe: Fixed) -> Floats:
        """Return the coarse products of some rows with a probe, both halves."""
        first, second = self.halves(probe)
        looks, numbers = np.zeros(len(rows)), self.turns_of(rows)
        for number in np.unique(numbers).tolist():
            here = numbers == number
            places, block = rows[here] % self._block_rows, self._blocks[number]
            looks[here] = _products(first, block.halves[0].take(places, axis=0))
            looks[here] += _products(second, block.halves[1].take(places, axis=0))
        return np.asarray(looks * self._scale[rows] * probe.scale[0])

    def exact(self, rows: Integers, probe: Fixed) -> Iterator[Scored]:
        """Yield the exact products of some rows with the probe, and the owners."""
        for at in range(0, len(rows), STEP_ROWS):
            step = rows[at : at + STEP_ROWS]
            products = np.einsum("ij,j->i", self._whole(step), probe.whole[0])
            scores = products * (self._scale[step] / FINE) * (probe.scale[0] / FINE)
            yield from zip(scores.tolist(), self._owner[step].tolist(), strict=True)

    def _put(self, block: int, row: int, vectors: Vectors, owners: Integers) -> None:
        put, flat = slice(row, row + len(owners)), slice(self.used, self.used + len(owners))
        rows = Fixed.of(vectors)
        self._blocks[block].fine[put] = rows.fine
        for half, part in enumerate(self.halves(rows)):
            length, lost = part.at_most()
            self._blocks[block].halves[half][put] = part.coarse
            self._most[half].hear_of(length, lost, rows.scale)
            self._lengths[half, flat] = length
        longest = float(np.hypot(*self._lengths[:, flat]).max())
        self._length_most = max(self._length_most, longest * (1 + ROUNDING))
        self._scale[flat], self._owner[flat] = rows.scale, owners
        self.used = flat.stop

    def _held(self, turn: int) -> int:
        here = self.span(turn)
        return int(here.stop - here.start)

    def _whole(self, rows: Integers) -> Integers:
        whole = np.zeros((len(rows), self.width), np.int64)
        numbers = self.turns_of(rows)
        for number in np.unique(numbers).tolist():
            here = numbers == number
            places, block = rows[here] % self._block_rows, self._blocks[number]
            coarse = np.concatenate([half[places] for half in block.halves], axis=1)
            whole[here] = joined(coarse, block.fine[places])
        return whole

    def _grow(self) -> None:
        self._blocks.append(Block(self._block_rows, self.width, self._split))
        room = len(self._blocks) * self._block_rows
        for name in ("_scale", "_lengths", "_owner"):
            column = getattr(self, name)
            longer = np.zeros((*column.shape[:-1], room), column.dtype)
            longer[..., : self.used] = column[..., : self.used]
            setattr(self, name, longer)

    @contextmanager
    def _helped(self, work: Callable[[], None]) -> Iterator[None]:
        worth = self._helper is not None and len(self._blocks) > 1
        help_: Future[None] | None = self._helper.submit(work) if self._helper and worth else None
        yield
        # A helper that never got its turn is not waited for: all the work is done.
        if help_ is not None and not help_.cancel():
            help_.result()


def _products(probe: Fixed, rows: Int8s) -> Floats:
    # Never `out=`: simsimd 6.5.16 then returns a None that it does not own, and after some
    # thousand searches the interpreter dies of it.
    products: Floats = np.asarray(simsimd.cdist(probe.coarse, rows, metric="dot"))[0]
    return products
