"""`edge-agent till …`: what a technician does with an unchanged till and what hangs on it."""

import typer

from edge_agent.bootstrap.till_learn_cli import learn

app = typer.Typer(help="收银机:教会盒子读它 / unchanged tills", no_args_is_help=True)
app.command()(learn)


@app.callback()
def till() -> None:
    """收银机:学小票、自检、设备 / unchanged tills: teach, examine, list."""
