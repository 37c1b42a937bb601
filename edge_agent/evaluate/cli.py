"""`edge-agent evaluate`: one command a kind of example; each lives in a module of its own."""

import typer

from edge_agent.evaluate.escpos import escpos
from edge_agent.evaluate.faces import faces
from edge_agent.evaluate.qr import qr

app = typer.Typer(
    name="evaluate",
    help="识别准确度报告 / Accuracy reports over a folder of examples.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(faces)
app.command()(escpos)
app.command()(qr)


@app.callback()
def evaluate() -> None:
    """识别准确度报告 / Accuracy reports over a folder of examples."""
