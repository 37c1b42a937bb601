"""When a campaign ends by itself: its last day, its money, harm, or that it cannot pay.

Results are looked at every day, and who looks often enough finds harm in noise. While it runs, harm
and loss have to be beyond doubt: the boundary of Haybittle (British Journal of Radiology 44, 1971)
and Peto et al. (British Journal of Cancer 34, 1976), an interval of 99.8 % at every look, which
leaves the 95 % interval of the end nearly untouched.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from retail_core.insight.campaigns.plan import PERMILLE, Plan
from retail_core.insight.campaigns.uplift import Uplift, uplift

Why = Literal["end", "budget", "harm", "loss", "by_hand"]
LOOKING_CONFIDENCE: Final = 0.998
# Fewer in an arm and one big basket decides.
ARM_MIN: Final = 100


@dataclass(frozen=True, slots=True)
class Spent:
    """What a campaign cost: benefits used and messages sent; `open_fen` may still be used."""

    used_fen: int = 0
    sent_fen: int = 0
    open_fen: int = 0

    @property
    def committed_fen(self) -> int:
        """Return what it costs if everything that is out is used."""
        return self.used_fen + self.sent_fen + self.open_fen


def people_left(plan: Plan, spent: Spent) -> int | None:
    """Return for how many people more the budget is enough; None where nothing costs anything."""
    if not plan.person_fen:
        return None
    return max(0, plan.budget_fen - spent.committed_fen) // plan.person_fen


def stop(plan: Plan, found: Uplift, spent: Spent, today: date) -> Why | None:
    """Return why a running campaign ends now, None to go on."""
    if today > plan.last_day:
        return "end"
    if people_left(plan, spent) == 0:
        return "budget"
    if min(found.treated.people, found.held.people) < ARM_MIN:
        return None
    sure = uplift(found.treated, found.held, LOOKING_CONFIDENCE)
    bad = [one for one in (sure.conversion, sure.spend_fen) if one is not None and one.high < 0]
    if bad:
        return "harm"
    return "loss" if _cannot_pay(plan, sure, spent) else None


def _cannot_pay(plan: Plan, sure: Uplift, spent: Spent) -> bool:
    """Tell whether even the best end of the interval earns less than a head has cost."""
    cost = spent.used_fen + spent.sent_fen
    if sure.spend_fen is None or not cost:
        return False
    earned = sure.spend_fen.high * plan.margin_permille / PERMILLE
    return earned < cost / sure.treated.people
