"""Two members turn out to be one person: of two newcomers' gifts one stays."""

from uuid import UUID

from cloud_broker.ports.benefits import Coupon, Gift
from cloud_broker.ports.unit import Unit
from cloud_broker.services.rights.benefits import Benefits

NEWCOMER = "newcomer"


def keep_one_gift(unit: Unit, benefits: Benefits, source: UUID, target: UUID) -> None:
    """Take one of two newcomers' gifts back, one that was not used; called before they are one.

    What was used stays used; when both were, there is nothing to take. Parted, it returns.
    """
    if all(_given(unit, member) for member in (source, target)) and not benefits.take_back(
        source, NEWCOMER, "merged"
    ):
        benefits.take_back(target, NEWCOMER, "merged")


def _given(unit: Unit, member: UUID) -> bool:
    return any(unit.benefits.given([member], NEWCOMER, what) for what in (Gift, Coupon))
