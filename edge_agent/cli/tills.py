"""`edge-agent till …`: what a technician does with an unchanged till and what hangs on it."""

import typer

from edge_agent.cli.till_agreement import agreement
from edge_agent.cli.till_devices import app as devices_app
from edge_agent.cli.till_doctor import doctor
from edge_agent.cli.till_learn import learn
from edge_agent.cli.till_points import points

app = typer.Typer(help="收银机:教会盒子读它 / unchanged tills", no_args_is_help=True)
app.command()(learn)
app.command()(doctor)
app.command()(agreement)
app.command()(points)
app.add_typer(devices_app, name="devices")


@app.callback()
def till() -> None:
    """收银机:学小票、自检、设备 / unchanged tills: teach, examine, list."""
