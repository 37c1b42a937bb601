"""The box's program itself: the port first, then everything else, until a signal."""

from edge_agent.api.server import Server, bind, ending_on_signals
from edge_agent.api.warm import warmed_beside
from edge_agent.bootstrap.agent import build_agent
from edge_agent.cli.about import version
from edge_agent.settings import Settings


def serve(settings: Settings) -> None:
    """Run until a signal; raises the Fault that kept the agent from starting."""
    # The port first: a second agent on one box must not touch the files of the first.
    with bind(settings.config.api_host, settings.config.api_port) as listening:
        agent = build_agent(settings, version())
        try:
            server = Server(agent.app, agent.release_waiters)
            # A box that sees has the arrays under HiGHS already; another loads both when it sells.
            warmed = warmed_beside(programs=agent.devices.sees())
            with warmed, ending_on_signals(server.ask_to_end):
                agent.start()
                server.run([listening])
                agent.ended()
                agent.stop()
        finally:
            agent.stop()
