"""What a campaign brought: all who were drawn for it against all who were held out.

By intention to treat: whoever was drawn counts in her arm, whether a message reached her or a
coupon was used or not, from the moment she came in and for as many days in both arms. So the two
arms differ by the coin alone, and their difference is what the campaign did.

Conversion: the hybrid score interval of R. G. Newcombe, "Interval estimation for the difference
between independent proportions", Statistics in Medicine 17 (1998), method 10, on E. B. Wilson's
interval (1927). Spending a head: B. L. Welch's interval (Biometrika 34, 1947) with the degrees of
freedom of Satterthwaite; the quantile of t by Abramowitz and Stegun 26.7.5.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
# Below it the series for t's quantile is too rough to be shown.
FREEDOM_MIN: Final = 5.0
# One alone has no spread.
SPREAD_MIN: Final = 2
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class ArmSum:
    """One arm: people, those who bought, their net spending in fen and the sum of its squares."""

    people: int = 0
    buyers: int = 0
    net_fen: int = 0
    net_fen_squares: int = 0

    @property
    def conversion(self) -> float:
        """Return the share that bought, 0 of nobody."""
        return self.buyers / self.people if self.people else 0.0

    @property
    def mean_fen(self) -> float:
        """Return spending a head, 0 of nobody."""
        return self.net_fen / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        """Return the sample variance of spending a head; integers until the last division."""
        if self.people < SPREAD_MIN:
            return 0.0
        spread = self.people * self.net_fen_squares - self.net_fen * self.net_fen
        return max(0, spread) / (self.people * (self.people - 1))


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the interval it lies in."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Uplift:
    """Treated less held out; None where there are too few to say anything."""

    treated: ArmSum
    held: ArmSum
    conversion: Interval | None
    spend_fen: Interval | None


def uplift(treated: ArmSum, held: ArmSum, confidence: float = CONFIDENCE) -> Uplift:
    """Return the differences with their intervals."""
    return Uplift(
        treated,
        held,
        conversion_difference(treated, held, confidence),
        spend_difference(treated, held, confidence),
    )


def conversion_difference(one: ArmSum, other: ArmSum, confidence: float) -> Interval | None:
    """Return Newcombe's interval for the difference of two shares."""
    if not one.people or not other.people:
        return None
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    low_one, high_one = wilson(one.buyers, one.people, z)
    low_other, high_other = wilson(other.buyers, other.people, z)
    p, q = one.conversion, other.conversion
    below = sqrt((p - low_one) ** 2 + (high_other - q) ** 2)
    above = sqrt((high_one - p) ** 2 + (q - low_other) ** 2)
    return Interval(p - q, max(-1.0, p - q - below), min(1.0, p - q + above))


def spend_difference(one: ArmSum, other: ArmSum, confidence: float) -> Interval | None:
    """Return Welch's interval for the difference of spending a head, in fen."""
    if min(one.people, other.people) < SPREAD_MIN:
        return None
    error_one, error_other = one.variance / one.people, other.variance / other.people
    error = error_one + error_other
    difference = one.mean_fen - other.mean_fen
    if error == 0.0:
        # Nobody bought, or everybody the same: there is no spread to reckon with.
        return None
    freedom = error**2 / (error_one**2 / (one.people - 1) + error_other**2 / (other.people - 1))
    if freedom < FREEDOM_MIN:
        return None
    half = t_quantile((1 + confidence) / 2, freedom) * sqrt(error)
    return Interval(difference, difference - half, difference + half)


def wilson(hits: int, of: int, z: float) -> tuple[float, float]:
    """Return the score interval of a share."""
    p, square = hits / of, z * z
    middle = (p + square / (2 * of)) / (1 + square / of)
    half = z * sqrt(p * (1 - p) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def t_quantile(probability: float, freedom: float) -> float:
    """Return the quantile of Student's t, to 0.002 from five degrees of freedom on."""
    x = _NORMAL.inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / freedom**nth for nth, term in enumerate(terms, start=1))
