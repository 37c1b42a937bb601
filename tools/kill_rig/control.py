"""Control arms: the product with one tempting shortcut in it, which the rig must find out.

A rig that would find nothing wrong with these proves nothing when it finds nothing wrong without
them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cloud_broker.services.line import downlink
from edge_agent.ports.journal import Record
from edge_agent.services.line.uplink import Uplink


def _sent() -> None:
    """Let a box forget what it handed to the broker."""
    right = Uplink._frame  # noqa: SLF001 -- where the shortcut is planted

    def wrong(self: Uplink, records: Sequence[Record], *, live: bool) -> bytes:
        payload = right(self, records, live=live)
        self._journal.mark_acked([(records[0].seq, records[-1].seq)])
        return payload

    setattr(Uplink, "_frame", wrong)  # noqa: B010 -- mypy forbids the plain form, rightly


def _highest() -> None:
    """Let the cloud acknowledge everything up to the highest sequence."""
    right = downlink.ack

    def wrong(*place: Any, **named: Any) -> downlink.Outbound:
        tenant, box, epoch, ranges, *rest = place
        whole = ((1, ranges[-1][1]),) if ranges else ()
        if "ends" in named:
            named["ends"] = named["ends"][-1:]
        elif len(rest) > 1:
            rest[1] = rest[1][-1:]
        return right(tenant, box, epoch, whole, *rest, **named)

    setattr(downlink, "ack", wrong)  # noqa: B010 -- see above


CONTROLS: dict[str, Callable[[], None]] = {"sent": _sent, "highest": _highest}


def plant(control: str) -> None:
    """Put a shortcut into this process."""
    CONTROLS[control]()
