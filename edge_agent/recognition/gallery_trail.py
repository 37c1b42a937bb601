"""What the search for one frame leaves to that of the next: nearly everybody need not be read.

Two frames of one visit are alike. On a sphere, a row at the angle a from the first probe is at
least a - t from the second, where t is the angle between the probes: so a look at the first says
what a row's product with the second is at most. A trail is as wide as the first look, lives as long
as its visit, and is worth nothing once a row came or went.
"""

from math import acos, cos, hypot, pi

from edge_agent.ports.arrays import np
from edge_agent.recognition.gallery_fixed import FINE, Fixed, Floats, Integers
from edge_agent.recognition.gallery_rows import ROUNDING, Rows
from edge_agent.recognition.gallery_scan import Looked, Scan

# Above this share of the rows a scan is as quick, and leaves a trail that is nearer.
PICKED_SHARE = 0.03
# Covers the rounding of cosines.
_SLACK = 1e-12


class Trail:
    """The looks of one search, and the probe they belong to; of one visit, on one thread."""

    def __init__(self, share: float = PICKED_SHARE) -> None:
        self._share = share
        self._stamp: object = None
        self._probe = self._looks = np.zeros(0)
        self._doubt = 0.0

    def keep(self, rows: Rows, probe: Fixed, scan: Scan) -> None:
        """Remember a scan that looked at all rows."""
        self._stamp, self._probe, self._doubt = rows.stamp, _floats(probe), scan.doubt
        _, self._looks = scan.at(-np.inf)

    def near(self, rows: Rows, probe: Fixed, floor: float) -> Integers | None:
        """Return every row that may reach the floor; None where a scan must say."""
        if self._stamp is not rows.stamp or floor <= 0:
            return None
        least = self._least(_floats(probe), floor, rows.length_max)
        if least is None:
            return None
        places = np.flatnonzero(self._looks >= least - self._doubt - ROUNDING)
        return places if places.size <= self._share * rows.used else None

    def _least(self, probe: Floats, floor: float, longest: float) -> float | None:
        """Return what a row no longer than `longest` must have given to reach the floor now."""
        before, now = hypot(*self._probe), hypot(*probe)
        if min(before, now) * longest <= 0:
            return None
        alike = float(np.einsum("i,i->", self._probe, probe)) / (before * now)
        between = _angle(alike)
        # At this angle from the probe, or nearer, the longest row still reaches the floor.
        reach = _angle(floor / (longest * now))
        return longest * before * (cos(min(pi, between + reach)) - _SLACK)


class Followed:
    """The rows that a trail leaves, looked at for the probe at hand."""

    def __init__(self, rows: Rows, probe: Fixed, places: Integers) -> None:
        self.doubt = sum(rows.wrong_by(half, part) for half, part in enumerate(rows.halves(probe)))
        self.doubt += ROUNDING * (1 + rows.length_max * float(probe.length[0]))
        self._places, self._looks = places, rows.looks_at(places, probe)

    def at(self, _floor: float) -> Looked:
        """Return the rows of the trail."""
        return self._places, self._looks


def _angle(cosine: float) -> float:
    """Return an angle, rather too large than too small."""
    return acos(max(-1.0, min(1.0, cosine - _SLACK)))


def _floats(probe: Fixed) -> Floats:
    return np.asarray(probe.whole[0] * (float(probe.scale[0]) / FINE), np.float64)
