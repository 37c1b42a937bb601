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
