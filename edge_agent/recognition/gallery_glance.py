"""One search: rows that may be the nearest are looked at, and the nearest of them compared exactly.

Which rows those are is said by a scan of all of them (`Scan`), or by what an earlier frame of the
same visit left (`Trail`).
"""

from typing import Protocol

from edge_agent.ports.arrays import np
from edge_agent.recognition.gallery_fixed import Fixed
from edge_agent.recognition.gallery_rows import Rows, Scored
from edge_agent.recognition.gallery_scan import Looked, Scan
from edge_agent.recognition.gallery_trail import Followed, Trail


class Sieve(Protocol):
    """Says which rows may reach a floor; their looks may be off by `doubt`."""

    doubt: float

    def at(self, floor: float) -> Looked:
        """Return every row that may reach the floor, and perhaps some more."""
        ...


class Glance:
    """What a search has seen; whoever may be the nearest is compared exactly.

    `floor`: rows whose product with the probe is below it need not be found, -inf for all of them.
    """

    def __init__(self, rows: Rows, probe: Fixed, floor: float, trail: Trail | None = None) -> None:
        self._rows = rows
        self._probe = probe
        self._floor = floor
        self._trail = trail
        self._out: int | None = None
        self._known: dict[int, Scored] = {}
        self._sieve = self._sieve_at(floor)

    def nearest(self) -> list[Scored]:
        """Return exact (score, owner) of some rows, the nearest among them if it is on the floor.

        Of two looks both may be off, in opposite directions.
        """
        places, looks = self._sieve.at(self._floor)
        if self._out is not None:
            looks = np.where(self._rows.owners(places) == self._out, -np.inf, looks)
        top, doubt = float(looks.max(initial=-np.inf)), self._sieve.doubt
        cut = max(top - 2 * doubt, self._floor - doubt)
        if not np.isfinite(top) or top < cut:
            return []
        rows = places[looks >= cut].tolist()
        fresh = [row for row in rows if row not in self._known]
        scored = self._rows.exact(np.array(fresh, np.int64), self._probe)
        self._known.update(zip(fresh, scored, strict=True))
        return [self._known[row] for row in rows]

    def leave_out(self, owner: int) -> None:
        """Look at one owner's rows no more."""
        self._out = owner

    def reach(self, floor: float) -> None:
        """Find rows down to another floor."""
        before, self._floor = self._floor, floor
        if floor < before and not isinstance(self._sieve, Scan):
            self._sieve = self._sieve_at(floor)

    def _sieve_at(self, floor: float) -> Sieve:
        if self._trail is None:
            return Scan(self._rows, self._probe, floor)
        places = self._trail.near(self._rows, self._probe, floor)
        if places is not None:
            return Followed(self._rows, self._probe, places)
        scan = Scan(self._rows, self._probe, -np.inf)
        self._trail.keep(self._rows, self._probe, scan)
        return scan
