"""Who knows what of the line, for the doctor."""

from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.lines import Lines
from edge_agent.bootstrap.network import direct_way
from edge_agent.services.line.line_view import LineView


def line_view_of(basis: Basis, storage: Storage, lines: Lines) -> LineView:
    """Put the facts' sources together."""
    return LineView(
        shop=basis.shop,
        clock=basis.clock,
        journal=storage.journal,
        replica=storage.replica,
        tally=basis.tally,
        link=lines.link,
        uplink=lines.uplink.state,
        apart=lines.downlink.behind,
        cost=lines.link.meter.cost,
        direct=direct_way(basis.settings),
        month_mb=basis.settings.config.network.month_mb,
    )
