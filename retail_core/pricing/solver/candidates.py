"""A coupon that could be used, or none, as the search sees it."""

from dataclasses import dataclass, replace

from retail_core.pricing.solver.problem import WholeProblem
from retail_core.pricing.solver.receipt import CouponTerms


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coupon, None for none, and by class whether its units count towards it."""

    coupon: CouponTerms | None
    counts: tuple[bool, ...]

    def is_plain(self, problem: WholeProblem) -> bool:
        """Tell whether it depends on nothing but what the articles come to."""
        coupon = self.coupon
        if coupon is None:
            return True
        if not coupon.whole or coupon.campaign in problem.budgets:
            return False
        return not any(terms.group == coupon.group for terms in problem.offers if terms.group)

    def narrowed(self, problem: WholeProblem) -> WholeProblem:
        """Return the problem that is left when this coupon is used."""
        coupon = self.coupon
        if self.is_plain(problem) or coupon is None:
            return problem
        barred = {
            number
            for number, terms in enumerate(problem.offers)
            if coupon.group and terms.group == coupon.group
        }
        classes = tuple(
            replace(
                entry,
                options=tuple(o for o in entry.options if o.offer not in barred),
                counts=coupon.whole or counts,
            )
            for entry, counts in zip(problem.classes, self.counts, strict=True)
        )
        return replace(problem, classes=classes)
