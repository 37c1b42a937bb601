"""How drivers open their lines: by the broker's word where there is a broker."""

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
