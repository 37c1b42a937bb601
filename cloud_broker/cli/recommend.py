"""Suggestions for the tills."""

from dataclasses import asdict
from typing import Annotated

import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say
from cloud_broker.services.members.recommending import DAYS, Recommending

app = typer.Typer()
recommend_app = typer.Typer(help="推荐 / suggestions for the tills", no_args_is_help=True)
app.add_typer(recommend_app, name="recommend")


@recommend_app.callback()
def _group() -> None:
    """推荐 / suggestions for the tills."""


@recommend_app.command("build")
def build(
    days: Annotated[int, typer.Option(min=1, max=1_000, help="看多少天 days to look at")] = DAYS,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """用近期小票算出推荐表并下发 / reckon suggestions of past receipts and publish them."""
    with office_of(config) as office:
        recommending = Recommending(office.units, office.clock, office.settings.zone)
        built = recommending.build(office.tenant(), days=days, who="cli")
    say(asdict(built), as_json=as_json)
