"""How drivers open their lines: by the broker's word where there is a broker."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from edge_agent.bootstrap.basis import Basis

if TYPE_CHECKING:
    from edge_agent.drivers.lines.claimed import OpenLine


def line_opener(basis: Basis) -> "OpenLine":
    """Return what opens a line by its address, `device:<claim>` among them."""
    # A box whose configuration names no line carries no pyserial.
    from edge_agent.drivers.lines.claimed import claimed_lines  # noqa: PLC0415 -- see above
    from edge_agent.drivers.lines.transport import open_port  # noqa: PLC0415 -- see above

    return open_port if basis.broker is None else claimed_lines(basis.broker)


def path_of(basis: Basis, address: str) -> Callable[[], str]:
    """Return what says the path behind an address now, for devices that are no lines."""
    if basis.broker is None:
        return lambda: address
    return partial(basis.broker.resolve, address)
