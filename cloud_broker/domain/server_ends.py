"""When the certificates of our servers end, and from when on a person is told.

A box that meets a server whose certificate has ended does not speak to it: shops sell on, and
nothing arrives. Nobody renews a broker's certificate but a person, so it is told in time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloud_broker.domain.alert_plan import Trouble
from retail_core.texts.faults import FaultCode

DAY_MS = 24 * 3_600 * 1_000
NEAR_DAYS = 30
# What signs others takes longer to change than what is signed.
AUTHORITY_NEAR_DAYS = 365
SOON_DAYS = 7
# It holds seven days: one that was not renewed for five means that something is broken.
LIST_NEAR_DAYS = 2


@dataclass(frozen=True, slots=True)
class ServerEnd:
    """A certificate's end by the name people know it by; `near_days` before it is told of.

    `is_list`: it is the end of the list of revoked boxes, which is renewed every hour.
    """

    what: str
    until_ms: int
    until: str
    near_days: int = NEAR_DAYS
    is_list: bool = False


def end_troubles(ends: Iterable[ServerEnd], now_ms: int) -> list[Trouble]:
    """Return what is to be told: near its end, or as good as over."""
    found = []
    for one in ends:
        left_ms = one.until_ms - now_ms
        if left_ms < one.near_days * DAY_MS:
            soon = left_ms < SOON_DAYS * DAY_MS
            code = FaultCode.SERVER_CERTIFICATE_OVER if soon else FaultCode.SERVER_CERTIFICATE_ENDS
            code = FaultCode.CRL_ENDS if one.is_list else code
            said = {"what": one.what, "until": one.until}
            found.append(Trouble(None, code.value, one.what, now_ms, said))
    return found


def canary_troubles(tried: Mapping[str, bool], now_ms: int) -> list[Trouble]:
    """Return the brokers that let a revoked certificate in."""
    code = FaultCode.CRL_CANARY.value
    return [
        Trouble(None, code, what, now_ms, {"what": what})
        for what, let_in in tried.items()
        if let_in
    ]
