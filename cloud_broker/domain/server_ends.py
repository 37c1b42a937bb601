"""When the certificates of our servers end, and from when on a person is told.

A box that meets a server whose certificate has ended does not speak to it: shops sell on, and
nothing arrives. Nobody renews a broker's certificate but a person, so it is told in time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud_broker.domain.alert_plan import Trouble
from retail_core.texts.faults import FaultCode

DAY_MS = 24 * 3_600 * 1_000
NEAR_DAYS = 30
# What signs others takes longer to change than what is signed.
AUTHORITY_NEAR_DAYS = 365
SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class ServerEnd:
    """A certificate's end by the name people know it by; `near_days` before it is told of."""

    what: str
    until_ms: int
    until: str
    near_days: int = NEAR_DAYS


def end_troubles(ends: Iterable[ServerEnd], now_ms: int) -> list[Trouble]:
    """Return what is to be told: near its end, or as good as over."""
    found = []
    for one in ends:
        left_ms = one.until_ms - now_ms
        if left_ms < one.near_days * DAY_MS:
            soon = left_ms < SOON_DAYS * DAY_MS
            code = FaultCode.SERVER_CERTIFICATE_OVER if soon else FaultCode.SERVER_CERTIFICATE_ENDS
            said = {"what": one.what, "until": one.until}
            found.append(Trouble(None, code.value, one.what, now_ms, said))
    return found
