"""Letting a person through to an address: the right it needs, and how far the person then sees."""

from cloud_broker.domain.rights import may, needed
from cloud_broker.ports.sight import look_as
from cloud_broker.services.access.overview import HqIdentity
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def admit(method: str, address: str, who: HqIdentity) -> None:
    """Let somebody through, seeing what is theirs from here on; Fault API_SCOPE_MISSING.

    `address` is the route's own, with the names of its parts: `/stores/{store_id}`.
    """
    right = needed(method, address)
    if not may(who.role, right):
        raise Fault(FaultCode.API_SCOPE_MISSING, scope="?" if right is None else right.value)
    look_as(who.sight)
