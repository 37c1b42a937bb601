"""What is due once coupon and points are used, as a function of what the articles come to."""

from dataclasses import dataclass

from retail_core.money import percent_of


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What a coupon takes off its base; `permille` None is the threshold kind."""

    threshold_fen: int
    fen_off: int = 0
    repeat: bool = False
    permille: int | None = None
    max_off_fen: int | None = None
    with_points: bool = True
    whole: bool = True
    group: str = ""
    campaign: str = ""

    def off_fen(self, base_fen: int) -> int:
        """Return the fen off a base; 0 when the coupon cannot be used on it."""
        if base_fen < self.threshold_fen:
            return 0
        if self.permille is not None:
            off = base_fen - percent_of(base_fen, self.permille)
            return off if self.max_off_fen is None else min(off, self.max_off_fen)
        times = base_fen // self.threshold_fen if self.repeat and self.threshold_fen else 1
        return min(base_fen, self.fen_off * times)


@dataclass(frozen=True, slots=True)
class PointsTerms:
    """How many points may pay, and what they pay."""

    fen_per_point: int
    step: int
    least: int
    most: int
    min_total_fen: int
    max_permille: int

    def usable(self, total_fen: int) -> int:
        """Return how many points pay on a total."""
        if total_fen < self.min_total_fen:
            return 0
        room = min(total_fen * self.max_permille // 1000, total_fen) // self.fen_per_point
        points = min(self.most, room) // self.step * self.step
        return points if points >= self.least else 0

    def first_with(self, points: int) -> int:
        """Return the lowest total on which so many points, in whole steps, can pay; -1 if none."""
        value = -(-points // self.step) * self.step * self.fen_per_point
        if value > self.most * self.fen_per_point or not self.max_permille:
            return -1
        return max(value, -(-value * 1000 // self.max_permille), self.min_total_fen)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """What is to pay, then how many points that takes: the first two things that are compared."""

    due_fen: int
    points: int


def due_of(total_fen: int, points: PointsTerms | None) -> Due:
    """Return what is due on a total after the coupon."""
    used = 0 if points is None else points.usable(total_fen)
    value = used * points.fen_per_point if points is not None else 0
    return Due(total_fen - value, used)


def due_with(
    coupon: CouponTerms | None, net_fen: int, base_fen: int, points: PointsTerms | None
) -> Due | None:
    """Return what is due on a net amount; None when the coupon takes nothing off."""
    if coupon is None:
        return due_of(net_fen, points)
    off = coupon.off_fen(net_fen if coupon.whole else base_fen)
    if off <= 0:
        return None
    return due_of(net_fen - off, points if coupon.with_points else None)


def drops(points: PointsTerms | None, total_fen: int) -> list[int]:
    """Return the totals from `total_fen` on at which the least that is due can be reached.

    Between the totals at which one more step of points fits, what is due rises with the total; and
    from step to step it never falls, so the next two after each change of the rule are enough.
    """
    if points is None:
        return [total_fen]
    starts = {total_fen, max(total_fen, points.min_total_fen)}
    starts.add(max(total_fen, points.first_with(points.least)))
    found = set(starts)
    for start in starts:
        room = min(start * points.max_permille // 1000, start) // points.fen_per_point
        steps = min(points.most, room) // points.step
        found |= {points.first_with((steps + more) * points.step) for more in (1, 2)}
    return sorted(total for total in found if total >= total_fen)


def least_due_from(points: PointsTerms | None, total_fen: int) -> int:
    """Return the least that is due on any total from `total_fen` on."""
    return min(due_of(total, points).due_fen for total in drops(points, total_fen))


def least_total(coupon: CouponTerms | None, net_fen: int, base_most: int) -> int:
    """Return a bound on the total after a coupon for any net amount from `net_fen` on."""
    if coupon is None:
        return net_fen
    if not coupon.whole:
        return max(0, net_fen - coupon.off_fen(base_most))
    start = max(net_fen, coupon.threshold_fen)
    least = start - coupon.off_fen(start)
    if coupon.permille is None and coupon.repeat and coupon.threshold_fen:
        if coupon.fen_off > coupon.threshold_fen:
            return 0
        following = (start // coupon.threshold_fen + 1) * coupon.threshold_fen
        least = min(least, following - coupon.off_fen(following))
    return max(0, least)


def least_due_with(
    coupon: CouponTerms | None, net_fen: int, base_most: int, points: PointsTerms | None
) -> int:
    """Return a bound on what is due with a coupon for any net amount from `net_fen` on."""
    paying = points if coupon is None or coupon.with_points else None
    return least_due_from(paying, least_total(coupon, net_fen, base_most))
